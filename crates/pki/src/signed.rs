//! The frame that certificates, requests and CRLs share: bytes that were signed, an algorithm, a signature.

use der::{
    Decode, Encode, Reader, Sequence, SliceReader,
    asn1::{AnyRef, BitString},
    pem::LineEnding,
};
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;

use crate::{
    Error, Result,
    key::PublicKey,
    signature::{self, Signature},
};

/// `SIGNED{}` of RFC 5912: the signed bytes are kept exactly as they came, never encoded anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    tbs: Vec<u8>,
    signature: Signature,
}

#[derive(Sequence)]
struct Frame<'a> {
    tbs: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl Signed {
    /// Takes the frame apart.
    pub(crate) fn from_der(object: &str, der: &[u8]) -> Result<Self> {
        let read = || {
            let mut reader = SliceReader::new(der)?;
            let (tbs, algorithm, signature) = reader.sequence(|reader| {
                let tbs = reader.tlv_bytes()?.to_vec();
                Ok::<_, der::Error>((tbs, AlgorithmIdentifierOwned::decode(reader)?, BitString::decode(reader)?))
            })?;
            reader.finish()?;
            Ok::<_, der::Error>((tbs, algorithm, signature))
        };
        let unreadable = |problem: String| Error::input(object, problem, "give a whole DER or PEM file");
        let (tbs, algorithm, signature) = read().map_err(|problem| unreadable(problem.to_string()))?;
        let Some(bytes) = signature.as_bytes() else {
            return Err(unreadable("its signature's bits do not end at a byte".to_owned()));
        };
        Ok(Self { tbs, signature: Signature { algorithm, bytes: bytes.to_vec() } })
    }

    /// Puts the frame around signed bytes.
    pub(crate) fn new(tbs: Vec<u8>, signature: Signature) -> Self {
        Self { tbs, signature }
    }

    /// The whole as DER.
    pub(crate) fn to_der(&self, object: &str) -> Result<Vec<u8>> {
        let write = || {
            Frame {
                tbs: AnyRef::from_der(&self.tbs)?,
                algorithm: self.signature.algorithm.clone(),
                signature: BitString::from_bytes(&self.signature.bytes)?,
            }
            .to_der()
        };
        write().map_err(|problem: der::Error| Error::input(object, problem, "build it anew"))
    }

    pub(crate) fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    pub(crate) fn signature(&self) -> &Signature {
        &self.signature
    }

    pub(crate) fn verify(&self, key: &PublicKey) -> Result<()> {
        signature::verify(&self.signature.algorithm, key, &self.tbs, &self.signature.bytes)
    }
}

/// The SHA-256 of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The one PEM document with that label (RFC 7468), as DER.
pub(crate) fn from_pem(object: &str, label: &str, pem: &str) -> Result<Vec<u8>> {
    let wrong = |problem: String| Error::input(object, problem, format!("give a PEM file {label}"));
    let (found, der) = der::pem::decode_vec(pem.trim().as_bytes()).map_err(|problem| wrong(problem.to_string()))?;
    if found != label { Err(wrong(format!("it is a PEM file {found}"))) } else { Ok(der) }
}

/// All PEM blocks of that label in a bundle, in order; what stands between them is skipped. At least one.
pub(crate) fn from_pem_bundle(object: &str, label: &str, pem: &str) -> Result<Vec<Vec<u8>>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut found = Vec::new();
    let mut rest = pem;
    while let Some((_, block)) = rest.split_once(&begin) {
        let Some((body, after)) = block.split_once(&end) else {
            return Err(Error::input(object, "its last block has no end", "give the whole file"));
        };
        found.push(from_pem(object, label, &format!("{begin}{body}{end}\n"))?);
        rest = after;
    }
    if found.is_empty() {
        return Err(Error::input(object, format!("there is no {label} in it"), format!("give a PEM file {label}")));
    }
    Ok(found)
}

/// DER as a PEM document (RFC 7468).
pub(crate) fn to_pem(object: &str, label: &str, der: &[u8]) -> Result<String> {
    der::pem::encode_string(label, LineEnding::LF, der)
        .map_err(|problem| Error::input(object, problem, "build it anew"))
}
