//! `uri`: a request to a server, and what it answers.

mod body;
mod content;

use std::{fs::File, io::Write, path::Path, time::Instant};

use http::{BodyError, Follow, Headers, Payload};

use self::content::Kind;
use crate::{
    prelude::*,
    support::{
        ansible_tmp,
        atomic::Staged,
        checksum::Algorithm,
        paths,
        web::{self, Answer, Content, Fetched, WebOptions},
    },
};

/// How `body` is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum BodyFormat {
    /// As a form in a URL.
    #[choice("form-urlencoded")]
    FormUrlencoded,
    /// As JSON.
    Json,
    /// As it is.
    Raw,
    /// As a form with files.
    #[choice("form-multipart")]
    FormMultipart,
}

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum FollowRedirects {
    /// All.
    All,
    /// None; the old word.
    No,
    /// None.
    None,
    /// Those of GET and HEAD.
    Safe,
    /// As Python does.
    Urllib2,
    /// All; the old word.
    Yes,
}

/// Interacts with webservices.
///
/// Sends a request over HTTP or HTTPS and returns what the server says. In check mode it is skipped.
#[derive(Debug, Arguments)]
#[arguments(mutually_exclusive("body", "src"))]
pub struct UriArgs {
    /// The URL: `(http|https)://host.domain[:port]/path`.
    #[arg(required)]
    url: String,
    /// A file to download to, or a folder for it.
    dest: Option<PathArg>,
    /// The user to authenticate as.
    #[arg(aliases("user"))]
    url_username: Option<String>,
    /// The password to authenticate with.
    #[arg(aliases("password"), no_log)]
    url_password: Option<String>,
    /// What is sent.
    body: Data,
    /// How `body` is encoded; with another than `raw`, the `Content-Type` is set unless it is given.
    #[arg(default = "raw")]
    body_format: BodyFormat,
    /// A file of the control node, or of the host with `remote_src`, to send.
    src: Option<PathArg>,
    /// The method, a word in upper case.
    #[arg(default = "GET")]
    method: String,
    /// Return the content as `content`, whatever it is.
    #[arg(default = false)]
    return_content: bool,
    /// Which redirects are followed.
    #[arg(default = "safe")]
    follow_redirects: FollowRedirects,
    /// A file; where it is there, nothing is done.
    creates: Option<PathArg>,
    /// A file; where it is not there, nothing is done.
    removes: Option<PathArg>,
    /// The statuses that are a success.
    #[arg(default = ["200"])]
    status_code: Vec<i64>,
    /// How long connecting, and each wait for the server, may take, in seconds.
    #[arg(default = 30)]
    timeout: i64,
    /// Header fields to send.
    #[arg(default = {})]
    headers: Map,
    /// A Unix socket to connect to.
    unix_socket: Option<PathArg>,
    /// `src` is a file of the host.
    #[arg(default = false)]
    #[expect(dead_code, reason = "the control node sends the file or does not")]
    remote_src: bool,
    /// A PEM file of authorities to trust, in the place of the system's.
    ca_path: Option<PathArg>,
    #[arg(flatten)]
    web: WebOptions,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct Uri;

impl Module for Uri {
    type Args = UriArgs;
    const NAME: &'static str = "uri";
    const CHECK_MODE: CheckMode = CheckMode::Skipped;
    const EXAMPLES: &'static str = "\
- name: Check that a page answers with the status 200 and the word AWESOME
  ansible.builtin.uri:
    url: http://www.example.com
    return_content: true
  register: this
  failed_when: \"'AWESOME' not in this.content\"

- name: Create an issue
  ansible.builtin.uri:
    url: https://example.com/rest/api/2/issue/
    method: POST
    body: '{{ issue }}'
    body_format: json
    status_code: 201
";

    fn run(args: UriArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let method = args.method.to_uppercase();
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Failure::new("Parameter 'method' needs to be a single word in uppercase, like GET or POST."));
        }
        let mut prepared = body::prepare(&args)?;
        let mut headers = args.headers.clone();
        if let Some((kind, always)) = prepared.content_type.take()
            && (always || !headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")))
        {
            headers.insert("Content-Type".to_owned(), kind.into());
        }
        if let Some(done) = args.nothing_to_do() {
            return Ok(Outcome::changed(false).with("stdout", done));
        }
        let begun = Instant::now();
        let payload = match &args.src {
            Some(path) => Some(Payload::File(source(path, &mut headers, ctx)?)),
            None => prepared.bytes.map(Payload::Bytes),
        };
        if let Some(body) = body::shown(&args.body, ctx) {
            ctx.show_argument("body", body);
        }
        if headers != args.headers {
            ctx.show_argument("headers", Data::Map(headers.clone()));
        }
        let fetched = args.fetch(method, payload, &headers, ctx)?;
        args.result(fetched, i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX), ctx)
    }
}

