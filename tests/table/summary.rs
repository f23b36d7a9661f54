//! Summaries, by numbers counted by hand.

use live_sentiment::table::job::{Job, TextId};
use live_sentiment::table::summary::summarize;
use live_sentiment::types::table::Roles;

use super::table;

fn labels() -> Vec<String> {
    ["negative", "neutral", "positive"].map(String::from).into()
}

#[test]
fn counts_by_label_group_time_and_truth() {
    let table = table(
        "comment,team,day,label\n\
         I love this thing.,A,2026-10-01,positive\n\
         I hate this thing.,A,2026-10-01,neg\n\
         It is a thing.,B,2026-10-02,positive\n\
         I love this thing.,B,never,joy\n\
         ,B,2026-10-02,1\n",
    )
    .unwrap();
    let mut job = Job::new(&table, 0, 3);
    for (id, scores) in [[0.1, 0.2, 0.7], [0.8, 0.1, 0.1], [0.3, 0.4, 0.3]]
        .iter()
        .enumerate()
    {
        job.answer(TextId(id as u32), scores, id == 1);
    }
    let roles = Roles {
        text: Some(0),
        group: Some(1),
        date: Some(2),
        label: Some(3),
    };
    let summary = summarize(&table, &job, roles, &labels());
    assert_eq!((summary.total(), &summary.labels), (4, &vec![1, 1, 2]));
    assert_eq!(
        (
            summary.not_sure,
            summary.truncated,
            summary.corrected,
            summary.undated
        ),
        (1, 1, 0, 1)
    );
    assert_eq!(summary.confidence, [0, 0, 0, 0, 1, 0, 0, 2, 1, 0]);
    let groups: Vec<_> = summary
        .groups
        .iter()
        .map(|group| (group.name.as_deref(), group.labels.clone()))
        .collect();
    assert_eq!(
        groups,
        [(Some("A"), vec![1, 0, 1]), (Some("B"), vec![0, 1, 1])]
    );
    let periods: Vec<_> = summary
        .periods
        .iter()
        .map(|it| (it.name.as_str(), it.labels.clone()))
        .collect();
    assert_eq!(
        periods,
        [("2026-10-01", vec![1, 0, 1]), ("2026-10-02", vec![0, 1, 0])]
    );
    let agreement = summary.agreement.unwrap();
    assert_eq!((agreement.rows, agreement.unknown), (3, 1));
    assert!((agreement.accuracy - 2.0 / 3.0).abs() < 1e-9);
    assert_eq!(agreement.confusion, [[1, 0, 0], [0, 0, 0], [0, 1, 1]]);

    job.correct(2, Some(0));
    let corrected = summarize(&table, &job, roles, &labels());
    assert_eq!(
        (corrected.labels, corrected.not_sure, corrected.corrected),
        (vec![2, 0, 2], 0, 1)
    );
}

#[test]
fn many_days_become_months_and_many_groups_one() {
    let rows: String = (0..100)
        .map(|n| {
            format!(
                "text number {n} of many,team {n},2026-{:02}-{:02}\n",
                n / 25 + 1,
                n % 25 + 1
            )
        })
        .collect();
    let table = table(format!("comment,team,day\n{rows}")).unwrap();
    let mut job = Job::new(&table, 0, 3);
    for id in (0..100).map(TextId) {
        job.answer(id, &[0.0, 0.0, 1.0], false);
    }
    let roles = Roles {
        text: Some(0),
        group: Some(1),
        date: Some(2),
        label: None,
    };
    let summary = summarize(&table, &job, roles, &labels());
    assert_eq!(summary.periods.len(), 4);
    assert_eq!(
        (summary.periods[0].name.as_str(), &summary.periods[0].labels),
        ("2026-01", &vec![0, 0, 25])
    );
    assert_eq!(summary.groups.len(), 31);
    assert_eq!(
        (summary.groups[30].name.as_ref(), &summary.groups[30].labels),
        (None, &vec![0, 0, 70])
    );
    assert_eq!(summary.agreement, None);
}
