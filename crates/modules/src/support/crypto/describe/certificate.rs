//! Certificates: read from a file, described.

use const_oid::db::rfc5912;
use der::Encode;
use protocol::{Data, Map};
use x509_cert::certificate::{CertificateInner, Raw, Version};

use super::{
    Wrong, asn1, digests, distinguished,
    extensions::{Extensions, serial_number},
    idn::NameEncoding,
    key, oid, pem,
    times::Moment,
};

/// A certificate as it was read, with all that real ones have against RFC 5280.
pub type Certificate = CertificateInner<Raw>;

const NONE: &str = "Valid PEM but no BEGIN CERTIFICATE/END CERTIFICATE delimiters. Are you sure this is a certificate?";

/// The first certificate of a PEM file.
///
/// # Errors
///
/// In `cryptography`'s words: no PEM, none of a certificate, bytes that are none.
pub fn from_pem(bytes: &[u8]) -> Result<Certificate, Wrong> {
    from_der(&pem::find(bytes, &["CERTIFICATE", "X509 CERTIFICATE"], NONE)?)
}

/// A certificate in DER.
///
/// # Errors
///
/// Bytes that are none.
pub fn from_der(bytes: &[u8]) -> Result<Certificate, Wrong> {
    let certificate: Certificate = asn1::read(bytes)?;
    match certificate.tbs_certificate().version() {
        Version::V1 | Version::V3 => Ok(certificate),
        Version::V2 => Err(Wrong::Raised("1 is not a valid X509 version".to_owned())),
    }
}

/// A certificate in either form.
///
/// # Errors
///
/// As [`from_pem`] and [`from_der`].
pub fn from_file(bytes: &[u8]) -> Result<Certificate, Wrong> {
    if pem::is_pem(bytes) {
        return from_pem(bytes);
    }
    from_der(bytes).map_err(|wrong| match wrong {
        Wrong::Said(text) => Wrong::Said(format!("Cannot parse DER certificate: {text}")),
        raised @ Wrong::Raised(_) => raised,
    })
}

/// The certificate as DER.
///
/// # Errors
///
/// None in practice: it was read.
pub fn to_der(certificate: &Certificate) -> Result<Vec<u8>, Wrong> {
    certificate.to_der().map_err(|error| Wrong::Raised(error.to_string()))
}

/// The certificate as PEM.
///
/// # Errors
///
/// None in practice: it was read.
pub fn to_pem(certificate: &Certificate) -> Result<String, Wrong> {
    pem::write("CERTIFICATE", &to_der(certificate)?)
}

/// The first and the last moment at which it holds.
#[must_use]
pub fn validity(certificate: &Certificate) -> (Moment, Moment) {
    let validity = certificate.tbs_certificate().validity();
    (Moment::of(validity.not_before), Moment::of(validity.not_after))
}

/// Its extensions.
///
/// # Errors
///
/// One that is there twice.
pub fn extensions(certificate: &Certificate) -> Result<Extensions<'_>, Wrong> {
    Extensions::new(certificate.tbs_certificate().extensions().map_or(&[], Vec::as_slice))
}

/// The number of its version, from 1 on.
#[must_use]
pub fn version(certificate: &Certificate) -> i64 {
    match certificate.tbs_certificate().version() {
        Version::V1 => 1,
        Version::V2 => 2,
        Version::V3 => 3,
    }
}

/// All that `x509_certificate_info` returns, but for `valid_at`.
///
/// # Errors
///
/// What cannot be described: keys, names and extensions of unknown or damaged kinds.
pub fn describe(certificate: &Certificate, encoding: NameEncoding, now: Moment) -> Result<Map, Wrong> {
    let tbs = certificate.tbs_certificate();
    let extensions = extensions(certificate)?;
    let mut into = Map::new();
    let algorithm = oid::long(certificate.signature_algorithm().oid);
    into.insert("signature_algorithm".to_owned(), Data::Str(algorithm));
    let (subject, ordered) = distinguished::described(tbs.subject())?;
    into.insert("subject".to_owned(), Data::Map(subject));
    into.insert("subject_ordered".to_owned(), ordered);
    let (issuer, ordered) = distinguished::described(tbs.issuer())?;
    into.insert("issuer".to_owned(), Data::Map(issuer));
    into.insert("issuer_ordered".to_owned(), ordered);
    into.insert("version".to_owned(), Data::Int(version(certificate)));
    extensions.describe_usage(&mut into, encoding)?;
    let (from, until) = validity(certificate);
    into.insert("not_before".to_owned(), Data::Str(from.to_string()));
    into.insert("not_after".to_owned(), Data::Str(until.to_string()));
    into.insert("expired".to_owned(), Data::Bool(until < now));
    key::describe(tbs.subject_public_key_info())?.put(&mut into);
    into.insert("fingerprints".to_owned(), Data::Map(digests::fingerprints(&to_der(certificate)?)));
    extensions.describe_keys(&mut into, encoding)?;
    into.insert("serial_number".to_owned(), serial_number(tbs.serial_number())?);
    into.insert("extensions_by_oid".to_owned(), Data::Map(extensions.by_number()));
    into.insert("ocsp_uri".to_owned(), extensions.access_uri(rfc5912::ID_AD_OCSP)?);
    into.insert("issuer_uri".to_owned(), extensions.access_uri(rfc5912::ID_AD_CA_ISSUERS)?);
    Ok(into)
}
