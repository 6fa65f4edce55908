//! Dates as template values, with the attributes and methods that Python gives them.

use std::{any::Any, cmp::Ordering};

use jinja::{Call, Error, Object, Value, function};
use yaml::{Date, DateTime};

use super::{
    strftime::{self, Zone, strftime},
    timedelta,
};

/// Python's `datetime.date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateValue(pub Date);

/// Python's `datetime.datetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTimeValue(pub DateTime);

fn midnight(date: Date) -> DateTime {
    DateTime { date, hour: 0, minute: 0, second: 0, microsecond: 0, offset_minutes: None }
}

/// A method without required arguments but the one named.
fn method(name: &'static str, answer: impl Fn(Option<Value>) -> Result<Value, Error> + 'static) -> Option<Value> {
    Some(function(name, move |call| {
        let [argument] = call.bind(name, 0, ["format"])?;
        answer(argument)
    }))
}

fn format_method(time: DateTime) -> Option<Value> {
    method("strftime", move |format| match format {
        Some(Value::Str(format)) => Ok(strftime(&format, &time, Zone::OfTime).into()),
        Some(other) => Err(Error::type_error(format!("strftime() argument 1 must be str, not {}", other.type_name()))),
        None => Err(Error::type_error("strftime() missing required argument 'format' (pos 1)")),
    })
}

/// `replace(year=2020, ...)`: the parts in their order, with those that were given in the place of the old ones.
fn replaced<const N: usize>(call: &mut Call<'_>, names: [&str; N], parts: [u32; N]) -> Result<[u32; N], Error> {
    let given = call.bind("replace", 0, names)?;
    let mut out = parts;
    for (slot, value) in out.iter_mut().zip(given) {
        let Some(value) = value else { continue };
        let Some(number) = value.as_int() else {
            let name = value.type_name();
            return Err(Error::type_error(format!("'{name}' object cannot be interpreted as an integer")));
        };
        *slot = u32::try_from(number).unwrap_or(u32::MAX);
    }
    Ok(out)
}

fn date_of(year: u32, month: u32, day: u32) -> Result<Date, Error> {
    let small = |part: u32| u8::try_from(part).unwrap_or(u8::MAX);
    let Ok(short) = u16::try_from(year) else { return Err(Error::value_error(format!("year {year} is out of range"))) };
    Date::new(short, small(month), small(day)).map_err(Error::value_error)
}

fn replace_date(date: Date) -> Option<Value> {
    Some(function("replace", move |call| {
        let parts = [date.year.into(), date.month.into(), date.day.into()];
        let [year, month, day] = replaced(call, ["year", "month", "day"], parts)?;
        Ok(Value::object(DateValue(date_of(year, month, day)?)))
    }))
}

fn replace_time(time: DateTime) -> Option<Value> {
    Some(function("replace", move |call| {
        let date = time.date;
        let names = ["year", "month", "day", "hour", "minute", "second", "microsecond"];
        let parts = [
            date.year.into(),
            date.month.into(),
            date.day.into(),
            time.hour.into(),
            time.minute.into(),
            time.second.into(),
            time.microsecond,
        ];
        let [year, month, day, hour, minute, second, microsecond] = replaced(call, names, parts)?;
        let small = |part: u32| u8::try_from(part).unwrap_or(u8::MAX);
        let clock = (small(hour), small(minute), small(second));
        DateTime::new(date_of(year, month, day)?, clock, microsecond, time.offset_minutes)
            .map(|time| Value::object(DateTimeValue(time)))
            .map_err(Error::value_error)
    }))
}

fn date_attribute(date: Date, name: &str) -> Option<Value> {
    Some(match name {
        "year" => i64::from(date.year).into(),
        "month" => i64::from(date.month).into(),
        "day" => i64::from(date.day).into(),
        _ => return None,
    })
}

/// Monday is 0.
fn python_weekday(time: &DateTime) -> i64 {
    (strftime::weekday(time) as i64 + 6) % 7
}

