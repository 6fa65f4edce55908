//! Keys at rest: private keys in age files, opened for one signature and wiped.
//!
//! A sealed file has one passphrase or any number of recipients of which any one opens it (the age format, version 1). What is
//! decrypted lives in wiped memory here; age's own stream buffer (one chunk) is the limit of that promise.

use std::{
    io::{Read, Write},
    str::FromStr,
};

use age::{
    DecryptError, Decryptor, Encryptor, scrypt,
    secrecy::{ExposeSecret, SecretString},
    x25519,
};
use bech32::{ToBase32, Variant};
use der::zeroize::Zeroizing;

use crate::{
    Error, Finding, Result,
    key::{PrivateKey, PublicKey},
    signature::Signature,
    signer::Signer,
};

/// scrypt's work factor for new files, as a power of two: 256 MiB of memory, a second or so on a machine of today. Fixed, so
/// that a slow offline machine can open what a fast one sealed.
pub const WORK_FACTOR: u8 = 18;
/// The largest work factor that is accepted when a file is opened: 1 GiB. More is taken for an attack.
pub const LARGEST_WORK_FACTOR: u8 = 20;
/// The longest sealed file that is read: an RSA-4096 key has 2.4 kB.
const LONGEST: usize = 64 * 1024;

/// A passphrase in memory; wiped when dropped, never printed.
pub struct Passphrase(SecretString);

impl Passphrase {
    /// Of text that was typed or generated.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(...)")
    }
}

/// An X25519 identity of age: opens what was sealed to its recipient.
pub struct Identity(x25519::Identity);

impl Identity {
    /// Makes a new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// Of its 32 secret bytes: as it comes out of shares.
    ///
    /// # Errors
    ///
    /// Another length.
    pub fn from_secret(secret: &[u8]) -> Result<Self> {
        if secret.len() != 32 {
            let problem = format!("a secret of {} bytes is no X25519 identity", secret.len());
            return Err(Error::input("age identity", problem, "take the shares that were made for it"));
        }
        let text = bech32::encode("age-secret-key-", secret.to_base32(), Variant::Bech32).map(Zeroizing::new);
        let text = text.map_err(|problem| Error::input("age identity", problem, "take other shares"))?;
        Self::parse(&Zeroizing::new(text.to_uppercase()))
    }

    /// Reads the line `AGE-SECRET-KEY-1...` of an identity file; comments and empty lines around it are skipped.
    ///
    /// # Errors
    ///
    /// No identity, or more than one. The message tells nothing of it.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match (lines.next().map(x25519::Identity::from_str), lines.next()) {
            (Some(Ok(identity)), None) => Ok(Self(identity)),
            _ => Err(Error::input(
                "age identity",
                "there is not exactly one X25519 identity",
                "give a file of age-keygen",
            )),
        }
    }

    /// Its text, for the one place where it is kept.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string().expose_secret().to_owned())
    }

    /// What to seal to.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity(of {})", self.0.to_public())
    }
}

/// An X25519 recipient of age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient(x25519::Recipient);

impl Recipient {
    /// Reads `age1...`.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self> {
        x25519::Recipient::from_str(text.trim()).map(Self).map_err(|problem| {
            Error::input(format!("recipient {text:?}"), problem, "give a line age1... of age-keygen -y")
        })
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a file is sealed with.
#[derive(Debug)]
pub enum Lock<'a> {
    /// One passphrase, stretched by scrypt with that work factor ([`WORK_FACTOR`] but for tests).
    Passphrase(&'a Passphrase, u8),
    /// Recipients; any one of them opens it.
    Recipients(&'a [Recipient]),
}

/// What a file is opened with.
#[derive(Debug)]
pub enum Unlock<'a> {
    /// The passphrase.
    Passphrase(&'a Passphrase),
    /// An identity of one of the recipients.
    Identity(&'a Identity),
}

/// A private key in an age file, and its public half.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey {
    file: Vec<u8>,
    public: PublicKey,
}

impl SealedKey {
    /// Seals a key, which is used up.
    ///
    /// # Errors
    ///
    /// No recipient; a work factor that would not be accepted when it is opened.
    pub fn seal(key: PrivateKey, lock: &Lock<'_>) -> Result<Self> {
        let file = encrypt(&key.to_pkcs8()?, lock)?;
        Ok(Self { file, public: key.public_key().clone() })
    }

    /// A file that was sealed before, of which the public half is known from its certificate.
    #[must_use]
    pub fn new(file: Vec<u8>, public: PublicKey) -> Self {
        Self { file, public }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &[u8] {
        &self.file
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Whether a passphrase opens it; else identities do.
    ///
    /// # Errors
    ///
    /// It is no age file.
    pub fn takes_passphrase(&self) -> Result<bool> {
        let decryptor = Decryptor::new(self.file.as_slice())
            .map_err(|problem| Error::input("sealed key", reason(&problem), "restore the file from a backup"))?;
        Ok(decryptor.is_scrypt())
    }

    /// A signer for one signature: it opens the file, signs, and wipes the key.
    #[must_use]
    pub fn signer<'a>(&'a self, unlock: Unlock<'a>) -> SealedSigner<'a> {
        SealedSigner { sealed: self, unlock }
    }

    /// Hands the key to one function and wipes it afterwards.
    ///
    /// # Errors
    ///
    /// A wrong passphrase or identity, a damaged file, a key that is not the one of the public half; and what the function
    /// says.
    pub fn with<T>(&self, unlock: &Unlock<'_>, use_key: impl FnOnce(PrivateKey) -> Result<T>) -> Result<T> {
        let key = self.open(unlock)?;
        if key.public_key() != &self.public {
            return Err(Error::refused(Finding::new(
                "sealed key",
                "subjectPublicKeyInfo",
                format!("it holds {:?}, not {:?}", key.public_key(), self.public),
                "PKI policy: a key belongs to its certificate",
                "take the file that was made with the certificate",
            )));
        }
        use_key(key)
    }

    fn open(&self, unlock: &Unlock<'_>) -> Result<PrivateKey> {
        PrivateKey::from_pkcs8(&decrypt("sealed key", &self.file, unlock)?)
    }
}

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedKey(of {:?})", self.public)
    }
}

/// Seals a text to one recipient: what only its holder may read.
///
/// # Errors
///
/// None in practice.
pub fn seal_text(text: &str, recipient: &Recipient) -> Result<Vec<u8>> {
    encrypt(text.as_bytes(), &Lock::Recipients(std::slice::from_ref(recipient)))
}

/// Opens what [`seal_text`] sealed.
///
/// # Errors
///
/// As [`SealedKey::with`]; bytes that are no text.
pub fn open_text(file: &[u8], unlock: &Unlock<'_>) -> Result<Zeroizing<String>> {
    let bytes = decrypt("sealed text", file, unlock)?;
    let text = std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned()));
    text.map_err(|_| Error::input("sealed text", "it is no text", "take the file that was made for you"))
}

