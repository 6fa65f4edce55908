//! `provision render`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::{
    Failure, Result,
    arguments::{Vault, Verbosity},
    options::{self, RenderOptions, What},
    terminal::Terminal,
};

/// Render a template or an expression as a task on a host would see it
///
/// Example: provision render templates/nginx.conf.j2 -i inventory --host web1
///
/// Example: provision render -e 'groups.web | length' -i inventory --format repr
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    inventory: Source,
    #[command(flatten)]
    vault: Vault,
    #[command(flatten)]
    verbosity: Verbosity,
    /// An expression instead of a template
    #[arg(short = 'e', long = "expression", value_name = "EXPR", allow_hyphen_values = true)]
    expression: Option<String>,
    /// With the variables of this host
    #[arg(long = "host", value_name = "HOST")]
    host: Option<String>,
    /// Variables from a YAML or JSON file, before all others; may be repeated
    #[arg(long = "vars", value_name = "FILE")]
    vars: Vec<PathBuf>,
    /// How the value is printed
    #[arg(long = "format", value_enum, default_value_t)]
    format: Format,
    /// The template
    #[arg(value_name = "TEMPLATE", required_unless_present = "expression", conflicts_with = "expression")]
    template: Option<PathBuf>,
}

/// Where the host's variables come from.
#[derive(Debug, Args)]
struct Source {
    /// Inventory: a file, a directory, a script, or a list of hosts with a comma; may be repeated
    #[arg(short = 'i', long = "inventory", value_name = "INVENTORY")]
    inventory: Vec<String>,
}

/// How a value is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// As text
    #[default]
    Text,
    /// As JSON
    Json,
    /// As Python's repr
    Repr,
}

impl Arguments {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        let mut config = terminal.configure()?;
        options::put_verbosity(&self.verbosity, &mut config);
        options::put_inventory(&self.inventory.inventory, &mut config, terminal);
        let what = match (self.template, self.expression) {
            (Some(template), _) => What::Template(template),
            (None, Some(expression)) => What::Expression(expression),
            (None, None) => return Err(Failure::options("a template or an expression is needed")),
        };
        let options = RenderOptions {
            what,
            host: self.host,
            vars: self.vars,
            format: self.format,
            with_inventory: !self.inventory.inventory.is_empty(),
            vault: options::vault(&self.vault, &config, false, false, terminal)?,
            config,
        };
        super::super::start::render(options, terminal)
    }
}
