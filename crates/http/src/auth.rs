//! Authentication: Basic (RFC 7617) and Digest (RFC 2617, MD5 and SHA), as Python's `urllib` does them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::Md5;
use sha1::{Digest as _, Sha1};

use crate::error::Error;

/// The value of `Authorization` for Basic.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// What answers challenges with one user's name and password.
#[derive(Debug, Clone)]
pub(crate) struct Answerer {
    /// The host and port that the password is for.
    pub(crate) authority: String,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    nonce: Option<String>,
    count: u32,
    retried: u32,
}

/// A challenged request.
pub(crate) struct Challenged<'a> {
    /// Scheme, and host with port, of its URL.
    pub(crate) scheme: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) method: &'a str,
    /// Path and query, as they were sent.
    pub(crate) selector: &'a str,
    /// The values of `WWW-Authenticate`.
    pub(crate) challenges: Vec<&'a str>,
    /// The value of `Authorization` that was sent.
    pub(crate) sent: Option<&'a str>,
}

/// What is to be done about a challenge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Try again with this value of `Authorization`.
    Try(String),
    /// There is nothing to try.
    None,
    /// It was tried often enough.
    Enough,
}

impl Answerer {
    pub(crate) fn new(authority: String, user: String, password: Option<String>) -> Self {
        Self { authority, user, password, nonce: None, count: 0, retried: 0 }
    }

    /// Answers the status 401.
    pub(crate) fn answer(&mut self, challenged: &Challenged<'_>) -> Result<Answer, Error> {
        if self.retried > 5 {
            return Ok(Answer::Enough);
        }
        self.retried += 1;
        if let Some(first) = challenged.challenges.first().filter(|challenge| !challenge.is_empty()) {
            let (scheme, rest) = first.trim().split_once(char::is_whitespace).unwrap_or((first.trim(), ""));
            if scheme.eq_ignore_ascii_case("digest") {
                if let Some(value) = self.digest(challenged, rest)? {
                    return Ok(Answer::Try(value));
                }
            } else if !scheme.eq_ignore_ascii_case("basic") {
                let why = "AbstractDigestAuthHandler does not support the following scheme:";
                return Err(Error::Value(format!("{why} '{scheme}'")));
            }
        }
        self.basic(challenged)
    }

    fn basic(&self, challenged: &Challenged<'_>) -> Result<Answer, Error> {
        let mut unsupported = None;
        for challenge in &challenged.challenges {
            for (scheme, has_realm) in schemes(challenge) {
                if !scheme.eq_ignore_ascii_case("basic") {
                    unsupported = Some(scheme);
                } else if has_realm {
                    let Some(password) = self.password.as_ref().filter(|_| self.covers(challenged)) else {
                        return Ok(Answer::None);
                    };
                    let value = basic(&self.user, password);
                    return Ok(if challenged.sent == Some(&value) { Answer::None } else { Answer::Try(value) });
                }
            }
        }
        match unsupported {
            Some(scheme) => {
                let why = "AbstractBasicAuthHandler does not support the following scheme:";
                Err(Error::Value(format!("{why} '{scheme}'")))
            }
            None => Ok(Answer::None),
        }
    }

    /// Whether the password is for the challenged request's host.
    fn covers(&self, challenged: &Challenged<'_>) -> bool {
        let port = if challenged.scheme == "https" { 443 } else { 80 };
        challenged.authority == self.authority || format!("{}:{port}", challenged.authority) == self.authority
    }

    fn digest(&mut self, challenged: &Challenged<'_>, challenge: &str) -> Result<Option<String>, Error> {
        let fields = fields(challenge);
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let (Some(realm), Some(nonce)) = (field("realm"), field("nonce")) else { return Ok(None) };
        let algorithm = field("algorithm").unwrap_or("MD5");
        let hash = match algorithm {
            "MD5" => |text: &str| hex(&Md5::digest(text)),
            "SHA" => |text: &str| hex(&Sha1::digest(text)),
            other => return Err(Error::Value(format!("Unsupported digest authentication algorithm '{other}'"))),
        };
        if !self.covers(challenged) {
            return Ok(None);
        }
        let (user, selector) = (&self.user, challenged.selector);
        let secret = hash(&format!("{user}:{realm}:{}", self.password.as_deref().unwrap_or("None")));
        let asked = hash(&format!("{}:{selector}", challenged.method));
        let (response, more) = match field("qop") {
            None => (hash(&format!("{secret}:{nonce}:{asked}")), String::new()),
            Some(qop) if qop.split(',').any(|one| one == "auth") => {
                if self.nonce.as_deref() == Some(nonce) {
                    self.count += 1;
                } else {
                    self.count = 1;
                    self.nonce = Some(nonce.to_owned());
                }
                let count = format!("{:08x}", self.count);
                let own = own_nonce()?;
                let response = hash(&format!("{secret}:{nonce}:{count}:{own}:auth:{asked}"));
                (response, format!(", qop=auth, nc={count}, cnonce=\"{own}\""))
            }
            Some(qop) => return Err(Error::url(format!("qop '{qop}' is not supported."))),
        };
        let opaque = match field("opaque") {
            Some(opaque) if !opaque.is_empty() => format!(", opaque=\"{opaque}\""),
            _ => String::new(),
        };
        let value = format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{selector}\", \
             response=\"{response}\"{opaque}, algorithm=\"{algorithm}\"{more}"
        );
        Ok((challenged.sent != Some(&value)).then_some(value))
    }
}

