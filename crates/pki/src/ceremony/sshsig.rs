//! Witnesses' signatures: OpenSSH's format for files (PROTOCOL.sshsig), with Ed25519 keys.
//!
//! A witness signs on a machine or token of their own, `ssh-keygen -Y sign -n provision-ceremony -f KEY FILE`, so their key
//! never meets the ceremony's machine, and anybody can check it with `ssh-keygen -Y verify`.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::{Error, Finding, Result, random::Random};

/// What the signatures are for: one for another purpose is never taken.
pub const NAMESPACE: &str = "provision-ceremony";

const KIND: &str = "ssh-ed25519";
const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// The longest signature file that is read.
const LONGEST: usize = 8 * 1024;

/// A witness's public key.
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey([u8; 32]);

impl WitnessKey {
    /// Reads a line of a file `.pub` of OpenSSH.
    ///
    /// # Errors
    ///
    /// Any other text, and other kinds than Ed25519.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong =
            |problem: &str| Error::input("witness's key", problem, "give a line ssh-ed25519 AAAA... of a .pub file");
        let mut parts = text.split_ascii_whitespace();
        if parts.next() != Some(KIND) {
            return Err(wrong("it is no ssh-ed25519 key"));
        }
        let blob = parts.next().and_then(|text| STANDARD.decode(text).ok()).ok_or_else(|| wrong("it has no key"))?;
        Self::from_blob(&blob).ok_or_else(|| wrong("its key is malformed"))
    }

    fn from_blob(blob: &[u8]) -> Option<Self> {
        let mut wire = Wire(blob);
        let kind = wire.string()?;
        let key = wire.string()?;
        (kind == KIND.as_bytes() && wire.0.is_empty()).then(|| key.try_into().ok().map(Self)).flatten()
    }

    fn blob(&self) -> Vec<u8> {
        [string(KIND.as_bytes()), string(&self.0)].concat()
    }

    /// Checks a signature file over a message.
    ///
    /// # Errors
    ///
    /// No signature of that format; one of another key or for another purpose; one that does not verify.
    pub fn verify(&self, name: &str, message: &[u8], file: &[u8]) -> Result<()> {
        let failed = |problem: &str| {
            Error::Failed(vec![Finding::new(
                format!("signature of {name}"),
                "signature",
                problem,
                "PKI policy: each witness signs the transcript",
                format!("have {name} sign it: ssh-keygen -Y sign -n {NAMESPACE} -f KEY transcript.jsonl"),
            )])
        };
        let parsed = Parsed::read(file).ok_or_else(|| failed("it is no SSH signature"))?;
        if parsed.key != self.blob() {
            return Err(failed("another key made it"));
        }
        if parsed.namespace != NAMESPACE.as_bytes() {
            return Err(failed("it was made for another purpose"));
        }
        let signed =
            signed_data(&parsed.hash, message).ok_or_else(|| failed("its hash is neither sha256 nor sha512"))?;
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(&signed, &parsed.signature)
            .map_err(|_| failed("it does not verify"))
    }
}

impl std::fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{KIND} {}", STANDARD.encode(self.blob()))
    }
}

impl std::fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WitnessKey({self})")
    }
}

/// A witness's key that a rehearsal makes and throws away.
pub struct ThrowAway(Ed25519KeyPair);

impl ThrowAway {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// The source of chance fails.
    pub fn generate(random: &mut impl Random) -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed)?;
        Ed25519KeyPair::from_seed_unchecked(&*seed)
            .map(Self)
            .map_err(|problem| Error::crypto("throw-away key", problem, "try again"))
    }

    /// Its public half.
    #[must_use]
    pub fn key(&self) -> WitnessKey {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        WitnessKey(bytes)
    }

    /// Signs a message as `ssh-keygen -Y sign` does.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> String {
        let signed = signed_data(b"sha512", message).unwrap_or_default();
        let signature = [string(KIND.as_bytes()), string(self.0.sign(&signed).as_ref())].concat();
        let blob = [
            MAGIC.to_vec(),
            1_u32.to_be_bytes().to_vec(),
            string(&self.key().blob()),
            string(NAMESPACE.as_bytes()),
            string(b""),
            string(b"sha512"),
            string(&signature),
        ]
        .concat();
        let text = STANDARD.encode(blob);
        let lines: Vec<_> = text.as_bytes().chunks(70).map(String::from_utf8_lossy).collect();
        format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))
    }
}

impl std::fmt::Debug for ThrowAway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ThrowAway(of {:?})", self.key())
    }
}

struct Parsed {
    key: Vec<u8>,
    namespace: Vec<u8>,
    hash: Vec<u8>,
    signature: Vec<u8>,
}

impl Parsed {
    fn read(file: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(file.get(..file.len().min(LONGEST))?).ok()?.trim();
        let body: String = text.strip_prefix(BEGIN)?.strip_suffix(END)?.split_ascii_whitespace().collect();
        let blob = STANDARD.decode(body).ok()?;
        let mut wire = Wire(blob.strip_prefix(MAGIC)?);
        let version = wire.number()?;
        let (key, namespace, reserved, hash) = (wire.string()?, wire.string()?, wire.string()?, wire.string()?);
        let mut signature = Wire(wire.string()?);
        if version != 1 || !wire.0.is_empty() || !reserved.is_empty() || signature.string()? != KIND.as_bytes() {
            return None;
        }
        let bytes = signature.string()?;
        let [key, namespace, hash, bytes] = [key, namespace, hash, bytes].map(<[u8]>::to_vec);
        signature.0.is_empty().then_some(Self { key, namespace, hash, signature: bytes })
    }
}

fn signed_data(hash: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let digest = match hash {
        b"sha512" => Sha512::digest(message).to_vec(),
        b"sha256" => Sha256::digest(message).to_vec(),
        _ => return None,
    };
    Some([MAGIC.to_vec(), string(NAMESPACE.as_bytes()), string(b""), string(hash), string(&digest)].concat())
}

/// The encoding of RFC 4251 section 5.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn a_signature_holds_for_its_key_and_its_message_alone() {
        let witness = ThrowAway::generate(&mut SystemRandom).unwrap();
        let file = witness.sign(b"transcript");
        assert_eq!(WitnessKey::parse(&format!("{} comment", witness.key())).unwrap(), witness.key());
        witness.key().verify("Grace", b"transcript", file.as_bytes()).unwrap();
        assert!(witness.key().verify("Grace", b"transcripT", file.as_bytes()).is_err());
        let other = ThrowAway::generate(&mut SystemRandom).unwrap();
        let refusal = other.key().verify("Grace", b"transcript", file.as_bytes()).unwrap_err().to_string();
        assert!(refusal.contains("signature of Grace: signature: another key made it"), "{refusal}");
        for at in 0..file.len() {
            let mut changed = file.clone().into_bytes();
            changed[at] ^= 1;
            let same = String::from_utf8_lossy(&changed).split_whitespace().eq(file.split_whitespace());
            assert!(same || witness.key().verify("Grace", b"transcript", &changed).is_err(), "{at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Parsed::read(&bytes);
            let armoured = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode([MAGIC, &bytes].concat()));
            let _ = Parsed::read(armoured.as_bytes());
            let _ = WitnessKey::parse(&format!("{KIND} {}", STANDARD.encode(&bytes)));
        }
    }
}
