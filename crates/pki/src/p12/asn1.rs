//! The structures of RFC 7292 and, for encrypted content, of RFC 2315.

use const_oid::ObjectIdentifier;
use der::{
    Decode, Reader, Sequence, SliceReader,
    asn1::{Any, OctetString},
};
use spki::AlgorithmIdentifierOwned;

pub(super) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
pub(super) const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
pub(super) const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
pub(super) const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
pub(super) const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
pub(super) const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
pub(super) const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
pub(super) const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
/// Java's mark of certificates that are trusted (`trustedKeyUsage`): which usages they are trusted for.
pub(super) const TRUSTED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113894.746875.1.1");

/// Section 4.
#[derive(Sequence)]
pub(super) struct Pfx {
    pub(super) version: u8,
    pub(super) auth_safe: ContentInfo,
    #[asn1(optional = "true")]
    pub(super) mac_data: Option<MacData>,
}

#[derive(Sequence)]
pub(super) struct ContentInfo {
    pub(super) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) content: Any,
}

#[derive(Sequence)]
pub(super) struct MacData {
    pub(super) mac: DigestInfo,
    pub(super) salt: OctetString,
    #[asn1(default = "once")]
    pub(super) iterations: u32,
}

fn once() -> u32 {
    1
}

#[derive(Sequence)]
pub(super) struct DigestInfo {
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) digest: OctetString,
}

#[derive(Sequence)]
pub(super) struct EncryptedData {
    pub(super) version: u8,
    pub(super) content: EncryptedContent,
}

#[derive(Sequence)]
pub(super) struct EncryptedContent {
    pub(super) content_type: ObjectIdentifier,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) content: Option<OctetString>,
}

/// Section 4.2. The attributes are a SET OF [`Attribute`], which not everybody writes in DER's order.
#[derive(Sequence)]
pub(super) struct SafeBag {
    pub(super) id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) value: Any,
    #[asn1(optional = "true")]
    pub(super) attributes: Option<Any>,
}

#[derive(Sequence)]
pub(super) struct Attribute {
    pub(super) id: ObjectIdentifier,
    /// A SET OF values.
    pub(super) values: Any,
}

#[derive(Sequence)]
pub(super) struct CertBag {
    pub(super) id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) value: OctetString,
}

#[derive(Sequence)]
pub(super) struct EncryptedKey {
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) data: OctetString,
}

/// Appendix C.
#[derive(Sequence)]
pub(super) struct Pbes1Parameters {
    pub(super) salt: OctetString,
    pub(super) iterations: u32,
}

/// All values in the content of a SET OF, in the order in which they stand.
pub(super) fn members<T: for<'a> Decode<'a, Error = der::Error>>(content: &[u8]) -> der::Result<Vec<T>> {
    let mut reader = SliceReader::new(content)?;
    let mut found = Vec::new();
    while !reader.is_finished() {
        found.push(T::decode(&mut reader)?);
    }
    Ok(found)
}