/// Opens what is to be sent: the content that came with the call, else the host's file.
fn source(path: &str, headers: &mut Map, ctx: &mut Context) -> Result<File, Failure> {
    let failed = || Failure::new(format!("Unable to open source file {path}")).with("elapsed", 0);
    let file = if ctx.has_content() {
        ctx.show_argument("src", ansible_tmp::shown(ctx, paths::basename(path)));
        let mut file = tempfile::tempfile().map_err(|_| failed())?;
        std::io::copy(&mut ctx.content().map_err(|_| failed())?, &mut file).map_err(|_| failed())?;
        file
    } else {
        File::open(path).map_err(|_| failed())?
    };
    let length = file.metadata().map_err(|_| failed())?.len();
    headers.insert("Content-Length".to_owned(), i64::try_from(length).unwrap_or(i64::MAX).into());
    Ok(file)
}

impl UriArgs {
    /// What is said where `creates` or `removes` says that there is nothing to do.
    fn nothing_to_do(&self) -> Option<String> {
        match (&self.creates, &self.removes) {
            (Some(path), _) if Path::new(&**path).exists() => Some(format!("skipped, since '{}' exists", &**path)),
            (_, Some(path)) if !Path::new(&**path).exists() => {
                Some(format!("skipped, since '{}' does not exist", &**path))
            }
            _ => None,
        }
    }

