//! What templates and loops ask of lookups; the lookups themselves stand above, in their own room.

use std::rc::Rc;

use jinja::Value;

use super::{TemplateError, VariableScope};

/// Lookups as loops use them.
pub trait Lookups {
    /// The items of `with_NAME`.
    ///
    /// # Errors
    ///
    /// There is no such lookup, or it fails.
    fn with(&self, name: &str, terms: Vec<Value>, scope: &Rc<VariableScope>) -> Result<Vec<Value>, TemplateError>;
}
