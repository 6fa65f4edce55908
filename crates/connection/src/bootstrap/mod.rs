//! How a helper comes to a host and starts: one command, which runs the cached file if its hash is right and asks for
//! the bytes otherwise.
//!
//! The file lies under its name and its sha256 in a folder that belongs to the user and to nobody else (`~/.cache/provision`, or
//! `provision-UID` below `/var/tmp`, `/tmp`, `/dev/shm` where the home folder cannot be written or run from), and is
//! verified before each start.

use std::{borrow::Cow, io::Read as _, time::Duration};

use bytes::{Bytes, BytesMut};
use protocol::{
    Secret,
    frame::{self, FromHelper, Hello},
};

use crate::{
    error::{ConnectError, seconds},
    exec::{Exec, ExecEvent, Exit},
    privilege::{Conversation, Reaction, wrap},
    target::{Become, Kind, Target},
};

/// Starts the helper if it is there.
const START: &str = include_str!("start.sh");

/// Gets the helper, and starts it.
const UPLOAD: &str = include_str!("upload.sh");

/// How much of what a host says before the helper begins is kept for messages, in bytes.
const NOISE: usize = 16 * 1024;

/// A helper, as the control node carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperBinary {
    /// Its name among the helpers, of letters and digits: part of the cached file's name. Old files of its own name are
    /// removed when it is stored, those of other helpers are left to them.
    pub name: &'static str,
    /// The program, gzipped.
    pub bytes_gz: Cow<'static, [u8]>,
    /// The program in an xz file, which is smaller and takes a host longer to unpack; empty where there is none.
    pub bytes_xz: Cow<'static, [u8]>,
    /// The sha256 of the program (not packed), 64 hexadecimal digits in lower case.
    pub sha256_hex: Cow<'static, str>,
    /// The length of the program (not packed), in bytes.
    pub size: u64,
}

impl HelperBinary {
    fn raw(&self) -> std::io::Result<Vec<u8>> {
        let mut raw = Vec::new();
        flate2::read::GzDecoder::new(&*self.bytes_gz).read_to_end(&mut raw)?;
        Ok(raw)
    }

    fn marker(&self) -> String {
        format!("@provision-{}", self.sha256_hex.get(..12).unwrap_or(&self.sha256_hex))
    }
}

/// The shell line that starts the helper; `fresh` leaves what is cached alone and asks for the bytes.
fn start_line(binary: &HelperBinary, spare_folders: &[String], becoming: bool, fresh: bool) -> String {
    // A name with blanks or quotes would need quoting that no login shell must see; folders for spare have none.
    let plain =
        |folder: &&str| folder.starts_with('/') && folder.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    let folders: Vec<&str> = spare_folders.iter().map(String::as_str).filter(plain).collect();
    // For another user, sudo or su may have left the first one's variable.
    let cache = if becoming { "" } else { "$XDG_CACHE_HOME" };
    format!(
        "b={} h={} m={} n={} s=\"{}\" x={cache}; {}",
        binary.name,
        binary.sha256_hex,
        binary.marker(),
        u8::from(fresh),
        folders.join(" "),
        one_line(START),
    )
}

/// The line that gets the helper.
fn upload_line(binary: &HelperBinary, kind: &Kind) -> String {
    // Unpacking xz takes longer than reading the difference from a pipe: it is for what has a network between.
    let xz = if matches!(kind, Kind::Ssh(_)) { binary.bytes_xz.len() } else { 0 };
    format!("y={xz} z={} r={}; {}\n", binary.bytes_gz.len(), binary.size, one_line(UPLOAD))
}

/// A script without comments and line breaks.
fn one_line(script: &str) -> String {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.collect::<Vec<_>>().join(" ")
}

/// The command that starts the helper, for the login user's shell, or for the target's own (`direct`).
pub(crate) fn command(
    target: &Target,
    become_: Option<&Become>,
    binary: &HelperBinary,
    fresh: bool,
    direct: bool,
) -> String {
    let line = start_line(binary, &target.spare_folders, become_.is_some(), fresh);
    match become_ {
        Some(become_) => wrap(become_, &target.shell, &line),
        None if direct => line,
        None => format!("{} -c {}", crate::quote::quote(&target.shell), crate::quote::quote(&line)),
    }
}

/// A helper that has said hello: the command it runs as, and what was read beyond the hello.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) exec: Exec,
    pub(crate) hello: Hello,
    pub(crate) rest: BytesMut,
}

/// Why a start failed.
#[derive(Debug)]
pub(crate) enum StartError {
    /// The cached file could not be run: worth a fresh upload.
    Stale,
    /// The reason.
    Failed(ConnectError),
}

/// Follows the shell line until the helper has said hello.
pub(crate) async fn start(
    mut exec: Exec,
    target: &Target,
    become_: Option<&Become>,
    binary: &HelperBinary,
) -> Result<Started, StartError> {
    let mut talk = Talk {
        target,
        become_,
        binary,
        marker: binary.marker(),
        conversations: [0, 1].map(|_| become_.map(|become_| Conversation::new(become_, &target.host))),
        out: BytesMut::new(),
        err: String::new(),
        running: false,
        sent: false,
    };
    let hello = talk.run(&mut exec).await?;
    Ok(Started { exec, hello, rest: talk.out })
}