fn decrypt(object: &str, file: &[u8], unlock: &Unlock<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let damaged = |problem: String| {
        Error::input(object, problem, "check passphrase or identity, or restore the file from a backup")
    };
    if file.len() > LONGEST {
        return Err(damaged("the file is too long for a key".to_owned()));
    }
    let decryptor = Decryptor::new(file).map_err(|problem| damaged(reason(&problem)))?;
    let stream = match unlock {
        Unlock::Passphrase(passphrase) => {
            let mut identity = scrypt::Identity::new(passphrase.0.clone());
            identity.set_max_work_factor(LARGEST_WORK_FACTOR);
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity))
        }
        Unlock::Identity(identity) => decryptor.decrypt(std::iter::once(&identity.0 as &dyn age::Identity)),
    };
    let stream = stream.map_err(|problem| damaged(reason(&problem)))?;
    // As long as the file, so that the buffer never moves and leaves a copy behind.
    let mut secret = Zeroizing::new(Vec::with_capacity(file.len()));
    stream
        .take(LONGEST as u64)
        .read_to_end(&mut secret)
        .map_err(|_| damaged("its content was changed or cut".to_owned()))?;
    Ok(secret)
}

fn encrypt(secret: &[u8], lock: &Lock<'_>) -> Result<Vec<u8>> {
    let wrong = |problem: String| Error::input("sealing", problem, "check passphrase and recipients");
    let encryptor = match lock {
        Lock::Passphrase(passphrase, work_factor) => {
            if !(1..=LARGEST_WORK_FACTOR).contains(work_factor) {
                return Err(wrong(format!("the work factor {work_factor} is not between 1 and {LARGEST_WORK_FACTOR}")));
            }
            let mut recipient = scrypt::Recipient::new(passphrase.0.clone());
            recipient.set_work_factor(*work_factor);
            Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        }
        Lock::Recipients(recipients) => {
            Encryptor::with_recipients(recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient))
        }
    }
    .map_err(|problem| wrong(problem.to_string()))?;
    let mut file = Vec::new();
    let write = |file: &mut Vec<u8>| {
        let mut stream = encryptor.wrap_output(file)?;
        stream.write_all(secret)?;
        stream.finish().map(|_| ())
    };
    write(&mut file).map_err(|problem: std::io::Error| wrong(problem.to_string()))?;
    Ok(file)
}

/// Opens, signs and wipes, once.
#[derive(Debug)]
pub struct SealedSigner<'a> {
    sealed: &'a SealedKey,
    unlock: Unlock<'a>,
}

impl Signer for SealedSigner<'_> {
    fn public_key(&self) -> &PublicKey {
        &self.sealed.public
    }

    fn sign(self, message: &[u8]) -> Result<Signature> {
        self.sealed.with(&self.unlock, |key| Signer::sign(key, message))
    }
}

