//! One task on one host: its loop, its condition, its tries, its result.
//!
//! Source: Ansible documentation, "Loops", "Conditionals", "Error handling in playbooks".

use std::{cell::RefCell, path::PathBuf, rc::Rc, sync::Arc, time::Duration};

use jinja::{Dict, List, Value};
use protocol::{Data, Map};

use super::{
    arguments, job,
    keywords::{self, Keywords, Rendered},
    reach::Reach,
    result::{TaskResult, absorb},
    run::Run,
    target::{HostTarget, NoTarget},
};
use crate::{
    action::{self, ActionContext, ActionError, ActionOutcome, Effect, Target},
    collection,
    diagnostic::{ErrorChain, Link, Span},
    event::Event,
    playbook::{Kind, LoopKind, Task},
    template::{VariableScope, data, omit},
    vars::Layer,
};

/// Does a task on a host, with its loop.
pub(super) async fn execute(run: &Run, host: &Arc<str>, task: &Rc<Task>, scope: Rc<VariableScope>) -> TaskResult {
    match loop_items(run, task, &scope) {
        Ok(None) => once(run, host, task, &scope, None).await,
        Ok(Some(items)) if items.is_empty() => {
            let mut result = TaskResult::new(host, task);
            result.looped = true;
            result.set("changed", false);
            result.set("skipped", true);
            result.set("skipped_reason", "No items in the list");
            result.set("results", Data::List(Vec::new()));
            result
        }
        Ok(Some(items)) => looped(run, host, task, &scope, items).await,
        Err(LoopError::Undefined(chain)) => once(run, host, task, &scope, Some(chain)).await,
        Err(LoopError::Failed(chain)) => {
            let mut result = TaskResult::new(host, task);
            result.no_log = static_no_log(task, &scope);
            result.set("failed", true);
            result.set("msg", chain.brief());
            result.set("changed", false);
            result.error = Some(chain);
            result.ignore_errors = flag_or(task, &scope, "ignore_errors");
            result
        }
    }
}

enum LoopError {
    /// The loop's value is undefined: the condition may still skip the task.
    Undefined(ErrorChain),
    /// The loop cannot be.
    Failed(ErrorChain),
}

fn static_no_log(task: &Task, scope: &Rc<VariableScope>) -> bool {
    let keywords = Keywords { scope, effective: task.effective() };
    // What cannot be told is kept secret.
    keywords.flag("no_log", task.effective().no_log.as_ref()).map_or(true, |flag| flag.unwrap_or(false))
}

fn flag_or(task: &Task, scope: &Rc<VariableScope>, name: &str) -> bool {
    let effective = task.effective();
    let raw = match name {
        "ignore_errors" => effective.ignore_errors.as_ref(),
        _ => effective.ignore_unreachable.as_ref(),
    };
    Keywords { scope, effective }.flag(name, raw).ok().flatten().unwrap_or(false)
}

fn loop_items(run: &Run, task: &Task, scope: &Rc<VariableScope>) -> Result<Option<Vec<Value>>, LoopError> {
    let Some(written) = &task.loop_ else { return Ok(None) };
    let templar = scope.templar();
    let error = |error: crate::template::TemplateError| {
        if error.undefined { LoopError::Undefined(error.chain()) } else { LoopError::Failed(error.chain()) }
    };
    match &written.kind {
        LoopKind::Loop => {
            let value = templar.render(&written.value, scope).map_err(error)?;
            match value {
                Value::List(list) => Ok(Some(list.raw_values())),
                other => {
                    let origin = value_span(&written.value);
                    let message = format!("The `loop` value must resolve to a 'list', not '{}'.", other.type_name());
                    let mut link = Link::at(message, origin);
                    link.help =
                        Some("Provide a list of items/templates, or a template resolving to a list.".to_owned());
                    Err(LoopError::Failed(ErrorChain::new(link)))
                }
            }
        }
        LoopKind::With(name) => {
            let terms = match &written.value {
                Value::Str(_) => match templar.render_to_container(&written.value, scope).map_err(error)? {
                    Value::List(list) => list.raw_values(),
                    other => vec![other],
                },
                Value::List(list) => list.raw_values(),
                other => vec![other.clone()],
            };
            let terms = templar
                .render(&Value::List(List::new(terms)), scope)
                .map_err(error)?
                .as_list()
                .map(List::raw_values)
                .unwrap_or_default();
            let items = run.lookups.with(name, terms, &task.action.name, scope).map_err(error)?;
            Ok(Some(items))
        }
    }
}

