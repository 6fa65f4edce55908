//! Cookies of one call: kept from answers, sent along when a redirect is followed.
//!
//! Source: <https://docs.python.org/3/library/http.cookiejar.html>, its default policy for Netscape cookies.

use std::time::{SystemTime, UNIX_EPOCH};

use tz::UtcDateTime;

use crate::{
    headers::Headers,
    url::{self, Url},
};

/// A cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: Option<String>,
    domain: String,
    has_domain: bool,
    path: String,
    port: Option<String>,
    secure: bool,
    expires: Option<i64>,
}

/// The cookies that were set, by domain, path and name.
#[derive(Debug, Default)]
pub(crate) struct Jar(Vec<Cookie>);

/// A request, as far as cookies care.
struct Place {
    scheme: String,
    host: String,
    /// The host with `.local` where it has no dot.
    effective: String,
    port: String,
    path: String,
}

impl Place {
    fn of(url: &str) -> Self {
        let url = Url::split(url);
        let netloc = url.netloc.to_lowercase();
        let (host, port) = match netloc.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (host.to_owned(), port.to_owned())
            }
            _ => (netloc, "80".to_owned()),
        };
        let effective = if host.contains('.') { host.clone() } else { format!("{host}.local") };
        let path = if url.path.starts_with('/') { url.path } else { format!("/{}", url.path) };
        Self { scheme: url.scheme, host, effective, port, path: escape(&path) }
    }
}

/// Percent-encodes what a cookie's path must not hold.
fn escape(path: &str) -> String {
    url::quote(path.as_bytes(), |byte| b"%/;:@&=+$,!~*'()".contains(&byte))
}

impl Jar {
    /// Names and values of all, in the order in which Python gives them.
    pub(crate) fn pairs(&self) -> Vec<(String, Option<String>)> {
        self.0.iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }

    /// Keeps what an answer sets.
    pub(crate) fn keep(&mut self, url: &str, headers: &Headers) {
        let place = Place::of(url);
        let now = now();
        for header in headers.all("set-cookie") {
            let Some(cookie) = read(header, &place, now) else { continue };
            let same = |other: &Cookie| {
                (&other.domain, &other.path, &other.name) == (&cookie.domain, &cookie.path, &cookie.name)
            };
            if cookie.expires.is_some_and(|expires| expires <= now) {
                self.0.retain(|other| !same(other));
            } else if is_allowed(&cookie, &place) {
                self.put(cookie);
            }
        }
    }

    /// Puts a cookie into the place of the same one, else behind those of its path, else of its domain.
    fn put(&mut self, cookie: Cookie) {
        let last = |alike: &dyn Fn(&Cookie) -> bool| self.0.iter().rposition(alike);
        let in_path = |other: &Cookie| other.domain == cookie.domain && other.path == cookie.path;
        if let Some(index) = last(&|other| in_path(other) && other.name == cookie.name) {
            if let Some(place) = self.0.get_mut(index) {
                *place = cookie;
            }
            return;
        }
        let behind = last(&in_path).or_else(|| last(&|other| other.domain == cookie.domain));
        self.0.insert(behind.map_or(self.0.len(), |index| index + 1), cookie);
    }

    /// The value of `Cookie` for a request; the most specific paths first.
    pub(crate) fn header(&self, url: &str) -> Option<String> {
        let place = Place::of(url);
        let now = now();
        let mut sent: Vec<&Cookie> = self.0.iter().filter(|cookie| is_for(cookie, &place, now)).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.chars().count()));
        let pairs: Vec<String> = sent
            .into_iter()
            .map(|cookie| match &cookie.value {
                Some(value) => format!("{}={value}", cookie.name),
                None => cookie.name.clone(),
            })
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Reads one `Set-Cookie`; `None` where it is none.
fn read(header: &str, place: &Place, now: i64) -> Option<Cookie> {
    let mut parts = header.split(';').map(str::trim);
    let pair = |part: &str| match part.split_once('=') {
        Some((name, value)) => (name.trim().to_owned(), Some(value.trim().to_owned())),
        None => (part.to_owned(), None),
    };
    let (name, value) = parts.next().map(pair).filter(|(name, _)| !name.is_empty())?;
    let mut cookie = Cookie {
        name,
        value,
        domain: String::new(),
        has_domain: false,
        path: String::new(),
        port: None,
        secure: false,
        expires: None,
    };
    let mut has_age = false;
    let mut seen: Vec<String> = Vec::new();
    for (key, value) in parts.map(pair) {
        let key = key.to_lowercase();
        if seen.contains(&key) {
            continue;
        }
        match key.as_str() {
            "domain" => {
                let domain = value?.to_lowercase();
                cookie.domain = if domain.starts_with('.') { domain } else { format!(".{domain}") };
                cookie.has_domain = true;
            }
            "path" => cookie.path = value?,
            "port" => {
                cookie.port =
                    Some(value.map_or_else(|| place.port.clone(), |port| port.replace(char::is_whitespace, "")))
            }
            "secure" => cookie.secure = true,
            // Versions beyond that of RFC 2109 are switched off.
            "version" => {
                if value?.trim_matches('"').parse::<u8>().ok()? > 1 {
                    return None;
                }
            }
            "max-age" => {
                has_age = true;
                cookie.expires = Some(now.saturating_add(value?.trim_matches('"').parse().ok()?));
            }
            "expires" if !has_age => {
                let Some(moment) = value.and_then(|value| moment(value.trim_matches('"'))) else { continue };
                cookie.expires = Some(moment);
            }
            _ => continue,
        }
        seen.push(key);
    }
    if cookie.path.is_empty() {
        let folder = place.path.rsplit_once('/').map_or(place.path.as_str(), |(folder, _)| folder);
        cookie.path = if folder.is_empty() { "/".to_owned() } else { folder.to_owned() };
    } else {
        cookie.path = escape(&cookie.path);
    }
    if !cookie.has_domain {
        cookie.domain.clone_from(&place.effective);
    }
    Some(cookie)
}

