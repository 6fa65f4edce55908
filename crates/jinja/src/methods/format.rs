//! `str.format` and `str.format_map`.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::Result;
use crate::{
    Error, Kind, Value, access,
    call::Kwargs,
    value::{Align, Spec, exponent, fixed, float_repr, general, group, ops, pad},
};

/// Where fields find their values.
pub(super) struct Fields<'a> {
    pub(super) args: &'a [Value],
    pub(super) kwargs: &'a Kwargs,
    /// `format_map`'s mapping.
    pub(super) mapping: Option<&'a Value>,
    /// The number of the next field that has none; `None` once fields are numbered by hand.
    next: Option<usize>,
    by_hand: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn new(args: &'a [Value], kwargs: &'a Kwargs, mapping: Option<&'a Value>) -> Self {
        Self { args, kwargs, mapping, next: Some(0), by_hand: false }
    }

    /// Formats a text, to a depth of nested fields.
    pub(super) fn format(&mut self, format: &str, depth: usize) -> Result<String> {
        if depth == 0 {
            return Err(Error::value_error("Max string recursion exceeded"));
        }
        let mut out = String::with_capacity(format.len());
        let mut chars = format.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '{' if chars.peek().is_some_and(|(_, c)| *c == '{') => {
                    chars.next();
                    out.push('{');
                }
                '}' if chars.peek().is_some_and(|(_, c)| *c == '}') => {
                    chars.next();
                    out.push('}');
                }
                '}' => return Err(Error::value_error("Single '}' encountered in format string")),
                '{' => {
                    let start = at + 1;
                    let mut level = 1;
                    let mut bracket = false;
                    let end = loop {
                        match chars.next() {
                            None if format.len() == start => {
                                return Err(Error::value_error("Single '{' encountered in format string"));
                            }
                            None => return Err(Error::value_error("expected '}' before end of string")),
                            Some((_, '[')) if level == 1 => bracket = true,
                            Some((_, ']')) => bracket = false,
                            Some((_, '{')) if !bracket => level += 1,
                            Some((at, '}')) if !bracket => {
                                level -= 1;
                                if level == 0 {
                                    break at;
                                }
                            }
                            Some(_) => {}
                        }
                    };
                    let field = format.get(start..end).unwrap_or("");
                    self.field(field, depth, &mut out)?;
                }
                c => out.push(c),
            }
        }
        Ok(out)
    }

    fn field(&mut self, field: &str, depth: usize, out: &mut String) -> Result<()> {
        let mut bracket = false;
        let mut end = field.len();
        for (at, c) in field.char_indices() {
            match c {
                '[' => bracket = true,
                ']' => bracket = false,
                '!' | ':' if !bracket => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        let (name, mut rest) = field.split_at(end);
        let mut conversion = None;
        if let Some(after) = rest.strip_prefix('!') {
            let mut chars = after.chars();
            let Some(c) = chars.next() else {
                return Err(Error::value_error("unmatched '{' in format spec"));
            };
            conversion = Some(c);
            rest = chars.as_str();
            if !rest.is_empty() && !rest.starts_with(':') {
                return Err(Error::value_error("expected ':' after conversion specifier"));
            }
        }
        let spec = rest.strip_prefix(':').unwrap_or("");
        let mut value = self.lookup(name)?;
        match conversion {
            None => {}
            Some('s') => value = Value::from(value.to_str()?),
            Some('r' | 'a') => value = Value::from(value.repr()?),
            Some(other) => {
                return Err(Error::value_error(format!("Unknown conversion specifier {other}")));
            }
        }
        let spec = if spec.contains('{') { self.format(spec, depth - 1)? } else { spec.to_owned() };
        format_value(&value, &spec, out)
    }

    fn lookup(&mut self, name: &str) -> Result<Value> {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut rest) = name.split_at(end);
        let number = if first.is_empty() {
            if self.mapping.is_some() {
                return Err(Error::value_error("Format string contains positional fields"));
            }
            if self.by_hand {
                return Err(Error::value_error(
                    "cannot switch from manual field specification to automatic field numbering",
                ));
            }
            let next = self.next.unwrap_or(0);
            self.next = Some(next + 1);
            Some(next)
        } else if first.bytes().all(|byte| byte.is_ascii_digit()) {
            if self.next.is_some_and(|next| next > 0) {
                return Err(Error::value_error(
                    "cannot switch from automatic field numbering to manual field specification",
                ));
            }
            self.by_hand = true;
            Some(first.parse().map_err(|_| Error::value_error("Too many decimal digits in format string"))?)
        } else {
            None
        };
        let mut value = match (number, self.mapping) {
            (Some(number), None) => self.args.get(number).cloned().ok_or_else(|| {
                Error::new(Kind::Index, format!("Replacement index {number} out of range for positional args tuple"))
            })?,
            (_, Some(mapping)) => {
                let found = access::item(mapping, &Value::from(first))?;
                if found.is_undefined() {
                    return Err(Error::new(Kind::Key, Value::from(first).repr()?));
                }
                found
            }
            (None, None) => match self.kwargs.iter().find(|(key, _)| **key == *first) {
                Some((_, value)) => value.clone(),
                None => return Err(Error::new(Kind::Key, Value::from(first).repr()?)),
            },
        };
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (attribute, tail) = after.split_at(end);
                if attribute.is_empty() {
                    return Err(Error::value_error("Empty attribute in format string"));
                }
                let found = if attribute.starts_with('_') {
                    access::attribute_only(&value, &Rc::from(attribute))?
                } else {
                    let name = value.type_name();
                    access::own_attribute(&value, attribute)?.ok_or_else(|| {
                        let message = format!("'{name}' object has no attribute '{attribute}'");
                        Error::new(Kind::Attribute, message)
                    })?
                };
                value = found;
                rest = tail;
            } else if let Some(after) = rest.strip_prefix('[') {
                let Some((key, tail)) = after.split_once(']') else {
                    return Err(Error::value_error("Missing ']' in format string"));
                };
                if key.is_empty() {
                    return Err(Error::value_error("Empty attribute in format string"));
                }
                let key = match key.parse::<i64>() {
                    Ok(number) if key.bytes().all(|byte| byte.is_ascii_digit()) => Value::Int(number),
                    _ => Value::from(key),
                };
                value = access::item(&value, &key)?;
                rest = tail;
            } else {
                return Err(Error::value_error("Only '.' or '[' may follow ']' in format field specifier"));
            }
            if let Value::Undefined(undefined) = &value {
                return Err(undefined.error());
            }
        }
        Ok(value)
    }
}

