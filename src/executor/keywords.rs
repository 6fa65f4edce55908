//! A task's keywords, rendered for one host.

use std::rc::Rc;

use jinja::Value;

use crate::{
    action::{Settings, boolean},
    diagnostic::{ErrorChain, Link, Origin},
    playbook::{Directives, Located, Task, keyword::Isa},
    template::{Notice, VariableScope},
};

/// A keyword whose value is wrong: what stands behind `Task failed`.
#[must_use]
pub(super) fn keyword_error(keyword: &str, value: &impl Located, cause: ErrorChain) -> ErrorChain {
    let mut link = Link::at(format!("Error processing keyword '{keyword}'."), value.place());
    if link.origin.is_none() && !matches!(value.written(), Value::Str(_)) {
        link.origin = Some(Origin::Unknown(value.written().repr().unwrap_or_default()));
    }
    cause.caused(link)
}

/// Renders keywords of one task on one host.
pub(super) struct Keywords<'a> {
    /// The variables.
    pub scope: &'a Rc<VariableScope>,
    /// The keywords with those inherited.
    pub effective: &'a Directives,
    /// What they would be without the task's own: `omit` falls back to it.
    pub inherited: Option<&'a Directives>,
}

impl<'a> Keywords<'a> {
    /// Those of a task.
    pub(super) fn of_task(task: &'a Task, scope: &'a Rc<VariableScope>) -> Self {
        Self { scope, effective: task.effective(), inherited: Some(task.inherited()) }
    }

    /// Those of a play, which inherits none.
    pub(super) fn of_play(effective: &'a Directives, scope: &'a Rc<VariableScope>) -> Self {
        Self { scope, effective, inherited: None }
    }
}

impl Keywords<'_> {
    /// The value of a keyword; none where it is not set. Where it is `omit` it is what the blocks around the task, or its
    /// play, say.
    ///
    /// # Errors
    ///
    /// Its template fails.
    pub(super) fn value(&self, keyword: &str, raw: Option<&impl Located>) -> Result<Option<Value>, ErrorChain> {
        let Some(raw) = raw else { return Ok(None) };
        match self.scope.templar().render(raw.written(), self.scope) {
            Ok(Value::None) => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(error) if error.omitted => match self.inherited {
                Some(above) => {
                    let above = Keywords { scope: self.scope, effective: above, inherited: None };
                    above.value(keyword, above.effective.keyword(keyword))
                }
                None => Ok(None),
            },
            Err(error) => Err(keyword_error(keyword, raw, error.chain())),
        }
    }

    /// The value of a keyword as the type that it has.
    fn typed(&self, keyword: &str, raw: Option<&impl Located>, isa: Isa) -> Result<Option<Value>, ErrorChain> {
        let (Some(raw), Some(value)) = (raw, self.value(keyword, raw)?) else { return Ok(None) };
        isa.check(&value).map(Some).map_err(|message| {
            // It has a cause that is not told, and so stands alone even where both have one place.
            keyword_error(keyword, raw, ErrorChain::new(Link::at(message, raw.place()).while_handling()))
        })
    }

    /// A keyword that is text.
    ///
    /// # Errors
    ///
    /// Its template fails.
    pub(super) fn text(&self, keyword: &str, raw: Option<&impl Located>) -> Result<Option<String>, ErrorChain> {
        Ok(match self.value(keyword, raw)? {
            None => None,
            Some(value) => Some(value.to_str().map_err(|error| ErrorChain::new(Link::new(error.message)))?),
        })
    }

    /// A keyword that is a boolean.
    ///
    /// # Errors
    ///
    /// Its template fails, or it is none of Ansible's words for booleans.
    pub(super) fn flag(&self, keyword: &str, raw: Option<&impl Located>) -> Result<Option<bool>, ErrorChain> {
        Ok(self.typed(keyword, raw, Isa::Bool)?.as_ref().and_then(boolean))
    }

    /// A keyword that is a whole number.
    ///
    /// # Errors
    ///
    /// Its template fails, or it is no number.
    pub(super) fn integer(&self, keyword: &str, raw: Option<&impl Located>) -> Result<Option<i64>, ErrorChain> {
        Ok(self.typed(keyword, raw, Isa::Int)?.as_ref().and_then(Value::as_int))
    }

    /// A keyword that is a number.
    ///
    /// # Errors
    ///
    /// Its template fails, or it is no number.
    pub(super) fn float(&self, keyword: &str, raw: Option<&impl Located>) -> Result<Option<f64>, ErrorChain> {
        Ok(self.typed(keyword, raw, Isa::Float)?.as_ref().and_then(Value::as_float))
    }

    /// A keyword that is a share of a hundred, with or without `%`.
    ///
    /// # Errors
    ///
    /// Its template fails, or it is no number.
    pub(super) fn percent(&self, keyword: &str, raw: Option<&impl Located>) -> Result<Option<f64>, ErrorChain> {
        Ok(self.typed(keyword, raw, Isa::Percent)?.as_ref().and_then(Value::as_float))
    }

    /// A keyword that is one text or a list of texts.
    ///
    /// # Errors
    ///
    /// Its template fails.
    pub(super) fn texts(&self, keyword: &str, raw: Option<&impl Located>) -> Result<Vec<String>, ErrorChain> {
        let Some(value) = self.value(keyword, raw)? else { return Ok(Vec::new()) };
        let to_text = |value: &Value| value.to_str().map_err(|error| ErrorChain::new(Link::new(error.message)));
        match &value {
            Value::List(list) => {
                let values = list.values().map_err(|error| ErrorChain::new(Link::new(error.message)))?;
                values.iter().map(to_text).collect()
            }
            Value::Str(text) => {
                Ok(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
            }
            other => Ok(vec![to_text(other)?]),
        }
    }

    /// `environment`, merged in order.
    ///
    /// # Errors
    ///
    /// A template fails.
    pub(super) fn environment(&self) -> Result<Vec<(String, String)>, ErrorChain> {
        let mut merged: Vec<(String, String)> = Vec::new();
        let mut set = |key: &Value, value: &Value| {
            let (key, value) = (key.to_str().unwrap_or_default(), value.to_str().unwrap_or_default());
            match merged.iter_mut().find(|(known, _)| *known == key) {
                Some(slot) => slot.1 = value,
                None => merged.push((key, value)),
            }
        };
        let written = || Value::List(jinja::List::new(self.effective.environment.clone()));
        let render = |raw: &Value| match self.scope.templar().render(raw, self.scope) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.omitted => Ok(None),
            // The environment itself is a fact, so what is built upon it can only be known once facts are gathered.
            Err(error) if error.undefined && error.message.contains("ansible_env") => Ok(None),
            Err(error) => Err(keyword_error("environment", &written(), error.chain())),
        };
        for raw in &self.effective.environment {
            match raw {
                Value::Dict(dict) => {
                    for (key, raw) in dict.raw_items() {
                        if let Some(value) = render(&raw)? {
                            set(&key, &value);
                        }
                    }
                }
                _ => match render(raw)? {
                    Some(Value::Dict(dict)) => dict.raw_items().iter().for_each(|(key, value)| set(key, value)),
                    Some(_) => {
                        let shown = written().repr().unwrap_or_default();
                        self.scope
                            .notice(Notice::warning(format!("could not parse environment value, skipping: {shown}")));
                    }
                    None => {}
                },
            }
        }
        Ok(merged)
    }
}

