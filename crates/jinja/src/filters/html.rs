//! `escape`, `safe`, `forceescape`, `striptags`, `xmlattr`, `urlencode`, `urlize`, `tojson`.

use super::{Result, flag, json, only, size, urlize};
use crate::{Call, Environment, Error, Str, Value, compiler::is_space, value::escape};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("escape", |call| {
        let value = only(call, "escape", "s")?;
        match &value {
            Value::Str(text) if text.is_markup() => Ok(value),
            value => Ok(Value::Str(Str::markup(escape(&value.to_str()?)))),
        }
    });
    env.alias_filter("e", "escape");
    env.add_filter("forceescape", |call| {
        Ok(Value::Str(Str::markup(escape(&only(call, "do_forceescape", "value")?.to_str()?))))
    });
    env.add_filter("safe", |call| Ok(Value::Str(Str::markup(only(call, "do_mark_safe", "value")?.to_str()?))));
    env.add_filter("striptags", |call| Ok(Value::from(strip_tags(&only(call, "do_striptags", "value")?.to_str()?))));
    env.add_filter("xmlattr", xml_attributes);
    env.add_filter("urlencode", url_encode);
    env.add_filter("urlize", urlize::filter);
    env.add_filter("tojson", |call| {
        let [value, indent] = call.bind("do_tojson", 1, ["value", "indent"])?;
        let indent = match indent {
            None | Some(Value::None) => None,
            Some(Value::Str(indent)) => Some(indent.to_string()),
            Some(other) => Some(" ".repeat(size(super::integer(Some(other), 0)?)?)),
        };
        let text = json::dumps(&value.unwrap_or(Value::None), indent.as_deref())?;
        let safe =
            text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
        Ok(Value::Str(Str::markup(safe)))
    });
}

fn strip_tags(text: &str) -> String {
    let mut rest = text.to_owned();
    for (open, close) in [("<!--", "-->"), ("<", ">")] {
        while let Some(start) = rest.find(open) {
            let Some(end) = rest.get(start..).and_then(|tail| tail.find(close)) else { break };
            rest.replace_range(start..start + end + close.len(), "");
        }
    }
    unescape(&rest).split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// HTML's entities, of the named ones those that escaping makes and the common rest.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        let (before, entity) = rest.split_at(start);
        out.push_str(before);
        let end = entity.find(';').filter(|end| *end <= 10);
        let name = end.and_then(|end| entity.get(1..end)).unwrap_or("");
        let code = match name.strip_prefix('#') {
            Some(number) => match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            }
            .and_then(char::from_u32),
            None => match name {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                "nbsp" => Some('\u{a0}'),
                "copy" => Some('©'),
                "reg" => Some('®'),
                "hellip" => Some('…'),
                "mdash" => Some('—'),
                "ndash" => Some('–'),
                "laquo" => Some('«'),
                "raquo" => Some('»'),
                "euro" => Some('€'),
                _ => None,
            },
        };
        match (code, end) {
            (Some(c), Some(end)) => {
                out.push(c);
                rest = entity.get(end + 1..).unwrap_or("");
            }
            _ => {
                out.push('&');
                rest = entity.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    out
}

fn xml_attributes(call: &mut Call<'_>) -> Result<Value> {
    let [value, space] = call.bind("do_xmlattr", 1, ["d", "autospace"])?;
    let space = flag(space, true)?;
    let value = value.unwrap_or(Value::None);
    let Value::Dict(dict) = &value else {
        let message = format!("'{}' object has no attribute 'items'", value.type_name());
        return Err(Error::new(crate::Kind::Attribute, message));
    };
    let mut parts = Vec::new();
    for (key, value) in dict.defined_items()? {
        if value.is_none() || value.is_undefined() {
            continue;
        }
        let Value::Str(key) = &key else {
            return Err(Error::type_error(format!("expected string or bytes-like object, got '{}'", key.type_name())));
        };
        if key.contains([' ', '\t', '\n', '\r', '\x0b', '\x0c', '/', '>', '=']) {
            let key = Value::Str(key.clone()).repr()?;
            return Err(Error::value_error(format!("Invalid character in attribute name: {key}")));
        }
        let shown = match &value {
            Value::Str(text) if text.is_markup() => text.to_string(),
            value => escape(&value.to_str()?),
        };
        parts.push(format!("{}=\"{shown}\"", escape(key)));
    }
    let joined = parts.join(" ");
    Ok(Value::from(if space && !joined.is_empty() { format!(" {joined}") } else { joined }))
}

/// Python's `urllib.parse.quote`.
fn quote(value: &Value, query: bool) -> Result<String> {
    use std::fmt::Write as _;
    let text;
    let bytes: &[u8] = match value {
        Value::Bytes(bytes) => bytes,
        value => {
            text = value.to_str()?;
            text.as_bytes()
        }
    };
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(*byte)),
            b'/' if !query => out.push('/'),
            b' ' if query => out.push('+'),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    Ok(out)
}

fn url_encode(call: &mut Call<'_>) -> Result<Value> {
    let value = only(call, "do_urlencode", "value")?;
    if matches!(value, Value::Str(_)) || !value.is_iterable() {
        return quote(&value, false).map(Value::from);
    }
    let items = match &value {
        Value::Dict(dict) => dict.defined_items()?,
        other => {
            let mut items = Vec::new();
            for pair in other.iterate()? {
                let pair = pair.iterate()?;
                let [key, value] = pair.as_slice() else {
                    return Err(Error::value_error(match pair.len() {
                        0 | 1 => format!("not enough values to unpack (expected 2, got {})", pair.len()),
                        _ => "too many values to unpack (expected 2)".to_owned(),
                    }));
                };
                items.push((key.clone(), value.clone()));
            }
            items
        }
    };
    let mut parts = Vec::with_capacity(items.len());
    for (key, value) in items {
        parts.push(format!("{}={}", quote(&key, true)?, quote(&value, true)?));
    }
    Ok(Value::from(parts.join("&")))
}
