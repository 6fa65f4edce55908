//! The configuration as the rooms below read it.

use std::path::PathBuf;

use super::{Environment, Settings};

/// The configuration of a run. Fields are public: flags overwrite them.
///
/// Names and meanings are those of
/// <https://docs.ansible.com/ansible-core/2.19/reference_appendices/config.html>.
#[derive(Debug, Clone)]
pub struct Config {
    /// The `ansible.cfg` that was read.
    pub file: Option<PathBuf>,
    /// The process's surroundings.
    pub environment: Environment,
    /// Every setting with its origin, for `lookup('config', ...)` and `ansible-config`.
    pub settings: Settings,

    /// `ANSIBLE_HOME`.
    pub home: PathBuf,
    /// Hosts at work at the same time.
    pub forks: usize,
    /// Seconds until a connection must stand.
    pub timeout: u64,
    /// Seconds a task may take; 0: no limit.
    pub task_timeout: u64,
    /// Seconds between two looks at a job in the background.
    pub poll_interval: u64,
    /// The user to log in as.
    pub remote_user: Option<String>,
    /// The port to connect to.
    pub remote_port: Option<u16>,
    /// The private key to log in with.
    pub private_key_file: Option<PathBuf>,
    /// A file that holds the connection password, or a script that prints it.
    pub connection_password_file: Option<PathBuf>,
    /// Ask for the connection password.
    pub ask_pass: bool,
    /// Refuse hosts whose key is not known.
    pub host_key_checking: bool,
    /// The connection of hosts that name none: `ssh`, `smart`, `local` ...
    pub transport: String,
    /// The shell on the hosts.
    pub executable: String,
    /// Where jobs in the background keep their state on the hosts.
    pub async_dir: String,
    /// The SSH connection.
    pub ssh: Ssh,
    /// Privileges.
    pub become_: Become,

    /// When facts are gathered: `implicit`, `explicit`, `smart`.
    pub gathering: String,
    /// Where facts are kept from one run to the next.
    pub fact_cache: FactCache,
    /// Files with the hosts that failed.
    pub retry_files: RetryFiles,
    /// Facts are variables of their own too.
    pub inject_facts_as_vars: bool,
    /// `interpreter_python`: a path, or `auto`, `auto_silent`, ...
    pub interpreter_python: String,

    /// Where roles are looked for.
    pub roles_path: Vec<PathBuf>,
    /// `library`: where Python modules are looked for.
    pub library: Vec<PathBuf>,
    /// Where collections are looked for.
    pub collections_paths: Vec<PathBuf>,
    /// The base directory of verbs that have no playbook.
    pub playbook_dir: Option<PathBuf>,
    /// `playbook_vars_root`: `top`, `bottom`, `all`.
    pub playbook_vars_root: String,
    /// Inventory sources.
    pub inventory: Vec<String>,
    /// How inventories are read.
    pub inventories: InventoryConfig,
    /// Extensions of files of variables.
    pub yaml_extensions: Vec<String>,
    /// `merge` instead of `replace` for dicts of the same name.
    pub merge_hashes: bool,
    /// `variable_precedence`: the order of group variables.
    pub precedence: Vec<String>,
    /// Vaults.
    pub vault: Vault,

    /// An undefined variable is an error.
    pub error_on_undefined: bool,
    /// Jinja extensions by their Python names.
    pub jinja2_extensions: Vec<String>,
    /// A condition may be anything instead of a boolean.
    pub allow_broken_conditionals: bool,
    /// The text of `ansible_managed`.
    pub ansible_managed: String,
    /// `error`, `warn` or `ignore` for a key that stands twice in a mapping.
    pub duplicate_dict_key: String,

    /// Which host goes on when: `linear`, `free`, `host_pinned`.
    pub strategy: String,
    /// Handlers run on failed hosts too.
    pub force_handlers: bool,
    /// Any failure ends the play for all hosts.
    pub any_errors_fatal: bool,
    /// A handler that is notified and does not exist is an error.
    pub error_on_missing_handler: bool,
    /// An unknown keyword of a task is an error.
    pub invalid_task_attribute_failed: bool,
    /// Variables of roles are seen by their role alone.
    pub private_role_vars: bool,
    /// Results are censored everywhere.
    pub no_log: bool,
    /// Tags to run.
    pub tags: Vec<String>,
    /// Tags to skip.
    pub skip_tags: Vec<String>,
    /// The module of `ansible` without `-m`.
    pub module_name: String,
    /// The arguments of `ansible` without `-a`.
    pub module_args: String,
    /// Show differences.
    pub diff: bool,
    /// Lines of context in differences.
    pub diff_context: usize,
    /// Bytes beyond which a file's difference is not shown.
    pub max_diff_size: u64,
    /// The screen.
    pub display: Display,
}

/// Files with the hosts that failed, for `--limit @FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryFiles {
    /// `retry_files_enabled`
    pub enabled: bool,
    /// `retry_files_save_path`: where they are written; none: beside the playbook.
    pub folder: Option<PathBuf>,
}

/// Where facts are kept from one run to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactCache {
    /// `fact_caching`: `memory` (nowhere), `jsonfile`.
    pub plugin: String,
    /// `fact_caching_connection`: the folder.
    pub folder: Option<PathBuf>,
    /// `fact_caching_prefix`: how the names of files begin.
    pub prefix: String,
    /// `fact_caching_timeout`: how long facts hold, in seconds; 0: for ever.
    pub timeout: u64,
}

