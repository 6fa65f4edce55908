//! The one place where modules start processes.
//!
//! A process gets the task's environment, no input but what is given, and a process group of its own that dies with the
//! call (SIGTERM, then SIGKILL). Both pipes are read until the process has ended and its output is read; what it left
//! in the background may hold the pipes open, so a second of silence then ends the reading, as in Ansible's
//! `run_command`.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};

use super::terminal::{self, Terminal};
use crate::{cancel::Cancellation, module, module::Failure};

/// How long output is waited for once the process has ended but something still holds its pipes.
const AFTER_EXIT: Duration = Duration::from_secs(1);

/// A process in the making.
#[derive(Debug)]
pub struct Command {
    argv: Vec<OsString>,
    inner: std::process::Command,
    cancel: Cancellation,
    stdin: Option<Vec<u8>>,
    timeout: Option<Duration>,
    umask: Option<u32>,
    terminal: Option<Terminal>,
}

/// What came of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The exit code; minus the signal's number where a signal ended it, as in Python.
    pub rc: i32,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// The standard output as text; bytes that are no UTF-8 become U+FFFD.
    #[must_use]
    pub fn stdout_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }

    /// The standard error as text; bytes that are no UTF-8 become U+FFFD.
    #[must_use]
    pub fn stderr_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stderr)
    }

    /// It ended with 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.rc == 0
    }

    /// The failure of a command that ended badly, as Ansible's `run_command` tells of it with `check_rc`.
    #[must_use]
    pub fn refusal<S: AsRef<str>>(&self, argv: &[S]) -> Failure {
        let cmd: Vec<String> = argv.iter().map(|word| super::shlex::quote(word.as_ref())).collect();
        Failure::new(self.stderr_text().trim_end())
            .with("cmd", cmd.join(" "))
            .with("rc", self.rc)
            .with("stdout", self.stdout_text().into_owned())
            .with("stderr", self.stderr_text().into_owned())
    }

    /// Itself, where it ended with 0.
    ///
    /// # Errors
    ///
    /// [`Self::refusal`].
    pub fn checked<S: AsRef<str>>(self, argv: &[S]) -> Result<Self, Failure> {
        if self.success() { Ok(self) } else { Err(self.refusal(argv)) }
    }
}

/// A process that did not come to its own end.
#[derive(Debug)]
pub enum CommandError {
    /// It could not be started.
    Start {
        /// What was to be run.
        argv: Vec<String>,
        /// Why not.
        error: io::Error,
    },
    /// It ran longer than allowed and was killed.
    TimedOut {
        /// What ran.
        argv: Vec<String>,
        /// What was allowed.
        limit: Duration,
    },
    /// The call was cancelled.
    Cancelled,
}

impl fmt::Display for CommandError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { argv, error } => {
                let program = argv.first().map(String::as_str).unwrap_or_default();
                write!(
                    formatter,
                    "{}: b{}",
                    module::os_error(error, None),
                    protocol::arguments::python::repr_str(program)
                )
            }
            Self::TimedOut { argv, limit } => {
                let program = argv.first().map(String::as_str).unwrap_or_default();
                write!(formatter, "{program} did not end within {} seconds and was killed", limit.as_secs())
            }
            Self::Cancelled => formatter.write_str("cancelled"),
        }
    }
}

impl std::error::Error for CommandError {}

impl From<CommandError> for Failure {
    /// What Ansible's `run_command` fails with where a program cannot be started.
    fn from(error: CommandError) -> Self {
        match &error {
            CommandError::Start { argv, error: os } => {
                let cmd: Vec<String> = argv.iter().map(|word| super::shlex::quote(word)).collect();
                Self::caused("Error executing command.", &error)
                    .with("rc", os.raw_os_error().unwrap_or(257))
                    .with("stdout", "")
                    .with("stderr", "")
                    .with("cmd", cmd.join(" "))
            }
            CommandError::TimedOut { .. } => Self::new(error.to_string()),
            CommandError::Cancelled => Self::cancelled(),
        }
    }
}

