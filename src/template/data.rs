//! Between what travels ([`Data`]) and what templates see ([`Value`]).
//!
//! Architecture invariant: what comes from a host comes in through [`from_data`], which trusts nothing.

use jinja::{Dict, Error, List, Str, Value, error::Kind};
use num_bigint::BigInt;
use protocol::{Data, Map};

use crate::{
    python_repr::repr_float,
    yaml::{DateTimeValue, DateValue},
};

/// How deep values may nest.
const MAX_DEPTH: usize = 300;

/// Data as a value. Its texts are data for ever: none of them is trusted.
#[must_use]
pub fn from_data(data: &Data) -> Value {
    match data {
        Data::Null => Value::None,
        Data::Bool(value) => Value::Bool(*value),
        Data::Int(value) => Value::Int(*value),
        Data::BigInt(digits) => BigInt::parse_bytes(digits.as_bytes(), 10)
            .map_or_else(|| Value::Str(Str::from(digits.as_str())), Value::from_bigint),
        Data::Float(value) => Value::Float(*value),
        Data::Str(text) => Value::Str(Str::from(text.as_str())),
        Data::List(items) => items.iter().map(from_data).collect::<List>().into(),
        Data::Map(map) => Value::Dict(from_map(map)),
    }
}

/// A map as a dict; see [`from_data`].
#[must_use]
pub fn from_map(map: &Map) -> Dict {
    let dict = Dict::with_capacity(map.len());
    for (key, value) in map {
        dict.insert(key.as_str(), from_data(value));
    }
    dict
}

/// A value as data: what is sent to a host, shown on the screen, kept in a result. Dates become text, as in Ansible.
///
/// # Errors
///
/// Something in it is undefined or fails, or is of a kind that no variable may hold.
pub fn to_data(value: &Value) -> Result<Data, Error> {
    convert(value, &mut Err, 0)
}

/// A dict as a map; see [`to_data`].
///
/// # Errors
///
/// As [`to_data`].
pub fn to_map(dict: &Dict) -> Result<Map, Error> {
    map(dict, &mut Err, 0)
}

/// A value as data for `debug: var=`: what is undefined is shown as `<< error 1 - 'x' is undefined >>`; beside it those
/// errors in the order of their numbers, for the warnings that go with them.
///
/// # Errors
///
/// A part of the value fails in another way.
pub fn to_data_and_errors(value: &Value) -> Result<(Data, Vec<Error>), Error> {
    let mut errors: Vec<Error> = Vec::new();
    let mut replace = |error: Error| {
        if error.kind != Kind::Undefined {
            return Err(error);
        }
        let text = format!("<< error {} - {} >>", errors.len() + 1, error.message);
        errors.push(error);
        Ok(Data::Str(text))
    };
    let data = convert(value, &mut replace, 0)?;
    Ok((data, errors))
}

type OnError<'a> = dyn FnMut(Error) -> Result<Data, Error> + 'a;

fn convert(value: &Value, on_error: &mut OnError<'_>, depth: usize) -> Result<Data, Error> {
    if depth > MAX_DEPTH {
        return on_error(Error::new(Kind::Limit, "maximum recursion depth exceeded"));
    }
    Ok(match value {
        Value::Undefined(undefined) => return on_error(undefined.error()),
        Value::None => Data::Null,
        Value::Bool(value) => Data::Bool(*value),
        Value::Int(value) => Data::Int(*value),
        Value::BigInt(value) => Data::BigInt(value.to_string()),
        Value::Float(value) => Data::Float(*value),
        Value::Str(text) => Data::Str(text.as_str().to_owned()),
        Value::Bytes(bytes) => Data::Str(String::from_utf8_lossy(bytes).into_owned()),
        Value::List(list) => {
            let mut items = Vec::with_capacity(list.len());
            for index in 0..list.len() {
                match list.get(index) {
                    Ok(Some(item)) if vanishes(&item) => {}
                    Ok(Some(item)) => items.push(convert(&item, on_error, depth + 1)?),
                    Ok(None) => {}
                    Err(error) => items.push(on_error(error)?),
                }
            }
            Data::List(items)
        }
        Value::Tuple(items) => {
            Data::List(items.iter().map(|item| convert(item, on_error, depth + 1)).collect::<Result<_, _>>()?)
        }
        Value::Dict(dict) => Data::Map(map(dict, on_error, depth)?),
        Value::Object(object) => match iso_date(value) {
            Some(text) => Data::Str(text),
            None => match object.finalize() {
                Err(error) => return on_error(error),
                Ok(Some(plain)) if !matches!(plain, Value::Object(_)) => convert(&plain, on_error, depth + 1)?,
                Ok(_) => {
                    let message = format!("Type '{}' is unsupported for variable storage.", object.type_name());
                    return on_error(Error::type_error(message).about(value));
                }
            },
        },
    })
}

