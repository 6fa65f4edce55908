//! `x509_certificate_info`: what a certificate says.

use std::fs;

use crate::{
    module::os_error,
    prelude::*,
    support::crypto::describe::{Wrong, certificate, idn::NameEncoding, times::Moment},
};

/// Provides information of X.509 certificates.
///
/// Subject, issuer, names, usages, validity, key and fingerprints of one certificate, and whether it holds at moments that
/// are given.
#[derive(Debug, Arguments)]
#[arguments(required_one_of("path", "content"), mutually_exclusive("path", "content"))]
pub struct X509CertificateInfoArgs {
    /// The file with the certificate, PEM or DER.
    path: Option<PathArg>,
    /// The certificate itself, PEM.
    content: Option<String>,
    /// Names and moments; for each the result says whether the certificate holds then. A moment is `YYYYMMDDHHMMSSZ` or
    /// counted from now, `+32w1d2h`.
    valid_at: Option<Map>,
    /// How international domain names are shown: as they stand, as ASCII, or as Unicode.
    #[arg(default = "ignore")]
    name_encoding: NameEncoding,
    /// Both choices do the same.
    #[arg(default = "auto", choices("auto", "cryptography"))]
    #[expect(dead_code, reason = "it is taken and means nothing")]
    select_crypto_backend: String,
}

/// The module.
pub struct X509CertificateInfo;

impl Module for X509CertificateInfo {
    type Args = X509CertificateInfoArgs;
    const NAME: &'static str = "x509_certificate_info";
    const EXAMPLES: &'static str = "\
- name: Look whether the certificate holds for another week
  community.crypto.x509_certificate_info:
    path: /etc/ssl/certs/web.pem
    valid_at:
      next_week: +1w
  register: certificate
";

    fn run(args: X509CertificateInfoArgs, _ctx: &mut Context) -> Result<Outcome, Failure> {
        let bytes = match (&args.content, &args.path) {
            (Some(content), _) => content.as_bytes().to_vec(),
            (None, Some(path)) => fs::read(&**path).map_err(|error| {
                let error = os_error(&error, Some(path));
                Failure::new(format!("Error while reading certificate file from disk: {error}"))
            })?,
            (None, None) => return Err(Failure::new("One of path and content must be provided")),
        };
        let now = Moment::now();
        let moments = args.valid_at.unwrap_or_default();
        let moments: Vec<_> = moments.iter().map(|(name, at)| moment(name, at, now)).collect::<Result<_, _>>()?;
        let read = if args.content.is_some() { certificate::from_pem } else { certificate::from_file };
        let certificate = read(&bytes)?;
        let values = certificate::describe(&certificate, args.name_encoding, now)?;
        let mut outcome = Outcome { values, ..Outcome::default() };
        let (from, until) = certificate::validity(&certificate);
        let valid = moments.into_iter().map(|(name, at)| (name, Data::Bool(from <= at && at <= until))).collect();
        outcome.set("valid_at", Data::Map(valid));
        Ok(outcome)
    }
}

/// One entry of `valid_at`. The collection does not expect that a text cannot be read.
fn moment(name: &str, at: &Data, now: Moment) -> Result<(String, Moment), Failure> {
    let Some(text) = at.as_str() else {
        let kind = protocol::arguments::python::type_name(at);
        let msg = format!("The value for valid_at.{name} must be of type string (got <class '{kind}'>)");
        return Err(Failure::new(msg));
    };
    match Moment::parse(text, &format!("valid_at.{name}"), now) {
        Ok(moment) => Ok((name.to_owned(), moment)),
        Err(wrong) => Err(Wrong::Raised(wrong.text().to_owned()).into()),
    }
}
