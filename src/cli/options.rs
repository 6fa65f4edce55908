//! What flags and configuration say together, as the executor takes it.

use std::{
    io::{ErrorKind, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use protocol::Secret;

use super::{
    Failure, Result,
    arguments::{Become, Connection, Course, Form, Hosts, PlaybookDir, Tags, Task, Vault, Verbosity},
    prompt,
    terminal::Terminal,
    verbs::render::Format,
};
use crate::{
    config::{Config, Origin},
    vault::{
        VaultSecrets,
        source::{self, Request},
    },
};

/// Everything that a run on hosts is told before it begins.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The configuration, flags put over it: inventory, forks, connection, become, tags, diff, verbosity ...
    pub config: Config,
    /// `--limit`: a pattern, `@FILE` not yet read.
    pub limit: Option<String>,
    /// `-e`, in order.
    pub extra_vars: Vec<ExtraVars>,
    /// `--check`
    pub check: bool,
    /// `--flush-cache`
    pub flush_cache: bool,
    /// `--list-hosts`
    pub list_hosts: bool,
    /// What was asked for or read from a file, at most once a run.
    pub passwords: Passwords,
    /// The vault passwords.
    pub vault: VaultSecrets,
    /// How results are printed.
    pub output: Form,
}

/// One `-e`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtraVars {
    /// `@FILE`
    File(PathBuf),
    /// YAML or JSON of a mapping.
    Yaml(String),
    /// `key=value key2="other value"`
    KeyValue(String),
}

/// Passwords of the command line.
#[derive(Debug, Clone, Default)]
pub struct Passwords {
    /// `-k`: of the connection.
    pub connection: Option<Secret>,
    /// `-K`: of become.
    pub become_: Option<Secret>,
}

/// A run of playbooks.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// The playbooks, as the user gave them; each is there and is a file.
    pub playbooks: Vec<String>,
    /// The run.
    pub run: RunOptions,
    /// `--syntax-check`
    pub syntax_check: bool,
    /// `--list-tasks`
    pub list_tasks: bool,
    /// `--list-tags`
    pub list_tags: bool,
    /// `--start-at-task`
    pub start_at_task: Option<String>,
}

impl ApplyOptions {
    /// Nothing will be run: the playbook is only read or listed.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.syntax_check || self.list_tasks || self.list_tags || self.run.list_hosts
    }
}

/// One task on the hosts of a pattern.
#[derive(Debug, Clone)]
pub struct ExecOptions {
    /// The hosts.
    pub pattern: String,
    /// The module (`-m`, else `module_name` of the configuration).
    pub module: String,
    /// Its arguments (`-a`, else `module_args`), as they were given.
    pub arguments: String,
    /// `-B`: seconds a job in the background may take; 0 for no job.
    pub background: u64,
    /// `-P`
    pub poll: u64,
    /// `--one-line`
    pub one_line: bool,
    /// `--tree`: the folder for a file of each host's result.
    pub tree: Option<PathBuf>,
    /// The run.
    pub run: RunOptions,
}

/// A look at the inventory.
#[derive(Debug, Clone)]
pub struct InventoryOptions {
    /// The configuration, flags put over it.
    pub config: Config,
    /// What is shown.
    pub listing: Listing,
    /// As YAML instead of JSON.
    pub yaml: bool,
    /// `--limit`
    pub limit: Option<String>,
    /// `-e`, in order.
    pub extra_vars: Vec<ExtraVars>,
    /// The vault passwords.
    pub vault: VaultSecrets,
}

/// What is shown of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// `--list`
    All {
        /// `--export`
        export: bool,
        /// `--output`
        output: Option<String>,
    },
    /// `--graph`
    Graph {
        /// The group to begin with.
        group: String,
        /// `--vars`
        vars: bool,
    },
    /// `--host`
    Host(String),
}

