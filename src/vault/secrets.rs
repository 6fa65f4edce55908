//! The passwords of a run, and what they open.

use std::{fmt, sync::Arc};

use protocol::Secret;
use zeroize::Zeroizing;

use super::{Error, cipher, envelope};

/// A vault password: bytes, for a password file may hold any.
#[derive(Clone)]
pub struct Password(Arc<Zeroizing<Vec<u8>>>);

impl Password {
    /// Takes a password into keeping.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes.into())))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Secret> for Password {
    fn from(secret: Secret) -> Self {
        Self::new(secret.reveal().as_bytes())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}

/// The passwords of a run with their vault ids, best first.
#[derive(Debug, Clone, Default)]
pub struct VaultSecrets {
    secrets: Vec<(String, Password)>,
    match_ids: bool,
}

/// An opened vault.
#[derive(Debug)]
pub struct Opened {
    /// What was inside.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// The id of the password that opened it.
    pub vault_id: String,
    /// The password that opened it.
    pub password: Password,
}

impl VaultSecrets {
    /// No passwords. `match_ids` (`DEFAULT_VAULT_ID_MATCH`): a vault that names an id is opened only by a password of
    /// that id.
    #[must_use]
    pub fn new(match_ids: bool) -> Self {
        Self { secrets: Vec::new(), match_ids }
    }

    /// Adds a password under an id; ids need not be unique.
    pub fn push(&mut self, vault_id: impl Into<String>, password: Password) {
        self.secrets.push((vault_id.into(), password));
    }

    /// Whether there is no password.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(|(id, _)| id.as_str())
    }

    /// Opens a vault: the password of the id that it names first, then all others.
    ///
    /// # Errors
    ///
    /// The text is not a vault or is damaged, there is no password, or none fits.
    pub fn decrypt(&self, vault: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.open(vault).map(|opened| opened.plaintext)
    }

    /// Opens a vault that holds UTF-8 text.
    ///
    /// # Errors
    ///
    /// As [`VaultSecrets::decrypt`], and the content is not UTF-8.
    pub fn decrypt_text(&self, vault: &str) -> Result<String, Error> {
        let plaintext = self.decrypt(vault.as_bytes())?;
        std::str::from_utf8(&plaintext).map(str::to_owned).map_err(|_| Error::NotText)
    }

    /// Opens a vault and says which password did it.
    ///
    /// # Errors
    ///
    /// As [`VaultSecrets::decrypt`].
    pub fn open(&self, vault: &[u8]) -> Result<Opened, Error> {
        if !envelope::is_encrypted(vault) {
            return Err(Error::NotEncrypted);
        }
        let parts = envelope::parse(vault)?;
        if parts.cipher != "AES256" {
            return Err(Error::Cipher(parts.cipher));
        }
        if self.is_empty() {
            return Err(Error::NoSecrets);
        }
        // A vault of format 1.1 names no id; it is taken to be of the default identity.
        let named = parts.vault_id.as_deref().unwrap_or("default");
        let (same, other): (Vec<_>, Vec<_>) = self.secrets.iter().partition(|(id, _)| id == named);
        let other = if self.match_ids { Vec::new() } else { other };
        for (vault_id, password) in same.into_iter().chain(other) {
            if let Some(plaintext) = cipher::decrypt(&parts.body, password.bytes())? {
                return Ok(Opened {
                    plaintext: Zeroizing::new(plaintext),
                    vault_id: vault_id.clone(),
                    password: password.clone(),
                });
            }
        }
        Err(Error::NoMatch)
    }

    /// The password to encrypt with: that of `vault_id`, or else the first.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn to_encrypt(&self, vault_id: Option<&str>) -> Result<(&str, &Password), Error> {
        let found = match vault_id {
            Some(wanted) => {
                self.secrets.iter().find(|(id, _)| id == wanted).ok_or_else(|| Error::UnknownEncryptId {
                    wanted: wanted.to_owned(),
                    known: format!("[{}]", self.ids().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ")),
                })?
            }
            None => self.secrets.first().ok_or(Error::NoSecretToEncrypt)?,
        };
        Ok((&found.0, &found.1))
    }

    /// Makes a vault of a text, with the password of `vault_id` or the first. The id is written into the header only
    /// where it is named here, as `ansible-vault` does. `salt`: `VAULT_ENCRYPT_SALT`, for vaults that must come out the
    /// same each time; `None` takes 32 random bytes.
    ///
    /// # Errors
    ///
    /// There is no such password, or the text is a vault already.
    pub fn encrypt(&self, text: &[u8], vault_id: Option<&str>, salt: Option<&[u8]>) -> Result<String, Error> {
        let (_, password) = self.to_encrypt(vault_id)?;
        encrypt(text, password, vault_id, salt)
    }
}

