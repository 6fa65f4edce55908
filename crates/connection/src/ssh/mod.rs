//! SSH: one session a host, kept for the run.

mod algorithms;
mod auth;
mod client;
mod config;
pub mod fuzzing;
mod keys;
mod known_hosts;
mod pattern;
mod stream;
mod verify;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use russh::{Disconnect, SshId, client::Handle};

pub(crate) use self::client::Report;
use self::{
    auth::AuthError,
    client::Client,
    config::{Effective, Hop, Route},
    stream::Stream,
    verify::{Judgement, Verifier},
};
use crate::{
    environment::Environment,
    error::ConnectError,
    exec::{Exec, ExecReader, ExecWriter, Exit},
    target::{SshSettings, Target},
};

/// What a channel takes before it waits for us, in bytes.
const WINDOW: u32 = 4 * 1024 * 1024;

/// The longest packet, in bytes.
const PACKET: u32 = 64 * 1024 - 1;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How deep hosts may lie behind each other, so that a circle ends.
const HOPS: usize = 8;

/// A session with a host.
#[derive(Debug)]
pub(crate) struct SshConnection {
    session: Session,
    /// The name or address that was connected to.
    host: String,
    environment: Vec<(String, String)>,
}

/// A session, and the sessions that it goes through.
struct Session {
    handle: Handle<Client>,
    report: Arc<Report>,
    /// The session that it goes through.
    _through: Option<Arc<Session>>,
    /// The proxy command, killed at the end.
    _proxy: Option<tokio::process::Child>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").field("closed", &self.handle.is_closed()).finish_non_exhaustive()
    }
}

/// Why there is no session.
#[derive(Debug)]
enum Failure {
    /// Worth another try.
    Passing(String),
    /// It will be the same the next time.
    Unreachable(String),
    Refused(String),
    HostKey(String),
    Settings(String),
}

impl Failure {
    fn into_error(self, host: &str) -> ConnectError {
        const LEAD: &str = "Failed to connect to the host via ssh:";
        let host = host.to_owned();
        match self {
            Self::Passing(text) | Self::Unreachable(text) => {
                ConnectError::Unreachable { host, message: format!("{LEAD} {text}") }
            }
            Self::Refused(text) => ConnectError::Refused { host, message: format!("{LEAD} {text}") },
            Self::HostKey(text) => ConnectError::HostKey { host, message: format!("{LEAD} {text}") },
            Self::Settings(text) => ConnectError::Settings { host, message: text },
        }
    }

    /// The same failure, of a host on the way.
    fn on_the_way(self, hop: &str) -> Self {
        let name = |text: String| format!("{text} (on the way through {hop})");
        match self {
            Self::Passing(text) => Self::Passing(name(text)),
            Self::Unreachable(text) => Self::Unreachable(name(text)),
            Self::Refused(text) => Self::Refused(name(text)),
            Self::HostKey(text) => Self::HostKey(name(text)),
            Self::Settings(text) => Self::Settings(name(text)),
        }
    }
}

