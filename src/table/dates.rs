//! Days as people write them in tables: by number, with the year first, or last behind the day and the month.

use std::fmt;

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    /// Of the Gregorian calendar.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Day {
    /// Of these numbers; `None` if there is no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u8::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let is_day = (1000..=9999).contains(&year) && (1..=12).contains(&month);
        (is_day && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }
}

/// What comes first where the year comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The day, as in 31.12.2026 and 31/12/2026.
    #[default]
    DayFirst,
    /// The month, as in 12/31/2026.
    MonthFirst,
}

impl Order {
    /// That of the column with these cells: whichever makes days of more of them. With as many, slashes tell: those of
    /// whole columns below 13 are more often American.
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut day_first, mut month_first, mut slashes) = (0, 0, 0);
        for cell in cells {
            day_first += usize::from(day(cell, Self::DayFirst).is_some());
            month_first += usize::from(day(cell, Self::MonthFirst).is_some());
            slashes += usize::from(cell.contains('/'));
        }
        if month_first > day_first || (month_first == day_first && slashes > 0) {
            Self::MonthFirst
        } else {
            Self::DayFirst
        }
    }
}

/// The day that a cell begins with; a time may follow.
///
/// ```
/// use live_sentiment::table::dates::{Order, day};
///
/// let said = |cell, order| day(cell, order).map(|day| day.to_string());
/// assert_eq!(said("2026-10-02T08:15:00Z", Order::DayFirst).as_deref(), Some("2026-10-02"));
/// assert_eq!(said("2.10.2026", Order::DayFirst).as_deref(), Some("2026-10-02"));
/// assert_eq!(said("10/2/2026 8:15", Order::MonthFirst).as_deref(), Some("2026-10-02"));
/// assert_eq!(said("30/2/2026", Order::DayFirst), None);
/// ```
pub fn day(cell: &str, order: Order) -> Option<Day> {
    let date = cell.trim().split(['T', ' ']).next()?;
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '-' | '.' | '/') {
        return None;
    }
    let mut parts = date.split(separator);
    let mut number = || {
        let part = parts.next()?;
        let is_number = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        Some((part.parse::<u16>().ok().filter(|_| is_number)?, part.len()))
    };
    let (first, second, third) = (number()?, number()?, number()?);
    if parts.next().is_some() {
        return None;
    }
    let small = |(number, digits): (u16, usize)| u8::try_from(number).ok().filter(|_| digits <= 2);
    if first.1 == 4 {
        return Day::new(first.0, small(second)?, small(third)?);
    }
    let year = match third {
        (year, 4) => year,
        (year, 2) => 2000 + year,
        _ => return None,
    };
    let (one, two) = (small(first)?, small(second)?);
    match order {
        Order::DayFirst => Day::new(year, two, one),
        Order::MonthFirst => Day::new(year, one, two),
    }
}
