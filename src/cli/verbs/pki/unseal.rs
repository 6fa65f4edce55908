//! `--identity`: what opens a sealed key.

use std::path::{Path, PathBuf};

use clap::Args;
use pki::{
    Result,
    seal::{Passphrase, SealedKey},
};

use crate::{
    cli::{prompt, terminal::Terminal},
    issuer::{
        memory::{self, Closed},
        unlock::{self, Opener},
    },
};

/// Closes this process's memory, and says where it could not be locked.
///
/// # Errors
///
/// Core dumps cannot be switched off.
pub(super) fn close_memory(terminal: &mut Terminal) -> Result<Closed> {
    let (closed, warning) = memory::close()?;
    if let Some(warning) = warning {
        terminal.warning(&warning);
    }
    Ok(closed)
}

/// `--identity`
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct Unseal {
    /// Open the key with the age identity of this file (mode 0400, your own); else the systemd credential `pki-identity`
    /// does; a key with a passphrase asks for it at the terminal
    #[arg(long = "identity", value_name = "FILE")]
    identity: Option<PathBuf>,
}

impl Unseal {
    /// What opens that key, which is called so, in closed memory.
    pub(super) fn opener(
        &self,
        sealed: &SealedKey,
        what: &str,
        terminal: &Terminal,
        closed: &Closed,
    ) -> Result<Opener> {
        if let Some(opener) = unlock::opener(sealed, what, self.identity.as_deref(), &terminal.environment, closed)? {
            return Ok(opener);
        }
        let typed = prompt::passphrase(&format!("Passphrase of the key of {what}: ")).map_err(unlock::no_passphrase)?;
        Ok(Opener::Passphrase(Passphrase::new(typed.reveal().to_owned())))
    }

    /// The identity's file as it was given.
    pub(super) fn identity(&self) -> Option<&Path> {
        self.identity.as_deref()
    }
}
