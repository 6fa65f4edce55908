//! One request and its answer on a connection of their own.
//!
//! Source: RFC 9112; what is refused and how, and the order of the fields, are those of Python's `http.client`.

use std::io::{self, BufRead, BufReader, Read, Seek, Write};

use crate::{
    body::{Body, Framing, LONGEST_LINE},
    client::Payload,
    error::Error,
    headers::Headers,
    stream::Stream,
};

/// How many header fields an answer may have.
const MOST_HEADERS: usize = 100;

/// What is sent.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a str,
    /// Path and query, or the whole URL for a proxy.
    pub(crate) selector: &'a str,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) payload: Option<&'a mut Payload>,
}

/// The beginning of an answer, and its body.
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Headers,
    pub(crate) body: Body,
}

impl Outgoing<'_> {
    /// The request line and the fields as bytes.
    ///
    /// # Errors
    ///
    /// Something in it cannot be sent.
    pub(crate) fn head(&self) -> Result<Vec<u8>, Error> {
        let selector = if self.selector.is_empty() { "/" } else { self.selector };
        let line = format!("{} {selector} HTTP/1.1", self.method);
        encode(&line, "ascii", 0x7f)?;
        if let Some(wrong) = selector.chars().find(|letter| *letter <= ' ' || *letter == '\x7f') {
            let (shown, found) = (repr(selector), repr(&wrong.to_string()));
            return Err(Error::Other(format!(
                "URL can't contain control characters. {shown} (found at least {found})"
            )));
        }
        let mut head = line.into_bytes();
        head.extend_from_slice(b"\r\n");
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept-encoding")) {
            head.extend_from_slice(b"Accept-Encoding: identity\r\n");
        }
        for (name, value) in self.headers {
            let name_bytes = encode(name, "ascii", 0x7f)?;
            if name.is_empty() || name.starts_with(char::is_whitespace) || name.contains([':', '\r', '\n']) {
                return Err(Error::Value(format!("Invalid header name b{}", repr(name))));
            }
            let value_bytes = encode(value, "latin-1", 0xff)?;
            if has_loose_line_end(&value_bytes) {
                return Err(Error::Value(format!("Invalid header value b{}", repr(value))));
            }
            head.extend_from_slice(&name_bytes);
            head.extend_from_slice(b": ");
            head.extend_from_slice(&value_bytes);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        Ok(head)
    }

    /// Sends it and reads the beginning of the answer.
    ///
    /// # Errors
    ///
    /// The connection breaks, or what comes is no answer.
    pub(crate) fn send(mut self, head: &[u8], mut stream: Box<dyn Stream>) -> Result<Incoming, Error> {
        stream.write_all(head).map_err(Error::sending)?;
        match self.payload.take() {
            None => {}
            Some(Payload::Bytes(bytes)) => stream.write_all(bytes).map_err(Error::sending)?,
            Some(Payload::File(file)) => {
                file.rewind().map_err(Error::sending)?;
                io::copy(file, &mut stream).map_err(Error::sending)?;
            }
        }
        stream.flush().map_err(Error::sending)?;
        receive(stream, self.method)
    }
}

/// Text in an encoding of one byte a letter.
fn encode(text: &str, codec: &str, last: u32) -> Result<Vec<u8>, Error> {
    let is_bad = |letter: &char| u32::from(*letter) > last;
    let bytes: Vec<u8> = text.chars().filter_map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
    let Some(first) = text.chars().position(|letter| is_bad(&letter)) else { return Ok(bytes) };
    let bad: String = text.chars().skip(first).take_while(is_bad).collect();
    let place = match bad.chars().count() {
        0 | 1 => {
            let code = bad.chars().next().map_or(0, u32::from);
            let shown = match code {
                0..0x100 => format!("\\x{code:02x}"),
                0x100..0x10000 => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            };
            format!("character '{shown}' in position {first}")
        }
        count => format!("characters in position {first}-{}", first + count - 1),
    };
    let range = last + 1;
    Err(Error::Value(format!("'{codec}' codec can't encode {place}: ordinal not in range({range})")))
}