    fn fetch(
        &self,
        method: String,
        payload: Option<Payload>,
        headers: &Map,
        ctx: &mut Context,
    ) -> Result<Fetched, Failure> {
        let mut request = self.web.request(&self.url, self.url_username.as_deref(), self.url_password.as_deref())?;
        request.method = method;
        request.payload = payload;
        match web::header_fields(headers) {
            Ok(headers) => request.headers = headers,
            Err(why) => {
                let mut info = Map::new();
                info.insert("url".to_owned(), http::url::mask(&self.url).into());
                info.insert("msg".to_owned(), web::unknown(&why).into());
                return Ok(Fetched { info, status: Some(-1), answer: None });
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds that are waited for")]
        let timeout = self.timeout as f64;
        request.timeout = timeout;
        request.follow = match self.follow_redirects {
            FollowRedirects::All | FollowRedirects::Yes => Follow::All,
            FollowRedirects::No | FollowRedirects::None => Follow::None,
            FollowRedirects::Safe => Follow::Safe,
            FollowRedirects::Urllib2 => Follow::Urllib2,
        };
        if matches!(self.follow_redirects, FollowRedirects::Yes | FollowRedirects::No) {
            ctx.deprecate(
                "Using 'yes' or 'no' for 'follow_redirects' parameter is deprecated. This feature will be removed from \
                 module 'uri' in ansible-core version 2.22.",
            );
        }
        request.unix_socket = self.unix_socket.as_ref().map(|path| path.0.clone());
        request.ca_path = self.ca_path.as_ref().map(|path| path.0.clone());
        request.modified_since = self
            .dest
            .as_ref()
            .and_then(|dest| std::fs::metadata(&**dest).ok())
            .filter(std::fs::Metadata::is_file)
            .and_then(|metadata| metadata.modified().ok());
        web::fetch(ctx, request)
    }

    fn result(self, fetched: Fetched, elapsed: i64, ctx: &mut Context) -> Result<Outcome, Failure> {
        let Fetched { info, status, answer } = fetched;
        let masked = http::url::mask(&self.url);
        let is_success = status.is_some_and(|status| self.status_code.contains(&status));
        let with_content = answer.as_ref().filter(|answer| !matches!(answer.content, Content::None));
        let kind = Kind::of(with_content.map(|answer| &answer.headers));
        let dest = self.dest.as_ref().map(|dest| destination(dest, answer.as_ref()));

        let mut response = Response { values: Map::new(), msg: None, changed: false };
        let redirected = info.get("url").and_then(Data::as_str) != Some(masked.as_str());
        response.values.insert("redirected".to_owned(), redirected.into());
        response.values.extend(info);
        response.msg = response.values.shift_remove("msg");
        response.values.insert("elapsed".to_owned(), elapsed.into());
        let Some(status) = status else {
            let why = "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'";
            return Err(Failure::raised(why, None));
        };
        response.values.insert("status".to_owned(), status.into());
        response.values.shift_remove("changed");

        let reads = kind.is_json() || self.return_content || !is_success;
        let has_answer = answer.is_some();
        let mut read = None;
        let mut open = None;
        match answer.map(|answer| answer.content) {
            Some(Content::Open(body)) if reads => {
                read = Some(body.whole().map_err(|error| match error {
                    error @ BodyError::Incomplete { .. } => {
                        Failure::new(format!("HTTP Error while fetching {masked}: {error}"))
                    }
                    error => web::broken(error),
                })?);
            }
            Some(Content::Open(body)) => open = Some(body),
            Some(Content::Read(bytes)) => read = Some(bytes),
            Some(Content::None) => {}
            None => read = Some(Vec::new()),
        }

        if let Some(dest) = dest.filter(|_| has_answer) {
            if is_success && status != 304 {
                let mut nothing = std::io::empty();
                let source: &mut dyn std::io::Read = match (&mut open, &mut read) {
                    (Some(body), _) => body,
                    (None, Some(bytes)) => &mut bytes.as_slice(),
                    (None, None) => &mut nothing,
                };
                response.write(&dest, source, &self.attributes, ctx)?;
                ctx.show_argument("path", dest.as_str());
            }
            response.values.insert("path".to_owned(), dest.into());
        }
        let mut outcome = response.outcome(&masked);

        let text = read.filter(|_| reads).map(|bytes| kind.decode(&bytes)).transpose();
        let text = match text {
            Ok(text) => text,
            Err(why) if self.return_content => return Err(Failure::raised(&why, None)),
            Err(_) => None,
        };
        if kind.is_json()
            && let Some(value) = text.as_deref().and_then(|text| serde_json::from_str(text).ok())
        {
            outcome.set("json", Data::from_json(value));
        }
        if self.return_content {
            outcome.set("content", text);
        }
        if is_success {
            return Ok(outcome);
        }
        let wanted: Vec<String> = self.status_code.iter().map(ToString::to_string).collect();
        let msg = outcome.msg.take().unwrap_or_default();
        let msg = format!("Status code was {status} and not [{}]: {msg}", wanted.join(", "));
        Err(Failure::from_outcome(outcome, msg))
    }
}

/// Where the content goes: into a folder under the name that the answer or its URL has for it.
fn destination(dest: &str, answer: Option<&Answer>) -> String {
    match answer {
        Some(answer) if Path::new(dest).is_dir() => {
            let name = file_name(&answer.headers, &answer.url).unwrap_or_else(|| "index.html".to_owned());
            paths::join(dest, &name)
        }
        _ => dest.to_owned(),
    }
}

fn file_name(headers: &Headers, url: &str) -> Option<String> {
    let is_name = |name: &String| !matches!(name.as_str(), "" | "." | "..");
    let given = headers.parameter("content-disposition", "filename");
    let given = given.map(|name| paths::basename(&name).to_owned());
    if let Some(given) = given.filter(is_name) {
        return Some(given);
    }
    let path = http::url::Url::split(url).path;
    let name = http::url::unquote(paths::basename(path.trim_end_matches('/')));
    Some(paths::basename(&name).to_owned()).filter(is_name)
}

/// What the result says, before names are made ones that variables can have.
struct Response {
    values: Map,
    msg: Option<Data>,
    changed: bool,
}

impl Response {
    /// Writes the content in one step, unless the same is there.
    fn write(
        &mut self,
        dest: &str,
        source: &mut dyn std::io::Read,
        attributes: &FileAttributes,
        ctx: &Context,
    ) -> Result<(), Failure> {
        self.changed = true;
        let shown = ansible_tmp::shown(ctx, &ansible_tmp::random_name());
        let mut staged = match Staged::beside(ctx, Path::new(dest)) {
            Ok(staged) => staged,
            Err(_) => {
                ctx.cancel.check()?;
                return Err(self
                    .failed(&format!("failed to copy {shown} to {dest}: Could not replace '{dest}' with '{shown}'.")));
            }
        };
        let copied = std::io::copy(source, &mut staged).and_then(|_| staged.flush());
        if let Err(error) = copied {
            ctx.cancel.check()?;
            let why = web::body_words(&BodyError::of(error));
            return Err(self.failed(&format!("Failed to create temporary content file: {why}")));
        }
        let same = Algorithm::Sha1.of_file(staged.path()).ok();
        if same.is_some() && same == Algorithm::Sha1.of_file(dest).ok() {
            drop(staged);
            attributes.apply(ctx, dest, None)?;
            return Ok(());
        }
        staged.replace(ctx, dest, attributes).map(|_| ()).map_err(|failure| {
            if ctx.cancel.is_cancelled() {
                return failure;
            }
            self.failed(&format!("failed to copy {shown} to {dest}: {}", failure.msg()))
        })
    }

    /// A failure with all that is known.
    fn failed(&self, why: &str) -> Failure {
        let msg = match self.msg.as_ref().and_then(Data::as_str) {
            Some(msg) if !msg.is_empty() => format!("{why} {msg}"),
            _ => why.to_owned(),
        };
        let outcome = Outcome { values: self.values.clone(), ..Outcome::changed(false) };
        Failure::from_outcome(outcome, msg)
    }

    fn outcome(self, base: &str) -> Outcome {
        let mut outcome = Outcome::changed(self.changed);
        for (name, value) in self.values {
            outcome.values.insert(name.replace('-', "_").to_lowercase(), value);
        }
        if let Some(location) = outcome.values.get("location").and_then(Data::as_str) {
            let location = http::url::join(base, location);
            outcome.set("location", location);
        }
        outcome.msg = self.msg.as_ref().and_then(Data::as_str).map(str::to_owned);
        outcome
    }
}

#[cfg(test)]
mod tests;
