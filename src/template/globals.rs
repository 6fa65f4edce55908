//! Ansible's global functions, but for lookups: `undef`, `now`.

use jinja::{Environment, Value};

use super::filters::{given, time};

/// Adds all globals.
pub fn register(environment: &mut Environment) {
    environment.add_function("undef", |call| {
        let [hint] = call.bind("undef", 0, ["hint"])?;
        let hint = given(hint).map(|hint| hint.to_str()).transpose()?;
        Ok(Value::undefined(hint.unwrap_or_else(|| "Mandatory variable has not been overridden".to_owned())))
    });
    environment.add_function("now", time::now);
}
