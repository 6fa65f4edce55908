//! Time as a value that is handed in: nothing in this crate asks the machine for it.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use der::DateTime;

use crate::{Error, Result};

/// One minute, in seconds.
pub const MINUTE: u64 = 60;
/// One hour, in seconds.
pub const HOUR: u64 = 60 * MINUTE;
/// One day, in seconds.
pub const DAY: u64 = 24 * HOUR;

/// A point in time in whole seconds, from 1970 to the end of 9999: what an X.509 date can say (RFC 5280 section 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(DateTime);

impl Moment {
    /// That many seconds after the beginning of 1970, UTC.
    ///
    /// # Errors
    ///
    /// After the year 9999.
    pub fn from_unix(seconds: u64) -> Result<Self> {
        DateTime::from_unix_duration(Duration::from_secs(seconds)).map(Self).map_err(|_| {
            Error::input(format!("time {seconds}"), "after the year 9999", "check the clock and the days asked for")
        })
    }

    /// Seconds since the beginning of 1970, UTC.
    #[must_use]
    pub fn unix(self) -> u64 {
        self.0.unix_duration().as_secs()
    }

    /// Later by that many seconds.
    ///
    /// # Errors
    ///
    /// After the year 9999.
    pub fn after(self, seconds: u64) -> Result<Self> {
        Self::from_unix(self.unix().saturating_add(seconds))
    }

    /// Earlier by that many seconds, at the earliest 1970.
    ///
    /// # Errors
    ///
    /// None in practice: an earlier moment can be written whenever this one can.
    pub fn before(self, seconds: u64) -> Result<Self> {
        Self::from_unix(self.unix().saturating_sub(seconds))
    }

    /// Reads `2026-11-25T19:00:00Z` (RFC 3339, UTC, whole seconds).
    ///
    /// # Errors
    ///
    /// Any other form, and dates that do not exist.
    pub fn parse(text: &str) -> Result<Self> {
        text.parse().map(Self).map_err(|_| {
            Error::input(
                format!("time {text:?}"),
                "not a time of the form 2026-11-25T19:00:00Z",
                "write it in UTC, in whole seconds",
            )
        })
    }

    pub(crate) fn date_time(self) -> DateTime {
        self.0
    }
}

impl From<DateTime> for Moment {
    fn from(value: DateTime) -> Self {
        Self(value)
    }
}

impl From<x509_cert::time::Time> for Moment {
    fn from(value: x509_cert::time::Time) -> Self {
        Self(value.to_date_time())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the time comes from; a store for production takes the machine's only ([`Clock::kind`]).
pub trait Clock {
    /// The time now.
    ///
    /// # Errors
    ///
    /// A clock that stands outside of 1970 to 9999.
    fn now(&self) -> Result<Moment>;

    /// What kind of clock it is.
    fn kind(&self) -> ClockKind;
}

/// Kinds of clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockKind {
    /// The machine's.
    #[default]
    System,
    /// One that somebody sets: for tests and rehearsals only, and recorded.
    Rehearsal,
}

impl ClockKind {
    /// Whether it is the machine's.
    #[must_use]
    pub fn is_system(&self) -> bool {
        *self == Self::System
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Result<Moment> {
        DateTime::from_system_time(SystemTime::now())
            .and_then(|now| DateTime::from_unix_duration(Duration::from_secs(now.unix_duration().as_secs())))
            .map(Moment)
            .map_err(|_| Error::input("this machine's clock", "it stands outside of 1970 to 9999", "set it"))
    }

    fn kind(&self) -> ClockKind {
        ClockKind::System
    }
}

/// A clock that stands where it was set.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Moment);

impl Clock for FixedClock {
    fn now(&self) -> Result<Moment> {
        Ok(self.0)
    }

    fn kind(&self) -> ClockKind {
        ClockKind::Rehearsal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_and_read_in_utc() {
        let moment = Moment::parse("2026-11-25T19:00:00Z").unwrap();
        assert_eq!(moment.to_string(), "2026-11-25T19:00:00Z");
        assert_eq!(moment.unix(), 1_795_633_200);
        assert_eq!(moment.after(DAY).unwrap().to_string(), "2026-11-26T19:00:00Z");
    }

    #[test]
    fn times_that_no_certificate_can_say_are_refused() {
        for text in ["2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-25", "yesterday", ""] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
        assert!(Moment::parse("9999-12-31T23:59:59Z").unwrap().after(1).is_err());
    }
}
