//! Ansible's global functions, but for lookups: `undef`, `now`.

use jinja::{Environment, Error, Value};

use super::filters::{given, time};

/// What `undef()` without a hint says.
pub const NOT_OVERRIDDEN: &str = "Mandatory variable has not been overridden";

/// Adds all globals.
pub fn register(environment: &mut Environment) {
    environment.add_function("undef", |call| {
        let [hint] = call.bind("undef", 0, ["hint"])?;
        let hint = match given(hint) {
            None => None,
            Some(Value::Str(hint)) => Some(hint.as_str().to_owned()).filter(|hint| !hint.is_empty()),
            Some(other) => {
                let kind = other.type_name();
                let message = format!("The 'hint' argument must be of type 'str' or 'NoneType', not '{kind}'.");
                return Err(Error::type_error(message).about(&other));
            }
        };
        Ok(Value::undefined(hint.unwrap_or_else(|| NOT_OVERRIDDEN.to_owned())))
    });
    environment.add_function("now", time::now);
}
