//! What `uri` and `get_url` share: options, the request, and what a result says of the answer.

use std::io;

use http::{Body, BodyError, Error, Headers, Options, Reason, Surroundings};
use macros::Arguments;
use protocol::{
    Data, Map,
    arguments::{PathArg, python},
};

use super::resolve;
use crate::{Context, Failure, module::os_error};

/// How a server is asked.
#[derive(Debug, Arguments)]
pub struct WebOptions {
    /// Ask caches on the way for a fresh copy, and download what is there already.
    #[arg(default = false)]
    pub force: bool,
    /// The name that the client gives itself (`User-Agent`).
    #[arg(default = "ansible-httpget")]
    pub http_agent: String,
    /// Take proxies from the environment.
    #[arg(default = true)]
    pub use_proxy: bool,
    /// Check the server's TLS certificate. Turn it off for hosts of your own with self-signed certificates only.
    #[arg(default = true)]
    pub validate_certs: bool,
    /// Send user and password at once instead of when the server asks for them.
    #[arg(default = false)]
    pub force_basic_auth: bool,
    /// A PEM file with the client's certificate, and perhaps its key.
    pub client_cert: Option<PathArg>,
    /// A PEM file with the client's key.
    pub client_key: Option<PathArg>,
    /// Authenticate with Kerberos, which provision does not do.
    #[arg(default = false)]
    pub use_gssapi: bool,
    /// Header fields that do not go along when a redirect is followed.
    #[arg(default = [])]
    pub unredirected_headers: Vec<String>,
    /// Unpack what comes gzipped.
    #[arg(default = true)]
    pub decompress: bool,
    /// The ciphers of TLS 1.2 to offer, by OpenSSL's names for them.
    pub ciphers: Option<Vec<String>>,
    /// Take user and password from `~/.netrc` where none are given.
    #[arg(default = true)]
    pub use_netrc: bool,
}

impl WebOptions {
    /// The request of a URL, for the caller to complete.
    ///
    /// # Errors
    ///
    /// Something is asked for that provision does not do.
    pub fn request(&self, url: &str, username: Option<&str>, password: Option<&str>) -> Result<Options, Failure> {
        if self.use_gssapi {
            return Err(Failure::new(
                "use_gssapi: provision has no GSSAPI (Kerberos) for HTTP; leave the option out, or use a command like curl \
                 --negotiate",
            ));
        }
        Ok(Options {
            url: url.to_owned(),
            username: username.map(str::to_owned),
            password: password.map(str::to_owned),
            force: self.force,
            agent: self.http_agent.clone(),
            use_proxy: self.use_proxy,
            validate_certs: self.validate_certs,
            force_basic_auth: self.force_basic_auth,
            client_cert: self.client_cert.as_ref().map(|path| path.0.clone()),
            client_key: self.client_key.as_ref().map(|path| path.0.clone()),
            unredirected: self.unredirected_headers.clone(),
            decompress: self.decompress,
            ciphers: self.ciphers.clone().unwrap_or_default(),
            use_netrc: self.use_netrc,
            ..Options::default()
        })
    }
}

/// Header fields from an option's dictionary; the error is Python's.
///
/// # Errors
///
/// A value is neither text nor a whole number.
pub fn header_fields(headers: &Map) -> Result<Vec<(String, String)>, String> {
    headers
        .iter()
        .map(|(name, value)| match value {
            Data::Str(_) | Data::Int(_) | Data::BigInt(_) | Data::Bool(_) => Ok((name.clone(), python::str(value))),
            other => {
                let kind = python::type_name(other);
                let kind = if other.is_null() { "NoneType" } else { kind };
                Err(format!("expected string or bytes-like object, got '{kind}'"))
            }
        })
        .collect()
}

/// What came of a request.
#[derive(Debug)]
pub struct Fetched {
    /// What a result says of it: `url`, `status`, `msg`, the header fields in lower case, cookies.
    pub info: Map,
    /// The status; -1 without an answer, none for a file.
    pub status: Option<i64>,
    /// The answer, of whatever status.
    pub answer: Option<Answer>,
}

