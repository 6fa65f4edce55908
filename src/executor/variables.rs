//! The variables that a task sees: collects the layers, and works out what is not written.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::PathBuf,
    rc::{Rc, Weak},
    sync::Arc,
};

use jinja::{Dict, Error, List, Value};

use protocol::Map;

use super::{fact_cache::FactCache, hostvars::HostVars};
use crate::{
    diagnostic::Diagnostic,
    inventory::{self, Inventory, Order},
    playbook::{Play, Task},
    template::{Magic, Notice, Templar, VariableScope, data},
    vars::{EarlierFacts, Layer, Layers, Store},
};

/// All variables of a run.
pub struct Variables {
    this: Weak<Variables>,
    /// What is learned of hosts.
    pub store: Store,
    /// Hosts and groups.
    pub inventory: RefCell<Inventory>,
    templar: Rc<Templar>,
    extra: Dict,
    options: Dict,
    cache: Option<Rc<FactCache>>,
    by_host: RefCell<HashMap<Arc<str>, Rc<Vec<Dict>>>>,
    problems: Rc<RefCell<Vec<Diagnostic>>>,
    warnings: RefCell<Vec<Diagnostic>>,
    groups: RefCell<Option<Value>>,
    play: RefCell<PlayVariables>,
    basedir: RefCell<PathBuf>,
}

/// What becomes of facts.
#[derive(Debug, Default)]
pub struct FactOptions {
    /// They are variables, too (`inject_facts_as_vars`).
    pub inject: bool,
    /// Where they are kept from one run to the next (`fact_caching`).
    pub cache: Option<FactCache>,
}

fn earlier_facts(cache: Rc<FactCache>, problems: Rc<RefCell<Vec<Diagnostic>>>) -> EarlierFacts {
    Box::new(move |host| match cache.load(host) {
        Ok(facts) => {
            facts.map(|facts| facts.iter().map(|(name, value)| (name.as_str(), data::from_data(value))).collect())
        }
        Err(problem) => {
            problems.borrow_mut().push(problem);
            None
        }
    })
}

/// The variables of the play that runs.
#[derive(Default, Clone)]
struct PlayVariables {
    defaults: Vec<Dict>,
    vars: Dict,
    vars_files: HashMap<Option<Arc<str>>, Vec<Dict>>,
    role_vars: Vec<Dict>,
    magic: Dict,
    /// `play_hosts`, the old name of `ansible_play_batch`.
    batch: Option<Value>,
}

