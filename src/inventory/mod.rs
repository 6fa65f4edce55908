//! Hosts, groups and their variables, from every kind of source.
//!
//! [`Inventory::load`] reads the sources; then it answers who is there ([`Inventory::hosts`], [`Inventory::groups`]),
//! whom a pattern means ([`Inventory::hosts_matching`]) and what is known of a host, layer by layer
//! ([`Inventory::layers`]). Nothing is rendered here: values are as they were written.
//!
//! - `source`: which reader takes which source; `ini`, `yaml_source`, `script`, `host_list` read them.
//! - `data`: hosts and groups, and how they stand to each other.
//! - `address`, `range`, `words`, `literal`: what host lines are made of.
//! - `files`, `layers`: group_vars and host_vars, and the order of it all.
//! - `pattern`, `glob`: patterns.
//! - [`list`]: what `ansible-inventory` prints.

mod address;
mod data;
mod error;
mod files;
#[doc(hidden)]
pub mod fuzzing;
pub(crate) mod glob;
mod host_list;
mod ini;
mod layers;
pub mod list;
pub(crate) mod literal;
mod node;
mod pattern;
mod range;
mod script;
mod source;
mod vars;
mod words;
mod yaml_source;

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    path::{Path, PathBuf},
    rc::Rc,
};

use indexmap::IndexMap;
use jinja::{Str, Value};

use self::data::{Data, LOCALHOST};
pub use self::{
    data::{Group, Host},
    error::Error,
    layers::{Layer, Layers},
    pattern::{Order, split as split_pattern},
    vars::{Vars, combine, merge_dicts},
};
use self::{error::Fault, files::Files};
use crate::{config::Config, diagnostic::Diagnostic, vault::VaultSecrets};

/// The hosts of a run.
#[derive(Debug, Clone)]
pub struct Inventory {
    data: Data,
    sources: Vec<String>,
    source_dirs: Vec<PathBuf>,
    playbook_dirs: Vec<PathBuf>,
    config: Rc<Config>,
    secrets: VaultSecrets,
    files: Files,
    implicit: OnceCell<Host>,
    limit: Option<Vec<String>>,
    /// What `add_host` and `group_by` did, to do again after a refresh.
    dynamic: Vec<Dynamic>,
    patterns: RefCell<HashMap<String, Vec<Rc<str>>>>,
    group_layers: RefCell<GroupLayers>,
}

/// Layers of groups by the groups, for hosts in the same groups share them.
type GroupLayers = HashMap<(Layer, Vec<usize>), Rc<Vars>>;

#[derive(Debug, Clone)]
enum Dynamic {
    Host { name: String, groups: Vec<String>, vars: Vars },
    Group { host: String, group: String, parents: Vec<String> },
}

impl Inventory {
    /// Reads sources (paths of files, directories and scripts, or lists of hosts with commas), in order; later ones go
    /// over earlier ones.
    ///
    /// # Errors
    ///
    /// A source is of a kind that is not done yet, or cannot be read where that is an error. By default a source that
    /// cannot be read is a warning, as in Ansible.
    pub fn load(
        sources: &[String],
        config: &Config,
        secrets: &VaultSecrets,
        warn: &mut dyn FnMut(Diagnostic),
    ) -> Result<Self, Error> {
        let data = source::read_all(sources, config, secrets, warn)?;
        let sources: Vec<String> = sources.iter().map(|path| source::resolve(path, config)).collect();
        Ok(Self::of(data, sources, config, secrets))
    }

    fn of(data: Data, sources: Vec<String>, config: &Config, secrets: &VaultSecrets) -> Self {
        Self {
            data,
            source_dirs: sources.iter().filter_map(|source| layers::directory_of(source)).collect(),
            sources,
            playbook_dirs: Vec::new(),
            config: Rc::new(config.clone()),
            secrets: secrets.clone(),
            files: Files::default(),
            implicit: OnceCell::new(),
            limit: None,
            dynamic: Vec::new(),
            patterns: RefCell::default(),
            group_layers: RefCell::default(),
        }
    }

