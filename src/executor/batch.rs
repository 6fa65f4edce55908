//! One batch of a play: its hosts, its tasks, its strategy.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use jinja::{List, Value};

use super::{
    filter, free,
    keywords::Keywords,
    linear,
    play::PlaySettings,
    playbooks::{Ending, RunError},
    run::Run,
    vars_files,
};
use crate::{
    diagnostic::Diagnostic,
    event::{Event, PlayInfo},
    playbook::{Block, Directives, Play, Task, Written, tags::TagFilter},
    strategy::PlayIterator,
};

/// One batch of a play under way.
pub(super) struct PlayRun {
    /// The run.
    pub run: Rc<Run>,
    /// The play.
    pub play: Rc<Play>,
    /// The names of its `vars_files` depend on variables.
    pub late_files: bool,
    /// Its hosts on their way.
    pub iterator: RefCell<PlayIterator>,
    /// What `hosts` of the play says.
    pattern: Vec<String>,
    /// All hosts of the play in the inventory's order, those of other batches too, and those that `add_host` added.
    all_hosts: RefCell<Vec<Arc<str>>>,
    /// `max_fail_percentage`
    pub max_fail: Option<f64>,
    /// Why the run has to stop, if it has.
    stopped: RefCell<Option<Diagnostic>>,
    /// `end_play`: no further batch either.
    pub ended: Cell<bool>,
}

/// How a batch ended.
pub(super) struct BatchEnd {
    /// What the run would end with now.
    pub ending: Ending,
    /// Too many hosts failed (`max_fail_percentage`): no play follows.
    pub broken: bool,
    /// `end_play`: no batch of this play follows.
    pub play_ended: bool,
}

/// Runs a play on some of its hosts.
///
/// # Errors
///
/// Something is wrong that is no host's fault.
pub(super) async fn run_batch(
    run: &Rc<Run>,
    play: &Rc<Play>,
    settings: &PlaySettings,
    info: &PlayInfo,
    hosts: &[Arc<str>],
) -> Result<BatchEnd, RunError> {
    let late_files = vars_files::are_late(play);
    if late_files {
        for host in hosts {
            vars_files::load(run, play, Some(host), false)?;
        }
    }
    // A file of variables that cannot be read stops the run: hosts without their variables would be set up wrong.
    for host in hosts {
        let _ = run.variables.layers(Some(host), None, true);
        if let Some(problem) = run.variables.take_problems().into_iter().next() {
            return Err(RunError::Stopped(Box::new(problem)));
        }
    }
    run.emit(&Event::PlayStarted(info.clone()));
    let blocks = compile(run, play, settings)?;
    let mut iterator =
        PlayIterator::new(blocks, &play.all_handlers(), hosts, &|host| gathers(run, settings.gather_facts, host));
    if let Some(pattern) = &run.options.start_at_task
        && !run.started.get()
    {
        let found = iterator.start_at(&|task: &Task| {
            let name = task.own_name().and_then(|name| name.to_str().ok()).unwrap_or_default();
            task.starts_at(pattern, &name)
        });
        run.started.set(found);
    }
    // Who failed so far is carried along by the iterator; `failed` counts this batch's.
    for host in run.failed.take() {
        iterator.fail_with_others(&host);
    }
    for host in run.unreachable.borrow().iter() {
        iterator.remove(host);
    }
    let state = Rc::new(PlayRun {
        run: Rc::clone(run),
        play: Rc::clone(play),
        late_files,
        iterator: RefCell::new(iterator),
        pattern: settings.pattern.clone(),
        all_hosts: RefCell::default(),
        max_fail: settings.max_fail,
        stopped: RefCell::new(None),
        ended: Cell::new(false),
    });
    state.find_all_hosts();
    state.refresh_magic();
    let strategy = settings.strategy.strip_prefix("ansible.builtin.").unwrap_or(&settings.strategy);
    let broken = match strategy {
        "linear" | "debug" => linear::run(&state).await?,
        "free" => free::run(&state, None).await?,
        "host_pinned" => free::run(&state, Some(run.config.forks.min(hosts.len()))).await?,
        other => {
            return Err(RunError::Stopped(Box::new(
                Diagnostic::error(format!("Invalid play strategy specified: {other}"))
                    .help("the strategies are linear, free and host_pinned"),
            )));
        }
    };
    for host in state.hosts_left() {
        // To its end, through blocks that have no more tasks: only then is it known what became of it.
        state.iterator.borrow_mut().advance(&host);
    }
    if let Some(diagnostic) = state.stopped.take() {
        return Err(RunError::Stopped(Box::new(diagnostic)));
    }
    run.failed.borrow_mut().extend(state.iterator.borrow().failed_hosts().cloned());
    let ending = if broken {
        Ending::Failed
    } else if !run.unreachable.borrow().is_empty() {
        Ending::Unreachable
    } else if state.iterator.borrow().failed_hosts().next().is_some() {
        Ending::Failed
    } else {
        Ending::Ok
    };
    Ok(BatchEnd { ending, broken, play_ended: state.ended.get() })
}

