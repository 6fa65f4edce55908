//! `!vault` values open through the run's secrets.

use super::VaultSecrets;
use crate::yaml::Decrypt;

impl Decrypt for VaultSecrets {
    fn decrypt(&self, envelope: &str) -> Result<String, String> {
        self.decrypt_text(envelope).map_err(|error| error.to_string())
    }
}
