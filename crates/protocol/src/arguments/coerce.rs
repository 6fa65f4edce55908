//! Ansible's type conversions, one function a type, with the texts of its errors.
//!
//! Source: Ansible documentation, "Ansible module architecture: argument spec, `type`".

use super::{Kind, python};
use crate::{Data, Map, python_json};

/// The value brought to a type, or why it cannot be.
///
/// # Errors
///
/// The words that follow "we were unable to convert to TYPE: " in Ansible's message.
pub fn coerce(kind: Kind, value: Data) -> Result<Data, String> {
    match kind {
        Kind::Str | Kind::Path => Ok(to_str(value)),
        Kind::Bool => to_bool(value),
        Kind::Int => to_int(value),
        Kind::Float => to_float(value),
        Kind::List => to_list(value),
        Kind::Dict => to_dict(value),
        Kind::Raw => Ok(value),
        Kind::Json | Kind::JsonArg => to_json(value),
        Kind::Bytes => human_to_bytes(&value, false)
            .ok_or_else(|| format!("{} cannot be converted to a Byte value", class(&value))),
        Kind::Bits => {
            human_to_bytes(&value, true).ok_or_else(|| format!("{} cannot be converted to a Bit value", class(&value)))
        }
    }
}

fn class(value: &Data) -> String {
    format!("<class '{}'>", python::type_name(value))
}

/// Text; nothing becomes the empty text.
fn to_str(value: Data) -> Data {
    match value {
        Data::Str(_) => value,
        Data::Null => Data::Str(String::new()),
        other => Data::Str(python::str(&other)),
    }
}

/// Ansible's boolean words. The order of the words in the message is any order in Ansible, whose words are a set.
fn to_bool(value: Data) -> Result<Data, String> {
    let found = match &value {
        Data::Bool(value) => Some(*value),
        Data::Int(1) => Some(true),
        Data::Int(0) => Some(false),
        Data::Float(number) if *number == 1.0 => Some(true),
        Data::Float(number) if *number == 0.0 => Some(false),
        Data::Str(text) => match text.to_lowercase().trim() {
            "y" | "yes" | "on" | "1" | "true" | "t" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" => Some(false),
            _ => None,
        },
        Data::Int(_) | Data::BigInt(_) | Data::Float(_) => None,
        Data::Null | Data::List(_) | Data::Map(_) => {
            return Err(format!("{} cannot be converted to a bool", class(&value)));
        }
    };
    found.map(Data::Bool).ok_or_else(|| {
        format!(
            "The value '{}' is not a valid boolean. Valid booleans include: 0, 1, 'false', 'no', 'yes', 'on', '1', \
             'off', 'y', 'true', 'f', 't', 'n', '0'",
            python::str(&value)
        )
    })
}

/// Whole numbers, in text also as `1.0` or `1e3`.
fn to_int(value: Data) -> Result<Data, String> {
    let whole = match &value {
        Data::Int(_) | Data::BigInt(_) | Data::Bool(_) => return Ok(value),
        Data::Float(number) if number.fract() == 0.0 => Some(whole_float(*number)),
        Data::Str(text) => decimal_to_int(text.trim()),
        _ => None,
    };
    whole.ok_or_else(|| format!("\"{}\" cannot be converted to an int", python::repr(&value)))
}

fn whole_float(number: f64) -> Data {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    if number.abs() < 9.0e18 { Data::Int(number as i64) } else { Data::BigInt(format!("{number:.0}")) }
}

/// What `int(Decimal(text))` gives where nothing is lost.
fn decimal_to_int(text: &str) -> Option<Data> {
    let text = text.replace('_', "");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|power| power.abs() <= 400)?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: String = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let keep = usize::try_from(point.max(0)).ok()?;
    let (kept, lost) = if keep >= all.len() {
        (format!("{all}{}", "0".repeat(keep - all.len())), String::new())
    } else {
        let (kept, lost) = all.split_at(keep);
        (kept.to_owned(), lost.to_owned())
    };
    if lost.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let kept = kept.trim_start_matches('0');
    let kept = if kept.is_empty() { "0" } else { kept };
    let signed = if negative && kept != "0" { format!("-{kept}") } else { kept.to_owned() };
    Some(signed.parse().map_or_else(|_| Data::BigInt(signed), Data::Int))
}

fn to_float(value: Data) -> Result<Data, String> {
    #[expect(clippy::cast_precision_loss, reason = "as Python's float() of an int")]
    let number = match &value {
        Data::Float(_) => return Ok(value),
        Data::Int(number) => Some(*number as f64),
        Data::BigInt(digits) => digits.parse().ok(),
        Data::Bool(value) => Some(f64::from(u8::from(*value))),
        Data::Str(text) => text.trim().replace('_', "").parse().ok(),
        _ => None,
    };
    number.map(Data::Float).ok_or_else(|| format!("{} cannot be converted to a float", class(&value)))
}

/// A list; text is split at commas, numbers become one text.
fn to_list(value: Data) -> Result<Data, String> {
    match value {
        Data::List(_) => Ok(value),
        Data::Str(text) => Ok(Data::List(text.split(',').map(Data::from).collect())),
        Data::Int(_) | Data::BigInt(_) | Data::Float(_) | Data::Bool(_) => {
            Ok(Data::List(vec![Data::Str(python::str(&value))]))
        }
        other => Err(format!("{} cannot be converted to a list", class(&other))),
    }
}

