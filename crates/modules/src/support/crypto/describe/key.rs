//! Public keys: their kind, their numbers, their fingerprints.

use const_oid::{
    ObjectIdentifier,
    db::{rfc5912, rfc8410},
};
use der::{
    Encode, Sequence,
    asn1::{Uint, UintRef},
};
use protocol::{Data, Map};
use spki::SubjectPublicKeyInfoOwned;

use super::{Wrong, digests, numbers, pem};

/// What is told of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyInfo {
    /// `RSA`, `ECC`, `Ed25519` ...
    pub kind: &'static str,
    /// Its numbers: `modulus`, `exponent` ...
    pub data: Map,
    /// Hashes of its structure.
    pub fingerprints: Map,
    /// The structure as `PUBLIC KEY`.
    pub pem: String,
}

/// Curves by the names that `cryptography` has for them, and their sizes in bits.
const CURVES: [(&str, &str, i64); 19] = [
    ("1.2.840.10045.3.1.1", "secp192r1", 192),
    ("1.3.132.0.33", "secp224r1", 224),
    ("1.2.840.10045.3.1.7", "secp256r1", 256),
    ("1.3.132.0.34", "secp384r1", 384),
    ("1.3.132.0.35", "secp521r1", 521),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
    ("1.3.132.0.1", "sect163k1", 163),
    ("1.3.132.0.15", "sect163r2", 163),
    ("1.3.132.0.26", "sect233k1", 233),
    ("1.3.132.0.27", "sect233r1", 233),
    ("1.3.132.0.16", "sect283k1", 283),
    ("1.3.132.0.17", "sect283r1", 283),
    ("1.3.132.0.36", "sect409k1", 409),
    ("1.3.132.0.37", "sect409r1", 409),
    ("1.3.132.0.38", "sect571k1", 571),
    ("1.3.132.0.39", "sect571r1", 571),
];

const DSA: ObjectIdentifier = rfc5912::ID_DSA;

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

#[derive(Sequence)]
struct DsaParameters {
    p: Uint,
    q: Uint,
    g: Uint,
}

/// Describes a key.
///
/// # Errors
///
/// A kind that is not known here, or a structure that its kind does not have.
pub fn describe(info: &SubjectPublicKeyInfoOwned) -> Result<KeyInfo, Wrong> {
    let damaged = |_| Wrong::Raised("the public key cannot be read.".to_owned());
    let der = info.to_der().map_err(damaged)?;
    let bytes = info.subject_public_key.raw_bytes();
    let (kind, data) = match info.algorithm.oid {
        rfc5912::RSA_ENCRYPTION | rfc5912::ID_RSASSA_PSS => {
            let key: RsaPublicKey<'_> = der::Decode::from_der(bytes).map_err(damaged)?;
            let (modulus, exponent) = (key.modulus.as_bytes(), key.exponent.as_bytes());
            let data = [
                ("size", Data::Int(numbers::bits(modulus))),
                ("modulus", numbers::unsigned(modulus)),
                ("exponent", numbers::unsigned(exponent)),
            ];
            ("RSA", data.to_vec())
        }
        rfc5912::ID_EC_PUBLIC_KEY => ("ECC", curve_point(info, bytes)?),
        DSA => {
            let parameters = info.algorithm.parameters.as_ref();
            let parameters = parameters.ok_or(()).and_then(|any| any.decode_as::<DsaParameters>().map_err(|_| ()));
            let parameters = parameters.map_err(|()| Wrong::Raised("the DSA key has no parameters.".to_owned()))?;
            let key: UintRef<'_> = der::Decode::from_der(bytes).map_err(damaged)?;
            let data = [
                ("size", Data::Int(numbers::bits(parameters.p.as_bytes()))),
                ("p", numbers::unsigned(parameters.p.as_bytes())),
                ("q", numbers::unsigned(parameters.q.as_bytes())),
                ("g", numbers::unsigned(parameters.g.as_bytes())),
                ("y", numbers::unsigned(key.as_bytes())),
            ];
            ("DSA", data.to_vec())
        }
        rfc8410::ID_ED_25519 => ("Ed25519", Vec::new()),
        rfc8410::ID_ED_448 => ("Ed448", Vec::new()),
        rfc8410::ID_X_25519 => ("X25519", Vec::new()),
        rfc8410::ID_X_448 => ("X448", Vec::new()),
        other => return Err(Wrong::Raised(format!("Unknown key type: {other}"))),
    };
    Ok(KeyInfo {
        kind,
        data: data.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        fingerprints: digests::fingerprints(&der),
        pem: pem::write("PUBLIC KEY", &der)?,
    })
}

fn curve_point(info: &SubjectPublicKeyInfoOwned, bytes: &[u8]) -> Result<Vec<(&'static str, Data)>, Wrong> {
    let curve = info.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    let curve = curve
        .ok_or_else(|| Wrong::Raised("ECDSA keys with explicit parameters are unsupported at this time".to_owned()))?;
    let known = CURVES.iter().find(|(number, ..)| *number == curve.to_string());
    let Some((_, name, size)) = known else {
        return Err(Wrong::Raised(format!("Curve {curve} is not supported")));
    };
    let (x, y) = coordinates(curve, bytes)
        .ok_or_else(|| Wrong::Raised("Invalid EC key. Point is not on the curve specified.".to_owned()))?;
    Ok(vec![
        ("curve", (*name).into()),
        ("x", numbers::unsigned(&x)),
        ("y", numbers::unsigned(&y)),
        ("exponent_size", Data::Int(*size)),
    ])
}

/// The coordinates of a point (SEC 1 section 2.3.4); compressed ones of the curves whose arithmetic is here.
fn coordinates(curve: ObjectIdentifier, bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    use p256::elliptic_curve::sec1::ToSec1Point as _;
    let whole = match curve {
        rfc5912::SECP_256_R_1 => p256::PublicKey::from_sec1_bytes(bytes).ok()?.to_sec1_point(false).as_bytes().to_vec(),
        rfc5912::SECP_384_R_1 => p384::PublicKey::from_sec1_bytes(bytes).ok()?.to_sec1_point(false).as_bytes().to_vec(),
        _ => bytes.to_vec(),
    };
    let (form, point) = whole.split_first()?;
    if *form != 4 || point.len() % 2 != 0 {
        return None;
    }
    let (x, y) = point.split_at(point.len() / 2);
    Some((x.to_vec(), y.to_vec()))
}

impl KeyInfo {
    /// Writes it under the keys that certificates and requests have for it.
    pub fn put(self, into: &mut Map) {
        into.insert("public_key".to_owned(), Data::Str(self.pem));
        into.insert("public_key_type".to_owned(), Data::from(self.kind));
        into.insert("public_key_data".to_owned(), Data::Map(self.data));
        into.insert("public_key_fingerprints".to_owned(), Data::Map(self.fingerprints));
    }
}
