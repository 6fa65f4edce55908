//! How long a run and its parts took, as `profile_tasks` and `profile_roles` write it.

use std::time::Duration;

use jiff::ZonedDateTime;

/// The line before each task: what time it is, how long since the last such line, how long since the start.
#[derive(Debug)]
pub(super) struct Stopwatch {
    now: fn() -> ZonedDateTime,
    start: ZonedDateTime,
    last: ZonedDateTime,
}

impl Stopwatch {
    /// Starts now.
    pub(super) fn start(now: fn() -> ZonedDateTime) -> Self {
        let start = now();
        Self { now, last: start.clone(), start }
    }

    /// The time now.
    pub(super) fn now(&self) -> ZonedDateTime {
        (self.now)()
    }

    /// The line; the next one counts from here.
    pub(super) fn line(&mut self) -> String {
        let now = self.now();
        let (step, total) = (clock(between(&self.last, &now)), clock(between(&self.start, &now)));
        let line = filled(&format!("{} ({step})       {total}", now.strftime("%A %d %B %Y  %H:%M:%S %z")), '*');
        self.last = now;
        line
    }
}

/// The time from one moment to another; none if the clock went back.
pub(super) fn between(from: &ZonedDateTime, to: &ZonedDateTime) -> Duration {
    Duration::try_from(from.duration_until(to)).unwrap_or_default()
}

/// `H:MM:SS.mmm`
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, duration.subsec_millis())
}

/// The text, filled up to 79 columns, with three signs at least.
pub(super) fn filled(text: &str, sign: char) -> String {
    let text = if text.is_empty() { String::new() } else { format!("{text} ") };
    let width = 79_usize.saturating_sub(text.chars().count()).max(3);
    format!("{text}{} ", sign.to_string().repeat(width))
}

/// A name and its seconds, with dashes up to the width.
pub(super) fn entry(name: &str, took: Duration, width: usize) -> String {
    let seconds = format!(" {:.2}s", took.as_secs_f64());
    format!("{}{seconds:->9}", dashed(name, width.saturating_sub(9)))
}

/// The text with dashes up to the width.
pub(super) fn dashed(text: &str, width: usize) -> String {
    format!("{:-<width$}", format!("{text} "))
}

#[cfg(test)]
pub(super) mod testing {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static LOOKS: Cell<i64> = const { Cell::new(0) };
    }

    /// A clock of tests: a second and a half go by from one look at it to the next.
    pub(in crate::callback) fn clock() -> ZonedDateTime {
        let looks = LOOKS.replace(LOOKS.get() + 1);
        let start = jiff::Timestamp::from_second(1_764_000_000).unwrap();
        (start + jiff::SignedDuration::from_millis(1500 * looks)).to_zoned_datetime(jiff::tz::TimeZone::UTC)
    }
}
