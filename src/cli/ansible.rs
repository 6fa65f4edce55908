//! Ansible's programs, with their own flags and words.

use clap::{ArgAction, Args, Parser};

use super::{
    Failure, Result,
    arguments::{self, Course, Hosts, ModulePath, PlaybookDir, Tags, Task, Verbosity},
    terminal::Terminal,
    verbs,
};

/// Runs Ansible playbooks, executing the defined tasks on the targeted hosts.
///
/// Example: ansible-playbook -i inventory site.yml --check --diff
#[derive(Debug, Parser)]
#[command(name = "ansible-playbook", disable_version_flag = true)]
pub struct Playbook {
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    tags: Tags,
    #[command(flatten)]
    course: Course,
    /// Playbooks, run one after the other
    #[arg(value_name = "playbook", required = true)]
    playbooks: Vec<String>,
}

impl Playbook {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        verbs::apply::run(&self.hosts, &self.tags, &self.course, self.playbooks, arguments::Form::Text, terminal)
    }
}

/// Define and run a single task 'playbook' against a set of hosts.
///
/// Example: ansible all -i inventory -m ping
#[derive(Debug, Parser)]
#[command(name = "ansible", disable_version_flag = true)]
pub struct Adhoc {
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    task: Task,
    #[command(flatten)]
    directory: PlaybookDir,
    /// The hosts
    #[arg(value_name = "pattern", allow_hyphen_values = false)]
    pattern: String,
}

impl Adhoc {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        verbs::exec::run(&self.hosts, &self.task, &self.directory, self.pattern, arguments::Form::Text, terminal)
    }
}

/// Show Ansible inventory information, by default it uses the inventory script JSON format.
///
/// Example: ansible-inventory -i inventory --graph
#[derive(Debug, Parser)]
#[command(name = "ansible-inventory", disable_version_flag = true)]
pub struct Inventory {
    #[command(flatten)]
    listing: verbs::inventory::Arguments,
}

impl Inventory {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        self.listing.run(terminal)
    }
}

/// Encryption/decryption utility for Ansible data files.
///
/// Example: ansible-vault view --vault-password-file pass group_vars/all/secrets.yml
#[derive(Debug, Parser)]
#[command(name = "ansible-vault", disable_version_flag = true, subcommand_required = true)]
pub struct Vault {
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(subcommand)]
    action: verbs::vault::Action,
}

impl Vault {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        let _ = self.verbosity;
        self.action.run(terminal)
    }
}

/// View ansible configuration.
///
/// Example: ansible-config dump --only-changed
#[derive(Debug, Parser)]
#[command(name = "ansible-config", disable_version_flag = true, subcommand_required = true)]
pub struct Config {
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(subcommand)]
    action: verbs::config::Action,
}

impl Config {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        let _ = self.verbosity;
        self.action.run(terminal)
    }
}

/// Plugin documentation tool.
///
/// Example: ansible-doc copy
#[derive(Debug, Parser)]
#[command(name = "ansible-doc", disable_version_flag = true)]
pub struct Doc {
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(flatten)]
    module_path: ModulePath,
    #[command(flatten)]
    directory: PlaybookDir,
    #[command(flatten)]
    flags: DocFlags,
    /// What to show
    #[arg(value_name = "plugin")]
    plugins: Vec<String>,
}

#[derive(Debug, Args)]
struct DocFlags {
    /// The type of plugin
    #[arg(short = 't', long = "type", default_value = "module", value_parser = [
        "become", "cache", "callback", "cliconf", "connection", "httpapi", "inventory", "lookup", "netconf", "shell",
        "vars", "module", "strategy", "test", "filter", "role", "keyword",
    ])]
    kind: String,
    /// Print JSON
    #[arg(short = 'j', long = "json")]
    json: bool,
    /// Directories of roles
    #[arg(short = 'r', long = "roles-path")]
    roles_path: Vec<String>,
    /// The entry point of roles
    #[arg(short = 'e', long = "entry-point")]
    entry_point: Option<String>,
    /// Print a snippet of a playbook
    #[arg(short = 's', long = "snippet")]
    snippet: bool,
    /// Print plugins and their files
    #[arg(short = 'F', long = "list_files")]
    list_files: bool,
    /// Print the plugins
    #[arg(short = 'l', long = "list", action = ArgAction::SetTrue)]
    list: bool,
    /// For internal use
    #[arg(long = "metadata-dump")]
    metadata_dump: bool,
    /// For internal use
    #[arg(long = "no-fail-on-errors")]
    no_fail_on_errors: bool,
}

impl Doc {
    pub(super) fn run(self, terminal: &mut Terminal) -> Result {
        if self.flags.kind != "module" {
            return Err(Failure::NotYet(format!("ansible-doc --type {}", self.flags.kind)));
        }
        if self.flags.list {
            return verbs::doc::list(&self.plugins, terminal);
        }
        if self.plugins.is_empty() {
            return Err(Failure::options("Incorrect options passed"));
        }
        verbs::doc::show(&self.plugins, terminal)
    }
}

/// The programs' definitions by name, for completions and man pages.
#[must_use]
pub fn commands() -> Vec<clap::Command> {
    use clap::CommandFactory;
    vec![
        Adhoc::command(),
        Playbook::command(),
        Inventory::command(),
        Vault::command(),
        Doc::command(),
        Config::command(),
    ]
}