/// Makes a vault of a text.
///
/// # Errors
///
/// The text is a vault already, or there are no random numbers.
pub(super) fn encrypt(
    text: &[u8],
    password: &Password,
    vault_id: Option<&str>,
    salt: Option<&[u8]>,
) -> Result<String, Error> {
    if envelope::is_encrypted(text) {
        return Err(Error::AlreadyEncrypted);
    }
    let body = match salt {
        Some(salt) => cipher::encrypt(text, password.bytes(), salt)?,
        None => cipher::encrypt(text, password.bytes(), &random_salt()?)?,
    };
    Ok(envelope::format(&body, vault_id))
}

fn random_salt() -> Result<[u8; 32], Error> {
    let mut salt = [0; 32];
    let mut filled = 0;
    while let Some(rest) = salt.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Error::Random(error.into())),
        }
    }
    Ok(salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `greeting: hello\n` as ansible-vault 2.19 writes it with the password `sesame` and the salt `salt`.
    const PLAIN: &str = "$ANSIBLE_VAULT;1.1;AES256\n\
        37333631366337340a61626530393566373032313061633231363134633464336538623431626135\n\
        6264393561373139313465316139633565366635356235303230343936383330340a353638653932\n\
        61643366386264633563656564336261343565383035356261346662653430326333633632303631\n\
        303166386536353639333664333266613237\n";
    /// `x`, with the id `prod` and the salt `pepper`.
    const PROD: &str = "$ANSIBLE_VAULT;1.2;AES256;prod\n\
        3730363537303730363537320a623435393637303936353630383834636365313631363634353837\n\
        396661306236613466313330356466666266356265333364336263383537353362316535630a6565\n\
        386135373836323464363466386336316130346665306235313466616361\n";

    fn secrets(list: &[(&str, &str)], match_ids: bool) -> VaultSecrets {
        let mut secrets = VaultSecrets::new(match_ids);
        for (id, password) in list {
            secrets.push(*id, Password::new(*password));
        }
        secrets
    }

    #[test]
    fn opens_what_ansible_vault_wrote() {
        let secrets = secrets(&[("default", "wrong"), ("other", "sesame")], false);
        assert_eq!(secrets.decrypt_text(PLAIN).unwrap(), "greeting: hello\n");
        assert_eq!(secrets.decrypt_text(PROD).unwrap(), "x");
        assert_eq!(secrets.open(PROD.as_bytes()).unwrap().vault_id, "other");
    }

    #[test]
    fn writes_what_ansible_vault_writes() {
        let secrets = secrets(&[("default", "sesame"), ("prod", "sesame")], false);
        assert_eq!(secrets.encrypt(b"greeting: hello\n", None, Some(b"salt")).unwrap(), PLAIN);
        assert_eq!(secrets.encrypt(b"x", Some("prod"), Some(b"pepper")).unwrap(), PROD);
    }

    #[test]
    fn a_random_salt_makes_every_vault_different_and_all_open() {
        let secrets = secrets(&[("default", "sesame")], false);
        for length in [0, 1, 15, 16, 17, 1000] {
            let text = vec![b'a'; length];
            let (one, two) = (secrets.encrypt(&text, None, None).unwrap(), secrets.encrypt(&text, None, None).unwrap());
            assert_ne!(one, two);
            assert_eq!(*secrets.decrypt(one.as_bytes()).unwrap(), text);
        }
    }

    #[test]
    fn errors_are_worded_as_ansible_words_them() {
        let message = |secrets: &VaultSecrets, text: &str| secrets.decrypt_text(text).unwrap_err().to_string();
        let none = secrets(&[], false);
        let wrong = secrets(&[("default", "wrong")], false);
        assert_eq!(message(&none, PLAIN), "Attempting to decrypt but no vault secrets found.");
        assert_eq!(message(&wrong, PLAIN), "Decryption failed (no vault secrets were found that could decrypt).");
        assert_eq!(message(&wrong, "hello"), "Input is not vault encrypted data.");
        assert_eq!(message(&wrong, "$ANSIBLE_VAULT;1.1;AES\n61"), "Cipher 'AES' could not be found.");
        assert_eq!(message(&wrong, "$ANSIBLE_VAULT\n61"), "Vault envelope format error.");
        assert_eq!(message(&wrong, "$ANSIBLE_VAULT;1.1;AES256\n61"), "Vault vaulttext format error.");
        assert_eq!(message(&wrong, "$ANSIBLE_VAULT;1.1;AES256\n6x"), "Vault format unhexlify error.");
        assert_eq!(wrong.encrypt(PLAIN.as_bytes(), None, None).unwrap_err().to_string(), "input is already encrypted");
        assert_eq!(
            wrong.encrypt(b"x", Some("dev"), None).unwrap_err().to_string(),
            "Did not find a match for --encrypt-vault-id=dev in the known vault-ids ['default']"
        );
    }

    #[test]
    fn with_id_matching_only_the_named_id_opens_a_vault() {
        assert!(matches!(secrets(&[("dev", "sesame")], true).decrypt(PROD.as_bytes()), Err(Error::NoMatch)));
        assert!(secrets(&[("prod", "sesame")], true).decrypt(PROD.as_bytes()).is_ok());
    }

    #[test]
    fn debug_shows_no_password() {
        assert!(!format!("{:?}", secrets(&[("default", "sesame")], false)).contains("sesame"));
    }
}
