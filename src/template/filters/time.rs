//! `strftime`, `to_datetime`, and what `now()` needs.
//!
//! Source: <https://docs.python.org/3/library/time.html#time.strftime>.

use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};
use jinja::{Call, Environment, Error, Kind, Value};
use yaml::{Date, DateTime};

use super::{Result, flag, given, or_none};
use crate::yaml::{DateTimeValue, Zone, strftime, strptime};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("to_datetime", to_datetime);
    env.add_filter("strftime", format_seconds);
}

/// A moment on the clock of its zone, without saying which.
fn naive(zoned: &ZonedDateTime) -> Result<DateTime> {
    let part = |part: i8| part.unsigned_abs();
    let year = u16::try_from(zoned.year()).unwrap_or(0);
    let date = Date::new(year, part(zoned.month()), part(zoned.day())).map_err(Error::value_error)?;
    let microsecond = zoned.subsec_nanosecond().unsigned_abs() / 1000;
    let time = (part(zoned.hour()), part(zoned.minute()), part(zoned.second()));
    DateTime::new(date, time, microsecond, None).map_err(Error::value_error)
}

fn zone(utc: bool) -> TimeZone {
    if utc { TimeZone::UTC } else { TimeZone::system() }
}

/// The global function `now`: a `datetime`, or its text in a format.
pub(in crate::template) fn now(call: &mut Call<'_>) -> Result<Value> {
    let [utc, format] = call.bind("_now", 0, ["utc", "fmt"])?;
    let time = naive(&Timestamp::now().to_zoned_datetime(zone(flag(utc, false)?)))?;
    match given(format) {
        Some(format) if format.truthy()? => match &format {
            Value::Str(format) => Ok(strftime(format, &time, Zone::OfTime).into()),
            other => Err(not_text("strftime", other)),
        },
        _ => Ok(Value::object(DateTimeValue(time))),
    }
}

fn not_text(function: &str, value: &Value) -> Error {
    let name = super::class_name(value);
    Error::type_error(format!("{function}() argument 1 must be str, not {name}"))
}

fn to_datetime(call: &mut Call<'_>) -> Result<Value> {
    let [text, format] = call.bind("to_datetime", 1, ["string", "format"])?;
    let (text, format) = (or_none(text), format.unwrap_or_else(|| "%Y-%m-%d %H:%M:%S".into()));
    let (Value::Str(text), Value::Str(format)) = (&text, &format) else {
        let (at, wrong) = if matches!(text, Value::Str(_)) { (2, &format) } else { (1, &text) };
        let name = if wrong.is_none() { "None" } else { super::class_name(wrong) };
        return Err(Error::type_error(format!("strptime() argument {at} must be str, not {name}")));
    };
    strptime(text, format).map(|time| Value::object(DateTimeValue(time))).map_err(Error::value_error)
}

/// Seconds since 1970 as Python's `float()` reads them.
fn seconds(value: &Value) -> Result<f64> {
    let number = match value {
        Value::Str(text) => text.trim().replace('_', "").parse().ok(),
        other => other.as_float(),
    };
    number.ok_or_else(|| {
        let shown = value.to_str().unwrap_or_default();
        Error::other(format!("Invalid value for epoch value ({shown})")).while_handling()
    })
}

fn format_seconds(call: &mut Call<'_>) -> Result<Value> {
    let [format, second, utc] = call.bind("strftime", 1, ["string_format", "second", "utc"])?;
    let (format, utc) = (or_none(format), flag(utc, false)?);
    let moment = match given(second) {
        None => Timestamp::now(),
        Some(second) => {
            let second = seconds(&second)?;
            if second.is_nan() {
                return Err(Error::value_error("Invalid value NaN (not a number)"));
            }
            if second.is_infinite() {
                return Err(Error::new(Kind::Overflow, "timestamp out of range for platform time_t"));
            }
            let out_of_range = || Error::new(Kind::Overflow, "timestamp out of range for platform time_t");
            #[expect(clippy::cast_possible_truncation, reason = "what does not fit is out of range as well")]
            Timestamp::from_second(second.floor() as i64).map_err(|_| out_of_range())?
        }
    };
    let Value::Str(format) = &format else { return Err(not_text("strftime", &format)) };
    let zone = zone(utc);
    let info = zone.to_offset_info(moment);
    // Python's `gmtime` is Greenwich's.
    let name = match info.abbreviation() {
        _ if utc => "GMT",
        _ if zone.is_unknown() => "UTC",
        name => name,
    };
    let time = naive(&moment.to_zoned_datetime(zone.clone()))?;
    Ok(strftime(format, &time, Zone::Clock(info.offset().seconds(), name)).into())
}
