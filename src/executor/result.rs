//! What came of a task on a host.

use std::{rc::Rc, sync::Arc};

use jinja::Value;
use protocol::{Data, Map, Outcome, arguments::python::truth, outcome::Diff};

use crate::{
    action::{ActionOutcome, Detail, Effect},
    diagnostic::ErrorChain,
    playbook::Task,
    template::{Notice, Until, data},
};

/// What will be gone one day.
#[derive(Debug, Clone)]
pub struct Deprecation {
    /// What is said, without when it goes.
    pub chain: ErrorChain,
    /// When it ends, where it is ansible-core's own.
    pub until: Option<Until>,
}

impl Deprecation {
    /// What is said, with when it goes.
    #[must_use]
    pub fn shown(&self) -> ErrorChain {
        let mut chain = self.chain.clone();
        if let (Some(Until { version, plugin }), Some(link)) = (self.until, chain.links.first_mut()) {
            let message = link.message.trim();
            let stop = if message.ends_with(['!', '?', '.']) { "" } else { "." };
            let plugin = plugin.map_or_else(String::new, |(kind, name)| format!("{kind} plugin '{name}' in "));
            link.message =
                format!("{message}{stop} This feature will be removed from {plugin}ansible-core version {version}.");
        }
        chain
    }

    fn data(&self) -> Data {
        let mut map = Map::new();
        if let Some(until) = self.until {
            map.insert("collection_name".to_owned(), Data::from("ansible.builtin"));
            let (name, kind) = match until.plugin {
                Some((kind, name)) => (format!("ansible.builtin.{name}"), Data::from(kind)),
                None => ("ansible.builtin".to_owned(), Data::Null),
            };
            let deprecator = Map::from([("resolved_name".to_owned(), Data::Str(name)), ("type".to_owned(), kind)]);
            map.insert("deprecator".to_owned(), Data::Map(deprecator));
        }
        map.insert("msg".to_owned(), Data::Str(self.chain.brief()));
        if let Some(until) = self.until {
            map.insert("version".to_owned(), Data::from(until.version));
        }
        Data::Map(map)
    }
}

/// What came of a task on a host: the result as Ansible has it, and beside it what steers the run.
#[derive(Debug, Clone)]
pub struct TaskResult {
    /// The host.
    pub host: Arc<str>,
    /// The task.
    pub task: Rc<Task>,
    /// The result's keys: `changed`, `failed`, `msg`, return keys, `results`.
    pub values: Map,
    /// The host did not answer.
    pub unreachable: bool,
    /// `ignore_errors`, rendered.
    pub ignore_errors: bool,
    /// `ignore_unreachable`, rendered.
    pub ignore_unreachable: bool,
    /// `no_log`, rendered.
    pub no_log: bool,
    /// How much of the result is shown.
    pub detail: Detail,
    /// `diff`, rendered: what changed is shown.
    pub show_diff: bool,
    /// The host that did the work, where it is another.
    pub delegated: Option<Arc<str>>,
    /// What is to happen to the run.
    pub effects: Vec<Effect>,
    /// `notify`, rendered.
    pub notify: Vec<String>,
    /// Why it failed.
    pub error: Option<ErrorChain>,
    /// Warnings.
    pub warnings: Vec<ErrorChain>,
    /// Deprecations.
    pub deprecations: Vec<Deprecation>,
    /// The results of a loop's items.
    pub items: Vec<TaskResult>,
    /// It has a loop (even one without items).
    pub looped: bool,
    /// For an item: the loop's variables, for includes.
    pub loop_variables: Vec<(Rc<str>, Value)>,
    /// For an item: its label.
    pub label: Option<Data>,
}

