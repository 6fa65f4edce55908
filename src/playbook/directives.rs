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
