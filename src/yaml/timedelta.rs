//! Python's `datetime.timedelta`, and what dates and times do with it.
//!
//! Source: <https://docs.python.org/3/library/datetime.html#timedelta-objects>.

use std::{any::Any, cmp::Ordering};

use jinja::{Error, Kind, Object, Value, function};
use yaml::{Date, DateTime};

use super::{
    date::{DateTimeValue, DateValue},
    strftime,
};

const SECOND: i128 = 1_000_000;
const DAY: i128 = 86_400 * SECOND;
/// More days than this Python refuses.
const MOST_DAYS: i128 = 999_999_999;

/// A span of time in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeDelta(i128);

type Answer = Option<Result<Value, Error>>;

fn delta(microseconds: i128) -> Result<Value, Error> {
    let days = microseconds.div_euclid(DAY);
    if days.abs() > MOST_DAYS {
        return Err(Error::new(Kind::Overflow, format!("days={days}; must have magnitude <= {MOST_DAYS}")));
    }
    Ok(Value::object(TimeDelta(microseconds)))
}

fn no_division() -> Error {
    Error::new(Kind::ZeroDivision, "integer division or modulo by zero")
}

/// A quotient to the nearest whole number, halves to the even one.
fn rounded(dividend: i128, divisor: i128) -> Result<i128, Error> {
    if divisor == 0 {
        return Err(no_division());
    }
    let (quotient, rest) = floor_division(dividend, divisor);
    let twice = (rest * 2).abs().cmp(&divisor.abs());
    Ok(if twice == Ordering::Greater || twice == Ordering::Equal && quotient % 2 != 0 {
        quotient + 1
    } else {
        quotient
    })
}

/// Python's `//` and `%` of a divisor that is not 0.
fn floor_division(dividend: i128, divisor: i128) -> (i128, i128) {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    if rest != 0 && (rest < 0) != (divisor < 0) { (quotient - 1, rest + divisor) } else { (quotient, rest) }
}

#[expect(clippy::cast_possible_truncation, reason = "a cast that does not fit is too large for a span as well")]
fn rounded_float(microseconds: f64) -> Result<Value, Error> {
    if microseconds.is_nan() {
        return Err(Error::value_error("cannot convert NaN to integer ratio"));
    }
    delta(microseconds.round_ties_even() as i128)
}

impl TimeDelta {
    fn parts(self) -> (i128, i128, i128) {
        let rest = self.0.rem_euclid(DAY);
        (self.0.div_euclid(DAY), rest / SECOND, rest % SECOND)
    }
}

