//! The pool: which worker is given which texts, and what becomes of those of a worker that stops.

use std::cell::RefCell;
use std::rc::Rc;

use live_sentiment::web::client::pool::{Pool, workers};
use live_sentiment::web::client::queue::{Lane, Payload};
use live_sentiment::web::client::reader::Line;

/// A worker that notes what it is given.
#[derive(Clone, Default)]
struct Worker(Rc<RefCell<Vec<Payload>>>);

impl Line for Worker {
    fn submit(&self, lane: Lane, payload: Payload) -> u64 {
        assert_eq!(lane, Lane::Bulk);
        self.0.borrow_mut().push(payload);
        self.0.borrow().len() as u64
    }

    fn withdraw(&self, _: u64) -> bool {
        false
    }
}

fn pool(members: usize) -> (Pool<Worker>, Vec<Worker>) {
    let workers: Vec<_> = (0..members).map(|_| Worker::default()).collect();
    let mut pool = Pool::default();
    for worker in &workers {
        pool.add(worker.clone());
    }
    (pool, workers)
}

fn given(workers: &[Worker]) -> Vec<usize> {
    workers.iter().map(|it| it.0.borrow().len()).collect()
}

#[test]
fn nothing_is_given_to_a_worker_without_a_model() {
    let (mut pool, _) = pool(2);
    assert!(!pool.has_room());
    pool.ready(1);
    assert!(pool.has_room());
}

#[test]
fn each_has_a_batch_ahead_and_no_more() {
    let (mut pool, workers) = pool(2);
    pool.ready(0);
    pool.ready(1);
    let mut sent = 0;
    while pool.has_room() {
        pool.submit(vec![sent], vec![format!("text {sent}")]);
        sent += 1;
    }
    assert_eq!(given(&workers), [2, 2]);
    assert!(!pool.is_idle());
    // The second worker's first batch.
    assert_eq!(pool.take(1, 1), Some(vec![1]));
    assert_eq!(pool.take(1, 1), None, "answered once");
    assert!(pool.has_room());
    pool.submit(vec![9], vec!["another".into()]);
    assert_eq!(given(&workers), [2, 3], "to the one that has least to do");
}

#[test]
fn what_a_stopped_worker_had_is_for_others_to_read() {
    let (mut pool, workers) = pool(2);
    pool.ready(0);
    pool.ready(1);
    pool.submit(vec![1, 2], vec!["a".into(), "b".into()]);
    pool.submit(vec![3], vec!["c".into()]);
    pool.submit(vec![4], vec!["d".into()]);
    let mut back = pool.stopped(0);
    back.sort_unstable();
    assert_eq!(back, [1, 2, 4]);
    assert_eq!(pool.len(), 1);
    assert!(pool.has_room());
    pool.submit(back, vec!["a".into(), "b".into(), "d".into()]);
    assert_eq!(given(&workers), [2, 2]);
    assert_eq!(pool.stopped(1).len(), 4);
    assert!(pool.is_empty() && pool.is_idle() && !pool.has_room());
}

#[test]
fn as_many_as_the_device_has_room_for() {
    const MODEL: u64 = 10_000_000;
    assert_eq!(workers(0, None, MODEL), 1, "where the browser does not say");
    assert_eq!(workers(2, None, MODEL), 1);
    assert_eq!(workers(4, Some(8.0), MODEL), 3);
    assert_eq!(workers(8, Some(0.5), MODEL), 1);
    assert_eq!(workers(128, None, MODEL), 16);
}
