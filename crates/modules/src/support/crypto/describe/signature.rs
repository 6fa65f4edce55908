//! Whether a signature holds, also of algorithms and sizes that nobody should use any more: a description says what is.
//!
//! As with OpenSSL's default level of security, nothing that rests on MD5 or SHA-1 holds.

use const_oid::{
    AssociatedOid, ObjectIdentifier,
    db::{rfc5912, rfc8410},
};
use der::{Decode, Sequence, asn1::UintRef};
use ecdsa::hazmat::verify_prehashed;
use ring::signature::{ED25519, UnparsedPublicKey};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPublicKey, traits::SignatureScheme};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, digest::FixedOutputReset};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::{Wrong, oid};
use crate::support::crypto::key::{Curve, on_curve};

/// Larger moduli are not read: OpenSSL's `OPENSSL_RSA_MAX_MODULUS_BITS`.
const RSA_BITS: usize = 16_384;

/// Whether it is that key's signature of the message.
///
/// # Errors
///
/// An algorithm that cannot be checked here.
pub fn is_valid(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, Wrong> {
    let bytes = key.subject_public_key.raw_bytes();
    if (algorithm.oid, key.algorithm.oid) == (rfc8410::ID_ED_25519, rfc8410::ID_ED_25519) {
        return Ok(UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature).is_ok());
    }
    let curve = key.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    let scheme = Scheme::of(algorithm);
    let valid = match (&scheme, key.algorithm.oid) {
        (Some(Scheme::Broken), _) => Some(false),
        (Some(Scheme::Ecdsa(hash)), rfc5912::ID_EC_PUBLIC_KEY) => ecdsa(curve, bytes, &hash.digest(message), signature),
        (Some(Scheme::Pkcs1(hash)), rfc5912::RSA_ENCRYPTION) => {
            Some(rsa(bytes, hash.pkcs1(), *hash, message, signature))
        }
        (Some(Scheme::Pss(hash, salt)), rfc5912::RSA_ENCRYPTION | rfc5912::ID_RSASSA_PSS) => {
            Some(rsa(bytes, hash.pss(*salt), *hash, message, signature))
        }
        _ => None,
    };
    valid.ok_or_else(|| {
        Wrong::Raised(format!(
            "the signature's algorithm {} with a key of {} cannot be checked here.",
            oid::long(algorithm.oid),
            oid::long(curve.unwrap_or(key.algorithm.oid))
        ))
    })
}

/// How a message becomes a signature.
enum Scheme {
    Ecdsa(Hash),
    Pkcs1(Hash),
    /// With so many bytes of salt.
    Pss(Hash, usize),
    /// With a hash that proves nothing.
    Broken,
}

/// Whether the second is that key's signature of a message with the first for its hash.
type RsaCheck = Box<dyn FnOnce(&RsaPublicKey, &[u8], &[u8]) -> bool>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
}

/// RFC 4055 section 3.1, without the mask: OpenSSL writes the one that belongs to the hash.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt: Option<u32>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u32>,
}

/// SHA-3 with ECDSA and RSA, by NIST's numbers (`id-ecdsa-with-sha3-224` ...).
const NIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3");
const ECDSA_WITH_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");
const RSA_WITH_MD_5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4");

impl Scheme {
    fn of(algorithm: &AlgorithmIdentifierOwned) -> Option<Self> {
        let three = [Hash::Sha3_224, Hash::Sha3_256, Hash::Sha3_384, Hash::Sha3_512];
        for (number, hash) in (0..).zip(three) {
            if NIST.push_arc(9 + number).is_ok_and(|id| id == algorithm.oid) {
                return Some(Self::Ecdsa(hash));
            }
            if NIST.push_arc(13 + number).is_ok_and(|id| id == algorithm.oid) {
                return Some(Self::Pkcs1(hash));
            }
        }
        Some(match algorithm.oid {
            ECDSA_WITH_SHA_1 | RSA_WITH_MD_5 | rfc5912::SHA_1_WITH_RSA_ENCRYPTION => Self::Broken,
            rfc5912::ECDSA_WITH_SHA_224 => Self::Ecdsa(Hash::Sha224),
            rfc5912::ECDSA_WITH_SHA_256 => Self::Ecdsa(Hash::Sha256),
            rfc5912::ECDSA_WITH_SHA_384 => Self::Ecdsa(Hash::Sha384),
            rfc5912::ECDSA_WITH_SHA_512 => Self::Ecdsa(Hash::Sha512),
            rfc5912::SHA_224_WITH_RSA_ENCRYPTION => Self::Pkcs1(Hash::Sha224),
            rfc5912::SHA_256_WITH_RSA_ENCRYPTION => Self::Pkcs1(Hash::Sha256),
            rfc5912::SHA_384_WITH_RSA_ENCRYPTION => Self::Pkcs1(Hash::Sha384),
            rfc5912::SHA_512_WITH_RSA_ENCRYPTION => Self::Pkcs1(Hash::Sha512),
            rfc5912::ID_RSASSA_PSS => {
                let parameters = algorithm.parameters.as_ref()?.decode_as::<PssParameters>().ok()?;
                // SHA-1 is what is meant where none is named.
                let Some(hash) = parameters.hash else { return Some(Self::Broken) };
                Self::Pss(Hash::of(hash.oid)?, usize::try_from(parameters.salt.unwrap_or(20)).ok()?)
            }
            _ => return None,
        })
    }
}