fn value_span(value: &Value) -> Option<Span> {
    match value {
        Value::Str(text) => text.origin().map(Span::from),
        _ => None,
    }
}

async fn looped(
    run: &Run,
    host: &Arc<str>,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    items: Vec<Value>,
) -> TaskResult {
    let control = match LoopSettings::new(task, scope) {
        Ok(control) => control,
        Err(chain) => return failure(host, task, scope, chain),
    };
    let mut whole = TaskResult::new(host, task);
    whole.looped = true;
    if scope.layers().raw(&control.loop_var).is_some() {
        whole.warnings.push(loop_variable_in_use(&control.loop_var, task));
    }
    let total = items.len();
    let all = Value::List(List::new(items.clone()));
    // What a task registers, its later items see.
    let registered = Dict::new();
    for (index, item) in items.iter().enumerate() {
        let variables = control.variables(index, total, item, &items, &all);
        let item_scope = scope.with(Layer::Loop, registered.clone()).with(Layer::Loop, variables.clone());
        if index > 0 && control.pause > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(control.pause)).await;
        }
        let mut result = once(run, host, task, &item_scope, None).await;
        if let Some(name) = &task.register {
            registered.insert(name.as_str(), data::from_data(&Data::Map(result.registered())));
        }
        for (key, value) in variables.raw_items() {
            if let Value::Str(key) = key {
                if let Ok(value) = data::to_data(&value) {
                    result.set(&key, value);
                }
                result.loop_variables.push((key.shared(), value));
            }
        }
        let label_scope = scope.with(Layer::Loop, registered.clone()).with(Layer::Loop, variables);
        match control.label(item, &label_scope) {
            Ok(label) => result.label = label,
            Err(message) => {
                result.set("failed", true);
                result.set("msg", format!("Failed to template loop_control.label: {message}"));
            }
        }
        whole.no_log |= result.no_log;
        run.item_done(&result);
        let stop = !control.break_when.is_empty()
            && matches!(scope.templar().first_false(&control.break_when, &label_scope), Ok(None));
        whole.items.push(result);
        if stop {
            break;
        }
    }
    combine(&mut whole);
    whole
}

fn loop_variable_in_use(name: &str, task: &Task) -> ErrorChain {
    let span = task.loop_control.loop_var.as_ref().and_then(value_span);
    let mut link = Link::at(format!("The loop variable '{name}' is already in use."), span);
    link.help = Some(
        "You should set the `loop_var` value in the `loop_control` option for the task to something else to avoid variable collisions and unexpected behavior."
            .to_owned(),
    );
    ErrorChain::new(link)
}

