//! The keywords that plays, roles, blocks and tasks share.

use jinja::{Dict, Value};

use super::Written;

/// Keywords as written; `None` where not set. After inheritance ([`super::Task::effective`]), what holds for a task.
#[derive(Clone, Default)]
pub struct Directives {
    /// `name`; not inherited.
    pub name: Option<Written>,
    /// `vars`; not inherited here, see [`super::Task::vars`]. Static names, values may be templates.
    pub vars: Option<Dict>,
    /// `connection`
    pub connection: Option<Written>,
    /// `port`
    pub port: Option<Written>,
    /// `remote_user`
    pub remote_user: Option<Written>,
    /// `module_defaults`: dicts by the action's full name; those of the play first.
    pub module_defaults: Vec<Value>,
    /// `environment`: dicts or templates of dicts; those of the play first.
    pub environment: Vec<Value>,
    /// `no_log`
    pub no_log: Option<Written>,
    /// `run_once`
    pub run_once: Option<Written>,
    /// `ignore_errors`
    pub ignore_errors: Option<Written>,
    /// `ignore_unreachable`
    pub ignore_unreachable: Option<Written>,
    /// `check_mode`
    pub check_mode: Option<Written>,
    /// `diff`
    pub diff: Option<Written>,
    /// `any_errors_fatal`
    pub any_errors_fatal: Option<Written>,
    /// `throttle`
    pub throttle: Option<Written>,
    /// `timeout`, seconds.
    pub timeout: Option<Written>,
    /// `debugger`
    pub debugger: Option<Written>,
    /// `become`
    pub r#become: Option<Written>,
    /// `become_exe`
    pub become_exe: Option<Written>,
    /// `become_flags`
    pub become_flags: Option<Written>,
    /// `become_method`
    pub become_method: Option<Written>,
    /// `become_user`
    pub become_user: Option<Written>,
    /// `when`: conditions, the outermost first. Not on plays.
    pub when: Vec<Written>,
    /// `tags`: the task's own first.
    pub tags: Vec<Value>,
    /// `collections`; static.
    pub collections: Option<Vec<Value>>,
    /// `delegate_to`. Not on plays.
    pub delegate_to: Option<Written>,
    /// `delegate_facts`. Not on plays.
    pub delegate_facts: Option<Written>,
    /// `notify`: one name or a list. On blocks and tasks.
    pub notify: Option<Written>,
}

impl Directives {
    /// The keyword of that name, where it is one that plays and blocks hand down.
    #[must_use]
    pub fn keyword(&self, name: &str) -> Option<&Written> {
        match name {
            "any_errors_fatal" => self.any_errors_fatal.as_ref(),
            "become" => self.r#become.as_ref(),
            "become_exe" => self.become_exe.as_ref(),
            "become_flags" => self.become_flags.as_ref(),
            "become_method" => self.become_method.as_ref(),
            "become_user" => self.become_user.as_ref(),
            "check_mode" => self.check_mode.as_ref(),
            "connection" => self.connection.as_ref(),
            "delegate_facts" => self.delegate_facts.as_ref(),
            "delegate_to" => self.delegate_to.as_ref(),
            "diff" => self.diff.as_ref(),
            "ignore_errors" => self.ignore_errors.as_ref(),
            "ignore_unreachable" => self.ignore_unreachable.as_ref(),
            "no_log" => self.no_log.as_ref(),
            "notify" => self.notify.as_ref(),
            "port" => self.port.as_ref(),
            "remote_user" => self.remote_user.as_ref(),
            "run_once" => self.run_once.as_ref(),
            "throttle" => self.throttle.as_ref(),
            "timeout" => self.timeout.as_ref(),
            _ => None,
        }
    }
}
