//! What a scalar is: PyYAML's implicit resolvers and the constructors of its SafeLoader.

use std::rc::Rc;

use num_bigint::BigInt;

use crate::{
    date::{Date, DateTime},
    node::Resolved,
};

/// What a plain scalar is by its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Implicit {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Merge,
    Value,
    Str,
}

/// The type of a plain scalar. As in PyYAML the first character says which patterns are tried at all.
pub(crate) fn implicit(text: &str) -> Implicit {
    // Python's `$` matches before a final line feed.
    let text = text.strip_suffix('\n').filter(|rest| !rest.is_empty()).unwrap_or(text);
    match text.as_bytes() {
        [] | b"~" | b"null" | b"Null" | b"NULL" => Implicit::Null,
        b"yes" | b"Yes" | b"YES" | b"no" | b"No" | b"NO" | b"true" | b"True" | b"TRUE" | b"false" | b"False"
        | b"FALSE" | b"on" | b"On" | b"ON" | b"off" | b"Off" | b"OFF" => Implicit::Bool,
        b"<<" => Implicit::Merge,
        b"=" => Implicit::Value,
        bytes @ [b'-' | b'+' | b'.' | b'0'..=b'9', ..] => number(bytes),
        _ => Implicit::Str,
    }
}

fn number(bytes: &[u8]) -> Implicit {
    let (signed, rest) = match bytes {
        [b'-' | b'+', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    match rest {
        b".inf" | b".Inf" | b".INF" => return Implicit::Float,
        b".nan" | b".NaN" | b".NAN" if !signed => return Implicit::Float,
        [b'.', b'0'..=b'9', tail @ ..] if !signed && is_fraction(tail) => return Implicit::Float,
        [b'0', b'b', tail @ ..] => {
            return int_if(!tail.is_empty() && all(tail, |byte| matches!(byte, b'0' | b'1' | b'_')));
        }
        [b'0', b'x', tail @ ..] => {
            return int_if(!tail.is_empty() && all(tail, |byte| byte.is_ascii_hexdigit() || byte == b'_'));
        }
        [b'0'..=b'9', ..] => {}
        _ => return Implicit::Str,
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count();
    let (whole, tail) = rest.split_at(digits);
    match tail {
        [] => match whole {
            [b'0'] | [b'1'..=b'9', ..] => Implicit::Int,
            [b'0', octal @ ..] => int_if(all(octal, |byte| matches!(byte, b'0'..=b'7' | b'_'))),
            _ => Implicit::Str,
        },
        [b'.', fraction @ ..] if is_fraction(fraction) => Implicit::Float,
        [b':', ..] => sexagesimal(whole, tail),
        [b'-', ..] if !signed && timestamp(rest).is_some() => Implicit::Timestamp,
        _ => Implicit::Str,
    }
}

fn all(bytes: &[u8], test: impl Fn(u8) -> bool) -> bool {
    bytes.iter().all(|byte| test(*byte))
}

fn int_if(matches: bool) -> Implicit {
    if matches { Implicit::Int } else { Implicit::Str }
}

/// `[0-9_]*(?:[eE][-+][0-9]+)?`
fn is_fraction(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count();
    match bytes.split_at(digits).1 {
        [] => true,
        [b'e' | b'E', b'-' | b'+', exponent @ ..] => {
            !exponent.is_empty() && all(exponent, |byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// `[0-9][0-9_]*(?::[0-5]?[0-9])+`, with `\.[0-9_]*` behind it a float.
fn sexagesimal(whole: &[u8], mut tail: &[u8]) -> Implicit {
    loop {
        tail = match tail {
            [b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] | [b':', b'0'..=b'9', rest @ ..] => rest,
            _ => return Implicit::Str,
        };
        match tail {
            [] => return int_if(matches!(whole, [b'1'..=b'9', ..])),
            [b'.', fraction @ ..] => {
                let digits = all(fraction, |byte| byte.is_ascii_digit() || byte == b'_');
                return if digits { Implicit::Float } else { Implicit::Str };
            }
            _ => {}
        }
    }
}

/// The value of a scalar of a known type.
///
/// # Errors
///
/// The text of the exception that Python raises.
pub(crate) fn construct(kind: Implicit, text: &str) -> Result<Resolved, String> {
    match kind {
        Implicit::Null => Ok(Resolved::Null),
        Implicit::Bool => match text.to_lowercase().as_str() {
            "yes" | "true" | "on" => Ok(Resolved::Bool(true)),
            "no" | "false" | "off" => Ok(Resolved::Bool(false)),
            other => Err(format!("'{other}'")),
        },
        Implicit::Int => int(text),
        Implicit::Float => float(text).map(Resolved::Float),
        Implicit::Timestamp => match timestamp(text.as_bytes()) {
            Some(parts) => date(&parts),
            None => Err("'NoneType' object has no attribute 'groupdict'".into()),
        },
        Implicit::Merge => Err("could not determine a constructor for the tag 'tag:yaml.org,2002:merge'".into()),
        Implicit::Value => Err("could not determine a constructor for the tag 'tag:yaml.org,2002:value'".into()),
        Implicit::Str => Ok(Resolved::Str),
    }
}

fn int(text: &str) -> Result<Resolved, String> {
    let stripped = if text.contains('_') { text.replace('_', "") } else { text.to_owned() };
    let (negative, digits) = match stripped.as_bytes().first() {
        None => return Err("string index out of range".into()),
        Some(b'-') => (true, stripped.get(1..).unwrap_or("")),
        Some(b'+') => (false, stripped.get(1..).unwrap_or("")),
        Some(_) => (false, stripped.as_str()),
    };
    if let Some(bits) = digits.strip_prefix("0b") {
        return python_int(bits, 2, negative);
    }
    if let Some(hex) = digits.strip_prefix("0x") {
        return python_int(hex, 16, negative);
    }
    if digits.is_empty() {
        return Err("string index out of range".into());
    }
    if digits.starts_with('0') && digits != "0" {
        return python_int(digits.trim_start_matches("0o"), 8, negative);
    }
    if digits.contains(':') {
        let mut total = BigInt::ZERO;
        for part in digits.split(':') {
            total = total * 60 + big(part, 10)?;
        }
        return Ok(small_or_big(if negative { -total } else { total }));
    }
    python_int(digits, 10, negative)
}

/// Python's `int(text, base)`.
fn python_int(text: &str, base: u32, negative: bool) -> Result<Resolved, String> {
    if let Ok(value) = i64::from_str_radix(text, base)
        && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
    {
        return Ok(Resolved::Int(if negative { -value } else { value }));
    }
    let value = big(text, base)?;
    Ok(small_or_big(if negative { -value } else { value }))
}

fn big(text: &str, base: u32) -> Result<BigInt, String> {
    let trimmed = text.trim();
    if base == 10 && trimmed.len() > 4300 {
        return Err(format!(
            "Exceeds the limit (4300 digits) for integer string conversion: value has {} digits; use \
             sys.set_int_max_str_digits() to increase the limit",
            trimmed.len()
        ));
    }
    BigInt::parse_bytes(trimmed.as_bytes(), base)
        .ok_or_else(|| format!("invalid literal for int() with base {base}: {}", python_repr(text)))
}

fn small_or_big(value: BigInt) -> Resolved {
    i64::try_from(&value).map_or_else(|_| Resolved::BigInt(Rc::new(value)), Resolved::Int)
}

fn float(text: &str) -> Result<f64, String> {
    let stripped = text.replace('_', "").to_lowercase();
    let (sign, digits) = match stripped.as_bytes().first() {
        None => return Err("string index out of range".into()),
        Some(b'-') => (-1.0, stripped.get(1..).unwrap_or("")),
        Some(b'+') => (1.0, stripped.get(1..).unwrap_or("")),
        Some(_) => (1.0, stripped.as_str()),
    };
    match digits {
        ".inf" => return Ok(sign * f64::INFINITY),
        ".nan" => return Ok(f64::NAN),
        _ => {}
    }
    let mut total = 0.0;
    for part in digits.split(':') {
        let value: f64 =
            part.trim().parse().map_err(|_| format!("could not convert string to float: {}", python_repr(part)))?;
        total = total * 60.0 + value;
    }
    Ok(sign * total)
}

/// A timestamp's parts.
#[derive(Debug, Default)]
struct Timestamp {
    date: (u16, u8, u8),
    time: Option<(u8, u8, u8)>,
    microsecond: u32,
    offset: Option<(i32, i32)>,
}

/// PyYAML's pattern for timestamps; the short form wants two digits everywhere unless an explicit tag asks for it.
fn timestamp(bytes: &[u8]) -> Option<Timestamp> {
    let (year, rest) = digits(bytes, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix(b"-")?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix(b"-")?, 1, 2)?;
    let mut parts = Timestamp { date: (u16::try_from(year).ok()?, month as u8, day as u8), ..Timestamp::default() };
    if rest.is_empty() {
        return (bytes.len() == 10).then_some(parts);
    }
    let rest = match rest {
        [b'T' | b't', rest @ ..] => rest,
        [b' ' | b'\t', ..] => blanks(rest),
        _ => return None,
    };
    let (hour, rest) = digits(rest, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
    let (second, mut rest) = digits(rest.strip_prefix(b":")?, 2, 2)?;
    parts.time = Some((hour as u8, minute as u8, second as u8));
    if let [b'.', tail @ ..] = rest {
        let count = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, tail) = tail.split_at(count);
        parts.microsecond =
            (0..6).fold(0, |value, index| value * 10 + fraction.get(index).map_or(0, |byte| u32::from(byte - b'0')));
        rest = tail;
    }
    let zone = blanks(rest);
    match zone {
        [] if rest.is_empty() => {}
        b"Z" => parts.offset = Some((0, 0)),
        [sign @ (b'-' | b'+'), tail @ ..] => {
            let sign = if *sign == b'-' { -1 } else { 1 };
            let (hours, tail) = digits(tail, 1, 2)?;
            let minutes = match tail {
                [] => 0,
                [b':', tail @ ..] => {
                    let (minutes, tail) = digits(tail, 2, 2)?;
                    tail.is_empty().then_some(minutes)?
                }
                _ => return None,
            };
            parts.offset = Some((sign, (hours * 60 + minutes) as i32));
        }
        _ => return None,
    }
    Some(parts)
}

fn blanks(bytes: &[u8]) -> &[u8] {
    let count = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    bytes.split_at(count).1
}

/// Takes `least` to `most` digits off the front.
fn digits(bytes: &[u8], least: usize, most: usize) -> Option<(u32, &[u8])> {
    let count = bytes.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if count < least {
        return None;
    }
    let (head, rest) = bytes.split_at(count);
    Some((head.iter().fold(0, |value, byte| value * 10 + u32::from(byte - b'0')), rest))
}

fn date(parts: &Timestamp) -> Result<Resolved, String> {
    let (year, month, day) = parts.date;
    let Some(time) = parts.time else { return Date::new(year, month, day).map(Resolved::Date) };
    let offset = match parts.offset {
        None => None,
        Some((sign, minutes)) if minutes < 24 * 60 => i16::try_from(sign * minutes).ok(),
        Some((sign, minutes)) => {
            let seconds = i64::from(sign * minutes) * 60;
            let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
            let rest = if rest == 0 { String::new() } else { format!(", seconds={rest}") };
            return Err(format!(
                "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not \
                 datetime.timedelta(days={days}{rest})."
            ));
        }
    };
    let date = Date::new(year, month, day)?;
    DateTime::new(date, time, parts.microsecond, offset).map(Resolved::DateTime)
}

/// Python's `repr` of a short text.
pub(crate) fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if character == quote => {
                out.push('\\');
                out.push(character);
            }
            _ if u32::from(character) < 0x20 || character == '\x7f' => {
                out.push_str(&format!("\\x{:02x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push(quote);
    out
}
