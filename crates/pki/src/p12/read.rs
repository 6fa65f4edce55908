//! Reading containers.

use const_oid::db::rfc5912;
use der::{
    Decode, Tag, Tagged,
    asn1::{Any, OctetString},
};
use zeroize::Zeroizing;

use super::{
    asn1::{
        Attribute, CERT_BAG, CertBag, ContentInfo, DATA, ENCRYPTED_DATA, EncryptedData, EncryptedKey, FRIENDLY_NAME,
        KEY_BAG, MacData, Pfx, SHROUDED_KEY_BAG, SafeBag, X509_CERTIFICATE, members,
    },
    cipher,
    kdf::{MOST_ITERATIONS, Mac, bmp},
};

/// What is in a container.
#[derive(Debug, Default)]
pub struct Contents {
    /// The first key, as PKCS #8.
    pub key: Option<Zeroizing<Vec<u8>>>,
    /// The certificates, in the order in which they stand.
    pub certificates: Vec<Bag>,
}

/// A certificate in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bag {
    /// The certificate, in DER.
    pub der: Vec<u8>,
    /// What people call it.
    pub name: Option<String>,
}

/// Why a container cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is none, or one in an encoding other than DER.
    #[error("it is no PKCS #12 container in DER")]
    Structure,
    /// The passphrase is another one, or the container was changed.
    #[error("the passphrase is another one, or the container is damaged")]
    Passphrase,
    /// It uses a cipher or a hash that is not known here.
    #[error("its algorithm {0} is not known here; write it again with AES-256 and SHA-256 (openssl pkcs12 -export)")]
    Cipher(String),
    /// It asks for more rounds than anybody needs.
    #[error("it asks for more than {MOST_ITERATIONS} rounds of its passphrase")]
    Iterations,
}

impl From<der::Error> for Fault {
    fn from(_: der::Error) -> Self {
        Self::Structure
    }
}

/// Reads a container under a passphrase, which may be empty. The MAC is checked first, where there is one.
///
/// # Errors
///
/// See [`Fault`].
pub fn read(bytes: &[u8], passphrase: &str) -> Result<Contents, Fault> {
    let pfx = Pfx::from_der(bytes)?;
    if pfx.version != 3 || pfx.auth_safe.content_type != DATA {
        return Err(Fault::Structure);
    }
    let safe: OctetString = pfx.auth_safe.content.decode_as()?;
    if let Some(mac) = &pfx.mac_data {
        check(mac, passphrase, safe.as_bytes())?;
    }
    let mut contents = Contents::default();
    for part in Vec::<ContentInfo>::from_der(safe.as_bytes())? {
        match part.content_type {
            DATA => {
                let bags: OctetString = part.content.decode_as()?;
                take(bags.as_bytes(), passphrase, &mut contents)?;
            }
            ENCRYPTED_DATA => {
                let data: EncryptedData = part.content.decode_as()?;
                let content = data.content.content.ok_or(Fault::Structure)?;
                let bags = cipher::decrypt(&data.content.algorithm, passphrase, content.as_bytes())?;
                take(&bags, passphrase, &mut contents)?;
            }
            // Enveloped for a key of the reader's (section 3.1): nobody has such.
            other => return Err(Fault::Cipher(other.to_string())),
        }
    }
    Ok(contents)
}

fn check(data: &MacData, passphrase: &str, message: &[u8]) -> Result<(), Fault> {
    let mac = match data.mac.algorithm.oid {
        rfc5912::ID_SHA_1 => Mac::SHA1,
        rfc5912::ID_SHA_256 => Mac::SHA256,
        rfc5912::ID_SHA_384 => Mac::SHA384,
        rfc5912::ID_SHA_512 => Mac::SHA512,
        other => return Err(Fault::Cipher(other.to_string())),
    };
    if data.iterations > MOST_ITERATIONS {
        return Err(Fault::Iterations);
    }
    let holds = |passphrase: &[u8]| {
        mac.holds(passphrase, data.salt.as_bytes(), data.iterations, message, data.mac.digest.as_bytes())
    };
    // No passphrase is written in two ways: as an empty text with its zero, and as nothing.
    if holds(&bmp(passphrase)) || passphrase.is_empty() && holds(&[]) { Ok(()) } else { Err(Fault::Passphrase) }
}

fn take(bags: &[u8], passphrase: &str, contents: &mut Contents) -> Result<(), Fault> {
    for bag in Vec::<SafeBag>::from_der(bags)? {
        match bag.id {
            KEY_BAG => {
                let der = Zeroizing::new(der::Encode::to_der(&bag.value)?);
                contents.key.get_or_insert(der);
            }
            SHROUDED_KEY_BAG => {
                let key: EncryptedKey = bag.value.decode_as()?;
                let der = cipher::decrypt(&key.algorithm, passphrase, key.data.as_bytes())?;
                contents.key.get_or_insert(der);
            }
            CERT_BAG => {
                let certificate: CertBag = bag.value.decode_as()?;
                if certificate.id == X509_CERTIFICATE {
                    let name = bag.attributes.as_ref().map(friendly_name).transpose()?.flatten();
                    contents.certificates.push(Bag { der: certificate.value.as_bytes().to_vec(), name });
                }
            }
            // Lists of revoked certificates, secrets, bags in bags.
            _ => {}
        }
    }
    Ok(())
}

fn friendly_name(attributes: &Any) -> Result<Option<String>, Fault> {
    for attribute in members::<Attribute>(attributes.value())? {
        if attribute.id == FRIENDLY_NAME
            && let Some(value) = members::<Any>(attribute.values.value())?.first()
            && value.tag() == Tag::BmpString
        {
            let (units, _) = value.value().as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            return Ok(Some(String::from_utf16_lossy(&units)));
        }
    }
    Ok(None)
}