/// The schemes of a challenge, and whether each has a realm; where none has, the first word.
fn schemes(challenge: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    for part in challenge.split(',') {
        if let Some((scheme, rest)) = part.trim_matches([' ', '\t']).split_once([' ', '\t'])
            && rest.trim_start().get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case("realm="))
        {
            found.push((scheme, true));
        }
    }
    if found.is_empty() {
        found.push((challenge.split_whitespace().next().unwrap_or_default(), false));
    }
    found
}

/// `name=value` pairs with commas between; values may be quoted and hold commas then.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for letter in text.chars() {
        if letter == ',' && !quoted {
            parts.push(String::new());
            continue;
        }
        if quoted && letter == '\\' && !escaped {
            escaped = true;
            continue;
        }
        quoted ^= letter == '"' && !escaped;
        escaped = false;
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
        .iter()
        .filter_map(|part| part.trim().split_once('='))
        .map(|(name, value)| {
            let bare = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
            (name.to_owned(), bare.to_owned())
        })
        .collect()
}

/// Sixteen digits that nobody foresees.
fn own_nonce() -> Result<String, Error> {
    let mut bytes = [0; 8];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Error::sending(error.into()))?;
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenged<'a>(challenge: &'a str, sent: Option<&'a str>) -> Challenged<'a> {
        Challenged {
            scheme: "http",
            authority: "www.example.com",
            method: "GET",
            selector: "/dir/index.html",
            challenges: vec![challenge],
            sent,
        }
    }

    fn answerer() -> Answerer {
        Answerer::new("www.example.com".into(), "Mufasa".into(), Some("Circle Of Life".into()))
    }

    #[test]
    fn basic_is_tried_once() {
        let first = answerer().answer(&challenged("Basic realm=\"x\"", None)).unwrap();
        let Answer::Try(value) = first else { panic!("{first:?}") };
        assert_eq!(value, "Basic TXVmYXNhOkNpcmNsZSBPZiBMaWZl");
        assert_eq!(answerer().answer(&challenged("Basic realm=\"x\"", Some(&value))).unwrap(), Answer::None);
    }

    #[test]
    fn a_password_goes_to_its_own_host_alone() {
        let mut answerer = answerer();
        answerer.authority = "other.example.com".into();
        assert_eq!(answerer.answer(&challenged("Basic realm=\"x\"", None)).unwrap(), Answer::None);
        answerer.authority = "www.example.com:80".into();
        assert!(matches!(answerer.answer(&challenged("Basic realm=\"x\"", None)).unwrap(), Answer::Try(_)));
    }

    #[test]
    fn digest_without_qop_is_that_of_rfc_2069() {
        let challenge = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let Answer::Try(value) = answerer().answer(&challenged(challenge, None)).unwrap() else { panic!() };
        assert!(value.contains("response=\"670fd8c2df070c60b045671b8b24ff02\""), "{value}");
        assert!(value.ends_with("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\", algorithm=\"MD5\""), "{value}");
    }

    #[test]
    fn digest_is_given_up_after_a_while() {
        let mut answerer = answerer();
        let challenge = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
        for _ in 0..6 {
            assert!(matches!(answerer.answer(&challenged(challenge, None)).unwrap(), Answer::Try(_)));
        }
        assert_eq!(answerer.answer(&challenged(challenge, None)).unwrap(), Answer::Enough);
    }

    #[test]
    fn other_schemes_are_named() {
        let error = answerer().answer(&challenged("Negotiate", None)).unwrap_err();
        assert_eq!(error.to_string(), "AbstractDigestAuthHandler does not support the following scheme: 'Negotiate'");
    }
}
