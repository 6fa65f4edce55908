//! `provision pki`: one file a verb; what they share stands in the files `place`, `form`, `files`, `unseal` and `seal`.
//!
//! Exit codes: docs/pki.md; the table itself is in [`crate::cli::exit`].

mod ceremony;
mod crl;
mod export;
mod files;
mod fingerprint;
mod form;
mod identity;
mod init;
mod inspect;
mod intermediate;
mod issue;
mod lint;
mod log;
mod metrics;
mod needs_renewal;
mod place;
mod publish;
mod rehearsal;
mod renew;
mod revoke;
mod root;
mod seal;
mod status;
mod table;
mod trust;
mod unseal;
mod verify;

use clap::{Args, Subcommand};

use crate::cli::{Result, terminal::Terminal};
use form::{Done, Form};

/// Make and keep certificates: an offline root, an online intermediate, short-lived service certificates
///
/// A store is a folder with the audit log, the certificates, the lists and the sealed keys. Name it with --store, or in
/// the environment variable PROVISION_PKI_STORE; else it is the folder `pki`.
///
/// Exit codes: 0 done, 1 not due (`needs-renewal` alone), 2 bad input, 3 refused by policy, 4 verification failed,
/// 5 deployed and rolled back, 6 locked by another process, 7 a file could not be read or written.
///
/// Example: provision pki init pki --rehearsal --chain --organization Example --url http://pki.example.org/ --dns example.org
///
/// Example: provision pki status
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with certificates.
#[derive(Debug, Subcommand)]
enum Action {
    Init(init::Arguments),
    Identity(identity::Arguments),
    Intermediate(intermediate::Arguments),
    Issue(issue::Arguments),
    Renew(Box<renew::Arguments>),
    Revoke(revoke::Arguments),
    Crl(crl::Arguments),
    Trust(trust::Arguments),
    Publish(publish::Arguments),
    Ceremony(ceremony::Arguments),
    Root(root::Arguments),
    Status(status::Arguments),
    NeedsRenewal(needs_renewal::Arguments),
    Verify(verify::Arguments),
    Lint(lint::Arguments),
    Inspect(inspect::Arguments),
    Fingerprint(fingerprint::Arguments),
    Export(export::Arguments),
    Log(log::Arguments),
}

/// A verb of `pki`.
trait Verb {
    /// In which form it answers.
    fn form(&self) -> Form;

    /// Does it.
    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done>;
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        let verb: Box<dyn Verb> = match self.action {
            Action::Init(verb) => Box::new(verb),
            Action::Identity(verb) => Box::new(verb),
            Action::Intermediate(verb) => verb.verb(),
            Action::Issue(verb) => Box::new(verb),
            Action::Renew(verb) => verb,
            Action::Revoke(verb) => Box::new(verb),
            Action::Crl(verb) => verb.verb(),
            Action::Trust(verb) => verb.verb(),
            Action::Publish(verb) => Box::new(verb),
            Action::Ceremony(verb) => verb.verb(),
            Action::Root(verb) => verb.verb(),
            Action::Status(verb) => Box::new(verb),
            Action::NeedsRenewal(verb) => Box::new(verb),
            Action::Verify(verb) => Box::new(verb),
            Action::Lint(verb) => Box::new(verb),
            Action::Inspect(verb) => Box::new(verb),
            Action::Fingerprint(verb) => Box::new(verb),
            Action::Export(verb) => Box::new(verb),
            Action::Log(verb) => verb.verb(),
        };
        let form = verb.form();
        match verb.run(terminal) {
            Ok(done) => Ok(done.print(form, terminal)),
            Err(failure) => {
                if form == Form::Json {
                    form::print_failure(&failure, terminal);
                }
                Err(failure)
            }
        }
    }
}
