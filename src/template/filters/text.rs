//! `quote`, `comment`, `b64encode`, `b64decode`.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use jinja::{Call, Dict, Environment, Error, Value};

use super::{Result, flag, only, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("quote", |call| {
        let value = only(call, "quote", "a")?;
        Ok(Value::from(quote(&if value.is_none() { String::new() } else { value.to_str()? })))
    });
    env.add_filter("comment", comment);
    env.add_filter("b64encode", encode);
    env.add_filter("b64decode", decode);
}

/// A text as one word of a shell.
fn quote(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !text.is_empty() && text.bytes().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

fn comment(call: &mut Call<'_>) -> Result<Value> {
    let text = call.first("comment", "text")?;
    let style =
        if call.args.is_empty() { call.take("style").unwrap_or_else(|| "plain".into()) } else { call.args.remove(0) };
    let (beginning, decoration, end) = match style.as_str() {
        Some("plain") => ("", "# ", ""),
        Some("erlang") => ("", "% ", ""),
        Some("c") => ("", "// ", ""),
        Some("cblock") => ("/*", " * ", " */"),
        Some("xml") => ("<!--", " - ", "-->"),
        _ => {
            let error = Error::other(format!("Invalid style {}.", style.repr()?)).about(&style);
            return Err(error.with_help("Available styles: plain, erlang, c, cblock, xml"));
        }
    };
    let Value::Str(text) = &text else {
        let name = text.type_name();
        return Err(Error::new(jinja::Kind::Attribute, format!("'{name}' object has no attribute 'replace'")));
    };
    let options: Dict = call.kwargs.drain(..).map(|(name, value)| (jinja::Key::from(name), value)).collect();
    let word = |name: &str, default: &str| -> Result<String> {
        options.get(name)?.map_or_else(|| Ok(default.to_owned()), |value| value.to_str())
    };
    let count = |name: &str| -> Result<usize> {
        let value = options.get(name)?.unwrap_or(Value::Int(1));
        let number = match &value {
            Value::Str(text) if name == "prefix_count" => text.trim().parse().ok(),
            Value::Float(number) if name == "prefix_count" => Some(*number as i64),
            other => other.as_int(),
        };
        let number = number.ok_or_else(|| {
            Error::type_error(format!("'{}' object cannot be interpreted as an integer", value.type_name()))
        })?;
        Ok(usize::try_from(number.clamp(0, 1_000_000)).unwrap_or(0))
    };
    let newline = word("newline", "\n")?;
    let decoration = word("decoration", decoration)?;
    let bare = decoration.trim_end();
    let (beginning, end) = (word("beginning", beginning)?, word("end", end)?);
    let (prefix, postfix) = (word("prefix", bare)?, word("postfix", bare)?);

    let mut out = String::new();
    if !beginning.is_empty() {
        out.push_str(&beginning);
        out.push_str(&newline);
    }
    if !prefix.is_empty() {
        let line = if prefix == newline { newline.clone() } else { format!("{prefix}{newline}") };
        out.push_str(&line.repeat(count("prefix_count")?));
    }
    let lines = format!("{decoration}{}", text.replace(newline.as_str(), &format!("{newline}{decoration}")));
    out.push_str(&lines.replace(&format!("{decoration}{newline}"), &format!("{bare}{newline}")));
    for _ in 0..count("postfix_count")? {
        out.push_str(&newline);
        out.push_str(&postfix);
    }
    if !end.is_empty() {
        out.push_str(&newline);
        out.push_str(&end);
    }
    Ok(Value::from(out))
}

/// The bytes of a text in an encoding.
fn to_bytes(text: &str, encoding: &str) -> Result<Vec<u8>> {
    let refused = || Error::value_error(format!("'{encoding}' codec can't encode characters in the text"));
    Ok(match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" => text.as_bytes().to_vec(),
        "ascii" | "us-ascii" if text.is_ascii() => text.as_bytes().to_vec(),
        "ascii" | "us-ascii" => return Err(refused()),
        "latin-1" | "latin1" | "iso-8859-1" => {
            text.chars().map(|letter| u8::try_from(u32::from(letter)).map_err(|_| refused())).collect::<Result<_>>()?
        }
        "utf-16-le" | "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16-be" | "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "utf-16" | "utf16" => [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
        _ => return Err(Error::value_error(format!("unknown encoding: {encoding}"))),
    })
}

fn from_bytes(bytes: &[u8], encoding: &str) -> Result<String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    Ok(match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "ascii" | "us-ascii" => String::from_utf8_lossy(bytes).into_owned(),
        "latin-1" | "latin1" | "iso-8859-1" => bytes.iter().copied().map(char::from).collect(),
        "utf-16-le" | "utf-16le" => units(bytes, u16::from_le_bytes),
        "utf-16-be" | "utf-16be" => units(bytes, u16::from_be_bytes),
        "utf-16" | "utf16" => match bytes {
            [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
            [0xff, 0xfe, rest @ ..] | rest => units(rest, u16::from_le_bytes),
        },
        _ => return Err(Error::value_error(format!("unknown encoding: {encoding}"))),
    })
}

fn encoding(value: Option<Value>) -> Result<String> {
    value.map_or_else(|| Ok("utf-8".to_owned()), |value| value.to_str())
}

fn encode(call: &mut Call<'_>) -> Result<Value> {
    let [value, name, urlsafe] = call.bind("b64encode", 1, ["string", "encoding", "urlsafe"])?;
    let bytes = match or_none(value) {
        Value::Bytes(bytes) => bytes.to_vec(),
        value => to_bytes(&value.to_str()?, &encoding(name)?)?,
    };
    Ok(Value::from(if flag(urlsafe, false)? { URL_SAFE.encode(bytes) } else { STANDARD.encode(bytes) }))
}

fn decode(call: &mut Call<'_>) -> Result<Value> {
    let [value, name, urlsafe] = call.bind("b64decode", 1, ["string", "encoding", "urlsafe"])?;
    let mut text = or_none(value).to_str()?;
    if flag(urlsafe, false)? {
        text = text.replace('-', "+").replace('_', "/");
    }
    Ok(Value::from(from_bytes(&base64_bytes(&text)?, &encoding(name)?)?))
}

/// Base64 as Python reads it: what is none of its letters is skipped, what stands after the padding does not matter.
fn base64_bytes(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut place, mut padding, mut letters) = (0_u8, 0, 0, 0_usize);
    for byte in text.bytes() {
        if byte == b'=' {
            padding += 1;
            if place >= 2 && place + padding >= 4 {
                return Ok(out);
            }
            continue;
        }
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        padding = 0;
        letters += 1;
        match place {
            0 => bits = six,
            1 => {
                out.push(bits << 2 | six >> 4);
                bits = six & 0x0f;
            }
            2 => {
                out.push(bits << 4 | six >> 2);
                bits = six & 0x03;
            }
            _ => out.push(bits << 6 | six),
        }
        place = (place + 1) % 4;
    }
    match place {
        0 => Ok(out),
        1 => Err(Error::value_error(format!(
            "Invalid base64-encoded string: number of data characters ({letters}) cannot be 1 more than a multiple of 4"
        ))),
        _ => Err(Error::value_error("Incorrect padding")),
    }
}