    /// How the sources were read, reader by reader: what is said with `-vvv`.
    #[must_use]
    pub fn trail(&self) -> &[String] {
        &self.data.trail
    }

    /// Reads the sources anew (`meta: refresh_inventory`); hosts and groups that tasks added stay.
    ///
    /// # Errors
    ///
    /// As [`Inventory::load`].
    pub fn refresh(&mut self, warn: &mut dyn FnMut(Diagnostic)) -> Result<(), Error> {
        self.data = source::read_all(&self.sources, &self.config, &self.secrets, warn)?;
        self.files = Files::default();
        self.forget();
        for dynamic in std::mem::take(&mut self.dynamic) {
            match dynamic {
                Dynamic::Host { name, groups, vars } => {
                    self.add_host(&name, &groups, &vars)?;
                }
                // The host may be gone.
                Dynamic::Group { host, group, parents } if self.host(&host).is_some() => {
                    self.add_to_group(&host, &group, &parents)?;
                }
                Dynamic::Group { .. } => {}
            }
        }
        Ok(())
    }

    /// The sources, paths made absolute (`ansible_inventory_sources`).
    #[must_use]
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// All hosts, in the order in which the sources have them, without an implicit localhost.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.data.hosts.values()
    }

    /// All groups, `all` and `ungrouped` first, then as the sources have them.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.data.groups.values()
    }

    /// A host by name. `localhost`, `127.0.0.1` and `::1` are there even if no source has them: then it is the one of
    /// them that a source has, else the control node itself.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&Host> {
        if let Some(host) = self.data.hosts.get(name) {
            return Some(host);
        }
        if !LOCALHOST.contains(&name) {
            return None;
        }
        match &self.data.localhost {
            Some(explicit) => self.data.hosts.get(explicit),
            None => Some(self.implicit.get_or_init(|| self.control_node(name))),
        }
    }

    fn control_node(&self, name: &str) -> Host {
        let mut host = data::new_host(name);
        host.implicit = true;
        let text = |text: &str| Value::Str(Str::from(text));
        host.vars.insert("ansible_python_interpreter".into(), text(&self.python()));
        host.vars.insert("ansible_connection".into(), text("local"));
        host
    }

    /// The control node's Python, for modules that need one on it.
    fn python(&self) -> String {
        let path = self.config.environment.get("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin");
        let found = path.split(':').map(|directory| Path::new(directory).join("python3")).find(|path| path.is_file());
        found.map_or_else(|| "/usr/bin/python3".to_owned(), |path| path.display().to_string())
    }

    /// A group by name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.data.groups.get(name)
    }

    /// The hosts of a group and of those below it; empty for a group that is not there.
    #[must_use]
    pub fn group_hosts(&self, name: &str) -> Vec<Rc<str>> {
        let hosts = self.data.groups.get_index_of(name).map(|group| self.data.hosts_of(group));
        hosts.unwrap_or_default().into_iter().filter_map(|host| self.name_of(host)).collect()
    }

    /// The magic variable `groups`: all groups with their hosts.
    #[must_use]
    pub fn groups_dict(&self) -> IndexMap<Rc<str>, Vec<Rc<str>>> {
        self.data.groups.keys().map(|name| (Rc::clone(name), self.group_hosts(name))).collect()
    }

    /// The magic variable `group_names`: the groups of a host, sorted, without `all`.
    #[must_use]
    pub fn group_names(&self, host: &Host) -> Vec<Rc<str>> {
        let groups = host.groups.iter().filter(|group| **group != data::ALL);
        let mut names: Vec<_> =
            groups.filter_map(|group| self.data.groups.get_index(*group)).map(|(name, _)| Rc::clone(name)).collect();
        names.sort();
        names
    }

    fn name_of(&self, host: usize) -> Option<Rc<str>> {
        self.data.hosts.get_index(host).map(|(name, _)| Rc::clone(name))
    }

    /// The directories of the playbook, beside which `group_vars` and `host_vars` hold too; they replace those before.
    pub fn set_playbook_dirs(&mut self, directories: &[PathBuf]) {
        let resolve = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        self.playbook_dirs = directories.iter().map(resolve).collect();
        self.group_layers.borrow_mut().clear();
    }

    /// Keeps all answers within a limit (`--limit`); `None` takes it away.
    ///
    /// # Errors
    ///
    /// A file that the limit names cannot be read.
    pub fn set_limit(&mut self, limit: Option<&str>) -> Result<(), Error> {
        self.limit = limit.map(pattern::limit).transpose()?;
        Ok(())
    }

    /// Warnings about files of variables that were read since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        self.files.warnings.take()
    }

    /// Adds a host, or variables and groups to one that is there (`add_host`); whether that changed anything.
    ///
    /// # Errors
    ///
    /// A name is empty.
    pub fn add_host(&mut self, name: &str, groups: &[String], vars: &Vars) -> Result<bool, Error> {
        let mut changed = !self.data.hosts.contains_key(name);
        let host = self.data.add_host(name, changed.then_some(data::ALL), None)?;
        let dynamic = Dynamic::Host { name: name.to_owned(), groups: groups.to_vec(), vars: vars.clone() };
        self.dynamic.push(dynamic);
        if let Some((_, found)) = self.data.hosts.get_index_mut(host) {
            for (name, value) in vars {
                let same = found.vars.get(name).is_some_and(|old| old.equals(value).unwrap_or(false));
                if !same {
                    vars::set(&mut found.vars, name, value.clone(), self.config.merge_hashes);
                    changed = true;
                }
            }
        }
        for group in groups {
            changed |= !self.data.groups.contains_key(group.as_str());
            let group = self.data.add_group(group)?;
            changed |= self.data.add_to_group(host, group);
        }
        if changed {
            self.data.reconcile();
            self.forget();
        }
        Ok(changed)
    }

    /// Puts a host into a group, which is made if it is not there, below others (`group_by`); whether that changed
    /// anything.
    ///
    /// # Errors
    ///
    /// The host is not there, a name is empty, or the groups would go in a circle.
    pub fn add_to_group(&mut self, host: &str, group: &str, parents: &[String]) -> Result<bool, Error> {
        let Some(index) = self.data.hosts.get_index_of(host) else {
            // The control node is in no group, as in no source.
            let known = self.host(host).is_some();
            let message = format!("{host} cannot be matched in inventory");
            return if known { Ok(false) } else { Err(Diagnostic::error(message).into()) };
        };
        let dynamic = Dynamic::Group { host: host.to_owned(), group: group.to_owned(), parents: parents.to_vec() };
        self.dynamic.push(dynamic);
        let child = self.data.add_group(group)?;
        let mut changed = false;
        for parent in parents {
            changed |= !self.data.groups.contains_key(parent.as_str());
            let parent = self.data.add_group(parent)?;
            changed |= self.data.add_child(parent, child)?;
        }
        if !self.data.hosts_of(child).contains(&index) {
            changed = self.data.add_to_group(index, child);
        }
        if changed {
            self.data.reconcile();
            self.forget();
        }
        Ok(changed)
    }

    /// Adds a group without hosts, if it is not there; whether it was not.
    ///
    /// # Errors
    ///
    /// The name is empty.
    pub fn add_group(&mut self, name: &str) -> Result<bool, Error> {
        let new = !self.data.groups.contains_key(name);
        self.data.add_group(name)?;
        if new {
            self.data.reconcile();
            self.forget();
        }
        Ok(new)
    }

    /// Drops answers that no longer hold.
    fn forget(&mut self) {
        self.patterns.borrow_mut().clear();
        self.group_layers.borrow_mut().clear();
    }
}