fn invalid(spec: &str, value: &Value) -> Error {
    let shown = Value::from(spec).repr().unwrap_or_default();
    Error::value_error(format!("Invalid format specifier {shown} for object of type '{}'", value.type_name()))
}

fn parse(text: &str, value: &Value) -> Result<Spec> {
    let mut spec = Spec::default();
    let mut chars = text.chars().peekable();
    let align = |c: char| match c {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Center),
        '=' => Some(Align::AfterSign),
        _ => None,
    };
    let mut ahead = text.chars();
    if let (Some(fill), Some(found)) = (ahead.next(), ahead.next().and_then(align)) {
        spec.fill = fill;
        spec.align = Some(found);
        chars.next();
        chars.next();
    } else if let Some(found) = chars.peek().copied().and_then(align) {
        spec.align = Some(found);
        chars.next();
    }
    if let Some(sign @ ('+' | '-' | ' ')) = chars.peek().copied() {
        spec.sign = sign;
        spec.explicit_sign = true;
        chars.next();
    }
    if chars.peek() == Some(&'z') {
        chars.next();
    }
    if chars.peek() == Some(&'#') {
        spec.alternate = true;
        chars.next();
    }
    if chars.peek() == Some(&'0') {
        chars.next();
        spec.zero = true;
    }
    let number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>, too_many: &str| -> Result<Option<usize>> {
        let mut digits = String::new();
        while let Some(c) = chars.peek()
            && c.is_ascii_digit()
        {
            digits.push(*c);
            chars.next();
        }
        if digits.is_empty() {
            return Ok(None);
        }
        match digits.parse::<usize>() {
            Ok(number) if number <= ops::MAX_SIZE => Ok(Some(number)),
            _ => Err(Error::value_error(too_many)),
        }
    };
    spec.width = number(&mut chars, "Too many decimal digits in format string")?.unwrap_or(0);
    if let Some(mark @ (',' | '_')) = chars.peek().copied() {
        spec.grouping = Some(mark);
        chars.next();
        if let Some(',' | '_') = chars.peek() {
            return Err(Error::value_error("Cannot specify both ',' and '_'."));
        }
    }
    if chars.peek() == Some(&'.') {
        chars.next();
        spec.precision = number(&mut chars, "Too many decimal digits in format string")?;
        if spec.precision.is_none() {
            return Err(Error::value_error("Format specifier missing precision"));
        }
    }
    spec.kind = chars.next();
    if chars.next().is_some() {
        return Err(invalid(text, value));
    }
    Ok(spec)
}

