//! Who signs: a trait, so that a key that is sealed or far away can be used without being handed around.

use crate::{
    Error, Finding, Result,
    key::{PrivateKey, PublicKey},
    signature::{self, Signature},
};

/// Something that signs once. What may sign often implements it for its reference: an online key as `&PrivateKey`. A sealed
/// key implements it for itself, and is opened, used and wiped in one call.
pub trait Signer {
    /// The public half of the key that will sign.
    fn public_key(&self) -> &PublicKey;

    /// Signs those bytes, and is used up.
    ///
    /// # Errors
    ///
    /// The key cannot be opened or does not sign.
    fn sign(self, message: &[u8]) -> Result<Signature>;
}

impl Signer for &PrivateKey {
    fn public_key(&self) -> &PublicKey {
        PrivateKey::public_key(self)
    }

    fn sign(self, message: &[u8]) -> Result<Signature> {
        let algorithm = signature::algorithm_of(PrivateKey::public_key(self).kind())?;
        Ok(Signature { algorithm, bytes: self.sign_bytes(message)? })
    }
}

/// A key that is used up, and so wiped, by its signature.
impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        PrivateKey::public_key(self)
    }

    fn sign(self, message: &[u8]) -> Result<Signature> {
        (&self).sign(message)
    }
}

/// Refuses a signer with another key than the issuer's.
pub(crate) fn check_key(object: &str, signer: &impl Signer, issuer: &PublicKey) -> Result<()> {
    if signer.public_key() == issuer {
        return Ok(());
    }
    Err(Error::refused(Finding::new(
        object,
        "signatureAlgorithm",
        format!("the signing key {:?} is not the issuer's, {issuer:?}", signer.public_key()),
        "RFC 5280 section 6.1.3 (a)(1)",
        "sign with the key that belongs to the issuer's certificate",
    )))
}

/// Signs with the key of that issuer, and checks the result before anybody sees it.
///
/// # Errors
///
/// The signer's key is another one; the signature is not by the algorithm that was written into the bytes, or does not verify.
pub(crate) fn sign_checked(object: &str, signer: impl Signer, issuer: &PublicKey, message: &[u8]) -> Result<Signature> {
    check_key(object, &signer, issuer)?;
    let signature = signer.sign(message)?;
    if signature.algorithm != signature::algorithm_of(issuer.kind())? {
        return Err(Error::crypto(
            object,
            "the signer took another algorithm than the one that was written",
            "check the signer",
        ));
    }
    signature::verify(&signature.algorithm, issuer, message, &signature.bytes)?;
    Ok(signature)
}
