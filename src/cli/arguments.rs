//! The flags in groups, with ansible-core 2.19's names; verbs and Ansible's programs are put together from them.

use clap::{ArgAction, Args};

/// How much is shown.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Verbosity {
    /// Show more; up to -vvvv shows more each time
    #[arg(short = 'v', long = "verbose", action = ArgAction::Count)]
    pub verbose: u8,
}

/// Which hosts there are.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Inventory {
    /// Inventory: a file, a directory, a script, or a list of hosts with a comma; may be repeated
    #[arg(short = 'i', long = "inventory", visible_alias = "inventory-file", value_name = "INVENTORY")]
    pub inventory: Vec<String>,
    /// Only these of the hosts; `@FILE` reads them from a file
    #[arg(short = 'l', long = "limit", value_name = "SUBSET", allow_hyphen_values = true)]
    pub limit: Option<String>,
    /// Forget the facts of every host first
    #[arg(long = "flush-cache")]
    pub flush_cache: bool,
}

/// Only say which hosts.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct ListHosts {
    /// Print the hosts and do nothing else
    #[arg(long = "list-hosts")]
    pub list_hosts: bool,
}

/// As whom and how hosts are reached.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Connection options")]
pub struct Connection {
    /// Log in with this private key
    #[arg(long = "private-key", visible_alias = "key-file", value_name = "FILE")]
    pub private_key: Option<String>,
    /// Log in as this user
    #[arg(short = 'u', long = "user", value_name = "USER")]
    pub user: Option<String>,
    /// The connection of hosts that name none
    #[arg(short = 'c', long = "connection", value_name = "CONNECTION")]
    pub connection: Option<String>,
    /// Seconds until a connection must stand
    #[arg(short = 'T', long = "timeout", value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Options of ssh, for every use of it
    #[arg(long = "ssh-common-args", value_name = "ARGS", allow_hyphen_values = true)]
    pub ssh_common_args: Option<String>,
    /// Options of sftp
    #[arg(long = "sftp-extra-args", value_name = "ARGS", allow_hyphen_values = true)]
    pub sftp_extra_args: Option<String>,
    /// Options of scp
    #[arg(long = "scp-extra-args", value_name = "ARGS", allow_hyphen_values = true)]
    pub scp_extra_args: Option<String>,
    /// Options of ssh
    #[arg(long = "ssh-extra-args", value_name = "ARGS", allow_hyphen_values = true)]
    pub ssh_extra_args: Option<String>,
    /// Ask for the connection password
    #[arg(short = 'k', long = "ask-pass")]
    pub ask_pass: bool,
    /// A file that holds the connection password, or a script that prints it
    #[arg(
        long = "connection-password-file",
        visible_alias = "conn-pass-file",
        value_name = "FILE",
        conflicts_with = "ask_pass"
    )]
    pub connection_password_file: Option<String>,
}

/// Privileges.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Privilege options")]
pub struct Become {
    /// Become another user for every task
    #[arg(short = 'b', long = "become")]
    pub become_: bool,
    /// How to become another user
    #[arg(long = "become-method", value_name = "METHOD")]
    pub become_method: Option<String>,
    /// The user to become
    #[arg(long = "become-user", value_name = "USER")]
    pub become_user: Option<String>,
    /// Ask for the password of become
    #[arg(short = 'K', long = "ask-become-pass")]
    pub ask_become_pass: bool,
    /// A file that holds the password of become, or a script that prints it
    #[arg(
        long = "become-password-file",
        visible_alias = "become-pass-file",
        value_name = "FILE",
        conflicts_with = "ask_become_pass"
    )]
    pub become_password_file: Option<String>,
}

/// Check and diff.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Check {
    /// Change nothing; say what would change
    #[arg(short = 'C', long = "check")]
    pub check: bool,
    /// Show how files change
    #[arg(short = 'D', long = "diff")]
    pub diff: bool,
}

/// Variables of the command line.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Vars {
    /// Variables: key=value, YAML or JSON, or @FILE; may be repeated
    #[arg(short = 'e', long = "extra-vars", value_name = "VARS", allow_hyphen_values = true)]
    pub extra_vars: Vec<String>,
}