struct Talk<'a> {
    target: &'a Target,
    become_: Option<&'a Become>,
    binary: &'a HelperBinary,
    marker: String,
    conversations: [Option<Conversation<'a>>; 2],
    out: BytesMut,
    err: String,
    running: bool,
    sent: bool,
}

impl Talk<'_> {
    /// Silence longer than this ends the start. An upload and a slow directory service take their time.
    fn patience(&self) -> Duration {
        self.target.connect_timeout.max(Duration::from_secs(10)).saturating_mul(3)
    }

    async fn run(&mut self, exec: &mut Exec) -> Result<Hello, StartError> {
        let patience = self.patience();
        loop {
            if let Some(hello) = self.advance(exec).await? {
                return Ok(hello);
            }
            let event = tokio::time::timeout(patience, exec.reader.next()).await.map_err(|_| self.silence(patience))?;
            match event {
                ExecEvent::Stdout(bytes) => {
                    self.out.extend_from_slice(&bytes);
                    if !self.running {
                        self.trim();
                        let said = String::from_utf8_lossy(&self.out).into_owned();
                        self.converse(exec, 0, &said).await?;
                    }
                }
                ExecEvent::Stderr(bytes) => {
                    if self.err.len() < NOISE {
                        self.err.push_str(&String::from_utf8_lossy(&bytes));
                    }
                    if !self.running {
                        let said = std::mem::take(&mut self.err);
                        let heard = self.converse(exec, 1, &said).await;
                        self.err = said;
                        heard?;
                    }
                }
                ExecEvent::Ended(exit) => return Err(self.ended(&exit)),
            }
        }
    }

    /// Does what the marker lines ask for; the hello, once it is there.
    async fn advance(&mut self, exec: &mut Exec) -> Result<Option<Hello>, StartError> {
        while !self.running {
            let Some(order) = self.next_order() else { return Ok(None) };
            match order.split_once(' ').unwrap_or((&order, "")) {
                ("run", _) => self.running = true,
                ("more", _) => {
                    self.sent = true;
                    // The end of the command, which follows an error here, says more.
                    drop(exec.writer.write(Bytes::from(upload_line(self.binary, &self.target.kind))).await);
                }
                ("send", form) => self.send(exec, form).await?,
                ("fail", why) => return Err(self.failed(why)),
                _ => return Err(self.failed(&format!("an answer that is not understood: {order}"))),
            }
        }
        self.hello()
    }

    /// Takes the next marker line and all before it off what was said.
    fn next_order(&mut self) -> Option<String> {
        let start = find(&self.out, self.marker.as_bytes())?;
        let rest = self.out.get(start..)?;
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        let line = String::from_utf8_lossy(rest.get(..length)?).trim_end().to_owned();
        drop(self.out.split_to(start.saturating_add(length).saturating_add(1)));
        line.strip_prefix(&self.marker).map(|order| order.trim_start().to_owned())
    }

    async fn send(&self, exec: &mut Exec, form: &str) -> Result<(), StartError> {
        let bytes = match form {
            "xz" => shared(self.binary.bytes_xz.clone()),
            "gz" => shared(self.binary.bytes_gz.clone()),
            _ => {
                Bytes::from(self.binary.raw().map_err(|error| self.failed(&format!("it cannot be unpacked: {error}")))?)
            }
        };
        let patience = self.patience();
        // Small steps, so that the time limit is for silence and not for a slow line.
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(64 * 1024));
            match tokio::time::timeout(patience, exec.writer.write(piece)).await {
                Err(_) => return Err(self.silence(patience)),
                // The end of the command, which comes next, says why.
                Ok(Err(_)) => break,
                Ok(Ok(())) => {}
            }
        }
        Ok(())
    }

    fn hello(&mut self) -> Result<Option<Hello>, StartError> {
        let Some(prefix) = self.out.first_chunk::<4>() else { return Ok(None) };
        let garbled = |error: frame::FrameError| self.failed(&format!("what it says is not understood: {error}"));
        let length = frame::decode_length(*prefix).map_err(garbled)?;
        let Some(bytes) = self.out.get(4..length.saturating_add(4)) else { return Ok(None) };
        let FromHelper::Hello(hello) = frame::decode(bytes).map_err(garbled)? else {
            return Err(self.failed("its first frame is not a hello"));
        };
        if hello.protocol != frame::VERSION {
            let (theirs, ours) = (hello.protocol, frame::VERSION);
            return Err(
                self.failed(&format!("it speaks version {theirs} of the protocol, this program version {ours}"))
            );
        }
        drop(self.out.split_to(length.saturating_add(4)));
        Ok(Some(hello))
    }

    async fn converse(&mut self, exec: &mut Exec, stream: usize, said: &str) -> Result<(), StartError> {
        let Some(conversation) = self.conversations.get_mut(stream).and_then(Option::as_mut) else { return Ok(()) };
        match conversation.hear(said) {
            Reaction::Nothing => Ok(()),
            Reaction::Fail(message) => Err(StartError::Failed(conversation.error(message))),
            Reaction::SendPassword => {
                let empty = Secret::default();
                let password = self.become_.and_then(|become_| become_.password.as_ref()).unwrap_or(&empty);
                // An error here is followed by the end of the command, which says more.
                drop(exec.writer.write(Bytes::from(format!("{}\n", password.reveal()))).await);
                Ok(())
            }
        }
    }

    /// Keeps noise from growing without end: a host that talks for ever never gets to the marker.
    fn trim(&mut self) {
        if self.out.len() > 64 * NOISE && find(&self.out, self.marker.as_bytes()).is_none() {
            drop(self.out.split_to(self.out.len().saturating_sub(NOISE)));
        }
    }

    fn failed(&self, why: &str) -> StartError {
        let host = self.target.host.clone();
        let said = self.said();
        let message = format!("The helper cannot be started on {host}: {why}{said}");
        StartError::Failed(ConnectError::Helper { host, message })
    }

    fn silence(&self, patience: Duration) -> StartError {
        let host = &self.target.host;
        let said = self.said();
        StartError::Failed(match (self.running || self.sent, self.become_) {
            // Ansible's words.
            (false, Some(become_)) => ConnectError::unreachable(
                host,
                format!(
                    "Timeout ({}s) waiting for privilege escalation prompt: {}",
                    patience.as_secs(),
                    said.trim_start_matches([':', ' '])
                        .replace(become_.password.as_ref().map_or("\0", Secret::reveal), "")
                ),
            ),
            _ => ConnectError::unreachable(
                host,
                format!("Host {host}: nothing was heard for {} while the helper was started{said}", seconds(patience)),
            ),
        })
    }

    fn ended(&self, exit: &Exit) -> StartError {
        let host = self.target.host.clone();
        if self.running && !self.sent && matches!(exit.code, Some(126 | 127)) {
            return StartError::Stale;
        }
        let said = self.said();
        let how = match exit {
            Exit { code: Some(code), .. } => format!("exit code {code}"),
            Exit { signal: Some(signal), .. } => format!("signal {signal}"),
            Exit { lost: Some(lost), .. } => format!("the connection was lost: {lost}"),
            Exit { .. } => "no exit code: the connection was closed".to_owned(),
        };
        if !self.running
            && !self.sent
            && let Some(become_) = self.become_
        {
            let (method, user) = (become_.method.name(), &become_.user);
            let message = format!("{method} to {user} failed on {host} ({how}){said}");
            return StartError::Failed(ConnectError::Become { host, message });
        }
        let message = format!("The helper ended on {host} before it said anything ({how}){said}");
        StartError::Failed(ConnectError::Helper { host, message })
    }

    /// What the host said besides, for the end of a message.
    fn said(&self) -> String {
        let out = if self.running { Cow::Borrowed("") } else { String::from_utf8_lossy(&self.out) };
        let said = [self.err.trim(), out.trim()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
        if said.is_empty() { String::new() } else { format!(": {}", said.join("\n")) }
    }
}