impl Object for TimeDelta {
    fn type_name(&self) -> &str {
        "timedelta"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String, Error> {
        let (days, seconds, microseconds) = self.parts();
        let named = [("days", days), ("seconds", seconds), ("microseconds", microseconds)];
        let parts: Vec<String> =
            named.iter().filter(|(_, part)| *part != 0).map(|(name, part)| format!("{name}={part}")).collect();
        Ok(format!("datetime.timedelta({})", if parts.is_empty() { "0".to_owned() } else { parts.join(", ") }))
    }

    fn to_str(&self) -> Result<String, Error> {
        let (days, seconds, microseconds) = self.parts();
        let mut text = match days {
            0 => String::new(),
            1 | -1 => format!("{days} day, "),
            _ => format!("{days} days, "),
        };
        text.push_str(&format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
        if microseconds != 0 {
            text.push_str(&format!(".{microseconds:06}"));
        }
        Ok(text)
    }

    fn truthy(&self) -> Result<bool, Error> {
        Ok(self.0 != 0)
    }

    #[expect(clippy::cast_precision_loss, reason = "Python gives a float too")]
    fn attribute(&self, name: &str) -> Result<Option<Value>, Error> {
        let (days, seconds, microseconds) = self.parts();
        let number = |number: i128| Some(Value::from(i64::try_from(number).unwrap_or(0)));
        let total = self.0 as f64 / SECOND as f64;
        Ok(match name {
            "days" => number(days),
            "seconds" => number(seconds),
            "microseconds" => number(microseconds),
            "total_seconds" => Some(function("total_seconds", move |call| {
                let [] = call.bind("timedelta.total_seconds", 0, [])?;
                Ok(total.into())
            })),
            _ => None,
        })
    }

    fn equals(&self, other: &Value) -> Option<Result<bool, Error>> {
        other.downcast::<Self>().map(|other| Ok(self == other))
    }

    fn compare(&self, other: &Value) -> Option<Result<Option<Ordering>, Error>> {
        other.downcast::<Self>().map(|other| Ok(Some(self.cmp(other))))
    }

    fn hash_key(&self) -> Option<u64> {
        u64::try_from(self.0.rem_euclid(i64::MAX.into())).ok()
    }

    #[expect(clippy::cast_precision_loss, reason = "Python gives a float too")]
    fn binary(&self, operator: &str, other: &Value, reflected: bool) -> Answer {
        if let Some(other) = other.downcast::<Self>() {
            let (left, right) = if reflected { (other.0, self.0) } else { (self.0, other.0) };
            return match operator {
                "+" => Some(delta(left + right)),
                "-" => Some(delta(left - right)),
                "/" if right == 0 => Some(Err(Error::new(Kind::ZeroDivision, "division by zero"))),
                "//" if right == 0 => Some(Err(no_division())),
                "%" if right == 0 => Some(Err(Error::new(Kind::ZeroDivision, "integer modulo by zero"))),
                "/" => Some(Ok((left as f64 / right as f64).into())),
                "//" => Some(Ok(num_bigint::BigInt::from(floor_division(left, right).0).into())),
                "%" => Some(delta(floor_division(left, right).1)),
                _ => None,
            };
        }
        match (operator, other, reflected) {
            ("*", Value::Float(factor), _) => Some(rounded_float(self.0 as f64 * factor)),
            ("*", number, _) => number.as_int().map(|factor| delta(self.0.saturating_mul(factor.into()))),
            ("/" | "//", number, false) if number.as_int() == Some(0) => Some(Err(no_division())),
            ("/", Value::Float(0.0), false) => Some(Err(no_division())),
            ("/", Value::Float(divisor), false) => Some(rounded_float(self.0 as f64 / divisor)),
            ("/", number, false) => number.as_int().map(|divisor| rounded(self.0, divisor.into()).and_then(delta)),
            ("//", number, false) => number.as_int().map(|divisor| delta(floor_division(self.0, divisor.into()).0)),
            _ => None,
        }
    }
}

/// Microseconds since 1970, as if the time were UTC's.
fn clock(time: &DateTime) -> i128 {
    let civil = DateTime { offset_minutes: None, ..*time };
    i128::from(strftime::timestamp(&civil)) * SECOND + i128::from(time.microsecond)
}

fn out_of_range() -> Error {
    Error::new(Kind::Overflow, "date value out of range")
}

/// The date of a number of days since 1970.
fn date_of(days: i128) -> Result<Date, Error> {
    let days = i64::try_from(days).ok().filter(|days| days.abs() < 10_000_000).ok_or_else(out_of_range)?;
    let (year, month, day) = strftime::civil(days);
    let part = |part: i64| u8::try_from(part).map_err(|_| out_of_range());
    let year = u16::try_from(year).map_err(|_| out_of_range())?;
    Date::new(year, part(month)?, part(day)?).map_err(|_| out_of_range())
}

fn time_of(clock: i128, offset_minutes: Option<i16>) -> Result<DateTime, Error> {
    let (days, rest) = (clock.div_euclid(DAY), clock.rem_euclid(DAY));
    let seconds = rest / SECOND;
    let part = |part: i128| u8::try_from(part).map_err(|_| out_of_range());
    Ok(DateTime {
        date: date_of(days)?,
        hour: part(seconds / 3600)?,
        minute: part(seconds / 60 % 60)?,
        second: part(seconds % 60)?,
        microsecond: u32::try_from(rest % SECOND).unwrap_or(0),
        offset_minutes,
    })
}

/// `time + delta`, `time - delta`, `time - time`.
pub(super) fn time_arithmetic(time: &DateTime, operator: &str, other: &Value, reflected: bool) -> Answer {
    if let Some(TimeDelta(span)) = other.downcast() {
        let moved = match (operator, reflected) {
            ("+", _) => clock(time) + span,
            ("-", false) => clock(time) - span,
            _ => return None,
        };
        return Some(time_of(moved, time.offset_minutes).map(|time| Value::object(DateTimeValue(time))));
    }
    let DateTimeValue(other) = other.downcast()?;
    if operator != "-" {
        return None;
    }
    if time.offset_minutes.is_some() != other.offset_minutes.is_some() {
        return Some(Err(Error::type_error("can't subtract offset-naive and offset-aware datetimes")));
    }
    let moment = |time: &DateTime| clock(time) - i128::from(time.offset_minutes.unwrap_or(0)) * 60 * SECOND;
    let span = moment(time) - moment(other);
    Some(delta(if reflected { -span } else { span }))
}

/// `date + delta`, `date - delta`, `date - date`.
pub(super) fn date_arithmetic(date: Date, operator: &str, other: &Value, reflected: bool) -> Answer {
    let midnight = |date| DateTime { date, hour: 0, minute: 0, second: 0, microsecond: 0, offset_minutes: None };
    let days = |date| clock(&midnight(date)) / DAY;
    if let Some(TimeDelta(span)) = other.downcast() {
        let moved = match (operator, reflected) {
            ("+", _) => days(date) + span.div_euclid(DAY),
            ("-", false) => days(date) - span.div_euclid(DAY),
            _ => return None,
        };
        return Some(date_of(moved).map(|date| Value::object(DateValue(date))));
    }
    let DateValue(other) = other.downcast()?;
    let span = (days(date) - days(*other)) * DAY;
    (operator == "-").then(|| delta(if reflected { -span } else { span }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(days: i128, seconds: i128, microseconds: i128) -> Value {
        Value::object(TimeDelta(days * DAY + seconds * SECOND + microseconds))
    }

    fn shown(answer: Answer) -> String {
        answer.unwrap().map_or_else(|error| error.message, |value| format!("{value:?}"))
    }

    #[test]
    fn a_span_is_shown_as_python_shows_it() {
        for (value, text, repr) in [
            (span(0, 0, 0), "0:00:00", "datetime.timedelta(0)"),
            (span(1, 3, 0), "1 day, 0:00:03", "datetime.timedelta(days=1, seconds=3)"),
            (span(0, -1, 0), "-1 day, 23:59:59", "datetime.timedelta(days=-1, seconds=86399)"),
            (span(-3, 3661, 5), "-3 days, 1:01:01.000005", "datetime.timedelta(days=-3, seconds=3661, microseconds=5)"),
        ] {
            assert_eq!((value.to_str().unwrap().as_str(), value.repr().unwrap().as_str()), (text, repr));
        }
    }

    #[test]
    fn spans_are_reckoned_with_as_pythons() {
        let hour = TimeDelta(3600 * SECOND);
        let with = |operator, other: Value, reflected| shown(hour.binary(operator, &other, reflected));
        assert_eq!(with("+", span(1, 0, 0), false), "datetime.timedelta(days=1, seconds=3600)");
        assert_eq!(with("-", span(1, 0, 0), true), "datetime.timedelta(seconds=82800)");
        assert_eq!(with("*", 3.into(), true), "datetime.timedelta(seconds=10800)");
        assert_eq!(with("*", 0.5.into(), false), "datetime.timedelta(seconds=1800)");
        assert_eq!(with("/", 7.into(), false), "datetime.timedelta(seconds=514, microseconds=285714)");
        assert_eq!(with("/", span(0, 900, 0), false), "4.0");
        assert_eq!(with("//", span(0, 1000, 0), false), "3");
        assert_eq!(with("%", span(0, 1000, 0), false), "datetime.timedelta(seconds=600)");
        assert_eq!(with("/", 0.into(), false), "integer division or modulo by zero");
        assert!(hour.binary("+", &1.into(), false).is_none());
    }

    #[test]
    fn dates_move_over_the_ends_of_years_and_no_farther_than_python_goes() {
        let date = |year, month, day| Date::new(year, month, day).unwrap();
        let time = |day| DateTime::new(day, (23, 0, 0), 1, None).unwrap();
        assert_eq!(
            shown(time_arithmetic(&time(date(2023, 12, 31)), "+", &span(0, 3600, 0), false)),
            "datetime.datetime(2024, 1, 1, 0, 0, 0, 1)"
        );
        assert_eq!(shown(date_arithmetic(date(2024, 3, 1), "-", &span(1, 0, 0), false)), "datetime.date(2024, 2, 29)");
        let earlier = Value::object(DateValue(date(2023, 3, 1)));
        assert_eq!(shown(date_arithmetic(date(2024, 3, 1), "-", &earlier, false)), "datetime.timedelta(days=366)");
        assert_eq!(shown(date_arithmetic(date(9999, 12, 31), "+", &span(1, 0, 0), false)), "date value out of range");
        let aware = Value::object(DateTimeValue(DateTime::new(date(2024, 1, 1), (0, 0, 0), 0, Some(0)).unwrap()));
        assert_eq!(
            shown(time_arithmetic(&time(date(2024, 1, 1)), "-", &aware, false)),
            "can't subtract offset-naive and offset-aware datetimes"
        );
    }
}
