//! A private key in memory; what is secret in it is wiped when it is dropped.

use der::{
    Encode,
    asn1::{Any, BitString},
};
use p256::elliptic_curve::sec1::ToSec1Point;
use ring::signature::{Ed25519KeyPair, KeyPair};
use rsa::{RsaPrivateKey, pkcs8::EncodePublicKey};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use zeroize::Zeroizing;

use super::{Curve, PublicKey, curve::on_curve, public};

/// A private key.
pub enum PrivateKey {
    /// RSA.
    Rsa(Box<RsaPrivateKey>),
    /// A scalar of a curve, as many bytes as the curve has, above zero and below its order.
    Ec(Curve, Zeroizing<Vec<u8>>),
    /// A seed (RFC 8032).
    Ed25519(Zeroizing<[u8; 32]>),
    /// A scalar (RFC 7748).
    X25519(Zeroizing<[u8; 32]>),
}

impl PrivateKey {
    /// Its public half; `None` where the key is none.
    #[must_use]
    pub fn public_key(&self) -> Option<PublicKey> {
        let der = match self {
            Self::Rsa(key) => key.to_public_key().to_public_key_der().ok()?.into_vec(),
            Self::Ec(curve, _) => {
                let algorithm = AlgorithmIdentifierOwned {
                    oid: public::EC,
                    parameters: Some(Any::encode_from(&curve.oid()).ok()?),
                };
                info(algorithm, &self.point()?)?
            }
            Self::Ed25519(seed) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&**seed).ok()?;
                info(AlgorithmIdentifierOwned { oid: public::ED25519, parameters: None }, pair.public_key().as_ref())?
            }
            Self::X25519(scalar) => {
                let point = curve25519_dalek::MontgomeryPoint::mul_base_clamped(**scalar);
                info(AlgorithmIdentifierOwned { oid: public::X25519, parameters: None }, point.as_bytes())?
            }
        };
        PublicKey::from_der(&der)
    }

    /// The point of an elliptic curve's key, not compressed (SEC 1, section 2.3.3).
    pub(super) fn point(&self) -> Option<Vec<u8>> {
        let Self::Ec(curve, scalar) = self else { return None };
        on_curve!(*curve, krate => {
            let key = krate::SecretKey::from_slice(scalar).ok()?;
            Some(key.public_key().to_sec1_point(false).as_bytes().to_vec())
        })
    }

    /// Whether it can sign certificates and requests.
    #[must_use]
    pub fn can_sign(&self) -> bool {
        !matches!(self, Self::X25519(_))
    }

    /// Whether a signature by it is over a hash that is chosen.
    #[must_use]
    pub fn needs_digest(&self) -> bool {
        matches!(self, Self::Rsa(_) | Self::Ec(..))
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rsa(_) => "PrivateKey(RSA)",
            Self::Ec(..) => "PrivateKey(ECC)",
            Self::Ed25519(_) => "PrivateKey(Ed25519)",
            Self::X25519(_) => "PrivateKey(X25519)",
        })
    }
}

fn info(algorithm: AlgorithmIdentifierOwned, key: &[u8]) -> Option<Vec<u8>> {
    SubjectPublicKeyInfoOwned { algorithm, subject_public_key: BitString::from_bytes(key).ok()? }.to_der().ok()
}
