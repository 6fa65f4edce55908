//! Calls of filters, tests, functions and methods: their arguments, and what they can reach.

use std::rc::Rc;

use crate::{Error, State, Value};

/// Keyword arguments, in the order they were written.
pub type Kwargs = Vec<(Rc<str>, Value)>;

/// A call: its arguments and what it can reach.
pub struct Call<'a> {
    /// The positional arguments; a filter's or test's first one is its value.
    pub args: Vec<Value>,
    /// The keyword arguments.
    pub kwargs: Kwargs,
    state: &'a State<'a>,
}

impl<'a> Call<'a> {
    /// A call.
    pub fn new(state: &'a State<'a>, args: Vec<Value>, kwargs: Kwargs) -> Self {
        Self { args, kwargs, state }
    }

    /// The render it happens in: environment, scope, other filters and tests.
    pub fn state(&self) -> &'a State<'a> {
        self.state
    }

    /// Takes a keyword argument out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.kwargs.iter().position(|(key, _)| &**key == name)?;
        Some(self.kwargs.remove(index).1)
    }

    /// Binds the arguments to parameters, as Python does for `def function(names...)` whose first `required` have no
    /// defaults. Parameters that were not given are `None`. Takes all arguments out.
    ///
    /// ```ignore
    /// let [value, default, boolean] = call.bind("do_default", 1, ["value", "default_value", "boolean"])?;
    /// ```
    ///
    /// # Errors
    ///
    /// They do not fit, in Python's words: `do_default() takes from 1 to 3 positional arguments but 4 were given`.
    pub fn bind<const N: usize>(
        &mut self,
        function: &str,
        required: usize,
        names: [&str; N],
    ) -> Result<[Option<Value>; N], Error> {
        let given = self.args.len();
        let mut bound = [const { None }; N];
        for (slot, value) in bound.iter_mut().zip(self.args.drain(..)) {
            *slot = Some(value);
        }
        for (key, value) in self.kwargs.drain(..) {
            let Some(slot) = names.iter().position(|name| **name == *key).and_then(|index| bound.get_mut(index)) else {
                return Err(Error::type_error(format!("{function}() got an unexpected keyword argument '{key}'")));
            };
            if slot.is_some() {
                return Err(Error::type_error(format!("{function}() got multiple values for argument '{key}'")));
            }
            *slot = Some(value);
        }
        if given > N {
            return Err(Error::type_error(too_many(function, required, N, given)));
        }
        let missing: Vec<&str> = names
            .iter()
            .zip(&bound)
            .take(required)
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| *name)
            .collect();
        if missing.is_empty() { Ok(bound) } else { Err(Error::type_error(missing_arguments(function, &missing))) }
    }

    /// Binds the positional arguments up to `names` and leaves the rest, as `def function(names..., *args, **kwargs)`.
    ///
    /// # Errors
    ///
    /// A required one is missing.
    pub fn first(&mut self, function: &str, name: &str) -> Result<Value, Error> {
        if !self.args.is_empty() {
            return Ok(self.args.remove(0));
        }
        self.take(name).ok_or_else(|| Error::type_error(missing_arguments(function, &[name])))
    }
}

/// Python's words for too many positional arguments.
pub(crate) fn too_many(function: &str, required: usize, most: usize, given: usize) -> String {
    let were = if given == 1 { "was" } else { "were" };
    if required == most {
        let s = if most == 1 { "" } else { "s" };
        format!("{function}() takes {most} positional argument{s} but {given} {were} given")
    } else {
        let s = if most == 1 { "" } else { "s" };
        format!("{function}() takes from {required} to {most} positional argument{s} but {given} {were} given")
    }
}

/// Python's words for missing arguments.
pub(crate) fn missing_arguments(function: &str, names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let list = match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    };
    let s = if names.len() == 1 { "" } else { "s" };
    format!("{function}() missing {} required positional argument{s}: {list}", names.len())
}