impl Variables {
    /// The variables of a run. `options` are the engine's own that hold for the whole run (`ansible_check_mode` ...).
    #[must_use]
    pub fn new(templar: Rc<Templar>, inventory: Inventory, extra: Dict, options: Dict, facts: FactOptions) -> Rc<Self> {
        let problems = Rc::new(RefCell::new(Vec::new()));
        let cache = facts.cache.map(Rc::new);
        let earlier = cache.clone().map(|cache| earlier_facts(cache, Rc::clone(&problems)));
        Rc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            store: Store::new(facts.inject, earlier),
            inventory: RefCell::new(inventory),
            templar,
            extra,
            options,
            cache,
            by_host: RefCell::new(HashMap::new()),
            problems,
            warnings: RefCell::default(),
            groups: RefCell::new(None),
            play: RefCell::new(PlayVariables::default()),
            basedir: RefCell::new(PathBuf::new()),
        })
    }

    /// What renders.
    #[must_use]
    pub fn templar(&self) -> &Rc<Templar> {
        &self.templar
    }

    /// `-e`
    #[must_use]
    pub fn extra(&self) -> &Dict {
        &self.extra
    }

    /// Sets the folder of the playbook that runs.
    pub fn set_basedir(&self, basedir: PathBuf) {
        self.by_host.borrow_mut().clear();
        self.inventory.borrow_mut().set_playbook_dirs(std::slice::from_ref(&basedir));
        self.templar.set_basedir(basedir.clone());
        *self.basedir.borrow_mut() = basedir;
    }

    /// The folder of the playbook that runs.
    #[must_use]
    pub fn basedir(&self) -> PathBuf {
        self.basedir.borrow().clone()
    }

    /// Hosts or groups have changed.
    pub fn inventory_changed(&self) {
        self.by_host.borrow_mut().clear();
        *self.groups.borrow_mut() = None;
    }

    /// A play begins: its variables, those of its roles.
    pub fn enter_play(&self, play: &Play, vars: Dict) {
        let mut state = PlayVariables { vars, ..PlayVariables::default() };
        let mut names = Vec::new();
        let mut dependent = Vec::new();
        for loaded in &play.roles {
            let role = &loaded.role;
            if role.public {
                state.defaults.extend(role.exported_default_layers());
                state.role_vars.extend(role.exported_var_layers());
            }
            names.push(Value::from(&*role.full_name()));
            push_new(&mut dependent, role.dependency_names().map(|name| Value::from(&**name)));
        }
        let magic = &state.magic;
        let mut all = dependent.clone();
        push_new(&mut all, names.iter().cloned());
        magic.insert("ansible_role_names", list(all));
        magic.insert("ansible_play_role_names", list(names.clone()));
        magic.insert("ansible_dependent_role_names", list(dependent));
        magic.insert("role_names", list(names));
        *self.play.borrow_mut() = state;
        self.by_host.borrow_mut().clear();
    }

    /// More roles came with an include that is public.
    pub fn add_role(&self, role: &crate::playbook::RoleInstance) {
        let mut play = self.play.borrow_mut();
        play.defaults.extend(role.exported_default_layers());
        play.role_vars.extend(role.exported_var_layers());
    }

    /// What `vars_files` gave for a host (`None`: where no host is known).
    pub fn set_vars_files(&self, host: Option<&Arc<str>>, files: Vec<Dict>) {
        self.play.borrow_mut().vars_files.insert(host.cloned(), files);
    }

    /// Engine variables of the play: `ansible_play_name`, `ansible_play_hosts` and the like.
    pub fn set_play_magic(&self, name: &str, value: Value) {
        self.play.borrow().magic.insert(name, value);
    }

    /// Sets the hosts of the batch.
    pub fn set_play_batch(&self, batch: Value) {
        let mut play = self.play.borrow_mut();
        play.magic.insert("ansible_play_batch", batch.clone());
        play.batch = Some(batch);
    }

    /// The play's own variables.
    #[must_use]
    pub fn play_vars(&self) -> Dict {
        self.play.borrow().vars.clone()
    }

    /// Facts that a host sent.
    pub fn add_facts(&self, host: &str, facts: &Map) {
        let dict: Dict = facts.iter().map(|(name, value)| (name.as_str(), data::from_data(value))).collect();
        self.store.add_facts(host, &dict);
        if let Some(Err(problem)) = self.cache.as_ref().map(|cache| cache.add(host, facts)) {
            self.warnings.borrow_mut().push(problem);
        }
    }

    /// Forgets a host's facts, those that earlier runs kept as well.
    pub fn clear_facts(&self, host: &str) {
        if let Some(cache) = &self.cache {
            cache.forget(host);
        }
        self.store.clear_facts(host);
    }

    fn read_inventory_layers(&self, host: &str) -> Vec<Dict> {
        let inventory = self.inventory.borrow();
        let Some(known) = inventory.host(host) else {
            // A host that is in no inventory (`delegate_to` an address) has a name and nothing else.
            let short = host.split('.').next().unwrap_or(host);
            return vec![
                [("inventory_hostname", Value::from(host)), ("inventory_hostname_short", Value::from(short))]
                    .into_iter()
                    .collect(),
            ];
        };
        match inventory.layers(known) {
            Ok(layers) => layers
                .into_iter()
                .map(|(_, vars)| vars.iter().map(|(name, value)| (&**name, value.clone())).collect())
                .collect(),
            Err(error) => {
                self.problems.borrow_mut().push(*error.0);
                Vec::new()
            }
        }
    }

    /// What was wrong with files of variables since the last call.
    pub fn take_problems(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut *self.problems.borrow_mut())
    }

    /// What was noticed in files of variables and of facts since the last call and is not an error.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        let mut warnings = self.inventory.borrow().take_warnings();
        warnings.append(&mut self.warnings.borrow_mut());
        warnings
    }

    /// The hosts that patterns mean, within the limit, in the play's order.
    ///
    /// # Errors
    ///
    /// A pattern or the order is wrong.
    pub fn select(
        &self,
        patterns: &[String],
        order: Option<&str>,
        warn: &mut dyn FnMut(Diagnostic),
    ) -> Result<Vec<Arc<str>>, inventory::Error> {
        let mut hosts = self.inventory.borrow().hosts_matching(patterns, warn)?;
        if let Some(order) = order {
            Order::named(order)?.apply(&mut hosts);
        }
        Ok(hosts.iter().map(|host| Arc::from(&**host)).collect())
    }

    /// The name of a host of the inventory, the control node's own names among them.
    #[must_use]
    pub fn host_name(&self, name: &str) -> Option<Arc<str>> {
        self.inventory.borrow().host(name).map(|host| Arc::from(&*host.name))
    }

    pub(super) fn host_names(&self) -> Vec<Rc<str>> {
        self.inventory.borrow().hosts().map(|host| Rc::clone(&host.name)).collect()
    }

    fn inventory_layers(&self, host: &Arc<str>) -> Rc<Vec<Dict>> {
        if let Some(known) = self.by_host.borrow().get(host) {
            return Rc::clone(known);
        }
        let layers = Rc::new(self.read_inventory_layers(host));
        self.by_host.borrow_mut().insert(Arc::clone(host), Rc::clone(&layers));
        layers
    }

    /// The layers for a host, a task, both or none; `in_play` without the play's own variables.
    #[must_use]
    pub fn layers(&self, host: Option<&Arc<str>>, task: Option<&Task>, in_play: bool) -> Layers {
        let mut layers = Layers::new();
        let play = self.play.borrow();
        if in_play {
            for defaults in &play.defaults {
                layers.add(Layer::PlayRoleDefaults, defaults.clone());
            }
            layers.add(Layer::PlayVars, play.vars.clone());
            let files = play.vars_files.get(&host.cloned()).or_else(|| play.vars_files.get(&None));
            for variables in files.into_iter().flatten() {
                layers.add(Layer::VarsFiles, variables.clone());
            }
            for vars in &play.role_vars {
                layers.add(Layer::PlayRoleVars, vars.clone());
            }
            layers.add(Layer::Magic, play.magic.clone());
        }
        if let Some(host) = host {
            for variables in self.inventory_layers(host).iter() {
                layers.add(Layer::Inventory, variables.clone());
            }
            let learned = self.store.host(host);
            layers.add(Layer::Facts, learned.facts_as_variables);
            layers.add(Layer::Facts, [("ansible_facts", Value::Dict(learned.facts))].into_iter().collect());
            layers.add(Layer::IncludeVars, learned.include_vars);
            layers.add(Layer::SetFacts, learned.set_facts);
        }
        if let Some(task) = task {
            if let Some(role) = &task.role {
                for defaults in role.default_layers() {
                    layers.add(Layer::RoleDefaults, defaults);
                }
                for vars in role.var_layers() {
                    layers.add(Layer::RoleVars, vars);
                }
                for params in role.param_layers() {
                    layers.add(Layer::RoleParams, params);
                }
                layers.add(Layer::Magic, role_magic(role));
            }
            layers.add(Layer::TaskVars, task.vars());
            layers.add(Layer::IncludeParams, task.include_params());
            layers.add(Layer::Magic, task_magic(task, &self.basedir.borrow()));
        }
        layers.add(Layer::ExtraVars, self.extra.clone());
        layers.add(Layer::Magic, self.options.clone());
        layers
    }

    /// The scope of a task on a host.
    #[must_use]
    pub fn scope(&self, host: Option<&Arc<str>>, task: Option<&Task>) -> Rc<VariableScope> {
        self.scope_of(self.layers(host, task, true))
    }

    /// What the names of `vars_files` may use: what the play and the inventory say and what the host sent, not what was
    /// set or registered, nor anything of roles and tasks.
    #[must_use]
    pub fn vars_files_scope(&self, host: Option<&Arc<str>>) -> Rc<VariableScope> {
        let mut layers = self.layers(host, None, true);
        layers.retain(|layer| layer <= Layer::VarsFiles || layer >= Layer::ExtraVars);
        self.scope_of(layers)
    }

    /// A host seen from others: `hostvars[host]`, without the play and the task.
    #[must_use]
    pub fn host_scope(&self, host: &Arc<str>) -> Rc<VariableScope> {
        self.scope_of(self.layers(Some(host), None, false))
    }

    fn scope_of(&self, layers: Layers) -> Rc<VariableScope> {
        let magic = self.this.upgrade().map(|variables| Rc::new(RunMagic { variables }) as Rc<dyn Magic>);
        VariableScope::new(Rc::clone(&self.templar), layers, magic)
    }

    fn groups(&self) -> Value {
        if let Some(known) = &*self.groups.borrow() {
            return known.clone();
        }
        let groups = Dict::new();
        for (name, hosts) in self.inventory.borrow().groups_dict() {
            groups.insert(&*name, list(hosts.iter().map(|host| Value::from(&**host)).collect()));
        }
        let value = Value::Dict(groups);
        *self.groups.borrow_mut() = Some(value.clone());
        value
    }
}

