//! Renders values, conditions and files in a scope.

use std::{cell::RefCell, collections::HashMap, path::PathBuf, rc::Rc};

use jinja::{Environment, Error, Object, Options, Origin, Str, Template, Undefined, Value};

use super::{
    VariableScope,
    error::TemplateError,
    loader::FileLoader,
    notice::{Notice, Notices},
    omit,
    overrides::split_header,
};
use crate::{diagnostic::Span, yaml::Decrypt};

/// A conditional that is true or false although it is not a bool.
const BROKEN_HELP: &str =
    "Broken conditionals can be temporarily allowed with the `ALLOW_BROKEN_CONDITIONALS` configuration option.";

/// How a template file is read: the options of the `template` module and its `#jinja2:` line.
pub type Overrides = Options;

/// What was compiled, or why it cannot be: a template that is wrong is wrong each time.
type Compiled<K> = RefCell<HashMap<K, Result<Template, Error>>>;

/// Renders values, conditions and files.
pub struct Templar {
    environment: Environment,
    loader: Rc<FileLoader>,
    decrypt: Option<Rc<dyn Decrypt>>,
    templates: Compiled<Rc<str>>,
    expressions: Compiled<(Rc<str>, bool)>,
    /// Who renders now: what is said meanwhile is theirs, whichever scope says it.
    asking: RefCell<Option<Notices>>,
    /// What is rendered now: where its text was written, and whether it is a condition.
    rendering: RefCell<(Option<Origin>, bool)>,
}

/// A render from its outside: when it ends, nobody renders.
struct Asking<'a>(Option<&'a Templar>);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(templar) = self.0 {
            templar.asking.take();
        }
    }
}

impl Templar {
    /// Renders with this environment (its filters, tests and lookups are there already).
    #[must_use]
    pub fn new(mut environment: Environment, decrypt: Option<Rc<dyn Decrypt>>) -> Rc<Self> {
        let loader = Rc::new(FileLoader::default());
        environment.set_loader(Rc::clone(&loader) as Rc<dyn jinja::Loader>);
        Rc::new(Self {
            environment,
            loader,
            decrypt,
            templates: RefCell::new(HashMap::new()),
            expressions: RefCell::new(HashMap::new()),
            asking: RefCell::new(None),
            rendering: RefCell::default(),
        })
    }

    /// Jinja's options for what stands in a playbook.
    #[must_use]
    pub fn playbook_options() -> Options {
        Options { escape_backslashes: true, ..Self::file_options() }
    }

    /// Jinja's options for template files.
    #[must_use]
    pub fn file_options() -> Options {
        Options { trim_blocks: true, ..Options::default() }
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Sets the folder in which a playbook's own text finds what it includes: the playbook's.
    pub fn set_basedir(&self, folder: PathBuf) {
        self.loader.set_search_path(vec![folder]);
    }

    fn asking(&self, scope: &VariableScope) -> Asking<'_> {
        let mut asking = self.asking.borrow_mut();
        if asking.is_some() {
            return Asking(None);
        }
        *asking = Some(scope.notices().clone());
        Asking(Some(self))
    }

    /// What is rendered now: where its text was written, and whether it is a condition.
    #[must_use]
    pub fn rendering(&self) -> (Option<Origin>, bool) {
        self.rendering.borrow().clone()
    }

    /// Evaluates a template, the text of which was written there.
    fn evaluate(
        &self,
        template: &Template,
        origin: Option<&Origin>,
        conditional: bool,
        scope: &VariableScope,
    ) -> Result<Value, Error> {
        let before = self.rendering.replace((origin.cloned(), conditional));
        let value = template.evaluate(&self.environment, scope);
        self.rendering.replace(before);
        value
    }

    /// Where notices go: to whoever renders, else where the caller says.
    pub(super) fn notices_or(&self, otherwise: &Notices) -> Notices {
        self.asking.borrow().as_ref().unwrap_or(otherwise).clone()
    }

    /// Whether a text is rendered at all: it is trusted and has a delimiter.
    #[must_use]
    pub fn is_template(text: &Str) -> bool {
        text.is_trusted() && has_delimiter(text)
    }

    /// The plain text of a vaulted value; none for other objects.
    pub(super) fn decrypt(&self, object: &Rc<dyn Object>) -> Option<Value> {
        crate::yaml::decrypt_value(object.as_ref(), self.decrypt.as_deref())
    }

