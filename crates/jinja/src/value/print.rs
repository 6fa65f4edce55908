//! Python's `str()` and `repr()`.

use std::fmt::Write as _;

use super::{
    Value,
    compare::{MAX_DEPTH, too_deep},
};
use crate::Error;

/// Python's `str()`.
pub(super) fn str(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    write_str(value, &mut out)?;
    Ok(out)
}

/// Appends Python's `str()`.
pub(super) fn write_str(value: &Value, out: &mut String) -> Result<(), Error> {
    match value {
        Value::Str(text) => out.push_str(text),
        Value::Object(object) => out.push_str(&object.to_str()?),
        value => Printer { open: Vec::new() }.repr(value, out)?,
    }
    Ok(())
}

/// Python's `repr()`.
pub(super) fn repr(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    Printer { open: Vec::new() }.repr(value, &mut out)?;
    Ok(out)
}

/// Prints, and knows which containers it stands in.
struct Printer {
    open: Vec<usize>,
}

impl Printer {
    fn repr(&mut self, value: &Value, out: &mut String) -> Result<(), Error> {
        match value {
            Value::Undefined(undefined) => return Err(undefined.error()),
            Value::None => out.push_str("None"),
            Value::Bool(true) => out.push_str("True"),
            Value::Bool(false) => out.push_str("False"),
            Value::Int(number) => {
                let _ = write!(out, "{number}");
            }
            Value::BigInt(number) => {
                let _ = write!(out, "{number}");
            }
            Value::Float(number) => out.push_str(&float(*number)),
            Value::Str(text) if text.is_markup() => {
                out.push_str("Markup(");
                quote(text, out);
                out.push(')');
            }
            Value::Str(text) => quote(text, out),
            Value::Bytes(bytes) => quote_bytes(bytes, out),
            Value::List(list) => {
                if !self.enter(list.address())? {
                    out.push_str("[...]");
                    return Ok(());
                }
                out.push('[');
                self.all(&list.values()?, out)?;
                out.push(']');
                self.open.pop();
            }
            Value::Tuple(items) => {
                self.enter(0)?;
                out.push('(');
                self.all(items, out)?;
                out.push_str(if items.len() == 1 { ",)" } else { ")" });
                self.open.pop();
            }
            Value::Dict(dict) => {
                if !self.enter(dict.address())? {
                    out.push_str("{...}");
                    return Ok(());
                }
                out.push('{');
                for (index, (key, value)) in dict.items()?.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    self.repr(key, out)?;
                    out.push_str(": ");
                    self.repr(value, out)?;
                }
                out.push('}');
                self.open.pop();
            }
            Value::Object(object) => out.push_str(&object.repr()?),
        }
        Ok(())
    }

    fn all(&mut self, values: &[Value], out: &mut String) -> Result<(), Error> {
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.repr(value, out)?;
        }
        Ok(())
    }

    fn enter(&mut self, address: usize) -> Result<bool, Error> {
        if address != 0 && self.open.contains(&address) {
            return Ok(false);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep("while getting the repr of an object"));
        }
        self.open.push(address);
        Ok(true)
    }
}

/// Python's `repr()` of a float.
pub(crate) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    let exponent = number.abs().log10().floor();
    if (-4.0..15.0).contains(&exponent) {
        let text = format!("{number}");
        return if text.contains('.') { text } else { text + ".0" };
    }
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let text = format!("{number}");
        return if text.contains('.') { text } else { text + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Appends text in quotes, as Python's `repr()` does.
pub(crate) fn quote(text: &str, out: &mut String) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == mark => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            c if is_printable(c) => out.push(c),
            c => {
                let code = c as u32;
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push(mark);
}

/// Python's `str.isprintable()` of one character.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    // Rust prints by the same categories; a letter before it keeps combining marks from being escaped too.
    let mut buffer = [0; 8];
    let text = ['a', c];
    let mut end = 0;
    for c in text {
        end += c.encode_utf8(buffer.get_mut(end..).unwrap_or_default()).len();
    }
    let text = std::str::from_utf8(buffer.get(..end).unwrap_or_default()).unwrap_or_default();
    text.escape_debug().nth(1) != Some('\\')
}

fn quote_bytes(bytes: &[u8], out: &mut String) {
    let mark = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    out.push('b');
    out.push(char::from(mark));
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if byte == mark => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(char::from(mark));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dict, List};

    #[test]
    fn floats_print_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (123_456_789.123, "123456789.123"),
            (1e-7, "1e-07"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e20, "1e+20"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-0.0, "-0.0"),
            (1.5e300, "1.5e+300"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (f64::INFINITY, "inf"),
        ];
        for (number, text) in cases {
            assert_eq!(float(number), text);
        }
    }

    #[test]
    fn text_is_quoted_as_in_python() {
        let cases = [
            ("it's", "\"it's\""),
            ("say \"hi\"", "'say \"hi\"'"),
            ("it's \"x\"", "'it\\'s \"x\"'"),
            ("a\\b\t", "'a\\\\b\\t'"),
            ("héllo 世界", "'héllo 世界'"),
            ("\u{7f}\u{a0}\u{200b}\u{e000}\u{10ffff}", "'\\x7f\\xa0\\u200b\\ue000\\U0010ffff'"),
            ("\u{301}", "'\u{301}'"),
        ];
        for (text, quoted) in cases {
            assert_eq!(Value::from(text).repr().unwrap(), quoted);
        }
    }

    #[test]
    fn containers_print_and_stop_at_themselves() {
        let list = List::new(vec![1.into(), Value::None]);
        list.push(Value::List(list.clone()));
        let dict: Dict =
            [("a", Value::List(list.clone())), ("t", Value::Tuple([true.into()].into()))].into_iter().collect();
        dict.insert("d", Value::Dict(dict.clone()));
        assert_eq!(Value::Dict(dict.clone()).to_str().unwrap(), "{'a': [1, None, [...]], 't': (True,), 'd': {...}}");
        list.clear();
        dict.clear();
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_an_overflow() {
        let mut value = Value::None;
        for _ in 0..5000 {
            value = Value::List(List::new(vec![value]));
        }
        let error = value.repr().unwrap_err();
        assert_eq!(error.message, "maximum recursion depth exceeded while getting the repr of an object");
    }
}
