//! `hostvars`: the variables of all hosts, each rendered as its own host sees it.

use std::{any::Any, fmt, rc::Rc};

use jinja::{Error, Object, Scope, Value};

use super::variables::Variables;
use crate::template::VariableScope;

/// `hostvars`
pub(super) struct HostVars {
    variables: Rc<Variables>,
}

impl HostVars {
    /// Those of a run.
    pub(super) fn new(variables: &Rc<Variables>) -> Self {
        Self { variables: Rc::clone(variables) }
    }
}

impl fmt::Debug for HostVars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HostVars")
    }
}

impl Object for HostVars {
    fn type_name(&self) -> &str {
        "HostVars"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        let host = key.as_str().and_then(|name| self.variables.host_name(name));
        Ok(Some(match host {
            Some(host) => {
                let scope = self.variables.host_scope(&host);
                Value::object(HostVarsVars { scope, host: host.to_string() })
            }
            None => Value::undefined(format!("hostvars[{}]", key.repr()?)),
        }))
    }

    fn is_mapping(&self) -> bool {
        true
    }

    fn len(&self) -> Option<usize> {
        Some(self.variables.host_names().len())
    }

    fn values(&self) -> Result<Option<Vec<Value>>, Error> {
        Ok(Some(self.variables.host_names().iter().map(|name| Value::from(&**name)).collect()))
    }

    fn contains(&self, value: &Value) -> Option<Result<bool, Error>> {
        let known = value.as_str().is_some_and(|name| self.variables.host_name(name).is_some());
        Some(Ok(known))
    }
}

/// `hostvars[host]`
struct HostVarsVars {
    scope: Rc<VariableScope>,
    host: String,
}

impl HostVarsVars {
    fn lookup(&self, name: &str) -> Result<Option<Value>, Error> {
        // Hosts do not see each other through each other, and what is no variable is not seen at all.
        if matches!(name, "hostvars" | "omit") { Ok(None) } else { self.scope.lookup(name) }
    }

    fn names(&self) -> impl Iterator<Item = Value> {
        self.scope.layers().flatten().keys().into_iter().chain(["groups", "playbook_dir"].map(Value::from))
    }
}

impl fmt::Debug for HostVarsVars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HostVarsVars({})", self.host)
    }
}

impl Object for HostVarsVars {
    fn type_name(&self) -> &str {
        "HostVarsVars"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String, Error> {
        Ok(format!("HostVarsVars(self._host={}, ...)", Value::from(self.host.as_str()).repr()?))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        key.as_str().map_or(Ok(None), |name| self.lookup(name))
    }

    fn is_mapping(&self) -> bool {
        true
    }

    fn len(&self) -> Option<usize> {
        Some(self.names().count())
    }

    fn values(&self) -> Result<Option<Vec<Value>>, Error> {
        Ok(Some(self.names().collect()))
    }

    fn contains(&self, value: &Value) -> Option<Result<bool, Error>> {
        Some(Ok(value.as_str().is_some_and(|wanted| self.names().any(|name| name.as_str() == Some(wanted)))))
    }
}
