//! What opens a sealed key: an identity of a file or of systemd's credentials, or a passphrase that a person types. Never the
//! command line, never the environment.

use std::{
    fs::{self, File, Metadata},
    io::{ErrorKind, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use pki::{
    Error, Finding, Result,
    seal::{Identity, Passphrase, SealedKey, Unlock},
};
use zeroize::Zeroizing;

use super::memory::Closed;
use crate::config::Environment;

/// The credential's name: `LoadCredentialEncrypted=pki-identity:...` of a systemd unit.
const CREDENTIAL: &str = "pki-identity";
/// Where systemd puts credentials.
const VARIABLE: &str = "CREDENTIALS_DIRECTORY";
/// The longest identity file that is read.
const LONGEST: u64 = 64 * 1024;

/// What opens a key.
#[derive(Debug)]
pub enum Opener {
    /// Of a file.
    Identity(Identity),
    /// Typed.
    Passphrase(Passphrase),
}

impl Opener {
    /// For [`SealedKey::with`].
    #[must_use]
    pub fn unlock(&self) -> Unlock<'_> {
        match self {
            Self::Identity(identity) => Unlock::Identity(identity),
            Self::Passphrase(passphrase) => Unlock::Passphrase(passphrase),
        }
    }
}

/// What opens that key, which is called so, in closed memory; none where only a passphrase does.
///
/// # Errors
///
/// Nothing opens it here; an identity that others could read.
pub fn opener(
    sealed: &SealedKey,
    what: &str,
    identity: Option<&Path>,
    environment: &Environment,
    _: &Closed,
) -> Result<Option<Opener>> {
    if sealed.takes_passphrase()? {
        return match identity {
            Some(path) => Err(Error::input(
                path.display().to_string(),
                format!("the key of {what} is sealed with a passphrase"),
                "name no identity and type it",
            )),
            None => Ok(None),
        };
    }
    if let Some(path) = identity {
        return read(path, own_and_private).map(|identity| Some(Opener::Identity(identity)));
    }
    match environment.get(VARIABLE) {
        Some(folder) => {
            read(&Path::new(folder).join(CREDENTIAL), credential).map(|identity| Some(Opener::Identity(identity)))
        }
        None => Err(Error::input(
            format!("key of {what}"),
            "it is sealed to recipients, and nothing opens it here",
            format!("name a file with its identity (--identity FILE), or load the systemd credential {CREDENTIAL}"),
        )),
    }
}

/// Why no passphrase came.
#[must_use]
pub fn no_passphrase(problem: impl std::fmt::Display) -> Error {
    Error::input(
        "passphrase",
        problem,
        "run it at a terminal; for unattended work make an intermediate whose key is sealed to a recipient",
    )
}

/// The identity of a file that is its owner's alone.
///
/// # Errors
///
/// A file that others could read, or that has no identity in it.
pub fn identity(path: &Path) -> Result<Identity> {
    read(path, own_and_private)
}

/// A crash must not leave an open key on the disk, nor may another process of this user read our memory.
///
/// # Errors
///
/// The system does not let us.
pub fn no_core_dumps() -> Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(|error| Error::io("core dumps", error, "keys are opened only where core dumps can be switched off"))
}

/// Reads an identity. The file is checked as it was opened, not by its name.
fn read(path: &Path, check: fn(&str, &Metadata) -> Result<()>) -> Result<Identity> {
    let object = path.display().to_string();
    let open = || {
        // A link could be turned elsewhere between check and use; a pipe would wait.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let bits = i32::try_from(flags.bits()).unwrap_or_default();
        fs::OpenOptions::new().read(true).custom_flags(bits).open(path)
    };
    let file: File = open().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::input(&object, error, "check the path"),
        _ => Error::io(&object, error, "give a plain file that you may read"),
    })?;
    let metadata = file.metadata().map_err(|error| Error::io(&object, error, "give a plain file"))?;
    check(&object, &metadata)?;
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| Error::input(&object, error, "give a file of `provision pki identity` or age-keygen"))?;
    Identity::parse(&text)
}

fn own_and_private(object: &str, metadata: &Metadata) -> Result<()> {
    let me = rustix::process::geteuid().as_raw();
    if metadata.uid() != me {
        return Err(refused(object, "owner", format!("it belongs to user {}, not {me}", metadata.uid()), "chown"));
    }
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_file() || mode != 0o400 {
        return Err(refused(object, "mode", format!("it is {mode:04o}, not 0400"), "chmod 0400"));
    }
    Ok(())
}

/// systemd's own: root's or ours, writable for nobody, readable for its unit's user by owner or by an access list, whose mask
/// shows as the group's bits.
fn credential(object: &str, metadata: &Metadata) -> Result<()> {
    let me = rustix::process::geteuid().as_raw();
    if ![0, me].contains(&metadata.uid()) {
        return Err(refused(object, "owner", format!("it belongs to user {}", metadata.uid()), "let systemd load"));
    }
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_file() || mode & !0o440 != 0 {
        return Err(refused(object, "mode", format!("it is {mode:04o}"), "let systemd load"));
    }
    Ok(())
}

fn refused(object: &str, field: &'static str, problem: String, cure: &str) -> Error {
    Error::refused(Finding::new(
        object,
        field,
        problem,
        "PKI policy: an identity is for one user alone",
        format!("{cure} it; if others could read it, make a new identity and seal a new key to it"),
    ))
}
