//! The service itself: its own checks, its reload, what it serves.

use std::time::{Duration, Instant};

use pki::{
    certificate::Certificate,
    names::{SubjectName, SubjectNames},
};

use super::{CertificateArgs, Protocol, served};
use crate::{prelude::*, support::command::CommandError};

/// The longest that one handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// As much of a command's output is shown, in characters.
const LONGEST_OUTPUT: usize = 1000;
/// Between two looks at what is served: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Where a service listens.
pub(super) struct Service<'a> {
    address: &'a str,
    port: u16,
    name: Option<&'a str>,
    protocol: Protocol,
    limit: Duration,
}

/// How long a command may run, and the service may take.
pub(super) fn limit(args: &CertificateArgs) -> Result<Duration, Failure> {
    match u64::try_from(args.timeout) {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(Failure::new(format!("timeout: {} is no number of seconds; give 1 or more", args.timeout))),
    }
}

impl<'a> Service<'a> {
    /// The service as the task names it; none where it names no port.
    pub(super) fn listening(args: &'a CertificateArgs) -> Result<Option<Self>, Failure> {
        let Some(port) = args.port else { return Ok(None) };
        let port = u16::try_from(port).ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| Failure::new("port: give a number from 1 to 65535"))?;
        let limit = limit(args)?;
        let (address, name) = (args.address.as_str(), args.server_name.as_deref());
        Ok(Some(Self { address, port, name, protocol: args.protocol, limit }))
    }

    /// The SHA-256 of what is served, in hexadecimal.
    pub(super) fn served(&self, ctx: &Context) -> Result<String, String> {
        self.certificate(ctx).map(|certificate| certificate.fingerprint())
    }

    /// Whether nobody listens there: the connection is refused at every address.
    pub(super) fn is_absent(&self, ctx: &Context) -> bool {
        served::is_refused(self.address, self.port, self.limit.min(HANDSHAKE), ctx)
    }

    fn certificate(&self, ctx: &Context) -> Result<Certificate, String> {
        let der =
            served::certificate(self.address, self.port, self.name, self.protocol, self.limit.min(HANDSHAKE), ctx)
                .map_err(|error| format!("{}:{}: {error}", self.address, self.port))?;
        Certificate::from_der(&der).map_err(|error| error.to_string())
    }

    /// Waits until the service serves that certificate.
    pub(super) fn await_certificate(&self, wanted: &str, ctx: &Context) -> Result<(), Failure> {
        let end = Instant::now() + self.limit;
        let mut pause = FIRST_PAUSE;
        loop {
            let problem = match self.certificate(ctx) {
                Ok(certificate) if certificate.fingerprint() == wanted => return Ok(()),
                Ok(certificate) => format!(
                    "{}:{} still serves another certificate (serial {})",
                    self.address,
                    self.port,
                    certificate.serial().map(|serial| serial.to_string()).unwrap_or_default()
                ),
                Err(problem) => problem,
            };
            if Instant::now() + pause >= end {
                return Err(Failure::new(format!("{problem}, {} seconds after the reload", self.limit.as_secs())));
            }
            ctx.sleep(pause)?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Whether a certificate speaks for a name.
pub(super) fn speaks_for(certificate: &Certificate, name: &str) -> Result<(), Failure> {
    let names = certificate.names().map_err(|error| Failure::new(error.to_string()))?;
    if names.as_ref().is_some_and(|names| names.iter().any(|one| covers(one, name))) {
        return Ok(());
    }
    let said = names.as_ref().map(shown).unwrap_or_default();
    Err(Failure::new(format!("the certificate does not speak for {name}: it is for {said}; mend `names`")))
}

fn covers(one: &SubjectName, name: &str) -> bool {
    let written = one.to_string();
    match (written.strip_prefix("*."), name.split_once('.')) {
        (Some(parent), Some((_, rest))) => rest.eq_ignore_ascii_case(parent),
        _ => written.eq_ignore_ascii_case(name),
    }
}

fn shown(names: &SubjectNames) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Runs one of the service's commands; it must end with 0.
pub(super) fn command(what: &str, line: &str, limit: Duration, ctx: &Context) -> Result<(), Failure> {
    let output = match ctx.command_line(line)?.timeout(limit).run() {
        Ok(output) => output,
        Err(CommandError::Cancelled) => return Err(Failure::cancelled()),
        Err(error) => return Err(Failure::new(format!("{what}: {error}"))),
    };
    if output.success() {
        return Ok(());
    }
    let said = output.stderr_text().trim().to_owned();
    let said = if said.is_empty() { output.stdout_text().trim().to_owned() } else { said };
    // The command and what it says may have secrets in them: they are shown, and stay out of the message, which is kept.
    Err(Failure::new(format!("{what} ended with {}", output.rc)).with("said", shortened(&said)))
}

/// The end of what a command said, as far as a screen takes it.
fn shortened(text: &str) -> String {
    let skipped = text.chars().count().saturating_sub(LONGEST_OUTPUT);
    let shown = text.chars().skip(skipped);
    shown
        .map(|letter| if letter.is_control() && letter != '\n' { char::REPLACEMENT_CHARACTER } else { letter })
        .collect()
}
