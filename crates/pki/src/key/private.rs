//! Private keys: wiped when dropped, never printed, exported in one place only.

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use der::zeroize::Zeroizing;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::{RsaPrivateKey, pkcs1v15, signature::SignatureEncoding, signature::Signer as _};
use sha2::Sha256;

use super::{KeyKind, PublicKey};
use crate::{Error, Result, random::Random};

/// A private key in memory. Its bytes are wiped when it is dropped; it cannot be printed, cloned or compared.
pub struct PrivateKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Rsa(Box<pkcs1v15::SigningKey<Sha256>>),
}

impl PrivateKey {
    /// Makes a new one.
    ///
    /// # Errors
    ///
    /// The source of chance fails; a kind that is not made here (Ed25519, RSA of other than 3072 and 4096 bits).
    pub fn generate(kind: KeyKind, random: &mut impl Random) -> Result<Self> {
        match kind {
            KeyKind::P256 => loop {
                // A scalar out of range has a chance of one in 2^32: draw again.
                let mut scalar = Zeroizing::new([0; 32]);
                random.fill(&mut *scalar)?;
                if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&*scalar) {
                    return Self::from_secret(Secret::P256(key));
                }
            },
            KeyKind::P384 => loop {
                let mut scalar = Zeroizing::new([0; 48]);
                random.fill(&mut *scalar)?;
                if let Ok(key) = p384::ecdsa::SigningKey::from_slice(&*scalar) {
                    return Self::from_secret(Secret::P384(key));
                }
            },
            KeyKind::Rsa(bits @ (3072 | 4096)) => {
                // The search for primes wants a source that cannot fail: a stream cipher keyed by ours.
                let mut seed = Zeroizing::new([0; 32]);
                random.fill(&mut *seed)?;
                let mut stream = ChaCha20Rng::from_seed(*seed);
                let key = RsaPrivateKey::new(&mut stream, usize::from(bits))
                    .map_err(|problem| Error::crypto("RSA key", problem, "try again"))?;
                Self::from_secret(Secret::Rsa(Box::new(pkcs1v15::SigningKey::new(key))))
            }
            KeyKind::Rsa(_) | KeyKind::Ed25519 => Err(Error::crypto(
                format!("{kind} key"),
                "this kind is not made here",
                "take P-256, P-384, RSA-3072 or RSA-4096",
            )),
        }
    }

    /// Reads a PKCS #8 document (RFC 5958) in DER.
    ///
    /// # Errors
    ///
    /// Bytes that are none, a damaged key, a kind that this PKI does not know. No message tells anything of the key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        if let Ok(key) = p256::SecretKey::from_pkcs8_der(der) {
            return Self::from_secret(Secret::P256(key.into()));
        }
        if let Ok(key) = p384::SecretKey::from_pkcs8_der(der) {
            return Self::from_secret(Secret::P384(key.into()));
        }
        if let Ok(key) = RsaPrivateKey::from_pkcs8_der(der) {
            return Self::from_secret(Secret::Rsa(Box::new(pkcs1v15::SigningKey::new(key))));
        }
        Err(unreadable())
    }

    /// Reads a PEM file `PRIVATE KEY` (RFC 7468 section 10).
    ///
    /// # Errors
    ///
    /// As [`Self::from_pkcs8`].
    pub fn from_pem(pem: &str) -> Result<Self> {
        let (label, document) = der::SecretDocument::from_pem(pem.trim()).map_err(|_| unreadable())?;
        if label != "PRIVATE KEY" {
            return Err(unreadable());
        }
        Self::from_pkcs8(document.as_bytes())
    }

    /// The key as PKCS #8 in DER: the only way out, for sealing and for handing it to its service.
    ///
    /// # Errors
    ///
    /// None in practice.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        let document = match &self.secret {
            Secret::P256(key) => p256::SecretKey::from(key).to_pkcs8_der(),
            Secret::P384(key) => p384::SecretKey::from(key).to_pkcs8_der(),
            Secret::Rsa(key) => AsRef::<RsaPrivateKey>::as_ref(&**key).to_pkcs8_der(),
        };
        Ok(document.map_err(|problem| Error::crypto("private key", problem, "make a new one"))?.to_bytes())
    }

    /// The key as a PEM file `PRIVATE KEY`.
    ///
    /// # Errors
    ///
    /// None in practice.
    pub fn to_pem(&self) -> Result<Zeroizing<String>> {
        let document = der::SecretDocument::try_from(self.to_pkcs8()?.as_slice()).map_err(|_| unreadable())?;
        document.to_pem("PRIVATE KEY", LineEnding::LF).map_err(|_| unreadable())
    }

    /// Its public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs: ECDSA with the hash of the curve's size and a deterministic nonce (RFC 6979), or RSA with SHA-256 (PKCS #1
    /// version 1.5). The same bytes give the same signature.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |problem| Error::crypto("private key", problem, "make a new one");
        match &self.secret {
            Secret::P256(key) => {
                key.try_sign(message).map(|signature: p256::ecdsa::Signature| signature.to_der().to_bytes().into())
            }
            Secret::P384(key) => {
                key.try_sign(message).map(|signature: p384::ecdsa::Signature| signature.to_der().to_bytes().into())
            }
            Secret::Rsa(key) => key.try_sign(message).map(|signature| signature.to_bytes().into()),
        }
        .map_err(failed)
    }

    fn from_secret(secret: Secret) -> Result<Self> {
        let public = match &secret {
            Secret::P256(key) => p256::PublicKey::from(key.verifying_key()).to_public_key_der(),
            Secret::P384(key) => p384::PublicKey::from(key.verifying_key()).to_public_key_der(),
            Secret::Rsa(key) => AsRef::<RsaPrivateKey>::as_ref(&**key).to_public_key().to_public_key_der(),
        };
        let public = public.map_err(|problem| Error::crypto("private key", problem, "make a new one"))?;
        Ok(Self { public: PublicKey::from_der(public.as_bytes())?, secret })
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey(of {:?})", self.public)
    }
}