fn list(values: Vec<Value>) -> Value {
    Value::List(List::new(values))
}

/// Adds names that are not there yet.
fn push_new(names: &mut Vec<Value>, more: impl Iterator<Item = Value>) {
    for name in more {
        if !names.iter().any(|known| known.as_str() == name.as_str()) {
            names.push(name);
        }
    }
}

fn role_magic(role: &crate::playbook::RoleInstance) -> Dict {
    let magic = Dict::new();
    magic.insert("role_name", Value::from(&*role.name));
    magic.insert("role_path", Value::from(&*role.path));
    magic.insert("role_uuid", Value::from(role.id.to_string()));
    let collection = role.collection.as_ref().map_or(Value::None, |name| Value::from(&**name));
    magic.insert("ansible_collection_name", collection);
    magic.insert("ansible_role_name", Value::from(&*role.full_name()));
    magic
}

fn task_magic(task: &Task, basedir: &std::path::Path) -> Dict {
    let magic = Dict::new();
    magic.insert("environment", list(task.effective().environment.clone()));
    let mut paths: Vec<Value> = task.search_path().iter().map(|path| Value::from(&**path)).collect();
    let basedir = basedir.display().to_string();
    if !paths.iter().any(|path| path.as_str() == Some(basedir.as_str())) {
        paths.push(Value::from(basedir));
    }
    magic.insert("ansible_search_path", list(paths));
    magic
}

/// Names that are worked out when they are asked for.
struct RunMagic {
    variables: Rc<Variables>,
}

impl Magic for RunMagic {
    fn lookup(&self, name: &str, scope: &Rc<VariableScope>) -> Result<Option<Value>, Error> {
        Ok(match name {
            "hostvars" => Some(Value::object(HostVars::new(&self.variables))),
            "groups" => Some(self.variables.groups()),
            "vars" => Some(Value::Dict(scope.as_dict())),
            "play_hosts" => self.variables.play.borrow().batch.clone().inspect(|_| {
                let notice = Notice::deprecated("The `play_hosts` magic variable is deprecated.", "2.23");
                let origin = scope.templar().rendering().0;
                scope.notice(notice.at(origin.as_ref()).help("Use `ansible_play_batch` instead."));
            }),
            "playbook_dir" => Some(Value::from(self.variables.basedir().display().to_string())),
            _ => None,
        })
    }

    fn names(&self) -> Vec<&'static str> {
        vec!["hostvars", "groups", "vars", "play_hosts", "playbook_dir"]
    }
}
