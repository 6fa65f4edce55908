//! Lists of conditions: `when`, `until`, `changed_when`, `failed_when`, `break_when`.
//!
//! Source: Ansible documentation, "Conditionals".

use std::rc::Rc;

use jinja::Value;

use crate::{
    playbook::{Located, Written},
    template::{TemplateError, VariableScope},
};

/// The first condition that does not hold, if there is one.
///
/// # Errors
///
/// A condition fails, is empty, or is not a bool; the error's place is the condition's where it has none of its own.
pub(super) fn first_false(conditions: &[Written], scope: &Rc<VariableScope>) -> Result<Option<Value>, TemplateError> {
    for condition in conditions {
        let holds = scope.templar().condition(condition, scope).map_err(|mut error| {
            error.origin = error.origin.or_else(|| condition.place());
            error
        })?;
        if !holds {
            return Ok(Some(condition.value.clone()));
        }
    }
    Ok(None)
}