/// The same bytes; what the program carries is not copied.
fn shared(bytes: Cow<'static, [u8]>) -> Bytes {
    match bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    }
}

/// Where `needle` begins in `hay`.
fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len().max(1)).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binary() -> HelperBinary {
        HelperBinary {
            name: "base",
            bytes_gz: Cow::Borrowed(&[1, 2]),
            bytes_xz: Cow::Borrowed(&[1]),
            sha256_hex: "ab".repeat(32).into(),
            size: 7,
        }
    }

    fn line() -> String {
        start_line(&binary(), &["/var/tmp".to_owned(), "/bad one".to_owned(), "$(id)".to_owned()], false, false)
    }

    #[test]
    fn the_first_line_goes_through_any_login_shell() {
        assert!(!line().contains(['\\', '!', '\'', '\n']), "{}", line());
    }

    #[test]
    fn the_first_line_is_short_for_logs_and_lists_of_processes() {
        assert!(line().len() < 1000, "{}", line().len());
    }

    #[test]
    fn only_plain_names_of_folders_reach_the_shell() {
        assert!(line().contains("s=\"/var/tmp\" "), "{}", line());
    }

    #[test]
    fn the_second_line_is_one_line() {
        let line = upload_line(&binary(), &Kind::Local);
        assert!(line.starts_with("y=0 z=2 r=7; ") && line.find('\n') == Some(line.len() - 1));
    }

    #[test]
    fn xz_is_offered_where_a_network_lies_between() {
        let ssh = Kind::Ssh(Box::new(crate::SshSettings::new("web1")));
        assert!(upload_line(&binary(), &ssh).starts_with("y=1 z=2 r=7; "));
    }
}
