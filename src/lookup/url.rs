//! `url`: what a server answers.
//!
//! Source: Ansible documentation, `ansible.builtin.url` lookup.

use std::{net::ToSocketAddrs, sync::Arc};

use http::{BodyError, Follow, Options, Surroundings};
use jinja::{Error, Kind, Scope, Value};
use modules::module::os_error;

use super::{Answer, Request, options::is_true};
use crate::template::data::from_data;

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        let Value::Str(url) = term else {
            let message = format!("'{}' object has no attribute 'decode'", term.type_name());
            return Err(Error::new(Kind::Attribute, message));
        };
        let bytes = fetch(request, url.as_str())?;
        let split = match request.option("split_lines") {
            Some(value) => is_true(value),
            None => true,
        };
        if split {
            found.extend(lines(&bytes).into_iter().map(|line| Value::from(String::from_utf8_lossy(line).into_owned())));
        } else {
            found.push(Value::from(String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    Ok(found)
}

fn fetch(request: &Request<'_>, url: &str) -> Result<Vec<u8>, Error> {
    let options = options(request, url)?;
    let around = Surroundings {
        environment: &request.registry.config.environment.vars,
        resolve: &|host, port| match (host, port).to_socket_addrs() {
            Ok(addresses) => Ok(addresses.collect()),
            Err(_) => Err("[Errno -2] Name or service not known".to_owned()),
        },
        cancelled: Arc::new(|| false),
    };
    let shown = http::url::mask(url);
    let response = http::open(options, &around).map_err(|error| {
        Error::other(match &error {
            http::Error::Status(_) => format!("Received HTTP error for {shown}: {error}"),
            http::Error::Url(_) => format!("Failed lookup url for {shown}: {error}"),
            _ => error.to_string(),
        })
    })?;
    let Some(body) = response.body else { return Ok(Vec::new()) };
    body.whole().map_err(|error| match error {
        BodyError::System(http::Reason::System(error)) => Error::other(os_error(&error, None)),
        error => Error::other(error.to_string()),
    })
}

/// The lines of bytes, as Python's `bytes.splitlines` has them.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        lines.push(line);
        rest = after.strip_prefix(b"\r\n").unwrap_or_else(|| after.get(1..).unwrap_or_default());
    }
    lines
}

fn options(request: &Request<'_>, url: &str) -> Result<Options, Error> {
    let given = Settings { request };
    if given.flag("use_gssapi", "use_gssapi")? {
        return Err(Error::other("use_gssapi: provision has no GSSAPI (Kerberos) for HTTP; leave the option out"));
    }
    let follow = given.text("follow_redirects", "follow_redirects")?.unwrap_or_else(|| "urllib2".to_owned());
    let follow = match follow.as_str() {
        "all" | "yes" => Follow::All,
        "none" | "no" => Follow::None,
        "safe" => Follow::Safe,
        "urllib2" => Follow::Urllib2,
        other => {
            return Err(Error::value_error(format!(
                "Invalid value '{other}' for config 'follow_redirects' for 'url' lookup plugin."
            )));
        }
    };
    Ok(Options {
        url: url.to_owned(),
        validate_certs: request.flag("validate_certs", true),
        use_proxy: request.flag("use_proxy", true),
        username: request.text("username")?,
        password: request.text("password")?,
        headers: given.headers()?,
        force: given.flag("force", "force")?,
        timeout: given.timeout()?,
        agent: given.text("http_agent", "agent")?.unwrap_or_default(),
        force_basic_auth: given.flag("force_basic_auth", "force_basic_auth")?,
        follow,
        unix_socket: given.text("unix_socket", "unix_socket")?,
        ca_path: given.text("ca_path", "ca_path")?,
        unredirected: given.list("unredirected_headers", "unredir_headers")?,
        ciphers: given.list("ciphers", "ciphers")?,
        use_netrc: given.flag("use_netrc", "use_netrc")?,
        ..Options::default()
    })
}

/// Options from the call, else from variables (`ansible_lookup_url_force`), else from the environment and ansible.cfg.
struct Settings<'a> {
    request: &'a Request<'a>,
}