/// Appends a value as Python's `format()` writes it.
pub(crate) fn format_value(value: &Value, spec: &str, out: &mut String) -> Result<()> {
    if let Value::Undefined(undefined) = value {
        return Err(undefined.error());
    }
    if spec.is_empty() {
        return value.write_str(out);
    }
    let unknown = |kind: char, value: &Value| {
        let name = value.type_name();
        Error::value_error(format!("Unknown format code '{kind}' for object of type '{name}'"))
    };
    match value {
        Value::Str(text) => {
            let mut spec = parse(spec, value)?;
            if spec.explicit_sign {
                return Err(Error::value_error("Sign not allowed in string format specifier"));
            }
            if spec.alternate {
                return Err(Error::value_error("Alternate form (#) not allowed in string format specifier"));
            }
            if spec.align == Some(Align::AfterSign) {
                return Err(Error::value_error("'=' alignment not allowed in string format specifier"));
            }
            match spec.kind {
                None | Some('s') => {}
                Some(kind) => return Err(unknown(kind, value)),
            }
            if let Some(mark) = spec.grouping {
                return Err(Error::value_error(format!("Cannot specify '{mark}' with 's'.")));
            }
            if spec.zero {
                spec.fill = '0';
            }
            let shown: String = match spec.precision {
                Some(precision) => text.chars().take(precision).collect(),
                None => text.to_string(),
            };
            pad(&shown, "", &spec, Align::Left, out);
            Ok(())
        }
        Value::Bool(_) | Value::Int(_) | Value::BigInt(_) => {
            let spec = parse(spec, value)?;
            let number = value.as_bigint().unwrap_or_default();
            match spec.kind {
                None if matches!(value, Value::Bool(_)) => integer(&number, &spec, 'd', out),
                None | Some('d' | 'b' | 'o' | 'x' | 'X' | 'n' | 'c') => {
                    integer(&number, &spec, spec.kind.unwrap_or('d'), out)
                }
                Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => float(ops::to_float(value)?, &spec, out),
                Some(kind) => Err(unknown(kind, value)),
            }
        }
        Value::Float(number) => {
            let spec = parse(spec, value)?;
            match spec.kind {
                None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%') => float(*number, &spec, out),
                Some(kind) => Err(unknown(kind, value)),
            }
        }
        Value::Object(object) => match object.format(spec) {
            Some(text) => {
                out.push_str(&text?);
                Ok(())
            }
            None => Err(unsupported(value)),
        },
        other => Err(unsupported(other)),
    }
}

fn unsupported(value: &Value) -> Error {
    Error::type_error(format!("unsupported format string passed to {}.__format__", value.type_name()))
}

fn sign(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, '+') => "+",
        (false, ' ') => " ",
        _ => "",
    }
}

