//! `x509_certificate`: a certificate in a file, signed by its own key or by an authority's.

mod options;
mod provider;

use self::{
    options::{Provider, X509CertificateArgs},
    provider::Issuing,
};
use super::options::{State, for_diff};
use crate::{
    prelude::*,
    support::crypto::{
        certificate::Certificate,
        describe::{self, idn::NameEncoding, times::Moment},
        file,
    },
};

/// The module.
pub struct X509Certificate;

impl Module for X509Certificate {
    type Args = X509CertificateArgs;
    const NAME: &'static str = "x509_certificate";
    const EXAMPLES: &'static str = "\
- name: Generate a certificate that is signed by its own key
  community.crypto.x509_certificate:
    path: /etc/ssl/crt/example.crt
    privatekey_path: /etc/ssl/private/example.pem
    csr_path: /etc/ssl/csr/example.csr
    provider: selfsigned

- name: Generate a certificate that is signed by our own authority
  community.crypto.x509_certificate:
    path: /etc/ssl/crt/example.crt
    csr_path: /etc/ssl/csr/example.csr
    ownca_path: /etc/ssl/crt/ca.crt
    ownca_privatekey_path: /etc/ssl/private/ca.pem
    provider: ownca
    ownca_not_after: +365d
";

    fn run(args: X509CertificateArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        if args.state == State::Absent {
            return absent(&args, ctx);
        }
        file::check_folder(&args.path, false)?;
        let issuing = match args.provider {
            Some(Provider::Selfsigned) => Issuing::by_itself(&args)?,
            Some(Provider::Ownca) => Issuing::by_authority(&args)?,
            Some(Provider::Acme) | None => {
                return Err(Failure::new(
                    "The provider acme is not supported here, for it needs the program acme-tiny; take selfsigned or \
                     ownca, or get the certificate by other means.",
                ));
            }
        };
        let existing = file::load(&args.path)?;
        let before = existing.as_deref().map(describe_certificate).unwrap_or_default();
        let differs = issuing.differs_from(existing.as_deref())?;
        let mut current = existing;
        if differs && !ctx.check_mode {
            current = Some(issuing.sign()?.into_bytes());
        }
        let written = file::keep(ctx, &args.path, &args.attributes, args.backup, differs, || {
            Ok(current.clone().unwrap_or_default())
        })?;
        let after = current.as_deref().map(describe_certificate).unwrap_or_default();
        let mut outcome = args.result(written.changed);
        if args.provider == Some(Provider::Ownca) {
            outcome.set("ca_cert", args.ownca_path.as_deref());
            outcome.set("ca_privatekey", args.ownca_privatekey_path.as_deref());
        }
        let (not_before, not_after, serial) = if ctx.check_mode {
            issuing.planned()
        } else {
            let certificate = Certificate::from_pem(current.as_deref().unwrap_or_default())?;
            let (not_before, not_after) = certificate.validity();
            (not_before, not_after, certificate.serial()?)
        };
        outcome.set("notBefore", not_before.to_string());
        outcome.set("notAfter", not_after.to_string());
        outcome.set("serial_number", serial);
        if args.return_content {
            let text = current.filter(|bytes| !bytes.is_empty());
            outcome.set("certificate", text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
        if let Some(backup) = written.backup {
            outcome.set("backup_file", backup);
        }
        outcome.diff.push(Diff::State { before_header: None, after_header: None, before, after });
        Ok(outcome)
    }
}

fn absent(args: &X509CertificateArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    let backup = if args.backup && !ctx.check_mode { file::make_backup(ctx, &args.path)? } else { None };
    let mut outcome = args.result(file::remove(ctx, &args.path)?);
    if let Some(backup) = backup {
        outcome.set("backup_file", backup);
    }
    if args.return_content {
        outcome.set("certificate", Data::Null);
    }
    Ok(outcome)
}

/// What a diff says of a certificate.
fn describe_certificate(bytes: &[u8]) -> Map {
    let described = describe::certificate::from_pem(bytes)
        .and_then(|certificate| describe::certificate::describe(&certificate, NameEncoding::Ignore, Moment::now()));
    for_diff(described.ok(), "can_parse_certificate")
}
