//! A playbook and its plays.

use std::{cell::RefCell, rc::Rc};

use jinja::{Dict, Value};

use super::{Block, Directives, LoadedRole, RoleInstance, Written};
use crate::diagnostic::Span;

/// A playbook, `import_playbook` done.
pub struct Playbook {
    /// The path as the user gave it.
    pub path: Rc<str>,
    /// The plays, in order.
    pub plays: Vec<Rc<Play>>,
}

/// A play. Values are as written and may be templates.
pub struct Play {
    /// What its tasks inherit.
    pub scope: Rc<PlayScope>,
    /// `hosts`: patterns, or one template; checked to be text.
    pub hosts: Vec<Value>,
    /// `hosts` as it was written, where it is one text (`all:!db`) or a template of a list.
    pub hosts_is_list: bool,
    /// `gather_facts`
    pub gather_facts: Option<Written>,
    /// `gather_subset`
    pub gather_subset: Option<Written>,
    /// `gather_timeout`
    pub gather_timeout: Option<Written>,
    /// `fact_path`
    pub fact_path: Option<Written>,
    /// `vars_prompt`
    pub vars_prompt: Vec<VarsPrompt>,
    /// `roles`, and after them those that `import_role` brought (their tasks stand where they were imported).
    pub roles: Vec<LoadedRole>,
    /// `pre_tasks`
    pub pre_tasks: Vec<Rc<Block>>,
    /// `tasks`
    pub tasks: Vec<Rc<Block>>,
    /// `post_tasks`
    pub post_tasks: Vec<Rc<Block>>,
    /// `handlers`, and behind them those of roles that `import_role` brought. See [`Play::all_handlers`].
    pub handlers: Vec<Rc<Block>>,
    /// `serial`: one value or a list.
    pub serial: Option<Written>,
    /// `strategy`
    pub strategy: Option<Written>,
    /// `max_fail_percentage`
    pub max_fail_percentage: Option<Written>,
    /// `force_handlers`
    pub force_handlers: Option<Written>,
    /// `order`
    pub order: Option<Written>,
}

/// What the tasks of a play inherit from it: the play without its tasks.
pub struct PlayScope {
    /// Unique within a load.
    pub id: u64,
    /// The play's keywords.
    pub directives: Directives,
    /// `when` of the `import_playbook` that brought the play; facts are gathered under it too.
    pub imported_when: Vec<Written>,
    /// `vars_files`: each a path, or a list of paths of which the first that exists counts.
    pub vars_files: Vec<Value>,
    /// The directory that relative paths of the play start from, absolute.
    pub basedir: Rc<str>,
    /// Where the play was written.
    pub span: Option<Span>,
    /// Every role met so far, to tell which uses are the same.
    pub(super) roles: RefCell<Vec<Rc<RoleInstance>>>,
}

/// One question of `vars_prompt`, as written.
#[derive(Clone)]
pub struct VarsPrompt {
    /// The variable.
    pub name: Value,
    /// The keys as written: `prompt`, `default`, `private`, `confirm`, `encrypt`, `salt_size`, `salt`, `unsafe`.
    pub options: Dict,
}