    fn template(&self, source: &Str) -> Result<Template, Error> {
        if let Some(known) = self.templates.borrow().get(source.as_str()) {
            return known.clone();
        }
        let compiled = split_header(source, self.environment.options())
            .and_then(|(body, options)| self.environment.compile_with(body, None, &options));
        self.templates.borrow_mut().insert(source.shared(), compiled.clone());
        compiled
    }

    /// The value of a text inside of another template. An error is an undefined value, which `default()` may mend.
    pub(super) fn render_nested(&self, text: &Str, scope: &Rc<VariableScope>) -> Result<Value, Error> {
        let template = match self.template(text) {
            Ok(template) => template,
            Err(error) => return Ok(deferred(error, text.origin())),
        };
        Ok(match self.evaluate(&template, text.origin(), false, scope)? {
            Value::Undefined(undefined) => placed(&undefined, text.origin()),
            Value::Str(rendered) => Value::Str(restore_newlines(text, rendered)),
            value => value,
        })
    }

    /// A value with all templates in it rendered, plain to the last element.
    ///
    /// # Errors
    ///
    /// A template fails or something is undefined; the value as a whole is `omit` (see [`TemplateError::omitted`]).
    pub fn render(&self, value: &Value, scope: &Rc<VariableScope>) -> Result<Value, TemplateError> {
        let _asking = self.asking(scope);
        let origin = origin_of(value);
        let resolved = scope.resolve_raw(value).map_err(|error| TemplateError::from_engine(&error, origin.as_ref()))?;
        finish(&resolved, origin.as_ref(), scope)
    }

    /// As [`Self::render`], but the elements of a list or dict stay as they were written.
    ///
    /// # Errors
    ///
    /// As [`Self::render`].
    pub fn render_to_container(&self, value: &Value, scope: &Rc<VariableScope>) -> Result<Value, TemplateError> {
        let _asking = self.asking(scope);
        let origin = origin_of(value);
        match scope.resolve_raw(value).map_err(|error| TemplateError::from_engine(&error, origin.as_ref()))? {
            Value::List(list) => Ok(Value::List(jinja::List::new(list.raw_values()))),
            Value::Dict(dict) => Ok(Value::Dict(raw_copy(&dict))),
            resolved => finish(&resolved, origin.as_ref(), scope),
        }
    }

    /// A value as text.
    ///
    /// # Errors
    ///
    /// As [`Self::render`].
    pub fn render_text(&self, value: &Value, scope: &Rc<VariableScope>) -> Result<String, TemplateError> {
        let rendered = self.render(value, scope)?;
        rendered.to_str().map_err(|error| TemplateError::from_engine(&error, origin_of(value).as_ref()))
    }

    /// The value of an expression without delimiters.
    ///
    /// # Errors
    ///
    /// It fails, or the text is not trusted.
    pub fn expression(&self, text: &Str, scope: &Rc<VariableScope>) -> Result<Value, TemplateError> {
        let _asking = self.asking(scope);
        let value = self.evaluate_expression(text, scope, true)?;
        finish(&value, text.origin(), scope)
    }

    /// The value of an expression as it stands: undefined parts are values.
    ///
    /// # Errors
    ///
    /// The text is not trusted, or a limit was reached.
    pub fn evaluate_expression(
        &self,
        text: &Str,
        scope: &Rc<VariableScope>,
        escape_backslashes: bool,
    ) -> Result<Value, TemplateError> {
        let _asking = self.asking(scope);
        if !text.is_trusted() {
            return Err(TemplateError::new(
                "Encountered untrusted template or expression.",
                text.origin().map(Span::from),
            ));
        }
        let key = (text.shared(), escape_backslashes);
        let known = self.expressions.borrow().get(&key).cloned();
        let compiled = known.unwrap_or_else(|| {
            let options = Options { escape_backslashes, ..self.environment.options().clone() };
            let compiled = self.environment.compile_expression_with(text, &options);
            self.expressions.borrow_mut().insert(key, compiled.clone());
            compiled
        });
        let template = compiled.map_err(|error| {
            TemplateError::from_engine(&error, text.origin())
                .reworded(|text| text.replacen("Syntax error in template", "Syntax error in expression", 1))
        })?;
        // Conditions are those expressions whose backslashes stay.
        let value = self
            .evaluate(&template, text.origin(), !escape_backslashes, scope)
            .map_err(|error| TemplateError::from_engine(&error, text.origin()))?;
        Ok(match value {
            Value::Undefined(undefined) => placed(&undefined, text.origin()),
            value => value,
        })
    }