impl Settings<'_> {
    fn value(&self, name: &str, variable: &str) -> Result<Option<Value>, Error> {
        if let Some(value) = self.request.option(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = self.request.scope.lookup(&format!("ansible_lookup_url_{variable}"))? {
            return Ok(Some(value));
        }
        let setting = self.request.registry.config.settings.get("lookup/url", name);
        Ok(setting.map(|setting| from_data(&setting.value)).filter(|value| !value.is_none()))
    }

    fn text(&self, name: &str, variable: &str) -> Result<Option<String>, Error> {
        self.value(name, variable)?.filter(|value| !value.is_none()).map(|value| value.to_str()).transpose()
    }

    fn flag(&self, name: &str, variable: &str) -> Result<bool, Error> {
        Ok(self.value(name, variable)?.is_some_and(|value| is_true(&value)))
    }

    /// A list, or text with commas between.
    fn list(&self, name: &str, variable: &str) -> Result<Vec<String>, Error> {
        match self.value(name, variable)? {
            None | Some(Value::None) => Ok(Vec::new()),
            Some(Value::List(list)) => list.values()?.iter().map(Value::to_str).collect(),
            Some(other) => Ok(other.to_str()?.split(',').map(|part| part.trim().to_owned()).collect()),
        }
    }

    fn timeout(&self) -> Result<f64, Error> {
        let Some(value) = self.value("timeout", "timeout")? else { return Ok(10.0) };
        let number = match &value {
            Value::Float(number) => Some(*number),
            Value::Str(text) => text.trim().parse().ok(),
            #[expect(clippy::cast_precision_loss, reason = "seconds that are waited for")]
            other => other.as_int().map(|number| number as f64),
        };
        number.ok_or_else(|| wrong("timeout", "float", &value))
    }

    fn headers(&self) -> Result<Vec<(String, String)>, Error> {
        match self.request.option("headers") {
            None | Some(Value::None) => Ok(Vec::new()),
            Some(Value::Dict(headers)) => {
                headers.raw_items().into_iter().map(|(name, value)| Ok((name.to_str()?, value.to_str()?))).collect()
            }
            Some(other) => Err(wrong("headers", "dictionary", other)),
        }
    }
}

fn wrong(name: &str, kind: &str, value: &Value) -> Error {
    let shown = value.repr().unwrap_or_default();
    Error::value_error(format!(
        "Config '{name}' for 'url' lookup plugin from 'Direct' has an invalid value: Invalid value provided for '{kind}': \
         {shown}"
    ))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    use super::lines;
    use crate::lookup::testing::{Place, refusal};

    /// The URL of a server that says this once, and hands over what it was asked.
    fn server(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 4096];
            let count = stream.read(&mut bytes).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&bytes[..count]).into_owned()
        });
        (url, asked)
    }

    #[test]
    fn content_is_split_into_lines_unless_told() {
        let place = Place::with(&[]);
        let (url, asked) = server("HTTP/1.1 200 OK\r\n\r\na\nb\r\nc");
        assert_eq!(place.answer(&format!("q('url', '{url}/x', headers={{'X-A': 1}})")), "['a', 'b', 'c']");
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("GET /x ") && asked.contains("User-Agent: ansible-httpget\r\nX-A: 1\r\n"), "{asked}");
        let (url, _) = server("HTTP/1.1 200 OK\r\n\r\na\nb");
        assert_eq!(place.answer(&format!("lookup('url', '{url}/', split_lines=false)")), "'a\\nb'");
        assert_eq!(lines(b"a\r\n\rb\n"), [b"a".as_slice(), b"", b"b"]);
    }

    #[test]
    fn what_fails_is_said_in_ansibles_words() {
        let (url, _) = server("HTTP/1.1 404 Not here\r\n\r\n");
        let place = Place::with(&[]);
        assert_eq!(
            place.refusal(&format!("lookup('url', '{url}/')")),
            format!("The lookup plugin 'url' failed: Received HTTP error for {url}/: HTTP Error 404: Not here")
        );
        assert_eq!(
            refusal("lookup('url', 'http://127.0.0.1:1/')"),
            "The lookup plugin 'url' failed: Failed lookup url for http://127.0.0.1:1/: <urlopen error [Errno 111] \
             Connection refused>"
        );
        assert_eq!(
            refusal("lookup('url', 'nonsense')"),
            "The lookup plugin 'url' failed: unknown url type: 'nonsense'"
        );
        assert_eq!(
            refusal("lookup('url', 'http://h/', timeout='x')"),
            "The lookup plugin 'url' failed: Config 'timeout' for 'url' lookup plugin from 'Direct' has an invalid value: \
             Invalid value provided for 'float': 'x'"
        );
    }
}
