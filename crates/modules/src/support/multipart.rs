//! Bodies of `multipart/form-data`, byte for byte as Ansible makes them with Python's `email`.
//!
//! Source: RFC 7578; RFC 2231 for names beyond ASCII.

use std::fs;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use protocol::{Data, Map, arguments::python};

use super::{media_type, paths};
use crate::module::os_error_bytes;

/// How a file's content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Base64,
    SevenOrEightBit,
}

/// A body and the value of its `Content-Type`.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// `multipart/form-data` with the line that parts the fields.
    pub content_type: String,
    /// The fields.
    pub body: Vec<u8>,
}

/// Where the content of a field's file is when it came with the call (see [`form`]).
pub const INLINE: &str = "_content_base64";

/// Makes a body of fields: texts, or dictionaries with `filename`, `content`, `mime_type` and `multipart_encoding`. A
/// file that came with the call stands in [`INLINE`].
///
/// # Errors
///
/// Ansible's words for fields that are none, or what reading a file says.
pub fn form(fields: &Data) -> Result<Form, String> {
    let boundary = format!("==============={:019}==", random());
    form_between(fields, &boundary)
}

fn form_between(fields: &Data, boundary: &str) -> Result<Form, String> {
    let Data::Map(fields) = fields else {
        return Err(format!("Mapping is required, cannot be type {}", python::type_name(fields)));
    };
    let mut sorted: Vec<(&String, &Data)> = fields.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let mut body = Vec::new();
    for (name, value) in sorted {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        part(name, value, &mut body)?;
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Form { content_type: format!("multipart/form-data; boundary=\"{boundary}\""), body })
}

fn part(name: &str, value: &Data, out: &mut Vec<u8>) -> Result<(), String> {
    let mut head = String::new();
    let content = match value {
        Data::Str(text) => {
            head.push_str("Content-Type: text/plain\r\n");
            with_line_ends(text.as_bytes())
        }
        Data::Map(map) => file_part(map, &mut head)?,
        other => {
            let kind = python::type_name(other);
            return Err(format!("value must be a string, or mapping, cannot be type {kind}"));
        }
    };
    head.push_str("Content-Disposition: form-data");
    parameter(&mut head, "name", name);
    if let Data::Map(map) = value
        && let Some(filename) = text(map, "filename")
    {
        parameter(&mut head, "filename", paths::basename(&filename));
    }
    head.push_str("\r\n\r\n");
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(&content);
    Ok(())
}

/// The content of a dictionary's field; the fields of its head that say how it is written go to `head`.
fn file_part(map: &Map, head: &mut String) -> Result<Vec<u8>, String> {
    let (filename, content) = (text(map, "filename"), text(map, "content"));
    if filename.is_none() && content.is_none() {
        return Err("at least one of filename or content must be provided".to_owned());
    }
    let kind = text(map, "mime_type").or_else(|| media_type::guess(filename.as_deref().unwrap_or_default()));
    let mut kind = kind.unwrap_or_else(|| "application/octet-stream".to_owned());
    if !kind.contains('/') {
        kind.push('/');
    }
    if let Some(content) = content {
        head.push_str(&format!("Content-Type: {kind}\r\n"));
        return Ok(with_line_ends(content.as_bytes()));
    }
    let encoding = match text(map, "multipart_encoding").as_deref() {
        None | Some("base64") => Encoding::Base64,
        Some("7or8bit") => Encoding::SevenOrEightBit,
        Some(_) => return Err("multipart_encoding must be one of dict_keys(['base64', '7or8bit']).".to_owned()),
    };
    let bytes = match text(map, INLINE) {
        Some(inline) => BASE64_STANDARD.decode(inline).map_err(|error| error.to_string())?,
        None => {
            let path = filename.unwrap_or_default();
            fs::read(&path).map_err(|error| os_error_bytes(&error, &path))?
        }
    };
    let (name, content) = match encoding {
        Encoding::Base64 => ("base64", base64_lines(&bytes)),
        Encoding::SevenOrEightBit if bytes.is_ascii() => ("7bit", with_line_ends(&bytes)),
        // The bytes beyond ASCII go through Python as text: each becomes the character of its number.
        Encoding::SevenOrEightBit => {
            ("8bit", with_line_ends(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().as_bytes()))
        }
    };
    head.push_str(&format!("Content-Transfer-Encoding: {name}\r\nContent-Type: {kind}\r\n"));
    Ok(content)
}

/// A text that is given and not empty.
fn text(map: &Map, key: &str) -> Option<String> {
    match map.get(key)? {
        Data::Null | Data::Bool(false) => None,
        value => Some(python::str(value)).filter(|text| !text.is_empty()),
    }
}

/// Lines of 76 letters.
fn base64_lines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in bytes.chunks(57) {
        out.extend_from_slice(BASE64_STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Every line's end in the form that the network has.
fn with_line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\r' => {
                rest.next_if(|next| **next == b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            other => out.push(*other),
        }
    }
    out
}

/// Adds a parameter to a field of a head.
fn parameter(head: &mut String, name: &str, value: &str) {
    if value.is_ascii() {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let quoted = String::from_utf8_lossy(&with_line_ends(quoted.as_bytes())).into_owned();
        head.push_str(&format!("; {name}=\"{quoted}\""));
    } else {
        let encoded = http::url::quote(value.as_bytes(), |_| false);
        head.push_str(&format!("; {name}*=utf-8''{encoded}"));
    }
}

/// A number that does not stand in what is sent.
fn random() -> u64 {
    let mut bytes = [0; 8];
    // Without chance it is the same number each time, which serves but for a body that holds it.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    u64::from_le_bytes(bytes) >> 1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(fields: serde_json::Value) -> Result<String, String> {
        form_between(&Data::from_json(fields), "B").map(|form| String::from_utf8(form.body).unwrap())
    }

    #[test]
    fn fields_are_sorted_and_written_as_python_writes_them() {
        let want = "--B\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\
                    Content-Disposition: form-data; name=\"a\"; filename=\"x.txt\"\r\n\r\naGk=\r\n\r\n\
                    --B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"z\"\r\n\r\n1\r\n2\r\n\
                    --B--\r\n";
        let fields = json!({"z": "1\n2", "a": {"filename": "/d/x.txt", INLINE: "aGk="}});
        assert_eq!(body(fields).unwrap(), want);
    }

    #[test]
    fn names_beyond_ascii_are_encoded_and_quotes_escaped() {
        let text = body(json!({"ü": "", "q\"": {"content": "c", "mime_type": "text", "filename": "a\\b"}})).unwrap();
        assert!(text.contains("form-data; name*=utf-8''%C3%BC\r\n"), "{text}");
        assert!(text.contains("Content-Type: text/\r\n"), "{text}");
        assert!(text.contains("name=\"q\\\"\"; filename=\"a\\\\b\""), "{text}");
    }

    #[test]
    fn what_is_no_field_is_refused() {
        for (fields, want) in [
            (json!([]), "Mapping is required, cannot be type list"),
            (json!({"a": 1}), "value must be a string, or mapping, cannot be type int"),
            (json!({"a": {}}), "at least one of filename or content must be provided"),
            (json!({"a": {"filename": "/no/such"}}), "[Errno 2] No such file or directory: b'/no/such'"),
            (
                json!({"a": {"filename": "/x", "multipart_encoding": "x"}}),
                "multipart_encoding must be one of dict_keys(['base64', '7or8bit']).",
            ),
        ] {
            assert_eq!(body(fields).unwrap_err(), want);
        }
    }
}
