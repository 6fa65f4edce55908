//! `provision pki verify`.

use clap::{Args, ValueEnum};
use pki::{
    Error,
    clock::{Clock, Moment, SystemClock},
    verify::{self, Host, Purpose, Trust},
};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form, Format},
    place::Place,
};
use crate::cli::{Result, terminal::Terminal};

/// Verify a chain as strictly as this PKI makes it: path, dates, usages, names, lists
///
/// Roots are those of --root, else those that the store trusts; with a store and without --crl its lists are asked, where it
/// has any. Exit code 4 means that the chain does not hold; each fault is named.
///
/// Example: provision pki verify fullchain.pem --hostname web1.example.org
///
/// Example: provision pki verify client.pem --purpose client --root ca.pem --crl both.crl
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// The host that a client wants to reach, a name or an address
    #[arg(long = "hostname", value_name = "HOST")]
    hostname: Option<String>,
    /// What it is presented for
    #[arg(long = "purpose", value_enum, default_value_t = PurposeName::Server)]
    purpose: PurposeName,
    /// For this time (2026-11-25T19:00:00Z) instead of now
    #[arg(long = "at", value_name = "TIME")]
    at: Option<String>,
    /// Trusted roots (PEM or DER); may be repeated
    #[arg(long = "root", value_name = "FILE")]
    roots: Vec<String>,
    /// Lists of all levels (PEM or DER); may be repeated
    #[arg(long = "crl", value_name = "FILE")]
    lists: Vec<String>,
    /// The certificate, then its intermediates; PEM or DER
    #[arg(value_name = "CHAIN")]
    chain: String,
}

/// The purposes by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PurposeName {
    /// As the server of a TLS connection
    Server,
    /// As the client of a TLS connection
    Client,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let certificates = files::certificates(&self.chain)?;
        let Some((leaf, intermediates)) = certificates.split_first() else {
            return Err(Error::input(&self.chain, "there is no certificate in it", "give the chain").into());
        };
        let host = self.hostname.as_deref().map(Host::parse).transpose()?;
        let store = if self.roots.is_empty() { Some(self.place.look(terminal)?) } else { None };
        let at = match (&self.at, &store) {
            (Some(at), _) => Moment::parse(at)?,
            (None, Some((_, now))) => *now,
            (None, None) => SystemClock.now()?,
        };
        let mut anchors = Vec::new();
        for file in &self.roots {
            anchors.extend(files::certificates(file)?);
        }
        let mut lists = Vec::new();
        for file in &self.lists {
            lists.extend(files::lists(file)?);
        }
        if let Some((view, _)) = &store {
            anchors = view.reader().roots()?;
            if self.lists.is_empty() {
                lists = view.reader().lists()?;
            }
        }
        let asked = !lists.is_empty();
        let trust = Trust { anchors: &anchors, intermediates, lists: asked.then_some(&lists), at };
        let purpose = match self.purpose {
            PurposeName::Server => Purpose::Server,
            PurposeName::Client => Purpose::Client,
        };
        let path = verify::strict(leaf, &trust, purpose, host.as_ref())?;
        let mut lines = vec![format!("{}: holds at {at}", leaf.label())];
        for (depth, certificate) in path.certificates().iter().enumerate() {
            let indent = "  ".repeat(depth + 1);
            lines.push(format!("{indent}{}, to {}", certificate.label(), certificate.validity().not_after()));
        }
        lines.push(
            if asked { "revocation: looked up in lists of all levels" } else { "revocation: not asked (no lists)" }
                .to_owned(),
        );
        let shown: Vec<_> = path
            .certificates()
            .iter()
            .map(|one| json!({"subject": one.subject().to_string(), "sha256": one.fingerprint()}))
            .collect();
        let json = json!({"holds": true, "at": at.to_string(), "path": shown, "revocation_asked": asked});
        Ok(Done::well(lines.join("\n"), json))
    }
}
