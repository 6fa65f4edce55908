//! Certificates and what stands around them.

use pki::{
    certificate::Certificate,
    crl::RevocationList,
    dns::Wildcards,
    key::{PrivateKey, PublicKey},
    lint,
    request::SigningRequest,
    seal::{Identity, Recipient, SealedKey, Unlock},
    store::verify_log,
};

use super::text;

/// Reads PEM of all kinds.
pub fn pki_pem(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(certificate) = Certificate::from_pem(text) {
        let again = certificate.to_pem().and_then(|pem| Certificate::from_pem(&pem));
        assert_eq!(again.ok().as_ref().map(Certificate::der), Some(certificate.der()), "a certificate comes back");
    }
    let _ = (Certificate::from_pem_bundle(text), SigningRequest::from_pem(text), RevocationList::from_pem(text));
    if let Ok(key) = PrivateKey::from_pem(text) {
        let _ = key.to_pem();
    }
}

/// Reads a certificate.
pub fn pki_certificate(data: &[u8]) {
    let _ = PublicKey::from_der(data);
    let Ok(certificate) = Certificate::from_der(data) else { return };
    assert_eq!(certificate.der(), data, "a certificate is kept as it came");
    let _ = (certificate.label(), certificate.fingerprint(), certificate.serial(), certificate.names());
    if let Ok(key) = certificate.public_key() {
        let _ = certificate.verify_signature(&key);
    }
    let _ = lint::certificate(certificate.tbs());
}

/// Reads a request for a certificate.
pub fn pki_request(data: &[u8]) {
    let Ok(request) = SigningRequest::from_der(data) else { return };
    assert_eq!(request.der(), data, "a request is kept as it came");
    let _ = (request.label(), request.names(Wildcards::Leftmost), request.refuse_authority());
}

/// Reads a revocation list.
pub fn pki_revocation_list(data: &[u8]) {
    let Ok(list) = RevocationList::from_der(data) else { return };
    assert_eq!(list.der(), data, "a list is kept as it came");
    let _ = (list.label(), list.number(), list.entries(), list.authority_key(), lint::list(&list, None));
}

/// Checks an audit log.
pub fn pki_log(data: &[u8]) {
    if let Ok((records, head)) = verify_log(data) {
        assert_eq!(records.len(), data.iter().filter(|byte| **byte == b'\n').count(), "a record is a line");
        assert_eq!(head.len(), 64, "a hash has 64 digits");
    }
}

/// Opens a sealed file with a fixed identity; as text it may be an identity or a recipient.
pub fn pki_sealed(data: &[u8]) {
    if let Some(text) = text(data) {
        let _ = (Identity::parse(text), Recipient::parse(text));
    }
    let Ok(identity) = Identity::parse(IDENTITY) else { panic!("the identity is one") };
    let Ok(public) = PublicKey::from_der(PUBLIC) else { panic!("the public key is one") };
    let sealed = SealedKey::new(data.to_vec(), public);
    let _ = sealed.with(&Unlock::Identity(&identity), |_| Ok(()));
}

/// An identity of age that opens nothing of anybody.
const IDENTITY: &str = "AGE-SECRET-KEY-13XC6MHX3LY3J7MRQRNC2R3EKQQHZHWHKGCGWNNFU9CZ4LNNTARQSAYL3H7";
/// A public key of the curve P-256.
const PUBLIC: &[u8] = include_bytes!("public.der");
