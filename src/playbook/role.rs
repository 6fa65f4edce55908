//! A role as one play uses it.

use std::{cell::OnceCell, fmt, rc::Rc};

use jinja::{Dict, Value};

use super::{Block, Directives};
use crate::diagnostic::Span;

/// One use of a role: a line of `roles:`, a dependency, an `include_role`. Two uses are two instances.
pub struct RoleInstance {
    /// Unique within a load.
    pub id: u64,
    /// The id of the first use in this play with the same path, parameters, conditions, tags and variables: "the same
    /// role" where a role runs once only.
    pub same_as: u64,
    /// The name, without its collection.
    pub name: Rc<str>,
    /// The role's directory, absolute.
    pub path: Rc<str>,
    /// The collection it comes from (`namespace.name`).
    pub collection: Option<Rc<str>>,
    /// The keywords of the line that uses it (`become`, `when`, `tags`, `vars`...).
    pub directives: Directives,
    /// Other keys of that line: parameters.
    pub params: Dict,
    /// `defaults/`
    pub defaults: Dict,
    /// `vars/`
    pub vars: Dict,
    /// The role that has this one as a dependency, or includes it.
    pub parent: Option<Rc<RoleInstance>>,
    /// It may run more than once on a host (`allow_duplicates`).
    pub allow_duplicates: bool,
    /// Its variables are visible to the rest of the play (`public`).
    pub public: bool,
    /// It comes from `include_role` or `import_role`.
    pub from_include: bool,
    /// It was loaded before the run (`roles:`, dependencies of those, `import_role`).
    pub is_static: bool,
    /// Which files stand in for `main`.
    pub from_files: FromFiles,
    /// The argument specs of all entry points (`meta/argument_specs.yml`), by entry point.
    pub argument_specs: Dict,
    /// Where the line that uses it was written.
    pub span: Option<Span>,
    pub(super) dependencies: OnceCell<Vec<Exports>>,
}

/// What a role gives to the roles that depend on it.
#[derive(Clone)]
pub(super) struct Exports {
    pub(super) id: u64,
    pub(super) same_as: u64,
    pub(super) full_name: Rc<str>,
    pub(super) defaults: Vec<Dict>,
    pub(super) vars: Vec<Dict>,
}

/// Files that stand in for `main` in a role.
#[derive(Clone, Default)]
pub struct FromFiles {
    /// `tasks_from`
    pub tasks: Option<Value>,
    /// `vars_from`
    pub vars: Option<Value>,
    /// `defaults_from`
    pub defaults: Option<Value>,
    /// `handlers_from`
    pub handlers: Option<Value>,
}

/// A role and what it brings into a play.
pub struct LoadedRole {
    /// The role.
    pub role: Rc<RoleInstance>,
    /// Roles that run before it.
    pub dependencies: Vec<LoadedRole>,
    /// Its own tasks, without those of its dependencies.
    pub own_tasks: Vec<Rc<Block>>,
    /// Its own handlers, without those of its dependencies.
    pub own_handlers: Vec<Rc<Block>>,
}

impl RoleInstance {
    /// The name with its collection, as Ansible prints it before a task's name.
    #[must_use]
    pub fn full_name(&self) -> Rc<str> {
        match &self.collection {
            Some(collection) => Rc::from(format!("{collection}.{}", self.name)),
            None => Rc::clone(&self.name),
        }
    }

    /// The roles through which this one came, the outermost first, itself not among them.
    #[must_use]
    pub fn parents(&self) -> Vec<Rc<RoleInstance>> {
        let mut chain = Vec::new();
        let mut next = self.parent.clone();
        while let Some(role) = next {
            next = role.parent.clone();
            chain.push(role);
        }
        chain.reverse();
        chain
    }

    /// The names of all roles that it depends on, in the order in which they run.
    pub fn dependency_names(&self) -> impl Iterator<Item = &Rc<str>> {
        self.dependencies.get().into_iter().flatten().map(|exports| &exports.full_name)
    }

    /// The ids of all roles that it depends on, in the order in which they run.
    pub fn dependency_ids(&self) -> impl Iterator<Item = u64> {
        self.dependencies.get().into_iter().flatten().map(|exports| exports.id)
    }

    /// Its defaults as its own tasks see them, to be merged in this order: of its dependencies, of the roles through
    /// which it came, its own.
    #[must_use]
    pub fn default_layers(&self) -> Vec<Dict> {
        let mut layers = self.dependency_layers(|exports| &exports.defaults);
        layers.extend(self.parents().iter().map(|parent| parent.defaults.clone()));
        layers.push(self.defaults.clone());
        layers
    }

    /// Its defaults as the rest of the play sees them, where it is public.
    #[must_use]
    pub fn exported_default_layers(&self) -> Vec<Dict> {
        let mut layers = self.dependency_layers(|exports| &exports.defaults);
        layers.push(self.defaults.clone());
        layers
    }

    /// Its variables as its own tasks see them, to be merged in this order: what the roles through which it came have
    /// (their `vars:` lines and `vars/`), its dependencies', its own `vars/`, the `vars:` of the line that uses it.
    /// Parameters come later: see [`Self::param_layers`].
    #[must_use]
    pub fn var_layers(&self) -> Vec<Dict> {
        let mut layers = Vec::new();
        for parent in self.parents() {
            layers.extend(parent.directives.vars.clone());
            layers.push(parent.vars.clone());
        }
        layers.extend(self.dependency_layers(|exports| &exports.vars));
        layers.push(self.vars.clone());
        layers.extend(self.directives.vars.clone());
        layers
    }

    /// Its variables as the rest of the play sees them, where it is public.
    #[must_use]
    pub fn exported_var_layers(&self) -> Vec<Dict> {
        let mut layers = self.dependency_layers(|exports| &exports.vars);
        layers.push(self.vars.clone());
        layers
    }

    /// Its parameters, those of the roles through which it came first.
    #[must_use]
    pub fn param_layers(&self) -> Vec<Dict> {
        let mut layers: Vec<_> = self.parents().iter().map(|parent| parent.params.clone()).collect();
        layers.push(self.params.clone());
        layers
    }

    fn dependency_layers(&self, of: impl Fn(&Exports) -> &Vec<Dict>) -> Vec<Dict> {
        let mut seen = Vec::new();
        let mut layers = Vec::new();
        for exports in self.dependencies.get().into_iter().flatten() {
            if !seen.contains(&exports.same_as) {
                seen.push(exports.same_as);
                layers.extend(of(exports).iter().cloned());
            }
        }
        layers
    }
}

impl fmt::Debug for RoleInstance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RoleInstance({}, {})", self.id, self.full_name())
    }
}