/// The result of a loop, from those of its items.
fn combine(whole: &mut TaskResult) {
    let mut skipped = true;
    let mut failed = false;
    let mut results = Vec::new();
    let (mut ignore_errors, mut ignore_unreachable) = (true, true);
    for item in &mut whole.items {
        skipped &= item.flag("skipped");
        if item.flag("changed") {
            whole.values.insert("changed".to_owned(), Data::Bool(true));
        }
        if item.flag("failed") {
            failed = true;
            ignore_errors &= item.ignore_errors;
        }
        if item.unreachable {
            whole.unreachable = true;
            ignore_unreachable &= item.ignore_unreachable;
        }
        whole.show_diff |= item.show_diff;
        whole.delegated = whole.delegated.take().or_else(|| item.delegated.clone());
        whole.warnings.append(&mut item.warnings);
        whole.deprecations.append(&mut item.deprecations);
        results.push(Data::Map(item.values.clone()));
    }
    whole.ignore_errors = failed && ignore_errors;
    whole.ignore_unreachable = whole.unreachable && ignore_unreachable;
    whole.set("skipped", skipped);
    if whole.unreachable {
        whole.set("unreachable", true);
    }
    if failed {
        whole.set("failed", true);
        whole.set("msg", "One or more items failed");
    } else {
        whole.set("msg", "All items completed");
    }
    if skipped {
        whole.set("msg", "All items skipped");
    }
    whole.set("results", Data::List(results));
    if !whole.values.contains_key("changed") {
        whole.set("changed", false);
    }
}

/// `loop_control`, rendered.
struct LoopSettings {
    loop_var: String,
    index_var: Option<String>,
    label: Option<Value>,
    pause: f64,
    extended: bool,
    all_items: bool,
    break_when: Vec<Value>,
}

impl LoopSettings {
    fn new(task: &Task, scope: &Rc<VariableScope>) -> Result<Self, ErrorChain> {
        let control = &task.loop_control;
        let keywords = Keywords { scope, effective: task.effective() };
        Ok(Self {
            loop_var: keywords.text("loop_var", control.loop_var.as_ref())?.unwrap_or_else(|| "item".to_owned()),
            index_var: keywords.text("index_var", control.index_var.as_ref())?,
            label: control.label.clone(),
            pause: keywords.float("pause", control.pause.as_ref())?.unwrap_or(0.0),
            extended: keywords.flag("extended", control.extended.as_ref())?.unwrap_or(false),
            all_items: keywords.flag("extended_allitems", control.extended_allitems.as_ref())?.unwrap_or(true),
            break_when: control.break_when.clone(),
        })
    }

    fn variables(&self, index: usize, total: usize, item: &Value, items: &[Value], all: &Value) -> Dict {
        let number = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let variables = Dict::new();
        variables.insert("ansible_loop_var", Value::from(self.loop_var.as_str()));
        variables.insert(self.loop_var.as_str(), item.clone());
        if let Some(name) = &self.index_var {
            variables.insert("ansible_index_var", Value::from(name.as_str()));
            variables.insert(name.as_str(), number(index));
        }
        if self.extended {
            let extended = Dict::new();
            extended.insert("index", number(index + 1));
            extended.insert("index0", number(index));
            extended.insert("first", Value::Bool(index == 0));
            extended.insert("last", Value::Bool(index + 1 == total));
            extended.insert("length", number(total));
            extended.insert("revindex", number(total - index));
            extended.insert("revindex0", number(total - index - 1));
            if self.all_items {
                extended.insert("allitems", all.clone());
            }
            if let Some(next) = items.get(index + 1) {
                extended.insert("nextitem", next.clone());
            }
            if let Some(previous) = index.checked_sub(1).and_then(|at| items.get(at)) {
                extended.insert("previtem", previous.clone());
            }
            variables.insert("ansible_loop", Value::Dict(extended));
        }
        variables
    }

    fn label(&self, item: &Value, scope: &Rc<VariableScope>) -> Result<Option<Data>, String> {
        let value = match &self.label {
            None => item.clone(),
            Some(label) => match scope.templar().render(label, scope) {
                Ok(value) => value,
                Err(error) => return Err(error.message),
            },
        };
        data::to_data(&value).map(Some).map_err(|error| error.message)
    }
}

/// A result for what could not be done at all.
fn failure(host: &Arc<str>, task: &Rc<Task>, scope: &Rc<VariableScope>, chain: ErrorChain) -> TaskResult {
    let mut result = TaskResult::new(host, task);
    fail(&mut result, task, chain);
    result.set("changed", false);
    result.ignore_errors = flag_or(task, scope, "ignore_errors");
    result.ignore_unreachable = flag_or(task, scope, "ignore_unreachable");
    result.no_log = static_no_log(task, scope);
    result
}

