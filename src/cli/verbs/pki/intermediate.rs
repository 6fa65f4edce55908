//! `provision pki intermediate`: an intermediate from its key to its end.

mod sign;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use pki::{
    Error, Finding,
    key::{KeyKind, PrivateKey},
    random::SystemRandom,
    request::SigningRequest,
    words,
};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form, Format},
    place::Place,
    rehearsal::common_name,
    seal::Seal,
    table::table,
    unseal,
};
use crate::{
    cli::{Result, terminal::Terminal},
    issuer::order,
};

/// Make, install, list and retire intermediates
///
/// Example: provision pki intermediate csr services-2 --recipient age1... --out services-2.csr
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Csr(Csr),
    Install(Install),
    Sign(sign::Arguments),
    List(List),
    Retire(Retire),
}

impl Arguments {
    pub(super) fn verb(self) -> Box<dyn Verb> {
        match self.action {
            Action::Csr(verb) => Box::new(verb),
            Action::Install(verb) => Box::new(verb),
            Action::Sign(verb) => Box::new(verb),
            Action::List(verb) => Box::new(verb),
            Action::Retire(verb) => Box::new(verb),
        }
    }
}

/// Make a key for a new intermediate, seal it, and write the request for the root's ceremony
///
/// Example: provision pki intermediate csr services-2 --recipient age1... --out services-2.csr
#[derive(Debug, Args)]
struct Csr {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    seal: Seal,
    /// The subject's common name, with its generation; else it is counted on
    #[arg(long = "common-name", value_name = "NAME")]
    common_name: Option<String>,
    /// Write the request (PEM) there too
    #[arg(long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    /// The intermediate's name in this store: a-z, 0-9 and hyphens
    #[arg(value_name = "NAME")]
    name: String,
}

impl Verb for Csr {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let mut store = self.place.open("intermediate csr", terminal)?;
        let settings = store.index().settings().cloned().ok_or_else(|| {
            Error::input("store", "its settings were never decided", "make the store with `provision pki init`")
        })?;
        let generation = store.index().intermediates().len() + 1;
        let name = self.common_name.unwrap_or_else(|| common_name(&settings, generation));
        let subject = settings.subject(&name);
        let taken = store.index().iter().any(|(_, issued)| {
            subject.name().is_ok_and(|name| issued.holder.is_none() && issued.label == name.to_string())
        });
        if taken {
            return Err(Error::refused(Finding::new(
                format!("intermediate {:?}", self.name),
                "subject",
                format!("there is an authority {name:?}"),
                "PKI policy: two intermediates in a rollover never share a name",
                "count the generation on with --common-name",
            ))
            .into());
        }
        let sealing = self.seal.with(&unseal::close_memory(terminal)?)?;
        let key = PrivateKey::generate(KeyKind::P384, &mut SystemRandom)?;
        let request = SigningRequest::build(&subject, None, &key)?;
        store.keep_key(&self.name, sealing.seal(key)?.file(), &request)?;
        let pem = request.to_pem()?;
        if let Some(out) = &self.out {
            files::replace(out, pem.as_bytes())?;
        }
        let read_aloud = words::of(&request.sha256()).join(" ");
        let text = format!(
            "{}: key made and sealed\nsubject: {}\nrequest: sha256 {}\nwords:   {read_aloud}\n{}next: sign the request in \
             a ceremony, then `provision pki intermediate install CERTIFICATE`",
            self.name,
            request.subject(),
            request.fingerprint(),
            self.out.as_ref().map_or_else(|| pem.clone(), |out| format!("written: {}\n", out.display())),
        );
        let json = json!({
            "name": self.name, "subject": request.subject().to_string(), "sha256": request.fingerprint(),
            "words": read_aloud, "request": pem,
        });
        Ok(Done::well(text, json))
    }
}

/// Take an intermediate's certificate from the root's ceremony; it issues from now on
///
/// The certificate must be for the key of a request that waits, lead to a trusted root, and have no fault. The first one
/// brings its root along with --root; compare that root's fingerprint with the ceremony's transcript before.
///
/// Example: provision pki intermediate install services-2.pem --root root.pem
#[derive(Debug, Args)]
struct Install {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// Trust this root from now on; only where no root is trusted yet (later ones: `provision pki trust add`)
    #[arg(long = "root", value_name = "FILE")]
    root: Option<String>,
    /// The certificate, PEM or DER
    #[arg(value_name = "CERTIFICATE")]
    certificate: String,
}

