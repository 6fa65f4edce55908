//! `provision inventory`.

use clap::Args;

use crate::cli::{
    Failure, Result,
    arguments::{self, PlaybookDir, Vars, Vault, Verbosity},
    options::{self, InventoryOptions, Listing},
    terminal::Terminal,
};

/// Show the inventory: all of it, as a graph, or one host's variables
///
/// Example: provision inventory -i inventory --graph
///
/// Example: provision inventory -i inventory --host web1
#[derive(Debug, Args)]
pub struct Verb {
    #[command(flatten)]
    listing: Arguments,
}

impl Verb {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        self.listing.run(terminal)
    }
}

/// What `inventory` and `ansible-inventory` take.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    inventory: arguments::Inventory,
    #[command(flatten)]
    vars: Vars,
    #[command(flatten)]
    vault: Vault,
    #[command(flatten)]
    directory: PlaybookDir,
    #[command(flatten)]
    verbosity: Verbosity,
    /// All hosts and groups, as an inventory script prints them
    #[arg(long = "list")]
    list: bool,
    /// One host's variables
    #[arg(long = "host", value_name = "HOST")]
    host: Option<String>,
    /// Groups and hosts as a tree
    #[arg(long = "graph")]
    graph: bool,
    /// Print YAML
    #[arg(short = 'y', long = "yaml")]
    yaml: bool,
    /// Print TOML
    #[arg(long = "toml")]
    toml: bool,
    /// Variables in the tree too
    #[arg(long = "vars")]
    show_vars: bool,
    /// With --list: as it is written, not as it is merged
    #[arg(long = "export")]
    export: bool,
    /// With --list: write into this file
    #[arg(long = "output", value_name = "FILE")]
    output: Option<String>,
    /// With --graph: the group to begin with
    #[arg(value_name = "GROUP")]
    group: Option<String>,
}

impl Arguments {
    /// Shows the inventory.
    ///
    /// # Errors
    ///
    /// None or several of the listings were asked for, or the inventory is refused.
    pub fn run(self, terminal: &mut Terminal) -> Result {
        let asked = usize::from(self.list) + usize::from(self.graph) + usize::from(self.host.is_some());
        if asked == 0 {
            let message = "No action selected, at least one of --host, --graph or --list needs to be specified.";
            return Err(Failure::options(message));
        }
        if asked > 1 {
            let message =
                "Conflicting options used, only one of --host, --graph or --list can be used at the same time.";
            return Err(Failure::options(message));
        }
        let mut config = terminal.configure()?;
        options::put_verbosity(&self.verbosity, &mut config);
        terminal.announce("ansible-inventory", &config);
        options::put_playbook_dir(&self.directory, &mut config);
        let listing = match self.host {
            Some(host) => Listing::Host(host),
            None if self.graph => {
                Listing::Graph { group: self.group.unwrap_or_else(|| "all".to_owned()), vars: self.show_vars }
            }
            None => Listing::All { export: self.export || config.inventories.export, output: self.output },
        };
        options::put_inventory(&self.inventory.inventory, &mut config, terminal);
        let options = InventoryOptions {
            listing,
            yaml: self.yaml,
            limit: self.inventory.limit.filter(|limit| !limit.is_empty()),
            extra_vars: options::extra_vars(&self.vars.extra_vars)?,
            vault: options::vault(&self.vault, &config, false, false, terminal)?,
            config,
        };
        super::super::start::inventory(options, terminal)
    }
}
