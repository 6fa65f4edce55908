//! The environment: options, filters, tests, globals and where templates come from.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use crate::{Call, Dict, Error, State, Str, Value, compiler::Compiled};

/// A filter, test or global function.
pub type Function = dyn Fn(&mut Call<'_>) -> Result<Value, Error>;

/// How templates are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is one of Jinja2's switches, under its name")]
pub struct Options {
    /// Starts a statement: `{%`
    pub block_start_string: String,
    /// Ends a statement: `%}`
    pub block_end_string: String,
    /// Starts an expression that is printed: `{{`
    pub variable_start_string: String,
    /// Ends an expression that is printed: `}}`
    pub variable_end_string: String,
    /// Starts a comment: `{#`
    pub comment_start_string: String,
    /// Ends a comment: `#}`
    pub comment_end_string: String,
    /// Starts a line that is a statement.
    pub line_statement_prefix: Option<String>,
    /// Starts a comment to the end of the line.
    pub line_comment_prefix: Option<String>,
    /// Removes the newline after a statement.
    pub trim_blocks: bool,
    /// Removes the blanks before a statement that starts a line.
    pub lstrip_blocks: bool,
    /// What newlines become: `\n`, `\r\n` or `\r`.
    pub newline_sequence: String,
    /// Keeps the newline at the end of a template.
    pub keep_trailing_newline: bool,
    /// Allows `break` and `continue` (`jinja2.ext.loopcontrols`).
    pub loop_controls: bool,
    /// Allows `do` (`jinja2.ext.do`).
    pub do_statement: bool,
    /// Doubles backslashes in the strings of printed expressions, as Ansible does for what stands in a playbook. It
    /// holds for the template itself, not for what it includes or imports.
    pub escape_backslashes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            block_start_string: "{%".to_owned(),
            block_end_string: "%}".to_owned(),
            variable_start_string: "{{".to_owned(),
            variable_end_string: "}}".to_owned(),
            comment_start_string: "{#".to_owned(),
            comment_end_string: "#}".to_owned(),
            line_statement_prefix: None,
            line_comment_prefix: None,
            trim_blocks: false,
            lstrip_blocks: false,
            newline_sequence: "\n".to_owned(),
            keep_trailing_newline: false,
            loop_controls: false,
            do_statement: false,
            escape_backslashes: false,
        }
    }
}

/// Where templates that are included, imported or extended come from.
pub trait Loader {
    /// The source of a template and its full name; `parent` is the template that asks.
    ///
    /// # Errors
    ///
    /// It is not there ([`crate::error::Kind::TemplateNotFound`]) or cannot be read.
    fn load(&self, name: &str, parent: Option<&str>) -> Result<(String, String), Error>;
}

/// Filter or test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    /// A filter: `value | name`
    Filter,
    /// A test: `value is name`
    Test,
}

/// What the user of the engine may change of how it works. Every method has an answer.
pub trait Hooks {
    /// The error of a filter or test that failed, in the user's words.
    fn plugin_error(&self, plugin: Plugin, name: &str, error: Error) -> Error {
        let _ = (plugin, name);
        error
    }

    /// A text in a template's source that looks like a template itself (`lookup('file', '{{ x }}')`). Called each time
    /// it is evaluated, with the render that it happens in.
    ///
    /// # Errors
    ///
    /// It is a template and fails.
    fn constant(&self, text: &Str, state: &State<'_>) -> Result<Value, Error> {
        let _ = state;
        Ok(Value::Str(text.clone()))
    }

    /// A filter or test that was not added: the chance to load it now. `None`: there is none.
    fn find(&self, plugin: Plugin, name: &str) -> Option<Rc<Function>> {
        let _ = (plugin, name);
        None
    }
}

struct NoHooks;

impl Hooks for NoHooks {}

/// A filter or test as it was added.
#[derive(Clone)]
pub(crate) struct Registered {
    pub(crate) name: Rc<str>,
    pub(crate) function: Rc<Function>,
    /// Whether it wants to see undefined arguments; else the first of them is the result, and it is not called.
    pub(crate) sees_undefined: bool,
}

