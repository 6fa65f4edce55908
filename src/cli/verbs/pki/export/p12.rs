//! `--format p12`: a service's key with its chain, or the authorities above it to be trusted, in one file under a passphrase.

use std::path::PathBuf;

use clap::Args;
use pki::{
    Error, Finding, Result,
    certificate::Certificate,
    key::PrivateKey,
    p12::{Container, Encryption, write},
    random::SystemRandom,
};
use zeroize::Zeroizing;

use super::super::files;
use crate::cli::prompt;

/// What a container needs beside the certificates.
#[derive(Debug, Default, Args)]
#[group(skip)]
pub(super) struct P12 {
    /// With --format p12: put this private key in (PEM, PKCS #8; mode 0400 or 0600, your own). Without one the container holds
    /// the authorities alone, to be trusted
    #[arg(long = "key", value_name = "FILE")]
    key: Option<PathBuf>,
    /// With --format p12: the passphrase is the first line of this file (mode 0400 or 0600, your own). Without one it is asked
    /// for at the terminal
    #[arg(long = "passphrase-file", value_name = "FILE")]
    passphrase: Option<PathBuf>,
}

/// A container, and whether it holds a key.
pub(super) struct Made {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) is_secret: bool,
}

impl P12 {
    /// Whether an option of this form was given.
    pub(super) fn is_asked_for(&self) -> bool {
        self.key.is_some() || self.passphrase.is_some()
    }

    /// Makes the container of a certificate, which is called `name`, and the authorities above it, the nearest first.
    pub(super) fn make(&self, name: &str, certificate: &Certificate, above: &[Certificate]) -> Result<Made> {
        let key = self.key.as_ref().map(|path| {
            let object = path.display().to_string();
            let pem = files::read_secret(path)?;
            let key = PrivateKey::from_pem(&pem).map_err(|error| {
                Error::input(&object, error, "give a PEM file `PRIVATE KEY` (openssl pkcs8 -topk8 -nocrypt)")
            })?;
            if key.public_key().info() != certificate.tbs().subject_public_key_info() {
                return Err(Error::refused(Finding::new(
                    object,
                    "key",
                    format!("it is not the key of {name}"),
                    "RFC 7292 section 4.2: a key stands with its own certificate",
                    "give the key that the certificate was issued for",
                )));
            }
            key.to_pkcs8()
        });
        let key = key.transpose()?;
        if key.is_none() && above.is_empty() {
            return Err(Error::input(
                name,
                "there is no authority above it to trust",
                "give --key FILE, or a service's name",
            ));
        }
        let passphrase = self.passphrase()?;
        let authorities: Vec<&[u8]> = above.iter().map(Certificate::der).collect();
        let container = match &key {
            Some(key) => Container {
                key: Some(key),
                certificate: Some(certificate.der()),
                // What a server presents: the root is with whoever checks it.
                others: authorities.into_iter().take(1).collect(),
                name: Some(name),
                trusted: false,
            },
            None => Container { others: authorities, trusted: true, ..Container::default() },
        };
        let bytes = Zeroizing::new(write(&container, &passphrase, Encryption::Modern, &mut SystemRandom)?);
        Ok(Made { bytes, is_secret: key.is_some() })
    }

    fn passphrase(&self) -> Result<Zeroizing<String>> {
        let empty = || Error::input("passphrase", "it is empty", "give one");
        if let Some(path) = &self.passphrase {
            let text = files::read_secret(path)?;
            let line = text.lines().next().filter(|line| !line.is_empty()).ok_or_else(empty)?;
            return Ok(Zeroizing::new(line.to_owned()));
        }
        let ask = |prompt: &str| {
            prompt::passphrase(prompt).map_err(|error| {
                Error::input("passphrase", error, "run it at a terminal, or give --passphrase-file FILE")
            })
        };
        let first = ask("Passphrase of the container: ")?;
        if first.is_empty() {
            return Err(empty());
        }
        if ask("The same again: ")?.reveal() != first.reveal() {
            return Err(Error::input("passphrase", "the two are not the same", "type it twice"));
        }
        Ok(Zeroizing::new(first.reveal().to_owned()))
    }
}
