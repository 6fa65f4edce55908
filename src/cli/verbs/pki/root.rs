//! `provision pki root`: what is done with the root outside of signing.

mod custody;

use clap::{Args, Subcommand};

use super::Verb;

/// Who can open the root's key
///
/// Example: provision pki root custody test --root root.pem --key root.key.age
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Custody(custody::Arguments),
}

impl Arguments {
    pub(super) fn verb(self) -> Box<dyn Verb> {
        match self.action {
            Action::Custody(verb) => verb.verb(),
        }
    }
}