impl Command {
    pub(crate) fn new<I, S>(argv: I, environment: &BTreeMap<String, String>, cancel: Cancellation) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let argv: Vec<OsString> = argv.into_iter().map(|word| word.as_ref().to_owned()).collect();
        let mut inner = std::process::Command::new(argv.first().map(OsString::as_os_str).unwrap_or_default());
        inner
            .args(argv.iter().skip(1))
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { argv, inner, cancel, stdin: None, timeout: None, umask: None, terminal: None }
    }

    /// The folder to run in.
    #[must_use]
    pub fn cwd(mut self, folder: impl AsRef<std::path::Path>) -> Self {
        self.inner.current_dir(folder);
        self
    }

    /// A variable on top of the task's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.inner.env(name, value);
        self
    }

    /// Nothing of the task's environment, only what is set from here on.
    #[must_use]
    pub fn without_environment(mut self) -> Self {
        self.inner.env_clear();
        self
    }

    /// Output in English whatever the host's language: `LANG`, `LC_ALL`, `LC_MESSAGES`, `LC_CTYPE` and `LANGUAGE`.
    #[must_use]
    pub fn plain_locale(mut self) -> Self {
        for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE"] {
            self.inner.env(name, "C.UTF-8");
        }
        self.inner.env("LANGUAGE", "C.UTF-8");
        self
    }

    /// Output in plain English with `LANG`, `LC_ALL` and `LC_MESSAGES` alone, in the best locale for it that the host
    /// has.
    #[must_use]
    pub fn best_locale(mut self) -> Self {
        let best = super::locale::best();
        for name in ["LANG", "LC_ALL", "LC_MESSAGES"] {
            self.inner.env(name, best);
        }
        self
    }

    /// Output in plain English, in the best locale for it that the host has, whatever variable a program asks: `LANG`,
    /// `LC_ALL`, `LC_MESSAGES`, `LC_CTYPE` and `LANGUAGE`.
    #[must_use]
    pub fn best_locale_throughout(mut self) -> Self {
        let best = super::locale::best();
        for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANGUAGE"] {
            self.inner.env(name, best);
        }
        self
    }

    /// Input, all of it.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self.inner.stdin(Stdio::piped());
        self
    }

    /// Kill it after that time.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The umask to run with.
    #[must_use]
    pub fn umask(mut self, umask: u32) -> Self {
        self.umask = Some(umask);
        self
    }

    /// Gives it a terminal of its own: both outputs arrive as the standard output, with lines that end in `\r\n`, and its
    /// input is at an end.
    ///
    /// # Errors
    ///
    /// The system has no terminal to give.
    pub fn terminal(mut self) -> io::Result<Self> {
        let (terminal, side) = Terminal::open()?;
        self.inner.stdin(side.try_clone()?).stdout(side.try_clone()?).stderr(side);
        self.stdin = Some(vec![terminal::END_OF_INPUT]);
        self.terminal = Some(terminal);
        Ok(self)
    }

    fn words(&self) -> Vec<String> {
        self.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// Runs it to its end.
    ///
    /// # Errors
    ///
    /// [`CommandError`]; an exit code other than 0 is none.
    pub fn run(mut self) -> Result<Output, CommandError> {
        if self.cancel.is_cancelled() {
            return Err(CommandError::Cancelled);
        }
        self.prepare_child();
        let mut child = self.inner.spawn().map_err(|error| CommandError::Start { argv: self.words(), error })?;
        // A terminal says that it is at its end once nobody else holds the process's side of it.
        self.inner.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            self.cancel.adopt(group);
        }
        let outcome = self.attend(&mut child, group);
        if let Some(group) = group {
            self.cancel.release(group);
        }
        if self.cancel.is_cancelled() {
            return Err(CommandError::Cancelled);
        }
        match outcome {
            Ok(Some(output)) => Ok(output),
            Ok(None) => Err(CommandError::TimedOut { argv: self.words(), limit: self.timeout.unwrap_or_default() }),
            Err(error) => Err(CommandError::Start { argv: self.words(), error }),
        }
    }

    /// What happens in the child before it becomes the program: it dies with the helper, leads a group or, with a
    /// terminal, a session, and gets its umask.
    fn prepare_child(&mut self) {
        let umask = self.umask;
        let leads_session = self.terminal.is_some();
        if !leads_session {
            self.inner.process_group(0);
        }
        let prepare = move || {
            if leads_session {
                terminal::lead_session()?;
            }
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            if let Some(umask) = umask {
                rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask));
            }
            Ok(())
        };
        #[expect(unsafe_code, reason = "system calls that are safe between fork and exec")]
        // SAFETY: the closure allocates nothing and takes no lock.
        unsafe {
            self.inner.pre_exec(prepare);
        }
    }

    /// Feeds and reads a process until its end; `None` where it took too long.
    fn attend(&mut self, child: &mut Child, group: Option<Pid>) -> io::Result<Option<Output>> {
        let (mut input, mut stdout) = match self.terminal.take() {
            Some(terminal) => terminal.into_ends()?,
            None => (
                child.stdin.take().map(OwnedFd::from).map(std::fs::File::from),
                child.stdout.take().map(OwnedFd::from).map(std::fs::File::from),
            ),
        };
        let mut stderr = child.stderr.take().map(OwnedFd::from).map(std::fs::File::from);
        for pipe in [&input, &stdout, &stderr].into_iter().flatten() {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        let pending = self.stdin.take().unwrap_or_default();
        let mut written = 0;
        let mut output = Output { rc: 0, stdout: Vec::new(), stderr: Vec::new() };
        let deadline = self.timeout.map(|limit| Instant::now() + limit);
        let pidfd = group.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let mut status: Option<ExitStatus> = None;

        while status.is_none() || stdout.is_some() || stderr.is_some() {
            let wait = match (status, deadline, &pidfd) {
                (Some(_), ..) => Some(AFTER_EXIT),
                (None, Some(deadline), _) => Some(deadline.saturating_duration_since(Instant::now())),
                (None, None, Some(_)) => None,
                // A kernel without pidfds: look again and again.
                (None, None, None) => Some(Duration::from_millis(50)),
            };
            let ready = {
                let watched = |fd: Option<BorrowedFd<'_>>| fd.is_some();
                let fds = [
                    stdout.as_ref().map(AsFd::as_fd),
                    stderr.as_ref().map(AsFd::as_fd),
                    input.as_ref().map(AsFd::as_fd),
                    pidfd.as_ref().filter(|_| status.is_none()).map(AsFd::as_fd),
                ];
                let mut polled: Vec<PollFd<'_>> = fds
                    .iter()
                    .enumerate()
                    .filter_map(|(index, fd)| {
                        let flags = if index == 2 { PollFlags::OUT } else { PollFlags::IN };
                        Some(PollFd::from_borrowed_fd((*fd)?, flags))
                    })
                    .collect();
                let count = wait_for(&mut polled, wait)?;
                let mut events = polled.iter().map(|fd| !fd.revents().is_empty());
                let ready = fds.map(|fd| watched(fd) && events.next().unwrap_or(false));
                (count > 0).then_some(ready)
            };
            let Some([out_ready, err_ready, in_ready, _]) = ready else {
                if status.is_some() {
                    // Something in the background holds the pipes and is silent.
                    break;
                }
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return self.end(child, group).map(|()| None);
                }
                status = child.try_wait()?;
                continue;
            };
            if out_ready {
                drain(&mut stdout, &mut output.stdout)?;
            }
            if err_ready {
                drain(&mut stderr, &mut output.stderr)?;
            }
            if in_ready && let Some(pipe) = &mut input {
                match pipe.write(pending.get(written..).unwrap_or_default()) {
                    Ok(count) => written += count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    // It closed its input: it does not want the rest.
                    Err(_) => written = pending.len(),
                }
                if written >= pending.len() {
                    input = None;
                }
            }
            if status.is_none() {
                status = child.try_wait()?;
                if status.is_none() && stdout.is_none() && stderr.is_none() && input.is_none() && deadline.is_none() {
                    status = Some(child.wait()?);
                }
            }
        }
        let status = match status {
            Some(status) => status,
            None => child.wait()?,
        };
        output.rc = status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or(-1);
        Ok(Some(output))
    }

    /// Ends a process that took too long.
    fn end(&self, child: &mut Child, group: Option<Pid>) -> io::Result<()> {
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        child.wait().map(|_| ())
    }
}

