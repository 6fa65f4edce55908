//! What servers answer, and URLs.

use http::{Headers, fuzzing, url};

use super::text;

/// Reads an answer: status line, fields, body by length, in chunks or to the end, gzipped or not.
pub fn http_response(data: &[u8]) {
    if let Ok((status, headers, _)) = fuzzing::answer(data, false) {
        assert!((100..=999).contains(&status), "{status} is no status");
        let _ = headers.content_type();
        let _ = headers.parameter("content-disposition", "filename");
        let _ = fuzzing::cookies("http://www.example.com/a/b", &headers);
        let _ = fuzzing::answer(data, true);
    }
}

/// Reads the values of fields that have a syntax of their own (`Set-Cookie`, `WWW-Authenticate`), and a netrc file.
pub fn http_fields(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let _ = fuzzing::netrc(text);
    let _ = fuzzing::challenge(text);
    let mut headers = Headers::default();
    text.lines().for_each(|line| headers.push("Set-Cookie", line));
    if let Some(sent) = fuzzing::cookies("http://www.example.com/a/b", &headers) {
        assert!(!sent.contains('\n'), "a cookie makes no new field");
    }
}

/// Takes URLs apart and joins them: the first line is the base.
pub fn url(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (base, reference) = text.split_once('\n').unwrap_or((text, ""));
    let _ = url::join(base, reference);
    let parts = url::Url::split(text);
    let _ = (parts.hostname(), parts.text());
    let shown = url::mask(text);
    if let (Some(_), Some(password)) = url::Url::split(&shown).credentials() {
        assert!(password == "****" || password.is_empty(), "a password is shown: {shown}");
    }
    assert_eq!(url::unquote(&url::quote(data, |_| false)), text, "quoting goes both ways");
}
