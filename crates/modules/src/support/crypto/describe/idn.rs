//! International domain names: which form a name is shown in (`name_encoding`).
//!
//! What certificates carry is ASCII, so that `idna` leaves a name as it is and `unicode` decodes its A-labels.

use http::url::Url;
use macros::Choice;

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
                Some(encoded) => decode(&encoded.to_ascii_lowercase()).ok_or_else(|| {
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

/// Decodes Punycode in lower case (RFC 3492 section 6.2).
fn decode(encoded: &str) -> Option<String> {
    const BASE: u32 = 36;
    let (basic, deltas) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    let mut letters: Vec<char> = basic.chars().collect();
    let (mut code, mut index, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = deltas.bytes();
    while digits.len() > 0 {
        let (start, mut weight, mut k) = (index, 1_u32, BASE);
        loop {
            let digit = match digits.next()? {
                letter @ b'a'..=b'z' => u32::from(letter - b'a'),
                figure @ b'0'..=b'9' => u32::from(figure - b'0') + 26,
                _ => return None,
            };
            index = index.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k = k.checked_add(BASE)?;
        }
        let length = u32::try_from(letters.len()).ok()?.checked_add(1)?;
        bias = adapted(index - start, length, start == 0);
        code = code.checked_add(index / length)?;
        index %= length;
        letters.insert(usize::try_from(index).ok()?, char::from_u32(code)?);
        index += 1;
    }
    Some(letters.into_iter().collect())
}

/// RFC 3492 section 6.1.
fn adapted(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
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
