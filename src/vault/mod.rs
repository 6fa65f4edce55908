//! The Ansible Vault format.
//!
//! A vault is an ASCII text: a header line `$ANSIBLE_VAULT;1.2;AES256;ID` (`1.1` where there is no vault id), then lines
//! of 80 hex digits. The digits are hex again: salt, HMAC and ciphertext, a line each. The keys come out of the password
//! by PBKDF2-HMAC-SHA256 in 10,000 rounds; the text is AES-256 in CTR mode over PKCS#7 padding, sealed by HMAC-SHA256.
//! See <https://docs.ansible.com/ansible-core/2.19/vault_guide/vault_using_encrypted_content.html#ansible-vault-payload-format-1-1-1-2>.
//!
//! - [`VaultSecrets`] is what a run carries: passwords with their ids, [`VaultSecrets::decrypt`] and
//!   [`VaultSecrets::encrypt`].
//! - [`source`] gets the passwords: files, scripts, prompts.
//! - [`file`] changes whole files: what `ansible-vault encrypt`, `decrypt`, `rekey` and `view` do.

mod cipher;
mod envelope;
mod error;
pub mod file;
mod inline;
mod secrets;
pub mod source;

pub use envelope::is_encrypted;
pub use error::Error;
pub use secrets::{Password, VaultSecrets};
