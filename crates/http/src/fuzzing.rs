//! Ways in for the fuzz targets: the readers of what servers and `~/.netrc` say, on bytes instead of connections.

use std::io::{self, Cursor, Read, Write};

use crate::{
    Headers,
    auth::{Answer, Answerer, Challenged},
    cookies::Jar,
    error::Error,
    exchange, netrc,
};

/// A connection on which these bytes come and whatever is sent is taken; the tests of the readers use it too.
pub(crate) struct Canned(Cursor<Vec<u8>>);

impl Canned {
    /// The connection.
    pub(crate) fn of(bytes: &[u8]) -> Box<Self> {
        Box::new(Self(Cursor::new(bytes.to_vec())))
    }
}

impl Read for Canned {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Canned {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads an answer: status, fields, and the body if it came whole.
///
/// # Errors
///
/// What comes is no answer.
pub fn answer(bytes: &[u8], unzip: bool) -> Result<(u16, Headers, Option<Vec<u8>>), Error> {
    let incoming = exchange::receive(Canned::of(bytes), "GET")?;
    let body = if unzip { incoming.body.unzipped() } else { incoming.body };
    Ok((incoming.status, incoming.headers, body.whole().ok()))
}

/// Keeps the cookies of an answer from a URL; what goes back to the URL.
#[must_use]
pub fn cookies(url: &str, headers: &Headers) -> Option<String> {
    let mut jar = Jar::default();
    jar.keep(url, headers);
    let _ = jar.pairs();
    jar.header(url)
}

/// Answers a challenge (`WWW-Authenticate`); the field that is sent, if any.
#[must_use]
pub fn challenge(text: &str) -> Option<String> {
    let challenged = Challenged {
        scheme: "http",
        authority: "host",
        method: "GET",
        selector: "/",
        challenges: vec![text],
        sent: None,
    };
    match Answerer::new("host".to_owned(), "user".to_owned(), Some("password".to_owned())).answer(&challenged) {
        Ok(Answer::Try(value)) => Some(value),
        _ => None,
    }
}

/// Reads the text of a `~/.netrc`; how many entries it has.
///
/// # Errors
///
/// It is none: why, and in which line.
pub fn netrc(text: &str) -> Result<usize, (String, usize)> {
    netrc::parse(text).map(|entries| entries.len())
}
