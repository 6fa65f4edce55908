//! What a task's own conditions make of its result.
//!
//! Source: Ansible documentation, "Error handling in playbooks".

use std::rc::Rc;

use jinja::Dict;

use super::{conditions::first_false, result::TaskResult};
use crate::{
    action::Effect,
    playbook::Task,
    template::{VariableScope, data},
    vars::Layer,
};

/// `changed_when` and `failed_when`. Returns the scope in which the result is registered.
pub(super) fn decide(task: &Task, scope: &Rc<VariableScope>, result: &mut TaskResult) -> Rc<VariableScope> {
    let mut after = with_result(task, scope, result);
    if result.values.contains_key("skipped") {
        return after;
    }
    if !task.changed_when.is_empty() {
        match first_false(&task.changed_when, &after) {
            Ok(first) => result.set("changed", first.is_none()),
            Err(error) => {
                result.set("failed", true);
                result.set("changed_when_result", error.message);
            }
        }
        after = with_result(task, scope, result);
    }
    if !task.failed_when.is_empty() {
        match first_false(&task.failed_when, &after) {
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
pub(super) fn with_result(task: &Task, scope: &Rc<VariableScope>, result: &TaskResult) -> Rc<VariableScope> {
    let over = Dict::new();
    learn(task, result, &over);
    if over.is_empty() { Rc::clone(scope) } else { scope.with(Layer::Loop, over) }
}

/// What a task learned: its result under the name of `register`, and the variables that came with it.
pub(super) fn learn(task: &Task, result: &TaskResult, into: &Dict) {
    if let Some(name) = &task.register {
        into.insert(name.as_str(), result.registered_value());
    }
    for effect in &result.effects {
        match effect {
            Effect::SetFacts { facts, .. } => {
                for (name, value) in facts {
                    into.insert(name.as_str(), data::from_data(value));
                }
            }
            Effect::IncludeVars(variables) => {
                for (name, value) in variables {
                    into.insert(name.as_str(), value.clone());
                }
            }
            _ => {}
        }
    }
}
