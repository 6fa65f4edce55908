//! How a request fails, told apart as Python's exceptions are.

use std::{fmt, io};

use crate::client::Response;

/// How a request fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered, but not with success (`urllib.error.HTTPError`).
    #[error("HTTP Error {}: {}", .0.status.unwrap_or_default(), .0.reason)]
    Status(Box<Response>),
    /// There is no way to the server (`urllib.error.URLError`).
    #[error("<urlopen error {0}>")]
    Url(Reason),
    /// The connection broke while an answer was waited for (`OSError`).
    #[error("{0}")]
    Connection(Reason),
    /// What came is no answer (`http.client.BadStatusLine`): the first line.
    #[error("{0}")]
    BadStatusLine(String),
    /// The request is not one (`ValueError`).
    #[error("{0}")]
    Value(String),
    /// The connection's or the message's rules are broken otherwise (`http.client.HTTPException`).
    #[error("{0}")]
    Other(String),
    /// The call was cancelled.
    #[error("cancelled")]
    Cancelled,
}

/// What is behind an error.
#[derive(Debug)]
pub enum Reason {
    /// A text.
    Text(String),
    /// The system's error.
    System(io::Error),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::System(error) => match error.raw_os_error() {
                Some(number) => {
                    let text = error.to_string();
                    let words = text.rfind(" (os error ").and_then(|end| text.get(..end)).unwrap_or(&text);
                    write!(f, "[Errno {number}] {words}")
                }
                None => write!(f, "{error}"),
            },
        }
    }
}

impl Error {
    /// There is no way to the server, for a reason in words.
    pub(crate) fn url(reason: impl Into<String>) -> Self {
        Self::Url(Reason::Text(reason.into()))
    }

    /// What connecting or sending says.
    pub(crate) fn sending(error: io::Error) -> Self {
        if is_cancelled(&error) { Self::Cancelled } else { Self::Url(Reason::System(error)) }
    }

    /// What waiting for the answer says.
    pub(crate) fn receiving(error: io::Error) -> Self {
        if is_cancelled(&error) { Self::Cancelled } else { Self::Connection(Reason::System(error)) }
    }
}

/// Why the body of an answer could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection was closed too early (`http.client.IncompleteRead`).
    #[error("IncompleteRead({read} bytes read{})", .more.map(|more| format!(", {more} more expected")).unwrap_or_default())]
    Incomplete {
        /// Bytes that came.
        read: u64,
        /// Bytes that were to come, where that was said.
        more: Option<u64>,
    },
    /// The connection or the compression broke.
    #[error("{0}")]
    System(Reason),
    /// The call was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl BodyError {
    /// The error behind what reading a body says.
    #[must_use]
    pub fn of(error: io::Error) -> Self {
        if is_cancelled(&error) {
            return Self::Cancelled;
        }
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) => Self::System(Reason::System(error)),
        }
    }
}

/// The error of a connection whose call was cancelled.
pub(crate) fn cancelled() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "cancelled")
}

fn is_cancelled(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}
