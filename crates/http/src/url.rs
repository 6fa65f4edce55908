//! URLs as Python's `urllib.parse` takes them apart: leniently, and without changing a letter that it need not.
//!
//! Source: <https://docs.python.org/3/library/urllib.parse.html>.

/// The parts of a URL; put together again they give the same text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Url {
    /// `https`, in lower case.
    pub scheme: String,
    /// User, host and port: all between `//` and the path.
    pub netloc: String,
    /// From the first `/` on.
    pub path: String,
    /// What follows `?`.
    pub query: String,
    /// What follows `#`.
    pub fragment: String,
}

/// What shows in the place of a user and a password.
const MASK: &str = "****";

impl Url {
    /// Takes a URL apart (`urlsplit`).
    #[must_use]
    pub fn split(text: &str) -> Self {
        let mut rest: String = text.trim_start_matches(|c: char| c <= ' ').replace(['\t', '\r', '\n'], "");
        let mut scheme = String::new();
        if let Some((before, after)) = rest.split_once(':')
            && before.starts_with(|c: char| c.is_ascii_alphabetic())
            && before.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        {
            scheme = before.to_lowercase();
            rest = after.to_owned();
        }
        let mut netloc = String::new();
        if let Some(after) = rest.strip_prefix("//") {
            let end = after.find(['/', '?', '#']).unwrap_or(after.len());
            let (host, path) = after.split_at(end);
            netloc = host.to_owned();
            rest = path.to_owned();
        }
        let part = |text: String, mark: char| match text.split_once(mark) {
            Some((before, after)) => (before.to_owned(), after.to_owned()),
            None => (text, String::new()),
        };
        let (rest, fragment) = part(rest, '#');
        let (path, query) = part(rest, '?');
        Self { scheme, netloc, path, query, fragment }
    }

    /// The text of a URL (`urlunsplit`).
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.scheme.is_empty() {
            text.push_str(&self.scheme);
            text.push(':');
        }
        let authority =
            matches!(self.scheme.as_str(), "http" | "https" | "file" | "ftp") && !self.path.starts_with("//");
        if !self.netloc.is_empty() || authority {
            text.push_str("//");
            text.push_str(&self.netloc);
            if !self.path.is_empty() && !self.path.starts_with('/') {
                text.push('/');
            }
        }
        text.push_str(&self.path);
        for (mark, part) in [('?', &self.query), ('#', &self.fragment)] {
            if !part.is_empty() {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }

    /// User and password, as far as they are given.
    #[must_use]
    pub fn credentials(&self) -> (Option<&str>, Option<&str>) {
        match self.netloc.rsplit_once('@').map(|(user, _)| user) {
            None => (None, None),
            Some(user) => match user.split_once(':') {
                Some((name, password)) => (Some(name), Some(password)),
                None => (Some(user), None),
            },
        }
    }

    /// The host in lower case, without brackets and port.
    #[must_use]
    pub fn hostname(&self) -> String {
        let host = self.netloc.rsplit_once('@').map_or(self.netloc.as_str(), |(_, host)| host);
        let host = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((inner, _)) => inner,
            None => host.split_once(':').map_or(host, |(name, _)| name),
        };
        host.to_lowercase()
    }
}

