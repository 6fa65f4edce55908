//! Playbooks and their plays, batch by batch.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use jinja::{Dict, List, Str, Value};

use super::{filter, free, keywords::Keywords, linear, run::Run};
use crate::{
    action::boolean,
    diagnostic::{Diagnostic, Span},
    event::{Event, PlayInfo},
    playbook::{Block, Directives, Play, Playbook, Refused, Task, tags::TagFilter},
    strategy::PlayIterator,
    template::TemplateError,
};

/// How a run ended; the numbers are Ansible's exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All went well.
    Ok,
    /// Something that is not a host's fault went wrong.
    Error,
    /// Hosts failed.
    Failed,
    /// Hosts could not be reached.
    Unreachable,
    /// A person said stop.
    Aborted,
}

impl Ending {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Failed => 2,
            Self::Unreachable => 4,
            Self::Aborted => 99,
        }
    }
}

/// Why a run stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A playbook, a role or a file of tasks cannot be loaded.
    #[error("{0}")]
    Refused(Refused),
    /// Anything else that the operator has to mend.
    #[error("{}", .0.message)]
    Stopped(Box<Diagnostic>),
}

impl RunError {
    /// The diagnostics to draw.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            Self::Refused(refused) => refused.diagnostics.clone(),
            Self::Stopped(diagnostic) => vec![(**diagnostic).clone()],
        }
    }

    /// The exit code.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Refused(refused) => refused.exit_code,
            Self::Stopped(_) => 1,
        }
    }
}

impl From<TemplateError> for RunError {
    fn from(error: TemplateError) -> Self {
        let mut diagnostic = Diagnostic::error(error.message);
        if let Some(origin) = error.origin {
            diagnostic = diagnostic.at(origin, "");
        }
        Self::Stopped(Box::new(diagnostic))
    }
}

/// One batch of a play under way.
pub(super) struct PlayRun {
    /// The run.
    pub run: Rc<Run>,
    /// Its hosts on their way.
    pub iterator: RefCell<PlayIterator>,
    /// `max_fail_percentage`
    pub max_fail: Option<f64>,
    /// Why the run has to stop, if it has.
    stopped: RefCell<Option<String>>,
    /// `end_play`: no further batch either.
    pub ended: std::cell::Cell<bool>,
}

/// Runs playbooks in order, until one fails.
///
/// # Errors
///
/// A playbook cannot be loaded, or a play's own keywords are wrong.
pub async fn run_playbooks(run: &Rc<Run>, playbooks: &[PathBuf]) -> Result<Ending, RunError> {
    let mut ending = Ending::Ok;
    for path in playbooks {
        let basedir = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_path_buf));
        run.variables.set_basedir(basedir.clone().unwrap_or_default());
        let playbook = run.loader.borrow_mut().load_playbook(path).map_err(RunError::Refused)?;
        run.show_load_warnings();
        ending = run_playbook(run, &playbook).await?;
        if ending != Ending::Ok {
            break;
        }
    }
    Ok(ending)
}

async fn run_playbook(run: &Rc<Run>, playbook: &Playbook) -> Result<Ending, RunError> {
    if !run.options.syntax_check {
        run.emit(&Event::PlaybookStarted { path: playbook.path.to_string() });
    }
    let mut ending = Ending::Ok;
    for play in &playbook.plays {
        run.variables.set_basedir(PathBuf::from(&*play.scope.basedir));
        let (next, broken) = run_play(run, play).await?;
        ending = next;
        if broken || run.aborted.get() {
            break;
        }
    }
    if run.options.syntax_check {
        return Ok(ending);
    }
    run.emit(&Event::Finished { totals: run.totals(), custom_stats: run.stats() });
    if run.aborted.get() {
        ending = Ending::Aborted;
    }
    if let Some(name) = &run.options.start_at_task
        && !run.started.get()
    {
        let message =
            format!("No matching task \"{name}\" found. Note: --start-at-task can only follow static includes.");
        run.emit(&Event::Error(crate::diagnostic::ErrorChain::new(crate::diagnostic::Link::new(message))));
    }
    Ok(ending)
}

/// A play's own keywords, rendered.
struct PlaySettings {
    name: String,
    pattern: Vec<String>,
    serial: Vec<Value>,
    strategy: String,
    max_fail: Option<f64>,
    force_handlers: bool,
    order: Option<String>,
    gather_facts: Option<bool>,
}

