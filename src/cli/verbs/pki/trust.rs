//! `provision pki trust`: which roots are trusted.

mod deploy;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use pki::{
    Error, Finding,
    certificate::Certificate,
    clock::Moment,
    store::{Files, View},
    words,
};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form, Format},
    place::Place,
};
use crate::cli::{Result, terminal::Terminal};

/// Trust a root; print the bundle of all that are trusted, or put it on hosts
///
/// Example: provision pki trust bundle --out ca.pem
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(Add),
    Bundle(Bundle),
    Deploy(Box<deploy::Arguments>),
}

impl Arguments {
    pub(super) fn verb(self) -> Box<dyn Verb> {
        match self.action {
            Action::Add(verb) => Box::new(verb),
            Action::Bundle(verb) => Box::new(verb),
            Action::Deploy(verb) => verb,
        }
    }
}

/// Trust a root from now on
///
/// The fingerprint is the one that was read aloud in its ceremony: it is compared, so that no other file is trusted.
///
/// Example: provision pki trust add root.pem --fingerprint 3f2a...
#[derive(Debug, Args)]
struct Add {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// The SHA-256 of the certificate, in hexadecimal
    #[arg(long = "fingerprint", value_name = "SHA256")]
    fingerprint: String,
    /// The root's certificate, PEM or DER
    #[arg(value_name = "FILE")]
    file: String,
}

impl Verb for Add {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let certificate = files::certificate(&self.file)?;
        let wanted: String = self.fingerprint.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
        let mut store = self.place.open("trust add", terminal)?;
        if !wanted.eq_ignore_ascii_case(&certificate.fingerprint()) {
            let refused = Err(Error::refused(Finding::new(
                certificate.label(),
                "fingerprint",
                format!("it is {}", certificate.fingerprint()),
                "PKI policy: a root is trusted by its fingerprint",
                "compare the file with the ceremony's transcript",
            )));
            return crate::issuer::on_record(&mut store, refused).map_err(Into::into);
        }
        let trusted = store.trust_root(&certificate);
        crate::issuer::on_record(&mut store, trusted)?;
        Ok(Done::well(
            format!("{}: trusted\nnext: ship the bundle of `provision pki trust bundle`", certificate.label()),
            json!({"subject": certificate.subject().to_string(), "sha256": certificate.fingerprint()}),
        ))
    }
}

/// Print the trusted roots (PEM), or write them into a file
///
/// Example: provision pki trust bundle --out /usr/local/share/ca-certificates/example.crt
#[derive(Debug, Args)]
struct Bundle {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// Write them there
    #[arg(long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Verb for Bundle {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let (view, now) = self.place.look(terminal)?;
        let holding = holding(&view, now)?;
        let (mut pem, mut lines, mut json) = (String::new(), Vec::new(), Vec::new());
        for root in &holding {
            let block = root.to_pem()?;
            pem.push_str(&block);
            let read_aloud = words::of(&root.sha256()).join(" ");
            lines.push(format!("{}\n  sha256 {}\n  words  {read_aloud}", root.label(), root.fingerprint()));
            json.push(json!({
                "subject": root.subject().to_string(), "sha256": root.fingerprint(), "words": read_aloud,
                "not_after": root.validity().not_after().to_string(), "certificate": block,
            }));
        }
        let text = match &self.out {
            Some(out) => {
                files::replace(out, pem.as_bytes())?;
                format!("{}\nwritten: {}", lines.join("\n"), out.display())
            }
            None => pem.trim_end().to_owned(),
        };
        Ok(Done::well(text, json!({"roots": json})))
    }
}

/// The trusted roots that hold.
fn holding<F: Files>(view: &View<F>, now: Moment) -> pki::Result<Vec<Certificate>> {
    let mut roots = view.reader().roots()?;
    roots.retain(|root| root.validity().contains(now));
    if roots.is_empty() {
        return Err(Error::input(
            "store",
            "no root that holds is trusted",
            "make one in a ceremony, then `provision pki intermediate install --root`",
        ));
    }
    Ok(roots)
}
