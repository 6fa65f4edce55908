//! Proxies from the environment: `http_proxy`, `https_proxy`, `no_proxy`.
//!
//! Source: <https://docs.python.org/3/library/urllib.request.html#urllib.request.getproxies>.

use std::collections::BTreeMap;

use crate::{auth, url::unquote};

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// `http` or `https`: how the proxy itself is reached.
    pub(crate) scheme: Option<String>,
    /// Host and port.
    pub(crate) host: String,
    /// The value of `Proxy-Authorization`.
    pub(crate) authorization: Option<String>,
}

/// The proxy for a URL's scheme and host; none where there is none, or the host goes without.
pub(crate) fn of(environment: &BTreeMap<String, String>, scheme: &str, host: &str) -> Option<Proxy> {
    let setting = setting(environment, scheme)?;
    if bypasses(&self::setting(environment, "no").unwrap_or_default(), host) {
        return None;
    }
    Some(parse(&setting))
}

/// `SCHEME_proxy` in any case; in lower case it weighs more, and empty it takes the other away.
fn setting(environment: &BTreeMap<String, String>, scheme: &str) -> Option<String> {
    let name = format!("{scheme}_proxy");
    // A server hands its client's `Proxy:` header to a CGI program as HTTP_PROXY.
    let is_cgi = scheme == "http" && environment.contains_key("REQUEST_METHOD");
    let exact = environment.iter().find(|(known, _)| known.ends_with("_proxy") && known.to_lowercase() == name);
    let value = match exact {
        Some((_, value)) => value,
        None if is_cgi => return None,
        None => environment.iter().find(|(known, _)| known.to_lowercase() == name).map(|(_, value)| value)?,
    };
    Some(value.clone()).filter(|value| !value.is_empty())
}

fn bypasses(no_proxy: &str, host: &str) -> bool {
    if no_proxy.is_empty() {
        return false;
    }
    if no_proxy == "*" {
        return true;
    }
    let host = host.to_lowercase();
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => &host,
    };
    no_proxy.split(',').map(str::trim).filter(|name| !name.is_empty()).any(|name| {
        let name = name.trim_start_matches('.').to_lowercase();
        let dotted = format!(".{name}");
        bare == name || host == name || bare.ends_with(&dotted) || host.ends_with(&dotted)
    })
}

fn parse(text: &str) -> Proxy {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_lowercase()), rest),
        None => (None, text),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let authorization = user.and_then(|user| user.split_once(':')).and_then(|(name, password)| {
        (!name.is_empty() && !password.is_empty()).then(|| auth::basic(&unquote(name), &unquote(password)))
    });
    Proxy { scheme, host: unquote(host), authorization }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_proxy_is_taken_from_the_environment() {
        let proxy = of(&environment(&[("HTTP_PROXY", "http://u:p@proxy:3128/")]), "http", "host").unwrap();
        assert_eq!((proxy.scheme.as_deref(), proxy.host.as_str()), (Some("http"), "proxy:3128"));
        assert_eq!(proxy.authorization.as_deref(), Some("Basic dTpw"));
        assert_eq!(of(&environment(&[("http_proxy", ""), ("HTTP_PROXY", "x")]), "http", "host"), None);
        assert_eq!(of(&environment(&[("HTTP_PROXY", "x"), ("REQUEST_METHOD", "GET")]), "http", "host"), None);
        assert_eq!(of(&environment(&[("http_proxy", "proxy:1")]), "https", "host"), None);
    }

    #[test]
    fn hosts_may_go_without() {
        for (list, host, want) in [
            ("*", "any", true),
            ("example.com", "www.example.com:80", true),
            (".example.com", "example.com", true),
            ("a, 127.0.0.1", "127.0.0.1:8080", true),
            ("127.0.0.1:8081", "127.0.0.1:8080", false),
            ("ample.com", "example.com", false),
        ] {
            assert_eq!(bypasses(list, host), want, "{list} {host}");
        }
    }
}
