//! JSON as Python's json.dumps writes it.

use std::fmt::Write as _;

use super::Result;
use crate::{
    Error, Value, methods,
    value::{MAX_DEPTH, float_repr, too_deep},
};

/// Writes a value with its keys in order; `indent`: one entry a line.
pub(super) fn dumps(value: &Value, indent: Option<&str>) -> Result<String> {
    let mut out = String::new();
    write(value, indent, 0, &mut out)?;
    Ok(out)
}

fn newline(indent: Option<&str>, level: usize, out: &mut String) {
    if let Some(indent) = indent {
        out.push('\n');
        for _ in 0..level {
            out.push_str(indent);
        }
    }
}

fn write(value: &Value, indent: Option<&str>, level: usize, out: &mut String) -> Result<()> {
    if level > MAX_DEPTH {
        return Err(too_deep("while encoding a JSON object"));
    }
    let separator = if indent.is_some() { "," } else { ", " };
    match value {
        Value::Undefined(undefined) => return Err(undefined.error()),
        Value::None => out.push_str("null"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Int(_) | Value::BigInt(_) => value.write_str(out)?,
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Str(text) => quote(text, out),
        Value::List(_) | Value::Tuple(_) => {
            let values = value.iterate()?;
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push_str(separator);
                }
                newline(indent, level + 1, out);
                write(value, indent, level + 1, out)?;
            }
            if !values.is_empty() {
                newline(indent, level, out);
            }
            out.push(']');
        }
        Value::Dict(dict) => {
            let mut items =
                dict.items()?.into_iter().map(|(key, value)| (key.clone(), (key, value))).collect::<Vec<_>>();
            methods::sort(&mut items, false)?;
            out.push('{');
            for (index, (_, (key, value))) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(separator);
                }
                newline(indent, level + 1, out);
                match key {
                    Value::Str(text) => quote(text, out),
                    Value::None => out.push_str("\"null\""),
                    Value::Bool(yes) => out.push_str(if *yes { "\"true\"" } else { "\"false\"" }),
                    Value::Int(_) | Value::BigInt(_) => quote(&key.to_str()?, out),
                    Value::Float(number) => quote(&float(*number), out),
                    other => {
                        let name = other.type_name();
                        let message = format!("keys must be str, int, float, bool or None, not {name}");
                        return Err(Error::type_error(message));
                    }
                }
                out.push_str(": ");
                write(value, indent, level + 1, out)?;
            }
            if !items.is_empty() {
                newline(indent, level, out);
            }
            out.push('}');
        }
        Value::Object(object) => match object.finalize()? {
            Some(plain) => write(&plain, indent, level + 1, out)?,
            None => return Err(not_serializable(value)),
        },
        Value::Bytes(_) => return Err(not_serializable(value)),
    }
    Ok(())
}

fn not_serializable(value: &Value) -> Error {
    Error::type_error(format!("Object of type {} is not JSON serializable", value.type_name()))
}

fn float(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        number => float_repr(number),
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}