    /// Whether all conditions hold. Returns the first that does not, or none.
    ///
    /// # Errors
    ///
    /// A condition fails, is empty, or is not a bool.
    pub fn first_false(&self, conditions: &[Value], scope: &Rc<VariableScope>) -> Result<Option<Value>, TemplateError> {
        for condition in conditions {
            if !self.condition(condition, scope)? {
                return Ok(Some(condition.clone()));
            }
        }
        Ok(None)
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    ///
    /// As [`Self::first_false`].
    pub fn condition(&self, condition: &Value, scope: &Rc<VariableScope>) -> Result<bool, TemplateError> {
        let _asking = self.asking(scope);
        let origin = origin_of(condition);
        let broken = |message: String| {
            let mut error = TemplateError::new(message, origin.as_ref().map(Span::from));
            error.help = Some(BROKEN_HELP.into());
            error
        };
        let text = match condition {
            Value::Bool(value) => return Ok(*value),
            Value::None => return Err(broken("Empty conditional expressions are not allowed.".to_owned())),
            Value::Str(text) => text.clone(),
            _ => return Err(broken("Conditional expressions must be strings.".to_owned())),
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(broken("Empty conditional expressions are not allowed.".to_owned()));
        }
        let text = retagged(&text, trimmed);
        let value = self.condition_value(&text, scope).map_err(|error| {
            if !error.undefined {
                return error;
            }
            error.within("Error while evaluating conditional.", origin.as_ref().map(Span::from))
        })?;
        match value {
            Value::Bool(value) => Ok(value),
            Value::None => Err(broken("Empty conditional expressions are not allowed.".to_owned())),
            other => {
                let holds = other.truthy().unwrap_or(false);
                let place = match &origin {
                    Some(origin) => format!("{}:{}:{}", origin.file, origin.line, origin.column),
                    None => "<unknown>".to_owned(),
                };
                Err(broken(format!(
                    "Conditional result ({}) was derived from value of type '{}' at '{place}'. Conditionals must have a boolean result.",
                    if holds { "True" } else { "False" },
                    other.type_name(),
                )))
            }
        }
    }

    fn condition_value(&self, text: &Str, scope: &Rc<VariableScope>) -> Result<Value, TemplateError> {
        let mut text = text.clone();
        if is_all_template(&text) {
            match self.render_nested(&text, scope) {
                Ok(Value::Str(inner)) => {
                    let trimmed = inner.trim();
                    text = retagged(&inner, trimmed);
                }
                Ok(value) => {
                    let value = finish(&value, text.origin(), scope)?;
                    let message =
                        "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}.";
                    scope.notice(Notice::deprecated(message, "2.23").at(text.origin()));
                    return Ok(value);
                }
                Err(error) => return Err(TemplateError::from_engine(&error, text.origin())),
            }
        }
        let mut value = self.evaluate_expression(&text, scope, false)?;
        // `when: a_variable` where the variable is written as an expression in braces: the value is resolved already.
        if let Value::Str(inner) = &value
            && Self::is_template(inner)
        {
            value =
                self.render_nested(inner, scope).map_err(|error| TemplateError::from_engine(&error, text.origin()))?;
        }
        finish(&value, text.origin(), scope)
    }

    /// The text of a template file. `search` is where it finds what it includes; `options` are the task's.
    ///
    /// # Errors
    ///
    /// The template fails.
    pub fn render_file(
        &self,
        source: &Str,
        name: &str,
        options: &Overrides,
        search: Vec<PathBuf>,
        scope: &Rc<VariableScope>,
    ) -> Result<Value, TemplateError> {
        let _asking = self.asking(scope);
        let (body, options) = split_header(source, options).map_err(|error| file_error(&error, name))?;
        let template =
            self.environment.compile_with(body, Some(name), &options).map_err(|error| file_error(&error, name))?;
        let before = self.loader.set_search_path(search);
        let value = self.evaluate(&template, source.origin(), false, scope);
        self.loader.set_search_path(before);
        let value = value
            .and_then(|value| finalized(&value, source.origin(), scope))
            .map_err(|error| file_error(&error, name))?;
        Ok(match value {
            Value::Str(text) => Value::Str(restore_newlines_as(body, text, &options.newline_sequence)),
            value => value,
        })
    }
}

/// An error of a file. Its line is known, and kept beside what Ansible tells: the file that is rendered.
fn file_error(error: &jinja::Error, name: &str) -> TemplateError {
    let mut said = TemplateError::from_engine(error, None);
    let span = |file: &str, line: usize| Span {
        file: file.into(),
        line: u32::try_from(line).unwrap_or(0),
        column: 0,
        length: 0,
    };
    if error.line > 0 {
        said.line = Some(Box::new(span(error.template.as_deref().unwrap_or(name), error.line)));
    }
    said.origin.get_or_insert_with(|| span(name, 0));
    said
}

fn finish(value: &Value, origin: Option<&Origin>, scope: &VariableScope) -> Result<Value, TemplateError> {
    if omit::is_omit(value) {
        let mut error = TemplateError::new("A template was resolved to an Omit scalar.", origin.map(Span::from));
        error.omitted = true;
        return Err(error);
    }
    match value {
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Ok(value.clone()),
        Value::Str(text) if !text.is_markup() => Ok(value.clone()),
        value => finalized(value, origin, scope).map_err(|error| TemplateError::from_engine(&error, origin)),
    }
}

/// A value as a variable can hold it; says so where its type is changed for that.
fn finalized(value: &Value, origin: Option<&Origin>, scope: &VariableScope) -> Result<Value, Error> {
    jinja::finalize_noting(value, &mut |from, to| {
        let message = format!("Type '{from}' is unsupported in variable storage, converting to '{to}'.");
        scope.notice(Notice::warning(message).at(origin));
    })
}

fn has_delimiter(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(2).any(|pair| matches!(pair, b"{{" | b"{%" | b"{#")) || text.starts_with("#jinja2:")
}

/// The text is one template from its first character to its last.
fn is_all_template(text: &str) -> bool {
    (text.starts_with("{{") && text.ends_with("}}"))
        || (text.starts_with("{%") && text.ends_with("%}"))
        || (text.starts_with("{#") && text.ends_with("#}"))
}

fn retagged(text: &Str, part: &str) -> Str {
    if part.len() == text.as_str().len() { text.clone() } else { Str::new(part).with_tags_of(text) }
}

/// A dict with the same values as they were written.
fn raw_copy(dict: &jinja::Dict) -> jinja::Dict {
    let copy = jinja::Dict::with_capacity(dict.len());
    for (key, value) in dict.raw_items() {
        if let Ok(key) = jinja::Key::new(key) {
            copy.insert(key, value);
        }
    }
    copy
}

fn origin_of(value: &Value) -> Option<Origin> {
    match value {
        Value::Str(text) => text.origin().cloned(),
        _ => None,
    }
}

fn deferred(error: Error, origin: Option<&Origin>) -> Value {
    let mut undefined = Undefined::failed(error);
    if undefined.origin.is_none() {
        undefined.origin = origin.cloned();
    }
    Value::Undefined(Rc::new(undefined))
}

/// The same undefined value with the place of the text it came from, unless it has one further in.
fn placed(undefined: &Rc<Undefined>, origin: Option<&Origin>) -> Value {
    let called = undefined.cause.as_ref().is_some_and(|error| error.called);
    if undefined.origin.is_some() || origin.is_none() || called {
        return Value::Undefined(Rc::clone(undefined));
    }
    Value::Undefined(Rc::new(Undefined { origin: origin.cloned(), ..(**undefined).clone() }))
}

fn restore_newlines(source: &Str, rendered: Str) -> Str {
    restore_newlines_as(source, rendered, "\n")
}

/// Jinja drops the newline at the end of a template; Ansible puts it back.
fn restore_newlines_as(source: &str, rendered: Str, newline: &str) -> Str {
    let count = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let missing = count(source).saturating_sub(count(&rendered));
    if missing == 0 {
        return rendered;
    }
    Str::new(format!("{}{}", rendered.as_str(), newline.repeat(missing))).with_tags_of(&rendered)
}
