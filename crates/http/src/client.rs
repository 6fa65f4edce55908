//! A request from beginning to end: proxies, authentication, cookies, redirects.
//!
//! Source: the documentation of Python's `urllib.request` and of Ansible's modules `uri` and `get_url`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::ClientConfig;
use tz::UtcDateTime;

use crate::{
    auth::{Answer, Answerer, Challenged, basic},
    body::Body,
    cookies::Jar,
    error::{Error, Reason},
    exchange::{Incoming, Outgoing, receive_tunnel},
    headers::Headers,
    netrc,
    proxy::{self, Proxy},
    redirect::{self, Follow, Visited},
    stream::{Cancelled, Limited, Stream},
    tls::{self, Wishes},
    url::{Url, unquote},
};

/// Gives the addresses of a host with a port, or what the system says.
pub type Resolve<'a> = dyn Fn(&str, u16) -> Result<Vec<SocketAddr>, String> + 'a;

/// What a request needs of its surroundings.
pub struct Surroundings<'a> {
    /// The environment: proxies, `HOME`, `NETRC`, `SSL_CERT_FILE`.
    pub environment: &'a BTreeMap<String, String>,
    /// How names of hosts are looked up.
    pub resolve: &'a Resolve<'a>,
    /// Says whether the call was cancelled.
    pub cancelled: Cancelled,
}

/// What is sent along with a request.
#[derive(Debug)]
pub enum Payload {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A file, from its beginning.
    File(File),
}

/// What is asked of a server, and how.
#[derive(Debug)]
pub struct Options {
    /// `GET`, in upper case.
    pub method: String,
    /// Where; may hold a user and a password.
    pub url: String,
    /// What is sent.
    pub payload: Option<Payload>,
    /// Header fields, over those that are set by themselves.
    pub headers: Vec<(String, String)>,
    /// Fields that do not go along with a redirect.
    pub unredirected: Vec<String>,
    /// How long connecting, and each wait for the server, may take, in seconds.
    pub timeout: f64,
    /// Take proxies from the environment.
    pub use_proxy: bool,
    /// Ask caches for a fresh copy.
    pub force: bool,
    /// Ask for the content only where it has changed since.
    pub modified_since: Option<SystemTime>,
    /// `User-Agent`; empty for that of Python.
    pub agent: String,
    /// The user; over that of the URL.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Send user and password without being asked.
    pub force_basic_auth: bool,
    /// Take user and password from `~/.netrc` where none are given.
    pub use_netrc: bool,
    /// Which redirects are followed.
    pub follow: Follow,
    /// Check that the server is who it says it is.
    pub validate_certs: bool,
    /// A file of authorities, in the place of the system's.
    pub ca_path: Option<String>,
    /// The client's certificate.
    pub client_cert: Option<String>,
    /// Its key, where it is not in the same file.
    pub client_key: Option<String>,
    /// Ciphers, by OpenSSL's names.
    pub ciphers: Vec<String>,
    /// A Unix socket to connect to, wherever the URL points.
    pub unix_socket: Option<String>,
    /// Unpack what comes gzipped.
    pub decompress: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            url: String::new(),
            payload: None,
            headers: Vec::new(),
            unredirected: Vec::new(),
            timeout: 10.0,
            use_proxy: true,
            force: false,
            modified_since: None,
            agent: "ansible-httpget".to_owned(),
            username: None,
            password: None,
            force_basic_auth: false,
            use_netrc: true,
            follow: Follow::Urllib2,
            validate_certs: true,
            ca_path: None,
            client_cert: None,
            client_key: None,
            ciphers: Vec::new(),
            unix_socket: None,
            decompress: true,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// Where it came from at last.
    pub url: String,
    /// The status; a file has none.
    pub status: Option<u16>,
    /// The server's words for the status.
    pub reason: String,
    /// The header fields.
    pub headers: Headers,
    /// Cookies that were set on the way; a cookie may have no value.
    pub cookies: Vec<(String, Option<String>)>,
    /// The content; none at all where the request was given up.
    pub body: Option<Body>,
}

