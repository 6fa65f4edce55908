//! A task's arguments, rendered: `module_defaults` beneath, what is `omit` left out.

use std::rc::Rc;

use jinja::{Dict, Value};

use crate::{
    diagnostic::{ErrorChain, Link, Span},
    playbook::Task,
    template::VariableScope,
};

/// Renders the arguments of a task. Those in `raw` stay as they were written.
///
/// # Errors
///
/// A template fails: the chain behind `Task failed`.
pub(super) fn render(task: &Task, fqcn: &str, scope: &Rc<VariableScope>, raw: &[&str]) -> Result<Dict, ErrorChain> {
    let fail = |chain: ErrorChain| {
        let origin = task.action.name.origin().map(Span::from);
        chain.caused(Link::at(format!("Finalization of task args for '{fqcn}' failed."), origin))
    };
    let args = defaults(task, fqcn, scope).map_err(&fail)?;
    if let Some(variable) = &task.action.variable_args {
        let value = scope.templar().render(variable, scope).map_err(|error| fail(error.chain()))?;
        match value {
            Value::Dict(dict) => {
                for (key, value) in dict.raw_items() {
                    set(&args, &key, value);
                }
            }
            other => {
                let message =
                    format!("Template produced a value of type '{}' where 'dict' is needed.", other.type_name());
                return Err(fail(ErrorChain::new(Link::new(message))));
            }
        }
    }
    for (key, value) in task.action.args.raw_items() {
        let name = key.as_str().unwrap_or_default();
        if raw.contains(&name) {
            set(&args, &key, value);
            continue;
        }
        match scope.templar().render(&value, scope) {
            Ok(rendered) => set(&args, &key, rendered),
            Err(error) if error.omitted => {
                args.remove(name);
            }
            Err(error) => {
                let origin = match &value {
                    Value::Str(text) => text.origin().map(Span::from),
                    _ => error.origin.clone(),
                };
                let link = Link::at(format!("Error while resolving value for '{name}'."), origin);
                return Err(fail(error.chain().caused(link)));
            }
        }
    }
    Ok(args)
}

fn set(args: &Dict, key: &Value, value: Value) {
    if let Ok(key) = jinja::Key::new(key.clone()) {
        args.insert(key, value);
    }
}

/// The defaults that hold for an action, those nearest to the task on top.
///
/// # Errors
///
/// A template in them fails.
pub(super) fn defaults(task: &Task, fqcn: &str, scope: &Rc<VariableScope>) -> Result<Dict, ErrorChain> {
    let args = Dict::new();
    for defaults in module_defaults(task, fqcn, scope)? {
        for (key, value) in defaults.raw_items() {
            set(&args, &key, value);
        }
    }
    Ok(args)
}

/// The defaults that are written for an action: by its full name, by its short name, by its groups.
fn module_defaults(task: &Task, fqcn: &str, scope: &Rc<VariableScope>) -> Result<Vec<Dict>, ErrorChain> {
    let short = fqcn.rsplit('.').next().unwrap_or(fqcn);
    let legacy = format!("ansible.legacy.{short}");
    let mut found = Vec::new();
    for written in &task.effective().module_defaults {
        let rendered = match written {
            Value::Dict(dict) => {
                let entry = [fqcn, short, legacy.as_str()].iter().find_map(|name| dict.raw(name));
                match entry {
                    None => continue,
                    Some(entry) => scope.templar().render(&entry, scope),
                }
            }
            template => scope.templar().render(template, scope).map(|value| {
                let dict = value.as_dict().cloned().unwrap_or_default();
                [fqcn, short, legacy.as_str()].iter().find_map(|name| dict.raw(name)).unwrap_or(Value::None)
            }),
        };
        match rendered {
            Ok(Value::Dict(dict)) => found.push(dict),
            Ok(_) => {}
            Err(error) if error.omitted => {}
            Err(error) => return Err(error.chain()),
        }
    }
    Ok(found)
}