impl Object for DateValue {
    fn type_name(&self) -> &str {
        "date"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String, Error> {
        Ok(self.0.repr())
    }

    fn to_str(&self) -> Result<String, Error> {
        Ok(self.0.to_string())
    }

    fn truthy(&self) -> Result<bool, Error> {
        Ok(true)
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, Error> {
        let date = self.0;
        let time = midnight(date);
        Ok(match name {
            "isoformat" => method("isoformat", move |_| Ok(date.to_string().into())),
            "strftime" => format_method(time),
            "replace" => replace_date(date),
            "weekday" => method("weekday", move |_| Ok(python_weekday(&time).into())),
            "isoweekday" => method("isoweekday", move |_| Ok((python_weekday(&time) + 1).into())),
            _ => date_attribute(date, name),
        })
    }

    fn equals(&self, other: &Value) -> Option<Result<bool, Error>> {
        other.downcast::<Self>().map(|other| Ok(self == other))
    }

    fn compare(&self, other: &Value) -> Option<Result<Option<Ordering>, Error>> {
        other.downcast::<Self>().map(|other| Ok(Some(self.0.cmp(&other.0))))
    }

    fn binary(&self, operator: &str, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        timedelta::date_arithmetic(self.0, operator, other, reflected)
    }

    fn hash_key(&self) -> Option<u64> {
        u64::try_from(strftime::timestamp(&midnight(self.0)).rem_euclid(i64::MAX)).ok()
    }

    fn finalize(&self) -> Result<Option<Value>, Error> {
        Ok(Some(Value::object(*self)))
    }
}

impl DateTimeValue {
    /// What two times are compared by; naive and aware times have no order.
    fn moment(&self) -> (i64, u32) {
        (strftime::timestamp(&self.0), self.0.microsecond)
    }

    fn same_kind(&self, other: &Self) -> bool {
        self.0.offset_minutes.is_some() == other.0.offset_minutes.is_some()
    }
}

impl Object for DateTimeValue {
    fn type_name(&self) -> &str {
        "datetime"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String, Error> {
        Ok(self.0.repr())
    }

    fn to_str(&self) -> Result<String, Error> {
        Ok(self.0.to_string())
    }

    fn truthy(&self) -> Result<bool, Error> {
        Ok(true)
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, Error> {
        let time = self.0;
        Ok(match name {
            "hour" => Some(i64::from(time.hour).into()),
            "minute" => Some(i64::from(time.minute).into()),
            "second" => Some(i64::from(time.second).into()),
            "microsecond" => Some(i64::from(time.microsecond).into()),
            "isoformat" => method("isoformat", move |separator| {
                let separator = separator.as_ref().and_then(Value::as_str).and_then(|text| text.chars().next());
                Ok(time.isoformat(separator.unwrap_or('T')).into())
            }),
            "strftime" => format_method(time),
            "replace" => replace_time(time),
            "date" => method("date", move |_| Ok(Value::object(DateValue(time.date)))),
            "weekday" => method("weekday", move |_| Ok(python_weekday(&time).into())),
            "isoweekday" => method("isoweekday", move |_| Ok((python_weekday(&time) + 1).into())),
            "timestamp" => method("timestamp", move |_| {
                // A time without a zone is one of this machine's.
                let seconds = match time.offset_minutes {
                    Some(_) => strftime::timestamp(&time),
                    None => strftime::local_timestamp(&time),
                };
                Ok((seconds as f64 + f64::from(time.microsecond) / 1e6).into())
            }),
            _ => date_attribute(time.date, name),
        })
    }

    fn equals(&self, other: &Value) -> Option<Result<bool, Error>> {
        let other = other.downcast::<Self>()?;
        Some(Ok(self.same_kind(other) && self.moment() == other.moment()))
    }

    fn compare(&self, other: &Value) -> Option<Result<Option<Ordering>, Error>> {
        let other = other.downcast::<Self>()?;
        Some(if self.same_kind(other) {
            Ok(Some(self.moment().cmp(&other.moment())))
        } else {
            Err(Error::type_error("can't compare offset-naive and offset-aware datetimes"))
        })
    }

    fn binary(&self, operator: &str, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        timedelta::time_arithmetic(&self.0, operator, other, reflected)
    }

    fn hash_key(&self) -> Option<u64> {
        u64::try_from(self.moment().0.rem_euclid(i64::MAX)).ok()
    }

    fn finalize(&self) -> Result<Option<Value>, Error> {
        Ok(Some(Value::object(*self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_prints_and_compares_as_pythons() {
        let date = |day| Value::object(DateValue(Date::new(2001, 1, day).unwrap()));
        assert_eq!(date(2).to_str().unwrap(), "2001-01-02");
        assert_eq!(date(2).repr().unwrap(), "datetime.date(2001, 1, 2)");
        assert_eq!(date(2), date(2));
        assert_eq!(date(1).compare(&date(2)).unwrap(), Ordering::Less);
        let Value::Object(object) = date(2) else { panic!() };
        assert_eq!(object.attribute("year").unwrap(), Some(2001.into()));
        assert_eq!(object.attribute("hour").unwrap(), None);
    }

    #[test]
    fn times_in_two_zones_are_equal_at_the_same_moment() {
        let time = |hour, offset| {
            Value::object(DateTimeValue(
                DateTime::new(Date::new(2001, 1, 2).unwrap(), (hour, 0, 0), 0, offset).unwrap(),
            ))
        };
        assert_eq!(time(12, Some(0)), time(13, Some(60)));
        assert_ne!(time(12, Some(0)), time(12, None));
        assert!(time(12, Some(0)).compare(&time(12, None)).is_err());
    }
}
