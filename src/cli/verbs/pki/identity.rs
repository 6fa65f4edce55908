//! `provision pki identity`.

use std::path::PathBuf;

use clap::Args;
use pki::seal::Identity;
use serde_json::json;
use zeroize::Zeroizing;

use super::{
    Verb, files,
    form::{Done, Form, Format},
};
use crate::cli::{Result, terminal::Terminal};

/// Make an age identity: what opens keys without a person
///
/// The file (mode 0400) is for one user of one machine, or for `systemd-creds encrypt --name=pki-identity`; the recipient
/// that is printed goes to --recipient of `init` and `intermediate csr`.
///
/// Example: provision pki identity /etc/provision/pki-identity
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    /// The new file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, _: &mut Terminal) -> Result<Done> {
        let identity = Identity::generate();
        let recipient = identity.recipient().to_string();
        let text = Zeroizing::new(format!("# public key: {recipient}\n{}\n", *identity.to_text()));
        files::create_secret(&self.file, 0o400, text.as_bytes())?;
        Ok(Done::well(
            format!("{}: new identity (mode 0400)\nrecipient: {recipient}", self.file.display()),
            json!({"file": self.file, "recipient": recipient}),
        ))
    }
}
