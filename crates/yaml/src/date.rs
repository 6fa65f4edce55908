//! Dates and times as Python's `datetime` holds and prints them.

use std::fmt;

/// A calendar date, as Python's `datetime.date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    /// 1 to 9999
    pub year: u16,
    /// 1 to 12
    pub month: u8,
    /// 1 to 31
    pub day: u8,
}

/// A date with a time of day, as Python's `datetime.datetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// The date.
    pub date: Date,
    /// 0 to 23
    pub hour: u8,
    /// 0 to 59
    pub minute: u8,
    /// 0 to 59
    pub second: u8,
    /// 0 to 999999
    pub microsecond: u32,
    /// Minutes east of UTC; `None`: naive.
    pub offset_minutes: Option<i16>,
}

impl Date {
    /// A date, checked as Python checks it.
    ///
    /// # Errors
    ///
    /// The text of Python's `ValueError`.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, String> {
        if !(1..=9999).contains(&year) {
            return Err(format!("year {year} is out of range"));
        }
        if !(1..=12).contains(&month) {
            return Err("month must be in 1..12".into());
        }
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=days).contains(&day) {
            return Err("day is out of range for month".into());
        }
        Ok(Self { year, month, day })
    }

    /// Python's `repr`: `datetime.date(2001, 12, 14)`.
    #[must_use]
    pub fn repr(&self) -> String {
        format!("datetime.date({}, {}, {})", self.year, self.month, self.day)
    }
}

impl fmt::Display for Date {
    /// Python's `str` and `isoformat()`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl DateTime {
    /// A date and time, checked as Python checks them.
    ///
    /// # Errors
    ///
    /// The text of Python's `ValueError`.
    pub fn new(date: Date, time: (u8, u8, u8), microsecond: u32, offset_minutes: Option<i16>) -> Result<Self, String> {
        let (hour, minute, second) = time;
        if hour > 23 {
            return Err("hour must be in 0..23".into());
        }
        if minute > 59 {
            return Err("minute must be in 0..59".into());
        }
        if second > 59 {
            return Err("second must be in 0..59".into());
        }
        if microsecond > 999_999 {
            return Err("microsecond must be in 0..999999".into());
        }
        Ok(Self { date, hour, minute, second, microsecond, offset_minutes })
    }

    /// Python's `isoformat(sep)`.
    #[must_use]
    pub fn isoformat(&self, separator: char) -> String {
        let Self { date, hour, minute, second, microsecond, offset_minutes } = self;
        let mut text = format!("{date}{separator}{hour:02}:{minute:02}:{second:02}");
        if *microsecond != 0 {
            text.push_str(&format!(".{microsecond:06}"));
        }
        if let Some(offset) = offset_minutes {
            let sign = if *offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        text
    }

    /// Python's `repr`: `datetime.datetime(2001, 12, 14, 21, 59, 43, 100000, tzinfo=datetime.timezone.utc)`.
    #[must_use]
    pub fn repr(&self) -> String {
        let Self { date, hour, minute, second, microsecond, offset_minutes } = self;
        let mut parts = vec![
            date.year.to_string(),
            date.month.to_string(),
            date.day.to_string(),
            hour.to_string(),
            minute.to_string(),
        ];
        if *second != 0 || *microsecond != 0 {
            parts.push(second.to_string());
        }
        if *microsecond != 0 {
            parts.push(microsecond.to_string());
        }
        match offset_minutes {
            None => {}
            Some(0) => parts.push("tzinfo=datetime.timezone.utc".into()),
            Some(offset) => {
                let seconds = i32::from(*offset) * 60;
                let delta = if seconds < 0 {
                    format!("days=-1, seconds={}", seconds + 86_400)
                } else {
                    format!("seconds={seconds}")
                };
                parts.push(format!("tzinfo=datetime.timezone(datetime.timedelta({delta}))"));
            }
        }
        format!("datetime.datetime({})", parts.join(", "))
    }
}

impl fmt::Display for DateTime {
    /// Python's `str`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.isoformat(' '))
    }
}
