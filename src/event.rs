//! Run events: what the executor says, and callbacks and journal hear. Nothing else passes between them.
//!
//! Events own plain data, so that they can cross threads, be written to a journal and be replayed. Secrets are taken
//! out before an event is made: a result of a task with `no_log` is censored here, never in a callback.

use std::sync::Arc;

use protocol::{Data, Map};

use crate::diagnostic::ErrorChain;

/// Hears a run's events, in order.
pub trait Callback: Send {
    /// One thing happened.
    fn event(&mut self, event: &Event);
}

/// One thing that happened in a run.
#[derive(Debug, Clone)]
pub enum Event {
    /// A playbook begins; its path as the user gave it.
    PlaybookStarted {
        /// The path.
        path: String,
    },
    /// A play begins.
    PlayStarted(PlayInfo),
    /// The play matches no host.
    NoHostsMatched,
    /// Every host of the play is gone (failed or unreachable).
    NoHostsRemaining,
    /// A task (or handler) begins, before any host is asked.
    TaskStarted(Arc<TaskInfo>),
    /// One host begins a task.
    HostStarted {
        /// The task.
        task: Arc<TaskInfo>,
        /// The host.
        host: Arc<str>,
    },
    /// One host has ended a task; for a loop, after all its items.
    Result(Box<ResultEvent>),
    /// One item of a loop has ended.
    ItemResult(Box<ResultEvent>),
    /// A task failed and will be tried again (`until`).
    Retry {
        /// The result so far.
        result: Box<ResultEvent>,
        /// Tries left.
        left: u32,
    },
    /// A job in the background was polled and is not finished.
    JobPolled {
        /// The result so far.
        result: Box<ResultEvent>,
    },
    /// A job in the background that was waited for (`poll` above 0) has ended; its result follows as [`Event::Result`].
    JobEnded {
        /// Its result.
        result: Box<ResultEvent>,
        /// It failed.
        failed: bool,
    },
    /// A file of tasks or a role was included for some hosts.
    Included {
        /// The file, absolute, or the name of the role, as Ansible prints it.
        path: String,
        /// The hosts.
        hosts: Vec<Arc<str>>,
        /// The loop item's label, where the include was looped.
        label: Option<Data>,
    },
    /// A handler was notified.
    Notified {
        /// The handler's name.
        handler: String,
        /// By which host.
        host: Arc<str>,
    },
    /// Something the operator should know, for stderr.
    Warning(ErrorChain),
    /// A deprecation, for stderr; the message says when the thing goes.
    Deprecation(ErrorChain),
    /// An error of the run itself (an included file that is not there), for stderr.
    Error(ErrorChain),
    /// A line for those who asked for more with `-v`.
    Verbose {
        /// How many `-v` show it, from 1.
        level: u8,
        /// The host it is about.
        host: Option<Arc<str>>,
        /// The line.
        message: String,
    },
    /// The hosts that failed were written into a file, for `--limit @FILE`.
    RetryFile {
        /// The file.
        path: String,
    },
    /// Text that a task wants shown as it is (`pause` prompts).
    Prompt(String),
    /// The run ended.
    Finished {
        /// One line a host, in any order.
        totals: Vec<HostTotals>,
        /// What `set_stats` gathered: by host, and under `_run` for the whole run.
        custom_stats: Map,
    },
}

/// What the screen needs of a play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayInfo {
    /// Its name, as Ansible prints it (its hosts where it has none).
    pub name: String,
    /// Check mode is on for it.
    pub check_mode: bool,
    /// The strategy's name (`linear`, `ansible.builtin.free`): with free and host_pinned, tasks begin at each host's own
    /// pace and a banner is printed with each change of task.
    pub strategy: String,
}

/// What the screen needs of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskInfo {
    /// Unique within the run, the same on all hosts.
    pub id: u64,
    /// Its templated name with the role before it (`role : name`), as Ansible prints it in the banner; the action where
    /// it has none.
    pub name: String,
    /// Its templated name without the role, if it has one.
    pub own_name: Option<String>,
    /// The name of the role that it belongs to.
    pub role: Option<String>,
    /// The action as the user wrote it (`copy`, `ansible.builtin.copy`).
    pub action: String,
    /// The action's short name (`copy`).
    pub short_action: String,
    /// `path:line`, the path absolute.
    pub path: String,
    /// It is a handler.
    pub handler: bool,
    /// It has a loop.
    pub looped: bool,
    /// Its own check mode.
    pub check_mode: bool,
    /// Its own diff mode.
    pub diff_mode: bool,
    /// The task's arguments as text for `display_args_to_stdout`, where that is on.
    pub arguments: Option<String>,
}

/// How a host came out of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It did what it was to do (see `changed`).
    Ok,
    /// It failed.
    Failed {
        /// `ignore_errors` is set.
        ignored: bool,
    },
    /// Its condition was false.
    Skipped,
    /// The host cannot be reached.
    Unreachable {
        /// `ignore_unreachable` is set.
        ignored: bool,
    },
}

/// A result.
#[derive(Debug, Clone)]
pub struct ResultEvent {
    /// The task.
    pub task: Arc<TaskInfo>,
    /// The host.
    pub host: Arc<str>,
    /// The host that did the work, where it is another (`delegate_to`).
    pub delegated: Option<Arc<str>>,
    /// How it came out.
    pub status: Status,
    /// Something changed.
    pub changed: bool,
    /// The whole result, in insertion order, censored where it must be: `changed`, `msg`, return keys, `results` of a
    /// loop, `invocation`, `diff` (what changed, in Ansible's shape: a mapping or a list of them), and of the internal
    /// keys `_ansible_verbose_always`, `_ansible_verbose_override`, `_ansible_no_log` and `_ansible_delegated_vars`.
    pub values: Map,
    /// The loop item's label, for items.
    pub label: Option<Data>,
    /// Warnings of the task.
    pub warnings: Vec<ErrorChain>,
    /// Deprecations of the task; each message says when the thing goes.
    pub deprecations: Vec<ErrorChain>,
    /// Why it failed, with places; shown before the result (`[ERROR]: ...`), each text once in a run.
    pub error: Option<ErrorChain>,
}

/// One line of the recap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostTotals {
    /// The host.
    pub host: String,
    /// Tasks that ended well, changed ones included.
    pub ok: u64,
    /// Tasks that changed something.
    pub changed: u64,
    /// Times the host could not be reached.
    pub unreachable: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Tasks skipped.
    pub skipped: u64,
    /// Failures rescued by a block.
    pub rescued: u64,
    /// Failures ignored.
    pub ignored: u64,
}