/// Whether a host may set a cookie for its domain.
fn is_allowed(cookie: &Cookie, place: &Place) -> bool {
    if let Some(ports) = cookie.port.as_deref()
        && !ports.split(',').any(|port| port == place.port)
    {
        return false;
    }
    if !cookie.has_domain {
        return true;
    }
    let bare = cookie.domain.trim_start_matches('.');
    if !bare.contains('.') && !place.effective.ends_with(".local") {
        return false;
    }
    place.effective.ends_with(&cookie.domain)
        || place.effective.ends_with(&format!("{bare}.local"))
        || format!(".{}", place.effective).ends_with(&cookie.domain)
}

/// Whether a cookie goes with a request.
fn is_for(cookie: &Cookie, place: &Place, now: i64) -> bool {
    let dotted = if cookie.domain.starts_with('.') { cookie.domain.clone() } else { format!(".{}", cookie.domain) };
    let of_host = format!(".{}", place.host).ends_with(&dotted) || format!(".{}", place.effective).ends_with(&dotted);
    let of_path = place.path == cookie.path
        || place
            .path
            .strip_prefix(&cookie.path)
            .is_some_and(|rest| cookie.path.ends_with('/') || rest.starts_with('/'));
    let of_port = cookie.port.as_deref().is_none_or(|ports| ports.split(',').any(|port| port == place.port));
    of_host
        && of_path
        && of_port
        && (!cookie.secure || place.scheme == "https")
        && cookie.expires.is_none_or(|expires| expires > now)
}

/// Seconds since 1970 of a date in one of the forms that servers write.
fn moment(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (mut day, mut month, mut year, mut clock) = (None, None, None, None);
    for word in text.split([' ', ',', '-', '\t']).filter(|word| !word.is_empty()) {
        let lower = word.to_lowercase();
        if word.contains(':') {
            let mut fields = word.split(':').map(|field| field.parse::<u8>().ok());
            clock = Some((fields.next()??, fields.next()??, fields.next().flatten().unwrap_or(0)));
        } else if let Ok(number) = word.parse::<i32>() {
            if day.is_none() {
                day = u8::try_from(number).ok();
            } else if year.is_none() {
                year = Some(number);
            }
        } else if month.is_none()
            && let Some(begin) = lower.get(..3)
        {
            month = MONTHS.iter().position(|name| *name == begin);
        }
    }
    let year = match year? {
        year @ 0..70 => year + 2000,
        year @ 70..100 => year + 1900,
        year => year,
    };
    let (hour, minute, second) = clock.unwrap_or_default();
    let month = u8::try_from(month? + 1).ok()?;
    Some(UtcDateTime::new(year, month, day?, hour, minute, second, 0).ok()?.unix_time())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in ".{0,100}") {
            let _ = read(&text, &Place::of("http://a/"), 0);
            let _ = moment(&text);
        }
    }

    fn jar(url: &str, cookies: &[&str]) -> Jar {
        let mut headers = Headers::default();
        cookies.iter().for_each(|cookie| headers.push("Set-Cookie", *cookie));
        let mut jar = Jar::default();
        jar.keep(url, &headers);
        jar
    }

    #[test]
    fn cookies_go_back_to_their_host_and_path() {
        let jar = jar("http://127.0.0.1:8080/a/b", &["x=1; Path=/", "y=\"2\"", "z; path=/a"]);
        assert_eq!(jar.header("http://127.0.0.1:9/a/c").unwrap(), "y=\"2\"; z; x=1");
        assert_eq!(jar.header("http://127.0.0.1/").unwrap(), "x=1");
        assert_eq!(jar.header("http://127.0.0.2/"), None);
        assert_eq!(jar.pairs().len(), 3);
    }

    #[test]
    fn a_domain_is_no_foreign_one() {
        let jar = jar(
            "http://www.example.com/",
            &["a=1; domain=example.com", "b=1; domain=other.com", "c=1; domain=com", "d=1; Secure"],
        );
        assert_eq!(jar.header("http://api.example.com/").unwrap(), "a=1");
        assert_eq!(jar.header("https://www.example.com/").unwrap(), "a=1; d=1");
    }

    #[test]
    fn a_cookie_ends_with_its_time() {
        let url = "http://a.b/";
        let mut jar = jar(url, &["a=1", "b=1; Max-Age=100", "c=1; expires=Thu, 01-Jan-1970 00:00:00 GMT"]);
        assert_eq!(jar.header(url).unwrap(), "a=1; b=1");
        let mut headers = Headers::default();
        headers.push("set-cookie", "a=; Max-Age=0");
        jar.keep(url, &headers);
        assert_eq!(jar.header(url).unwrap(), "b=1");
        assert_eq!(moment("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000));
    }
}
