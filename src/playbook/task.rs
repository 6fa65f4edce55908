//! A task or handler, as it was written.

use std::{
    cell::OnceCell,
    fmt,
    path::{Path, PathBuf},
    rc::Rc,
};

use jinja::{Dict, Key, Str, Value};

use super::{BlockScope, Directives, FromFiles, PlayScope, RoleInstance, Written};
use crate::{
    diagnostic::{Diagnostic, Span},
    inventory::glob,
};

/// A task or handler. Values are as written and may be templates, unless a field says that it is static.
#[derive(Clone)]
pub struct Task {
    /// Unique within a load; a copy made for an include keeps it.
    pub id: u64,
    /// The keywords that plays, roles, blocks and tasks share.
    pub directives: Directives,
    /// What it does.
    pub action: Action,
    /// What kind of action it is, where the loader has to know.
    pub kind: Kind,
    /// `loop` or `with_*`.
    pub loop_: Option<Loop>,
    /// `loop_control`.
    pub loop_control: LoopControl,
    /// `register`; static, a valid name.
    pub register: Option<Str>,
    /// `until`
    pub until: Vec<Written>,
    /// `retries`
    pub retries: Option<Written>,
    /// `delay`, seconds.
    pub delay: Option<Written>,
    /// `changed_when`
    pub changed_when: Vec<Written>,
    /// `failed_when`
    pub failed_when: Vec<Written>,
    /// `async`, seconds.
    pub async_: Option<Written>,
    /// `poll`, seconds.
    pub poll: Option<Written>,
    /// A handler's `listen`; static. In a role, each topic is also there with the role's name before it.
    pub listen: Vec<Rc<str>>,
    /// The block it stands in.
    pub parent: Rc<BlockScope>,
    /// The role it belongs to.
    pub role: Option<Rc<RoleInstance>>,
    /// It is a handler.
    pub is_handler: bool,
    /// It is not in a file: `flush_handlers` between the parts of a play, the end of a role, an argument check.
    pub implicit: bool,
    /// Where it was written; `None` for what is in no file.
    pub span: Option<Span>,
    /// Of an import, or of an include as it was met: the file's name as rendered, or the role's directory.
    pub included: Option<Rc<str>>,
    pub(super) effective: OnceCell<Rc<Directives>>,
}

/// What a task does.
#[derive(Clone)]
pub struct Action {
    /// As written (`copy`, `ansible.builtin.copy`); a template where `action:` is one.
    pub name: Str,
    /// The short name of the module or action (`copy`); the name as written where it is a template or is not ours.
    pub short: Rc<str>,
    /// The resolved name with its collection (`ansible.builtin.copy`).
    pub fqcn: Rc<str>,
    /// The arguments, free form included (`_raw_params`).
    pub args: Dict,
    /// `args: "{{ a_dict }}"`: a template of more arguments, beneath those in `args`.
    pub variable_args: Option<Value>,
}

/// Actions that the loader treats on their own.
#[derive(Clone)]
pub enum Kind {
    /// A module or an action like any other.
    Plain,
    /// `meta`, with the word that follows.
    Meta(Rc<str>),
    /// `include_tasks`, with its `apply`.
    IncludeTasks {
        /// The keywords of `apply`; what is wrong with them is said when the file is included, as Ansible does.
        apply: Option<Result<Rc<Directives>, Vec<Diagnostic>>>,
    },
    /// `import_tasks`: never met in a loaded playbook but as the parent of what it imported.
    ImportTasks,
    /// `include_role`
    IncludeRole(Rc<IncludeRole>),
    /// `import_role`: as `import_tasks`.
    ImportRole(Rc<IncludeRole>),
}

/// The options of `include_role` and `import_role`, as written.
pub struct IncludeRole {
    /// `name` or `role`; may be a template.
    pub name: Value,
    /// `tasks_from` and its like; may be templates.
    pub from_files: FromFiles,
    /// `public`; none: not public where included, public where imported.
    pub public: Option<Value>,
    /// `allow_duplicates`; none: true.
    pub allow_duplicates: Option<Value>,
    /// `rolespec_validate`; none: true.
    pub rolespec_validate: Option<Value>,
    /// The keywords of `apply`.
    pub apply: Option<Result<Rc<Directives>, Vec<Diagnostic>>>,
}

/// A task's loop.
#[derive(Clone)]
pub struct Loop {
    /// Which form.
    pub kind: LoopKind,
    /// What it goes over.
    pub value: Written,
}

/// Forms of loops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoopKind {
    /// `loop:`
    Loop,
    /// `with_NAME:`, the lookup's name as written.
    With(Rc<str>),
}

/// `loop_control`
#[derive(Clone, Default)]
pub struct LoopControl {
    /// `loop_var`; none: `item`.
    pub loop_var: Option<Written>,
    /// `index_var`
    pub index_var: Option<Written>,
    /// `label`
    pub label: Option<Written>,
    /// `pause`, seconds.
    pub pause: Option<Written>,
    /// `extended`
    pub extended: Option<Written>,
    /// `extended_allitems`; none: true.
    pub extended_allitems: Option<Written>,
    /// `break_when`
    pub break_when: Vec<Written>,
}