fn reason(problem: &DecryptError) -> String {
    match problem {
        DecryptError::NoMatchingKeys => "neither this passphrase nor this identity opens it".to_owned(),
        DecryptError::ExcessiveWork { required, .. } => {
            format!(
                "its work factor {required} is larger than {LARGEST_WORK_FACTOR}: it may be made to exhaust this machine"
            )
        }
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            "the passphrase is wrong, or the file was changed".to_owned()
        }
        DecryptError::InvalidMac | DecryptError::InvalidHeader | DecryptError::UnknownFormat => {
            "it is no age file, or was changed".to_owned()
        }
        DecryptError::Io(_) => "it was cut".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{key::KeyKind, random::SystemRandom, serial::hex, signature};

    fn key() -> PrivateKey {
        PrivateKey::generate(KeyKind::P384, &mut SystemRandom).unwrap()
    }

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    #[test]
    fn a_passphrase_opens_for_one_signature_and_another_does_not() {
        let sealed = SealedKey::seal(key(), &Lock::Passphrase(&passphrase("right"), 2)).unwrap();
        let signed = sealed.signer(Unlock::Passphrase(&passphrase("right"))).sign(b"message").unwrap();
        signature::verify(&signed.algorithm, sealed.public_key(), b"message", &signed.bytes).unwrap();
        let refusal = sealed.signer(Unlock::Passphrase(&passphrase("wrong"))).sign(b"message").unwrap_err();
        assert!(matches!(refusal, Error::Input { .. }), "{refusal}");
    }

    #[test]
    fn any_recipient_opens_and_a_stranger_does_not() {
        let identities = [Identity::generate(), Identity::generate()];
        let recipients = identities.each_ref().map(Identity::recipient);
        let sealed = SealedKey::seal(key(), &Lock::Recipients(&recipients)).unwrap();
        for identity in &identities {
            let read = Identity::parse(&format!("# a comment\n\n{}\n", *identity.to_text())).unwrap();
            sealed.signer(Unlock::Identity(&read)).sign(b"message").unwrap();
        }
        let refusal = sealed.signer(Unlock::Identity(&Identity::generate())).sign(b"message").unwrap_err().to_string();
        assert!(refusal.contains("neither this passphrase nor this identity opens it"), "{refusal}");
        assert!(SealedKey::seal(key(), &Lock::Recipients(&[])).is_err());
    }

    #[test]
    fn a_file_cut_at_any_length_or_with_any_byte_changed_is_refused_and_never_a_panic() {
        let identity = Identity::generate();
        let sealed = SealedKey::seal(key(), &Lock::Recipients(&[identity.recipient()])).unwrap();
        for length in 0..sealed.file.len() {
            let cut = SealedKey::new(sealed.file[..length].to_vec(), sealed.public.clone());
            assert!(matches!(cut.with(&Unlock::Identity(&identity), |_| Ok(())), Err(Error::Input { .. })), "{length}");
        }
        for at in 0..sealed.file.len() {
            let mut file = sealed.file.clone();
            file[at] ^= 0x04;
            let changed = SealedKey::new(file, sealed.public.clone());
            assert!(matches!(changed.with(&Unlock::Identity(&identity), |_| Ok(())), Err(Error::Input { .. })), "{at}");
        }
    }

    #[test]
    fn a_file_of_another_key_is_refused() {
        let identity = Identity::generate();
        let sealed = SealedKey::seal(key(), &Lock::Recipients(&[identity.recipient()])).unwrap();
        let swapped = SealedKey::new(sealed.file.clone(), key().public_key().clone());
        let refusal = swapped.signer(Unlock::Identity(&identity)).sign(b"message").unwrap_err();
        assert!(matches!(refusal, Error::Refused(_)), "{refusal}");
    }

    #[test]
    fn a_work_factor_that_no_machine_should_take_is_refused_on_both_sides() {
        assert!(SealedKey::seal(key(), &Lock::Passphrase(&passphrase("p"), LARGEST_WORK_FACTOR + 1)).is_err());
        let sealed = SealedKey::seal(key(), &Lock::Passphrase(&passphrase("p"), 2)).unwrap();
        let header_end = sealed.file.windows(3).position(|window| window == b" 2\n").unwrap();
        let mut file = sealed.file.clone();
        file.splice(header_end..header_end + 3, *b" 30\n");
        let refusal = SealedKey::new(file, sealed.public.clone())
            .signer(Unlock::Passphrase(&passphrase("p")))
            .sign(b"m")
            .unwrap_err();
        assert!(refusal.to_string().contains("its work factor 30 is larger than 20"), "{refusal}");
    }

    #[test]
    fn nothing_that_is_printed_or_stored_has_the_key_in_it() {
        let key = key();
        let pkcs8 = key.to_pkcs8().unwrap();
        let scalar = pkcs8.windows(50).find(|window| window.starts_with(&[0x04, 0x30])).unwrap()[2..].to_vec();
        let identity = Identity::generate();
        let sealed = SealedKey::seal(key, &Lock::Recipients(&[identity.recipient()])).unwrap();
        let shown = format!("{sealed:?} {identity:?} {:?}", passphrase("secret")).to_lowercase();
        assert!(
            !shown.contains(&hex(&scalar)[..16]) && !shown.contains("age-secret-key") && !shown.contains("secret)"),
            "{shown}"
        );
        assert!(!sealed.file.windows(16).any(|window| window == &scalar[..16]));
    }
}
