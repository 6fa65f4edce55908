//! Header fields of a message, and what stands in their values.
//!
//! Source: RFC 9110 section 5, RFC 2231; Python's `email.message.Message`, as which its HTTP client reads them.

/// Header fields in the order in which they came. A byte of a value is the character of its number (ISO-8859-1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Adds a field.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of that name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All values of that name, in any case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The kind of content: main type and subtype in lower case; `text/plain` where it is not said well.
    #[must_use]
    pub fn content_type(&self) -> (String, String) {
        let value = self.get("content-type").unwrap_or_default();
        let kind = value.split(';').next().unwrap_or_default().trim().to_lowercase();
        match kind.split_once('/') {
            Some((main, sub)) if !sub.contains('/') => {
                let sub = sub.split(',').next().unwrap_or_default();
                (main.to_owned(), sub.to_owned())
            }
            _ => ("text".to_owned(), "plain".to_owned()),
        }
    }

    /// A parameter of a value: `charset` of `text/html; charset=utf-8`. Its encoded form (`name*=utf-8''a%20b`) is
    /// decoded.
    #[must_use]
    pub fn parameter(&self, header: &str, name: &str) -> Option<String> {
        parameters(self.get(header)?).find_map(|(known, value)| {
            if known.eq_ignore_ascii_case(name) {
                return Some(unquoted(&value));
            }
            known.strip_suffix('*').filter(|known| known.eq_ignore_ascii_case(name))?;
            let value = unquoted(&value);
            let text = value.splitn(3, '\'').nth(2).unwrap_or(&value);
            Some(crate::url::unquote(text))
        })
    }
}

/// The parameters of a value; a semicolon in quotes does not end one.
fn parameters(value: &str) -> impl Iterator<Item = (String, String)> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for letter in value.chars() {
        if letter == ';' && !quoted {
            parts.push(String::new());
            continue;
        }
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts.into_iter().skip(1).map(|part| match part.split_once('=') {
        Some((name, value)) => (name.trim().to_owned(), value.trim().to_owned()),
        None => (part.trim().to_owned(), String::new()),
    })
}

fn unquoted(value: &str) -> String {
    match value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\\", "\\").replace("\\\"", "\""),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &str, value: &str) -> Headers {
        let mut headers = Headers::default();
        headers.push(name, value);
        headers
    }

    #[test]
    fn the_kind_of_content_is_read() {
        let kind = |value| headers("Content-Type", value).content_type();
        assert_eq!(kind("Application/JSON; charset=x"), ("application".into(), "json".into()));
        assert_eq!(kind("nonsense"), ("text".into(), "plain".into()));
        assert_eq!(Headers::default().content_type(), ("text".into(), "plain".into()));
    }

    #[test]
    fn parameters_may_be_quoted_or_encoded() {
        let name = |value| headers("content-disposition", value).parameter("Content-Disposition", "filename");
        assert_eq!(name("attachment; filename=a.txt").unwrap(), "a.txt");
        assert_eq!(name(r#"attachment; x=1; filename="a;\"b\".txt""#).unwrap(), "a;\"b\".txt");
        assert_eq!(name("attachment; filename*=UTF-8''%C3%BC.txt").unwrap(), "ü.txt");
        assert_eq!(name("attachment"), None);
    }
}
