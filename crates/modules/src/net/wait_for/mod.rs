//! `wait_for`: a port, a file or nothing but time is waited for.

mod connections;

use std::{
    fs,
    io::{self, Read},
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use pyregex::{BytesRegex, Flags, Match};

use self::connections::Filter;
use crate::{
    module::{os_error, strerror},
    prelude::*,
    support::resolve,
};

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum State {
    /// The file is gone, or the port closed.
    Absent,
    /// The port has no active connections.
    Drained,
    /// The file is there, or the port open.
    Present,
    /// The port is open.
    Started,
    /// The port is closed.
    Stopped,
}

/// Waits for a condition before continuing.
///
/// With a `port` it waits for the port to be open or closed, with a `path` for a file to be there or gone, and with
/// neither for `timeout` to be over. A regular expression may say what the port or the file has to hold. In check mode
/// it is skipped.
#[derive(Debug, Arguments)]
pub struct WaitForArgs {
    /// The host of the port: a name or an address.
    #[arg(default = "127.0.0.1")]
    host: String,
    /// How long to wait at most, in seconds; without a port and a path, how long to wait.
    #[arg(default = 300)]
    timeout: i64,
    /// How long one attempt to connect may take, in seconds.
    #[arg(default = 5)]
    connect_timeout: i64,
    /// How long to wait before looking for the first time, in seconds.
    #[arg(default = 0)]
    delay: i64,
    /// The port.
    port: Option<i64>,
    /// The states of TCP connections that count as active for `drained`.
    #[arg(default = ["ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV", "SYN_SENT", "TIME_WAIT"])]
    active_connection_states: Vec<String>,
    /// The file.
    path: Option<PathArg>,
    /// What the file or what the port sends has to match; `^` and `$` match at lines.
    search_regex: Option<String>,
    /// What to wait for: `present` and `started` mean the same, and so do `absent` and `stopped`.
    #[arg(default = "started")]
    state: State,
    /// Hosts whose connections do not count for `drained`: names or addresses.
    exclude_hosts: Option<Vec<String>>,
    /// How long to wait between looks, in seconds.
    #[arg(default = 1)]
    sleep: i64,
    /// What to say instead where the time is over.
    msg: Option<String>,
}

/// The module.
pub struct WaitFor;

impl Module for WaitFor {
    type Args = WaitForArgs;
    const NAME: &'static str = "wait_for";
    const CHECK_MODE: CheckMode = CheckMode::Skipped;
    const EXAMPLES: &'static str = "\
- name: Wait for port 8000 to become open on the host, but look for the first time after ten seconds
  ansible.builtin.wait_for:
    port: 8000
    delay: 10

- name: Wait until a line is in a file
  ansible.builtin.wait_for:
    path: /tmp/foo
    search_regex: completed
";

    fn run(args: WaitForArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let regex = args.search_regex.as_deref().map(compile).transpose()?;
        args.check()?;
        let states = args.active_states()?;
        let begun = Instant::now();
        if args.delay != 0 {
            ctx.sleep(seconds(args.delay)?)?;
        }
        let mut wait =
            Wait { args: &args, regex, begun, end: begun + positive(args.timeout), groups: Groups::default() };
        match (args.thing(), args.state) {
            (Thing::Nothing, state) if state != State::Drained => ctx.sleep(seconds(args.timeout)?)?,
            (_, State::Drained) => wait.until_drained(states, ctx)?,
            (_, State::Absent | State::Stopped) => wait.until_absent(ctx)?,
            (_, State::Present | State::Started) => wait.until_present(ctx)?,
        }
        let Wait { groups, .. } = wait;
        Ok(Outcome::default()
            .with("state", args.state.name())
            .with("port", args.port.map_or(Data::Null, Data::from))
            .with("search_regex", args.search_regex)
            .with("match_groups", groups.all)
            .with("match_groupdict", Data::Map(groups.named))
            .with("path", args.path.map(|path| path.0))
            .with("elapsed", elapsed(begun)))
    }
}

fn compile(pattern: &str) -> Result<BytesRegex, Failure> {
    BytesRegex::new(pattern.as_bytes(), Flags::MULTILINE)
        .map_err(|error| Failure::new(format!("Invalid regular expression: {error}")))
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
enum Thing<'a> {
    Path(&'a str),
    Port(i64),
    Nothing,
}

impl WaitForArgs {
    /// A port 0 and an empty path count as none.
    fn thing(&self) -> Thing<'_> {
        match (&self.path, self.port) {
            (Some(path), _) if !path.is_empty() => Thing::Path(path),
            (_, Some(port)) if port != 0 => Thing::Port(port),
            _ => Thing::Nothing,
        }
    }

    fn check(&self) -> Result<(), Failure> {
        let path = matches!(self.thing(), Thing::Path(_));
        let why = if path && self.port.is_some_and(|port| port != 0) {
            "port and path parameter can not both be passed to wait_for"
        } else if path && self.state == State::Stopped {
            "state=stopped should only be used for checking a port in the wait_for module"
        } else if path && self.state == State::Drained {
            "state=drained should only be used for checking a port in the wait_for module"
        } else if self.exclude_hosts.is_some() && self.state != State::Drained {
            "exclude_hosts should only be with state=drained"
        } else {
            return Ok(());
        };
        Err(Failure::new(why).with("elapsed", 0))
    }

    fn active_states(&self) -> Result<Vec<&'static str>, Failure> {
        self.active_connection_states
            .iter()
            .map(|name| {
                connections::state(name).ok_or_else(|| {
                    Failure::new(format!("unknown active_connection_state ({name}) defined")).with("elapsed", 0)
                })
            })
            .collect()
    }

    /// What is said where the time is over.
    fn time_over(&self) -> String {
        if let Some(msg) = self.msg.as_ref().filter(|msg| !msg.is_empty()) {
            return msg.clone();
        }
        let host = &self.host;
        let port = self.port.map_or_else(|| "None".to_owned(), |port| port.to_string());
        let regex = self.search_regex.as_ref().filter(|regex| !regex.is_empty());
        match (self.state, self.thing(), regex) {
            (State::Drained, ..) => format!("Timeout when waiting for {host}:{port} to drain"),
            (State::Absent | State::Stopped, Thing::Path(path), _) => {
                format!("Timeout when waiting for {path} to be absent.")
            }
            (State::Absent | State::Stopped, ..) => format!("Timeout when waiting for {host}:{port} to stop."),
            (_, Thing::Path(path), Some(regex)) => {
                format!("Timeout when waiting for search string {regex} in {path}")
            }
            (_, Thing::Path(path), None) => format!("Timeout when waiting for file {path}"),
            (_, _, Some(regex)) => format!("Timeout when waiting for search string {regex} in {host}:{port}"),
            (_, _, None) => format!("Timeout when waiting for {host}:{port}"),
        }
    }
}