/// Passwords of vaults.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Vault options")]
pub struct Vault {
    /// A vault password by its id: ID@FILE or ID@prompt; may be repeated
    #[arg(long = "vault-id", value_name = "ID@SOURCE")]
    pub vault_id: Vec<String>,
    /// Ask for the vault password
    #[arg(short = 'J', long = "ask-vault-password", visible_alias = "ask-vault-pass")]
    pub ask_vault_password: bool,
    /// A file that holds the vault password, or a script that prints it
    #[arg(
        long = "vault-password-file",
        visible_alias = "vault-pass-file",
        value_name = "FILE",
        conflicts_with = "ask_vault_password"
    )]
    pub vault_password_file: Vec<String>,
}

/// How much is done at a time.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Forks {
    /// Hosts at work at the same time
    #[arg(short = 'f', long = "forks", value_name = "N")]
    pub forks: Option<usize>,
}

/// Where modules are looked for.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct ModulePath {
    /// Directories of modules, before the usual ones; may be repeated
    #[arg(short = 'M', long = "module-path", value_name = "PATH")]
    pub module_path: Vec<String>,
}

/// Where files beside playbooks are looked for when there is no playbook.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct PlaybookDir {
    /// Take this as the directory of the playbook that is not there
    #[arg(long = "playbook-dir", value_name = "DIRECTORY")]
    pub playbook_dir: Option<String>,
}

/// Which tasks of a playbook run.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Tags {
    /// Only plays and tasks with one of these tags; may be repeated
    #[arg(short = 't', long = "tags", value_name = "TAGS")]
    pub tags: Vec<String>,
    /// No plays and tasks with one of these tags; may be repeated
    #[arg(long = "skip-tags", value_name = "TAGS")]
    pub skip_tags: Vec<String>,
}

/// What is done with a playbook.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Course {
    /// Run handlers even where a task failed
    #[arg(long = "force-handlers")]
    pub force_handlers: bool,
    /// Read everything, complain, and run nothing
    #[arg(long = "syntax-check")]
    pub syntax_check: bool,
    /// Print the tasks and run nothing
    #[arg(long = "list-tasks")]
    pub list_tasks: bool,
    /// Print the tags and run nothing
    #[arg(long = "list-tags")]
    pub list_tags: bool,
    /// Ask before each task
    #[arg(long = "step")]
    pub step: bool,
    /// Begin with the task of this name
    #[arg(long = "start-at-task", value_name = "NAME")]
    pub start_at_task: Option<String>,
}

/// One task on many hosts.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Task {
    /// The module
    #[arg(short = 'm', long = "module-name", value_name = "MODULE")]
    pub module_name: Option<String>,
    /// The module's arguments: key=value, or JSON
    #[arg(short = 'a', long = "args", value_name = "ARGS", allow_hyphen_values = true)]
    pub module_args: Option<String>,
    /// Seconds between two looks at a job in the background
    #[arg(short = 'P', long = "poll", value_name = "SECONDS")]
    pub poll: Option<u64>,
    /// Run in the background, for this many seconds at most
    #[arg(short = 'B', long = "background", value_name = "SECONDS")]
    pub background: Option<u64>,
    /// Each result on one line
    #[arg(short = 'o', long = "one-line")]
    pub one_line: bool,
    /// Write each host's result into a file of this directory
    #[arg(short = 't', long = "tree", value_name = "DIRECTORY")]
    pub tree: Option<String>,
    /// Seconds that the task may take
    #[arg(long = "task-timeout", value_name = "SECONDS")]
    pub task_timeout: Option<u64>,
}

/// What all verbs share that touch hosts.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Hosts {
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub inventory: Inventory,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub list_hosts: ListHosts,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub vars: Vars,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub check: Check,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub forks: Forks,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub module_path: ModulePath,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub verbosity: Verbosity,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub connection: Connection,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub become_: Become,
    #[expect(missing_docs, reason = "the groups say what they are")]
    #[command(flatten)]
    pub vault: Vault,
}

/// In which form provision's own verbs print.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct Output {
    /// How results are printed
    #[arg(long = "output", value_name = "FORM", value_enum, default_value_t)]
    pub output: Form,
}

/// The forms of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Form {
    /// As ansible.cfg's stdout_callback says
    #[default]
    Text,
    /// One JSON object a line, for other programs (docs/output.md)
    Json,
}
