//! `provision completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::cli::{Result, ansible, terminal::Terminal};

/// Print the completions of a shell, for provision and Ansible's programs
///
/// Example: provision completions bash > /etc/bash_completion.d/provision
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Arguments {
    #[expect(clippy::unnecessary_wraps, reason = "every verb has this form")]
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        let mut commands = vec![Cli::command()];
        // zsh reads one program's completions from each file.
        if self.shell != Shell::Zsh {
            commands.extend(ansible::commands());
        }
        for mut command in commands {
            let name = command.get_name().to_owned();
            let mut text = Vec::new();
            clap_complete::generate(self.shell, &mut command, name, &mut text);
            terminal.print(&String::from_utf8_lossy(&text));
        }
        Ok(0)
    }
}