impl TaskResult {
    /// An empty result.
    #[must_use]
    pub fn new(host: &Arc<str>, task: &Rc<Task>) -> Self {
        Self {
            host: Arc::clone(host),
            task: Rc::clone(task),
            values: Map::new(),
            unreachable: false,
            ignore_errors: false,
            ignore_unreachable: false,
            no_log: false,
            detail: Detail::ByVerbosity,
            show_diff: false,
            delegated: None,
            effects: Vec::new(),
            notify: Vec::new(),
            error: None,
            warnings: Vec::new(),
            deprecations: Vec::new(),
            items: Vec::new(),
            looped: false,
            loop_variables: Vec::new(),
            label: None,
        }
    }

    /// Whether a key is true.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(truth)
    }

    /// Sets a key.
    pub fn set(&mut self, key: &str, value: impl Into<Data>) {
        self.values.insert(key.to_owned(), value.into());
    }

    /// It failed, as Ansible reckons: `failed_when` first.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        let decided = self.values.contains_key("failed_when_result")
            || self.items.iter().any(|item| item.values.contains_key("failed_when_result"));
        let key = if decided { "failed_when_result" } else { "failed" };
        match self.values.get(key) {
            Some(value) => truth(value),
            None => self.items.iter().any(|item| item.flag(key)),
        }
    }

    /// It was skipped: all items were, or the task.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        (!self.items.is_empty() && self.items.iter().all(|item| item.flag("skipped"))) || self.flag("skipped")
    }

    /// Something changed.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        match self.values.get("changed") {
            Some(value) => truth(value),
            None => self.items.iter().any(|item| item.flag("changed")),
        }
    }

    /// It changes the inventory: whether it did is known when the result is taken in.
    #[must_use]
    pub fn changes_inventory(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::AddHost { .. } | Effect::AddGroup { .. }))
    }

    /// The result as it is kept under `register`: without what is the engine's own.
    #[must_use]
    pub fn registered(&self) -> Map {
        let mut map = self.whole();
        map.shift_remove("invocation");
        map
    }

    /// The result as it is kept in `ansible_failed_result`.
    #[must_use]
    pub fn whole(&self) -> Map {
        let mut map = stripped(&self.values);
        self.add_exception(&mut map);
        if !self.warnings.is_empty() {
            let warnings = self.warnings.iter().map(|warning| Data::Str(warning.brief())).collect();
            map.insert("warnings".to_owned(), Data::List(warnings));
        }
        if !self.deprecations.is_empty() {
            let deprecations = self.deprecations.iter().map(Deprecation::data).collect();
            map.insert("deprecations".to_owned(), Data::List(deprecations));
        }
        if let Some(Data::List(results)) = map.get_mut("results") {
            for (result, item) in results.iter_mut().zip(&self.items) {
                if let Data::Map(result) = result {
                    item.add_exception(result);
                }
            }
        }
        map
    }

    /// [`Self::registered`] as a value. What `include_vars` read keeps its trust: it is the operator's text, rendered where
    /// it is used.
    #[must_use]
    pub fn registered_value(&self) -> Value {
        let value = data::from_data(&Data::Map(self.registered()));
        self.restore_included(&value);
        if let Some(Value::List(results)) = value.as_dict().and_then(|dict| dict.raw("results")) {
            for (item, value) in self.items.iter().zip(results.raw_values()) {
                item.restore_included(&value);
            }
        }
        value
    }

    fn restore_included(&self, value: &Value) {
        let Some(facts) = value.as_dict().and_then(|dict| dict.raw("ansible_facts")) else { return };
        let Some(facts) = facts.as_dict() else { return };
        for effect in &self.effects {
            if let Effect::IncludeVars(variables) = effect {
                for (name, value) in variables {
                    facts.insert(name.as_str(), value.clone());
                }
            }
        }
    }

    /// Takes what templates said while the task was made ready, before what the task itself says.
    pub fn take_notices(&mut self, notices: Vec<Notice>) {
        let (mut warnings, mut deprecations) = (Vec::new(), Vec::new());
        for Notice { chain, until } in notices {
            match until {
                None => warnings.push(chain),
                Some(_) => deprecations.push(Deprecation { chain, until }),
            }
        }
        self.warnings.splice(0..0, warnings);
        self.deprecations.splice(0..0, deprecations);
    }

    /// A failure that was an error has a place for Python's traceback.
    fn add_exception(&self, map: &mut Map) {
        if self.error.is_some() && map.get("failed").is_some_and(truth) {
            map.insert("exception".to_owned(), Data::from("(traceback unavailable)"));
        }
    }

    /// The result for the screen: censored where `no_log` says so.
    #[must_use]
    pub fn shown(&self) -> Map {
        let mut map = if self.no_log { censored(&self.values) } else { stripped(&self.values) };
        if self.no_log && self.looped && !self.items.is_empty() {
            let items = self.items.iter().map(|item| Data::Map(item.shown())).collect();
            map.insert("results".to_owned(), Data::List(items));
        }
        let detail = match self.detail {
            Detail::Whole if !self.no_log => Some("_ansible_verbose_always"),
            Detail::Hidden => Some("_ansible_verbose_override"),
            Detail::Whole | Detail::ByVerbosity => None,
        };
        if let Some(detail) = detail {
            map.insert(detail.to_owned(), Data::Bool(true));
        }
        if self.no_log {
            map.insert("_ansible_no_log".to_owned(), Data::Bool(true));
        }
        if let Some(Data::Map(delegated)) = self.values.get("_ansible_delegated_vars") {
            map.insert("_ansible_delegated_vars".to_owned(), Data::Map(delegated.clone()));
        }
        map
    }
}