impl Verb for Install {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let certificate = files::certificate(&self.certificate)?;
        let root = self.root.as_deref().map(files::certificate).transpose()?;
        let mut store = self.place.open("intermediate install", terminal)?;
        let key = certificate.public_key()?.fingerprint()?;
        let name = store.index().intermediates().iter().find(|one| one.key == key).map(|one| one.name.clone());
        let name = name.ok_or_else(|| {
            Error::refused(Finding::new(
                certificate.label(),
                "subjectPublicKeyInfo",
                "its key is that of no request of this store",
                "PKI policy: an intermediate's key is made where it issues",
                "give the certificate that was signed for a request of `intermediate csr`",
            ))
        })?;
        let first = store.index().roots().is_empty();
        match (&root, first) {
            (None, true) => {
                return Err(Error::input(
                    "root",
                    "no root is trusted in this store yet",
                    "give the root's certificate with --root",
                )
                .into());
            }
            (Some(root), true) => {
                // Before it is trusted: that it leads where it should.
                certificate.verify_signature(&root.public_key()?).map_err(|error| not_signed(&certificate, &error))?;
                store.trust_root(root)?;
            }
            (Some(root), false) if !store.index().roots().contains(&root.serial()?) => {
                return Err(Error::refused(Finding::new(
                    root.label(),
                    "root",
                    "this store trusts another root",
                    "PKI policy: a further root is trusted by a step of its own",
                    "compare its fingerprint, then `provision pki trust add`",
                ))
                .into());
            }
            _ => {}
        }
        let installed = store.install(&name, &certificate);
        crate::issuer::on_record(&mut store, installed)?;
        let text = format!(
            "{name}: {} installed, valid to {}\nnext: `provision pki crl build {name}`, and publish {name}.cer and {name}.crl",
            certificate.label(),
            certificate.validity().not_after(),
        );
        let json = json!({
            "name": name, "serial": certificate.serial()?.to_string(), "sha256": certificate.fingerprint(),
            "not_after": certificate.validity().not_after().to_string(),
        });
        Ok(Done::well(text, json))
    }
}

fn not_signed(certificate: &pki::certificate::Certificate, error: &Error) -> Error {
    Error::Failed(vec![Finding::new(
        certificate.label(),
        "signatureValue",
        error.to_string(),
        "RFC 5280 section 6.1.3 (a)(1)",
        "give the root that signed it",
    )])
}

/// List the intermediates: pending, active, retired
///
/// Example: provision pki intermediate list
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
}

impl Verb for List {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let (view, now) = self.place.look(terminal)?;
        let issuing = order::issuing(view.index(), now).map(|one| one.name.clone());
        let (mut rows, mut json) = (Vec::new(), Vec::new());
        for one in view.index().intermediates() {
            let issued = one.serial.as_ref().and_then(|serial| view.index().get(serial));
            let state = match issued {
                None if one.retired => "given up",
                None => "pending",
                Some(issued) if matches!(issued.state, pki::store::State::Revoked { .. }) => "revoked",
                Some(issued) if issued.validity.not_after() < now => "expired",
                Some(_) if one.retired => "retired",
                Some(_) if issuing.as_deref() == Some(&one.name) => "issuing",
                Some(_) => "active",
            };
            let end = issued.map(|issued| issued.validity.not_after().to_string());
            let subject = issued.map(|issued| issued.label.clone());
            let serial = one.serial.as_ref().map(ToString::to_string);
            json.push(json!({
                "name": one.name, "state": state, "subject": subject, "serial": serial, "not_after": end,
                "key": one.key, "request": one.request,
            }));
            let dash = || "-".to_owned();
            rows.push([one.name.clone(), state.to_owned(), end.unwrap_or_else(dash), subject.unwrap_or_else(dash)]);
        }
        let text = if rows.is_empty() {
            "no intermediate yet: make one with `provision pki intermediate csr services-1`".to_owned()
        } else {
            table(["NAME", "STATE", "NOT AFTER", "SUBJECT"], &rows)
        };
        Ok(Done::well(text, json!({"intermediates": json})))
    }
}

/// Let an intermediate issue no more; its lists go on until its last certificate is over
///
/// Example: provision pki intermediate retire services-1
#[derive(Debug, Args)]
struct Retire {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// The intermediate
    #[arg(value_name = "NAME")]
    name: String,
}

impl Verb for Retire {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let mut store = self.place.open("intermediate retire", terminal)?;
        let now = store.now()?;
        store.retire(&self.name)?;
        let issuing = order::issuing(store.index(), now).map(|one| one.name.clone());
        let text = match &issuing {
            Some(other) => format!("{}: retired; {other} issues", self.name),
            None => format!(
                "{}: retired, and no other intermediate issues: install one before the next renewal is due",
                self.name
            ),
        };
        Ok(Done::well(text, json!({"name": self.name, "issuing": issuing})))
    }
}