/// A dictionary; text is JSON, a Python literal, or `k=v` pairs.
pub(super) fn to_dict(value: Data) -> Result<Data, String> {
    match value {
        Data::Map(_) => Ok(value),
        Data::Str(text) if text.starts_with('{') => match serde_json::from_str(&text) {
            Ok(json) => Ok(Data::from_json(json)),
            Err(_) => match super::python::literal(&text) {
                Some(Data::Map(map)) => Ok(Data::Map(map)),
                _ => Err("unable to evaluate string as dictionary".to_owned()),
            },
        },
        Data::Str(text) if text.contains('=') => pairs(&text)
            .map(Data::Map)
            .ok_or_else(|| "unable to evaluate string in the \"key=value\" format as dictionary".to_owned()),
        Data::Str(_) => Err("dictionary requested, could not parse JSON or key=value".to_owned()),
        other => Err(format!("{} cannot be converted to a dict", class(&other))),
    }
}

/// `k1=v1, k2="v 2"` as a map; `None` where a field has no `=`.
fn pairs(text: &str) -> Option<Map> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quote = None;
    let mut escaped = false;
    for character in text.trim().chars() {
        match character {
            _ if escaped => {
                field.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '\'' | '"' if quote.is_none() => quote = Some(character),
            _ if quote == Some(character) => quote = None,
            ',' | ' ' if quote.is_none() => {
                if !field.is_empty() {
                    fields.push(std::mem::take(&mut field));
                }
            }
            _ => field.push(character),
        }
    }
    if !field.is_empty() {
        fields.push(field);
    }
    fields
        .into_iter()
        .map(|field| field.split_once('=').map(|(key, value)| (key.to_owned(), Data::from(value))))
        .collect()
}

/// JSON text: text stripped, lists and maps written out.
fn to_json(value: Data) -> Result<Data, String> {
    match value {
        Data::Str(text) => Ok(Data::from(text.trim())),
        Data::List(_) | Data::Map(_) => Ok(Data::Str(python_json::dumps(&value, python_json::Style::default()))),
        other => Err(format!("{} cannot be converted to a json string", class(&other))),
    }
}

const SIZE_UNITS: [(char, i32, &str); 9] = [
    ('B', 0, ""),
    ('K', 10, "kilo"),
    ('M', 20, "mega"),
    ('G', 30, "giga"),
    ('T', 40, "tera"),
    ('P', 50, "peta"),
    ('E', 60, "exa"),
    ('Z', 70, "zeta"),
    ('Y', 80, "yotta"),
];

/// A size as people write it (`10M`, `1.5 GB`) in bytes, or in bits; `None` where it is none.
pub(super) fn human_to_bytes(value: &Data, bits: bool) -> Option<Data> {
    let text = python::str(value);
    let text = text.trim_end();
    let digits = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if number.matches('.').count() > 1 || number.ends_with('.') || number.is_empty() {
        return None;
    }
    let number: f64 = number.parse().ok()?;
    let unit = unit.trim_start();
    if unit.is_empty() {
        return Some(whole_float(number.round_ties_even()));
    }
    if !unit.chars().all(|character| character.is_ascii_alphabetic()) {
        return None;
    }
    let range = unit.chars().next()?.to_ascii_uppercase();
    let (letter, power, prefix) = SIZE_UNITS.into_iter().find(|(letter, ..)| *letter == range)?;
    if unit.len() > 1 {
        let (word, last) = if bits { ("bit", 'b') } else { ("byte", 'B') };
        let short = if letter == 'B' { last.to_string() } else { format!("{letter}{last}") };
        if unit.to_ascii_lowercase() != format!("{prefix}{word}") && unit != short {
            return None;
        }
    }
    Some(whole_float((number * 2f64.powi(power)).round_ties_even()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_pythons_decimal_reads_them() {
        for (text, want) in [("12", 12), (" 1.0 ", 1), ("1e3", 1000), ("-7", -7), ("+0012", 12), ("1200e-2", 12)] {
            assert_eq!(coerce(Kind::Int, Data::from(text)), Ok(Data::Int(want)), "{text}");
        }
        assert_eq!(coerce(Kind::Int, Data::from("x1")), Err("\"'x1'\" cannot be converted to an int".to_owned()));
        assert_eq!(coerce(Kind::Int, Data::Float(1.5)), Err("\"1.5\" cannot be converted to an int".to_owned()));
    }

    #[test]
    fn sizes_are_powers_of_two_and_know_bits_from_bytes() {
        for (text, want) in [("10", 10), ("2K", 2048), ("1.5 MB", 1_572_864), ("1kilobyte", 1024), ("3b", 3)] {
            assert_eq!(coerce(Kind::Bytes, Data::from(text)), Ok(Data::Int(want)), "{text}");
        }
        assert_eq!(coerce(Kind::Bits, Data::from("1Mb")), Ok(Data::Int(1_048_576)));
        assert_eq!(
            coerce(Kind::Bytes, Data::from("1Mb")),
            Err("<class 'str'> cannot be converted to a Byte value".to_owned())
        );
    }

    #[test]
    fn a_dictionary_may_come_as_json_as_a_python_literal_or_as_pairs() {
        let want = Data::Map([("a".to_owned(), Data::from("1 2")), ("b".to_owned(), Data::from("3"))].into());
        for text in [r#"{"a": "1 2", "b": "3"}"#, "{'a': '1 2', 'b': '3'}", "a='1 2', b=3", "a=1\\ 2 b=3"] {
            assert_eq!(to_dict(Data::from(text)), Ok(want.clone()), "{text}");
        }
    }

    #[test]
    fn json_is_laid_out_as_python_dumps_it() {
        let value = Data::Map([("k".to_owned(), Data::List(vec![Data::Int(1), Data::from("ü")]))].into());
        assert_eq!(coerce(Kind::Json, value), Ok(Data::from(r#"{"k": [1, "\u00fc"]}"#)));
    }
}