fn vanishes(value: &Value) -> bool {
    matches!(value, Value::Object(object) if object.vanishes())
}

fn map(dict: &Dict, on_error: &mut OnError<'_>, depth: usize) -> Result<Map, Error> {
    let mut out = Map::with_capacity(dict.len());
    for key in dict.keys() {
        let item = match dict.get_key(&jinja::Key::new(key.clone())?) {
            Ok(Some(item)) if vanishes(&item) => continue,
            Ok(Some(item)) => convert(&item, on_error, depth + 1)?,
            Ok(None) => continue,
            Err(error) => on_error(error)?,
        };
        out.insert(key_text(&key)?, item);
    }
    Ok(out)
}

/// A key as text, as Ansible shows it.
fn key_text(key: &Value) -> Result<String, Error> {
    Ok(match key {
        Value::Str(text) => text.as_str().to_owned(),
        Value::Bool(true) => "true".to_owned(),
        Value::Bool(false) => "false".to_owned(),
        Value::Float(value) => repr_float(*value),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => match iso_date(other) {
            Some(text) => text,
            None => other.to_str()?,
        },
    })
}

fn iso_date(value: &Value) -> Option<String> {
    if let Some(date) = value.downcast::<DateValue>() {
        return Some(date.0.to_string());
    }
    value.downcast::<DateTimeValue>().map(|time| time.0.isoformat('T'))
}

#[cfg(test)]
mod tests {
    use yaml::{Options, Source, load_one};

    use super::*;
    use crate::yaml::{Trust, value};

    fn read(text: &str) -> Value {
        value(&load_one(&Source::new("x", text), &Options::files()).unwrap().root(), None, Trust::Trusted)
    }

    #[test]
    fn what_a_host_sends_is_never_trusted() {
        let value = from_data(&Data::List(vec![Data::Str("{{ x }}".into())]));
        let Some(Value::Str(text)) = value.as_list().unwrap().get(0).unwrap() else { panic!() };
        assert!(!text.is_trusted());
    }

    #[test]
    fn data_comes_back_as_it_went() {
        let data = Data::Map(Map::from([
            ("a".into(), Data::BigInt("123456789012345678901234567890".into())),
            ("b".into(), Data::List(vec![Data::Null, Data::Bool(true), Data::Int(-1), Data::Float(1.5)])),
            ("c".into(), Data::Str("ä".into())),
        ]));
        assert_eq!(to_data(&from_data(&data)).unwrap(), data);
    }

    #[test]
    fn dates_and_keys_become_text_as_in_ansible() {
        let value =
            read("{1: 2001-01-01, 1.5: 2001-12-14 21:59:43.1 -05:00, null: !!binary aGk=, true: x, 2001-01-01: y}");
        let Data::Map(map) = to_data(&value).unwrap() else { panic!() };
        let shown: Vec<_> = map.iter().map(|(key, item)| (key.as_str(), item.as_str().unwrap_or("?"))).collect();
        assert_eq!(
            shown,
            [("1", "x"), ("1.5", "2001-12-14T21:59:43.100000-05:00"), ("None", "hi"), ("2001-01-01", "y")]
        );
    }

    #[test]
    fn what_is_undefined_fails_or_is_shown_with_its_number() {
        let value =
            Value::from(vec![Value::undefined("'a' is undefined"), 1.into(), Value::undefined("'b' is undefined")]);
        assert_eq!(to_data(&value).unwrap_err().message, "'a' is undefined");
        let (shown, errors) = to_data_and_errors(&value).unwrap();
        assert_eq!(
            shown,
            Data::List(vec![
                "<< error 1 - 'a' is undefined >>".into(),
                1.into(),
                "<< error 2 - 'b' is undefined >>".into()
            ])
        );
        assert_eq!(errors.len(), 2);
    }
}
