//! `"%s-%d" % values`, as Python formats.

use num_bigint::BigInt;
use num_traits::Signed;

use super::{
    Value,
    numeral::{Align, Spec, exponent, fixed, general, pad},
};
use crate::{Error, error::Kind};

type Result<T> = std::result::Result<T, Error>;

/// Formats values into a text.
pub(crate) fn format(format: &str, args: &Value) -> Result<String> {
    let single;
    let positional: &[Value] = match args {
        Value::Tuple(items) => items,
        other => {
            single = [other.clone()];
            &single
        }
    };
    let mapping = args.is_mapping();
    let mut next = 0;
    let mut keyed = false;
    let mut out = String::with_capacity(format.len());
    let mut chars = format.char_indices().peekable();
    let take = |next: &mut usize| -> Result<Value> {
        let value = positional.get(*next).cloned();
        *next += 1;
        value.ok_or_else(|| Error::type_error("not enough arguments for format string"))
    };
    while let Some((_, c)) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut key = None;
        if chars.peek().is_some_and(|(_, c)| *c == '(') {
            chars.next();
            let mut depth = 1;
            let mut name = String::new();
            loop {
                match chars.next() {
                    Some((_, '(')) => {
                        depth += 1;
                        name.push('(');
                    }
                    Some((_, ')')) => {
                        depth -= 1;
                        if depth == 0 {
                            break;
                        }
                        name.push(')');
                    }
                    Some((_, c)) => name.push(c),
                    None => return Err(Error::value_error("incomplete format key")),
                }
            }
            if !mapping {
                return Err(Error::type_error("format requires a mapping"));
            }
            keyed = true;
            let found = match args {
                Value::Dict(dict) => dict.get(&name)?,
                Value::Object(object) => object.item(&Value::from(name.as_str()))?,
                _ => None,
            };
            let Some(found) = found else {
                return Err(Error::new(Kind::Key, Value::from(name).repr()?));
            };
            key = Some(found);
        }
        let mut spec = Spec::default();
        while let Some((_, flag)) = chars.peek() {
            match flag {
                '-' => spec.align = Some(Align::Left),
                '+' => spec.sign = '+',
                ' ' if spec.sign != '+' => spec.sign = ' ',
                ' ' => {}
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                _ => break,
            }
            chars.next();
        }
        let mut size = |next: &mut usize| -> Result<Option<i64>> {
            if chars.peek().is_some_and(|(_, c)| *c == '*') {
                chars.next();
                return match take(next)? {
                    value if value.as_int().is_some() => Ok(value.as_int()),
                    _ => Err(Error::type_error("* wants int")),
                };
            }
            let mut digits = String::new();
            while let Some((_, c)) = chars.peek()
                && c.is_ascii_digit()
            {
                digits.push(*c);
                chars.next();
            }
            if digits.is_empty() {
                return Ok(None);
            }
            digits.parse().map(Some).map_err(|_| Error::value_error("width too big"))
        };
        if let Some(width) = size(&mut next)? {
            if width < 0 {
                spec.align = Some(Align::Left);
            }
            spec.width = checked_size(width.unsigned_abs())?;
        }
        let mut precision = None;
        let mut has_precision = false;
        if let Some((_, '.')) = chars.peek().copied() {
            chars.next();
            has_precision = true;
            let mut digits = String::new();
            if chars.peek().is_some_and(|(_, c)| *c == '*') {
                chars.next();
                let value = take(&mut next)?;
                let Some(number) = value.as_int() else { return Err(Error::type_error("* wants int")) };
                precision = Some(checked_size(u64::try_from(number.max(0)).unwrap_or(0))?);
            } else {
                while let Some((_, c)) = chars.peek()
                    && c.is_ascii_digit()
                {
                    digits.push(*c);
                    chars.next();
                }
                if !digits.is_empty() {
                    let number: u64 = digits.parse().map_err(|_| Error::value_error("precision too big"))?;
                    precision = Some(checked_size(number)?);
                }
            }
        }
        if has_precision && precision.is_none() {
            precision = Some(0);
        }
        while chars.peek().is_some_and(|(_, c)| matches!(c, 'h' | 'l' | 'L')) {
            chars.next();
        }
        let Some((at, kind)) = chars.next() else { return Err(Error::value_error("incomplete format")) };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = match key {
            Some(value) => value,
            None if keyed && mapping => args.clone(),
            None => take(&mut next)?,
        };
        if let Value::Undefined(undefined) = &value {
            return Err(undefined.error());
        }
        match kind {
            's' | 'r' | 'a' => {
                let mut text = match kind {
                    's' => value.to_str()?,
                    'r' => value.repr()?,
                    _ => ascii(&value.repr()?),
                };
                if let Some(precision) = precision {
                    text = text.chars().take(precision).collect();
                }
                spec.zero = false;
                pad(&text, "", &spec, Align::Right, &mut out);
            }
            'c' => {
                let text = match &value {
                    Value::Str(text) if text.chars().count() == 1 => text.to_string(),
                    value => match value.as_int() {
                        Some(code) => u32::try_from(code)
                            .ok()
                            .and_then(char::from_u32)
                            .map(String::from)
                            .ok_or_else(|| Error::new(Kind::Overflow, "%c arg not in range(0x110000)"))?,
                        None => return Err(Error::type_error("%c requires int or char")),
                    },
                };
                spec.zero = false;
                pad(&text, "", &spec, Align::Right, &mut out);
            }
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => {
                let number = integer(&value, kind)?;
                let digits = number.magnitude().to_str_radix(match kind {
                    'x' | 'X' => 16,
                    'o' => 8,
                    _ => 10,
                });
                let prefix = match kind {
                    'x' | 'X' if spec.alternate => "0x",
                    'o' if spec.alternate => "0o",
                    _ => "",
                };
                let missing = precision.unwrap_or(0).saturating_sub(digits.len());
                let mut text = format!("{prefix}{}{digits}", "0".repeat(missing));
                if kind == 'X' {
                    text = text.to_uppercase();
                }
                number_out(&text, number.is_negative(), &spec, prefix.len(), &mut out);
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let number = match &value {
                    value if value.is_number() => super::ops::to_float(value)?,
                    other => {
                        return Err(Error::type_error(format!("must be real number, not {}", other.type_name())));
                    }
                };
                let precision = precision.unwrap_or(6);
                let mut text = if number.is_finite() {
                    let magnitude = number.abs();
                    match kind {
                        'e' | 'E' => exponent(magnitude, precision, spec.alternate),
                        'f' | 'F' => fixed(magnitude, precision, spec.alternate),
                        _ => general(magnitude, precision, spec.alternate),
                    }
                } else if number.is_nan() {
                    "nan".to_owned()
                } else {
                    "inf".to_owned()
                };
                if kind.is_ascii_uppercase() {
                    text = text.to_uppercase();
                }
                let negative = number.is_sign_negative() && !number.is_nan();
                number_out(&text, negative, &spec, 0, &mut out);
            }
            other => {
                let index = format.get(..at).unwrap_or("").chars().count();
                let message =
                    format!("unsupported format character '{other}' (0x{:x}) at index {index}", u32::from(other));
                return Err(Error::value_error(message));
            }
        }
    }
    if !mapping && next < positional.len() && !matches!(args, Value::Tuple(items) if items.is_empty()) {
        // A list or text that formats nothing is no error only where Python could take it for a mapping.
        let may_stay = matches!(args, Value::List(_) | Value::Bytes(_));
        if !(may_stay && next == 0) {
            return Err(Error::type_error("not all arguments converted during string formatting"));
        }
    }
    Ok(out)
}