/// Whether a line ends in it without being continued.
fn has_loose_line_end(value: &[u8]) -> bool {
    value.iter().enumerate().any(|(index, byte)| match (byte, value.get(index + 1)) {
        (b'\n', next) => !matches!(next, Some(b' ' | b'\t')),
        (b'\r', next) => !matches!(next, Some(b' ' | b'\t' | b'\n')),
        _ => false,
    })
}

/// Text in quotes, as Python shows it.
fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter < ' ' || letter == '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push(quote);
    out
}

/// The answer on a connection.
pub(crate) fn receive(stream: Box<dyn Stream>, method: &str) -> Result<Incoming, Error> {
    let mut stream = BufReader::new(stream);
    let (status, reason) = loop {
        let (status, reason) = status_line(&mut stream)?;
        if status != 100 {
            break (status, reason);
        }
        head(&mut stream)?;
    };
    let headers = fields(&head(&mut stream)?)?;
    let is_empty = matches!(status, 100..200 | 204 | 304) || method == "HEAD";
    let length = || headers.get("content-length").and_then(|length| length.trim().parse::<u64>().ok());
    let framing = if is_empty {
        Framing::Length(0)
    } else if headers.get("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        Framing::Chunked
    } else {
        length().map_or(Framing::Open, Framing::Length)
    };
    Ok(Incoming { status, reason, headers, body: Body::new(stream, framing) })
}

/// The answer of a proxy to CONNECT: status and reason. What follows belongs to the connection behind it.
pub(crate) fn receive_tunnel(stream: &mut dyn Stream) -> Result<(u16, String), Error> {
    // Byte by byte: nothing that comes after may be swallowed.
    let mut stream = BufReader::with_capacity(1, stream);
    let answer = status_line(&mut stream)?;
    head(&mut stream)?;
    Ok(answer)
}

fn status_line(stream: &mut impl BufRead) -> Result<(u16, String), Error> {
    let line = line(stream, "status line")?;
    if line.is_empty() {
        let text = "Remote end closed connection without response";
        return Err(Error::Connection(crate::error::Reason::Text(text.to_owned())));
    }
    let text: String = line.iter().map(|byte| char::from(*byte)).collect();
    let bad = || Error::BadStatusLine(text.clone());
    let (version, rest) = text.trim_start().split_once(char::is_whitespace).ok_or_else(bad)?;
    let (status, reason) = rest.trim_start().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    if !version.starts_with("HTTP/") {
        return Err(bad());
    }
    let status = status.parse::<u16>().ok().filter(|status| (100..=999).contains(status)).ok_or_else(bad)?;
    if !version.starts_with("HTTP/1.") && version != "HTTP/0.9" {
        return Err(Error::Other(version.to_owned()));
    }
    Ok((status, reason.trim().to_owned()))
}

/// All lines of the header fields, with the empty one that ends them.
fn head(stream: &mut impl BufRead) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    for _ in 0..MOST_HEADERS {
        let line = line(stream, "header line")?;
        head.extend_from_slice(&line);
        if matches!(line.as_slice(), b"" | b"\n" | b"\r\n") {
            return Ok(head);
        }
    }
    Err(Error::Other(format!("got more than {MOST_HEADERS} headers")))
}

fn line(stream: &mut impl BufRead, kind: &str) -> Result<Vec<u8>, Error> {
    let mut line = Vec::new();
    stream.take(LONGEST_LINE + 1).read_until(b'\n', &mut line).map_err(Error::receiving)?;
    if line.len() as u64 > LONGEST_LINE {
        return Err(Error::Other(format!("got more than {LONGEST_LINE} bytes when reading {kind}")));
    }
    Ok(line)
}