/// An answer, of whatever status.
#[derive(Debug)]
pub struct Answer {
    /// Where it came from.
    pub url: String,
    /// Its header fields.
    pub headers: Headers,
    /// Its content.
    pub content: Content,
}

/// An answer's content.
#[derive(Debug)]
pub enum Content {
    /// Of an answer with success: still to be read.
    Open(Body),
    /// Of an answer without: already read.
    Read(Vec<u8>),
    /// None at all: the request was given up.
    None,
}

impl Fetched {
    /// What a result says as `msg`.
    #[must_use]
    pub fn msg(&self) -> &str {
        self.info.get("msg").and_then(Data::as_str).unwrap_or_default()
    }

    /// Where the content came from, to be shown.
    #[must_use]
    pub fn url(&self) -> &str {
        self.info.get("url").and_then(Data::as_str).unwrap_or_default()
    }

    fn failed(mut info: Map, msg: String) -> Self {
        info.insert("msg".to_owned(), msg.into());
        info.insert("status".to_owned(), (-1).into());
        Self { info, status: Some(-1), answer: None }
    }
}

/// Writes down what a URL has, asked for with the options that a module without options of its own for it has.
///
/// # Errors
///
/// What a result says of an answer without success, of a server that does not answer, and of content that breaks off.
pub fn download(ctx: &Context, url: &str, validate_certs: bool, into: &mut impl io::Write) -> Result<(), String> {
    let options = Options {
        url: url.to_owned(),
        agent: "ansible-httpget".to_owned(),
        use_proxy: true,
        validate_certs,
        decompress: true,
        use_netrc: true,
        timeout: 10.0,
        ..Options::default()
    };
    let mut fetched = fetch(ctx, options).map_err(|failure| failure.msg())?;
    // A file has no status.
    if fetched.status.is_some_and(|status| !(0..400).contains(&status)) {
        return Err(fetched.msg().to_owned());
    }
    let copied = match fetched.answer.take().map(|answer| answer.content) {
        Some(Content::Open(mut body)) => io::copy(&mut body, into).map(drop),
        Some(Content::Read(bytes)) => into.write_all(&bytes),
        Some(Content::None) | None => Ok(()),
    };
    copied.and_then(|()| into.flush()).map_err(|error| body_words(&BodyError::of(error)))
}

/// Asks a server.
///
/// # Errors
///
/// The request is not one; the call was cancelled. A server that does not answer, or not with success, is no error.
pub fn fetch(ctx: &Context, options: Options) -> Result<Fetched, Failure> {
    let cancel = ctx.cancel.clone();
    let around = Surroundings {
        environment: ctx.environment(),
        resolve: &|host, port| resolve::addresses(ctx, host, port).map_err(|error| error.to_string()),
        cancelled: std::sync::Arc::new(move || cancel.is_cancelled()),
    };
    let mut info = Map::new();
    info.insert("url".to_owned(), http::url::mask(&options.url).into());
    info.insert("status".to_owned(), (-1).into());
    match http::open(options, &around) {
        Ok(response) => {
            for (name, value) in response.headers.iter() {
                add_header(&mut info, name, value, true);
            }
            let pairs: Vec<String> = response
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("None")))
                .collect();
            info.insert("cookies_string".to_owned(), pairs.join("; ").into());
            let cookies = response.cookies.into_iter().map(|(name, value)| (name, Data::from(value))).collect();
            info.insert("cookies".to_owned(), Data::Map(cookies));
            let length = response.headers.get("content-length").unwrap_or("unknown");
            info.insert("msg".to_owned(), format!("OK ({length} bytes)").into());
            info.insert("url".to_owned(), http::url::mask(&response.url).into());
            let status = response.status.map(i64::from);
            info.insert("status".to_owned(), status.map_or(Data::Null, Data::from));
            let content = response.body.map_or(Content::None, Content::Open);
            let answer = Answer { url: response.url, headers: response.headers, content };
            Ok(Fetched { info, status, answer: Some(answer) })
        }
        Err(Error::Status(response)) => {
            let status = response.status.map(i64::from);
            let msg = format!("HTTP Error {}: {}", status.unwrap_or(-1), response.reason);
            let content = match response.body {
                Some(body) => Content::Read(body.whole().map_err(broken)?),
                None => Content::None,
            };
            for (name, value) in response.headers.iter() {
                add_header(&mut info, name, value, false);
            }
            info.insert("msg".to_owned(), msg.into());
            info.insert("status".to_owned(), status.map_or(Data::Null, Data::from));
            let answer = Answer { url: response.url, headers: response.headers, content };
            Ok(Fetched { info, status, answer: Some(answer) })
        }
        Err(Error::Url(reason)) => {
            Ok(Fetched::failed(info, format!("Request failed: <urlopen error {}>", words(&reason))))
        }
        Err(Error::Connection(reason)) => Ok(Fetched::failed(info, format!("Connection failure: {}", words(&reason)))),
        Err(Error::BadStatusLine(line)) => Ok(Fetched::failed(
            info,
            format!("Connection failure: connection was closed before a valid response was received: {line}"),
        )),
        Err(Error::Other(why)) => Ok(Fetched::failed(info, unknown(&why))),
        Err(Error::Value(why)) => {
            let failure = info.into_iter().fold(Failure::new(why), |failure, (key, value)| failure.with(&key, value));
            Err(failure)
        }
        Err(Error::Cancelled) => Err(Failure::cancelled()),
    }
}