/// Puts `Task failed` and its place before a chain, and the whole into the result.
fn fail(result: &mut TaskResult, task: &Task, chain: ErrorChain) {
    let chain = chain.caused(Link::at("Task failed.", task.span.clone()));
    result.set("failed", true);
    result.set("msg", chain.brief());
    result.error = Some(chain);
}

/// Does a task once: without a loop, or for one item.
async fn once(
    run: &Run,
    host: &Arc<str>,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    loop_error: Option<ErrorChain>,
) -> TaskResult {
    let mut result = match attempt(run, host, task, scope, loop_error).await {
        Ok(result) => result,
        Err((chain, delegated)) => {
            let mut result = failure(host, task, scope, chain);
            result.delegated = delegated;
            result
        }
    };
    if result.no_log {
        result.set("_ansible_no_log", true);
    }
    result
}

type Refused = (ErrorChain, Option<Arc<str>>);

async fn attempt(
    run: &Run,
    host: &Arc<str>,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    loop_error: Option<ErrorChain>,
) -> Result<TaskResult, Refused> {
    let effective = task.effective();
    let delegated = delegate(run, task, scope).map_err(|chain| {
        let written = effective.delegate_to.as_ref().and_then(|value| value.as_str().map(Arc::from));
        (chain, written)
    })?;
    let refuse = |chain: ErrorChain| (chain, delegated.clone());

    // The keywords of the connection are rendered before the condition is asked, and complained of after it.
    let worker_scope = match &delegated {
        Some(name) => delegate_scope(run, name, host, task, scope),
        None => Rc::clone(scope),
    };
    let worker = delegated.as_ref().unwrap_or(host);
    let reach = Reach {
        scope: &worker_scope,
        task_scope: scope,
        effective,
        options: &run.options,
        config: &run.config,
        host: worker,
    };
    let become_ = reach.become_();

    match scope.templar().first_false(&effective.when, scope) {
        Err(error) => return Err(refuse(loop_error.unwrap_or_else(|| error.chain()))),
        Ok(Some(condition)) => {
            let mut result = TaskResult::new(host, task);
            result.delegated.clone_from(&delegated);
            result.no_log = static_no_log(task, scope);
            result.set("changed", false);
            result.set("skipped", true);
            result.set("skip_reason", "Conditional result was False");
            result.set("false_condition", data::to_data(&condition).unwrap_or_default());
            return Ok(result);
        }
        Ok(None) => {}
    }
    if let Some(chain) = loop_error {
        return Err(refuse(chain));
    }
    let become_ = become_.map_err(&refuse)?;
    let rendered = keywords::render(task, scope, run.defaults()).map_err(&refuse)?;

    let mut result = TaskResult::new(host, task);
    result.delegated.clone_from(&delegated);
    result.no_log = rendered.settings.no_log;
    result.ignore_errors = rendered.ignore_errors;
    result.ignore_unreachable = rendered.ignore_unreachable;
    result.show_diff = rendered.settings.diff;

    let (short, fqcn) = action_name(task, scope).map_err(&refuse)?;
    let known = action::find(&short);
    let args =
        arguments::render(task, &fqcn, scope, known.map_or(&[], |known| known.raw_arguments)).map_err(&refuse)?;

    match &task.kind {
        Kind::IncludeTasks { .. } => {
            let file = args.raw("_raw_params").or_else(|| args.raw("file")).and_then(|value| value.to_str().ok());
            match file {
                Some(file) if !file.is_empty() => {
                    result.set("include", file.clone());
                    result.effects = vec![Effect::IncludeTasks { file }];
                }
                _ => {
                    result.set("failed", true);
                    result.set("msg", "No include file was specified to the include");
                }
            }
            result.set("changed", false);
            return Ok(result);
        }
        Kind::IncludeRole(_) => {
            result.set("changed", false);
            result.effects = vec![Effect::IncludeRole];
            return Ok(result);
        }
        _ => {}
    }

    let needs_host = known.is_none_or(|known| !known.local);
    let target: Box<dyn Target> = if needs_host {
        Box::new(HostTarget {
            pool: Rc::clone(&run.pool),
            settings: reach.target().map_err(&refuse)?,
            become_,
            binary: run.helper.clone(),
            python: reach.python().map_err(&refuse)?,
            open: RefCell::new(None),
        })
    } else {
        Box::new(NoTarget)
    };
    let search_path: Vec<PathBuf> = task.search_path().iter().map(|path| PathBuf::from(&**path)).collect();
    let playbook_dir = run.variables.basedir();
    let task_name = run.info(task, Some(scope)).name.clone();
    let defaults = |fqcn: &str| arguments::defaults(task, fqcn, scope);
    let context = ActionContext {
        name: &short,
        fqcn: &fqcn,
        written_name: &task.action.name,
        task_name: &task_name,
        args: &args,
        settings: &rendered.settings,
        defaults: &defaults,
        scope,
        host_scope: &worker_scope,
        target: target.as_ref(),
        search_path: &search_path,
        playbook_dir: &playbook_dir,
        host,
        environment: &run.config.environment,
        vault: run.vault.as_ref(),
        prompt: run.prompt.as_ref(),
    };
    tries(run, task, scope, &context, &rendered, &mut result).await;
    result.notify = rendered.notify;
    if let Some(name) = &delegated {
        result.set("_ansible_delegated_vars", delegated_vars(name, &reach));
    }
    Ok(result)
}

