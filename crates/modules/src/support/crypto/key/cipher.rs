//! Keys under a passphrase: PBES2 (RFC 8018), and OpenSSL's older headers `Proc-Type` and `DEK-Info`.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use der::{Decode, Encode, Tagged, asn1::OctetString};
use des::TdesEde3;
use getrandom::{SysRng, rand_core::TryRng};
use md5::{Digest, Md5};
use pkcs5::{EncryptionScheme, pbes2};
use zeroize::Zeroizing;

use super::{LoadError, WriteError};
use crate::support::crypto::pem::Block;

/// OpenSSL's own number of rounds.
const ROUNDS: u32 = 2048;

/// The headers of an encrypted block.
pub(super) type Headers = [(&'static str, String); 2];

#[derive(der::Sequence)]
struct Encrypted {
    algorithm: EncryptionScheme,
    data: OctetString,
}

/// What is within an `ENCRYPTED PRIVATE KEY`.
pub(super) fn decrypt_pkcs8(der: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, LoadError> {
    let encrypted = Encrypted::from_der(der).map_err(|error| LoadError::unreadable(&error))?;
    let plain = encrypted.algorithm.decrypt(passphrase, encrypted.data.as_bytes());
    plain.map(Zeroizing::new).map_err(|_| LoadError::WrongPassphrase)
}

/// An `ENCRYPTED PRIVATE KEY`: AES-256-CBC under PBKDF2 with SHA-256.
pub(super) fn encrypt_pkcs8(der: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, WriteError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    fill(&mut salt)?;
    fill(&mut iv)?;
    let parameters =
        pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv).map_err(|_| WriteError::Failed)?;
    let data = parameters.encrypt(passphrase, der).map_err(|_| WriteError::Failed)?;
    let data = OctetString::new(data).map_err(|_| WriteError::Failed)?;
    Encrypted { algorithm: EncryptionScheme::Pbes2(parameters), data }.to_der().map_err(|_| WriteError::Failed)
}

/// What is within a block whose headers say that it is encrypted; `None` where they do not.
pub(super) fn decrypt_legacy(block: &Block, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, LoadError> {
    let unknown = || LoadError::Invalid("Key encrypted with unknown cipher.".to_owned());
    let (cipher, iv) = block.header("DEK-Info").and_then(|info| info.split_once(',')).ok_or_else(unknown)?;
    let iv = hex(iv).ok_or_else(unknown)?;
    let salt = iv.get(..8).ok_or_else(unknown)?;
    let plain = match cipher {
        "AES-128-CBC" => decrypt::<cbc::Decryptor<Aes128>>(&bytes_to_key(passphrase, salt, 16), &iv, &block.der),
        "AES-192-CBC" => decrypt::<cbc::Decryptor<Aes192>>(&bytes_to_key(passphrase, salt, 24), &iv, &block.der),
        "AES-256-CBC" => decrypt::<cbc::Decryptor<Aes256>>(&bytes_to_key(passphrase, salt, 32), &iv, &block.der),
        "DES-EDE3-CBC" => decrypt::<cbc::Decryptor<TdesEde3>>(&bytes_to_key(passphrase, salt, 24), &iv, &block.der),
        _ => return Err(unknown()),
    };
    plain.ok_or(LoadError::WrongPassphrase)
}

/// Whether an `ENCRYPTED PRIVATE KEY` is one, under a scheme that is not known here.
pub(super) fn is_of_unknown_scheme(der: &[u8]) -> bool {
    let Ok(parts) = Vec::<der::Any>::from_der(der) else { return false };
    let [algorithm, data] = parts.as_slice() else { return false };
    let shaped = algorithm.tag() == der::Tag::Sequence && data.tag() == der::Tag::OctetString;
    shaped && !matches!(Encrypted::from_der(der), Ok(Encrypted { algorithm: EncryptionScheme::Pbes2(_), .. }))
}

/// Whether a block's headers name a cipher that is not known here.
pub(super) fn is_of_unknown_cipher(block: &Block) -> bool {
    let cipher = block.header("DEK-Info").and_then(|info| info.split_once(',')).map(|(cipher, _)| cipher);
    cipher.is_some_and(|cipher| !["AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC"].contains(&cipher))
}

/// Whether a block's headers say that it is encrypted.
pub(super) fn is_legacy(block: &Block) -> bool {
    block.header("Proc-Type").is_some_and(|kind| kind.replace(' ', "") == "4,ENCRYPTED")
}

/// AES-256-CBC as OpenSSL's older files have it: the headers and the data.
pub(super) fn encrypt_legacy(der: &[u8], passphrase: &[u8]) -> Result<(Headers, Vec<u8>), WriteError> {
    let mut iv = [0; 16];
    fill(&mut iv)?;
    let key = bytes_to_key(passphrase, iv.get(..8).unwrap_or_default(), 32);
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key, &iv).map_err(|_| WriteError::Failed)?;
    let shown: String = iv.iter().map(|byte| format!("{byte:02X}")).collect();
    let headers = [("Proc-Type", "4,ENCRYPTED".to_owned()), ("DEK-Info", format!("AES-256-CBC,{shown}"))];
    Ok((headers, cipher.encrypt_padded_vec::<Pkcs7>(der)))
}

fn decrypt<C: KeyIvInit + BlockModeDecrypt>(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = C::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(data).ok().map(Zeroizing::new)
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round.
fn bytes_to_key(passphrase: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    let mut last = Vec::new();
    while key.len() < length {
        let mut hash = Md5::new();
        hash.update(&last);
        hash.update(passphrase);
        hash.update(salt);
        last = hash.finalize().to_vec();
        key.extend_from_slice(&last);
    }
    key.truncate(length);
    key
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.trim().chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn fill(bytes: &mut [u8]) -> Result<(), WriteError> {
    SysRng.try_fill_bytes(bytes).map_err(|_| WriteError::Failed)
}