/// What holds for one task on one host.
pub(super) struct Rendered {
    /// How the task is done.
    pub settings: Settings,
    /// `ignore_errors`
    pub ignore_errors: bool,
    /// `ignore_unreachable`
    pub ignore_unreachable: bool,
    /// `retries`, beyond the first try; none where not set.
    pub retries: Option<i64>,
    /// `delay`, seconds.
    pub delay: f64,
    /// `timeout`, seconds; 0 for none.
    pub timeout: i64,
    /// `notify`
    pub notify: Vec<String>,
}

/// What the run says about tasks, beneath their keywords.
#[derive(Debug, Clone, Copy)]
pub struct RunDefaults<'a> {
    /// `--check`
    pub check_mode: bool,
    /// `--diff`
    pub diff: bool,
    /// `max_diff_size`
    pub max_diff_size: u64,
    /// `-v`
    pub verbosity: u8,
    /// `task_timeout`
    pub timeout: i64,
    /// `no_log`
    pub no_log: bool,
    /// `poll_interval`
    pub poll: i64,
    /// `async_dir`
    pub async_folder: &'a str,
}

/// Renders the keywords of a task.
///
/// # Errors
///
/// One of them is wrong.
pub(super) fn render(
    task: &Task,
    scope: &Rc<VariableScope>,
    defaults: RunDefaults<'_>,
) -> Result<Rendered, ErrorChain> {
    let effective = task.effective();
    let keywords = Keywords::of_task(task, scope);
    // These were asked for before the task began; here they only have to be right.
    for (keyword, raw) in [
        ("any_errors_fatal", &effective.any_errors_fatal),
        ("delegate_facts", &effective.delegate_facts),
        ("run_once", &effective.run_once),
    ] {
        keywords.flag(keyword, raw.as_ref())?;
    }
    keywords.integer("throttle", effective.throttle.as_ref())?;
    let settings = Settings {
        check_mode: keywords.flag("check_mode", effective.check_mode.as_ref())?.unwrap_or(defaults.check_mode),
        diff: keywords.flag("diff", effective.diff.as_ref())?.unwrap_or(defaults.diff),
        max_diff_size: defaults.max_diff_size,
        verbosity: defaults.verbosity,
        no_log: keywords.flag("no_log", effective.no_log.as_ref())?.unwrap_or(defaults.no_log),
        environment: keywords.environment()?,
        async_seconds: u64::try_from(keywords.integer("async_val", task.async_.as_ref())?.unwrap_or(0)).unwrap_or(0),
        poll_seconds: u64::try_from(keywords.integer("poll", task.poll.as_ref())?.unwrap_or(defaults.poll))
            .unwrap_or(0),
        async_folder: async_folder(scope).unwrap_or_else(|| defaults.async_folder.to_owned()),
    };
    Ok(Rendered {
        settings,
        ignore_errors: keywords.flag("ignore_errors", effective.ignore_errors.as_ref())?.unwrap_or(false),
        ignore_unreachable: keywords
            .flag("ignore_unreachable", effective.ignore_unreachable.as_ref())?
            .unwrap_or(false),
        retries: keywords.integer("retries", task.retries.as_ref())?,
        delay: keywords.float("delay", task.delay.as_ref())?.map_or(5.0, |delay| if delay < 0.0 { 1.0 } else { delay }),
        timeout: keywords.integer("timeout", effective.timeout.as_ref())?.unwrap_or(defaults.timeout),
        notify: keywords.texts("notify", effective.notify.as_ref())?,
    })
}

fn async_folder(scope: &Rc<VariableScope>) -> Option<String> {
    let folder = scope.layers().raw_from_operator("ansible_async_dir")?;
    scope.templar().render_text(&folder, scope).ok()
}
