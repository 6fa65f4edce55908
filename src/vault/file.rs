//! Whole files: what `ansible-vault encrypt`, `decrypt`, `rekey`, `view` and `encrypt_string` do.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use zeroize::Zeroizing;

use super::{Error, Password, VaultSecrets, secrets};

/// What to encrypt with.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The password.
    pub password: &'a Password,
    /// The id that goes into the header; `None` and `default` leave it out.
    pub vault_id: Option<&'a str>,
    /// `VAULT_ENCRYPT_SALT`; `None` takes random bytes.
    pub salt: Option<&'a [u8]>,
}

/// Encrypts a file, into `output` or in place.
///
/// # Errors
///
/// The file is a vault already, or cannot be read or written.
pub fn encrypt(path: &Path, output: Option<&Path>, key: Key<'_>) -> Result<(), Error> {
    let path = resolve(path);
    let vault = secrets::encrypt(&read(&path)?, key.password, key.vault_id, key.salt)?;
    write(output.unwrap_or(&path), vault.as_bytes())
}

/// Decrypts a file, into `output` or in place.
///
/// # Errors
///
/// No password opens it, or it cannot be read or written.
pub fn decrypt(path: &Path, output: Option<&Path>, secrets: &VaultSecrets) -> Result<(), Error> {
    let path = resolve(path);
    let plaintext = view(&path, secrets)?;
    write(output.unwrap_or(&path), &plaintext)
}

/// The content of an encrypted file.
///
/// # Errors
///
/// No password opens it, or it cannot be read.
pub fn view(path: &Path, secrets: &VaultSecrets) -> Result<Zeroizing<Vec<u8>>, Error> {
    secrets.decrypt(&read(path)?).map_err(|source| Error::In { path: path.to_owned(), source: Box::new(source) })
}

/// Encrypts an encrypted file anew; mode and owner stay.
///
/// # Errors
///
/// No password opens it, or it cannot be read or written.
pub fn rekey(path: &Path, secrets: &VaultSecrets, key: Key<'_>) -> Result<(), Error> {
    let path = resolve(path);
    let plaintext = view(&path, secrets)?;
    let vault = secrets::encrypt(&plaintext, key.password, key.vault_id, key.salt)?;
    write(&path, vault.as_bytes())
}

/// A text as YAML that can be pasted into a file of variables: `NAME: !vault |` and the vault, indented by ten.
///
/// # Errors
///
/// The text is a vault already, or there are no random numbers.
pub fn encrypt_string(text: &[u8], name: Option<&str>, key: Key<'_>) -> Result<String, Error> {
    let vault = secrets::encrypt(text, key.password, key.vault_id, key.salt)?;
    let mut yaml = name.map(|name| format!("{name}: ")).unwrap_or_default();
    yaml.push_str("!vault |");
    for line in vault.lines() {
        yaml.push_str("\n          ");
        yaml.push_str(line);
    }
    Ok(yaml)
}

/// Symbolic links are followed: the file that they name is replaced, not the link.
fn resolve(path: &Path) -> std::path::PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    fs::read(path).map(Zeroizing::new).map_err(|cause| Error::File {
        action: "Unable to read source file",
        path: path.to_owned(),
        cause,
    })
}

/// Replaces a file at once: whoever reads it sees the old content or the new. A new file is private.
fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    replace(path, content).map_err(|cause| Error::File {
        action: "Unable to write destination file",
        path: path.to_owned(),
        cause,
    })
}

fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let path = resolve(path);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Private from its first byte, by tempfile's own mode.
    let mut temporary = tempfile::NamedTempFile::new_in(directory)?;
    temporary.write_all(content)?;
    if let Ok(before) = fs::metadata(&path) {
        std::os::unix::fs::fchown(temporary.as_file(), Some(before.uid()), Some(before.gid()))?;
        temporary.as_file().set_permissions(fs::Permissions::from_mode(before.mode() & 0o7777))?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(password: &Password) -> Key<'_> {
        Key { password, vault_id: None, salt: None }
    }

    fn knows(password: &Password) -> VaultSecrets {
        let mut secrets = VaultSecrets::new(false);
        secrets.push("default", password.clone());
        secrets
    }

    #[test]
    fn a_file_goes_into_the_vault_gets_another_password_and_comes_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vars.yml");
        fs::write(&path, "a: 1\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let (one, two) = (Password::new("one"), Password::new("two"));

        encrypt(&path, None, key(&one)).unwrap();
        assert!(super::super::is_encrypted(&fs::read(&path).unwrap()));
        assert_eq!(encrypt(&path, None, key(&one)).unwrap_err().to_string(), "input is already encrypted");

        rekey(&path, &knows(&one), key(&two)).unwrap();
        assert_eq!(
            view(&path, &knows(&one)).unwrap_err().to_string(),
            format!("Decryption failed (no vault secrets were found that could decrypt). for {}", path.display())
        );
        assert_eq!(*view(&path, &knows(&two)).unwrap(), b"a: 1\n");

        decrypt(&path, None, &knows(&two)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a: 1\n");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn decrypting_into_another_file_leaves_it_private_and_the_vault_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (path, output) = (dir.path().join("in"), dir.path().join("out"));
        fs::write(&path, "secret").unwrap();
        let password = Password::new("one");
        encrypt(&path, None, key(&password)).unwrap();
        decrypt(&path, Some(&output), &knows(&password)).unwrap();
        assert_eq!(fs::read(&output).unwrap(), b"secret");
        assert_eq!(fs::metadata(&output).unwrap().mode() & 0o777, 0o600);
        assert!(super::super::is_encrypted(&fs::read(&path).unwrap()));
    }

    #[test]
    fn an_encrypted_string_is_yaml_to_paste() {
        let password = Password::new("sesame");
        let key = Key { password: &password, vault_id: Some("prod"), salt: Some(b"pepper") };
        assert_eq!(
            encrypt_string(b"x", Some("token"), key).unwrap(),
            "token: !vault |\n          $ANSIBLE_VAULT;1.2;AES256;prod\n          \
             3730363537303730363537320a623435393637303936353630383834636365313631363634353837\n          \
             396661306236613466313330356466666266356265333364336263383537353362316535630a6565\n          \
             386135373836323464363466386336316130346665306235313466616361"
        );
    }
}
