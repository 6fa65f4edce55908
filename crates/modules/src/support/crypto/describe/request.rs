//! Signing requests (PKCS #10, RFC 2986): read from a file, described, checked.

use der::{Decode, Encode};
use protocol::{Data, Map};
use x509_cert::{
    ext::Extension,
    request::{CertReq, ExtensionReq},
};

use super::{Wrong, asn1, distinguished, extensions::Extensions, idn::NameEncoding, key, pem, signature};

const NONE: &str = "Valid PEM but no BEGIN CERTIFICATE REQUEST/END CERTIFICATE REQUEST delimiters. Are you sure this is a \
                    CSR?";

/// The first request of a PEM file.
///
/// # Errors
///
/// In `cryptography`'s words: no PEM, none of a request, bytes that are none.
pub fn from_pem(bytes: &[u8]) -> Result<CertReq, Wrong> {
    asn1::read(&pem::find(bytes, &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"], NONE)?)
}

/// All that `openssl_csr_info` returns.
///
/// # Errors
///
/// What cannot be described: keys, names and extensions of unknown or damaged kinds; a signature of an algorithm that is
/// not known here.
pub fn describe(request: &CertReq, encoding: NameEncoding) -> Result<Map, Wrong> {
    let asked = asked_extensions(request)?;
    let extensions = Extensions::new(&asked)?;
    let mut into = Map::new();
    let (subject, ordered) = distinguished::described(&request.info.subject)?;
    into.insert("subject".to_owned(), Data::Map(subject));
    into.insert("subject_ordered".to_owned(), ordered);
    extensions.describe_usage(&mut into, encoding)?;
    extensions.describe_name_constraints(&mut into, encoding)?;
    key::describe(&request.info.public_key)?.put(&mut into);
    extensions.describe_keys(&mut into, encoding)?;
    into.insert("extensions_by_oid".to_owned(), Data::Map(extensions.by_number()));
    into.insert("signature_valid".to_owned(), Data::Bool(is_signature_valid(request)?));
    Ok(into)
}

fn asked_extensions(request: &CertReq) -> Result<Vec<Extension>, Wrong> {
    use const_oid::AssociatedOid as _;
    let attributes = request.info.attributes.iter();
    let found = attributes.filter(|attribute| attribute.oid == ExtensionReq::OID).find_map(|one| one.values.get(0));
    let Some(value) = found else { return Ok(Vec::new()) };
    let damaged = |error: der::Error| Wrong::Raised(format!("the extensions asked for cannot be read: {error}"));
    let der = value.to_der().map_err(damaged)?;
    Vec::<Extension>::from_der(&der).map_err(damaged)
}

fn is_signature_valid(request: &CertReq) -> Result<bool, Wrong> {
    let message = request.info.to_der().map_err(|error| Wrong::Raised(error.to_string()))?;
    signature::is_valid(&request.info.public_key, &request.algorithm, &message, request.signature.raw_bytes())
}
