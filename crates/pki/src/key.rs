//! Keys: which kinds this PKI knows, their public halves, and the private ones that are wiped when dropped.

mod private;
mod public;

pub use private::PrivateKey;
pub use public::PublicKey;

/// The kinds of keys that this PKI knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// ECDSA over P-256: the default of services.
    P256,
    /// ECDSA over P-384: root and intermediate.
    P384,
    /// RSA with a modulus of that many bits.
    Rsa(u16),
    /// Ed25519: never an issuer's, for PostgreSQL 15 clients with channel binding fail on what it signs.
    Ed25519,
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::Rsa(bits) => write!(f, "RSA-{bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}
