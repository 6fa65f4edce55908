//! How new keys are sealed: to age recipients, or with a passphrase from the terminal.

use clap::Args;
use pki::{
    Error, Result,
    ceremony::{Hidden, passphrase},
    key::PrivateKey,
    seal::{Lock, Passphrase, Recipient, SealedKey, WORK_FACTOR},
};
use zeroize::Zeroizing;

use crate::{cli::prompt, issuer::memory::Closed};

/// `--recipient`
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct Seal {
    /// Seal keys to this age recipient; may be repeated, any one of them opens. Without one a passphrase is asked for
    #[arg(long = "recipient", value_name = "age1...")]
    recipients: Vec<String>,
}

/// What keys are sealed with.
#[derive(Debug)]
pub(super) enum Sealing {
    Recipients(Vec<Recipient>),
    Passphrase(Passphrase),
}

impl Seal {
    /// Reads the recipients, or asks for a passphrase twice, in closed memory.
    pub(super) fn with(&self, _: &Closed) -> Result<Sealing> {
        if self.recipients.is_empty() {
            return new_passphrase().map(Sealing::Passphrase);
        }
        Ok(Sealing::Recipients(self.recipients.iter().map(|one| Recipient::parse(one)).collect::<Result<_>>()?))
    }
}

impl Sealing {
    /// Seals a key, which is used up.
    pub(super) fn seal(&self, key: PrivateKey) -> Result<SealedKey> {
        match self {
            Self::Recipients(recipients) => SealedKey::seal(key, &Lock::Recipients(recipients)),
            Self::Passphrase(passphrase) => SealedKey::seal(key, &Lock::Passphrase(passphrase, WORK_FACTOR)),
        }
    }
}

fn new_passphrase() -> Result<Passphrase> {
    let ask = |prompt: &str| {
        prompt::passphrase(prompt).map_err(|error| {
            Error::input("passphrase", error, "run it at a terminal, or seal to recipients with --recipient")
        })
    };
    let first = ask("New passphrase: ")?;
    passphrase::check(&Hidden::new(Zeroizing::new(first.reveal().to_owned())))?;
    if ask("The same again: ")?.reveal() != first.reveal() {
        return Err(Error::input("passphrase", "the two are not the same", "type it twice"));
    }
    Ok(Passphrase::new(first.reveal().to_owned()))
}