/// Puts a number in its field, with groups and leading zeros.
fn place(digits: &str, tail: &str, prefix: &str, negative: bool, size: usize, spec: &Spec, out: &mut String) {
    let mut spec = spec.clone();
    let before = format!("{}{prefix}", sign(negative, &spec));
    let mut digits = digits.to_owned();
    let zeros = spec.zero && spec.align.is_none() || spec.align == Some(Align::AfterSign) && spec.fill == '0';
    if zeros && spec.grouping.is_some() {
        // Leading zeros are grouped too.
        let around = tail.len() + before.len();
        let mut count = digits.len();
        while count + count.saturating_sub(1) / size + around < spec.width {
            count += 1;
        }
        digits.insert_str(0, &"0".repeat(count - digits.len()));
    }
    let body = format!("{}{tail}", grouped(&digits, size, &spec));
    if spec.zero && spec.align.is_none() {
        spec.align = Some(Align::AfterSign);
        spec.fill = '0';
    } else if spec.zero && spec.fill == ' ' {
        spec.fill = '0';
    }
    pad(&body, &before, &spec, Align::Right, out);
}

fn grouped(digits: &str, size: usize, spec: &Spec) -> String {
    match spec.grouping {
        Some(mark) => group(digits, mark, size),
        None => digits.to_owned(),
    }
}

fn integer(number: &BigInt, spec: &Spec, kind: char, out: &mut String) -> Result<()> {
    if spec.precision.is_some() {
        return Err(Error::value_error("Precision not allowed in integer format specifier"));
    }
    if kind == 'c' {
        if spec.explicit_sign {
            return Err(Error::value_error("Sign not allowed with integer format specifier 'c'"));
        }
        let c = number.to_u32().and_then(char::from_u32);
        let c = c.ok_or_else(|| Error::new(Kind::Overflow, "%c arg not in range(0x110000)"))?;
        pad(&c.to_string(), "", spec, Align::Left, out);
        return Ok(());
    }
    if spec.grouping == Some(',') && !matches!(kind, 'd' | 'n') {
        return Err(Error::value_error(format!("Cannot specify ',' with '{kind}'.")));
    }
    let (radix, prefix) = match kind {
        'b' => (2, "0b"),
        'o' => (8, "0o"),
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        _ => (10, ""),
    };
    let mut digits = number.magnitude().to_str_radix(radix);
    if kind == 'X' {
        digits = digits.to_uppercase();
    }
    let prefix = if spec.alternate { prefix } else { "" };
    place(&digits, "", prefix, number.is_negative(), if radix == 10 { 3 } else { 4 }, spec, out);
    Ok(())
}

fn float(number: f64, spec: &Spec, out: &mut String) -> Result<()> {
    let negative = number.is_sign_negative() && !number.is_nan();
    let magnitude = number.abs();
    let kind = spec.kind.unwrap_or('r');
    let upper = kind.is_ascii_uppercase();
    if !number.is_finite() {
        let mut text = if number.is_nan() { "nan" } else { "inf" }.to_owned();
        if upper {
            text = text.to_uppercase();
        }
        if kind == '%' {
            text.push('%');
        }
        place("", &text, "", negative, 3, &Spec { grouping: None, ..spec.clone() }, out);
        return Ok(());
    }
    let text = match kind {
        'e' | 'E' => exponent(magnitude, spec.precision.unwrap_or(6), spec.alternate),
        'f' | 'F' => fixed(magnitude, spec.precision.unwrap_or(6), spec.alternate),
        '%' => fixed(magnitude * 100.0, spec.precision.unwrap_or(6), spec.alternate) + "%",
        'g' | 'G' | 'n' => general(magnitude, spec.precision.unwrap_or(6), spec.alternate),
        _ => match spec.precision {
            None => float_repr(magnitude),
            // As `g`, but with a digit after the point.
            Some(precision) => {
                let text = general(magnitude, precision.max(1), spec.alternate);
                let whole = text.bytes().all(|byte| byte.is_ascii_digit());
                if whole && text.len() >= precision.max(1) {
                    exponent_form(magnitude, precision.max(1))
                } else if whole {
                    text + ".0"
                } else {
                    text
                }
            }
        },
    };
    let text = if upper { text.to_uppercase() } else { text };
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, tail) = text.split_at(end);
    place(digits, tail, "", negative, 3, spec, out);
    Ok(())
}

fn exponent_form(number: f64, precision: usize) -> String {
    let text = exponent(number, precision - 1, false);
    match text.split_once('e') {
        Some((digits, power)) if digits.contains('.') => {
            format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}