/// What the groups of the regular expression matched.
#[derive(Debug, Default)]
struct Groups {
    all: Vec<Data>,
    named: Map,
}

impl Groups {
    fn of(regex: &BytesRegex, found: &Match<'_, [u8]>) -> Self {
        let text = |group| {
            found.group(group).map_or(Data::Null, |bytes| Data::from(String::from_utf8_lossy(bytes).into_owned()))
        };
        Self {
            all: (1..=regex.groups()).map(text).collect(),
            named: regex.group_names().into_iter().map(|(name, group)| (name.to_owned(), text(group))).collect(),
        }
    }
}

struct Wait<'a> {
    args: &'a WaitForArgs,
    regex: Option<BytesRegex>,
    begun: Instant,
    end: Instant,
    groups: Groups,
}

impl Wait<'_> {
    fn until_absent(&mut self, ctx: &Context) -> Result<(), Failure> {
        self.until(ctx, |wait| {
            Ok(match wait.args.thing() {
                Thing::Path(path) => !Path::new(path).exists(),
                // A connection that cannot be ended well was no connection to a server.
                Thing::Port(port) => wait
                    .connect(port, wait.args.connect_timeout, ctx)
                    .and_then(|stream| stream.shutdown(Shutdown::Both))
                    .is_err(),
                Thing::Nothing => false,
            })
        })
    }

    fn until_present(&mut self, ctx: &Context) -> Result<(), Failure> {
        self.until(ctx, |wait| match wait.args.thing() {
            Thing::Path(path) => wait.is_in_file(path),
            Thing::Port(port) => wait.is_open(port, ctx),
            Thing::Nothing => Ok(false),
        })
    }

    fn until_drained(&mut self, states: Vec<&'static str>, ctx: &Context) -> Result<(), Failure> {
        let forms = |host: &String| {
            let found = resolve::addresses(ctx, host, 80).map_err(|error| Failure::raised(&error.to_string(), None))?;
            Ok::<_, Failure>(connections::forms(found.iter().map(SocketAddr::ip).collect::<Vec<IpAddr>>()))
        };
        let local = forms(&self.args.host)?;
        let Some(port) = self.args.port else {
            let why = "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'";
            return Err(Failure::raised(why, None));
        };
        let mut excluded = Vec::new();
        for host in self.args.exclude_hosts.iter().flatten() {
            excluded.extend(forms(host)?);
        }
        let filter = Filter { port, local, excluded, states };
        self.until(ctx, |_| Ok(filter.count() == 0))
    }

    /// Looks until it is so or the time is over.
    fn until(
        &mut self,
        ctx: &Context,
        mut is_so: impl FnMut(&mut Self) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        while Instant::now() < self.end {
            if is_so(self)? {
                return Ok(());
            }
            ctx.sleep(seconds(self.args.sleep)?)?;
        }
        Err(Failure::new(self.args.time_over()).with("elapsed", elapsed(self.begun)))
    }

    fn is_in_file(&mut self, path: &str) -> Result<bool, Failure> {
        match fs::metadata(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => {
                let msg = self.args.msg.clone().filter(|msg| !msg.is_empty());
                let msg = msg.unwrap_or_else(|| format!("Failed to stat {path}, {}", strerror(&error)));
                return Err(Failure::new(msg).with("elapsed", elapsed(self.begun)));
            }
        }
        let Some(regex) = &self.regex else { return Ok(true) };
        let Ok(bytes) = fs::read(path) else { return Ok(false) };
        let Some(found) = search(regex, &bytes)? else { return Ok(false) };
        self.groups = Groups::of(regex, &found);
        Ok(true)
    }

    fn is_open(&mut self, port: i64, ctx: &Context) -> Result<bool, Failure> {
        let left = i64::try_from(self.left().as_millis().div_ceil(1000)).unwrap_or(i64::MAX);
        let Ok(stream) = self.connect(port, self.args.connect_timeout.min(left), ctx) else { return Ok(false) };
        let is_so = match &self.regex {
            Some(regex) => self.hears(&stream, regex, ctx)?,
            None => true,
        };
        match stream.shutdown(Shutdown::Both) {
            Err(error) if error.kind() != io::ErrorKind::NotConnected => {
                Err(Failure::raised(&os_error(&error, None), None))
            }
            _ => Ok(is_so),
        }
    }

    /// Whether what a server says matches before the time is over.
    fn hears(&self, mut stream: &TcpStream, regex: &BytesRegex, ctx: &Context) -> Result<bool, Failure> {
        /// How often it is asked whether the call was cancelled.
        const TURN: Duration = Duration::from_millis(200);
        let failed = |error: &io::Error| Failure::raised(&os_error(error, None), None);
        let mut heard = Vec::new();
        let mut chunk = [0; 1024];
        while !self.left().is_zero() {
            ctx.cancel.check()?;
            let turn = TURN.min(self.left()).max(Duration::from_millis(1));
            stream.set_read_timeout(Some(turn)).map_err(|error| failed(&error))?;
            match stream.read(&mut chunk) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    heard.extend_from_slice(chunk.get(..count).unwrap_or_default());
                    if search(regex, &heard)?.is_some() {
                        return Ok(true);
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(false)
    }

    /// Connects to the first address that answers; each may take so many seconds.
    fn connect(&self, port: i64, limit: i64, ctx: &Context) -> io::Result<TcpStream> {
        let port = u16::try_from(port).map_err(io::Error::other)?;
        let addresses = resolve::addresses(ctx, &self.args.host, port).map_err(io::Error::other)?;
        let mut last = io::Error::other("no address");
        for address in addresses {
            match TcpStream::connect_timeout(&address, positive(limit)) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

fn search<'t>(regex: &BytesRegex, bytes: &'t [u8]) -> Result<Option<Match<'t, [u8]>>, Failure> {
    regex.search(bytes).map_err(|error| Failure::new(error.to_string()))
}

fn seconds(number: i64) -> Result<Duration, Failure> {
    let number = u64::try_from(number).map_err(|_| Failure::raised("sleep length must be non-negative", None))?;
    Ok(Duration::from_secs(number.min(LONGEST)))
}

/// Seconds; less than none is none.
fn positive(number: i64) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or(0).min(LONGEST))
}

