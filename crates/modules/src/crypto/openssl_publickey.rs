//! `openssl_publickey`: the public half of a private key in a file.

use std::path::Path;

use super::options::{Library, State, one_fingerprint};
use crate::{
    prelude::*,
    support::crypto::{
        describe::{Wrong, digests::fingerprints},
        file,
        key::{self, PublicKey},
    },
};

/// How the key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
enum Format {
    /// One line, as OpenSSH has it.
    #[choice("OpenSSH")]
    OpenSsh,
    /// SubjectPublicKeyInfo, PEM.
    #[choice("PEM")]
    Pem,
}

/// Generates a public key from its private key.
///
/// The file is written where it does not hold the private key's public half in that format.
#[derive(Debug, Arguments)]
#[arguments(
    required_if_any("state", "present", ["privatekey_path", "privatekey_content"]),
    mutually_exclusive("privatekey_path", "privatekey_content")
)]
pub struct OpensslPublickeyArgs {
    /// Whether the file shall be there.
    #[arg(default = "present")]
    state: State,
    /// Write the file in any case.
    #[arg(default = false)]
    force: bool,
    /// The file.
    #[arg(required)]
    path: PathArg,
    /// The private key's file.
    privatekey_path: Option<PathArg>,
    /// The private key itself, in place of `privatekey_path`.
    #[arg(no_log)]
    privatekey_content: Option<String>,
    /// How the key is written.
    #[arg(default = "PEM")]
    format: Format,
    /// The private key's passphrase.
    #[arg(no_log)]
    privatekey_passphrase: Option<String>,
    /// Keep the file that was there beside it, under a name with the time.
    #[arg(default = false)]
    backup: bool,
    #[expect(dead_code, reason = "there is one library, whatever is chosen")]
    /// The library to use; here there is one alone.
    #[arg(default = "auto")]
    select_crypto_backend: Library,
    /// Return the public key itself.
    #[arg(default = false)]
    return_content: bool,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct OpensslPublickey;

impl Module for OpensslPublickey {
    type Args = OpensslPublickeyArgs;
    const NAME: &'static str = "openssl_publickey";
    const EXAMPLES: &'static str = "\
- name: Generate a public key in PEM format
  community.crypto.openssl_publickey:
    path: /etc/ssl/public/example.pem
    privatekey_path: /etc/ssl/private/example.pem

- name: Generate a public key in OpenSSH format
  community.crypto.openssl_publickey:
    path: /etc/ssl/public/example.pub
    privatekey_path: /etc/ssl/private/example.pem
    format: OpenSSH
";

    fn run(args: OpensslPublickeyArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        file::check_folder(&args.path, true)?;
        if args.state == State::Absent {
            if ctx.check_mode {
                let existing = file::load(&args.path).ok().flatten();
                return Ok(args.result(Path::new(&*args.path).exists(), None, existing, None, Seen::default()));
            }
            let backup = if args.backup { file::make_backup(ctx, &args.path)? } else { None };
            let changed = file::remove(ctx, &args.path)?;
            return Ok(args.result(changed, None, None, backup, Seen::default()));
        }
        if ctx.check_mode {
            let existing = file::load(&args.path).ok().flatten();
            let there = Path::new(&*args.path).exists();
            let changed = args.force
                || !there
                || args.attributes.apply(ctx, &args.path, None)?
                || !args.is_current(existing.as_deref())?;
            return Ok(args.result(changed, None, existing, None, Seen::default()));
        }
        if let Some(path) = args.privatekey_path.as_deref()
            && !Path::new(path).exists()
        {
            return Err(Failure::new(format!("The private key {path} does not exist")));
        }
        let existing = if Path::new(&*args.path).exists() { file::load(&args.path).ok().flatten() } else { None };
        let mut seen = Seen::default();
        if let Some(bytes) = &existing {
            seen.before = describe(bytes);
            seen.after = seen.before.clone();
        }
        let differs = args.force || !args.is_current(existing.as_deref())?;
        let public = args.public_key()?;
        let mut content = existing;
        if differs {
            let bytes = args.format.write(&public)?;
            seen.after = describe(&bytes);
            content = Some(bytes);
        }
        let written = file::keep(ctx, &args.path, &args.attributes, args.backup, differs, || {
            Ok(content.clone().unwrap_or_default())
        })?;
        Ok(args.result(written.changed, Some(&public), content, written.backup, seen))
    }
}

/// What a diff says.
#[derive(Debug, Default)]
struct Seen {
    before: Map,
    after: Map,
}

impl Format {
    fn write(self, key: &PublicKey) -> Result<Vec<u8>, Wrong> {
        match self {
            Self::Pem => key.to_pem().map(String::into_bytes),
            Self::OpenSsh => key.to_ssh().map(String::into_bytes).ok_or_else(|| Wrong::raised("Unsupported key type")),
        }
    }

    fn read(self, bytes: &[u8]) -> Option<PublicKey> {
        match self {
            Self::Pem => PublicKey::from_pem(bytes).ok(),
            Self::OpenSsh => PublicKey::from_ssh(bytes),
        }
    }
}

impl OpensslPublickeyArgs {
    fn public_key(&self) -> Result<PublicKey, Wrong> {
        let key = key::load_for(
            self.privatekey_path.as_deref(),
            self.privatekey_content.as_deref(),
            self.privatekey_passphrase.as_deref(),
        )?;
        key.public_key().ok_or_else(|| Wrong::raised("the private key is broken"))
    }

    /// Whether the file holds the private key's public half. A file that holds none, or a private key that is not there,
    /// makes it differ.
    fn is_current(&self, existing: Option<&[u8]>) -> Result<bool, Failure> {
        let Some(existing) = existing else { return Ok(false) };
        if self.privatekey_path.as_deref().is_some_and(|path| !Path::new(path).exists()) {
            return Ok(false);
        }
        let Some(current) = self.format.read(existing) else { return Ok(false) };
        Ok(self.format.write(&current)? == self.format.write(&self.public_key()?)?)
    }

    fn result(
        &self,
        changed: bool,
        key: Option<&PublicKey>,
        content: Option<Vec<u8>>,
        backup: Option<String>,
        seen: Seen,
    ) -> Outcome {
        let mut outcome = Outcome::changed(changed)
            .with("privatekey", self.privatekey_path.as_deref())
            .with("filename", &*self.path)
            .with("format", self.format.name())
            .with("fingerprint", key.map(|key| fingerprints(key.der())).unwrap_or_default());
        if let Some(backup) = backup {
            outcome.set("backup_file", backup);
        }
        if self.return_content {
            let text = content.filter(|bytes| !bytes.is_empty());
            outcome.set("publickey", text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
        outcome.diff.push(Diff::State {
            before_header: None,
            after_header: None,
            before: seen.before,
            after: seen.after,
        });
        outcome
    }
}

/// What a diff says of a public key.
fn describe(bytes: &[u8]) -> Map {
    let mut info = Map::from([("can_parse_key".to_owned(), Data::Bool(false))]);
    if let Ok(key) = PublicKey::from_pem(bytes).and_then(|key| key.describe()) {
        info.insert("can_parse_key".to_owned(), true.into());
        info.insert("fingerprints".to_owned(), one_fingerprint(key.fingerprints).into());
        info.insert("type".to_owned(), key.kind.into());
        info.insert("public_data".to_owned(), key.data.into());
    }
    info
}