/// The SSH connection's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// `ssh_args`: options of the ssh command.
    pub args: String,
    /// `ssh_common_args`
    pub common_args: String,
    /// `ssh_extra_args`
    pub extra_args: String,
    /// Attempts after the first.
    pub retries: u32,
    /// Seconds until a connection must stand (`[ssh_connection] timeout`, else the general one).
    pub timeout: u64,
    /// Refuse hosts whose key is not known (`[ssh_connection] host_key_checking`, else the general one).
    pub host_key_checking: bool,
}

/// Privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Become {
    /// Every task becomes another user.
    pub enabled: bool,
    /// Ask for the password.
    pub ask_pass: bool,
    /// A file that holds the password, or a script that prints it.
    pub password_file: Option<PathBuf>,
    /// `sudo`, `su` ...
    pub method: String,
    /// The user to become.
    pub user: String,
    /// Also where the user is the one who logs in.
    pub allow_same_user: bool,
    /// Any prompt that ends in a colon is taken for one that asks for the password.
    pub agnostic_prompt: bool,
    /// `sudo`'s own settings, general ones put in.
    pub sudo: BecomeMethod,
    /// `su`'s own settings, general ones put in.
    pub su: BecomeMethod,
}

/// The settings of a way to get privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BecomeMethod {
    /// The user to become.
    pub user: String,
    /// The program.
    pub exe: String,
    /// Its flags.
    pub flags: String,
    /// The password.
    pub password: Option<protocol::Secret>,
}

/// How inventories are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryConfig {
    /// Plugins to try, in order.
    pub enabled: Vec<String>,
    /// Extensions that are passed over in directories.
    pub ignore_extensions: Vec<String>,
    /// Regular expressions of names that are passed over in directories.
    pub ignore_patterns: Vec<String>,
    /// Extensions of YAML inventories.
    pub yaml_extensions: Vec<String>,
    /// A source that cannot be read is an error.
    pub any_unparsed_is_failed: bool,
    /// It is an error if no source can be read.
    pub unparsed_is_failed: bool,
    /// It is a warning if no source can be read.
    pub unparsed_warning: bool,
    /// `error`, `warning` or `ignore` for a pattern that matches no host.
    pub host_pattern_mismatch: String,
    /// `always`, `never`, `ignore` or `silently`: letters of group names that variables may not have become `_`.
    pub transform_invalid_group_chars: String,
    /// What a script writes to its standard error is shown.
    pub script_stderr: bool,
    /// `--list` is to be read in again, not to be looked at.
    pub export: bool,
}

/// Vaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vault {
    /// Ask for a password.
    pub ask_pass: bool,
    /// The id of passwords that are given without one.
    pub identity: String,
    /// `ID@SOURCE` or `SOURCE`, before those of the command line.
    pub identity_list: Vec<String>,
    /// A password file or script, after those of the command line.
    pub password_file: Option<PathBuf>,
    /// A vault that names an id is opened only by a password of that id.
    pub id_match: bool,
    /// The id to encrypt with.
    pub encrypt_identity: Option<String>,
    /// The salt to encrypt with.
    pub encrypt_salt: Option<String>,
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display {
    /// The callback that writes to standard output.
    pub stdout_callback: String,
    /// Other callbacks that are on (`callbacks_enabled`), in this order.
    pub callbacks_enabled: Vec<String>,
    /// `callback_profile_tasks`
    pub profile_tasks: ProfileTasks,
    /// `callback_profile_roles`: only the list at the end.
    pub profile_roles_summary_only: bool,
    /// `json` or `yaml` for results.
    pub result_format: String,
    /// Results over several lines; `None`: as the format has it.
    pub pretty_results: Option<bool>,
    /// `-v`s.
    pub verbosity: u8,
    /// Colours even where no terminal is.
    pub force_color: bool,
    /// No colours (`ANSIBLE_NOCOLOR`, `NO_COLOR`).
    pub nocolor: bool,
    /// Colours by what they are for (`ok`, `changed`, `error` ...), as Ansible names them.
    pub colors: Vec<(&'static str, String)>,
    /// Show hosts that skip.
    pub skipped_hosts: bool,
    /// Show hosts that are ok.
    pub ok_hosts: bool,
    /// Failures go to standard error.
    pub failed_stderr: bool,
    /// Show `set_stats` at the end.
    pub custom_stats: bool,
    /// Show when a host begins a task.
    pub per_host_start: bool,
    /// Mark tasks in check mode.
    pub check_mode_markers: bool,
    /// Show a failed task's place.
    pub task_path_on_failure: bool,
    /// Show a task's arguments in its banner.
    pub args_to_stdout: bool,
    /// Show warnings of actions.
    pub action_warnings: bool,
    /// Show deprecations.
    pub deprecation_warnings: bool,
    /// Show warnings about the system.
    pub system_warnings: bool,
    /// Warn where there is only the implicit localhost.
    pub localhost_warning: bool,
    /// Write a log there.
    pub log_path: Option<PathBuf>,
}

/// The callback `profile_tasks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileTasks {
    /// How many tasks are listed: a number, or `all`.
    pub output_limit: String,
    /// `descending`, `ascending`, `none`.
    pub sort_order: String,
    /// Only the list at the end.
    pub summary_only: bool,
}