/// A template that was loaded, and what it was compiled from.
pub(crate) struct Loaded {
    pub(crate) source: String,
    pub(crate) options: Rc<Options>,
    pub(crate) template: Rc<Compiled>,
}

/// Options, filters, tests, globals and a loader.
pub struct Environment {
    pub(crate) options: Rc<Options>,
    filters: HashMap<Rc<str>, Rc<Registered>>,
    tests: HashMap<Rc<str>, Rc<Registered>>,
    pub(crate) globals: HashMap<Rc<str>, Value>,
    prefixes: Vec<String>,
    pub(crate) loader: Option<Rc<dyn Loader>>,
    pub(crate) hooks: Rc<dyn Hooks>,
    /// Templates that were loaded, by name, with the source they were compiled from.
    pub(crate) loaded: RefCell<HashMap<String, Loaded>>,
    /// Where the stack stood when the outermost render began; 0 outside of any.
    pub(crate) stack_base: Cell<usize>,
    /// What is left of [`Environment::set_steps`].
    steps: Cell<u64>,
}

impl Environment {
    /// An environment with Jinja2's own filters, tests and globals.
    pub fn new(options: Options) -> Self {
        let mut env = Self {
            options: Rc::new(options),
            filters: HashMap::new(),
            tests: HashMap::new(),
            globals: HashMap::new(),
            prefixes: Vec::new(),
            loader: None,
            hooks: Rc::new(NoHooks),
            loaded: RefCell::new(HashMap::new()),
            stack_base: Cell::new(0),
            steps: Cell::new(u64::MAX),
        };
        crate::filters::add(&mut env);
        crate::tests::add(&mut env);
        crate::globals::add(&mut env);
        env
    }