impl SshConnection {
    /// Connects and logs in, again after a pause where that may help.
    pub(crate) async fn open(target: &Target, settings: &SshSettings, gates: &Gates) -> Result<Self, ConnectError> {
        let environment = Environment::of_process();
        let way = Way { settings, environment: &environment, gates, limit: target.connect_timeout };
        let effective =
            config::resolve(settings, &environment).map_err(|text| Failure::Settings(text).into_error(&target.host))?;
        let mut tried = 0_u32;
        loop {
            match establish(&effective, &way, 0).await {
                Ok(session) => return Ok(Self { session, host: effective.host, environment: effective.environment }),
                Err(Failure::Passing(_)) if tried < target.retries => {
                    // As Ansible waits: 1, 3, 7, 15 ... seconds.
                    let pause = 2_u64.saturating_pow(tried.saturating_add(1)).saturating_sub(1);
                    tokio::time::sleep(Duration::from_secs(pause).min(LONGEST_PAUSE)).await;
                    tried = tried.saturating_add(1);
                }
                Err(failure) => return Err(failure.into_error(&target.host)),
            }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.session.handle.is_closed()
    }

    /// The name or address that was connected to.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Why it is closed, once it is.
    pub(crate) fn lost(&self) -> Option<&str> {
        self.session.report.lost()
    }

    /// Starts a command in a channel of its own; does not wait for the server's consent.
    pub(crate) async fn exec(&self, target: &Target, line: &str, tty: bool) -> Result<Exec, ConnectError> {
        let host = &target.host;
        let limit = target.connect_timeout.max(Duration::from_secs(10));
        let gone = |error: &dyn std::fmt::Display| {
            let why = self.lost().map_or_else(|| error.to_string(), str::to_owned);
            ConnectError::unreachable(host, format!("Connection to host {host} was lost: {why}"))
        };
        let opened = tokio::time::timeout(limit, self.session.handle.channel_open_session()).await;
        let channel = match opened {
            Err(_) => return Err(ConnectError::timed_out(host, "opening a channel", limit)),
            Ok(Err(russh::Error::ChannelOpenFailure(reason))) => {
                let message = format!(
                    "Host {host} refuses another channel ({reason:?}); MaxSessions of its sshd limits how many run at once"
                );
                return Err(ConnectError::unreachable(host, message));
            }
            Ok(opened) => opened.map_err(|error| gone(&error))?,
        };
        for (name, value) in &self.environment {
            channel.set_env(false, name.as_str(), value.as_str()).await.map_err(|error| gone(&error))?;
        }
        if tty {
            channel.request_pty(false, "dumb", 80, 24, 0, 0, &[]).await.map_err(|error| gone(&error))?;
        }
        channel.exec(true, line).await.map_err(|error| gone(&error))?;
        let (reader, writer) = channel.split();
        let report = Arc::clone(&self.session.report);
        Ok(Exec {
            writer: ExecWriter::Ssh(Some(writer)),
            reader: ExecReader::Ssh { channel: reader, exit: Exit::default(), report },
        })
    }

    pub(crate) async fn close(&self) {
        // A session that is gone is closed.
        drop(self.session.handle.disconnect(Disconnect::ByApplication, "", "").await);
    }
}

/// The sessions with hosts that others are reached through, so that all who go the same way share one. They end with
/// the last who goes through them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gates(Arc<Mutex<HashMap<Vec<Effective>, Gate>>>);

/// The lock is held while the session is opened, so that it is opened once.
type Gate = Arc<tokio::sync::Mutex<Weak<Session>>>;

impl Gates {
    fn slot(&self, steps: &[Effective]) -> Gate {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(steps.to_vec()).or_default())
    }
}

/// What is the same for all hosts on one way.
struct Way<'a> {
    settings: &'a SshSettings,
    environment: &'a Environment,
    gates: &'a Gates,
    limit: Duration,
}

type Boxed<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// A session with a host, through other hosts where the settings say so.
fn establish<'a>(effective: &'a Effective, way: &'a Way<'a>, depth: usize) -> Boxed<'a, Session> {
    Box::pin(async move {
        if depth > HOPS {
            return Err(Failure::Settings(format!(
                "ProxyJump: more than {HOPS} hosts lie on the way, or it is a circle"
            )));
        }
        let limit = way.limit;
        match &effective.route {
            Route::Direct => {
                let stream = stream::direct(effective, limit).await.map_err(Failure::Passing)?;
                log_in(effective, stream, None, limit).await
            }
            Route::Command(command) => {
                let (stream, child) = stream::proxy_command(command).map_err(Failure::Settings)?;
                match log_in(effective, Box::new(stream), None, limit).await {
                    Ok(session) => Ok(Session { _proxy: Some(child), ..session }),
                    Err(Failure::Passing(text)) => {
                        let said = stream::complaints(child).await;
                        Err(Failure::Passing(if said.is_empty() { text } else { format!("{said}\n{text}") }))
                    }
                    other => other,
                }
            }
            Route::Jump(hops) => {
                let last = gate(&steps(hops, way)?, way, depth).await?;
                let stream = channel_through(&last, effective, limit).await?;
                log_in(effective, stream, Some(last), limit).await
            }
        }
    })
}

/// The settings of the hosts on the way.
fn steps(hops: &[Hop], way: &Way<'_>) -> Result<Vec<Effective>, Failure> {
    let step = |hop: &Hop| {
        // As ssh -J: the configuration counts for hosts on the way, the options and Ansible's settings do not.
        let settings = SshSettings {
            user: hop.user.clone(),
            port: hop.port,
            config_file: config::file_of(way.settings),
            keepalive: way.settings.keepalive,
            ..SshSettings::new(hop.host.clone())
        };
        config::resolve(&settings, way.environment).map_err(Failure::Settings)
    };
    hops.iter().map(step).collect()
}

