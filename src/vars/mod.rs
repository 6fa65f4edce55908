//! Precedence of variables as ONE table, and merging. Nothing is rendered here.
//!
//! Source: Ansible documentation, "Using variables: variable precedence".

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
};

use jinja::{Dict, Value};

/// Where variables come from, weakest first. The order of this list is the precedence; nothing else is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// How the host that does the work is reached, as far as nothing else says it (`ansible_host`, `ansible_connection`).
    /// Templates see these names, lists of variables and what decides on the connection do not.
    Connection,
    /// `defaults/` of the play's roles.
    PlayRoleDefaults,
    /// `defaults/` of the task's role and of the roles it came by.
    RoleDefaults,
    /// Groups and the host, as the inventory and the folders `group_vars` and `host_vars` have them; among themselves in
    /// the order that the inventory gives them (`variable_precedence`).
    Inventory,
    /// Facts that the host sent.
    Facts,
    /// `vars` of the play, and answers to `vars_prompt`.
    PlayVars,
    /// `vars_files` of the play.
    VarsFiles,
    /// `vars/` of the play's roles.
    PlayRoleVars,
    /// `vars/` of the task's role and of the roles it came by.
    RoleVars,
    /// `vars` of the blocks around the task and of the task.
    TaskVars,
    /// What `include_vars` read.
    IncludeVars,
    /// What `set_fact` set and `register` kept.
    SetFacts,
    /// Parameters of the role (`- role: x, p: 1`).
    RoleParams,
    /// `vars` of an include.
    IncludeParams,
    /// `-e`.
    ExtraVars,
    /// Variables of the engine's own, that nobody overrides.
    Magic,
    /// `item`, `ansible_loop` and the like: the loop that runs.
    Loop,
}

/// The variables that one task on one host sees, as layers: nothing is copied together.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// In the order of precedence, weakest first.
    entries: Vec<(Layer, Dict)>,
}

impl Layers {
    /// No variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds variables. Among those of one layer, what comes later is stronger.
    pub fn add(&mut self, layer: Layer, variables: Dict) {
        let at = self.entries.partition_point(|(known, _)| *known <= layer);
        self.entries.insert(at, (layer, variables));
    }

    /// Leaves only some layers.
    pub fn retain(&mut self, keep: impl Fn(Layer) -> bool) {
        self.entries.retain(|(layer, _)| keep(*layer));
    }

    /// The strongest value of a name as it was written, and its layer.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<(Layer, Value)> {
        self.entries.iter().rev().find_map(|(layer, variables)| variables.raw(name).map(|value| (*layer, value)))
    }

    /// The same, but for what the host sent: settings of the connection are never taken from there.
    #[must_use]
    pub fn raw_from_operator(&self, name: &str) -> Option<Value> {
        self.entries
            .iter()
            .rev()
            .filter(|(layer, _)| !matches!(layer, Layer::Facts | Layer::Connection))
            .find_map(|(_, variables)| variables.raw(name))
    }

    /// The variables that `vars` tells of.
    fn told(&self) -> impl Iterator<Item = &Dict> {
        self.entries.iter().filter(|(layer, _)| *layer != Layer::Connection).map(|(_, variables)| variables)
    }

    /// All names.
    #[must_use]
    pub fn names(&self) -> BTreeSet<Rc<str>> {
        self.told()
            .flat_map(Dict::keys)
            .filter_map(|key| match key {
                Value::Str(name) => Some(name.shared()),
                _ => None,
            })
            .collect()
    }

    /// All variables as they were written, strongest values only.
    #[must_use]
    pub fn flatten(&self) -> Dict {
        let flat = Dict::new();
        for variables in self.told() {
            for (key, value) in variables.raw_items() {
                if let Value::Str(name) = key {
                    flat.insert(name, value);
                }
            }
        }
        flat
    }
}

/// The facts of a host that an earlier run learned, by their full names.
pub type EarlierFacts = Box<dyn Fn(&str) -> Option<Dict>>;

/// What is learned of hosts while a run goes on.
#[derive(Default)]
pub struct Store {
    hosts: RefCell<HashMap<Arc<str>, Learned>>,
    earlier: Option<EarlierFacts>,
    /// Facts are variables, too.
    inject: bool,
}

/// What is learned of one host.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    /// Facts, under their names without prefix where Ansible has it so (`ansible_facts.distribution`).
    pub facts: Dict,
    /// The same facts as variables (`ansible_distribution`).
    pub facts_as_variables: Dict,
    /// `set_fact` and `register`.
    pub set_facts: Dict,
    /// `include_vars`.
    pub include_vars: Dict,
}

impl Store {
    /// Nothing is learned yet, save what `earlier` knows of a host when it is first asked for. `inject`: facts are
    /// variables, too (`inject_facts_as_vars`).
    #[must_use]
    pub fn new(inject: bool, earlier: Option<EarlierFacts>) -> Self {
        Self { hosts: RefCell::default(), earlier, inject }
    }

    /// What is known of a host. The dicts are shared: what is learned later shows in them.
    #[must_use]
    pub fn host(&self, host: &str) -> Learned {
        if let Some(learned) = self.hosts.borrow().get(host) {
            return learned.clone();
        }
        let learned = Learned::default();
        if let Some(facts) = self.earlier.as_ref().and_then(|earlier| earlier(host)) {
            self.take_in(&learned, &facts);
        }
        self.hosts.borrow_mut().entry(Arc::from(host)).or_insert(learned).clone()
    }