/// Reads header fields; lines that are none are left out.
fn fields(head: &[u8]) -> Result<Headers, Error> {
    // httparse is lenient with whole answers only.
    let mut text = b"HTTP/1.1 200 OK\r\n".to_vec();
    text.extend_from_slice(head);
    if !head.ends_with(b"\n") {
        text.extend_from_slice(b"\r\n\r\n");
    }
    let mut places = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut places);
    let result = httparse::ParserConfig::default()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_space_before_first_header_name(true)
        .ignore_invalid_headers_in_responses(true)
        .parse_response(&mut parsed, &text);
    if let Err(error) = result {
        return Err(Error::Other(format!("the header fields cannot be read: {error}")));
    }
    let mut headers = Headers::default();
    for field in parsed.headers.iter() {
        headers.push(field.name, field.value.iter().map(|byte| char::from(*byte)).collect::<String>());
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::Canned;

    fn answer(bytes: &[u8]) -> Result<Incoming, Error> {
        receive(Canned::of(bytes), "GET")
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = answer(&bytes).map(|incoming| incoming.body.whole());
            let _ = answer(&[b"HTTP/1.1 200 OK\r\n", bytes.as_slice()].concat()).map(|incoming| incoming.body.whole());
        }
    }

    #[test]
    fn an_answer_is_read_leniently() {
        let text =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not  there \r\nX: a\r\n b\r\nno field\r\nY : \xe9\r\n\r\nbody";
        let incoming = answer(text).unwrap();
        assert_eq!((incoming.status, incoming.reason.as_str()), (404, "Not  there"));
        assert_eq!(incoming.headers.get("y"), Some("é"));
        assert!(incoming.headers.get("X").unwrap().starts_with('a'));
        assert_eq!(incoming.body.whole().unwrap(), b"body");
    }

    #[test]
    fn what_is_no_answer_is_told_apart() {
        let said = |bytes: &[u8]| answer(bytes).err().unwrap();
        assert!(matches!(said(b""), Error::Connection(_)));
        assert!(matches!(said(b"SSH-2.0-OpenSSH\r\n"), Error::BadStatusLine(line) if line == "SSH-2.0-OpenSSH\r\n"));
        assert!(matches!(said(b"HTTP/1.1 abc\r\n"), Error::BadStatusLine(_)));
        let many = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: b\r\n".repeat(101), b"\r\n".to_vec()].concat();
        assert_eq!(said(&many).to_string(), "got more than 100 headers");
        let long = [b"HTTP/1.1 200 ".to_vec(), vec![b'a'; 70000]].concat();
        assert_eq!(said(&long).to_string(), "got more than 65536 bytes when reading status line");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_in_pythons_words() {
        let head = |selector: &str, name: &str, value: &str| {
            let headers = [(name.to_owned(), value.to_owned())];
            let outgoing = Outgoing { method: "GET", selector, headers: &headers, payload: None };
            outgoing.head().map(|head| String::from_utf8(head).unwrap()).map_err(|error| error.to_string())
        };
        assert_eq!(head("", "Host", "h").unwrap(), "GET / HTTP/1.1\r\nAccept-Encoding: identity\r\nHost: h\r\n\r\n");
        assert_eq!(
            head("/é", "Host", "h").unwrap_err(),
            "'ascii' codec can't encode character '\\xe9' in position 5: ordinal not in range(128)"
        );
        assert_eq!(
            head("/a b", "Host", "h").unwrap_err(),
            "URL can't contain control characters. '/a b' (found at least ' ')"
        );
        assert_eq!(head("/", "a:b", "h").unwrap_err(), "Invalid header name b'a:b'");
        assert_eq!(head("/", "a", "b\nc").unwrap_err(), "Invalid header value b'b\\nc'");
        assert_eq!(
            head("/", "a", "€€").unwrap_err(),
            "'latin-1' codec can't encode characters in position 0-1: ordinal not in range(256)"
        );
    }
}
