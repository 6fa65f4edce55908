//! Content under a passphrase: PBES2 (RFC 8018 section 6.2), and the triple DES of before (RFC 7292 appendix C).

use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use const_oid::ObjectIdentifier;
use der::{Decode, Encode, asn1::OctetString};
use des::TdesEde3;
use pkcs5::{EncryptionScheme, pbes2};
use ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::{
    asn1::Pbes1Parameters,
    kdf::{MOST_ITERATIONS, Purpose, bmp, derive},
    read::Fault,
};
use crate::{Error, Result, random::Random};

/// `pbeWithSHAAnd3-KeyTripleDES-CBC`.
const TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
/// `id-PBES2`.
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");

/// Decrypts.
pub(super) fn decrypt(
    algorithm: &AlgorithmIdentifierOwned,
    passphrase: &str,
    content: &[u8],
) -> std::result::Result<Zeroizing<Vec<u8>>, Fault> {
    match algorithm.oid {
        PBES2 => {
            let der = algorithm.to_der().map_err(|_| Fault::Structure)?;
            let scheme = EncryptionScheme::from_der(&der).map_err(|_| Fault::Cipher(algorithm.oid.to_string()))?;
            let rounds = scheme.pbes2().and_then(|scheme| scheme.kdf.pbkdf2()).map(|kdf| kdf.iteration_count);
            if rounds.is_some_and(|rounds| rounds > MOST_ITERATIONS) {
                return Err(Fault::Iterations);
            }
            scheme.decrypt(passphrase, content).map(Zeroizing::new).map_err(|_| Fault::Passphrase)
        }
        TRIPLE_DES => {
            let parameters = algorithm.parameters.as_ref().ok_or(Fault::Structure)?;
            let parameters: Pbes1Parameters = parameters.decode_as().map_err(|_| Fault::Structure)?;
            if parameters.iterations > MOST_ITERATIONS {
                return Err(Fault::Iterations);
            }
            let (key, iv) = triple_des_key(passphrase, parameters.salt.as_bytes(), parameters.iterations);
            let cipher = cbc::Decryptor::<TdesEde3>::new_from_slices(&key, &iv).map_err(|_| Fault::Structure)?;
            cipher.decrypt_padded_vec::<Pkcs7>(content).map(Zeroizing::new).map_err(|_| Fault::Passphrase)
        }
        other => Err(Fault::Cipher(other.to_string())),
    }
}

/// Encrypts with AES-256 under PBKDF2 with SHA-256.
pub(super) fn encrypt_modern(
    passphrase: &str,
    content: &[u8],
    iterations: u32,
    random: &mut impl Random,
) -> Result<(AlgorithmIdentifierOwned, Vec<u8>)> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    random.fill(&mut salt)?;
    random.fill(&mut iv)?;
    let parameters =
        pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(iterations, &salt, iv).map_err(|error| failed(&error))?;
    let encrypted = parameters.encrypt(passphrase, content).map_err(|error| failed(&error))?;
    let der = EncryptionScheme::from(parameters).to_der().map_err(|error| failed(&error))?;
    Ok((AlgorithmIdentifierOwned::from_der(&der).map_err(|error| failed(&error))?, encrypted))
}

/// Encrypts with triple DES, for what knows nothing else.
pub(super) fn encrypt_old(
    passphrase: &str,
    content: &[u8],
    iterations: u32,
    random: &mut impl Random,
) -> Result<(AlgorithmIdentifierOwned, Vec<u8>)> {
    let mut salt = [0; 8];
    random.fill(&mut salt)?;
    let (key, iv) = triple_des_key(passphrase, &salt, iterations);
    let cipher = cbc::Encryptor::<TdesEde3>::new_from_slices(&key, &iv).map_err(|error| failed(&error))?;
    let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(content);
    let salt = OctetString::new(salt).map_err(|error| failed(&error))?;
    let parameters = der::Any::encode_from(&Pbes1Parameters { salt, iterations }).map_err(|error| failed(&error))?;
    Ok((AlgorithmIdentifierOwned { oid: TRIPLE_DES, parameters: Some(parameters) }, encrypted))
}

fn triple_des_key(passphrase: &str, salt: &[u8], iterations: u32) -> (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>) {
    let passphrase = bmp(passphrase);
    let derive = |purpose, length| derive(&SHA1_FOR_LEGACY_USE_ONLY, purpose, &passphrase, salt, iterations, length);
    (derive(Purpose::Key, 24), derive(Purpose::Iv, 8))
}

fn failed(problem: &dyn std::fmt::Display) -> Error {
    Error::crypto("PKCS #12 container", problem, "try again")
}
