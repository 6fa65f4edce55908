//! Moments in UTC: as certificates have them, as `YYYYMMDDHHMMSSZ`, and as the collection's options take them.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use der::asn1::{GeneralizedTime, UtcTime};
use tz::UtcDateTime;
use x509_cert::time::Time;

use super::Wrong;

const MICROSECONDS: i128 = 1_000_000;

/// A moment, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i128);

impl Moment {
    /// The time of a certificate.
    #[must_use]
    pub fn of(time: Time) -> Self {
        Self(i128::from(time.to_unix_duration().as_secs()) * MICROSECONDS)
    }

    /// Now.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self(i128::try_from(since.as_micros()).unwrap_or(i128::MAX))
    }

    /// Reads `+32w1d2h`, which counts from `now`, or `YYYYMMDDHHMMSSZ`, also without seconds and with an offset in the
    /// place of Z. `name` is the option's, for the message.
    ///
    /// # Errors
    ///
    /// A text that is neither.
    pub fn parse(text: &str, name: &str, now: Self) -> Result<Self, Wrong> {
        if text.starts_with(['+', '-']) {
            let invalid = || Wrong::Said(format!("The timespec \"{text}\" for {name} is invalid"));
            let seconds = relative(text).ok_or_else(invalid)?;
            // Python's datetime goes from year 1 to year 9999.
            let moment = Self(now.0 + seconds.checked_mul(MICROSECONDS).ok_or_else(invalid)?);
            return match moment.civil() {
                Some(civil) if (1..=9999).contains(&civil.year()) => Ok(moment),
                _ => Err(Wrong::Raised("date value out of range".to_owned())),
            };
        }
        absolute(text).ok_or_else(|| Wrong::Said(format!("The time spec \"{text}\" for {name} is invalid")))
    }

    /// As certificates have it: UTCTime up to 2049, then GeneralizedTime (RFC 5280 section 4.1.2.5); the part of a second is
    /// cut off. `None` before 1970, which cannot be written here.
    #[must_use]
    pub fn time(self) -> Option<Time> {
        let since = Duration::from_secs(u64::try_from(self.0.div_euclid(MICROSECONDS)).ok()?);
        match UtcTime::from_unix_duration(since) {
            Ok(time) => Some(Time::UtcTime(time)),
            Err(_) => GeneralizedTime::from_unix_duration(since).ok().map(Time::GeneralTime),
        }
    }

    fn civil(self) -> Option<UtcDateTime> {
        UtcDateTime::from_timespec(i64::try_from(self.0.div_euclid(MICROSECONDS)).ok()?, 0).ok()
    }
}

impl fmt::Display for Moment {
    /// As ASN.1 writes it: `YYYYMMDDHHMMSSZ`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(civil) = self.civil() else { return write!(f, "{}", self.0) };
        let (year, month, day) = (civil.year(), civil.month(), civil.month_day());
        write!(f, "{year:04}{month:02}{day:02}{:02}{:02}{:02}Z", civil.hour(), civil.minute(), civil.second())
    }
}

/// Seconds of `+1w2d3h4m5s`: each part at most once and in this order, the last unit may be left out.
fn relative(text: &str) -> Option<i128> {
    const UNITS: [(char, i128); 5] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+')?),
    };
    let mut units = UNITS.iter();
    let mut seconds = 0_i128;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at_checked(end)?;
        let number: i128 = digits.parse().ok()?;
        let unit = after.chars().next().map_or('s', |unit| unit.to_ascii_lowercase());
        let (_, size) = units.find(|(letter, _)| *letter == unit)?;
        seconds = seconds.checked_add(number.checked_mul(*size)?)?;
        rest = after.get(1..).unwrap_or_default();
    }
    Some(if negative { -seconds } else { seconds })
}

fn absolute(text: &str) -> Option<Moment> {
    let (fields, offset) = match text.strip_suffix('Z') {
        Some(fields) => (fields, 0),
        None => {
            let (fields, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
            (fields, self::offset(offset)?)
        }
    };
    if !fields.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(fields.len(), 12 | 14) {
        return None;
    }
    let two = |at: usize| fields.get(at..at + 2)?.parse::<u8>().ok();
    let seconds = if fields.len() == 14 { two(12)? } else { 0 };
    let year = fields.get(..4)?.parse().ok().filter(|year| *year > 0)?;
    if seconds > 59 {
        return None;
    }
    let civil = UtcDateTime::new(year, two(4)?, two(6)?, two(8)?, two(10)?, seconds, 0).ok()?;
    Some(Moment((i128::from(civil.unix_time()) - offset) * MICROSECONDS))
}

/// Seconds of `+0100`.
fn offset(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes): (i128, i128) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<String, Wrong> {
        Moment::parse(text, "valid_at.x", Moment(0)).map(|moment| moment.to_string())
    }

    #[test]
    fn times_are_counted_from_now_or_written_out() {
        assert_eq!(parse("+1w2d3h4m5s").unwrap(), "19700110030405Z");
        assert_eq!(parse("+90").unwrap(), "19700101000130Z");
        assert_eq!(parse("-1D").unwrap(), "19691231000000Z");
        assert_eq!(parse("20240102030405Z").unwrap(), "20240102030405Z");
        assert_eq!(parse("202401020304Z").unwrap(), "20240102030400Z");
        assert_eq!(parse("20240102030405+0130").unwrap(), "20240102013405Z");
    }

    #[test]
    fn what_is_no_time_is_refused_by_its_option() {
        for text in ["+", "-", "+1s1d", "+1x", "+d"] {
            let wrong = Wrong::Said(format!("The timespec \"{text}\" for valid_at.x is invalid"));
            assert_eq!(parse(text).unwrap_err(), wrong);
        }
        for text in ["", "Z", "tomorrow", "20241302030405Z", "2024010203040Z", "20240102030460Z", "20240102030405"] {
            let wrong = Wrong::Said(format!("The time spec \"{text}\" for valid_at.x is invalid"));
            assert_eq!(parse(text).unwrap_err(), wrong);
        }
        assert_eq!(parse("+9999999w").unwrap_err(), Wrong::Raised("date value out of range".to_owned()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in ".{0,20}", digits in "[+-]?[0-9wdhms]{0,40}Z?") {
            let _ = (parse(&text), parse(&digits));
        }
    }
}
