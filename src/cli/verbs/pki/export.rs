//! `provision pki export`.

mod p12;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pki::{Error, store::Tier};
use serde_json::json;

use self::p12::P12;
use super::{
    Verb, files,
    form::{Done, Form},
    place::Place,
    revoke::find,
};
use crate::cli::{Result, terminal::Terminal};

/// Print a certificate that is kept, with its chain
///
/// Private keys are not among what is kept: they are where their services are. A container (p12) takes the key of a file, or
/// holds the authorities above the certificate, for programs that trust them.
///
/// Example: provision pki export nginx@web1.example.org --out fullchain.pem
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How it is printed
    #[arg(long = "format", value_name = "FORM", value_enum, default_value_t)]
    format: ExportForm,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    p12: P12,
    /// Which part of the chain
    #[arg(long = "part", value_enum, default_value_t)]
    part: Part,
    /// Write it there
    #[arg(long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    /// SERVICE, SERVICE@HOST, an intermediate's name, or a serial number
    #[arg(value_name = "NAME")]
    name: String,
}

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ExportForm {
    /// PEM
    #[default]
    Pem,
    /// DER, of one certificate; with --out
    Der,
    /// One JSON object, for other programs
    Json,
    /// PKCS #12, under a passphrase; with --out
    P12,
}

/// The parts of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Part {
    /// The certificate and its intermediate: what a server presents
    #[default]
    Fullchain,
    /// The certificate alone
    Certificate,
    /// The intermediate alone
    Chain,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        if self.format == ExportForm::Json { Form::Json } else { Form::Text }
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let no_terminal = |form: &str| Error::input(form, "it is no text for a terminal", "give --out FILE");
        if self.format != ExportForm::P12 && self.p12.is_asked_for() {
            return Err(
                Error::input("--key, --passphrase-file", "they are for a container", "give --format p12").into()
            );
        }
        let (view, _) = self.place.look(terminal)?;
        let serial = find(view.index(), &self.name)?;
        let certificate = view.reader().certificate(&serial)?;
        let issuer = certificate.issuer().to_string();
        let above = view.index().iter().find(|(_, one)| one.tier == Tier::Intermediate && one.label == issuer);
        let chain = above.map(|(serial, _)| view.reader().certificate(serial)).transpose()?;
        let parts: Vec<_> = match self.part {
            Part::Fullchain => std::iter::once(&certificate).chain(&chain).collect(),
            Part::Certificate => vec![&certificate],
            Part::Chain => chain.iter().collect(),
        };
        let pem = parts.iter().map(|one| one.to_pem()).collect::<pki::Result<Vec<_>>>()?.concat();
        let json = json!({
            "name": self.name, "serial": serial.to_string(), "sha256": certificate.fingerprint(),
            "certificate": certificate.to_pem()?,
            "chain": chain.as_ref().map(pki::certificate::Certificate::to_pem).transpose()?,
        });
        let text = match (&self.out, self.format) {
            (None, ExportForm::Der) => return Err(no_terminal("DER").into()),
            (None, ExportForm::P12) => return Err(no_terminal("PKCS #12").into()),
            (None, _) => pem.trim_end().to_owned(),
            (Some(out), ExportForm::Der) => {
                let [one] = parts.as_slice() else {
                    return Err(Error::input("DER", "it is for one certificate", "give --part certificate").into());
                };
                files::replace(out, one.der())?;
                format!("written: {}", out.display())
            }
            (Some(out), ExportForm::Pem) => {
                files::replace(out, pem.as_bytes())?;
                format!("written: {}", out.display())
            }
            (Some(out), ExportForm::P12) => {
                let root = chain.as_ref().unwrap_or(&certificate).issuer().to_string();
                let root = view.index().iter().find(|(serial_of_root, one)| {
                    one.tier == Tier::Root && one.label == root && **serial_of_root != serial
                });
                let root = root.map(|(serial, _)| view.reader().certificate(serial)).transpose()?;
                let above: Vec<_> = chain.iter().cloned().chain(root).collect();
                let made = self.p12.make(&self.name, &certificate, &above)?;
                if made.is_secret {
                    files::create_secret(out, 0o400, &made.bytes)?;
                } else {
                    files::replace(out, &made.bytes)?;
                }
                format!("written: {}", out.display())
            }
            (Some(out), ExportForm::Json) => {
                files::replace(out, format!("{json}\n").as_bytes())?;
                format!("written: {}", out.display())
            }
        };
        Ok(Done::well(text, json))
    }
}