/// A request on its way.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The URL without its fragment.
    full: String,
    fragment: Option<String>,
    pub(crate) scheme: String,
    pub(crate) host: String,
    selector: String,
    pub(crate) method: String,
    pub(crate) has_payload: bool,
    pub(crate) headers: Vec<(String, String)>,
    unredirected: Vec<(String, String)>,
    pub(crate) visited: Option<Visited>,
}

impl Request {
    pub(crate) fn new(url: &str, method: &str, has_payload: bool) -> Result<Self, Error> {
        let (full, fragment) = match url.trim().rsplit_once('#') {
            Some((full, fragment)) => (full, Some(fragment.to_owned())),
            None => (url.trim(), None),
        };
        let scheme = full.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| !scheme.contains('/'));
        let Some((scheme, rest)) = scheme.and_then(|scheme| Some((scheme, full.get(scheme.len() + 1..)?))) else {
            return Err(Error::Value(format!("unknown url type: '{full}'")));
        };
        let (host, selector) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        let slash = if selector.starts_with('?') { "/" } else { "" };
        Ok(Self {
            full: full.to_owned(),
            fragment,
            scheme: scheme.to_lowercase(),
            host: unquote(host),
            selector: format!("{slash}{selector}"),
            method: method.to_owned(),
            has_payload,
            headers: Vec::new(),
            unredirected: Vec::new(),
            visited: None,
        })
    }

    /// The URL with its fragment.
    pub(crate) fn url(&self) -> String {
        match &self.fragment {
            Some(fragment) => format!("{}#{fragment}", self.full),
            None => self.full.clone(),
        }
    }

    /// Sets a field; one of the same name keeps its place.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        set(&mut self.headers, name, value);
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().chain(&self.unredirected).any(|(known, _)| known == name)
    }

    /// All fields that are sent, with the names in the case that Python gives them.
    fn fields(&self) -> Vec<(String, String)> {
        let mut fields = self.unredirected.clone();
        for (name, value) in &self.headers {
            if !self.unredirected.iter().any(|(known, _)| known == name) {
                fields.push((name.clone(), value.clone()));
            }
        }
        set(&mut fields, "Connection", "close");
        fields.iter_mut().for_each(|(name, _)| *name = title(name));
        fields
    }
}

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    let name = capitalize(name);
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => value.clone_into(old),
        None => fields.push((name, value.to_owned())),
    }
}

/// Python's `capitalize`: the first letter in upper case, all others in lower case.
fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str().to_lowercase())
}

/// Python's `title`: every word's first letter in upper case.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for letter in text.chars() {
        if inside {
            out.extend(letter.to_lowercase());
        } else {
            out.extend(letter.to_uppercase());
        }
        inside = letter.is_alphabetic();
    }
    out
}

