//! Every flag of ansible-core 2.19's programs that are answered here, and whether it is done.
//!
//! A flag that is not done is parsed like the others and refused when it is given, so that nothing is silently
//! ignored.

use clap::{ArgMatches, Command, parser::ValueSource};

use super::{Failure, Result};

/// Whether a flag does what ansible-core's does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Done,
    /// Not yet: giving it stops the program before any host is touched.
    NotYet,
}

/// A flag of ansible-core.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// The programs that have it, as in their names: `ansible-playbook`, `ansible` ...
    pub programs: &'static [&'static str],
    /// Its names, with their dashes.
    pub names: &'static [&'static str],
    /// Whether it is done.
    pub status: Status,
}

const A: &str = "ansible";
const P: &str = "ansible-playbook";
const I: &str = "ansible-inventory";
const V: &str = "ansible-vault";
const D: &str = "ansible-doc";
const C: &str = "ansible-config";

const fn flag(programs: &'static [&'static str], names: &'static [&'static str], status: Status) -> Flag {
    Flag { programs, names, status }
}

use Status::{Done, NotYet};

/// The table. `-h` and `--version` are every program's.
pub const FLAGS: &[Flag] = &[
    flag(&[A, P, I, D, V, C], &["-v", "--verbose"], Done),
    // hosts
    flag(&[A, P, I], &["-i", "--inventory", "--inventory-file"], Done),
    flag(&[A, P, I], &["-l", "--limit"], Done),
    flag(&[A, P, I], &["--flush-cache"], Done),
    flag(&[A, P], &["--list-hosts"], Done),
    // connection
    flag(&[A, P], &["--private-key", "--key-file"], Done),
    flag(&[A, P], &["-u", "--user"], Done),
    flag(&[A, P], &["-c", "--connection"], Done),
    flag(&[A, P], &["-T", "--timeout"], Done),
    flag(&[A, P], &["--ssh-common-args"], Done),
    flag(&[A, P], &["--sftp-extra-args"], NotYet),
    flag(&[A, P], &["--scp-extra-args"], NotYet),
    flag(&[A, P], &["--ssh-extra-args"], Done),
    flag(&[A, P], &["-k", "--ask-pass"], Done),
    flag(&[A, P], &["--connection-password-file", "--conn-pass-file"], Done),
    // become
    flag(&[A, P], &["-b", "--become"], Done),
    flag(&[A, P], &["--become-method"], Done),
    flag(&[A, P], &["--become-user"], Done),
    flag(&[A, P], &["-K", "--ask-become-pass"], Done),
    flag(&[A, P], &["--become-password-file", "--become-pass-file"], Done),
    // what is done
    flag(&[A, P], &["-C", "--check"], Done),
    flag(&[A, P], &["-D", "--diff"], Done),
    flag(&[A, P, I], &["-e", "--extra-vars"], Done),
    flag(&[A, P], &["-f", "--forks"], Done),
    flag(&[A, P], &["-M", "--module-path"], Done),
    flag(&[D], &["-M", "--module-path"], NotYet),
    flag(&[A, I, D], &["--playbook-dir"], Done),
    // vault
    flag(&[A, P, I, V], &["--vault-id"], Done),
    flag(&[A, P, I, V], &["-J", "--ask-vault-password", "--ask-vault-pass"], Done),
    flag(&[A, P, I, V], &["--vault-password-file", "--vault-pass-file"], Done),
    // ansible-playbook
    flag(&[P], &["-t", "--tags"], Done),
    flag(&[P], &["--skip-tags"], Done),
    flag(&[P], &["--force-handlers"], Done),
    flag(&[P], &["--syntax-check"], Done),
    flag(&[P], &["--list-tasks"], Done),
    flag(&[P], &["--list-tags"], Done),
    flag(&[P], &["--step"], NotYet),
    flag(&[P], &["--start-at-task"], Done),
    // ansible
    flag(&[A], &["-m", "--module-name"], Done),
    flag(&[A], &["-a", "--args"], Done),
    flag(&[A], &["-P", "--poll"], Done),
    flag(&[A], &["-B", "--background"], Done),
    flag(&[A], &["-o", "--one-line"], Done),
    flag(&[A], &["-t", "--tree"], Done),
    flag(&[A], &["--task-timeout"], Done),
    // ansible-inventory
    flag(&[I], &["--list"], Done),
    flag(&[I], &["--host"], Done),
    flag(&[I], &["--graph"], Done),
    flag(&[I], &["-y", "--yaml"], Done),
    flag(&[I], &["--toml"], NotYet),
    flag(&[I], &["--vars"], Done),
    flag(&[I], &["--export"], Done),
    flag(&[I], &["--output"], Done),
    // ansible-vault
    flag(&[V], &["--encrypt-vault-id"], Done),
    flag(&[V], &["--output"], Done),
    flag(&[V], &["-p", "--prompt"], Done),
    flag(&[V], &["--show-input"], NotYet),
    flag(&[V], &["-n", "--name"], Done),
    flag(&[V], &["--stdin-name"], Done),
    flag(&[V], &["--new-vault-password-file"], Done),
    flag(&[V], &["--new-vault-id"], Done),
    flag(&[V], &["--skip-tty-check"], NotYet),
    // ansible-doc
    flag(&[D], &["-t", "--type"], Done),
    flag(&[D], &["-j", "--json"], NotYet),
    flag(&[D], &["-r", "--roles-path"], NotYet),
    flag(&[D], &["-e", "--entry-point"], NotYet),
    flag(&[D], &["-s", "--snippet"], NotYet),
    flag(&[D], &["-F", "--list_files"], NotYet),
    flag(&[D], &["-l", "--list"], Done),
    flag(&[D], &["--metadata-dump"], NotYet),
    flag(&[D], &["--no-fail-on-errors"], NotYet),
    // ansible-config; which values are done, its verbs say
    flag(&[C], &["-c", "--config"], Done),
    flag(&[C], &["-t", "--type"], Done),
    flag(&[C], &["-f", "--format"], Done),
    flag(&[C], &["--only-changed", "--changed-only"], Done),
    flag(&[C], &["--disabled"], NotYet),
];