fn checked_size(size: u64) -> Result<usize> {
    match usize::try_from(size) {
        Ok(size) if size <= super::ops::MAX_SIZE => Ok(size),
        _ => Err(Error::new(Kind::Limit, "width or precision too big")),
    }
}

fn integer(value: &Value, kind: char) -> Result<BigInt> {
    if let Some(number) = value.as_bigint() {
        return Ok(number);
    }
    match value {
        Value::Float(number) if matches!(kind, 'd' | 'i' | 'u') => super::numeral::float_to_int(*number),
        other if matches!(kind, 'd' | 'i' | 'u') => {
            Err(Error::type_error(format!("%{kind} format: a real number is required, not {}", other.type_name())))
        }
        other => Err(Error::type_error(format!("%{kind} format: an integer is required, not {}", other.type_name()))),
    }
}

fn number_out(text: &str, negative: bool, spec: &Spec, prefix: usize, out: &mut String) {
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (false, '+') => "+",
        (false, ' ') => " ",
        _ => "",
    };
    if spec.zero && spec.align != Some(Align::Left) {
        let (prefix, digits) = text.split_at(prefix);
        let used = sign.len() + text.len();
        out.push_str(sign);
        out.push_str(prefix);
        out.extend(std::iter::repeat_n('0', spec.width.saturating_sub(used)));
        out.push_str(digits);
    } else {
        pad(&format!("{sign}{text}"), "", spec, Align::Right, out);
    }
}

fn ascii(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for c in text.chars() {
        let code = u32::from(c);
        let _ = match code {
            0..0x80 => write!(out, "{c}"),
            0x80..=0xff => write!(out, "\\x{code:02x}"),
            0x100..=0xffff => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08x}"),
        };
    }
    out
}
