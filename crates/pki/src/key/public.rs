//! The public half of a key: read strictly, kept as the bytes that it was written with.

use const_oid::db::{rfc5912, rfc8410};
use der::{Decode, Encode, asn1::UintRef};
use sha2::{Digest, Sha256};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoOwned};

use super::KeyKind;
use crate::{Error, Result, serial::hex};

/// A public key that can be used: a point on its curve, a modulus of a known size.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    info: SubjectPublicKeyInfoOwned,
}

impl PublicKey {
    /// Reads the key of a certificate or a request.
    ///
    /// # Errors
    ///
    /// A kind that this PKI does not know, a point that is not on its curve or is compressed, an RSA modulus of less than
    /// 2048 or more than 4096 bits, an even or small public exponent (FIPS 186-5 appendix A.1.1).
    pub fn from_info(info: &SubjectPublicKeyInfoOwned) -> Result<Self> {
        let refused =
            |problem: String| Err(Error::input("public key", problem, "take P-256, P-384, RSA-3072 or RSA-4096"));
        let Some(bytes) = info.subject_public_key.as_bytes() else {
            return refused("its bits do not end at a byte".to_owned());
        };
        let kind = match info.algorithm.oid {
            rfc5912::ID_EC_PUBLIC_KEY => {
                let curve =
                    info.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
                if bytes.first() != Some(&4) {
                    return refused("its point is not in the uncompressed form (RFC 5480 section 2.2)".to_owned());
                }
                match curve {
                    Some(rfc5912::SECP_256_R_1) if p256::PublicKey::from_sec1_bytes(bytes).is_ok() => KeyKind::P256,
                    Some(rfc5912::SECP_384_R_1) if p384::PublicKey::from_sec1_bytes(bytes).is_ok() => KeyKind::P384,
                    Some(rfc5912::SECP_256_R_1 | rfc5912::SECP_384_R_1) => {
                        return refused("its point is not on the curve".to_owned());
                    }
                    Some(other) => return refused(format!("the curve {other} is not known here")),
                    None => return refused("it names no curve (RFC 5480 section 2.1.1)".to_owned()),
                }
            }
            rfc5912::RSA_ENCRYPTION => match rsa_bits(bytes) {
                Ok(bits) => KeyKind::Rsa(bits),
                Err(problem) => return refused(problem),
            },
            rfc8410::ID_ED_25519 => {
                if info.algorithm.parameters.is_some() || bytes.len() != 32 {
                    return refused("it is not a well-formed Ed25519 key (RFC 8410 section 4)".to_owned());
                }
                KeyKind::Ed25519
            }
            other => return refused(format!("the algorithm {other} is not known here")),
        };
        Ok(Self { kind, info: info.clone() })
    }

    /// Reads a DER-encoded SubjectPublicKeyInfo.
    ///
    /// # Errors
    ///
    /// As [`Self::from_info`], and bytes that are none.
    pub fn from_der(bytes: &[u8]) -> Result<Self> {
        let info = SubjectPublicKeyInfoOwned::from_der(bytes)
            .map_err(|problem| Error::input("public key", problem, "give a DER-encoded SubjectPublicKeyInfo"))?;
        Self::from_info(&info)
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The structure that certificates carry (RFC 5280 section 4.1.2.7).
    #[must_use]
    pub fn info(&self) -> &SubjectPublicKeyInfoOwned {
        &self.info
    }

    /// The key identifier: the leftmost 160 bits of the SHA-256 of the key's bits (RFC 7093 section 2, method 1).
    #[must_use]
    pub fn identifier(&self) -> [u8; 20] {
        let digest = Sha256::digest(self.info.subject_public_key.raw_bytes());
        let mut identifier = [0; 20];
        for (to, from) in identifier.iter_mut().zip(digest) {
            *to = from;
        }
        identifier
    }

    /// The SHA-256 of the whole structure, in hexadecimal: what tells keys apart.
    ///
    /// # Errors
    ///
    /// None in practice: the structure was read.
    pub fn fingerprint(&self) -> Result<String> {
        let der = self.info.to_der().map_err(|problem| Error::input("public key", problem, "give another"))?;
        Ok(hex(&Sha256::digest(der)))
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({}, {})", self.kind, hex(&self.identifier()))
    }
}

/// The size of an RSA modulus (RFC 8017 appendix A.1.1).
fn rsa_bits(bytes: &[u8]) -> Result<u16, String> {
    #[derive(der::Sequence)]
    struct RsaPublicKey<'a> {
        modulus: UintRef<'a>,
        public_exponent: UintRef<'a>,
    }
    let key = RsaPublicKey::from_der(bytes).map_err(|problem| format!("it is no RSA key: {problem}"))?;
    let modulus = key.modulus.as_bytes();
    let exponent = key.public_exponent.as_bytes();
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !(2048..=4096).contains(&bits) {
        return Err(format!("its modulus has {bits} bits"));
    }
    if modulus.last().is_none_or(|last| last % 2 == 0) {
        return Err("its modulus is even".to_owned());
    }
    // 2^16 < e < 2^256, odd.
    if !(3..=32).contains(&exponent.len()) || exponent.last().is_none_or(|last| last % 2 == 0) {
        return Err("its public exponent is even, smaller than 65537 or larger than 256 bits".to_owned());
    }
    u16::try_from(bits).map_err(|_| format!("its modulus has {bits} bits"))
}
