//! Writing containers.

use const_oid::{
    ObjectIdentifier,
    db::{rfc5280::ANY_EXTENDED_KEY_USAGE, rfc5912},
};
use der::{
    Decode, Encode, Tag,
    asn1::{Any, Null, OctetString, SetOfVec},
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::{
    asn1::{
        Attribute, CERT_BAG, CertBag, ContentInfo, DATA, DigestInfo, ENCRYPTED_DATA, EncryptedContent, EncryptedData,
        EncryptedKey, FRIENDLY_NAME, KEY_BAG, LOCAL_KEY_ID, MacData, Pfx, SHROUDED_KEY_BAG, SafeBag, TRUSTED_KEY_USAGE,
        X509_CERTIFICATE,
    },
    cipher,
    kdf::{Mac, bmp},
};
use crate::{Error, Result, random::Random};

/// Rounds of the cipher's key: what Python's `cryptography` writes.
const ITERATIONS: u32 = 20_000;
/// Rounds of the MAC's key: OpenSSL's own number.
const MAC_ITERATIONS: u32 = 2048;

/// What a container is to hold.
#[derive(Debug, Clone, Default)]
pub struct Container<'a> {
    /// A key, as PKCS #8.
    pub key: Option<&'a [u8]>,
    /// The key's certificate, in DER.
    pub certificate: Option<&'a [u8]>,
    /// Others: its chain.
    pub others: Vec<&'a [u8]>,
    /// What people call the key and its certificate.
    pub name: Option<&'a str>,
    /// Whether the certificates are authorities to trust, marked as Java wants it.
    pub trusted: bool,
}

/// How a container is encrypted, where there is a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// AES-256 and SHA-256.
    Modern,
    /// Triple DES and SHA-1, for what was made before 2022; with so many rounds.
    Old {
        /// The rounds.
        iterations: u32,
    },
}

/// Writes a container. Without a passphrase nothing in it is encrypted and anybody can change it.
///
/// # Errors
///
/// Nothing to hold; the source of chance fails.
pub fn write(
    container: &Container<'_>,
    passphrase: &str,
    encryption: Encryption,
    random: &mut impl Random,
) -> Result<Vec<u8>> {
    let certificates = container.certificates()?;
    if certificates.is_empty() && container.key.is_none() {
        return Err(Error::input("PKCS #12 container", "there is nothing to put in", "give a key or a certificate"));
    }
    let mut seal = |content: &[u8]| match encryption {
        Encryption::Modern => cipher::encrypt_modern(passphrase, content, ITERATIONS, random),
        Encryption::Old { iterations } => cipher::encrypt_old(passphrase, content, iterations, random),
    };
    let mut parts = Vec::new();
    if passphrase.is_empty() {
        let mut bags = certificates;
        bags.extend(container.key.map(|key| container.key_bag(KEY_BAG, key)).transpose()?);
        parts.push(data(&bags.to_der().map_err(failed)?)?);
    } else {
        if !certificates.is_empty() {
            let (algorithm, encrypted) = seal(&certificates.to_der().map_err(failed)?)?;
            let content = Some(OctetString::new(encrypted).map_err(failed)?);
            let content = EncryptedContent { content_type: DATA, algorithm, content };
            let content = Any::encode_from(&EncryptedData { version: 0, content }).map_err(failed)?;
            parts.push(ContentInfo { content_type: ENCRYPTED_DATA, content });
        }
        if let Some(key) = container.key {
            let (algorithm, encrypted) = seal(key)?;
            let key = EncryptedKey { algorithm, data: OctetString::new(encrypted).map_err(failed)? };
            let bag = container.key_bag(SHROUDED_KEY_BAG, &key.to_der().map_err(failed)?)?;
            parts.push(data(&vec![bag].to_der().map_err(failed)?)?);
        }
    }
    let safe = Zeroizing::new(parts.to_der().map_err(failed)?);
    let mut salt = [0; 8];
    random.fill(&mut salt)?;
    let (mac, oid) = match encryption {
        Encryption::Modern => (Mac::SHA256, rfc5912::ID_SHA_256),
        Encryption::Old { .. } => (Mac::SHA1, rfc5912::ID_SHA_1),
    };
    let digest = mac.sign(&bmp(passphrase), &salt, MAC_ITERATIONS, &safe);
    let mac = DigestInfo {
        algorithm: AlgorithmIdentifierOwned { oid, parameters: Some(Any::from(Null)) },
        digest: OctetString::new(digest).map_err(failed)?,
    };
    let mac_data = MacData { mac, salt: OctetString::new(salt).map_err(failed)?, iterations: MAC_ITERATIONS };
    Pfx { version: 3, auth_safe: data(&safe)?, mac_data: Some(mac_data) }.to_der().map_err(failed)
}

impl Container<'_> {
    fn certificates(&self) -> Result<Vec<SafeBag>> {
        let own = self.certificate.map(|certificate| self.certificate_bag(certificate, true));
        own.into_iter().chain(self.others.iter().map(|other| self.certificate_bag(other, false))).collect()
    }

    fn certificate_bag(&self, der: &[u8], own: bool) -> Result<SafeBag> {
        let value = OctetString::new(der).map_err(failed)?;
        let value = Any::encode_from(&CertBag { id: X509_CERTIFICATE, value }).map_err(failed)?;
        let mut attributes = if own { self.attributes()? } else { Vec::new() };
        if self.trusted {
            attributes.push(attribute(TRUSTED_KEY_USAGE, &Any::encode_from(&ANY_EXTENDED_KEY_USAGE).map_err(failed)?)?);
        }
        Ok(SafeBag { id: CERT_BAG, value, attributes: set(attributes)? })
    }

    fn key_bag(&self, id: ObjectIdentifier, der: &[u8]) -> Result<SafeBag> {
        let value = Any::from_der(der).map_err(failed)?;
        Ok(SafeBag { id, value, attributes: set(self.attributes()?)? })
    }

    /// What a key and its certificate have in common: the name, and an identifier, the SHA-1 of the certificate.
    fn attributes(&self) -> Result<Vec<Attribute>> {
        let mut attributes = Vec::new();
        if let Some(name) = self.name {
            let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
            attributes.push(attribute(FRIENDLY_NAME, &Any::new(Tag::BmpString, units).map_err(failed)?)?);
        }
        if let (Some(_), Some(certificate)) = (self.key, self.certificate) {
            let id = digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate);
            let id = Any::new(Tag::OctetString, id.as_ref()).map_err(failed)?;
            attributes.push(attribute(LOCAL_KEY_ID, &id)?);
        }
        Ok(attributes)
    }
}

fn data(content: &[u8]) -> Result<ContentInfo> {
    Ok(ContentInfo { content_type: DATA, content: Any::new(Tag::OctetString, content).map_err(failed)? })
}

fn attribute(id: ObjectIdentifier, value: &Any) -> Result<Attribute> {
    Ok(Attribute { id, values: Any::new(Tag::Set, value.to_der().map_err(failed)?).map_err(failed)? })
}

/// A SET OF in DER's order; none where it would be empty.
fn set(attributes: Vec<Attribute>) -> Result<Option<Any>> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let members: std::result::Result<Vec<Any>, der::Error> = attributes.iter().map(Any::encode_from).collect();
    let set = SetOfVec::try_from(members.map_err(failed)?).map_err(failed)?;
    Any::encode_from(&set).map(Some).map_err(failed)
}

fn failed(problem: der::Error) -> Error {
    Error::crypto("PKCS #12 container", problem, "report this, with what was to be put in")
}
