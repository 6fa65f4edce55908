//! What a run has, and what it says.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
    sync::Arc,
};

use connection::Pool;
use indexmap::IndexMap;
use jinja::Value;
use protocol::{Data, Map};
use tokio::sync::Semaphore;

use super::{
    keywords::RunDefaults,
    options::RunOptions,
    result::{Deprecation, TaskResult},
    variables::Variables,
};
use crate::{
    action::Prompt,
    config::Config,
    diagnostic::{ErrorChain, Link},
    event::{Callback, Event, HostTotals, ResultEvent, Status, TaskInfo},
    helper_binary::Helpers,
    playbook::{Loader, Task, VaultOpener},
    template::Notice,
    template::{Lookups, VariableScope},
};

/// What a run is made of.
pub struct RunParts {
    /// The configuration.
    pub config: Rc<Config>,
    /// The command line.
    pub options: RunOptions,
    /// The variables, with the inventory.
    pub variables: Rc<Variables>,
    /// Loads playbooks, roles and files of tasks.
    pub loader: Loader,
    /// Opens files that are encrypted as a whole.
    pub vault: Rc<dyn VaultOpener>,
    /// Lookups for loops.
    pub lookups: Rc<dyn Lookups>,
    /// Hears what happens.
    pub callback: Box<dyn Callback>,
    /// Asks the person at the terminal.
    pub prompt: Rc<dyn Prompt>,
    /// The helpers for the hosts.
    pub helpers: Rc<Helpers>,
}

/// A run under way.
pub struct Run {
    /// The configuration.
    pub config: Rc<Config>,
    /// The command line.
    pub options: RunOptions,
    /// The variables, with the inventory.
    pub variables: Rc<Variables>,
    /// Loads playbooks, roles and files of tasks.
    pub loader: RefCell<Loader>,
    /// Opens files that are encrypted as a whole.
    pub vault: Rc<dyn VaultOpener>,
    /// Lookups for loops.
    pub lookups: Rc<dyn Lookups>,
    /// Asks the person at the terminal.
    pub prompt: Rc<dyn Prompt>,
    /// The helpers for the hosts.
    pub helpers: Rc<Helpers>,
    /// What opened the keys of the PKI's intermediates.
    pub openers: crate::issuer::Openers,
    /// The connections.
    pub pool: Rc<Pool>,
    /// As many hosts at a time.
    pub forks: Rc<Semaphore>,
    /// Hosts that failed for good: between batches all of them, during a batch those of the batch.
    pub failed: RefCell<HashSet<Arc<str>>>,
    /// Hosts that cannot be reached.
    pub unreachable: RefCell<HashSet<Arc<str>>>,
    /// A person said stop.
    pub aborted: Cell<bool>,
    /// `--start-at-task` was found.
    pub started: Cell<bool>,
    totals: RefCell<IndexMap<Arc<str>, HostTotals>>,
    stats: RefCell<Map>,
    callback: RefCell<Box<dyn Callback>>,
    infos: RefCell<HashMap<u64, Arc<TaskInfo>>>,
}

impl Run {
    /// A run at its start.
    #[must_use]
    pub fn new(parts: RunParts) -> Rc<Self> {
        let forks = parts.config.forks.max(1);
        Rc::new(Self {
            config: parts.config,
            options: parts.options,
            variables: parts.variables,
            loader: RefCell::new(parts.loader),
            vault: parts.vault,
            lookups: parts.lookups,
            prompt: parts.prompt,
            openers: crate::issuer::Openers::default(),
            helpers: parts.helpers,
            pool: Rc::new(Pool::new()),
            forks: Rc::new(Semaphore::new(forks)),
            failed: RefCell::new(HashSet::new()),
            unreachable: RefCell::new(HashSet::new()),
            aborted: Cell::new(false),
            started: Cell::new(false),
            totals: RefCell::new(IndexMap::new()),
            stats: RefCell::new(Map::new()),
            callback: RefCell::new(parts.callback),
            infos: RefCell::new(HashMap::new()),
        })
    }