fn unreadable() -> Error {
    Error::input(
        "private key",
        "not a PKCS #8 key of P-256, P-384 or RSA",
        "give a PEM file PRIVATE KEY that is not encrypted",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{random::SystemRandom, signature, signer::Signer};

    #[test]
    fn a_key_survives_pem_and_signs_the_same_bytes_the_same_way() {
        for kind in [KeyKind::P256, KeyKind::P384] {
            let key = PrivateKey::generate(kind, &mut SystemRandom).unwrap();
            let again = PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
            assert_eq!(again.public_key(), key.public_key());
            assert_eq!(key.public_key().kind(), kind);
            let signed = Signer::sign(&key, b"message").unwrap();
            assert_eq!(signed, Signer::sign(&again, b"message").unwrap(), "deterministic");
            signature::verify(&signed.algorithm, again.public_key(), b"message", &signed.bytes).unwrap();
        }
    }

    #[test]
    fn a_debug_print_shows_nothing_of_the_key() {
        let key = PrivateKey::generate(KeyKind::P256, &mut SystemRandom).unwrap();
        let scalar = crate::serial::hex(&key.to_pkcs8().unwrap()[36..68]);
        let shown = format!("{key:?}").to_lowercase();
        assert!(shown.starts_with("privatekey(of publickey(p-256, "), "{shown}");
        assert!(!shown.contains(&scalar[..8]), "{shown}");
    }

    #[test]
    fn damaged_keys_are_refused_without_a_word_of_their_bytes() {
        let key = PrivateKey::generate(KeyKind::P256, &mut SystemRandom).unwrap();
        let der = key.to_pkcs8().unwrap();
        for length in 0..der.len() {
            let refusal = PrivateKey::from_pkcs8(&der[..length]).unwrap_err().to_string();
            assert_eq!(refusal, unreadable().to_string());
        }
        assert!(PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n").is_err());
        assert!(PrivateKey::from_pem("").is_err());
    }

    #[test]
    fn the_example_of_rfc_6979_gives_its_signature() {
        // Appendix A.2.5: P-256, SHA-256, message "sample".
        let scalar: Vec<u8> = (0..64)
            .step_by(2)
            .map(|at| {
                u8::from_str_radix(&"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"[at..at + 2], 16)
                    .unwrap()
            })
            .collect();
        let key = PrivateKey::from_secret(Secret::P256(p256::ecdsa::SigningKey::from_slice(&scalar).unwrap())).unwrap();
        let signature = p256::ecdsa::Signature::from_der(&key.sign(b"sample").unwrap().bytes).unwrap();
        assert_eq!(
            crate::serial::hex(&signature.to_bytes()),
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        );
    }
}