/// Where a reference leads from a base (`urljoin`).
#[must_use]
pub fn join(base: &str, reference: &str) -> String {
    if base.is_empty() || reference.is_empty() {
        return format!("{base}{reference}");
    }
    let base = Url::split(base);
    let mut url = Url::split(reference);
    if url.scheme.is_empty() {
        url.scheme.clone_from(&base.scheme);
    }
    if url.scheme != base.scheme || !matches!(url.scheme.as_str(), "" | "http" | "https" | "file" | "ftp") {
        return reference.to_owned();
    }
    if !url.netloc.is_empty() {
        return url.text();
    }
    url.netloc.clone_from(&base.netloc);
    if url.path.is_empty() {
        url.path.clone_from(&base.path);
        if url.query.is_empty() {
            url.query.clone_from(&base.query);
        }
        return url.text();
    }
    let mut segments: Vec<&str> = Vec::new();
    if url.path.starts_with('/') {
        segments.extend(url.path.split('/'));
    } else {
        let folder = base.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        segments.extend(folder.split('/'));
        segments.extend(url.path.split('/'));
        let last = segments.len().saturating_sub(1);
        let mut index = 0;
        segments.retain(|segment| {
            index += 1;
            index == 1 || index > last || !segment.is_empty()
        });
    }
    let mut resolved: Vec<&str> = Vec::new();
    for segment in &segments {
        match *segment {
            "." => {}
            ".." => {
                resolved.pop();
            }
            other => resolved.push(other),
        }
    }
    if matches!(segments.last(), Some(&("." | ".."))) {
        resolved.push("");
    }
    let path = resolved.join("/");
    url.path = if path.is_empty() { "/".to_owned() } else { path };
    url.text()
}

/// A URL without its user and password, to be shown.
#[must_use]
pub fn mask(text: &str) -> String {
    let mut url = Url::split(text);
    let (user, password) = url.credentials();
    let netloc = match (user.unwrap_or_default(), password.unwrap_or_default()) {
        ("", "") => return text.to_owned(),
        (user, "") => url.netloc.replace(&format!("{user}@"), &format!("{MASK}@")),
        (user, password) => url.netloc.replace(&format!("{user}:{password}@"), &format!("{MASK}:{MASK}@")),
    };
    url.netloc = netloc;
    url.text()
}

/// `%41` becomes `A` (`unquote`); what is no UTF-8 then is replaced.
#[must_use]
pub fn unquote(text: &str) -> String {
    String::from_utf8_lossy(&unquote_bytes(text)).into_owned()
}

fn unquote_bytes(text: &str) -> Vec<u8> {
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
    out
}

/// Percent-encodes all bytes but letters, digits, `_.-~` and those that are `safe` (`quote`).
#[must_use]
pub fn quote(bytes: &[u8], safe: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(byte) || safe(*byte) {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// As a form's field is encoded (`quote_plus`).
#[must_use]
pub fn quote_plus(text: &str) -> String {
    quote(text.as_bytes(), |byte| byte == b' ').replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_put_together() {
        let url = Url::split("HTTP://user:p@ss@[::1]:80/a;b?c?d#e");
        assert_eq!(url.credentials(), (Some("user"), Some("p@ss")));
        assert_eq!((url.scheme.as_str(), url.hostname().as_str()), ("http", "::1"));
        assert_eq!((url.path.as_str(), url.query.as_str(), url.fragment.as_str()), ("/a;b", "c?d", "e"));
        assert_eq!(url.text(), "http://user:p@ss@[::1]:80/a;b?c?d#e");
    }

    #[test]
    fn references_are_followed_as_python_does() {
        let base = "http://a/b/c/d?q";
        for (reference, want) in [
            ("g", "http://a/b/c/g"),
            ("./g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d?y"),
            ("#s", "http://a/b/c/d?q#s"),
            ("..", "http://a/b/"),
            ("../../../g", "http://a/g"),
            ("https://x/y", "https://x/y"),
            ("mailto:x", "mailto:x"),
            ("", "http://a/b/c/d?q"),
        ] {
            assert_eq!(join(base, reference), want, "{reference}");
        }
    }

    #[test]
    fn user_and_password_are_not_shown() {
        assert_eq!(mask("http://u:p@h/x"), "http://****:****@h/x");
        assert_eq!(mask("http://u@h/x"), "http://****@h/x");
        assert_eq!(mask("http://h/x#y"), "http://h/x#y");
    }

    #[test]
    fn quoting_goes_both_ways() {
        assert_eq!(quote_plus("a b&ü/"), "a+b%26%C3%BC%2F");
        assert_eq!(unquote("a%20b%2"), "a b%2");
    }
}
