//! International domain names: which form a name is shown in (`name_encoding`).
//!
//! What certificates carry is ASCII, so that `idna` leaves a name as it is and `unicode` decodes its A-labels.

use http::url::Url;
use macros::Choice;
use pki::punycode;

use super::Wrong;

/// How international domain names are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum NameEncoding {
    /// As they stand.
    Ignore,
    /// As ASCII, labels beginning with `xn--`.
    Idna,
    /// As Unicode.
    Unicode,
}

impl NameEncoding {
    /// A domain name.
    ///
    /// # Errors
    ///
    /// A label that begins with `xn--` and does not decode.
    pub fn domain(self, name: &str) -> Result<String, Wrong> {
        if self != Self::Unicode {
            return Ok(name.to_owned());
        }
        let labels: Result<Vec<_>, _> = name
            .split('.')
            .map(|label| match label.strip_prefix("xn--") {
                Some(encoded) => punycode::decode(&encoded.to_ascii_lowercase()).ok_or_else(|| {
                    Wrong::Said(format!(
                        "Error while transforming part \"{label}\" of IDNA DNS name \"{name}\" to Unicode. It is no \
                         Punycode (RFC 3492)."
                    ))
                }),
                None => Ok(label.to_owned()),
            })
            .collect();
        Ok(labels?.join("."))
    }

    /// A mail address.
    ///
    /// # Errors
    ///
    /// As [`Self::domain`].
    pub fn mail(self, address: &str) -> Result<String, Wrong> {
        match address.split_once('@') {
            Some((user, domain)) => Ok(format!("{user}@{}", self.domain(domain)?)),
            None => Ok(address.to_owned()),
        }
    }

    /// A URI. It is taken apart and put together as Python does it, which may change letters that mean nothing: the host
    /// gets lower case, an empty query goes.
    ///
    /// # Errors
    ///
    /// As [`Self::domain`]; a port that is no number of a port.
    pub fn uri(self, text: &str) -> Result<String, Wrong> {
        let mut url = Url::split(text);
        let (login, place) = match url.netloc.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, url.netloc.as_str()),
        };
        let (host, port) = match place.split_once('[') {
            Some((_, bracketed)) => {
                let (host, after) = bracketed.split_once(']').unwrap_or((bracketed, ""));
                (host, after.split_once(':').map_or("", |(_, port)| port))
            }
            None => place.split_once(':').unwrap_or((place, "")),
        };
        let mut netloc = match host {
            "" => None,
            host => Some(self.domain(&lower_host(host))?),
        };
        if let Some(login) = login {
            // Python shows a host that is not there as None.
            netloc = Some(format!("{login}@{}", netloc.as_deref().unwrap_or("None")));
        }
        if !port.is_empty() {
            netloc = Some(format!("{}:{}", netloc.as_deref().unwrap_or("None"), self::port(port)?));
        }
        url.netloc = netloc.unwrap_or_default();
        Ok(url.text())
    }
}

/// The host in lower case, but for the zone of an address.
fn lower_host(host: &str) -> String {
    match host.split_once('%') {
        Some((address, zone)) => format!("{}%{zone}", address.to_lowercase()),
        None => host.to_lowercase(),
    }
}

fn port(text: &str) -> Result<u16, Wrong> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let shown = protocol::arguments::python::repr_str(text);
        return Err(Wrong::Raised(format!("Port could not be cast to integer value as {shown}")));
    }
    text.parse().map_err(|_| Wrong::Raised("Port out of range 0-65535".to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_decode_where_that_is_asked_for() {
        let name = "*.xn--bcher-kva.xn--p1ai.example";
        assert_eq!(NameEncoding::Unicode.domain(name).unwrap(), "*.bücher.рф.example");
        assert_eq!(NameEncoding::Idna.domain(name).unwrap(), name);
        assert_eq!(NameEncoding::Ignore.domain(name).unwrap(), name);
        assert_eq!(NameEncoding::Unicode.mail("a@xn--bcher-kva.de").unwrap(), "a@bücher.de");
        assert!(NameEncoding::Unicode.domain("xn--9.de").is_err());
    }

    #[test]
    fn uris_come_as_python_puts_them_together() {
        let shown = |text: &str| NameEncoding::Unicode.uri(text).unwrap();
        assert_eq!(shown("https://EXAMPLE.org/A?b=c#d"), "https://example.org/A?b=c#d");
        assert_eq!(shown("https://u:p@xn--bcher-kva.de:443/"), "https://u:p@bücher.de:443/");
        assert_eq!(shown("urn:uuid:1"), "urn:uuid:1");
        assert_eq!(shown("spiffe://example.org/web"), "spiffe://example.org/web");
        assert_eq!(
            NameEncoding::Ignore.uri("http://a:x/").unwrap_err().text(),
            "Port could not be cast to integer value as 'x'"
        );
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in any::<String>()) {
            let _ = NameEncoding::Unicode.domain(&format!("xn--{text}"));
            let _ = NameEncoding::Unicode.uri(&text);
            let _ = NameEncoding::Unicode.mail(&text);
        }
    }
}
