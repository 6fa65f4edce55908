//! The keywords that plays, roles, blocks and tasks share.

use jinja::{Dict, Value};

/// Keywords as written; `None` where not set. After inheritance ([`super::Task::effective`]), what holds for a task.
#[derive(Clone, Default)]
pub struct Directives {
    /// `name`; not inherited.
    pub name: Option<Value>,
    /// `vars`; not inherited here, see [`super::Task::vars`]. Static names, values may be templates.
    pub vars: Option<Dict>,
    /// `connection`
    pub connection: Option<Value>,
    /// `port`
    pub port: Option<Value>,
    /// `remote_user`
    pub remote_user: Option<Value>,
    /// `module_defaults`: dicts by the action's full name; those of the play first.
    pub module_defaults: Vec<Value>,
    /// `environment`: dicts or templates of dicts; those of the play first.
    pub environment: Vec<Value>,
    /// `no_log`
    pub no_log: Option<Value>,
    /// `run_once`
    pub run_once: Option<Value>,
    /// `ignore_errors`
    pub ignore_errors: Option<Value>,
    /// `ignore_unreachable`
    pub ignore_unreachable: Option<Value>,
    /// `check_mode`
    pub check_mode: Option<Value>,
    /// `diff`
    pub diff: Option<Value>,
    /// `any_errors_fatal`
    pub any_errors_fatal: Option<Value>,
    /// `throttle`
    pub throttle: Option<Value>,
    /// `timeout`, seconds.
    pub timeout: Option<Value>,
    /// `debugger`
    pub debugger: Option<Value>,
    /// `become`
    pub r#become: Option<Value>,
    /// `become_exe`
    pub become_exe: Option<Value>,
    /// `become_flags`
    pub become_flags: Option<Value>,
    /// `become_method`
    pub become_method: Option<Value>,
    /// `become_user`
    pub become_user: Option<Value>,
    /// `when`: conditions, the outermost first. Not on plays.
    pub when: Vec<Value>,
    /// `tags`: the task's own first.
    pub tags: Vec<Value>,
    /// `collections`; static.
    pub collections: Option<Vec<Value>>,
    /// `delegate_to`. Not on plays.
    pub delegate_to: Option<Value>,
    /// `delegate_facts`. Not on plays.
    pub delegate_facts: Option<Value>,
    /// `notify`: one name or a list. On blocks and tasks.
    pub notify: Option<Value>,
}
