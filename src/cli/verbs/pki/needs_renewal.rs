//! `provision pki needs-renewal`.

use clap::Args;
use pki::{
    Error,
    clock::{Clock, Moment, SystemClock},
    describe,
    dns::Wildcards,
    names::SubjectNames,
    profile::Role,
    renewal::{self, Above, Current, Wanted},
    store::State,
};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form, Format},
    issue::RoleName,
    place::Place,
};
use crate::cli::{Result, terminal::Terminal};

/// The exit code of what is not due.
const NOT_DUE: u8 = 1;

/// Say whether a certificate is due: exit code 0 if it is, 1 if it is not
///
/// It is due at two thirds of its life, less up to three days that its fingerprint decides; when its names, its role or its
/// key are not those asked for; and when it or one above it is revoked or about to expire. What is revoked a store knows, or
/// the lists that are given.
///
/// Example: provision pki needs-renewal /etc/nginx/tls/fullchain.pem --san web1.example.org && provision pki issue ...
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// A name that it should have; may be repeated. None asks for nothing
    #[arg(long = "san", value_name = "NAME")]
    names: Vec<String>,
    /// What it should be for
    #[arg(long = "role", visible_alias = "eku", value_enum)]
    role: Option<RoleName>,
    /// A request, or a certificate, with the key that it should have
    #[arg(long = "key-of", value_name = "FILE")]
    key_of: Option<String>,
    /// Lists to look it up in; may be repeated
    #[arg(long = "crl", value_name = "FILE")]
    lists: Vec<String>,
    /// For this time (2026-11-25T19:00:00Z) instead of now
    #[arg(long = "at", value_name = "TIME")]
    at: Option<String>,
    /// The certificate, first in its chain; PEM or DER
    #[arg(value_name = "FILE")]
    file: String,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let certificates = files::certificates(&self.file)?;
        let Some((leaf, chain)) = certificates.split_first() else {
            return Err(Error::input(&self.file, "there is no certificate in it", "give its chain").into());
        };
        let store = self.place.look_if_there(terminal)?;
        let at = match (&self.at, &store) {
            (Some(at), _) => Moment::parse(at)?,
            (None, Some((_, now))) => *now,
            (None, None) => SystemClock.now()?,
        };
        let mut lists = Vec::new();
        for file in &self.lists {
            lists.extend(files::lists(file)?);
        }
        let revoked = |certificate: &pki::certificate::Certificate| -> pki::Result<bool> {
            let serial = certificate.serial()?;
            for list in lists.iter().filter(|list| list.issuer() == certificate.issuer()) {
                if list.entries()?.iter().any(|entry| entry.serial == serial) {
                    return Ok(true);
                }
            }
            let known = store.as_ref().and_then(|(view, _)| view.index().get(&serial));
            Ok(known.is_some_and(|issued| {
                issued.sha256.as_ref() == Some(&certificate.fingerprint())
                    && matches!(issued.state, State::Revoked { .. })
            }))
        };
        let said = describe::certificate(leaf)?;
        let above = chain
            .iter()
            .map(|one| Ok(Above { label: one.label(), validity: one.validity(), revoked: revoked(one)? }))
            .collect::<pki::Result<Vec<_>>>()?;
        let wanted_names = match self.names.as_slice() {
            [] => None,
            names => {
                let names = SubjectNames::parse(names.iter().map(String::as_str), Wildcards::Leftmost)?;
                Some(names.iter().map(ToString::to_string).collect::<Vec<_>>())
            }
        };
        let wanted_key = self.key_of.as_deref().map(key_of).transpose()?;
        let fingerprint = leaf.fingerprint();
        let current = Current {
            fingerprint: &fingerprint,
            validity: leaf.validity(),
            names: &said.names,
            role: said.role,
            key: said.key_sha256.as_deref(),
            revoked: revoked(leaf)?,
        };
        let wanted = Wanted {
            names: wanted_names.as_deref(),
            role: self.role.map(|role| Role::from(role).name()),
            key: wanted_key.as_deref(),
        };
        let reasons = renewal::reasons(&current, &wanted, &above, at)?;
        let from = renewal::due_at(&leaf.validity(), &fingerprint)?;
        let label = leaf.label();
        let text = if reasons.is_empty() {
            format!("{label}: not due, to be renewed from {from}")
        } else {
            reasons.iter().map(|reason| format!("{label}: due: {reason}")).collect::<Vec<_>>().join("\n")
        };
        let told: Vec<_> =
            reasons.iter().map(|reason| json!({"reason": reason.name(), "text": reason.to_string()})).collect();
        let json = json!({
            "due": !reasons.is_empty(), "reasons": told, "renew_due": from.to_string(), "at": at.to_string(),
            "serial": said.serial, "not_after": said.not_after,
        });
        let mut done = Done::well(text, json);
        if reasons.is_empty() {
            done.code = NOT_DUE;
        }
        Ok(done)
    }
}

/// The SHA-256 of the public key in a file.
fn key_of(path: &str) -> pki::Result<String> {
    match files::objects(path)?.into_iter().next() {
        Some(files::Object::Certificate(certificate)) => certificate.public_key()?.fingerprint(),
        Some(files::Object::Request(request)) => request.public_key().fingerprint(),
        _ => Err(Error::input(path, "there is no key in it", "give a request or a certificate")),
    }
}
