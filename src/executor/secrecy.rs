//! What may be told of a failure where `no_log` holds.
//!
//! ansible-core censors the result of such a task but prints its error whole, with whatever secret stands in it. Here the
//! places and the engine's own words stay, and of the last reason only what cannot come from a value.

use jinja::{Dict, Value};
use protocol::Data;

use super::result::TaskResult;
use crate::{diagnostic::ErrorChain, playbook::Task};

/// What stands in the place of a reason that may hold a secret.
const HIDDEN: &str = "the reason has been hidden due to the fact that 'no_log: true' was specified for this result";
/// Shorter texts would be found everywhere.
const SHORTEST: usize = 3;

/// Hides what a failure's reasons may tell of the task's values. `arguments` are those that the action got; none where
/// the task failed before that.
pub(super) fn censor(result: &mut TaskResult, arguments: Option<&Dict>) {
    let Some(mut chain) = result.error.take() else { return };
    let task = std::rc::Rc::clone(&result.task);
    match arguments {
        Some(arguments) => {
            let mut secrets = Vec::new();
            texts(&Value::Dict(arguments.clone()), &mut secrets);
            for (key, value) in &result.values {
                if key != "msg" {
                    data_texts(value, &mut secrets);
                }
            }
            for (_, value) in &result.loop_variables {
                texts(value, &mut secrets);
            }
            hide(&mut chain, &|reason| !tells(reason, &secrets));
        }
        None => {
            let mut source = Vec::new();
            written(&task, &mut source);
            hide(&mut chain, &|reason| is_about_names(reason, &source));
        }
    }
    result.error = Some(chain);
}

fn hide(chain: &mut ErrorChain, harmless: &dyn Fn(&str) -> bool) {
    for link in &mut chain.links {
        if !is_frame(&link.message) && !harmless(&link.message) {
            HIDDEN.clone_into(&mut link.message);
            link.help = None;
        }
    }
}

/// The engine's own words around a reason.
fn is_frame(message: &str) -> bool {
    const FRAMES: [&str; 6] = [
        "Task failed.",
        "Module failed.",
        "Action failed.",
        "Finalization of task args for ",
        "Error while resolving value for ",
        "Error processing keyword ",
    ];
    FRAMES.iter().any(|frame| message.starts_with(frame)) && message.ends_with('.')
}

/// Whether a reason holds one of these texts or a word of theirs, in whatever case: names of hosts change theirs.
fn tells(reason: &str, secrets: &[String]) -> bool {
    let reason = reason.to_lowercase();
    secrets.iter().any(|secret| {
        let secret = secret.to_lowercase();
        let whole = secret.trim();
        let words = secret.split(|letter: char| letter.is_whitespace() || "'\"=:,;()[]{}".contains(letter));
        std::iter::once(whole).chain(words).any(|text| text.len() >= SHORTEST && reason.contains(text))
    })
}

/// Whether a reason says no more than that a name which the task itself has is not there.
fn is_about_names(reason: &str, source: &[String]) -> bool {
    let about = reason.contains("is undefined") || reason.contains("has no attribute");
    about
        && reason.split('\'').skip(1).step_by(2).all(|name| {
            // The type of a value is Python's word.
            ["dict", "list", "str", "int", "float", "bool", "NoneType"].contains(&name)
                || source.iter().any(|text| text.contains(name))
        })
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Str(text) => found.push(text.as_str().to_owned()),
        Value::List(list) => list.raw_values().iter().for_each(|value| texts(value, found)),
        Value::Dict(dict) => dict.raw_items().iter().for_each(|(_, value)| texts(value, found)),
        Value::None | Value::Bool(_) => {}
        other => found.extend(other.to_str()),
    }
}

fn data_texts(value: &Data, found: &mut Vec<String>) {
    match value {
        Data::Str(text) => found.push(text.clone()),
        Data::List(items) => items.iter().for_each(|item| data_texts(item, found)),
        Data::Map(map) => map.values().for_each(|value| data_texts(value, found)),
        _ => {}
    }
}

/// The texts of the task as the operator wrote them.
fn written(task: &Task, found: &mut Vec<String>) {
    let effective = task.effective();
    texts(&Value::Dict(task.action.args.clone()), found);
    let conditions = [&effective.when, &task.until, &task.changed_when, &task.failed_when];
    conditions.into_iter().flatten().for_each(|value| texts(value, found));
    effective.environment.iter().for_each(|value| texts(value, found));
    let values = [task.loop_.as_ref().map(|written| &written.value.value), task.action.variable_args.as_ref()];
    values.into_iter().flatten().for_each(|value| texts(value, found));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_reason_without_any_word_of_the_values_is_told() {
        assert!(!tells("non-zero return code", &owned(&["sh -c 'echo s3cret; false'"])));
        assert!(tells("No such file: b's3cret'", &owned(&["false s3cret"])));
        assert!(tells("Could not resolve hostname s3cret", &owned(&["S3CRET"])));
    }

    #[test]
    fn a_missing_name_is_told_where_the_task_has_that_name() {
        let source = owned(&["{{ secret.nope }}"]);
        assert!(is_about_names("object of type 'str' has no attribute 'nope'", &source));
        assert!(!is_about_names("object of type 'dict' has no attribute 'hunter2'", &source));
        assert!(!is_about_names("lookup_plugin.pipe(false hunter2) returned 1", &source));
    }
}