/// A look at a template.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// The configuration, flags put over it.
    pub config: Config,
    /// What is rendered.
    pub what: What,
    /// With this host's variables.
    pub host: Option<String>,
    /// Files of variables.
    pub vars: Vec<PathBuf>,
    /// How the value is printed.
    pub format: Format,
    /// An inventory was named.
    pub with_inventory: bool,
    /// The vault passwords.
    pub vault: VaultSecrets,
}

/// What is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A file.
    Template(PathBuf),
    /// An expression.
    Expression(String),
}

impl RunOptions {
    /// Puts flags over the configuration, and gets the passwords that they ask for: those of hosts only where `passwords`
    /// says so.
    ///
    /// # Errors
    ///
    /// A flag has a value that makes no sense, or a password cannot be had.
    pub fn new(hosts: &Hosts, mut config: Config, passwords: bool, terminal: &mut Terminal) -> Result<Self> {
        put_inventory(&hosts.inventory.inventory, &mut config, terminal);
        if let Some(forks) = hosts.forks.forks {
            if forks == 0 {
                return Err(Failure::Usage("error: The number of processes (--forks) must be >= 1".to_owned()));
            }
            config.forks = forks;
        }
        let modules = hosts.module_path.module_path.iter().flat_map(|paths| paths.split(':'));
        let modules: Vec<_> = modules.map(|path| config.environment.resolve(path, None)).collect();
        config.library.splice(0..0, modules);
        config.diff |= hosts.check.diff;
        put_connection(&hosts.connection, &mut config);
        put_become(&hosts.become_, &mut config);
        terminal.options.verbosity = config.display.verbosity;
        let limit = match &hosts.inventory.limit {
            Some(limit) if limit.is_empty() => None,
            other => other.clone(),
        };
        Ok(Self {
            limit,
            extra_vars: extra_vars(&hosts.vars.extra_vars)?,
            check: hosts.check.check,
            flush_cache: hosts.inventory.flush_cache,
            list_hosts: hosts.list_hosts.list_hosts,
            passwords: if passwords { ask(&config)? } else { Passwords::default() },
            vault: vault(&hosts.vault, &config, false, false, terminal)?,
            output: Form::default(),
            config,
        })
    }
}

fn put_connection(flags: &Connection, config: &mut Config) {
    let expand = |path: &String| config.environment.resolve(path, None);
    let put = |flag: &Option<String>, slot: &mut String| {
        if let Some(value) = flag {
            slot.clone_from(value);
        }
    };
    if let Some(key) = flags.private_key.as_ref().map(expand) {
        config.private_key_file = Some(key);
    }
    if let Some(file) = flags.connection_password_file.as_ref().map(expand) {
        config.connection_password_file = Some(file);
    }
    if flags.user.is_some() {
        config.remote_user.clone_from(&flags.user);
    }
    put(&flags.connection, &mut config.transport);
    put(&flags.ssh_common_args, &mut config.ssh.common_args);
    put(&flags.ssh_extra_args, &mut config.ssh.extra_args);
    if let Some(timeout) = flags.timeout {
        config.timeout = timeout;
        config.ssh.timeout = timeout;
    }
    config.ask_pass |= flags.ask_pass;
}

fn put_become(flags: &Become, config: &mut Config) {
    if let Some(file) = &flags.become_password_file {
        config.become_.password_file = Some(config.environment.resolve(file, None));
    }
    let become_ = &mut config.become_;
    become_.enabled |= flags.become_;
    if let Some(method) = &flags.become_method {
        become_.method.clone_from(method);
    }
    if let Some(user) = &flags.become_user {
        for slot in [&mut become_.user, &mut become_.sudo.user, &mut become_.su.user] {
            slot.clone_from(user);
        }
    }
    become_.ask_pass |= flags.ask_become_pass;
}

/// The inventory of the flags, else of the configuration; provision's own verbs look for `./inventory` where neither
/// names one.
pub(super) fn put_inventory(given: &[String], config: &mut Config, terminal: &Terminal) {
    let configured = config.settings.get("", "DEFAULT_HOST_LIST");
    if !given.is_empty() {
        config.inventory = given.to_vec();
    } else if !terminal.ansible && configured.is_none_or(|setting| setting.origin == Origin::Default) {
        config.inventory = vec![config.environment.resolve("inventory", None).display().to_string()];
    }
}