/// Whether a host gathers facts at the start of a play.
///
/// Source: Ansible documentation, `DEFAULT_GATHERING`.
fn gathers(run: &Run, wanted: Option<bool>, host: &str) -> bool {
    match run.config.gathering.as_str() {
        "explicit" => wanted.unwrap_or(false),
        "smart" => wanted.unwrap_or(true) && !run.variables.store.has_facts(host),
        _ => wanted.unwrap_or(true),
    }
}

/// The play's blocks: facts first, then its parts, tags heeded.
fn compile(run: &Run, play: &Rc<Play>, settings: &PlaySettings) -> Result<Vec<Rc<Block>>, RunError> {
    let loader = run.loader.borrow();
    let ids = loader.ids();
    let filter = TagFilter::new(run.config.tags.clone(), run.config.skip_tags.clone());
    let scope = run.variables.scope(None, None);
    // The block of the facts stays even without its task: it is where a host begins.
    let mut blocks = vec![filter::filtered(&play.gather_facts_block(ids), &filter, &scope)?];
    blocks.extend(filter::selected(&play.compile(settings.force_handlers, ids), &filter, &scope)?);
    Ok(blocks)
}

impl PlayRun {
    /// Something is wrong that stops the whole run.
    pub(super) fn stop(&self, diagnostic: Diagnostic) {
        self.stopped.borrow_mut().get_or_insert(diagnostic);
    }

    /// Whether the run has to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.run.aborted.get() || self.stopped.borrow().is_some()
    }

    /// The hosts of the batch that can still be reached, in order.
    pub(super) fn hosts_left(&self) -> Vec<Arc<str>> {
        let unreachable = self.run.unreachable.borrow();
        self.iterator.borrow().hosts().filter(|host| !unreachable.contains(*host)).cloned().collect()
    }

    /// Asks the inventory for all hosts of the play.
    pub(super) fn find_all_hosts(&self) {
        // What is noticed about the pattern was said when the play began.
        let found = self.run.variables.select(&self.pattern, None, &mut |_| {});
        *self.all_hosts.borrow_mut() = found.unwrap_or_default();
    }

    /// A host was added during the play, be it of the play's pattern or not.
    pub(super) fn note_added_host(&self, name: &str) {
        let mut all = self.all_hosts.borrow_mut();
        if !all.iter().any(|known| &**known == name) {
            all.push(Arc::from(name));
        }
    }

    /// Brings `ansible_play_hosts` and its like up to date.
    pub(super) fn refresh_magic(&self) {
        let variables = &self.run.variables;
        let iterator = self.iterator.borrow();
        let failed = self.run.failed.borrow();
        let unreachable = self.run.unreachable.borrow();
        let list = |hosts: &mut dyn Iterator<Item = &Arc<str>>| {
            Value::List(List::new(hosts.map(|host| Value::from(&**host)).collect()))
        };
        let still = |host: &&Arc<str>| !iterator.is_removed(host);
        let batch = list(&mut iterator.hosts().filter(still));
        let all = self.all_hosts.borrow();
        variables.set_play_magic("ansible_play_hosts_all", list(&mut all.iter()));
        variables.set_play_magic("ansible_play_hosts", list(&mut all.iter().filter(still)));
        variables.set_play_batch(batch);
        let current = |host: &&Arc<str>| !failed.contains(*host) && !unreachable.contains(*host);
        variables.set_play_magic("ansible_current_hosts", list(&mut iterator.hosts().filter(current)));
        variables
            .set_play_magic("ansible_failed_hosts", list(&mut iterator.hosts().filter(|host| failed.contains(*host))));
    }

    /// A keyword that is a boolean, with the variables of the play; false where it cannot be told.
    pub(super) fn flag(&self, task: &Task, raw: Option<&Written>, name: &str) -> bool {
        match raw {
            None => false,
            Some(Written { value: Value::Bool(value), .. }) => *value,
            Some(raw) => {
                let scope = self.run.variables.scope(None, Some(task));
                Keywords::of_play(&Directives::default(), &scope).flag(name, Some(raw)).ok().flatten().unwrap_or(false)
            }
        }
    }

    /// `run_once`
    pub(super) fn runs_once(&self, task: &Task) -> bool {
        self.flag(task, task.effective().run_once.as_ref(), "run_once")
    }

    /// `any_errors_fatal`
    pub(super) fn all_fail_with_one(&self, task: &Task) -> bool {
        match task.effective().any_errors_fatal.as_ref() {
            None => self.run.config.any_errors_fatal,
            raw => self.flag(task, raw, "any_errors_fatal"),
        }
    }
}
