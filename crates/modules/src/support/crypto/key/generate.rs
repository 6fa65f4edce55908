//! New keys, from the kernel's random numbers.

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
use getrandom::{SysRng, rand_core::TryRng};
use rsa::RsaPrivateKey;
use zeroize::Zeroizing;

use super::{Curve, PrivateKey, curve::on_curve};

/// What key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// RSA with a modulus of so many bits.
    Rsa(usize),
    /// On a curve.
    Ec(Curve),
    /// Ed25519.
    Ed25519,
    /// X25519.
    X25519,
}

/// Why no key was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The kernel gives no random numbers.
    #[error("the system has no random numbers: {0}")]
    Random(String),
    /// RSA of fewer bits; the reference's library says so.
    #[error("key_size must be at least 1024-bits.")]
    TooSmall,
    /// The search for primes failed.
    #[error("cannot make an RSA key of {0} bits: {1}")]
    Rsa(usize, String),
}

/// Makes a new key.
///
/// # Errors
///
/// The system has no random numbers; a size that RSA keys cannot have.
pub fn generate(wanted: Wanted) -> Result<PrivateKey, GenerateError> {
    Ok(match wanted {
        Wanted::Rsa(bits) if bits < 1024 => return Err(GenerateError::TooSmall),
        Wanted::Rsa(bits) => {
            // The search for primes wants a source that cannot fail: a stream cipher keyed by the kernel.
            let mut seed = Zeroizing::new([0; 32]);
            fill(&mut *seed)?;
            let key = RsaPrivateKey::new(&mut ChaCha20Rng::from_seed(*seed), bits)
                .map_err(|error| GenerateError::Rsa(bits, error.to_string()))?;
            PrivateKey::Rsa(Box::new(key))
        }
        Wanted::Ec(curve) => PrivateKey::Ec(curve, scalar(curve)?),
        Wanted::Ed25519 => PrivateKey::Ed25519(secret()?),
        Wanted::X25519 => PrivateKey::X25519(secret()?),
    })
}

fn scalar(curve: Curve) -> Result<Zeroizing<Vec<u8>>, GenerateError> {
    loop {
        let mut bytes = Zeroizing::new(vec![0; curve.bytes()]);
        fill(&mut bytes)?;
        if let Some(first) = bytes.first_mut() {
            // Bits above the field's: without this, nearly every draw of P-521 is out of range.
            *first &= u8::try_from(0xff >> (curve.bytes() * 8 - curve.bits() as usize)).unwrap_or(0xff);
        }
        if on_curve!(curve, krate => krate::SecretKey::from_slice(&bytes).is_ok()) {
            return Ok(bytes);
        }
    }
}

fn secret() -> Result<Zeroizing<[u8; 32]>, GenerateError> {
    let mut bytes = Zeroizing::new([0; 32]);
    fill(&mut *bytes)?;
    Ok(bytes)
}

fn fill(bytes: &mut [u8]) -> Result<(), GenerateError> {
    SysRng.try_fill_bytes(bytes).map_err(|error| GenerateError::Random(error.to_string()))
}
