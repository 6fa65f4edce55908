//! `delegate_to`: the host that does the work for another.
//!
//! Source: Ansible documentation, "Controlling where tasks run: delegation and local actions".

use std::{any::Any, fmt, rc::Rc, sync::Arc};

use jinja::{Dict, Object, Value};
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
    if raw.as_str().is_some_and(str::is_empty) {
        return Ok(None);
    }
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

/// The task's own scope with `ansible_delegated_vars`: the delegate's variables under its name.
pub(super) fn with_delegated_vars(
    scope: &Rc<VariableScope>,
    name: &Arc<str>,
    worker: &Rc<VariableScope>,
) -> Rc<VariableScope> {
    let vars = DelegatedVars { name: Arc::clone(name), scope: Rc::clone(worker) };
    scope.with(Layer::Magic, [("ansible_delegated_vars", Value::object(vars))].into_iter().collect())
}

/// `ansible_delegated_vars`
struct DelegatedVars {
    name: Arc<str>,
    scope: Rc<VariableScope>,
}

impl fmt::Debug for DelegatedVars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DelegatedVars({})", self.name)
    }
}

impl Object for DelegatedVars {
    fn type_name(&self) -> &str {
        "dict"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, jinja::Error> {
        Ok((key.as_str() == Some(&*self.name)).then(|| Value::Dict(self.scope.as_dict())))
    }

    fn is_mapping(&self) -> bool {
        true
    }

    fn len(&self) -> Option<usize> {
        Some(1)
    }

    fn values(&self) -> Result<Option<Vec<Value>>, jinja::Error> {
        Ok(Some(vec![Value::from(&*self.name)]))
    }
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
