//! Functions as values.

use std::{any::Any, fmt};

use crate::{Call, Error, Object, Value};

type Native = Box<dyn Fn(&mut Call<'_>) -> Result<Value, Error>>;

/// A function of the engine or its user.
pub(crate) struct NativeFunction {
    name: &'static str,
    function: Native,
    sees_undefined: bool,
}

/// A function as a value. It is not called with an undefined argument: that argument is its result.
pub fn function(name: &'static str, function: impl Fn(&mut Call<'_>) -> Result<Value, Error> + 'static) -> Value {
    Value::object(NativeFunction { name, function: Box::new(function), sees_undefined: false })
}

/// A function as a value that wants to see undefined arguments, as `lookup` does.
pub fn function_seeing_undefined(
    name: &'static str,
    function: impl Fn(&mut Call<'_>) -> Result<Value, Error> + 'static,
) -> Value {
    Value::object(NativeFunction { name, function: Box::new(function), sees_undefined: true })
}

impl fmt::Debug for NativeFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function {}>", self.name)
    }
}

impl Object for NativeFunction {
    fn type_name(&self) -> &str {
        "function"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String, Error> {
        Ok(format!("<function {}>", self.name))
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn sees_undefined(&self) -> bool {
        self.sees_undefined
    }

    fn call(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        (self.function)(call)
    }
}
