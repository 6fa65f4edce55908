//! `provision man`.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};

use super::Cli;
use crate::{
    cli::{Failure, Result, ansible, terminal::Terminal},
    diagnostic::{Diagnostic, suggest},
};

/// Print a man page, or write all of them into a directory
///
/// Example: provision man apply | man -l -
///
/// Example: provision man --directory /usr/local/share/man/man1
#[derive(Debug, Args)]
pub struct Arguments {
    /// Write every page into this directory
    #[arg(long = "directory", value_name = "DIRECTORY", conflicts_with = "verb")]
    directory: Option<PathBuf>,
    /// The page: a verb, or one of Ansible's programs
    #[arg(value_name = "VERB")]
    verb: Option<String>,
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        let pages = pages();
        if let Some(directory) = self.directory {
            for (name, page) in &pages {
                let path = directory.join(format!("{name}.1"));
                std::fs::write(&path, page)
                    .map_err(|error| Failure::generic(format!("{} cannot be written: {error}", path.display())))?;
            }
            return Ok(0);
        }
        let wanted = match &self.verb {
            None => "provision".to_owned(),
            Some(verb) if verb.starts_with("ansible") || verb.starts_with("provision") => verb.clone(),
            Some(verb) => format!("provision-{verb}"),
        };
        match pages.iter().find(|(name, _)| *name == wanted) {
            Some((_, page)) => terminal.print(page),
            None => {
                let mut error = Diagnostic::error(format!("there is no page `{wanted}`"));
                if let Some(near) = suggest::nearest(&wanted, pages.iter().map(|(name, _)| name.as_str())) {
                    error = error.help(format!("did you mean `{near}`?"));
                }
                return Err(Failure::Generic(Box::new(error)));
            }
        }
        Ok(0)
    }
}

/// Every page by its name.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let mut cli = Cli::command();
    cli.build();
    collect(&cli, "provision".to_owned(), &mut pages);
    for mut command in ansible::commands() {
        command.build();
        let name = command.get_name().to_owned();
        collect(&command, name, &mut pages);
    }
    pages
}

fn collect(command: &Command, name: String, pages: &mut Vec<(String, String)>) {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help");
    for verb in verbs {
        collect(verb, format!("{name}-{}", verb.get_name()), pages);
    }
    let mut page = Vec::new();
    let title = command.clone().name(name.clone()).display_name(name.clone());
    // A Vec takes whatever is written to it.
    if clap_mangen::Man::new(title).render(&mut page).is_ok() {
        pages.push((name, String::from_utf8_lossy(&page).into_owned()));
    }
}
