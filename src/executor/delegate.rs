//! `delegate_to`: the host that does the work for another.
//!
//! Source: Ansible documentation, "Controlling where tasks run: delegation and local actions".

use std::{rc::Rc, sync::Arc};

use jinja::{Dict, Value};
use protocol::{Data, Map};

use super::{reach::Reach, run::Run};
use crate::{
    diagnostic::{ErrorChain, Link},
    playbook::Task,
    template::{VariableScope, data, omit},
    vars::Layer,
};

/// The host that a task is delegated to, if it is.
///
/// # Errors
///
/// The name cannot be rendered, or is empty.
pub(super) fn delegate(run: &Run, task: &Task, scope: &Rc<VariableScope>) -> Result<Option<Arc<str>>, ErrorChain> {
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
pub(super) fn delegate_scope(
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

/// What is told of the delegate in a result.
pub(super) fn delegated_vars(name: &str, reach: &Reach<'_>) -> Map {
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
