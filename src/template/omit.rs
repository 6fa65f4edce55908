//! `omit`: the value that takes its key with it.

use std::{any::Any, rc::Rc};

use jinja::{Error, Object, Value};

/// The value of the variable `omit`.
#[derive(Debug)]
struct Omit;

impl Object for Omit {
    fn type_name(&self) -> &str {
        "_OmitType"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String, Error> {
        Ok("<<Omit>>".to_owned())
    }

    fn vanishes(&self) -> bool {
        true
    }
}

/// The value.
#[must_use]
pub fn omit() -> Value {
    Value::Object(Rc::new(Omit))
}

/// Whether a value is `omit`.
#[must_use]
pub fn is_omit(value: &Value) -> bool {
    value.downcast::<Omit>().is_some()
}