    /// Facts that a host sent: plain data. Names without `ansible_` go into `ansible_facts`, and with it among the
    /// variables, save those that decide how hosts are reached.
    pub fn add_facts(&self, host: &str, facts: &Dict) {
        self.take_in(&self.host(host), facts);
    }

    fn take_in(&self, learned: &Learned, facts: &Dict) {
        for (key, value) in facts.raw_items() {
            let Value::Str(name) = key else { continue };
            let short = match name.strip_prefix("ansible_") {
                Some("local") | None => name.as_str(),
                Some(short) => short,
            };
            learned.facts.insert(short, value.clone());
            let as_variable = self.inject || name.as_str() == "ansible_local";
            if as_variable && is_safe_fact(&name) {
                learned.facts_as_variables.insert(name.as_str(), value);
            }
        }
    }

    /// `set_fact` and `register`.
    pub fn set_fact(&self, host: &str, name: &str, value: Value) {
        self.host(host).set_facts.insert(name, value);
    }

    /// `include_vars`.
    pub fn include_var(&self, host: &str, name: &str, value: Value) {
        self.host(host).include_vars.insert(name, value);
    }

    /// Forgets a host's facts (`meta: clear_facts`).
    pub fn clear_facts(&self, host: &str) {
        let learned = self.host(host);
        learned.facts.clear();
        learned.facts_as_variables.clear();
    }

    /// Whether the `setup` module told facts of a host, be it for the play or in a task.
    #[must_use]
    pub fn knows_setup(&self, host: &str) -> bool {
        self.host(host).facts.contains("module_setup")
    }

    /// Whether facts were gathered from a host.
    #[must_use]
    pub fn has_facts(&self, host: &str) -> bool {
        self.host(host).facts.contains("_ansible_facts_gathered")
    }
}

/// Whether a fact may become a variable: nothing that decides where and as whom the engine connects.
///
/// Ansible removes the same names (`ansible.vars.clean`).
fn is_safe_fact(name: &str) -> bool {
    const NEVER: [&str; 7] = [
        "ansible_rsync_path",
        "ansible_playbook_python",
        "ansible_facts",
        "ansible_local_tmp",
        "ansible_remote_tmp",
        "ansible_check_mode",
        "provision_program",
    ];
    const PREFIXES: [&str; 7] = [
        "ansible_become",
        "ansible_ssh_",
        "ansible_connection",
        "ansible_docker_",
        "ansible_shell_",
        "ansible_sudo_",
        "ansible_su_",
    ];
    const EXACT: [&str; 9] = [
        "ansible_host",
        "ansible_port",
        "ansible_user",
        "ansible_password",
        "ansible_private_key_file",
        "ansible_pipelining",
        "ansible_timeout",
        "ansible_host_key_checking",
        "ansible_async_dir",
    ];
    if name.starts_with("ansible_ssh_host_key_") {
        return true;
    }
    let interpreter = name.starts_with("ansible_") && name.ends_with("_interpreter");
    !(NEVER.contains(&name)
        || EXACT.contains(&name)
        || interpreter
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict(name: &str, value: &str) -> Dict {
        let dict = Dict::new();
        dict.insert(name, Value::from(value));
        dict
    }

    #[test]
    fn a_stronger_layer_wins_whatever_the_order_of_adding() {
        let mut layers = Layers::new();
        layers.add(Layer::ExtraVars, dict("x", "extra"));
        layers.add(Layer::RoleDefaults, dict("x", "default"));
        layers.add(Layer::PlayVars, dict("x", "play"));
        assert_eq!(
            layers.raw("x").map(|(layer, value)| (layer, value.to_str().unwrap())),
            Some((Layer::ExtraVars, "extra".into()))
        );
    }

    #[test]
    fn within_a_layer_what_comes_later_wins() {
        let mut layers = Layers::new();
        layers.add(Layer::Inventory, dict("x", "web"));
        layers.add(Layer::Inventory, dict("x", "web-eu"));
        assert_eq!(layers.raw("x").unwrap().1.to_str().unwrap(), "web-eu");
    }

    #[test]
    fn facts_of_an_earlier_run_are_known_until_they_are_learned_anew_and_say_no_more_than_a_host_may() {
        let store = Store::new(
            true,
            Some(Box::new(|host| {
                let facts = Dict::new();
                facts.insert("ansible_nodename", Value::from(host));
                facts.insert("ansible_host", Value::from("127.0.0.9"));
                Some(facts)
            })),
        );
        let text = |learned: &Learned| learned.facts.raw("nodename").unwrap().to_str().unwrap();
        assert_eq!(text(&store.host("db1")), "db1");
        assert!(!store.host("db1").facts_as_variables.contains("ansible_host"));
        store.add_facts("db1", &dict("ansible_nodename", "new"));
        assert_eq!(text(&store.host("db1")), "new");
    }

    #[test]
    fn a_host_cannot_say_how_it_is_reached() {
        let store = Store::new(true, None);
        let facts = Dict::new();
        for name in ["ansible_host", "ansible_become_user", "ansible_python_interpreter", "ansible_distribution"] {
            facts.insert(name, Value::from("from the host"));
        }
        store.add_facts("web1", &facts);
        let learned = store.host("web1");
        assert_eq!(learned.facts_as_variables.keys().len(), 1);
        assert!(learned.facts_as_variables.contains("ansible_distribution"));
    }
}