/// What is said of an error of no other kind.
#[must_use]
pub fn unknown(why: &str) -> String {
    format!("An unknown error occurred: {why}")
}

fn words(reason: &Reason) -> String {
    match reason {
        Reason::Text(text) => text.clone(),
        Reason::System(error) => os_error(error, None),
    }
}

/// The failure of content that did not come whole.
#[must_use]
pub fn broken(error: BodyError) -> Failure {
    match error {
        BodyError::Cancelled => Failure::cancelled(),
        error => Failure::raised(&body_words(&error), None),
    }
}

/// What is said of content that did not come whole.
#[must_use]
pub fn body_words(error: &BodyError) -> String {
    match error {
        BodyError::System(reason) => words(reason),
        other => other.to_string(),
    }
}

/// Names that say what became of a task: a server does not decide that.
const RESERVED: &[&str] = &[
    "failed",
    "skipped",
    "unreachable",
    "rc",
    "failed_when_result",
    "invocation",
    "warnings",
    "deprecations",
    "exception",
    "diff",
];

/// Adds a header field; one that comes twice is joined, or the last counts.
fn add_header(info: &mut Map, name: &str, value: &str, joins: bool) {
    let name = name.to_lowercase();
    let key = name.replace('-', "_");
    if RESERVED.contains(&key.as_str()) || key.trim_start_matches('_').starts_with("ansible") {
        return;
    }
    match info.get_mut(&name) {
        Some(Data::Str(old)) if joins && name != "url" => {
            old.push_str(", ");
            old.push_str(value);
        }
        _ => {
            info.insert(name, value.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_that_come_twice_are_joined() {
        let mut info = Map::new();
        for (name, value) in [("X-A", "1"), ("x-a", "2"), ("Failed", "yes"), ("URL", "x"), ("ansible_facts", "{}")] {
            add_header(&mut info, name, value, true);
        }
        assert_eq!(info.get("x-a"), Some(&Data::from("1, 2")));
        assert_eq!(info.len(), 2);
    }

    #[test]
    fn header_values_are_texts_or_whole_numbers() {
        let headers = Map::from([("a".to_owned(), Data::Int(1)), ("b".to_owned(), Data::Bool(true))]);
        assert_eq!(header_fields(&headers).unwrap(), [("a".into(), "1".into()), ("b".into(), "True".into())]);
        let headers = Map::from([("a".to_owned(), Data::Null)]);
        assert_eq!(header_fields(&headers).unwrap_err(), "expected string or bytes-like object, got 'NoneType'");
    }
}
