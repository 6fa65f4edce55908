//! `set_fact`: sets variables of the host.
//!
//! Source: Ansible documentation, `ansible.builtin.set_fact`.

use jinja::{Origin, Value};
use protocol::{Map, Outcome, arguments::python};

use super::{ActionContext, ActionError, ActionOutcome, Effect, Local, boolean};
use crate::{
    diagnostic::{ErrorChain, Link, Span},
    template::data::to_data,
};

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
            check_variable_name(&name, key_origin(&key))?;
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

/// Where a name is written.
pub(super) fn key_origin(key: &Value) -> Option<&Origin> {
    match key {
        Value::Str(text) => text.origin(),
        _ => None,
    }
}

fn display(value: &Value) -> String {
    value.to_str().unwrap_or_default()
}

/// A name that a variable can have; `origin` is where it is written.
///
/// # Errors
///
/// It cannot: Ansible's words.
pub(super) fn check_variable_name(name: &str, origin: Option<&Origin>) -> Result<(), ActionError> {
    const RESERVED: [&str; 7] = ["true", "false", "none", "True", "False", "None", "not"];
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
    let is_name = starts && letters.all(|letter| letter == '_' || letter.is_ascii_alphanumeric());
    if is_name && !RESERVED.contains(&name) {
        return Ok(());
    }
    let mut link = Link::at(format!("Invalid variable name {}.", python::repr_str(name)), origin.map(Span::from));
    link.help = Some(
        "Variable names must be strings starting with a letter or underscore character, and contain only letters, \
         numbers and underscores."
            .to_owned(),
    );
    Err(ActionError::Failed(ErrorChain::new(link)))
}