/// A moment as HTTP writes it: `Tue, 14 Nov 2023 22:13:20 GMT`.
fn http_date(moment: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let Ok(time) = UtcDateTime::from_timespec(i64::try_from(seconds).unwrap_or(0), 0) else { return String::new() };
    let name = |names: &[&'static str], index: u8| names.get(usize::from(index)).copied().unwrap_or_default();
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, time.week_day()),
        time.month_day(),
        name(&MONTHS, time.month().saturating_sub(1)),
        time.year(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Asks a server, following where it sends, until there is content.
///
/// # Errors
///
/// [`Error`]; an answer without success is [`Error::Status`].
pub fn open(options: Options, around: &Surroundings<'_>) -> Result<Response, Error> {
    Client::new(options, around)?.run()
}

struct Client<'a> {
    options: Options,
    around: &'a Surroundings<'a>,
    limit: Duration,
    answerer: Option<Answerer>,
    tls: Option<Arc<ClientConfig>>,
    jar: Jar,
}

impl<'a> Client<'a> {
    fn new(options: Options, around: &'a Surroundings<'a>) -> Result<Self, Error> {
        let limit = Duration::try_from_secs_f64(options.timeout)
            .map_err(|_| Error::Value("Timeout value out of range".to_owned()))?;
        Ok(Self { options, around, limit, answerer: None, tls: None, jar: Jar::default() })
    }

    fn run(mut self) -> Result<Response, Error> {
        let (url, authorization) = self.identify()?;
        if self.wishes().is_special() {
            // Wrong files and names are errors even where nothing is encrypted.
            self.tls().map_err(Error::Connection)?;
        }
        let mut request = Request::new(&url, &self.options.method, self.options.payload.is_some())?;
        self.head(&mut request, authorization.as_deref());
        loop {
            if request.scheme == "file" {
                return crate::file::open(&request.host, &request.selector);
            }
            let response = self.exchange(&mut request)?;
            let url = request.url();
            self.jar.keep(&url, &response.headers);
            let Incoming { status, reason, headers, body } = response;
            let response = |reason: String, body: Option<Body>, jar: &Jar| Response {
                url,
                status: Some(status),
                reason,
                headers: headers.clone(),
                cookies: jar.pairs(),
                body,
            };
            match status {
                200..=299 => {
                    let is_gzipped = headers.get("content-encoding").is_some_and(|c| c.eq_ignore_ascii_case("gzip"));
                    let body = if is_gzipped && self.options.decompress { body.unzipped() } else { body };
                    return Ok(response(reason, Some(body), &self.jar));
                }
                401 => match self.answer(&request, &headers)? {
                    Answer::Try(value) => set(&mut request.unredirected, "Authorization", &value),
                    Answer::None => return Err(Error::Status(Box::new(response(reason, Some(body), &self.jar)))),
                    Answer::Enough => {
                        let reason = "digest auth failed".to_owned();
                        return Err(Error::Status(Box::new(response(reason, None, &self.jar))));
                    }
                },
                301 | 302 | 303 | 307 | 308 => {
                    match redirect::next(&mut request, status, &reason, &headers, self.options.follow)? {
                        redirect::Next::Go(next) => request = *next,
                        redirect::Next::Stop(reason) => {
                            return Err(Error::Status(Box::new(response(reason, Some(body), &self.jar))));
                        }
                    }
                }
                _ => return Err(Error::Status(Box::new(response(reason, Some(body), &self.jar)))),
            }
        }
    }

    /// The URL without user and password, and the authorization to send from the start.
    fn identify(&mut self) -> Result<(String, Option<String>), Error> {
        let options = &mut self.options;
        let mut url = Url::split(&options.url);
        let given = options.username.take().filter(|user| !user.is_empty());
        let (user, password) = match (given, url.netloc.split_once('@')) {
            (_, _) if url.scheme == "ftp" => return Ok((options.url.clone(), None)),
            (Some(user), _) => (Some(user), options.password.take()),
            (None, Some((credentials, host))) => {
                let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
                let found = (Some(unquote(user)), Some(unquote(password)));
                url.netloc = host.to_owned();
                options.url = url.text();
                found
            }
            (None, None) => (None, None),
        };
        let authorization = match user.filter(|user| !user.is_empty()) {
            Some(user) if options.force_basic_auth => Some(basic(&user, password.as_deref().unwrap_or_default())),
            Some(user) => {
                self.answerer = Some(Answerer::new(url.netloc, user, password));
                None
            }
            None if options.use_netrc => {
                netrc::login(self.around.environment, &url.hostname())?.map(|(user, password)| basic(&user, &password))
            }
            None => None,
        };
        Ok((options.url.clone(), authorization))
    }

    /// Sets the fields of the first request.
    fn head(&self, request: &mut Request, authorization: Option<&str>) {
        let options = &self.options;
        if !options.agent.is_empty() {
            request.set("User-agent", &options.agent);
        }
        if options.force {
            request.set("cache-control", "no-cache");
        } else if let Some(since) = options.modified_since {
            request.set("If-Modified-Since", &http_date(since));
        }
        let authorization = authorization.map(|value| ("Authorization".to_owned(), value.to_owned()));
        let given = options.headers.iter().filter(|(name, _)| authorization.is_none() || name != "Authorization");
        for (name, value) in given.chain(&authorization) {
            if options.unredirected.iter().any(|unredirected| unredirected.eq_ignore_ascii_case(name)) {
                set(&mut request.unredirected, name, value);
            } else {
                request.set(name, value);
            }
        }
    }

    fn wishes(&self) -> Wishes<'_> {
        Wishes {
            validate: self.options.validate_certs,
            ca_path: self.options.ca_path.as_deref(),
            client_cert: self.options.client_cert.as_deref(),
            client_key: self.options.client_key.as_deref(),
            ciphers: &self.options.ciphers,
        }
    }

    fn tls(&mut self) -> Result<Arc<ClientConfig>, Reason> {
        if let Some(tls) = &self.tls {
            return Ok(Arc::clone(tls));
        }
        let tls = self.wishes().configuration(self.around.environment)?;
        self.tls = Some(Arc::clone(&tls));
        Ok(tls)
    }

    fn answer(&mut self, request: &Request, headers: &Headers) -> Result<Answer, Error> {
        let Some(answerer) = &mut self.answerer else { return Ok(Answer::None) };
        let sent = request.unredirected.iter().chain(&request.headers).find(|(name, _)| name == "Authorization");
        answerer.answer(&Challenged {
            scheme: &request.scheme,
            authority: &Url::split(&request.full).netloc,
            method: &request.method,
            selector: &request.selector,
            challenges: headers.all("www-authenticate").collect(),
            sent: sent.map(|(_, value)| value.as_str()),
        })
    }

    /// Sends a request on a connection of its own.
    fn exchange(&mut self, request: &mut Request) -> Result<Incoming, Error> {
        if !matches!(request.scheme.as_str(), "http" | "https") {
            let scheme = &request.scheme;
            return Err(Error::url(match scheme.as_str() {
                "ftp" => "provision does not fetch by FTP; use a URL of http, https or file".to_owned(),
                _ => format!("unknown url type: {scheme}"),
            }));
        }
        if request.host.is_empty() {
            return Err(Error::url("no host given"));
        }
        let proxy = if self.options.use_proxy {
            proxy::of(self.around.environment, &request.scheme, &request.host)
        } else {
            None
        };
        self.complete(request);
        let selector = match &proxy {
            Some(_) if request.scheme == "http" => request.url(),
            _ => request.selector.clone(),
        };
        let mut fields = request.fields();
        if let Some(value) = proxy.as_ref().and_then(|proxy| proxy.authorization.as_ref())
            && request.scheme == "http"
        {
            // Python adds it before `Connection`, which is always last.
            let last = fields.len().saturating_sub(1);
            fields.insert(last, ("Proxy-Authorization".to_owned(), value.clone()));
        }
        let mut payload = if request.has_payload { self.options.payload.take() } else { None };
        let outgoing =
            Outgoing { method: &request.method, selector: &selector, headers: &fields, payload: payload.as_mut() };
        let head = outgoing.head()?;
        let stream = self.connect(request, proxy.as_ref())?;
        let incoming = outgoing.send(&head, stream);
        self.options.payload = payload;
        incoming
    }

    /// Sets what each request has by itself.
    fn complete(&self, request: &mut Request) {
        if let Some(payload) = self.options.payload.as_ref().filter(|_| request.has_payload) {
            if !request.has("Content-type") {
                set(&mut request.unredirected, "Content-type", "application/x-www-form-urlencoded");
            }
            if !request.has("Content-length") && !request.has("Transfer-encoding") {
                let length = match payload {
                    Payload::Bytes(bytes) => bytes.len() as u64,
                    Payload::File(file) => file.metadata().map_or(0, |metadata| metadata.len()),
                };
                set(&mut request.unredirected, "Content-length", &length.to_string());
            }
        } else if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") && !request.has("Content-length") {
            set(&mut request.unredirected, "Content-length", "0");
        }
        if !request.has("Host") {
            let host = request.host.clone();
            set(&mut request.unredirected, "Host", &host);
        }
        if !request.has("User-agent") {
            set(&mut request.unredirected, "User-agent", "Python-urllib/3.11");
        }
        if !request.has("Cookie")
            && let Some(cookies) = self.jar.header(&request.url())
        {
            set(&mut request.unredirected, "Cookie", &cookies);
        }
    }

    fn connect(&mut self, request: &Request, proxy: Option<&Proxy>) -> Result<Box<dyn Stream>, Error> {
        if self.limit.is_zero() {
            let error = io::Error::from_raw_os_error(rustix::io::Errno::INPROGRESS.raw_os_error());
            return Err(Error::sending(error));
        }
        let cancelled = &self.around.cancelled;
        let encrypted = request.scheme == "https";
        let default = if encrypted { 443 } else { 80 };
        let (name, port) = host_and_port(&request.host, default)?;
        if let Some(path) = self.options.unix_socket.clone() {
            let socket = Limited::unix(&path, self.limit, cancelled).map_err(|error| {
                let reason = Reason::System(error);
                Error::url(format!("Invalid Socket File ({path}): {reason}"))
            })?;
            return if encrypted { self.encrypt(&name, socket) } else { Ok(Box::new(socket)) };
        }
        let Some(proxy) = proxy else {
            let socket = self.dial(&name, port)?;
            return if encrypted { self.encrypt(&name, socket) } else { Ok(Box::new(socket)) };
        };
        let proxy_default = if encrypted || proxy.scheme.as_deref() == Some("https") { 443 } else { 80 };
        let (proxy_name, proxy_port) = host_and_port(&proxy.host, proxy_default)?;
        let mut socket = self.dial(&proxy_name, proxy_port)?;
        if !encrypted {
            return if proxy.scheme.as_deref() == Some("https") {
                self.encrypt(&proxy_name, socket)
            } else {
                Ok(Box::new(socket))
            };
        }
        tunnel(&mut socket, &name, port, proxy)?;
        self.encrypt(&name, socket)
    }

    fn dial(&self, host: &str, port: u16) -> Result<Limited, Error> {
        let addresses = (self.around.resolve)(host, port).map_err(Error::url)?;
        Limited::tcp(&addresses, self.limit, &self.around.cancelled).map_err(Error::sending)
    }

    fn encrypt(&mut self, host: &str, socket: Limited) -> Result<Box<dyn Stream>, Error> {
        let configuration = self.tls().map_err(Error::Connection)?;
        tls::connect(configuration, host, socket).map_err(Error::sending)
    }
}

/// Asks a proxy for a way to a host.
fn tunnel(socket: &mut Limited, host: &str, port: u16, proxy: &Proxy) -> Result<(), Error> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let authorization = match &proxy.authorization {
        Some(value) => format!("Proxy-Authorization: {value}\r\n"),
        None => String::new(),
    };
    let head = format!("CONNECT {host}:{port} HTTP/1.0\r\n{authorization}\r\n");
    socket.write_all(head.as_bytes()).map_err(Error::sending)?;
    match receive_tunnel(socket)? {
        (200, _) => Ok(()),
        (status, reason) => Err(Error::url(format!("Tunnel connection failed: {status} {reason}"))),
    }
}

/// Takes `host:port` and `[::1]:port` apart.
fn host_and_port(text: &str, default: u16) -> Result<(String, u16), Error> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = match port {
        None | Some("") => default,
        Some(port) => match port.parse::<u16>() {
            Ok(port) => port,
            Err(_) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(Error::Other("connect(): port must be 0-65535.".to_owned()));
            }
            Err(_) => return Err(Error::Other(format!("nonnumeric port: '{port}'"))),
        },
    };
    let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    Ok((host.to_owned(), port))
}
