//! The control-side halves of tasks.
//!
//! An action gets a task's rendered arguments and what it may use ([`ActionContext`]), asks hosts through [`Target`]
//! and says what came of it ([`ActionOutcome`]). What is to happen to the run (facts, new hosts, includes) it returns
//! as [`Effect`]s; it does none of it itself.
//!
//! Architecture invariant: no action opens a connection or prints.

mod add_host;
mod assemble;
mod assert;
pub mod async_status;
mod certificate;
mod copy;
mod debug;
mod fail;
mod fetch;
pub mod files;
mod gather_facts;
mod group_by;
mod include_vars;
mod local_name;
pub mod module;
mod options;
mod package;
mod pause;
mod provider;
mod raw;
mod reboot;
mod registry;
mod remote;
mod script;
mod service;
mod set_fact;
mod set_stats;
mod template;
mod unarchive;
mod uri;
mod validate_argument_spec;
mod wait_for_connection;

use std::{future::Future, path::PathBuf, pin::Pin, rc::Rc, time::Duration};

use connection::{ContentSource, RawOutput};
use jinja::{Dict, Value};
use protocol::{Data, Invocation, Map, Outcome};

pub use registry::{Action, find, names};

use crate::{
    diagnostic::{ErrorChain, Link},
    template::{Templar, TemplateError, VariableScope},
};

/// A future of the conductor's own thread.
pub type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The host that a task works on, as far as an action can see it.
pub trait Target {
    /// Runs a module.
    fn call<'a>(
        &'a self,
        invocation: Invocation,
        content: Option<ContentSource>,
    ) -> Local<'a, Result<Outcome, TargetError>>;

    /// Runs a module that sends a file back; its content goes to `destination` on the control node, atomically.
    fn receive<'a>(&'a self, invocation: Invocation, destination: PathBuf) -> Local<'a, Result<Outcome, TargetError>>;

    /// Runs a command without a helper: nothing is needed on the host but a shell.
    fn raw<'a>(&'a self, command: String, input: Option<Vec<u8>>) -> Local<'a, Result<RawOutput, TargetError>>;

    /// The shell that runs command lines on the host.
    fn shell(&self) -> &str;

    /// What is left as the standard error of a command that had a terminal; none where commands get no terminal.
    fn terminal_farewell<'a>(&'a self) -> Local<'a, Result<Option<String>, TargetError>>;

    /// Closes the connection; the next use opens it again.
    fn reset(&self) -> Local<'_, ()>;

    /// Whether it is the control node itself.
    fn is_local(&self) -> bool {
        false
    }

    /// How long the next connections may take to open; `None`: as long as the settings of the host say.
    fn limit_connecting(&self, _limit: Option<Duration>) {}

    /// The Python that the inventory or the configuration names for it.
    fn python(&self) -> Option<&str> {
        None
    }
}

/// A host that did not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TargetError {
    /// It cannot be reached.
    #[error("{0}")]
    Unreachable(String),
    /// It was reached, and something else is wrong (become, the helper).
    #[error("{0}")]
    Failed(String),
}

/// How a task is to be done: its keywords, rendered.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Say what would change.
    pub check_mode: bool,
    /// Show before and after.
    pub diff: bool,
    /// Bytes beyond which a file is left out of a diff; 0 for no limit.
    pub max_diff_size: u64,
    /// `-v` count.
    pub verbosity: u8,
    /// Nothing of it may be shown.
    pub no_log: bool,
    /// `environment`
    pub environment: Vec<(String, String)>,
    /// `async` seconds, 0 for none.
    pub async_seconds: u64,
    /// Seconds between polls, 0 to leave the job alone.
    pub poll_seconds: u64,
    /// The folder of job files on the host.
    pub async_folder: String,
}

/// What an action may use.
pub struct ActionContext<'a> {
    /// The action's short name (`copy`).
    pub name: &'a str,
    /// The action's full name (`ansible.builtin.copy`).
    pub fqcn: &'a str,
    /// The action's name as the task has it (`copy`, `ansible.legacy.copy`).
    pub written_name: &'a str,
    /// The task's name, as the banner has it.
    pub task_name: &'a str,
    /// The arguments, rendered, with `module_defaults` beneath.
    pub args: &'a Dict,
    /// How the task is to be done.
    pub settings: &'a Settings,
    /// `module_defaults` of another action, by its full name, for actions that choose a module themselves.
    pub defaults: &'a dyn Fn(&str) -> Result<Dict, ErrorChain>,
    /// The variables that the task sees.
    pub scope: &'a Rc<VariableScope>,
    /// The variables of the host that does the work: another's where the task is delegated.
    pub host_scope: &'a Rc<VariableScope>,
    /// The host.
    pub target: &'a dyn Target,
    /// Folders in which files of the task are looked for, nearest first (`ansible_search_path`).
    pub search_path: &'a [PathBuf],
    /// The playbook's folder.
    pub playbook_dir: &'a std::path::Path,
    /// The host's name in the inventory.
    pub host: &'a str,
    /// The control node's surroundings.
    pub environment: &'a crate::config::Environment,
    /// Opens files that are encrypted as a whole.
    pub vault: &'a dyn crate::playbook::VaultOpener,
    /// Asks the person at the terminal.
    pub prompt: &'a dyn Prompt,
    /// What opened the keys of the PKI's intermediates in this run.
    pub openers: &'a crate::issuer::Openers,
}

/// Asks the person at the terminal (`pause`).
pub trait Prompt {
    /// Shows a line of text, whether or not somebody is there to answer.
    fn show(&self, text: &str);

