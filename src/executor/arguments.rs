//! A task's arguments, rendered: `module_defaults` beneath, what is `omit` left out.
//!
//! Source: Ansible documentation, "Module defaults".

use std::rc::Rc;

use jinja::{Dict, Value};

use crate::{
    diagnostic::{ErrorChain, Link, Span},
    playbook::{Located, Task},
    template::VariableScope,
};

/// Renders the arguments of a task. Those in `raw` stay as they were written.
///
/// # Errors
///
/// A template fails: the chain behind `Task failed`.
pub(super) fn render(task: &Task, fqcn: &str, scope: &Rc<VariableScope>, raw: &[&str]) -> Result<Dict, ErrorChain> {
    let here = || task.action.name.origin().map(Span::from);
    let fail =
        |chain: ErrorChain| chain.caused(Link::at(format!("Finalization of task args for '{fqcn}' failed."), here()));
    let whole = whole_arguments(task, fqcn).map_err(|message| ErrorChain::new(Link::at(message, here())))?;
    // What a stronger layer has of its own is not rendered in a weaker one.
    let written = Dict::new();
    let defaults = module_defaults(task, fqcn);
    for layer in [&defaults, &task.action.variable_args, &whole].into_iter().flatten() {
        overlay(&written, &container(layer, scope).map_err(fail)?);
    }
    overlay(&written, &task.action.args);
    if whole.is_some() {
        written.remove("_raw_params");
    }
    let args = Dict::new();
    for (key, value) in written.raw_items() {
        let name = key.as_str().unwrap_or_default();
        if raw.contains(&name) {
            set(&args, &key, value);
            continue;
        }
        match scope.templar().render(&value, scope) {
            Ok(rendered) => set(&args, &key, rendered),
            Err(error) if error.omitted => {}
            Err(error) => {
                let link = Link::at(format!("Error while resolving value for '{name}'."), value.place());
                return Err(fail(error.chain().caused(link)));
            }
        }
    }
    Ok(args)
}

/// Free text where the action takes none: a template of all arguments (`debug: "{{ my_args }}"`).
///
/// # Errors
///
/// It is no template: Ansible's words.
fn whole_arguments(task: &Task, fqcn: &str) -> Result<Option<Value>, String> {
    const FREE_TEXT: [&str; 15] = [
        "add_host",
        "command",
        "group_by",
        "import_role",
        "import_tasks",
        "include_role",
        "include_tasks",
        "include_vars",
        "meta",
        "raw",
        "script",
        "set_fact",
        "shell",
        "win_command",
        "win_shell",
    ];
    let short = fqcn.strip_prefix("ansible.builtin.").unwrap_or(fqcn);
    match task.action.args.raw("_raw_params") {
        Some(raw) if !FREE_TEXT.contains(&short) && raw.truthy().unwrap_or(true) => {
            let text = raw.as_str().unwrap_or_default().trim();
            if text.starts_with("{{") && text.ends_with("}}") {
                Ok(Some(raw))
            } else {
                Err(format!("Action '{fqcn}' does not support raw params."))
            }
        }
        _ => Ok(None),
    }
}

/// A dict of arguments, whose values stay as they were written.
fn container(layer: &Value, scope: &Rc<VariableScope>) -> Result<Dict, ErrorChain> {
    match scope.templar().render_to_container(layer, scope) {
        Ok(Value::Dict(dict)) => Ok(dict),
        Ok(other) => {
            let message = format!("Task args must resolve to a 'dict' not '{}'.", other.type_name());
            Err(ErrorChain::new(Link::at(message, layer.place())))
        }
        Err(error) if error.omitted => Ok(Dict::new()),
        Err(error) => Err(error.chain()),
    }
}

fn overlay(args: &Dict, layer: &Dict) {
    for (key, value) in layer.raw_items() {
        set(args, &key, value);
    }
}

fn set(args: &Dict, key: &Value, value: Value) {
    if let Ok(key) = jinja::Key::new(key.clone()) {
        args.insert(key, value);
    }
}

/// The defaults that hold for an action, rendered.
///
/// # Errors
///
/// A template in them fails.
pub(super) fn defaults(task: &Task, fqcn: &str, scope: &Rc<VariableScope>) -> Result<Dict, ErrorChain> {
    let written = match module_defaults(task, fqcn) {
        Some(layer) => container(&layer, scope)?,
        None => return Ok(Dict::new()),
    };
    let rendered = Dict::new();
    for (key, value) in written.raw_items() {
        match scope.templar().render(&value, scope) {
            Ok(value) => set(&rendered, &key, value),
            Err(error) if error.omitted => {}
            Err(error) => return Err(error.chain()),
        }
    }
    Ok(rendered)
}

/// The defaults for an action by its full name: the nearest that are written, whole; those around them do not shine
/// through.
fn module_defaults(task: &Task, fqcn: &str) -> Option<Value> {
    let written = task.effective().module_defaults.iter().rev();
    written.filter_map(Value::as_dict).find_map(|dict| dict.raw(fqcn).filter(|entry| !entry.is_none()))
}