fn wait_for(polled: &mut [PollFd<'_>], wait: Option<Duration>) -> io::Result<usize> {
    let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
    loop {
        match poll(polled, wait.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            other => return other.map_err(io::Error::from),
        }
    }
}

/// Reads what is there; at the end the pipe becomes `None`.
fn drain(pipe: &mut Option<std::fs::File>, into: &mut Vec<u8>) -> io::Result<()> {
    let Some(file) = pipe else { return Ok(()) };
    let mut chunk = [0; 32768];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => {
                *pipe = None;
                return Ok(());
            }
            Ok(count) => into.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if terminal::is_end(&error) => {
                *pipe = None;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(argv: &[&str]) -> Command {
        let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        Command::new(argv, &environment, Cancellation::default())
    }

    #[test]
    fn both_outputs_and_the_exit_code_come_back() {
        let output = command(&["sh", "-c", "echo out; echo err >&2; exit 3"]).run().unwrap();
        assert_eq!(output, Output { rc: 3, stdout: b"out\n".to_vec(), stderr: b"err\n".to_vec() });
    }

    #[test]
    fn large_input_and_output_do_not_block_each_other() {
        let bytes = vec![b'x'; 1 << 20];
        let output = command(&["cat"]).stdin(bytes.clone()).run().unwrap();
        assert_eq!(output.stdout, bytes);
    }

    #[test]
    fn a_signal_is_a_negative_exit_code() {
        assert_eq!(command(&["sh", "-c", "kill -9 $$"]).run().unwrap().rc, -9);
    }

    #[test]
    fn a_missing_program_reads_as_in_python() {
        let error = command(&["no-such-program"]).run().unwrap_err();
        assert_eq!(error.to_string(), "[Errno 2] No such file or directory: b'no-such-program'");
    }

    #[test]
    fn with_a_terminal_both_outputs_are_one_and_the_input_is_at_its_end() {
        let output = command(&["sh", "-c", "test -t 0 && test -t 1 && echo out; cat; echo err >&2; exit 3"]);
        let output = output.terminal().unwrap().run().unwrap();
        assert_eq!(output, Output { rc: 3, stdout: b"out\r\nerr\r\n".to_vec(), stderr: Vec::new() });
    }

    #[test]
    fn what_takes_too_long_is_killed() {
        let error = command(&["sleep", "3600"]).timeout(Duration::from_millis(10)).run().unwrap_err();
        assert!(matches!(error, CommandError::TimedOut { .. }));
    }

    #[test]
    fn cancelling_ends_the_process_and_its_children() {
        let cancel = Cancellation::default();
        let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let command = Command::new(["sh", "-c", "sleep 3600 & echo ready; wait"], &environment, cancel.clone());
        let runner = std::thread::spawn(move || command.run());
        while cancel.is_idle() {
            std::thread::yield_now();
        }
        cancel.cancel();
        assert!(matches!(runner.join().unwrap(), Err(CommandError::Cancelled)));
    }
}