async fn run_play(run: &Rc<Run>, play: &Rc<Play>) -> Result<(Ending, bool), RunError> {
    run.forget_names();
    let vars = Dict::new();
    for (key, value) in play.scope.directives.vars.iter().flat_map(Dict::raw_items) {
        if let Ok(key) = jinja::Key::new(key) {
            vars.insert(key, value);
        }
    }
    run.variables.enter_play(play, vars.clone());
    super::prompts::ask(run, play, &vars).await?;
    super::prompts::load_vars_files(run, play, None)?;
    let settings = play_settings(run, play)?;
    run.variables.set_play_magic("ansible_play_name", Value::from(settings.name.as_str()));
    if run.options.syntax_check {
        return Ok((Ending::Ok, false));
    }
    let info = PlayInfo {
        name: settings.name.clone(),
        check_mode: play.scope.directives.check_mode.as_ref().and_then(boolean).unwrap_or(run.options.check),
        strategy: settings.strategy.clone(),
    };
    let hosts = select(run, &settings, play)?;
    let batches = batches(&hosts, &settings.serial)?;
    if batches.is_empty() {
        run.emit(&Event::PlayStarted(info));
        run.emit(&Event::NoHostsMatched);
        return Ok((Ending::Ok, false));
    }
    let all: Vec<Value> = hosts.iter().map(|host| Value::from(&**host)).collect();
    run.variables.set_play_magic("ansible_play_hosts_all", Value::List(List::new(all)));
    let mut gone_before = run.failed.borrow().len() + run.unreachable.borrow().len();
    let mut ending = Ending::Ok;
    for batch in batches {
        let (next, broken, ended) = run_batch(run, play, &settings, &info, &batch).await?;
        ending = next;
        let gone = run.failed.borrow().len() + run.unreachable.borrow().len();
        if broken || gone - gone_before == batch.len() {
            return Ok((ending, true));
        }
        gone_before = gone;
        if ended || run.aborted.get() {
            break;
        }
    }
    Ok((ending, false))
}

fn play_settings(run: &Run, play: &Play) -> Result<PlaySettings, RunError> {
    let scope = run.variables.scope(None, None);
    let directives = &play.scope.directives;
    let keywords = Keywords { scope: &scope, effective: directives };
    let stop = |chain: crate::diagnostic::ErrorChain| {
        let mut diagnostic = Diagnostic::error(chain.brief());
        if let Some(span) = chain.links.iter().rev().find_map(|link| match &link.origin {
            Some(crate::diagnostic::Origin::File(span)) => Some(span.clone()),
            _ => None,
        }) {
            diagnostic = diagnostic.at(span, "");
        }
        RunError::Stopped(Box::new(diagnostic))
    };
    let mut pattern = Vec::new();
    for host in &play.hosts {
        pattern.extend(hosts_of(&scope.templar().render(host, &scope)?));
    }
    if pattern.is_empty() {
        let mut diagnostic = Diagnostic::error("Hosts list cannot be empty. Please check your playbook");
        if let Some(span) = &play.scope.span {
            diagnostic = diagnostic.at(span.clone(), "this play");
        }
        return Err(RunError::Stopped(Box::new(diagnostic)));
    }
    let name = keywords.text("name", directives.name.as_ref()).map_err(stop)?.filter(|name| !name.is_empty());
    let serial = match keywords.value("serial", play.serial.as_ref()).map_err(stop)? {
        None => Vec::new(),
        Some(Value::List(list)) => list.raw_values(),
        Some(one) => vec![one],
    };
    Ok(PlaySettings {
        name: name.unwrap_or_else(|| pattern.join(",")),
        pattern,
        serial,
        strategy: keywords
            .text("strategy", play.strategy.as_ref())
            .map_err(stop)?
            .unwrap_or_else(|| run.config.strategy.clone()),
        max_fail: keywords.float("max_fail_percentage", play.max_fail_percentage.as_ref()).map_err(stop)?,
        force_handlers: keywords
            .flag("force_handlers", play.force_handlers.as_ref())
            .map_err(stop)?
            .unwrap_or(run.config.force_handlers),
        order: keywords.text("order", play.order.as_ref()).map_err(stop)?,
        gather_facts: keywords.flag("gather_facts", play.gather_facts.as_ref()).map_err(stop)?,
    })
}

fn hosts_of(value: &Value) -> Vec<String> {
    match value {
        Value::List(list) => list.raw_values().iter().flat_map(hosts_of).collect(),
        Value::Str(text) if text.trim().is_empty() => Vec::new(),
        other => other.to_str().map(|text| vec![text]).unwrap_or_default(),
    }
}

fn select(run: &Run, settings: &PlaySettings, play: &Play) -> Result<Vec<Arc<str>>, RunError> {
    let mut warnings = Vec::new();
    let selected = run.variables.select(&settings.pattern, settings.order.as_deref(), &mut |warning| {
        warnings.push(warning.message);
    });
    for warning in warnings {
        run.warn(warning);
    }
    selected.map_err(|error| {
        let diagnostic = *error.0;
        let diagnostic = match (&play.scope.span, diagnostic.labels.is_empty()) {
            (Some(span), true) => diagnostic.at(span.clone(), "the hosts of this play"),
            _ => diagnostic,
        };
        RunError::Stopped(Box::new(diagnostic))
    })
}

