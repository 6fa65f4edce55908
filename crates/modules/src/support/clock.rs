//! The host's local time, as Python's `datetime.now()` and `strftime` show it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tz::{DateTime, TimeZone};

/// A moment of local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    year: i32,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
}

/// The time now in the host's zone, or in the one that `TZ` names.
#[must_use]
pub fn local_now(zone: Option<&str>) -> LocalTime {
    local(SystemTime::now(), zone)
}

/// A moment in the host's zone, or in the one that `TZ` names.
#[must_use]
pub fn local(moment: SystemTime, zone: Option<&str>) -> LocalTime {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(0);
    let zone = match zone {
        Some(name) if !name.is_empty() => TimeZone::from_posix_tz(name),
        _ => TimeZone::local(),
    };
    let utc = TimeZone::utc();
    let zone = zone.unwrap_or(utc);
    let time = DateTime::from_timespec(seconds, since.subsec_nanos(), zone.as_ref())
        .or_else(|_| DateTime::from_timespec(seconds, since.subsec_nanos(), TimeZone::utc().as_ref()));
    match time {
        Ok(time) => LocalTime {
            year: time.year(),
            month: time.month(),
            day: time.month_day(),
            hour: time.hour(),
            minute: time.minute(),
            second: time.second(),
            microsecond: time.nanoseconds() / 1000,
        },
        Err(_) => LocalTime { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, microsecond: 0 },
    }
}

impl LocalTime {
    /// Python's `str(datetime)`.
    #[must_use]
    pub fn show(&self) -> String {
        let Self { year, month, day, hour, minute, second, microsecond } = self;
        let base = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        if *microsecond == 0 { base } else { format!("{base}.{microsecond:06}") }
    }

    /// `%Y-%m-%d@%H:%M:%S`, which Ansible puts into a backup's name.
    #[must_use]
    pub fn format_backup(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}-{month:02}-{day:02}@{hour:02}:{minute:02}:{second:02}")
    }
}

/// Python's `str(timedelta)`.
#[must_use]
pub fn show_delta(time: Duration) -> String {
    let (days, seconds) = (time.as_secs() / 86400, time.as_secs() % 86400);
    let clock = format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = match time.subsec_micros() {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    match days {
        0 => format!("{clock}{fraction}"),
        1 => format!("1 day, {clock}{fraction}"),
        days => format!("{days} days, {clock}{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_read_as_in_python() {
        let moment = UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_042);
        assert_eq!(local(moment, Some("UTC0")).show(), "2023-11-14 22:13:20.000042");
        assert_eq!(local(moment, Some("XXX-1")).format_backup(), "2023-11-14@23:13:20");
        assert_eq!(show_delta(Duration::from_micros(3_061_000_007)), "0:51:01.000007");
        assert_eq!(show_delta(Duration::from_secs(90_000)), "1 day, 1:00:00");
    }
}
