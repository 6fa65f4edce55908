//! A lookup's options, converted as Ansible converts them.

use jinja::{Error, Value};

use super::Request;

impl Request<'_> {
    /// An option as it was given.
    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.options.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    /// An option as text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        self.option(name).filter(|value| !value.is_none()).map(Value::to_str).transpose()
    }

    /// An option as a flag; what is no flag is false, as with Ansible's options.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        self.option(name).map_or(default, is_true)
    }

    /// Puts an option in the place of one of the same name.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.options.retain(|(key, _)| &**key != name);
        self.options.push((name.into(), value));
    }
}

/// Whether Ansible takes an option's value as true.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Int(number) => *number == 1,
        #[expect(clippy::float_cmp, reason = "1.0 is true, nothing near it")]
        Value::Float(number) => *number == 1.0,
        Value::Str(text) => {
            matches!(text.trim().to_lowercase().as_str(), "y" | "yes" | "on" | "1" | "true" | "t")
        }
        _ => false,
    }
}

/// An option as a whole number.
pub(super) fn integer(plugin: &str, name: &str, value: &Value) -> Result<i64, Error> {
    let number = match value {
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Str(text) => text.trim().replace('_', "").parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "checked by the fraction")]
        Value::Float(number) if number.fract() == 0.0 => Some(*number as i64),
        value => value.as_int(),
    };
    number.ok_or_else(|| {
        let shown = value.repr().unwrap_or_default();
        Error::value_error(format!(
            "Config '{name}' for '{plugin}' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'integer': {shown}"
        ))
    })
}
