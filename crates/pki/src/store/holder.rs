//! Whose certificate one is: a service, on a host where it runs on several.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A service and, where it has several certificates, the host. Written `service@host`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Holder {
    service: String,
    host: Option<String>,
}

impl Holder {
    /// Of both parts.
    ///
    /// # Errors
    ///
    /// A part that is empty, longer than 253 bytes, or has other characters than letters, digits, `.`, `_`, `-` (a host may
    /// have `:` too, as addresses do); one that begins with a dot.
    pub fn new(service: &str, host: Option<&str>) -> Result<Self> {
        check("service", service, b"")?;
        host.map(|host| check("host", host, b":")).transpose()?;
        Ok(Self { service: service.to_owned(), host: host.map(str::to_owned) })
    }

    /// Reads `service` or `service@host`.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once('@') {
            Some((service, host)) => Self::new(service, Some(host)),
            None => Self::new(text, None),
        }
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The host, if one was named.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
}

fn check(what: &str, text: &str, more: &[u8]) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte) || more.contains(&byte);
    if text.is_empty() || text.len() > 253 || text.starts_with('.') || !text.bytes().all(allowed) {
        return Err(Error::input(
            format!("{what} {text:?}"),
            "it is empty, too long, or has other characters than letters, digits, dots, hyphens and underscores",
            "take a name such as nginx, and a host such as web1.example.org",
        ));
    }
    Ok(())
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.service)?;
        self.host.as_ref().map_or(Ok(()), |host| write!(f, "@{host}"))
    }
}

impl From<Holder> for String {
    fn from(holder: Holder) -> Self {
        holder.to_string()
    }
}

impl TryFrom<String> for Holder {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_written_as_it_is_read() {
        for text in ["nginx", "nginx@web1.example.org", "redis@10.0.0.1", "redis@2001:db8::1"] {
            assert_eq!(Holder::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "@", "nginx@", "@web1", "a b", "a/b", "..", ".a", "a\"b", "a@b@c"] {
            assert!(Holder::parse(text).is_err(), "{text}");
        }
    }
}