/// The action's short and full name.
fn action_name(task: &Task, scope: &Rc<VariableScope>) -> Result<(String, String), ErrorChain> {
    if !crate::template::Templar::is_template(&task.action.name) {
        return Ok((task.action.short.to_string(), task.action.fqcn.to_string()));
    }
    let name =
        scope.templar().render_text(&Value::Str(task.action.name.clone()), scope).map_err(|error| error.chain())?;
    match collection::resolve(&name) {
        collection::Resolution::Native(short) | collection::Resolution::Action(short) => {
            Ok((short.to_string(), format!("ansible.builtin.{short}")))
        }
        _ => {
            let message = format!("Cannot resolve '{name}' to an action or module.");
            Err(ErrorChain::new(Link::at(message, task.action.name.origin().map(Span::from))))
        }
    }
}

fn delegate(run: &Run, task: &Task, scope: &Rc<VariableScope>) -> Result<Option<Arc<str>>, ErrorChain> {
    let Some(raw) = &task.effective().delegate_to else { return Ok(None) };
    let name = match scope.templar().render(raw, scope) {
        Ok(value) if omit::is_omit(&value) => return Ok(None),
        Ok(Value::None) => String::new(),
        Ok(value) => value.to_str().map_err(|error| ErrorChain::new(Link::new(error.message)))?,
        Err(error) if error.omitted => return Ok(None),
        Err(error) => return Err(error.chain()),
    };
    if name.is_empty() {
        let shown = raw.to_str().unwrap_or_default();
        return Err(ErrorChain::new(Link::new(format!("Empty hostname produced from delegate_to: \"{shown}\""))));
    }
    let known = run.variables.host_name(&name);
    Ok(Some(known.unwrap_or_else(|| Arc::from(name))))
}

/// The variables of the host that a task is delegated to; `inventory_hostname` stays that of the task's host.
fn delegate_scope(
    run: &Run,
    name: &Arc<str>,
    host: &Arc<str>,
    task: &Task,
    scope: &Rc<VariableScope>,
) -> Rc<VariableScope> {
    let over = Dict::new();
    over.insert("inventory_hostname", Value::from(&**host));
    for key in ["item", "ansible_loop_var"] {
        if let Some((Layer::Loop, value)) = scope.layers().raw(key) {
            over.insert(key, value);
        }
    }
    run.variables.scope(Some(name), Some(task)).with(Layer::Magic, over)
}