/// Whether a flag of this name is not done in a program; for provision's verbs: in none of Ansible's programs.
fn not_yet(name: &str, command: &str) -> bool {
    let mut same = FLAGS
        .iter()
        .filter(|flag| flag.names.contains(&name))
        .filter(|flag| flag.programs.contains(&command) || !command.starts_with("ansible"))
        .peekable();
    same.peek().is_some() && same.all(|flag| flag.status == NotYet)
}

/// Refuses the flags that were given and are not done.
///
/// # Errors
///
/// The first of them, by its long name.
pub(super) fn refuse(command: &Command, matches: &ArgMatches) -> Result<()> {
    refuse_in(command, matches, command.get_name())
}

fn refuse_in(command: &Command, matches: &ArgMatches, program: &str) -> Result<()> {
    for argument in command.get_arguments() {
        let Some(long) = argument.get_long().map(|long| format!("--{long}")) else { continue };
        let given = matches.try_contains_id(argument.get_id().as_str()).unwrap_or(false)
            && matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine);
        if given && not_yet(&long, program) {
            return Err(Failure::NotYet(format!("the flag {long}")));
        }
    }
    match matches.subcommand() {
        Some((name, matches)) => match command.find_subcommand(name) {
            Some(command) => refuse_in(command, matches, program),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Command, CommandFactory};

    use super::{A, C, D, FLAGS, I, P, V};
    use crate::cli::ansible;

    fn named(command: &Command) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
            names.extend(argument.get_short().map(|short| format!("-{short}")));
            names.extend(argument.get_long_and_visible_aliases().into_iter().flatten().map(|long| format!("--{long}")));
        }
        for command in command.get_subcommands() {
            names.extend(named(command));
        }
        names.retain(|name| !matches!(name.as_str(), "-h" | "--help" | "--version" | "-V"));
        names
    }

    #[test]
    fn each_program_takes_exactly_ansible_cores_flags() {
        let programs = [
            (A, ansible::Adhoc::command()),
            (P, ansible::Playbook::command()),
            (I, ansible::Inventory::command()),
            (V, ansible::Vault::command()),
            (D, ansible::Doc::command()),
            (C, ansible::Config::command()),
        ];
        for (name, command) in programs {
            let table: BTreeSet<String> = FLAGS
                .iter()
                .filter(|flag| flag.programs.contains(&name))
                .flat_map(|flag| flag.names)
                .map(ToString::to_string)
                .collect();
            assert_eq!(named(&command), table, "{name}");
        }
    }
}