/// The session with the last of these hosts, through those before it; one for all who go the same way.
fn gate<'a>(steps: &'a [Effective], way: &'a Way<'a>, depth: usize) -> Boxed<'a, Arc<Session>> {
    Box::pin(async move {
        let Some((step, before)) = steps.split_last() else {
            return Err(Failure::Settings("ProxyJump names no host".to_owned()));
        };
        let slot = way.gates.slot(steps);
        let mut known = slot.lock().await;
        if let Some(session) = known.upgrade().filter(|session| !session.handle.is_closed()) {
            return Ok(session);
        }
        let session = if before.is_empty() {
            establish(step, way, depth.saturating_add(1)).await
        } else {
            let last = gate(before, way, depth).await?;
            let stream = channel_through(&last, step, way.limit).await?;
            log_in(step, stream, Some(last), way.limit).await
        };
        let session = Arc::new(session.map_err(|failure| failure.on_the_way(&step.original))?);
        *known = Arc::downgrade(&session);
        Ok(session)
    })
}

async fn channel_through(session: &Session, to: &Effective, limit: Duration) -> Result<Box<dyn Stream>, Failure> {
    let Effective { host, port, .. } = to;
    let open = session.handle.channel_open_direct_tcpip(host.as_str(), u32::from(*port), "127.0.0.1", 0);
    match tokio::time::timeout(limit, open).await {
        Ok(Ok(channel)) => Ok(Box::new(channel.into_stream())),
        Ok(Err(russh::Error::ChannelOpenFailure(reason))) => {
            Err(Failure::Passing(format!("ssh: connect to host {host} port {port} through a jump host: {reason:?}")))
        }
        Ok(Err(error)) => Err(Failure::Passing(format!("ssh: connect to host {host} port {port}: {error}"))),
        Err(_) => Err(Failure::Passing(format!("ssh: connect to host {host} port {port}: Connection timed out"))),
    }
}

/// Key exchange and login over a stream.
async fn log_in(
    effective: &Effective,
    stream: Box<dyn Stream>,
    through: Option<Arc<Session>>,
    limit: Duration,
) -> Result<Session, Failure> {
    let (host, port) = (&effective.host, effective.port);
    let verifier = Verifier::new(effective).map_err(Failure::Settings)?;
    let preferred =
        algorithms::preferred(effective, &verifier.key_types(), verifier.has_authority()).map_err(Failure::Settings)?;
    let config = Arc::new(russh::client::Config {
        client_id: SshId::Standard(concat!("SSH-2.0-provision_", env!("CARGO_PKG_VERSION")).into()),
        window_size: WINDOW,
        maximum_packet_size: PACKET,
        preferred,
        keepalive_interval: effective.keepalive,
        keepalive_max: effective.keepalive_max,
        ..russh::client::Config::default()
    });
    let report = Arc::new(Report::default());
    let client = Client { verifier, report: Arc::clone(&report) };
    let mut handle = match tokio::time::timeout(limit, russh::client::connect_stream(config, stream, client)).await {
        Err(_) => {
            return Err(Failure::Passing(format!(
                "Connection timed out during banner exchange\nConnection to {host} port {port} timed out"
            )));
        }
        Ok(Err(error)) => return Err(handshake_failure(effective, &report, &error)),
        Ok(Ok(handle)) => handle,
    };
    let password_allowed = report.judgement() != Some(Judgement::Doubtful);
    // Passwords are checked slowly where they are wrong, and directories may be slow: longer than the connection.
    let patience = limit.saturating_mul(3).max(Duration::from_secs(30));
    match auth::log_in(&mut handle, effective, password_allowed, patience).await {
        Ok(()) => Ok(Session { handle, report, _through: through, _proxy: None }),
        Err(AuthError::Denied(text)) => Err(Failure::Refused(text)),
        Err(AuthError::Lost(text)) => {
            let why = report.lost().map_or(text, str::to_owned);
            let text = format!("Connection to {host} port {port}: {why}");
            // A server that says why it closes means it.
            Err(if why.starts_with("the host disconnected") {
                Failure::Unreachable(text)
            } else {
                Failure::Passing(text)
            })
        }
    }
}

fn handshake_failure(effective: &Effective, report: &Report, error: &russh::Error) -> Failure {
    let Effective { host, port, .. } = effective;
    if let Some(Judgement::Bad(text)) = report.judgement() {
        return Failure::HostKey(text);
    }
    match error {
        // The ssh command's words.
        russh::Error::NoCommonAlgo { kind, theirs, .. } => Failure::Unreachable(format!(
            "Unable to negotiate with {host} port {port}: no matching {kind:?} found. Their offer: {}",
            theirs.join(",")
        )),
        russh::Error::IO(error) => {
            Failure::Passing(format!("kex_exchange_identification: {} ({host} port {port})", stream::reason(error)))
        }
        russh::Error::Disconnect | russh::Error::HUP => {
            Failure::Passing(format!("Connection closed by {host} port {port}"))
        }
        error => Failure::Unreachable(format!("Connection to {host} port {port}: {error}")),
    }
}
