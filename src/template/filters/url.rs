//! `urlsplit`, `urldecode`.
//!
//! Source: <https://docs.python.org/3/library/urllib.parse.html>.

use http::url::Url;
use jinja::{Call, Dict, Environment, Error, Kind, Value};

use super::{Result, class_name, given, only, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("urlsplit", urlsplit);
    env.add_filter("urldecode", |call| match only(call, "unquote_plus", "string")? {
        Value::Str(text) => Ok(Value::from(decode(&text))),
        other => Err(no_attribute(&other, "replace")),
    });
}

fn no_attribute(value: &Value, name: &str) -> Error {
    Error::new(Kind::Attribute, format!("'{}' object has no attribute '{name}'", class_name(value)))
}

fn urlsplit(call: &mut Call<'_>) -> Result<Value> {
    let [value, query, alias] = call.bind("split_url", 1, ["value", "query", "alias"])?;
    let url = match or_none(value) {
        Value::Str(text) => Url::split(&text),
        Value::None => Url::split(""),
        other if other.is_mapping() || matches!(other, Value::List(_)) => {
            return Err(Error::type_error(format!("unhashable type: '{}'", class_name(&other))));
        }
        other => return Err(no_attribute(&other, "decode")),
    };
    let (user, host) = match url.netloc.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, url.netloc.as_str()),
    };
    let (username, password) = match user.map(|user| user.split_once(':').ok_or(user)) {
        None => (None, None),
        Some(Ok((name, password))) => (Some(name), Some(password)),
        Some(Err(name)) => (Some(name), None),
    };
    let (hostname, port) = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((inner, after)) => (inner, after.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
    };
    let port = match port.filter(|port| !port.is_empty()) {
        None => Value::None,
        Some(port) => {
            let number = port.parse::<i64>().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()));
            match number {
                Some(number) if number <= 65535 => Value::Int(number),
                Some(_) => return Err(Error::value_error("Port out of range 0-65535")),
                None => {
                    let shown = Value::from(port).repr()?;
                    return Err(Error::value_error(format!("Port could not be cast to integer value as {shown}")));
                }
            }
        }
    };
    let parts = Dict::new();
    parts.insert("fragment", url.fragment.into());
    parts.insert("hostname", if hostname.is_empty() { Value::None } else { hostname.to_lowercase().into() });
    parts.insert("netloc", url.netloc.as_str().into());
    parts.insert("password", password.into());
    parts.insert("path", url.path.into());
    parts.insert("port", port);
    parts.insert("query", url.query.into());
    parts.insert("scheme", url.scheme.into());
    parts.insert("username", username.into());
    let Some(query) = given(query) else { return Ok(Value::Dict(parts)) };
    if !query.truthy()? {
        return Ok(Value::Dict(parts));
    }
    let query = query.to_str()?;
    let alias = alias.map_or_else(|| Ok("urlsplit".to_owned()), |alias| alias.to_str())?;
    parts.get(&query)?.ok_or_else(|| Error::value_error(format!("{alias}: unknown URL component: {query}")))
}

fn decode(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = text
            .get(at + 1..at + 3)
            .filter(|code| *byte == b'%' && code.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        out.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