impl Hash {
    fn of(id: ObjectIdentifier) -> Option<Self> {
        let all = [
            (Sha224::OID, Self::Sha224),
            (Sha256::OID, Self::Sha256),
            (Sha384::OID, Self::Sha384),
            (Sha512::OID, Self::Sha512),
        ];
        all.into_iter().find(|(known, _)| *known == id).map(|(_, hash)| hash)
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha224 => Sha224::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
            Self::Sha3_224 => Sha3_224::digest(message).to_vec(),
            Self::Sha3_256 => Sha3_256::digest(message).to_vec(),
            Self::Sha3_384 => Sha3_384::digest(message).to_vec(),
            Self::Sha3_512 => Sha3_512::digest(message).to_vec(),
        }
    }

    fn pkcs1(self) -> RsaCheck {
        fn scheme<D: Digest + AssociatedOid>() -> RsaCheck {
            Box::new(|key, hash, signature| Pkcs1v15Sign::new::<D>().verify(key, hash, signature).is_ok())
        }
        match self {
            Self::Sha224 => scheme::<Sha224>(),
            Self::Sha256 => scheme::<Sha256>(),
            Self::Sha384 => scheme::<Sha384>(),
            Self::Sha512 => scheme::<Sha512>(),
            Self::Sha3_224 => scheme::<Sha3_224>(),
            Self::Sha3_256 => scheme::<Sha3_256>(),
            Self::Sha3_384 => scheme::<Sha3_384>(),
            Self::Sha3_512 => scheme::<Sha3_512>(),
        }
    }

    fn pss(self, salt: usize) -> RsaCheck {
        fn scheme<D>(salt: usize) -> RsaCheck
        where
            D: Digest + FixedOutputReset + Default + 'static,
        {
            Box::new(move |key, hash, signature| Pss::<D>::new_with_salt(salt).verify(key, hash, signature).is_ok())
        }
        match self {
            Self::Sha224 => scheme::<Sha224>(salt),
            Self::Sha256 => scheme::<Sha256>(salt),
            Self::Sha384 => scheme::<Sha384>(salt),
            Self::Sha512 => scheme::<Sha512>(salt),
            Self::Sha3_224 => scheme::<Sha3_224>(salt),
            Self::Sha3_256 => scheme::<Sha3_256>(salt),
            Self::Sha3_384 => scheme::<Sha3_384>(salt),
            Self::Sha3_512 => scheme::<Sha3_512>(salt),
        }
    }
}

fn rsa(key: &[u8], check: RsaCheck, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
    #[derive(Sequence)]
    struct Numbers<'a> {
        modulus: UintRef<'a>,
        exponent: UintRef<'a>,
    }
    let Ok(numbers) = Numbers::from_der(key) else { return false };
    let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
    let (modulus, exponent) = (number(numbers.modulus.as_bytes()), number(numbers.exponent.as_bytes()));
    let key = RsaPublicKey::new_with_max_size(modulus, exponent, RSA_BITS);
    key.is_ok_and(|key| check(&key, &hash.digest(message), signature))
}

/// Whether it holds; nothing where the curve is not known here.
fn ecdsa(curve: Option<ObjectIdentifier>, key: &[u8], hash: &[u8], signature: &[u8]) -> Option<bool> {
    let curve = Curve::of_oid(curve?)?;
    Some(on_curve!(curve, krate => {
        let key = krate::PublicKey::from_sec1_bytes(key);
        // Both of a signature's forms count; the check of some curves takes the lower alone.
        let signature = krate::ecdsa::Signature::from_der(signature).map(|signature| signature.normalize_s());
        matches!((key, signature), (Ok(key), Ok(signature)) if verify_prehashed(&key.to_projective(), hash, &signature).is_ok())
    }))
}
