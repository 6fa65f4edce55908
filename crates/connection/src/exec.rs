//! One command on a host, whatever the way there: bytes in, bytes out, an end.

use std::{process::Stdio, sync::Arc};

use bytes::{Bytes, BytesMut};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};

use crate::ssh::Report;

/// How much is read at once from a child's pipe.
const READ: usize = 64 * 1024;

/// A command that runs. Dropping both halves closes its standard input and forgets it.
#[derive(Debug)]
pub(crate) struct Exec {
    pub(crate) writer: ExecWriter,
    pub(crate) reader: ExecReader,
}

/// What a command says.
#[derive(Debug)]
pub(crate) enum ExecEvent {
    Stdout(Bytes),
    Stderr(Bytes),
    /// It ended, and all that it said has been heard; nothing comes after this.
    Ended(Exit),
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Exit {
    /// Its exit code; 128 and the signal's number where a signal ended a child of ours.
    pub(crate) code: Option<i32>,
    /// The signal that ended it, as the server names it.
    pub(crate) signal: Option<String>,
    /// Why the connection ended before the command did.
    pub(crate) lost: Option<String>,
}

/// The command's standard input.
#[derive(Debug)]
pub(crate) enum ExecWriter {
    Ssh(Option<ChannelWriteHalf<Msg>>),
    Child(Option<ChildStdin>),
}

impl ExecWriter {
    /// Writes all of it, as fast as the other side takes it.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> std::io::Result<()> {
        match self {
            Self::Ssh(Some(channel)) => channel.data_bytes(bytes).await.map_err(std::io::Error::other),
            Self::Child(Some(stdin)) => {
                stdin.write_all(&bytes).await?;
                stdin.flush().await
            }
            Self::Ssh(None) | Self::Child(None) => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends the input.
    pub(crate) async fn end(&mut self) {
        match self {
            // An error here says that the channel is gone already, which is the end that was wanted.
            Self::Ssh(Some(channel)) => drop(channel.eof().await),
            Self::Ssh(None) => {}
            Self::Child(stdin) => drop(stdin.take()),
        }
    }
}

impl Drop for ExecWriter {
    /// Closes the channel of a command that nobody listens to any more; a child is killed by its own handle, where that
    /// was asked for.
    fn drop(&mut self) {
        if let Self::Ssh(channel) = self
            && let Some(channel) = channel.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // Ends as soon as the session has taken one more message, or is gone.
            runtime.spawn(async move { drop(channel.close().await) });
        }
    }
}

/// What the command says, and its end.
#[derive(Debug)]
pub(crate) enum ExecReader {
    Ssh { channel: ChannelReadHalf, exit: Exit, report: Arc<Report> },
    Child(Box<ChildReader>),
}

/// A child process of ours.
#[derive(Debug)]
pub(crate) struct ChildReader {
    child: Child,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    out: BytesMut,
    err: BytesMut,
}

impl ExecReader {
    /// The next thing that the command says. Safe to cancel.
    pub(crate) async fn next(&mut self) -> ExecEvent {
        match self {
            Self::Ssh { channel, exit, report } => next_of_channel(channel, exit, report).await,
            Self::Child(reader) => reader.next().await,
        }
    }
}

async fn next_of_channel(channel: &mut ChannelReadHalf, exit: &mut Exit, report: &Report) -> ExecEvent {
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Data { data }) => return ExecEvent::Stdout(data),
            Some(ChannelMsg::ExtendedData { data, ext: 1 }) => return ExecEvent::Stderr(data),
            Some(ChannelMsg::ExitStatus { exit_status }) => exit.code = i32::try_from(exit_status).ok(),
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => exit.signal = Some(format!("{signal_name:?}")),
            Some(ChannelMsg::Failure) => {
                exit.lost = Some("the server refuses to run commands".to_owned());
                return ExecEvent::Ended(exit.clone());
            }
            Some(ChannelMsg::Close) | None => {
                if *exit == Exit::default() {
                    exit.lost = report.lost().map(str::to_owned);
                }
                return ExecEvent::Ended(exit.clone());
            }
            Some(_) => {}
        }
    }
}

impl ChildReader {
    async fn next(&mut self) -> ExecEvent {
        loop {
            self.out.reserve(READ);
            self.err.reserve(READ);
            match (&mut self.stdout, &mut self.stderr) {
                (Some(stdout), Some(stderr)) => tokio::select! {
                    read = stdout.read_buf(&mut self.out) => {
                        if !matches!(read, Ok(1..)) { self.stdout = None; }
                    }
                    read = stderr.read_buf(&mut self.err) => {
                        if !matches!(read, Ok(1..)) { self.stderr = None; }
                    }
                },
                (Some(stdout), None) => {
                    if !matches!(stdout.read_buf(&mut self.out).await, Ok(1..)) {
                        self.stdout = None;
                    }
                }
                (None, Some(stderr)) => {
                    if !matches!(stderr.read_buf(&mut self.err).await, Ok(1..)) {
                        self.stderr = None;
                    }
                }
                (None, None) => return ExecEvent::Ended(self.exit().await),
            }
            if !self.out.is_empty() {
                return ExecEvent::Stdout(self.out.split().freeze());
            }
            if !self.err.is_empty() {
                return ExecEvent::Stderr(self.err.split().freeze());
            }
        }
    }

    async fn exit(&mut self) -> Exit {
        use std::os::unix::process::ExitStatusExt as _;
        match self.child.wait().await {
            Ok(status) => Exit {
                code: status.code().or_else(|| status.signal().map(|signal| 128_i32.saturating_add(signal))),
                ..Exit::default()
            },
            Err(_) => Exit::default(),
        }
    }
}

/// Starts a child process with pipes on all three. It is not killed when it is dropped: the end of its input ends it,
/// also where it runs as another user whom we may not kill.
pub(crate) fn spawn(mut command: Command, kill_on_drop: bool) -> std::io::Result<Exec> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(kill_on_drop);
    // A terminal's Ctrl-C is for the control node, which then ends its helpers in order.
    command.process_group(0);
    let mut child = command.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    Ok(Exec {
        writer: ExecWriter::Child(stdin),
        reader: ExecReader::Child(Box::new(ChildReader {
            child,
            stdout,
            stderr,
            out: BytesMut::new(),
            err: BytesMut::new(),
        })),
    })
}
