//! A render under way, as filters, tests and functions see it.

use std::rc::Rc;

use crate::{
    Call, Environment, Error, Scope, Undefined, Value,
    call::Kwargs,
    environment::{Plugin, Registered},
    error::Kind,
    render::frame::Unit,
};

/// A render under way, as filters, tests and functions see it.
pub struct State<'a> {
    env: &'a Environment,
    scope: &'a dyn Scope,
    unit: Option<Rc<Unit>>,
}

impl<'a> State<'a> {
    /// A state outside of any template: to call filters and tests by name.
    pub fn new(env: &'a Environment, scope: &'a dyn Scope) -> Self {
        Self { env, scope, unit: None }
    }

    pub(crate) fn running(env: &'a Environment, scope: &'a dyn Scope, unit: &Rc<Unit>) -> Self {
        Self { env, scope, unit: Some(Rc::clone(unit)) }
    }

    /// The environment.
    pub fn environment(&self) -> &'a Environment {
        self.env
    }

    /// Where the template's names come from.
    pub fn scope(&self) -> &'a dyn Scope {
        self.scope
    }

    /// The template's name.
    pub fn template(&self) -> Option<&str> {
        self.unit.as_ref().and_then(|unit| unit.template.name.as_deref())
    }

    /// A name's value as the template sees it at its outermost level; undefined, if there is none.
    ///
    /// # Errors
    ///
    /// It is there and cannot be had.
    pub fn lookup(&self, name: &str) -> Result<Value, Error> {
        if let Some(unit) = &self.unit {
            return unit.context.resolve(name, self.env, self.scope);
        }
        if let Some(value) = self.scope.lookup(name)? {
            return Ok(value);
        }
        Ok(match self.env.globals.get(name) {
            Some(value) => value.clone(),
            None => Value::Undefined(Rc::new(Undefined::name(name))),
        })
    }

    /// Calls a filter by name; the first argument is its value. A filter that fails gives an undefined value whose use
    /// is that error.
    ///
    /// # Errors
    ///
    /// There is no such filter.
    pub fn call_filter(&self, name: &str, args: Vec<Value>, kwargs: Kwargs) -> Result<Value, Error> {
        let Some(filter) = self.env.filter(name) else {
            return Err(Error::new(Kind::UnknownFilter, format!("No filter named '{name}'.")));
        };
        self.invoke(Plugin::Filter, &filter, args, kwargs)
    }

    /// Calls a test by name; the first argument is its value.
    ///
    /// # Errors
    ///
    /// There is no such test, an argument is undefined and the test does not want to see it, or it says no.
    pub fn call_test(&self, name: &str, args: Vec<Value>, kwargs: Kwargs) -> Result<bool, Error> {
        let Some(test) = self.env.test(name) else {
            return Err(Error::new(Kind::UnknownFilter, format!("No test named '{name}'.")));
        };
        self.invoke(Plugin::Test, &test, args, kwargs)?.truthy()
    }

    /// Calls a value. A call that fails gives an undefined value whose use is that error.
    ///
    /// # Errors
    ///
    /// A limit was reached.
    pub fn call(&self, callee: &Value, args: Vec<Value>, kwargs: Kwargs) -> Result<Value, Error> {
        let object = match callee {
            Value::Object(object) if object.is_callable() => object,
            Value::Undefined(_) => return Ok(callee.clone()),
            other => {
                let message = format!("'{}' object is not callable", other.type_name());
                return Ok(failed(Error::type_error(message)));
            }
        };
        if !object.sees_undefined()
            && let Some(undefined) = first_undefined(&args, &kwargs)
        {
            return Ok(undefined);
        }
        settle(object.call(&mut Call::new(self, args, kwargs)))
    }

    pub(crate) fn invoke(
        &self,
        plugin: Plugin,
        registered: &Registered,
        args: Vec<Value>,
        kwargs: Kwargs,
    ) -> Result<Value, Error> {
        if !registered.sees_undefined
            && let Some(undefined) = first_undefined(&args, &kwargs)
        {
            return Ok(undefined);
        }
        let result = (registered.function)(&mut Call::new(self, args, kwargs));
        settle(result.map_err(|error| match error.kind {
            Kind::Undefined => error,
            // What another one said stands for itself.
            _ if error.called => error,
            _ => self.env.hooks.plugin_error(plugin, &registered.name, error),
        }))
    }
}

pub(crate) fn first_undefined(args: &[Value], kwargs: &Kwargs) -> Option<Value> {
    args.iter().chain(kwargs.iter().map(|(_, value)| value)).find(|value| value.is_undefined()).cloned()
}

fn failed(error: Error) -> Value {
    Value::Undefined(Rc::new(Undefined::failed(error)))
}

/// A failed call is an undefined value, which `default()` may mend; a limit ends the render.
pub(crate) fn settle(result: Result<Value, Error>) -> Result<Value, Error> {
    match result {
        Err(error) if error.kind == Kind::Limit => Err(error),
        Err(error) => Ok(failed(Error { called: error.kind != Kind::Undefined, ..error })),
        result => result,
    }
}
