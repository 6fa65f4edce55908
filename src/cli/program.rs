//! Which program was called: `provision`, or one of Ansible's by its name.

use std::{ffi::OsString, path::Path};

use clap::{Parser, error::ErrorKind};

use super::{Failure, Result, ansible, flags, terminal::Terminal, verbs, version};

/// A program by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `provision`
    Provision,
    /// `ansible`
    Adhoc,
    /// `ansible-playbook`
    Playbook,
    /// `ansible-inventory`
    Inventory,
    /// `ansible-vault`
    Vault,
    /// `ansible-doc`
    Doc,
    /// `ansible-config`
    Config,
    /// `ansible-console`
    Console,
    /// `ansible-galaxy`
    Galaxy,
    /// `ansible-pull`
    Pull,
    /// `ansible-test`
    Test,
}

/// Ansible's programs by name.
pub const ANSIBLE: [(&str, Program); 10] = [
    ("ansible", Program::Adhoc),
    ("ansible-playbook", Program::Playbook),
    ("ansible-inventory", Program::Inventory),
    ("ansible-vault", Program::Vault),
    ("ansible-doc", Program::Doc),
    ("ansible-config", Program::Config),
    ("ansible-console", Program::Console),
    ("ansible-galaxy", Program::Galaxy),
    ("ansible-pull", Program::Pull),
    ("ansible-test", Program::Test),
];

impl Program {
    /// The program that the arguments name: by the last part of the first, or as `provision ansible-... `.
    #[must_use]
    pub fn of(arguments: &[OsString]) -> Self {
        let own = arguments.first().and_then(|path| Path::new(path).file_name());
        let by_name =
            |name: &std::ffi::OsStr| ANSIBLE.iter().find(|(known, _)| name == *known).map(|(_, program)| *program);
        own.and_then(by_name).or_else(|| arguments.get(1).and_then(|name| by_name(name))).unwrap_or(Self::Provision)
    }

    /// Whether it is one of Ansible's.
    #[must_use]
    pub fn is_ansible(self) -> bool {
        self != Self::Provision
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        ANSIBLE.iter().find(|(_, program)| *program == self).map_or("provision", |(name, _)| name)
    }

    /// Parses the arguments and runs the program.
    ///
    /// # Errors
    ///
    /// The command line is refused, or the program cannot go on.
    pub fn run(self, mut arguments: Vec<OsString>, terminal: &mut Terminal) -> Result {
        terminal.ansible = self.is_ansible();
        let first = arguments.first().and_then(|path| Path::new(path).file_name());
        if self.is_ansible() && first.is_none_or(|name| name != self.name()) {
            arguments.remove(0);
        }
        match self {
            Self::Provision => match parse::<verbs::Cli>(&arguments, self, terminal)? {
                Ok(cli) => cli.verb.run(terminal),
                Err(code) => Ok(code),
            },
            Self::Adhoc => self.with::<ansible::Adhoc>(&arguments, terminal, ansible::Adhoc::run),
            Self::Playbook => self.with::<ansible::Playbook>(&arguments, terminal, ansible::Playbook::run),
            Self::Inventory => self.with::<ansible::Inventory>(&arguments, terminal, ansible::Inventory::run),
            Self::Vault => self.with::<ansible::Vault>(&arguments, terminal, ansible::Vault::run),
            Self::Doc => self.with::<ansible::Doc>(&arguments, terminal, ansible::Doc::run),
            Self::Config => self.with::<ansible::Config>(&arguments, terminal, ansible::Config::run),
            Self::Console | Self::Galaxy | Self::Pull | Self::Test => self.later(&arguments, terminal),
        }
    }

    fn with<T: Parser>(
        self,
        arguments: &[OsString],
        terminal: &mut Terminal,
        run: fn(T, &mut Terminal) -> Result,
    ) -> Result {
        if arguments.iter().skip(1).any(|argument| argument == "--version") {
            return self.version(terminal);
        }
        match parse::<T>(arguments, self, terminal)? {
            Ok(program) => run(program, terminal),
            Err(code) => Ok(code),
        }
    }

    fn version(self, terminal: &mut Terminal) -> Result {
        let config = terminal.configure()?;
        terminal.print(&version::ansible(self.name(), &config));
        Ok(0)
    }

    /// A program that comes later says so.
    fn later(self, arguments: &[OsString], terminal: &mut Terminal) -> Result {
        if arguments.iter().skip(1).any(|argument| argument == "--version") {
            return self.version(terminal);
        }
        Err(Failure::NotYet(self.name().to_owned()))
    }
}

/// Parses the arguments; the inner error is the exit code of what was only asked to show help. A flag that is known and
/// not done yet is refused here, before anything is read.
fn parse<T: Parser>(
    arguments: &[OsString],
    program: Program,
    terminal: &mut Terminal,
) -> Result<std::result::Result<T, u8>> {
    let mut command = T::command();
    if program.is_ansible() {
        // argparse takes a long flag's beginning where it is unambiguous.
        command = command.infer_long_args(true);
    }
    let matches = match command.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                    terminal.print(&error.render().to_string());
                    Ok(Err(0))
                }
                _ => Err(Failure::Usage(error.render().to_string())),
            };
        }
    };
    flags::refuse(&command, &matches)?;
    T::from_arg_matches(&matches).map(Ok).map_err(|error| Failure::Usage(error.render().to_string()))
}

#[cfg(test)]
mod tests {
    use super::Program;

    fn of(arguments: &[&str]) -> Program {
        Program::of(&arguments.iter().map(Into::into).collect::<Vec<_>>())
    }

    #[test]
    fn a_program_is_known_by_the_last_part_of_its_name() {
        assert_eq!(of(&["/usr/bin/ansible-playbook", "x.yml"]), Program::Playbook);
        assert_eq!(of(&["./ansible"]), Program::Adhoc);
        assert_eq!(of(&["provision", "apply"]), Program::Provision);
        assert_eq!(of(&[]), Program::Provision);
    }

    #[test]
    fn provision_takes_the_name_as_its_first_word_too() {
        assert_eq!(of(&["provision", "ansible-playbook", "x.yml"]), Program::Playbook);
    }
}