/// Counts `-v`s; those of the command line replace those of the configuration, where they are more.
pub(super) fn put_verbosity(flags: &Verbosity, config: &mut Config) {
    config.display.verbosity = config.display.verbosity.max(flags.verbose);
}

/// `--playbook-dir`
pub(super) fn put_playbook_dir(flags: &PlaybookDir, config: &mut Config) {
    if let Some(directory) = &flags.playbook_dir {
        config.playbook_dir = Some(config.environment.resolve(directory, None));
    }
}

/// Puts the tags over those of the configuration; a flag replaces what is configured.
pub(super) fn put_course(tags: &Tags, course: &Course, config: &mut Config) {
    let split = |given: &[String]| -> Vec<String> {
        given.iter().flat_map(|tags| tags.split(',')).map(|tag| tag.trim().to_owned()).collect()
    };
    if !tags.tags.is_empty() {
        config.tags = split(&tags.tags);
    }
    if !tags.skip_tags.is_empty() {
        config.skip_tags = split(&tags.skip_tags);
    }
    config.force_handlers |= course.force_handlers;
}

/// Each `-e` by its kind.
pub(super) fn extra_vars(given: &[String]) -> Result<Vec<ExtraVars>> {
    given
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| match text.chars().next() {
            Some('@') => Ok(ExtraVars::File(PathBuf::from(text.trim_start_matches('@')))),
            Some('/' | '.') => Err(Failure::options(format!("Please prepend extra_vars filename '{text}' with '@'"))),
            Some('[' | '{') => Ok(ExtraVars::Yaml(text.clone())),
            _ => Ok(ExtraVars::KeyValue(text.clone())),
        })
        .collect()
}

/// The passwords of connection and become: from the operator, else from their files. An empty one of become is the
/// connection's. Where there is nobody to ask, there is no password, as with ansible-core.
fn ask(config: &Config) -> Result<Passwords> {
    let mut passwords = Passwords::default();
    let become_ = &config.become_;
    if config.ask_pass {
        let Some(given) = prompt("SSH password: ")? else { return Ok(passwords) };
        passwords.connection = Some(given);
    } else if let Some(path) = &config.connection_password_file {
        passwords.connection = Some(password_file(path)?);
    }
    if become_.ask_pass {
        let method = if become_.agnostic_prompt { "BECOME".to_owned() } else { become_.method.to_uppercase() };
        let suffix = if config.ask_pass { "[defaults to SSH password]" } else { "" };
        let Some(given) = prompt(&format!("{method} password{suffix}: "))? else { return Ok(passwords) };
        let same = config.ask_pass && given.is_empty();
        passwords.become_ = if same { passwords.connection.clone() } else { Some(given) };
    } else if let Some(path) = &become_.password_file {
        passwords.become_ = Some(password_file(path)?);
    }
    Ok(passwords)
}