    /// Says what happened.
    pub fn emit(&self, event: &Event) {
        self.callback.borrow_mut().event(event);
    }

    /// Shows what the loader noticed.
    pub fn show_load_warnings(&self) {
        let mut warnings = self.loader.borrow_mut().take_warnings();
        warnings.extend(self.variables.take_warnings());
        for warning in warnings {
            let origin = warning.labels.first().map(|(span, _)| span.clone());
            let mut link = Link::at(warning.message, origin);
            link.help = warning.help;
            self.emit(&Event::Warning(ErrorChain::new(link)));
        }
    }

    /// Says something that the operator should know.
    pub fn warn(&self, message: impl Into<String>) {
        self.emit(&Event::Warning(ErrorChain::new(Link::new(message))));
    }

    /// Says what templates said outside of any task's result.
    pub fn notices(&self, notices: Vec<Notice>) {
        for Notice { chain, until } in notices {
            self.emit(&match until {
                None => Event::Warning(chain),
                Some(_) => Event::Deprecation(Deprecation { chain, until }.shown()),
            });
        }
    }

    /// What holds for tasks that do not say otherwise.
    #[must_use]
    pub fn defaults(&self) -> RunDefaults<'_> {
        RunDefaults {
            check_mode: self.options.check,
            diff: self.config.diff,
            max_diff_size: self.config.max_diff_size,
            verbosity: self.config.display.verbosity,
            timeout: i64::try_from(self.config.task_timeout).unwrap_or(0),
            no_log: self.config.no_log,
            poll: i64::try_from(self.config.poll_interval).unwrap_or(15),
            async_folder: &self.config.async_dir,
        }
    }

    /// How many hosts have failed for good or cannot be reached.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.failed.borrow().len() + self.unreachable.borrow().len()
    }

    /// Counts for the recap.
    pub fn count(&self, host: &Arc<str>, add: impl FnOnce(&mut HostTotals)) {
        let mut totals = self.totals.borrow_mut();
        let entry = totals
            .entry(Arc::clone(host))
            .or_insert_with(|| HostTotals { host: host.to_string(), ..HostTotals::default() });
        add(entry);
    }

    /// The recap.
    #[must_use]
    pub fn totals(&self) -> Vec<HostTotals> {
        self.totals.borrow().values().cloned().collect()
    }

    /// What `set_stats` gathered.
    #[must_use]
    pub fn stats(&self) -> Map {
        self.stats.borrow().clone()
    }

    /// Keeps custom statistics, for a host or (`None`) the run.
    pub fn add_stats(&self, host: Option<&str>, data: &Map, aggregate: bool) {
        let mut stats = self.stats.borrow_mut();
        let slot = stats.entry(host.unwrap_or("_run").to_owned()).or_insert_with(|| Data::Map(Map::new()));
        let Data::Map(slot) = slot else { return };
        for (key, value) in data {
            match slot.get_mut(key) {
                Some(known) if aggregate => *known = aggregated(known, value),
                _ => {
                    slot.insert(key.clone(), value.clone());
                }
            }
        }
    }

    /// What the screen needs of a task; its name is rendered for the first host that does it.
    pub fn info(&self, task: &Rc<Task>, scope: Option<&Rc<VariableScope>>) -> Arc<TaskInfo> {
        if let Some(known) = self.infos.borrow().get(&task.id) {
            return Arc::clone(known);
        }
        let own = task.own_name().and_then(|name| match scope {
            Some(scope) => scope.templar().render_text(name, scope).ok().or_else(|| name.to_str().ok()),
            None => name.to_str().ok(),
        });
        let own = own.filter(|name| !name.is_empty());
        let info = Arc::new(TaskInfo {
            id: task.id,
            name: task.display_name(own.as_deref().unwrap_or_default()),
            own_name: own,
            role: task.role.as_ref().map(|role| role.name.to_string()),
            action: task.action.name.to_string(),
            short_action: task.action.short.to_string(),
            path: task.path(),
            handler: task.is_handler,
            looped: task.loop_.is_some(),
            check_mode: self.static_flag(task.effective().check_mode.as_deref()).unwrap_or(self.options.check),
            diff_mode: self.static_flag(task.effective().diff.as_deref()).unwrap_or(self.defaults().diff),
            arguments: self.shown_arguments(task),
        });
        if scope.is_some() {
            self.infos.borrow_mut().insert(task.id, Arc::clone(&info));
        }
        info
    }

    /// The arguments as they were written, where `display_args_to_stdout` asks for them and `no_log` does not forbid it.
    fn shown_arguments(&self, task: &Task) -> Option<String> {
        let secret = task.effective().no_log.as_ref().map_or(self.config.no_log, |raw| raw.truthy().unwrap_or(true));
        if secret || !self.config.display.args_to_stdout {
            return None;
        }
        let pairs = task.action.args.raw_items();
        let text = |value: &Value| value.to_str().unwrap_or_default();
        Some(pairs.iter().map(|(name, value)| format!("{}={}", text(name), text(value))).collect::<Vec<_>>().join(", "))
    }

    /// Forgets the names of tasks, which another play may render anew.
    pub fn forget_names(&self) {
        self.infos.borrow_mut().clear();
    }

    fn static_flag(&self, value: Option<&Value>) -> Option<bool> {
        value.and_then(crate::action::boolean)
    }

    /// The event of a result.
    #[must_use]
    pub fn event_of(&self, result: &TaskResult, status: Option<Status>) -> ResultEvent {
        let status = status.unwrap_or_else(|| {
            if result.is_failed() {
                Status::Failed { ignored: result.ignore_errors }
            } else if result.unreachable {
                Status::Unreachable { ignored: result.ignore_unreachable }
            } else if result.is_skipped() {
                Status::Skipped
            } else {
                Status::Ok
            }
        });
        let mut values = result.shown();
        if !result.show_diff {
            values.shift_remove("diff");
        }
        ResultEvent {
            task: self.info(&result.task, None),
            host: Arc::clone(&result.host),
            delegated: result.delegated.clone(),
            status,
            changed: result.is_changed(),
            values,
            label: if result.no_log { result.label.as_ref().map(|_| Data::Null) } else { result.label.clone() },
            warnings: result.warnings.clone(),
            deprecations: result.deprecations.iter().map(Deprecation::shown).collect(),
            error: result.error.clone(),
        }
    }

    /// An item of a loop is done.
    pub fn item_done(&self, result: &TaskResult) {
        let inventory = matches!(&*result.task.action.short, "add_host" | "group_by");
        if inventory && !result.is_failed() && !result.is_skipped() {
            return;
        }
        self.emit(&Event::ItemResult(Box::new(self.event_of(result, None))));
    }

    /// A task is tried again.
    pub fn retry(&self, result: &TaskResult, left: u32) {
        self.emit(&Event::Retry { result: Box::new(self.event_of(result, None)), left });
    }
}

/// `set_stats: aggregate: true`
fn aggregated(known: &Data, value: &Data) -> Data {
    match (known, value) {
        (Data::Int(left), Data::Int(right)) => Data::Int(left.saturating_add(*right)),
        (Data::Str(left), Data::Str(right)) => Data::Str(format!("{left}{right}")),
        (Data::List(left), Data::List(right)) => Data::List(left.iter().chain(right).cloned().collect()),
        (Data::Map(left), Data::Map(right)) => {
            let mut merged = left.clone();
            merged.extend(right.iter().map(|(key, value)| (key.clone(), value.clone())));
            Data::Map(merged)
        }
        (_, value) => value.clone(),
    }
}