fn delegated_vars(name: &str, reach: &Reach<'_>) -> Map {
    let mut map = Map::new();
    map.insert("ansible_delegated_host".to_owned(), Data::from(name));
    for key in ["ansible_host", "ansible_port", "ansible_user", "ansible_connection"] {
        if let Some(raw) = reach.scope.layers().raw_from_operator(key)
            && let Ok(value) = reach.scope.templar().render(&raw, reach.scope)
            && let Ok(value) = data::to_data(&value)
        {
            map.insert(key.to_owned(), value);
        }
    }
    map
}

/// Runs the action until it is content or the tries are used up.
async fn tries(
    run: &Run,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    context: &ActionContext<'_>,
    rendered: &Rendered,
    result: &mut TaskResult,
) {
    let tries = match rendered.retries {
        Some(retries) => 1 + retries.max(0),
        None if !task.until.is_empty() => 4,
        None => 1,
    };
    for attempt in 1..=tries {
        result.values.clear();
        result.error = None;
        result.reasons.clear();
        perform(run, task, context, rendered, result).await;
        if result.unreachable {
            return;
        }
        if tries > 1 {
            result.set("attempts", attempt);
        }
        let after = decide(task, scope, result);
        if result.flag("failed") && result.error.is_none() {
            explain(task, result, "Action failed.");
        }
        if tries == 1 {
            return;
        }
        let done = if task.until.is_empty() {
            !result.flag("failed")
        } else {
            matches!(scope.templar().first_false(&task.until, &after), Ok(None))
        };
        if done {
            return;
        }
        if attempt < tries {
            result.set("_ansible_retry", true);
            result.set("retries", tries);
            run.retry(result, u32::try_from(tries - attempt).unwrap_or(0));
            tokio::time::sleep(Duration::from_secs_f64(rendered.delay)).await;
        }
    }
    result.set("attempts", tries - 1);
    result.set("failed", true);
    if result.error.is_none() {
        explain(task, result, "Action failed.");
    }
}

/// `Task failed: Module failed: <msg>`, and the error behind it.
fn explain(task: &Task, result: &mut TaskResult, who: &str) {
    let msg = match result.values.get("msg") {
        Some(Data::Str(text)) if !text.is_empty() => text.clone(),
        Some(other) if !matches!(other, Data::Null | Data::Str(_)) => protocol::arguments::python::str(other),
        _ => "Unknown error".to_owned(),
    };
    let reasons = if result.reasons.is_empty() { vec![msg] } else { result.reasons.clone() };
    let mut links = vec![Link::at("Task failed.", task.span.clone()), Link::new(who)];
    links.extend(reasons.into_iter().map(Link::said));
    if let Some(last) = links.last_mut() {
        last.parts = messages_of_modules(result);
    }
    result.error = Some(ErrorChain { links });
}

/// What the modules said that an action ran and that failed.
fn messages_of_modules(result: &TaskResult) -> Vec<String> {
    let failed = result.values.get("failed_modules").and_then(Data::as_map);
    let message = |module: &Data| module.as_map()?.get("msg")?.as_str().map(str::to_owned);
    failed.into_iter().flat_map(Map::values).filter_map(message).collect()
}