fn prompt(text: &str) -> Result<Option<Secret>> {
    match prompt::password(text) {
        Ok(secret) => Ok(Some(secret)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(Failure::Interrupted),
        Err(error) => Err(Failure::generic(format!("the password cannot be read: {error}"))),
    }
}

/// A password file's content, or what the script prints; `-` is standard input.
fn password_file(path: &Path) -> Result<Secret> {
    let shown = path.display();
    let executable = || path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    let bytes = if path.file_name().is_some_and(|name| name == "-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Failure::generic(format!("Could not read the password from standard input: {error}")))?;
        bytes
    } else if !path.exists() {
        return Err(Failure::generic(format!("The password file {shown} was not found")));
    } else if executable() {
        let output = Command::new(path).output().map_err(|error| {
            Failure::generic(
                format!("Problem occurred when trying to run the password script {shown} ({error})")
                    + ". If this is not a script, remove the executable bit from the file.",
            )
        })?;
        if !output.status.success() {
            let code = output.status.code().unwrap_or(-1);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let message = format!("The password script {shown} returned an error (rc={code}): {said}");
            return Err(Failure::generic(message));
        }
        output.stdout
    } else {
        std::fs::read(path)
            .map_err(|error| Failure::generic(format!("Could not read password file '{shown}'. {error}")))?
    };
    let text =
        String::from_utf8(bytes).map_err(|_| Failure::generic(format!("The password of {shown} is not UTF-8")))?;
    let text = if executable() { text.trim_matches(['\r', '\n']) } else { text.trim() };
    if text.is_empty() {
        return Err(Failure::generic(format!("Empty password was provided from file ({shown})")));
    }
    Ok(Secret::new(text))
}

/// The vault passwords that flags and configuration name.
///
/// # Errors
///
/// None of the sources gives a password.
pub fn vault(
    flags: &Vault,
    config: &Config,
    ask_if_none: bool,
    new_password: bool,
    terminal: &mut Terminal,
) -> Result<VaultSecrets> {
    let configured = config.vault.password_file.iter().map(|path| path.display().to_string());
    let expand = |file: &String| config.environment.resolve(file, None).display().to_string();
    let request = Request {
        vault_ids: config.vault.identity_list.iter().chain(&flags.vault_id).cloned().collect(),
        password_files: flags.vault_password_file.iter().map(expand).chain(configured).collect(),
        ask: flags.ask_vault_password || config.vault.ask_pass,
        ask_if_none,
        new_password,
        default_id: config.vault.identity.clone(),
        match_ids: config.vault.id_match,
    };
    let mut warn = |text: String| terminal.warning(&crate::diagnostic::Diagnostic::warning(text));
    Ok(source::load(&request, &mut prompt::Operator, &mut warn)?)
}

impl ExecOptions {
    /// What `exec PATTERN -m -a` and `ansible PATTERN -m -a` say.
    ///
    /// # Errors
    ///
    /// The flags make no sense together.
    pub fn new(pattern: String, task: &Task, run: RunOptions) -> Result<Self> {
        let module = task.module_name.clone().unwrap_or_else(|| run.config.module_name.clone());
        let arguments = task.module_args.clone().unwrap_or_else(|| run.config.module_args.clone());
        let needs_arguments = ["command", "shell", "script", "raw", "win_command", "win_shell"]
            .contains(&module.rsplit('.').next().unwrap_or(&module));
        if needs_arguments && arguments.is_empty() && !run.list_hosts {
            let mut message = format!("No argument passed to {module} module");
            if pattern.ends_with(".yml") {
                message.push_str(" (did you mean to run ansible-playbook?)");
            }
            return Err(Failure::options(message));
        }
        let poll = task.poll.unwrap_or(run.config.poll_interval);
        Ok(Self {
            pattern,
            module,
            arguments,
            background: task.background.unwrap_or(0),
            poll,
            one_line: task.one_line,
            tree: task.tree.as_deref().map(|folder| run.config.environment.resolve(folder, None)),
            run,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ExtraVars, extra_vars};

    #[test]
    fn extra_vars_are_told_apart_by_their_first_letter() {
        let given = ["@vars.yml", "{a: 1}", "[1]", "a=1 b=2", ""].map(str::to_owned);
        let kinds = extra_vars(&given).unwrap();
        assert_eq!(
            kinds,
            [
                ExtraVars::File("vars.yml".into()),
                ExtraVars::Yaml("{a: 1}".into()),
                ExtraVars::Yaml("[1]".into()),
                ExtraVars::KeyValue("a=1 b=2".into())
            ]
        );
    }

    #[test]
    fn a_file_without_its_at_sign_is_an_error_with_the_cure() {
        let failure = extra_vars(&["./vars.yml".to_owned()]).unwrap_err();
        assert_eq!(failure.code(), 5);
        assert!(format!("{failure:?}").contains("Please prepend extra_vars filename './vars.yml' with '@'"));
    }
}