/// Cuts hosts into batches: numbers or percentages, the last one again for what is left.
///
/// Source: Ansible documentation, "Setting the batch size with serial".
fn batches(hosts: &[Arc<str>], serial: &[Value]) -> Result<Vec<Vec<Arc<str>>>, RunError> {
    let mut rest = hosts;
    let mut batches = Vec::new();
    let mut step = 0;
    while !rest.is_empty() {
        let size = match serial.get(step.min(serial.len().saturating_sub(1))) {
            None => 0,
            Some(value) => batch_size(value, hosts.len()).ok_or_else(|| {
                let shown = value.to_str().unwrap_or_default();
                RunError::Stopped(Box::new(Diagnostic::error(format!(
                    "serial: '{shown}' is neither a number nor a percentage"
                ))))
            })?,
        };
        let size = if size == 0 { rest.len() } else { size.min(rest.len()) };
        let (batch, left) = rest.split_at(size);
        batches.push(batch.to_vec());
        rest = left;
        step += 1;
    }
    Ok(batches)
}

fn batch_size(value: &Value, hosts: usize) -> Option<usize> {
    let text = value.to_str().ok()?;
    if let Some(percent) = text.trim().strip_suffix('%') {
        let percent: f64 = percent.trim().parse().ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of the hosts"
        )]
        let size = (percent / 100.0 * hosts as f64) as usize;
        return Some(size.max(1));
    }
    let number: i64 = text.trim().parse().ok()?;
    Some(usize::try_from(number).unwrap_or(0))
}

async fn run_batch(
    run: &Rc<Run>,
    play: &Rc<Play>,
    settings: &PlaySettings,
    info: &PlayInfo,
    batch: &[Arc<str>],
) -> Result<(Ending, bool, bool), RunError> {
    super::prompts::load_vars_files_for(run, play, batch)?;
    // A file of variables that cannot be read stops the run: hosts without their variables would be set up wrong.
    for host in batch {
        let _ = run.variables.layers(Some(host), None, true);
        if let Some(problem) = run.variables.take_problems().into_iter().next() {
            return Err(RunError::Stopped(Box::new(problem)));
        }
    }
    let blocks = compile(run, play, settings)?;
    let mut iterator = PlayIterator::new(blocks, &play.all_handlers(), batch);
    for host in batch {
        if run.failed.borrow().contains(host) {
            iterator.fail_unrescued(host);
        } else if run.unreachable.borrow().contains(host) {
            iterator.end_host(host);
        }
    }
    if let Some(name) = &run.options.start_at_task
        && !run.started.get()
    {
        let found = iterator.start_at(&|task: &Task| matches_name(run, task, name));
        run.started.set(found);
    }
    run.emit(&Event::PlayStarted(info.clone()));
    let state = Rc::new(PlayRun {
        run: Rc::clone(run),
        iterator: RefCell::new(iterator),
        max_fail: settings.max_fail,
        stopped: RefCell::new(None),
        ended: std::cell::Cell::new(false),
    });
    state.refresh_magic();
    let strategy = settings.strategy.strip_prefix("ansible.builtin.").unwrap_or(&settings.strategy);
    let broken = match strategy {
        "linear" | "debug" => linear::run(&state).await?,
        "free" => free::run(&state, None).await?,
        "host_pinned" => {
            let forks = run.config.forks;
            free::run(&state, Some(forks)).await?
        }
        other => {
            return Err(RunError::Stopped(Box::new(
                Diagnostic::error(format!("Invalid play strategy specified: {other}"))
                    .help("the strategies are linear, free and host_pinned"),
            )));
        }
    };
    if let Some(message) = state.stopped.borrow().clone() {
        return Err(RunError::Stopped(Box::new(Diagnostic::error(message))));
    }
    for host in state.iterator.borrow().failed_hosts() {
        run.failed.borrow_mut().insert(Arc::clone(host));
    }
    let ending = if batch.iter().any(|host| run.unreachable.borrow().contains(host)) {
        Ending::Unreachable
    } else if broken || state.iterator.borrow().failed_hosts().next().is_some() {
        Ending::Failed
    } else {
        Ending::Ok
    };
    Ok((ending, broken, state.ended.get()))
}

