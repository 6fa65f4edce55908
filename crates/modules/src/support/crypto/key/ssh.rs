//! Public keys in one line, as OpenSSH has them (RFC 4253 section 6.6, RFC 5656, RFC 8709).

use base64::{Engine, engine::general_purpose::STANDARD};
use der::{
    Encode,
    asn1::{Any, BitString, UintRef},
};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::{
    Curve, PublicKey, PublicKind,
    public::{EC, ED25519},
};

#[derive(der::Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl PublicKey {
    /// `TYPE BASE64`; `None` for a kind that OpenSSH does not have.
    #[must_use]
    pub fn to_ssh(&self) -> Option<String> {
        let mut blob = Vec::new();
        let name = match self.kind() {
            PublicKind::Rsa { modulus, exponent } => {
                put(&mut blob, b"ssh-rsa");
                put_number(&mut blob, exponent);
                put_number(&mut blob, modulus);
                "ssh-rsa".to_owned()
            }
            PublicKind::Ec(curve, point) => {
                let curve = ssh_name(*curve)?;
                let name = format!("ecdsa-sha2-{curve}");
                put(&mut blob, name.as_bytes());
                put(&mut blob, curve.as_bytes());
                put(&mut blob, point);
                name
            }
            PublicKind::Ed25519(bytes) => {
                put(&mut blob, b"ssh-ed25519");
                put(&mut blob, bytes);
                "ssh-ed25519".to_owned()
            }
            PublicKind::X25519(_) | PublicKind::Other(_) => return None,
        };
        Some(format!("{name} {}", STANDARD.encode(&blob)))
    }

    /// Reads such a line; a comment is left out.
    #[must_use]
    pub fn from_ssh(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let mut words = line.split_ascii_whitespace();
        let (name, blob) = (words.next()?, STANDARD.decode(words.next()?).ok()?);
        let mut rest = blob.as_slice();
        if take(&mut rest)? != name.as_bytes() {
            return None;
        }
        let (algorithm, key) = match name {
            "ssh-rsa" => {
                let (exponent, modulus) = (take(&mut rest)?, take(&mut rest)?);
                let key = RsaPublicKey {
                    modulus: UintRef::new(modulus).ok()?,
                    public_exponent: UintRef::new(exponent).ok()?,
                };
                let oid = const_oid::db::rfc5912::RSA_ENCRYPTION;
                (AlgorithmIdentifierOwned { oid, parameters: Some(Any::null()) }, key.to_der().ok()?)
            }
            "ssh-ed25519" => (AlgorithmIdentifierOwned { oid: ED25519, parameters: None }, take(&mut rest)?.to_vec()),
            _ => {
                let curve = [Curve::Secp256r1, Curve::Secp384r1, Curve::Secp521r1].into_iter().find(|curve| {
                    ssh_name(*curve).is_some_and(|known| name.strip_prefix("ecdsa-sha2-") == Some(known))
                })?;
                let _ = take(&mut rest)?;
                let parameters = Some(Any::encode_from(&curve.oid()).ok()?);
                (AlgorithmIdentifierOwned { oid: EC, parameters }, take(&mut rest)?.to_vec())
            }
        };
        if !rest.is_empty() {
            return None;
        }
        let subject_public_key = BitString::from_bytes(&key).ok()?;
        Self::from_info(&SubjectPublicKeyInfoOwned { algorithm, subject_public_key })
    }
}

fn ssh_name(curve: Curve) -> Option<&'static str> {
    match curve {
        Curve::Secp256r1 => Some("nistp256"),
        Curve::Secp384r1 => Some("nistp384"),
        Curve::Secp521r1 => Some("nistp521"),
        Curve::Secp256k1 => None,
    }
}

fn put(blob: &mut Vec<u8>, bytes: &[u8]) {
    blob.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    blob.extend_from_slice(bytes);
}

/// An `mpint` (RFC 4251 section 5) of a number that is not negative.
fn put_number(blob: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        put(blob, &[&[0], bytes].concat());
    } else {
        put(blob, bytes);
    }
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (bytes, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = after;
    Some(bytes)
}
