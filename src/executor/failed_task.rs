//! `ansible_failed_task`: the task that failed, as a rescue sees it.
//!
//! Source: Ansible documentation, "Blocks: handling errors with blocks".

use std::rc::Rc;

use jinja::{Dict, List, Value};

use super::{result::TaskResult, run::Run};
use crate::{
    playbook::{LoopControl, LoopKind, Written},
    template::VariableScope,
};

/// The task's keywords, inherited ones included: as they were rendered for the host, or as they were written where the
/// task has a loop, for then each item has its own.
pub(super) fn failed_task(run: &Run, result: &TaskResult, scope: &Rc<VariableScope>) -> Value {
    let task = &result.task;
    let effective = task.effective();
    let shown = Shown { scope, rendered: !result.looped };
    let dict = Dict::new();
    let set = |name: &str, value: Value| dict.insert(name, value);
    let or = |raw: &Option<Written>, default: Value| raw.as_ref().map_or(default, |raw| shown.value(raw));

    set("_resolved_action", Value::from(&*task.action.fqcn));
    set("action", Value::from(task.action.name.as_str()));
    set("args", shown.value(&Value::Dict(task.action.args.clone())));
    set("name", or(&task.directives.name, Value::from("")));
    set("uuid", Value::from(task.id.to_string()));
    set("vars", Value::Dict(task.directives.vars.clone().unwrap_or_default()));
    set("register", task.register.clone().map_or(Value::None, Value::Str));
    set("finalized", Value::Bool(true));
    set("squashed", Value::Bool(true));

    set("loop", task.loop_.as_ref().map_or(Value::None, |written| shown.value(&written.value)));
    set(
        "loop_with",
        match task.loop_.as_ref().map(|written| &written.kind) {
            Some(LoopKind::With(name)) => Value::from(&**name),
            _ => Value::None,
        },
    );
    set("loop_control", loop_control(&task.loop_control, task.id));
    for (name, conditions) in [
        ("until", &task.until),
        ("changed_when", &task.changed_when),
        ("failed_when", &task.failed_when),
        ("when", &effective.when),
    ] {
        set(name, values(conditions));
    }
    set("retries", or(&task.retries, Value::None));
    let delay = if result.looped { Value::Int(5) } else { Value::Float(5.0) };
    set("delay", or(&task.delay, delay));
    let seconds = or(&task.async_, Value::Int(0));
    set("async", seconds.clone());
    set("async_val", seconds);
    set("poll", or(&task.poll, Value::Int(run.defaults().poll)));

    let defaults = run.defaults();
    set("check_mode", or(&effective.check_mode, Value::Bool(defaults.check_mode)));
    set("diff", or(&effective.diff, Value::Bool(defaults.diff)));
    set("no_log", or(&effective.no_log, Value::Bool(defaults.no_log)));
    set("timeout", or(&effective.timeout, Value::Int(defaults.timeout)));
    set("throttle", or(&effective.throttle, Value::Int(0)));
    set("any_errors_fatal", or(&effective.any_errors_fatal, Value::Bool(run.config.any_errors_fatal)));
    set("become", or(&effective.r#become, Value::Bool(run.config.become_.enabled)));
    set("become_method", or(&effective.become_method, Value::from(run.config.become_.method.as_str())));
    set("connection", or(&effective.connection, Value::from(run.config.transport.as_str())));
    for (name, raw) in [
        ("become_user", &effective.become_user),
        ("become_exe", &effective.become_exe),
        ("become_flags", &effective.become_flags),
        ("debugger", &effective.debugger),
        ("delegate_to", &effective.delegate_to),
        ("delegate_facts", &effective.delegate_facts),
        ("ignore_errors", &effective.ignore_errors),
        ("ignore_unreachable", &effective.ignore_unreachable),
        ("port", &effective.port),
        ("remote_user", &effective.remote_user),
        ("run_once", &effective.run_once),
    ] {
        set(name, or(raw, Value::None));
    }
    set("notify", effective.notify.as_ref().map_or(Value::None, |raw| listed(shown.value(raw))));
    set("collections", Value::List(List::new(effective.collections.clone().unwrap_or_default())));
    set("environment", shown.value(&Value::List(List::new(effective.environment.clone()))));
    set("module_defaults", Value::List(List::new(effective.module_defaults.clone())));
    set("tags", Value::List(List::new(effective.tags.clone())));
    Value::Dict(dict)
}

fn values(conditions: &[Written]) -> Value {
    Value::List(List::new(conditions.iter().map(|condition| condition.value.clone()).collect()))
}

fn listed(value: Value) -> Value {
    match value {
        Value::List(_) | Value::None => value,
        one => Value::List(List::new(vec![one])),
    }
}

fn loop_control(control: &LoopControl, id: u64) -> Value {
    let or = |raw: &Option<Written>, default: Value| raw.as_deref().cloned().unwrap_or(default);
    let dict = Dict::new();
    dict.insert("loop_var", or(&control.loop_var, Value::from("item")));
    dict.insert("index_var", or(&control.index_var, Value::None));
    dict.insert("label", or(&control.label, Value::None));
    dict.insert("pause", or(&control.pause, Value::Float(0.0)));
    dict.insert("extended", or(&control.extended, Value::None));
    dict.insert("extended_allitems", or(&control.extended_allitems, Value::Bool(true)));
    dict.insert("break_when", values(&control.break_when));
    dict.insert("finalized", Value::Bool(true));
    dict.insert("squashed", Value::Bool(false));
    dict.insert("uuid", Value::from(id.to_string()));
    Value::Dict(dict)
}

/// How values are shown.
struct Shown<'a> {
    scope: &'a Rc<VariableScope>,
    rendered: bool,
}

impl Shown<'_> {
    /// The value, rendered where that is asked for and can be done.
    fn value(&self, raw: &Value) -> Value {
        if !self.rendered {
            return raw.clone();
        }
        self.scope.templar().render(raw, self.scope).unwrap_or_else(|_| raw.clone())
    }
}
