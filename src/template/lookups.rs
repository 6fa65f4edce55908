//! What templates and loops ask of lookups; the lookups themselves stand above, in their own room.

use std::rc::Rc;

use jinja::Value;

use super::{TemplateError, VariableScope};

/// Lookups as loops use them.
pub trait Lookups {
    /// The items of `with_NAME` of a task; `action` is its action's name as written, which says where
    /// `with_first_found` looks.
    ///
    /// # Errors
    ///
    /// There is no such lookup, or it fails.
    fn with(
        &self,
        name: &str,
        terms: Vec<Value>,
        action: &str,
        scope: &Rc<VariableScope>,
    ) -> Result<Vec<Value>, TemplateError>;
}
