//! The curves of ECDSA keys that are known here.

use const_oid::{ObjectIdentifier, db::rfc5912};

/// A curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// P-256.
    Secp256r1,
    /// P-384.
    Secp384r1,
    /// P-521.
    Secp521r1,
    /// Bitcoin's.
    Secp256k1,
}

/// SEC 2, section 2.4.1.
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");

impl Curve {
    const ALL: [Self; 4] = [Self::Secp256r1, Self::Secp384r1, Self::Secp521r1, Self::Secp256k1];

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }

    /// The one of that number.
    #[must_use]
    pub fn of_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Secp256r1 => "secp256r1",
            Self::Secp384r1 => "secp384r1",
            Self::Secp521r1 => "secp521r1",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// Its number.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Secp256r1 => rfc5912::SECP_256_R_1,
            Self::Secp384r1 => rfc5912::SECP_384_R_1,
            Self::Secp521r1 => rfc5912::SECP_521_R_1,
            Self::Secp256k1 => SECP256K1,
        }
    }

    /// The size of its field, in bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Secp256r1 | Self::Secp256k1 => 256,
            Self::Secp384r1 => 384,
            Self::Secp521r1 => 521,
        }
    }

    /// The size of a scalar, in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.bits().div_ceil(8) as usize
    }
}

/// Runs the same lines with the crate of a curve.
macro_rules! on_curve {
    ($curve:expr, $krate:ident => $body:expr) => {
        match $curve {
            $crate::support::crypto::key::Curve::Secp256r1 => {
                use p256 as $krate;
                $body
            }
            $crate::support::crypto::key::Curve::Secp384r1 => {
                use p384 as $krate;
                $body
            }
            $crate::support::crypto::key::Curve::Secp521r1 => {
                use p521 as $krate;
                $body
            }
            $crate::support::crypto::key::Curve::Secp256k1 => {
                use k256 as $krate;
                $body
            }
        }
    };
}
pub(crate) use on_curve;
