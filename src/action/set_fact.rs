//! `set_fact`: sets variables of the host.
//!
//! Source: Ansible documentation, `ansible.builtin.set_fact`.

use jinja::Value;
use protocol::{Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Effect, Local, boolean};
use crate::template::data::to_data;

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut facts = Vec::new();
        let mut cacheable = false;
        for (key, value) in context.args.raw_items() {
            let name = context.templar().render_text(&key, context.scope)?;
            if name == "cacheable" {
                cacheable = boolean(&value).ok_or_else(|| {
                    ActionError::failed(format!("The value '{}' is not a valid boolean.", display(&value)))
                })?;
                continue;
            }
            check_variable_name(&name)?;
            facts.push((name, to_data(&value)?));
        }
        if facts.is_empty() {
            return Err(ActionError::refused(
                "No key/value pairs provided, at least one is required for this action to succeed",
            ));
        }
        let map: Map = facts.iter().cloned().collect();
        let outcome = Outcome { facts: Some(map), ..Outcome::default() };
        Ok(ActionOutcome { outcome, effects: vec![Effect::SetFacts { facts, cacheable }], ..ActionOutcome::default() })
    })
}

fn display(value: &Value) -> String {
    value.to_str().unwrap_or_default()
}

/// A name that a variable can have.
///
/// # Errors
///
/// It cannot: Ansible's words.
pub(super) fn check_variable_name(name: &str) -> Result<(), ActionError> {
    const RESERVED: [&str; 35] = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
    if !starts || !letters.all(|letter| letter == '_' || letter.is_ascii_alphanumeric()) {
        return Err(ActionError::failed(format!("Invalid variable name '{name}'.")));
    }
    if RESERVED.contains(&name) {
        return Err(ActionError::failed(format!("Invalid variable name '{name}'.")));
    }
    Ok(())
}
