//! Vaults.

use provision::vault::{Password, VaultSecrets, is_encrypted};

/// Opens a vault with a fixed password; what is none is made one and opened again.
pub fn vault(data: &[u8]) {
    let mut secrets = VaultSecrets::new(false);
    secrets.push("default", Password::new("sesame"));
    if is_encrypted(data) {
        if let Err(error) = secrets.decrypt(data) {
            assert!(!error.to_string().is_empty(), "a refusal says why");
        }
        return;
    }
    let Ok(envelope) = secrets.encrypt(data, None, Some(b"salt")) else { panic!("any bytes can be encrypted") };
    let opened = secrets.decrypt(envelope.as_bytes());
    assert_eq!(opened.ok().as_deref().map(Vec::as_slice), Some(data), "a vault holds what was put in");
}
