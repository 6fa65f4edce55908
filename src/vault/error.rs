//! What can go wrong with a vault, in Ansible's words.

use std::path::PathBuf;

use crate::python_repr::repr;

/// An error of a vault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not a vault.
    #[error("Input is not vault encrypted data.")]
    NotEncrypted,
    /// The text to encrypt is a vault already.
    #[error("input is already encrypted")]
    AlreadyEncrypted,
    /// The header line is broken.
    #[error("Vault envelope format error.")]
    Envelope,
    /// What stands inside the hex digits is not salt, HMAC and ciphertext.
    #[error("Vault vaulttext format error.")]
    Text,
    /// The lines are not hex digits.
    #[error("Vault format unhexlify error.")]
    Hex,
    /// The header names another cipher than AES256.
    #[error("Cipher {} could not be found.", repr(&.0.as_str().into()))]
    Cipher(String),
    /// There is a vault to open and no password.
    #[error("Attempting to decrypt but no vault secrets found.")]
    NoSecrets,
    /// No password opens the vault.
    #[error("Decryption failed (no vault secrets were found that could decrypt).")]
    NoMatch,
    /// There is something to encrypt and no password.
    #[error("A vault password must be specified to encrypt data")]
    NoSecretToEncrypt,
    /// The id to encrypt with has no password.
    #[error("Did not find a match for --encrypt-vault-id={wanted} in the known vault-ids {known}")]
    UnknownEncryptId {
        /// The id that was asked for.
        wanted: String,
        /// The ids that have a password, as Python prints a list.
        known: String,
    },
    /// What came out of the vault is not UTF-8 where text is needed.
    #[error("The decrypted content is not UTF-8 text")]
    NotText,
    /// The operating system gave no random numbers.
    #[error("no random numbers for the salt: {0}")]
    Random(std::io::Error),
    /// A password file is not there.
    #[error("The vault password file {} was not found", .0.display())]
    PasswordFileMissing(PathBuf),
    /// A password file is a directory.
    #[error("The vault password file provided '{}' can not be a directory", .0.display())]
    PasswordFileIsDirectory(PathBuf),
    /// A password file cannot be read.
    #[error("Could not read vault password file '{}'. {cause}", .path.display())]
    PasswordFileUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A password source gave nothing.
    #[error("Invalid vault password was provided{0}")]
    EmptyPassword(String),
    /// The two entries of a new password differ.
    #[error("Passwords do not match")]
    PasswordsDiffer,
    /// A password script cannot be started.
    #[error(
        "Problem running vault password {kind} {} ({cause}). If this is not a script, remove the executable bit from \
         the file.", .path.display()
    )]
    ScriptStart {
        /// `script` or `client script`.
        kind: &'static str,
        /// The script.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A password script failed; the whole message, for its parts differ between plain and client scripts.
    #[error("{0}")]
    ScriptFailed(String),
    /// The operator could not be asked.
    #[error("{0}")]
    Prompt(String),
    /// A file cannot be read or written.
    #[error("{action} ({}): {cause}", .path.display())]
    File {
        /// `Unable to read source file` and the like.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Another error, with the file it came from.
    #[error("{source} for {}", .path.display())]
    In {
        /// The file.
        path: PathBuf,
        /// What went wrong with it.
        source: Box<Error>,
    },
}
