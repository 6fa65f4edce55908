//! Signatures over requests, certificates and revocation lists: how they are made. `describe::signature` checks them.

use const_oid::db::rfc8410;
use der::{
    Decode, Encode,
    asn1::{Any, BitString, OctetStringRef},
};
use ecdsa::hazmat::sign_prehashed_rfc6979;
use ring::signature::Ed25519KeyPair;
use rsa::Pkcs1v15Sign;
use sha2::Sha256;
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef};

use super::{
    describe::Wrong,
    digest::Digest,
    key::{PrivateKey, on_curve},
};

#[derive(der::Sequence)]
struct DigestInfo<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    digest: &'a OctetStringRef,
}

/// The algorithm that a key signs with over that hash; a key that chooses its own takes no hash.
///
/// # Errors
///
/// The two do not go together.
pub fn algorithm(key: &PrivateKey, digest: Option<Digest>) -> Result<AlgorithmIdentifierOwned, Wrong> {
    let none = || Wrong::raised("Algorithm must be a registered hash algorithm.");
    Ok(match key {
        PrivateKey::Rsa(_) => {
            let oid = digest.ok_or_else(none)?.with_rsa();
            AlgorithmIdentifierOwned { oid, parameters: Some(Any::null()) }
        }
        PrivateKey::Ec(..) => {
            let oid = digest.ok_or_else(none)?.with_ecdsa();
            let oid = oid.ok_or_else(|| Wrong::raised("MD5 is not supported with EC keys"))?;
            AlgorithmIdentifierOwned { oid, parameters: None }
        }
        PrivateKey::Ed25519(_) => AlgorithmIdentifierOwned { oid: rfc8410::ID_ED_25519, parameters: None },
        PrivateKey::X25519(_) => return Err(Wrong::raised("X25519 keys do not sign")),
    })
}

/// Signs.
///
/// # Errors
///
/// The key cannot sign, or is broken.
pub fn sign(key: &PrivateKey, digest: Option<Digest>, message: &[u8]) -> Result<Vec<u8>, Wrong> {
    let failed = || Wrong::raised("the private key cannot sign");
    match (key, digest) {
        (PrivateKey::Rsa(key), Some(digest)) => {
            let info = digest_info(digest, message).ok_or_else(failed)?;
            key.sign(Pkcs1v15Sign::new_unprefixed(), &info).map_err(|_| failed())
        }
        (PrivateKey::Ec(curve, scalar), Some(digest)) => {
            let hash = digest.of(message);
            on_curve!(*curve, krate => {
                let key = krate::SecretKey::from_slice(scalar).map_err(|_| failed())?;
                let (signature, _) = sign_prehashed_rfc6979::<_, Sha256>(&key.to_nonzero_scalar(), &hash, &[]);
                Ok(signature.to_der().as_bytes().to_vec())
            })
        }
        (PrivateKey::Ed25519(seed), _) => {
            let pair = Ed25519KeyPair::from_seed_unchecked(&**seed).map_err(|_| failed())?;
            Ok(pair.sign(message).as_ref().to_vec())
        }
        _ => Err(failed()),
    }
}

/// A document with its signature: a request, a certificate, a revocation list.
#[derive(der::Sequence)]
struct Signed {
    content: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Signs a document; the whole comes as DER.
///
/// # Errors
///
/// As [`sign`].
pub fn sign_document<T: Encode>(
    content: &T,
    algorithm: AlgorithmIdentifierOwned,
    key: &PrivateKey,
    digest: Option<Digest>,
) -> Result<Vec<u8>, Wrong> {
    let failed = |error: der::Error| Wrong::raised(error.to_string());
    let content = content.to_der().map_err(failed)?;
    let signature = sign(key, digest, &content)?;
    let content = Any::from_der(&content).map_err(failed)?;
    let signature = BitString::from_bytes(&signature).map_err(failed)?;
    Signed { content, algorithm, signature }.to_der().map_err(failed)
}

fn digest_info(digest: Digest, message: &[u8]) -> Option<Vec<u8>> {
    let hash = digest.of(message);
    let algorithm = AlgorithmIdentifierRef { oid: digest.oid(), parameters: Some(der::asn1::AnyRef::NULL) };
    DigestInfo { algorithm, digest: OctetStringRef::new(&hash).ok()? }.to_der().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::crypto::{
        describe::signature::is_valid,
        key::{Curve, Wanted, generate},
    };

    #[test]
    fn every_kind_of_key_signs_and_its_public_half_agrees() {
        let digests = [Digest::Sha256, Digest::Sha384, Digest::Sha512];
        for wanted in [
            Wanted::Rsa(1024),
            Wanted::Ec(Curve::Secp256r1),
            Wanted::Ec(Curve::Secp384r1),
            Wanted::Ec(Curve::Secp521r1),
            Wanted::Ec(Curve::Secp256k1),
            Wanted::Ed25519,
        ] {
            let key = generate(wanted).unwrap();
            let public = key.public_key().unwrap();
            for digest in digests {
                let digest = key.needs_digest().then_some(digest);
                let algorithm = algorithm(&key, digest).unwrap();
                let signature = sign(&key, digest, b"message").unwrap();
                let holds = |message: &[u8]| is_valid(public.info(), &algorithm, message, &signature).unwrap();
                assert!(holds(b"message"), "{wanted:?} {digest:?}");
                assert!(!holds(b"massage"), "{wanted:?} {digest:?}");
            }
        }
        assert!(sign(&generate(Wanted::X25519).unwrap(), None, b"message").is_err());
    }
}
