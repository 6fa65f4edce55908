//! `provision pki ceremony`: the offline root's meetings.

pub(super) mod desk;
pub(super) mod people;
mod plan;
pub(super) mod run;
mod verify;

use clap::{Args, Subcommand};

use super::Verb;

/// Plan, run and verify a ceremony of the offline root
///
/// Plan it online, run it on a machine without a network, verify its record anywhere. The operator's guide is
/// docs/ceremony.md.
///
/// Example: provision pki ceremony plan --type intermediate --intermediate services-2 --previous record --out plan/plan.yaml
///
/// Example: provision pki ceremony run plan/plan.yaml --key root.key.age
///
/// Example: provision pki ceremony verify plan/record
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Plan(Box<plan::Arguments>),
    Run(run::Arguments),
    Verify(verify::Arguments),
}

impl Arguments {
    pub(super) fn verb(self) -> Box<dyn Verb> {
        match self.action {
            Action::Plan(verb) => verb,
            Action::Run(verb) => Box::new(verb),
            Action::Verify(verb) => Box::new(verb),
        }
    }
}