    /// Shows a text to the person, if one sits at the terminal, and waits for a line, for at most so many seconds. `echo`
    /// is false for secrets.
    fn ask<'a>(&'a self, text: String, echo: bool, seconds: Option<u64>) -> Local<'a, Answer>;
}

/// What the person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A line, without its end.
    Line(String),
    /// Nothing, until the time was over.
    TimeOver,
    /// Nobody is there (no terminal).
    NoTerminal,
    /// Stop the run.
    Abort,
}

impl ActionContext<'_> {
    /// What renders.
    #[must_use]
    pub fn templar(&self) -> &Templar {
        self.scope.templar()
    }

    /// An argument that was given and is not `None`.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<Value> {
        self.args.raw(name).filter(|value| !value.is_none())
    }

    /// An argument as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.arg(name).and_then(|value| value.to_str().ok())
    }

    /// An argument as a boolean, with Ansible's words; the default where it is not given or is no boolean.
    #[must_use]
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.arg(name).and_then(|value| boolean(&value)).unwrap_or(default)
    }

    /// A variable of the task as text.
    #[must_use]
    pub fn text_variable(&self, name: &str) -> Option<String> {
        let raw = self.scope.layers().raw_from_operator(name)?;
        self.templar().render_text(&raw, self.scope).ok()
    }

    /// A fact of the host that does the work as text, if it is known.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<String> {
        let (_, facts) = self.host_scope.layers().raw("ansible_facts")?;
        facts.as_dict()?.raw(name)?.to_str().ok()
    }

    /// The invocation of a module with the task's settings.
    #[must_use]
    pub fn invocation(&self, module: &str, arguments: Map) -> Invocation {
        Invocation {
            module: module.to_owned(),
            arguments,
            environment: self.settings.environment.clone(),
            check_mode: self.settings.check_mode,
            diff_mode: self.settings.diff,
            max_diff_size: self.settings.max_diff_size,
            no_log: self.settings.no_log,
            verbosity: self.settings.verbosity,
            python: self.target.python().map(str::to_owned),
            job: None,
            content: None,
            content_sha1: None,
        }
    }
}

/// Ansible's booleans.
///
/// Source: `ansible.module_utils.parsing.convert_bool`.
#[must_use]
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Int(1) => Some(true),
        Value::Int(0) => Some(false),
        Value::Float(number) if *number == 1.0 => Some(true),
        Value::Float(number) if *number == 0.0 => Some(false),
        Value::Str(text) => match text.trim().to_lowercase().as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// How much of a result the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// As much as the verbosity asks for.
    #[default]
    ByVerbosity,
    /// All of it, whatever the verbosity (`debug`).
    Whole,
    /// None of it, whatever the verbosity (facts).
    Hidden,
}

/// What came of an action.
#[derive(Debug, Clone, Default)]
pub struct ActionOutcome {
    /// The result.
    pub outcome: Outcome,
    /// What is to happen to the run.
    pub effects: Vec<Effect>,
    /// How much of the result is shown.
    pub detail: Detail,
    /// The outcome is a module's: it says so when it failed.
    pub by_module: bool,
    /// Why it failed, where `msg` does not say it (or not all of it).
    pub error: Option<ErrorChain>,
}

impl From<Outcome> for ActionOutcome {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }
}

/// What is to happen to the run because of a task.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Variables of the host (`set_fact`).
    SetFacts {
        /// Names and values.
        facts: Vec<(String, Data)>,
        /// They are facts too (`cacheable`).
        cacheable: bool,
    },
    /// Variables that `include_vars` read: the operator's text, with its trust.
    IncludeVars(Vec<(String, Value)>),
    /// A host for the inventory.
    AddHost {
        /// Its name.
        name: String,
        /// Its groups.
        groups: Vec<String>,
        /// Its variables.
        variables: Vec<(String, Data)>,
    },
    /// A group for the host.
    AddGroup {
        /// Its name.
        group: String,
        /// Its parents.
        parents: Vec<String>,
    },
    /// A file of tasks is to be included.
    IncludeTasks {
        /// The file as given.
        file: String,
    },
    /// A role is to be included.
    IncludeRole,
    /// Custom statistics.
    Stats {
        /// Names and values.
        data: Map,
        /// For each host or for the run.
        per_host: bool,
        /// Added to what is there.
        aggregate: bool,
    },
    /// The whole run ends (a person said so).
    Abort,
}

/// An action that could not be done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ActionError {
    /// The task fails; the chain is what stands behind `Task failed`, and with it the result's `msg`.
    #[error("{}", .0.brief())]
    Failed(ErrorChain),
    /// The task fails; `msg` is what the chain says alone (Ansible's `AnsibleActionFail`), and these keys stand in the
    /// result.
    #[error("{}", .0.brief())]
    Refused(ErrorChain, Map),
    /// The task is skipped.
    #[error("{0}")]
    Skipped(String),
    /// The host cannot be reached.
    #[error("{0}")]
    Unreachable(String),
}

impl ActionError {
    /// A failure without a place.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(ErrorChain::new(Link::new(message)))
    }

    /// A failure that the action itself words, where Ansible's raises `AnsibleActionFail`.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused(ErrorChain::new(Link::new(message)), Map::new())
    }
}

impl From<TargetError> for ActionError {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Unreachable(message) => Self::Unreachable(message),
            TargetError::Failed(message) => Self::failed(message),
        }
    }
}

impl From<jinja::Error> for ActionError {
    fn from(error: jinja::Error) -> Self {
        Self::Failed(TemplateError::from_engine(&error, None).chain())
    }
}

impl From<TemplateError> for ActionError {
    fn from(error: TemplateError) -> Self {
        Self::Failed(error.chain())
    }
}