impl Task {
    /// A task that does this and sets no keyword.
    pub(super) fn new(id: u64, action: Action, kind: Kind, parent: &Rc<BlockScope>) -> Self {
        Self {
            id,
            directives: Directives::default(),
            action,
            kind,
            loop_: None,
            loop_control: LoopControl::default(),
            register: None,
            until: Vec::new(),
            retries: None,
            delay: None,
            changed_when: Vec::new(),
            failed_when: Vec::new(),
            async_: None,
            poll: None,
            listen: Vec::new(),
            parent: Rc::clone(parent),
            role: parent.role.clone(),
            is_handler: parent.handlers,
            implicit: false,
            span: None,
            included: None,
            effective: OnceCell::new(),
        }
    }

    /// The play that it runs in.
    #[must_use]
    pub fn play(&self) -> &Rc<PlayScope> {
        &self.parent.play
    }

    /// `path:line`, as Ansible prints it under `task path:`; of the play where the task is in no file.
    #[must_use]
    pub fn path(&self) -> String {
        let span = self.span.as_ref().or(self.parent.play.span.as_ref());
        span.map_or_else(String::new, |span| format!("{}:{}", span.file, span.line))
    }

    /// The name as written; empty where it has none.
    #[must_use]
    pub fn own_name(&self) -> Option<&Value> {
        self.directives.name.as_ref().map(|name| &name.value)
    }

    /// The name for a banner, given the rendered `name:` (empty: none): the role before it, the action in its place.
    #[must_use]
    pub fn display_name(&self, rendered: &str) -> String {
        let own = if rendered.is_empty() { self.action.name.as_str() } else { rendered };
        match &self.kind {
            Kind::IncludeRole(role) | Kind::ImportRole(role) if rendered.is_empty() => {
                format!("{} : {}", self.action.name.as_str(), raw_text(&role.name))
            }
            // `include_role` has a name of its own that leaves out the role it stands in.
            Kind::IncludeRole(_) | Kind::ImportRole(_) => own.to_owned(),
            _ => match &self.role {
                Some(role) => format!("{} : {own}", role.full_name()),
                None => own.to_owned(),
            },
        }
    }

    /// Whether `--start-at-task PATTERN` begins here, given the rendered `name:` (empty: none): the name, with or without
    /// its role, is the pattern or matches it as a shell pattern.
    #[must_use]
    pub fn starts_at(&self, pattern: &str, rendered: &str) -> bool {
        let whole = self.display_name(rendered);
        let matches = |name: &str| name == pattern || glob::matches(pattern, name);
        (!rendered.is_empty() && matches(rendered)) || matches(&whole)
    }

    /// `meta: WORD`
    #[must_use]
    pub fn meta(&self) -> Option<&str> {
        match &self.kind {
            Kind::Meta(word) => Some(word),
            _ => None,
        }
    }

    /// It is the `flush_handlers` between the parts of a play.
    #[must_use]
    pub fn is_implicit_flush(&self) -> bool {
        self.implicit && self.meta() == Some("flush_handlers")
    }

    /// It includes tasks or a role during the run.
    #[must_use]
    pub fn is_dynamic_include(&self) -> bool {
        matches!(self.kind, Kind::IncludeTasks { .. } | Kind::IncludeRole(_))
    }

    /// It was an import, done while loading.
    #[must_use]
    pub fn is_static_import(&self) -> bool {
        matches!(self.kind, Kind::ImportTasks | Kind::ImportRole(_))
    }

    /// The role after which a host that completed it once skips this task: [`RoleInstance::same_as`] of a role that
    /// does not allow duplicates.
    #[must_use]
    pub fn once_role(&self) -> Option<u64> {
        self.role.as_ref().filter(|role| !role.allow_duplicates).map(|role| role.same_as)
    }

    /// A copy of an include as a host met it: with these variables put over its own (loop variables and the like), and
    /// the rendered name of the file. It is what [`super::Loader::load_tasks`] takes.
    #[must_use]
    pub fn met(&self, vars: &Dict, target: &str) -> Self {
        let own = Dict::new();
        for (key, value) in self.directives.vars.iter().chain([vars]).flat_map(Dict::raw_items) {
            if let Ok(key) = Key::new(key) {
                own.insert(key, value);
            }
        }
        let mut copy = self.clone();
        copy.directives.vars = Some(own);
        copy.included = Some(Rc::from(target));
        copy.effective = OnceCell::new();
        copy
    }

    /// The directory that files named by what this includes are looked for in first.
    pub(super) fn included_dir(&self) -> PathBuf {
        let target = self.included.as_deref().unwrap_or_default();
        match self.kind {
            Kind::IncludeRole(_) | Kind::ImportRole(_) => PathBuf::from(target),
            _ => Path::new(target).parent().map(PathBuf::from).unwrap_or_default(),
        }
    }
}

/// The text of a name that was not rendered.
fn raw_text(value: &Value) -> &str {
    match value {
        Value::Str(text) => text.as_str(),
        _ => "",
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Task({}, {:?}, {})", self.id, self.action.name.as_str(), self.path())
    }
}