fn censored(values: &Map) -> Map {
    let mut map: Map = ["attempts", "changed", "retries"]
        .iter()
        .filter_map(|key| values.get(*key).map(|value| ((*key).to_owned(), value.clone())))
        .collect();
    let text = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";
    map.insert("censored".to_owned(), Data::from(text));
    map
}

/// Without the engine's own keys, at any depth.
fn stripped(values: &Map) -> Map {
    values
        .iter()
        .filter(|(key, _)| !key.starts_with("_ansible_"))
        .map(|(key, value)| (key.clone(), stripped_data(value)))
        .collect()
}

fn stripped_data(value: &Data) -> Data {
    match value {
        Data::Map(map) => Data::Map(stripped(map)),
        Data::List(items) => Data::List(items.iter().map(stripped_data).collect()),
        other => other.clone(),
    }
}

/// The keys of Ansible's result, from a module's outcome.
#[must_use]
pub(super) fn result_map(outcome: Outcome) -> Map {
    let mut map = Map::new();
    if let Some(changed) = outcome.changed {
        map.insert("changed".to_owned(), Data::Bool(changed));
    }
    if outcome.failed {
        map.insert("failed".to_owned(), Data::Bool(true));
    }
    if outcome.skipped {
        map.insert("skipped".to_owned(), Data::Bool(true));
    }
    if let Some(msg) = outcome.message() {
        map.insert("msg".to_owned(), Data::Str(msg));
    }
    map.extend(outcome.values);
    if let Some(facts) = outcome.facts {
        map.insert("ansible_facts".to_owned(), Data::Map(facts));
    }
    match outcome.diff.as_slice() {
        [] => {}
        [one] => {
            map.entry("diff".to_owned()).or_insert_with(|| one.to_data());
        }
        several => {
            map.entry("diff".to_owned()).or_insert_with(|| Data::List(several.iter().map(Diff::to_data).collect()));
        }
    }
    map
}

/// Takes an action's outcome into a result.
pub(super) fn absorb(result: &mut TaskResult, done: ActionOutcome) {
    let ActionOutcome { outcome, effects, detail, .. } = done;
    let link = |text: &String| ErrorChain::new(crate::diagnostic::Link::said(text.clone()));
    result.warnings.extend(outcome.warnings.iter().map(link));
    let deprecation = |text: &String| Deprecation { chain: link(text), until: None };
    result.deprecations.extend(outcome.deprecations.iter().map(deprecation));
    result.effects = effects;
    result.detail = detail;
    result.values = result_map(outcome);
}