/// The play's blocks: facts first, then its parts, tags heeded.
fn compile(run: &Run, play: &Rc<Play>, settings: &PlaySettings) -> Result<Vec<Rc<Block>>, RunError> {
    let loader = run.loader.borrow();
    let ids = loader.ids();
    let gathers = match (run.config.gathering.as_str(), settings.gather_facts) {
        ("explicit", gathers) => gathers.unwrap_or(false),
        (_, gathers) => gathers.unwrap_or(true),
    };
    let mut blocks = Vec::new();
    if gathers {
        blocks.push(play.gather_facts_block(ids));
    }
    blocks.extend(play.compile(settings.force_handlers, ids));
    let filter = TagFilter::new(run.config.tags.clone(), run.config.skip_tags.clone());
    let scope = run.variables.scope(None, None);
    Ok(filter::selected(&blocks, &filter, &scope)?)
}

fn matches_name(run: &Run, task: &Task, wanted: &str) -> bool {
    if task.implicit {
        return false;
    }
    let scope = run.variables.scope(None, Some(task));
    let own = task.own_name().and_then(|name| scope.templar().render_text(name, &scope).ok());
    let own = own.unwrap_or_else(|| task.action.name.to_string());
    let full = task.display_name(&own);
    [own.as_str(), full.as_str()].iter().any(|name| *name == wanted || glob(wanted, name))
}

/// A file-name pattern: `*`, `?`.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = text.get(in_text) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == letter => {
                at += 1;
                in_text += 1;
            }
            _ => match star {
                Some((star_at, from)) => {
                    at = star_at + 1;
                    in_text = from + 1;
                    star = Some((star_at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|letter| *letter == '*')
}

impl PlayRun {
    /// Something is wrong that stops the whole run.
    pub(super) fn stop(&self, message: String) {
        self.stopped.borrow_mut().get_or_insert(message);
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

    /// Brings `ansible_play_hosts` and `ansible_play_batch` up to date.
    pub(super) fn refresh_magic(&self) {
        let variables = &self.run.variables;
        let batch: Vec<Value> = self.iterator.borrow().active_hosts().map(|host| Value::from(&**host)).collect();
        let batch = Value::List(List::new(batch));
        let all = variables.scope(None, None).layers().raw("ansible_play_hosts_all").map(|(_, value)| value);
        let failed = self.run.failed.borrow();
        let unreachable = self.run.unreachable.borrow();
        let iterator = self.iterator.borrow();
        let left: Vec<Value> = all
            .as_ref()
            .and_then(Value::as_list)
            .map(List::raw_values)
            .unwrap_or_default()
            .into_iter()
            .filter(|host| {
                let name = host.as_str().unwrap_or_default();
                !failed.contains(name) && !unreachable.contains(name) && !iterator.is_removed(name)
            })
            .collect();
        variables.set_play_magic("ansible_play_hosts", Value::List(List::new(left)));
        variables.set_play_batch(batch);
    }

    /// A keyword that is a boolean, with the variables of the play; false where it cannot be told.
    pub(super) fn flag(&self, task: &Task, raw: Option<&Value>, name: &str) -> bool {
        match raw {
            None => false,
            Some(Value::Bool(value)) => *value,
            Some(raw) => {
                let scope = self.run.variables.scope(None, Some(task));
                Keywords { scope: &scope, effective: &Directives::default() }
                    .flag(name, Some(raw))
                    .ok()
                    .flatten()
                    .unwrap_or(false)
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

/// A text of the operator's.
#[must_use]
pub(super) fn trusted(text: &str) -> Value {
    Value::Str(Str::trusted(text, None))
}

/// Where a value was written.
pub(super) fn span_of(value: &Value) -> Option<Span> {
    match value {
        Value::Str(text) => text.origin().map(Span::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(count: usize) -> Vec<Arc<str>> {
        (1..=count).map(|number| Arc::from(format!("h{number}"))).collect()
    }

    fn sizes(count: usize, serial: &[Value]) -> Vec<usize> {
        batches(&hosts(count), serial).unwrap().iter().map(Vec::len).collect()
    }

    #[test]
    fn without_serial_all_hosts_are_one_batch() {
        assert_eq!(sizes(5, &[]), [5]);
    }

    #[test]
    fn the_last_size_of_serial_holds_for_the_rest() {
        assert_eq!(sizes(10, &[Value::Int(1), Value::Int(3)]), [1, 3, 3, 3]);
    }

    #[test]
    fn a_percentage_is_of_all_hosts_and_at_least_one() {
        assert_eq!(sizes(4, &[Value::from("50%")]), [2, 2]);
        assert_eq!(sizes(3, &[Value::from("10%")]), [1, 1, 1]);
    }

    #[test]
    fn a_serial_that_is_no_number_is_refused() {
        assert!(batches(&hosts(2), &[Value::from("some")]).is_err());
    }

    #[test]
    fn task_names_match_as_file_names_do() {
        assert!(glob("install *", "install nginx"));
        assert!(glob("*", ""));
        assert!(!glob("install ?", "install nginx"));
    }
}