/// More seconds than any run lasts, few enough to be added to a clock.
const LONGEST: u64 = 1_000_000_000;

fn elapsed(begun: Instant) -> i64 {
    i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::TcpListener};

    use serde_json::json;

    use super::*;
    use crate::testing::{check, run};

    fn port(listener: &TcpListener) -> u16 {
        listener.local_addr().unwrap().port()
    }

    #[test]
    fn an_open_port_is_started_and_a_closed_one_stopped() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let open = port(&listener);
        let outcome = run("wait_for", json!({"port": open, "timeout": 5}));
        assert_eq!((outcome.failed, &outcome.values["state"]), (false, &Data::from("started")));
        drop(listener);
        let outcome = run("wait_for", json!({"port": open, "state": "stopped", "timeout": 5}));
        assert_eq!((outcome.failed, &outcome.values["state"]), (false, &Data::from("stopped")));
    }

    #[test]
    fn the_end_of_the_time_is_a_failure_that_says_what_was_waited_for() {
        let said = |arguments| run("wait_for", arguments).msg.unwrap();
        let wait = json!({"port": 9, "host": "localhost", "timeout": 0});
        assert_eq!(said(wait), "Timeout when waiting for localhost:9");
        let wait = json!({"path": "/no/such", "timeout": 0, "search_regex": "x"});
        assert_eq!(said(wait), "Timeout when waiting for search string x in /no/such");
        assert_eq!(
            said(json!({"path": "/", "timeout": 0, "state": "absent"})),
            "Timeout when waiting for / to be absent."
        );
        assert_eq!(said(json!({"port": 9, "timeout": 0, "msg": "mine"})), "mine");
        assert_eq!(
            said(json!({"port": 9, "timeout": 0, "state": "drained"})),
            "Timeout when waiting for 127.0.0.1:9 to drain"
        );
    }

    #[test]
    fn what_a_server_says_is_searched() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = port(&listener);
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"SSH-").unwrap();
            stream.write_all(b"2.0\n").unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap();
        });
        let outcome = run("wait_for", json!({"port": at, "timeout": 20, "search_regex": "^SSH-2"}));
        assert!(!outcome.failed, "{:?}", outcome.msg);
        server.join().unwrap();
    }

    #[test]
    fn groups_of_a_match_in_a_file_are_returned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, b"\xff\ndone 7 of 9\n").unwrap();
        let arguments = json!({"path": path, "timeout": 5, "search_regex": r"^done (?P<n>\d)( xx)?"});
        let outcome = run("wait_for", arguments);
        assert_eq!(outcome.values["match_groups"], Data::List(vec![Data::from("7"), Data::Null]));
        assert_eq!(outcome.values["match_groupdict"].as_map().unwrap()["n"], Data::from("7"));
        assert_eq!(outcome.values["state"], Data::from("file"));
    }

    #[test]
    fn connections_of_a_port_keep_it_from_being_drained() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = port(&listener);
        let drained = |more: serde_json::Value| {
            let mut arguments = json!({"port": at, "state": "drained", "timeout": 1, "sleep": 1});
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            !run("wait_for", arguments).failed
        };
        assert!(drained(json!({})));
        let _client = TcpStream::connect(("127.0.0.1", at)).unwrap();
        let _server = listener.accept().unwrap();
        assert!(!drained(json!({})));
        assert!(drained(json!({"exclude_hosts": ["127.0.0.1"]})));
        assert!(drained(json!({"active_connection_states": ["SYN_SENT"]})));
    }

    #[test]
    fn what_does_not_go_together_is_refused_and_check_mode_skips() {
        for (arguments, want) in [
            (json!({"port": 1, "path": "/x"}), "port and path parameter can not both be passed to wait_for"),
            (json!({"port": 1, "exclude_hosts": ["a"]}), "exclude_hosts should only be with state=drained"),
            (
                json!({"port": 1, "active_connection_states": ["LISTEN"]}),
                "unknown active_connection_state (LISTEN) defined",
            ),
            (
                json!({"port": 1, "search_regex": "("}),
                "Invalid regular expression: missing ), unterminated subpattern at position 0",
            ),
        ] {
            assert_eq!(run("wait_for", arguments).msg.unwrap(), want);
        }
        assert!(check("wait_for", json!({"port": 1})).skipped);
    }
}
