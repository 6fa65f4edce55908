//! A task's loop: its items, the variables of each, and the result of them all.
//!
//! Source: Ansible documentation, "Loops".

use std::{rc::Rc, sync::Arc, time::Duration};

use jinja::{Dict, List, Value};
use protocol::Data;

use super::{
    attempt::once, conditions::first_false, decide::learn, keywords::Keywords, result::TaskResult, run::Run,
    task::unframed,
};
use crate::{
    diagnostic::{ErrorChain, Link},
    event::Event,
    playbook::{Located, LoopKind, Task, Written},
    template::{TemplateError, VariableScope, data},
    vars::Layer,
};

/// Why a task's items cannot be told.
pub(super) enum LoopError {
    /// The loop's value is undefined: the condition may still skip the task.
    Undefined(ErrorChain),
    /// The loop cannot be.
    Failed(ErrorChain),
}

/// The items of a task's loop; none where it has no loop.
///
/// # Errors
///
/// The loop's value cannot be rendered, or is no list.
pub(super) fn loop_items(run: &Run, task: &Task, scope: &Rc<VariableScope>) -> Result<Option<Vec<Value>>, LoopError> {
    let Some(written) = &task.loop_ else { return Ok(None) };
    let templar = scope.templar();
    let error = |error: TemplateError| {
        if error.undefined { LoopError::Undefined(error.chain()) } else { LoopError::Failed(error.chain()) }
    };
    match &written.kind {
        LoopKind::Loop => {
            let value = templar.render(&written.value, scope).map_err(error)?;
            match value {
                Value::List(list) => Ok(Some(list.raw_values())),
                other => {
                    let origin = written.value.place();
                    let message = format!("The `loop` value must resolve to a 'list', not '{}'.", other.type_name());
                    let mut link = Link::at(message, origin);
                    link.help =
                        Some("Provide a list of items/templates, or a template resolving to a list.".to_owned());
                    Err(LoopError::Failed(ErrorChain::new(link)))
                }
            }
        }
        LoopKind::With(name) => {
            let terms = match &written.value.value {
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

/// Does a task for each item.
pub(super) async fn looped(
    run: &Run,
    host: &Arc<str>,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    items: Vec<Value>,
) -> TaskResult {
    let control = match LoopSettings::new(task, scope) {
        Ok(control) => control,
        Err(chain) => return unframed(run, host, task, scope, chain),
    };
    let mut whole = TaskResult::new(host, task);
    whole.looped = true;
    if scope.layers().raw(&control.loop_var).is_some() {
        run.emit(&Event::Warning(loop_variable_in_use(&control.loop_var, task)));
    }
    let total = items.len();
    let all = Value::List(List::new(items.clone()));
    // What a task registers and sets, its later items see.
    let registered = Dict::new();
    for (index, item) in items.iter().enumerate() {
        let variables = control.variables(index, total, item, &items, &all);
        let item_scope = scope.with(Layer::Loop, registered.clone()).with(Layer::Loop, variables.clone());
        if index > 0 && control.pause > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(control.pause)).await;
        }
        let mut result = once(run, host, task, &item_scope, None).await;
        learn(task, &result, &registered);
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
                // An item that was skipped has not asked for it.
                let ignore = Keywords::of_task(task, &label_scope)
                    .flag("ignore_errors", task.effective().ignore_errors.as_ref());
                result.ignore_errors = ignore.ok().flatten().unwrap_or(false);
                result.label = data::to_data(item).ok();
                result.set("failed", true);
                result.set("msg", format!("Failed to template loop_control.label: {message}"));
            }
        }
        whole.no_log |= result.no_log;
        run.item_done(&result);
        let stop = !control.break_when.is_empty() && matches!(first_false(&control.break_when, &label_scope), Ok(None));
        whole.items.push(result);
        if stop {
            break;
        }
    }
    combine(&mut whole);
    whole
}

fn loop_variable_in_use(name: &str, task: &Task) -> ErrorChain {
    let span = task.loop_control.loop_var.as_ref().and_then(Located::place);
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
    label: Option<Written>,
    pause: f64,
    extended: bool,
    all_items: bool,
    break_when: Vec<Written>,
}

impl LoopSettings {
    fn new(task: &Task, scope: &Rc<VariableScope>) -> Result<Self, ErrorChain> {
        let control = &task.loop_control;
        let keywords = Keywords::of_task(task, scope);
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