    /// How its templates are read.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Adds a filter. It is not called with an undefined argument: that argument is its result.
    pub fn add_filter(&mut self, name: &str, filter: impl Fn(&mut Call<'_>) -> Result<Value, Error> + 'static) {
        self.filters.insert(name.into(), registered(name, filter, false));
    }

    /// Adds a filter that wants to see undefined arguments, as `default` does.
    pub fn add_filter_seeing_undefined(
        &mut self,
        name: &str,
        filter: impl Fn(&mut Call<'_>) -> Result<Value, Error> + 'static,
    ) {
        self.filters.insert(name.into(), registered(name, filter, true));
    }

    /// Adds a test. It is not called with an undefined argument: that argument is its result.
    pub fn add_test(&mut self, name: &str, test: impl Fn(&mut Call<'_>) -> Result<bool, Error> + 'static) {
        self.tests.insert(name.into(), registered(name, move |call| test(call).map(Value::Bool), false));
    }

    /// Adds a test that wants to see undefined arguments, as `defined` does.
    pub fn add_test_seeing_undefined(
        &mut self,
        name: &str,
        test: impl Fn(&mut Call<'_>) -> Result<bool, Error> + 'static,
    ) {
        self.tests.insert(name.into(), registered(name, move |call| test(call).map(Value::Bool), true));
    }

    /// A filter's function, for one that takes its place and calls it.
    pub fn filter_function(&self, name: &str) -> Option<Rc<Function>> {
        self.filters.get(name).map(|filter| Rc::clone(&filter.function))
    }

    /// Gives a filter another name.
    pub fn alias_filter(&mut self, alias: &str, name: &str) {
        if let Some(filter) = self.filters.get(name) {
            let filter = Registered { name: alias.into(), ..Registered::clone(filter) };
            self.filters.insert(alias.into(), Rc::new(filter));
        }
    }

    /// Gives a test another name.
    pub fn alias_test(&mut self, alias: &str, name: &str) {
        if let Some(test) = self.tests.get(name) {
            self.tests.insert(alias.into(), Rc::clone(test));
        }
    }

    /// Adds a global value.
    pub fn add_global(&mut self, name: &str, value: Value) {
        self.globals.insert(name.into(), value);
    }

    /// Adds a global function.
    pub fn add_function(
        &mut self,
        name: &'static str,
        function: impl Fn(&mut Call<'_>) -> Result<Value, Error> + 'static,
    ) {
        self.add_global(name, crate::function::function(name, function));
    }

    /// Sets where templates come from.
    pub fn set_loader(&mut self, loader: Rc<dyn Loader>) {
        self.loader = Some(loader);
    }

    /// Sets what changes how it works.
    pub fn set_hooks(&mut self, hooks: Rc<dyn Hooks>) {
        self.hooks = hooks;
    }

    /// Sets how many turns of loops and calls of macros all renders from now on may take together; what goes on is an
    /// error of [`crate::Kind::Limit`]. Without this there is no limit, as in Jinja2.
    pub fn set_steps(&self, steps: u64) {
        self.steps.set(steps);
    }

    /// Takes one of [`Environment::set_steps`].
    pub(crate) fn step(&self) -> Result<(), Error> {
        match self.steps.get() {
            0 => Err(Error::new(crate::Kind::Limit, "the template takes too many steps")),
            // No render takes as many as there are without a limit.
            left => {
                self.steps.set(left - 1);
                Ok(())
            }
        }
    }

    /// Sets prefixes that may stand before the names of filters and tests (`ansible.builtin.`).
    pub fn set_prefixes(&mut self, prefixes: &[&str]) {
        self.prefixes = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    }

    fn without_prefix<'n>(&self, name: &'n str) -> &'n str {
        self.prefixes.iter().find_map(|prefix| name.strip_prefix(prefix.as_str())).unwrap_or(name)
    }

    /// Whether a filter is known.
    pub fn has_filter(&self, name: &str) -> bool {
        self.filter(name).is_some()
    }

    /// Whether a test is known.
    pub fn has_test(&self, name: &str) -> bool {
        self.test(name).is_some()
    }

    /// The names of the filters that were added.
    pub fn filter_names(&self) -> Vec<Rc<str>> {
        self.filters.keys().cloned().collect()
    }

    /// The names of the tests that were added.
    pub fn test_names(&self) -> Vec<Rc<str>> {
        self.tests.keys().cloned().collect()
    }

    pub(crate) fn filter(&self, name: &str) -> Option<Rc<Registered>> {
        self.filters.get(self.without_prefix(name)).cloned().or_else(|| self.find(Plugin::Filter, name))
    }

    pub(crate) fn test(&self, name: &str) -> Option<Rc<Registered>> {
        self.tests.get(self.without_prefix(name)).cloned().or_else(|| self.find(Plugin::Test, name))
    }

    fn find(&self, plugin: Plugin, name: &str) -> Option<Rc<Registered>> {
        let function = self.hooks.find(plugin, name)?;
        Some(Rc::new(Registered { name: name.into(), function, sees_undefined: false }))
    }
}

fn registered(
    name: &str,
    function: impl Fn(&mut Call<'_>) -> Result<Value, Error> + 'static,
    sees_undefined: bool,
) -> Rc<Registered> {
    Rc::new(Registered { name: name.into(), function: Rc::new(function), sees_undefined })
}

/// A dict serves as a scope: tests and small uses.
impl crate::Scope for Dict {
    fn lookup(&self, name: &str) -> Result<Option<Value>, Error> {
        self.get(name)
    }

    fn names(&self) -> Vec<Rc<str>> {
        self.keys().iter().filter_map(|key| key.as_str().map(Rc::from)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_render_ends_where_its_steps_end() {
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
        let twice = "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}";
        for source in [endless, twice] {
            let env = Environment::new(Options::default());
            env.set_steps(1000);
            let error = env.compile(source, None).unwrap().render(&env, &Dict::new()).unwrap_err();
            assert_eq!(error.kind, crate::Kind::Limit, "{error}");
        }
    }
}
