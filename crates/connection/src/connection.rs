//! A host that was reached: commands on it, and its helpers.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::process::Command;

use crate::{
    bootstrap::{self, HelperBinary, StartError},
    error::ConnectError,
    exec::{Exec, ExecEvent, spawn},
    handle::HelperHandle,
    privilege::{Conversation, Reaction, wrap},
    ssh::{Gates, SshConnection},
    target::{Become, DockerSettings, Kind, Target},
};

/// How long a helper has to end when its connection is closed.
const GOODBYE: Duration = Duration::from_secs(3);

/// A host that was reached, and the helpers that run on it. Cheap to clone; closed when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    target: Target,
    way: Way,
    helpers: Mutex<HashMap<Running, Slot>>,
}

/// What makes a helper another one: whom it works as, and the sha256 of its program.
type Running = (Option<Become>, Cow<'static, str>);

/// One helper of one user; the lock is held while it is started, so that it is started once.
type Slot = Arc<tokio::sync::Mutex<Option<HelperHandle>>>;

#[derive(Debug)]
enum Way {
    Local,
    Docker(DockerSettings),
    Ssh(Box<SshConnection>),
}

/// What the `raw` module runs: one command, with nothing of ours on the host.
#[derive(Debug, Clone, Default)]
pub struct RawRequest {
    /// The command, for the login user's shell (or, for another user, for the target's shell).
    pub command: String,
    /// The user to run it as.
    pub become_: Option<Become>,
    /// Its standard input; empty without.
    pub stdin: Option<Bytes>,
    /// With a terminal of its own, as Ansible's `ssh` connection runs `raw`: lines then end in `\r\n`, standard error is
    /// part of standard output, and what is left as standard error is what the ssh command says at the end. Only SSH has
    /// one, and only a command without an input, as with Ansible.
    pub tty: bool,
}

/// What came of a raw command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawOutput {
    /// The exit code; 128 and the signal's number, or 255, where there is none.
    pub rc: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Connection {
    /// Reaches the host: connects and logs in over SSH; asks docker whether the container runs; nothing for `local`.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn open(target: &Target) -> Result<Self, ConnectError> {
        Self::open_through(target, &Gates::default()).await
    }

    /// Reaches the host; hosts on the way are shared with others.
    pub(crate) async fn open_through(target: &Target, gates: &Gates) -> Result<Self, ConnectError> {
        let way = match &target.kind {
            Kind::Local => Way::Local,
            Kind::Docker(settings) => Way::Docker(settings.clone()),
            Kind::Ssh(settings) => Way::Ssh(Box::new(SshConnection::open(target, settings, gates).await?)),
        };
        Ok(Self { inner: Arc::new(Inner { target: target.clone(), way, helpers: Mutex::default() }) })
    }

    /// The settings it was opened with.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.inner.target
    }

    /// Whether the way to the host is lost, so that only a new connection helps.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match &self.inner.way {
            Way::Local | Way::Docker(_) => false,
            Way::Ssh(ssh) => ssh.is_closed(),
        }
    }

    /// That helper of a user, started where it does not run yet. Whoever asks while it is being started gets the same one.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn helper(&self, become_: Option<&Become>, binary: &HelperBinary) -> Result<HelperHandle, ConnectError> {
        let slot = {
            let mut helpers = self.inner.helpers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(helpers.entry((become_.cloned(), binary.sha256_hex.clone())).or_default())
        };
        let mut helper = slot.lock().await;
        if let Some(running) = helper.as_ref().filter(|running| !running.is_dead()) {
            return Ok(running.clone());
        }
        let started = self.start_helper(become_, binary).await?;
        Ok(helper.insert(started).clone())
    }

    async fn start_helper(
        &self,
        become_: Option<&Become>,
        binary: &HelperBinary,
    ) -> Result<HelperHandle, ConnectError> {
        let target = &self.inner.target;
        for fresh in [false, true] {
            let line = bootstrap::command(target, become_, binary, fresh, self.shell_is_ours());
            let exec = self.exec(&line, false, false).await?;
            match bootstrap::start(exec, target, become_, binary).await {
                Ok(started) => return Ok(HelperHandle::new(started, &target.host)),
                Err(StartError::Stale) if !fresh => {}
                Err(StartError::Stale) => break,
                Err(StartError::Failed(error)) => return Err(error),
            }
        }
        let host = target.host.clone();
        let message = format!("The helper was stored on {host} but cannot be run there");
        Err(ConnectError::Helper { host, message })
    }

    /// Runs one command without the helper: for the `raw` and `script` modules, and for hosts that have nothing.
    /// Dropping the future ends a local command, and closes the channel of a remote one.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Unreachable`] where the host is lost before the command ended, [`ConnectError::Become`] where the other
    /// user is refused. A command that fails is no error.
    pub async fn raw(&self, request: RawRequest) -> Result<RawOutput, ConnectError> {
        const MARKER: &str = "@provision-raw";
        let target = &self.inner.target;
        let RawRequest { command, become_, stdin, tty } = request;
        let tty = tty && stdin.is_none();
        let line = match &become_ {
            Some(become_) => wrap(become_, &target.shell, &format!("echo {MARKER}; {command}")),
            None => command,
        };
        let Exec { mut writer, mut reader } = self.exec(&line, tty, true).await?;
        let (mut out, mut err) = (BytesMut::new(), BytesMut::new());
        if let Some(become_) = &become_ {
            let mut talks = [0, 1].map(|_| Conversation::new(become_, &target.host));
            let patience = target.connect_timeout.max(Duration::from_secs(10)).saturating_mul(3);
            loop {
                let event = tokio::time::timeout(patience, reader.next()).await;
                let (talk, said) = match event {
                    Err(_) => {
                        let (limit, said) = (patience.as_secs(), String::from_utf8_lossy(&out));
                        let message = format!("Timeout ({limit}s) waiting for privilege escalation prompt: {said}");
                        return Err(ConnectError::unreachable(&target.host, message));
                    }
                    Ok(ExecEvent::Stdout(bytes)) => {
                        out.extend_from_slice(&bytes);
                        (&mut talks[0], &mut out)
                    }
                    Ok(ExecEvent::Stderr(bytes)) => {
                        err.extend_from_slice(&bytes);
                        (&mut talks[1], &mut err)
                    }
                    Ok(ExecEvent::Ended(exit)) => {
                        let rc = exit.code.unwrap_or(255);
                        return Ok(RawOutput { rc, stdout: out.to_vec(), stderr: err.to_vec() });
                    }
                };
                if let Some(end) = after_line(said, MARKER.as_bytes()) {
                    drop(said.split_to(end));
                    err.clear();
                    break;
                }
                match talk.hear(&String::from_utf8_lossy(said)) {
                    Reaction::Nothing => {}
                    Reaction::Fail(message) => return Err(talk.error(message)),
                    Reaction::SendPassword => {
                        let password = become_.password.as_ref().map_or("", protocol::Secret::reveal);
                        // The end of the command, which follows an error here, says more.
                        drop(writer.write(Bytes::from(format!("{password}\n"))).await);
                    }
                }
            }
        }
        // Both at once: a command that answers while it reads would otherwise wait for us as we wait for it.
        let feed = async {
            if let Some(bytes) = stdin {
                // A command that does not read its input is its own affair.
                drop(writer.write(bytes).await);
            }
            // With a terminal, the end of input is for the terminal to say, not for the channel.
            if !tty {
                writer.end().await;
            }
            std::future::pending::<std::convert::Infallible>().await
        };
        let hear = async {
            loop {
                match reader.next().await {
                    ExecEvent::Stdout(bytes) => out.extend_from_slice(&bytes),
                    ExecEvent::Stderr(bytes) => err.extend_from_slice(&bytes),
                    ExecEvent::Ended(exit) => break exit,
                }
            }
        };
        let exit = tokio::select! {
            exit = hear => exit,
            never = feed => match never {},
        };
        if exit.code.is_none() && exit.signal.is_none() && (exit.lost.is_some() || self.is_closed()) {
            let why = exit.lost.as_deref().unwrap_or("it was closed");
            let message = format!("Connection to host {} was lost while a command ran: {why}", target.host);
            return Err(ConnectError::unreachable(&target.host, message));
        }
        if let Some(farewell) = self.terminal_farewell().filter(|_| tty) {
            err.extend_from_slice(farewell.as_bytes());
        }
        Ok(RawOutput { rc: exit.code.unwrap_or(255), stdout: out.to_vec(), stderr: err.to_vec() })
    }

    /// What the ssh command says on its standard error when a command that had a terminal ends; `None` where commands get
    /// no terminal.
    #[must_use]
    pub fn terminal_farewell(&self) -> Option<String> {
        match &self.inner.way {
            Way::Ssh(ssh) => Some(format!("Shared connection to {} closed.\r\n", ssh.host())),
            Way::Local | Way::Docker(_) => None,
        }
    }

    /// Ends the helpers and the connection, and waits for both, a few seconds at most.
    pub async fn close(&self) {
        let slots: Vec<Slot> = {
            let mut helpers = self.inner.helpers.lock().unwrap_or_else(PoisonError::into_inner);
            helpers.drain().map(|(_, slot)| slot).collect()
        };
        let mut closing = tokio::task::JoinSet::new();
        for slot in slots {
            closing.spawn(async move {
                if let Some(helper) = slot.lock().await.take() {
                    helper.close(GOODBYE).await;
                }
            });
        }
        while closing.join_next().await.is_some() {}
        if let Way::Ssh(ssh) = &self.inner.way {
            ssh.close().await;
        }
    }

    /// Whether the command line goes to our own choice of shell, not to a login shell.
    fn shell_is_ours(&self) -> bool {
        !matches!(self.inner.way, Way::Ssh(_))
    }

    async fn exec(&self, line: &str, tty: bool, kill_on_drop: bool) -> Result<Exec, ConnectError> {
        let target = &self.inner.target;
        match &self.inner.way {
            Way::Local => {
                let mut command = Command::new(&target.shell);
                command.arg("-c").arg(line);
                spawn(command, kill_on_drop).map_err(|error| {
                    let message = format!("{} cannot be started on this machine: {error}", target.shell);
                    ConnectError::unreachable(&target.host, message)
                })
            }
            Way::Docker(settings) => {
                let mut command = Command::new(&settings.command);
                command.args(&settings.extra_args).args(["exec", "-i"]);
                if let Some(user) = &settings.user {
                    command.args(["-u", user]);
                }
                command.arg(&settings.container).arg(&target.shell).arg("-c").arg(line);
                spawn(command, kill_on_drop).map_err(|error| {
                    let message = format!("{} cannot be started on this machine: {error}", settings.command);
                    ConnectError::unreachable(&target.host, message)
                })
            }
            Way::Ssh(ssh) => ssh.exec(target, line, tty).await,
        }
    }
}

/// Where the line that holds `marker` ends.
fn after_line(said: &[u8], marker: &[u8]) -> Option<usize> {
    let at = said.windows(marker.len().max(1)).position(|window| window == marker)?;
    let length = said.get(at..)?.iter().position(|byte| *byte == b'\n')?;
    Some(at.saturating_add(length).saturating_add(1))
}
