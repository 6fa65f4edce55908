//! provision's verbs, one file each; the doc comment of a verb's arguments is its help.

pub mod apply;
pub mod completions;
pub mod config;
pub mod doc;
pub mod exec;
pub mod facts;
pub mod inventory;
pub mod man;
pub mod pki;
pub mod plan;
pub mod render;
pub mod vault;

use clap::{Parser, Subcommand};

use super::{Failure, Result, terminal::Terminal, version};

/// Apply Ansible playbooks to hosts, without Ansible and without agents.
///
/// Example: provision apply -i inventory
#[derive(Debug, Parser)]
#[command(name = "provision", version = version::PROVISION, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[expect(missing_docs, reason = "its commands say what they are")]
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "each verb's arguments are its documentation")]
pub enum Verb {
    Apply(apply::Arguments),
    Plan(plan::Arguments),
    Exec(exec::Arguments),
    Inventory(inventory::Verb),
    Doc(doc::Arguments),
    Facts(facts::Arguments),
    Render(render::Arguments),
    Vault(vault::Arguments),
    Config(config::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    Pki(pki::Arguments),
    /// Look at runs that are over (not supported yet)
    ///
    /// Example: provision runs
    #[command(hide = true, disable_help_flag = true)]
    Runs(Later),
}

/// Whatever is given to a verb that comes later.
#[derive(Debug, clap::Args)]
pub struct Later {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

impl Verb {
    /// Does it.
    ///
    /// # Errors
    ///
    /// It cannot be done.
    pub fn run(self, terminal: &mut Terminal) -> Result {
        let later = |name: &str, later: Later| {
            drop(later.rest);
            Err(Failure::NotYet(format!("provision {name}")))
        };
        match self {
            Self::Apply(arguments) => arguments.run(terminal),
            Self::Plan(arguments) => arguments.run(terminal),
            Self::Exec(arguments) => arguments.run(terminal),
            Self::Inventory(verb) => verb.run(terminal),
            Self::Doc(arguments) => arguments.run(terminal),
            Self::Facts(arguments) => arguments.run(terminal),
            Self::Render(arguments) => arguments.run(terminal),
            Self::Vault(arguments) => arguments.run(terminal),
            Self::Config(arguments) => arguments.run(terminal),
            Self::Completions(arguments) => arguments.run(terminal),
            Self::Man(arguments) => arguments.run(terminal),
            Self::Pki(arguments) => arguments.run(terminal),
            Self::Runs(rest) => later("runs", rest),
        }
    }
}

#[cfg(test)]
mod tests;