/// Runs the action once.
async fn perform(
    run: &Run,
    task: &Rc<Task>,
    context: &ActionContext<'_>,
    rendered: &Rendered,
    result: &mut TaskResult,
) {
    let work = async {
        match action::find(context.name) {
            Some(action) => (action.run)(context).await,
            None => action::module::run(context).await,
        }
    };
    let done: Result<ActionOutcome, ActionError> = if rendered.timeout > 0 {
        let limit = Duration::from_secs(u64::try_from(rendered.timeout).unwrap_or(0));
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done,
            Err(_) => Err(ActionError::failed(format!("Timed out after {} second(s).", rendered.timeout))),
        }
    } else {
        work.await
    };
    match done {
        Ok(outcome) => {
            let by_module = outcome.by_module;
            absorb(result, outcome);
            if context.settings.async_seconds > 0
                && context.settings.poll_seconds > 0
                && !result.flag("failed")
                && !result.flag("skipped")
            {
                job::wait(run, context, result).await;
            }
            if !result.values.contains_key("failed") {
                let rc =
                    result.values.get("rc").is_some_and(|rc| !matches!(rc, Data::Int(0)) && rc.as_str() != Some("0"));
                result.set("failed", rc);
            }
            if !result.values.contains_key("changed") {
                result.set("changed", false);
            }
            if result.flag("failed") {
                explain(task, result, if by_module { "Module failed." } else { "Action failed." });
            }
        }
        Err(ActionError::Skipped(message)) => {
            result.set("skipped", true);
            result.set("msg", message);
            result.set("changed", false);
            result.set("failed", false);
        }
        Err(ActionError::Unreachable(message)) => {
            let chain = ErrorChain::new(Link::new(message)).caused(Link::at("Task failed.", task.span.clone()));
            result.unreachable = true;
            result.set("unreachable", true);
            result.set("changed", false);
            result.set("msg", chain.brief());
            result.error = Some(chain);
        }
        Err(ActionError::Failed(chain)) => {
            fail(result, task, chain);
            result.set("changed", false);
        }
        Err(ActionError::ActionFail(chain, values)) => {
            let msg = chain.brief();
            fail(result, task, chain);
            result.values.extend(values);
            result.set("msg", msg);
            result.values.entry("changed".to_owned()).or_insert(Data::Bool(false));
        }
    }
}

/// `changed_when` and `failed_when`. Returns the scope in which the result is registered.
fn decide(task: &Task, scope: &Rc<VariableScope>, result: &mut TaskResult) -> Rc<VariableScope> {
    let mut after = with_result(task, scope, result);
    if result.values.contains_key("skipped") {
        return after;
    }
    let templar = scope.templar();
    if !task.changed_when.is_empty() {
        match templar.first_false(&task.changed_when, &after) {
            Ok(first) => result.set("changed", first.is_none()),
            Err(error) => {
                result.set("failed", true);
                result.set("changed_when_result", error.message);
            }
        }
        after = with_result(task, scope, result);
    }
    if !task.failed_when.is_empty() {
        match templar.first_false(&task.failed_when, &after) {
            Ok(first) => {
                let failed = first.is_none();
                result.set("failed_when_result", failed);
                result.set("failed", failed);
                if !failed && result.error.take().is_some() {
                    result.set("failed_when_suppressed_exception", "(traceback unavailable)");
                }
            }
            Err(error) => {
                result.set("failed", true);
                result.set("failed_when_result", error.message);
            }
        }
        after = with_result(task, scope, result);
    }
    after
}

/// The scope with the result under the name of `register`, and with facts that came with it.
fn with_result(task: &Task, scope: &Rc<VariableScope>, result: &TaskResult) -> Rc<VariableScope> {
    let over = Dict::new();
    if let Some(name) = &task.register {
        over.insert(name.as_str(), data::from_data(&Data::Map(result.registered())));
    }
    for effect in &result.effects {
        match effect {
            Effect::SetFacts { facts, .. } => {
                for (name, value) in facts {
                    over.insert(name.as_str(), data::from_data(value));
                }
            }
            Effect::IncludeVars(variables) => {
                for (name, value) in variables {
                    over.insert(name.as_str(), value.clone());
                }
            }
            _ => {}
        }
    }
    if over.is_empty() { Rc::clone(scope) } else { scope.with(Layer::Loop, over) }
}

/// What is said of a job that is waited for.
pub(super) fn job_event(result: &TaskResult, run: &Run, failed: bool) {
    run.emit(&Event::JobEnded { result: Box::new(run.event_of(result, None)), failed });
}
