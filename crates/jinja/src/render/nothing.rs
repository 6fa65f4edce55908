//! What `x if test` without `else` is where the test fails: empty wherever it is used, and undefined to who asks.

use std::{any::Any, fmt};

use crate::{Error, Kind, Object, Value};

/// The value.
pub(crate) struct Nothing;

/// The value.
pub(super) fn nothing() -> Value {
    Value::object(Nothing)
}

const MESSAGE: &str = "the inline if-expression on line 1 evaluated to false and no else section was defined.";

impl fmt::Debug for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Undefined")
    }
}

impl Object for Nothing {
    fn type_name(&self) -> &str {
        "Undefined"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String, Error> {
        Ok("Undefined".to_owned())
    }

    fn to_str(&self) -> Result<String, Error> {
        Ok(String::new())
    }

    fn len(&self) -> Option<usize> {
        Some(0)
    }

    fn values(&self) -> Result<Option<Vec<Value>>, Error> {
        Ok(Some(Vec::new()))
    }

    fn attribute(&self, _name: &str) -> Result<Option<Value>, Error> {
        Err(Error::new(Kind::Other, MESSAGE))
    }

    fn item(&self, _key: &Value) -> Result<Option<Value>, Error> {
        Err(Error::new(Kind::Other, MESSAGE))
    }

    fn equals(&self, other: &Value) -> Option<Result<bool, Error>> {
        Some(Ok(other.downcast::<Self>().is_some()))
    }

    fn binary(&self, _operator: &str, _other: &Value, _reflected: bool) -> Option<Result<Value, Error>> {
        Some(Err(Error::new(Kind::Other, MESSAGE)))
    }

    fn call(&self, _call: &mut crate::Call<'_>) -> Result<Value, Error> {
        Err(Error::new(Kind::Other, MESSAGE))
    }

    fn is_callable(&self) -> bool {
        true
    }
}
