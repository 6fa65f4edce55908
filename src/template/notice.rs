//! What templates have to say beside their value: warnings, and deprecations. They go with the result of the task that
//! rendered.

use std::{cell::RefCell, rc::Rc};

use jinja::Call;

use super::VariableScope;
use crate::diagnostic::{ErrorChain, Link, Span};

/// A warning or a deprecation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What is said, with its place and the cure.
    pub chain: ErrorChain,
    /// Of a deprecation: what ends when.
    pub until: Option<Until>,
}

/// When something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// The version of ansible-core.
    pub version: &'static str,
    /// Kind and name of the plugin that says so; none for the core.
    pub plugin: Option<(&'static str, &'static str)>,
}

impl Notice {
    /// A warning.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self { chain: ErrorChain::new(Link::new(message)), until: None }
    }

    /// An error that is no more than a warning, and what it was for.
    #[must_use]
    pub fn error_as_warning(message: impl Into<String>, error: impl Into<String>) -> Self {
        let mut notice = Self::warning(message);
        notice.chain.links.push(Link::new(error));
        notice
    }

    /// What ends with a version of ansible-core.
    #[must_use]
    pub fn deprecated(message: impl Into<String>, version: &'static str) -> Self {
        Self { until: Some(Until { version, plugin: None }), ..Self::warning(message) }
    }

    /// The same deprecation, said by a plugin: its kind and its name.
    #[must_use]
    pub fn by_plugin(mut self, kind: &'static str, name: &'static str) -> Self {
        if let Some(until) = &mut self.until {
            until.plugin = Some((kind, name));
        }
        self
    }

    /// The same with the cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(link) = self.chain.links.last_mut() {
            link.help = Some(help.into());
        }
        self
    }

    /// The same with the place of the text that is to blame.
    #[must_use]
    pub fn at(mut self, origin: Option<&jinja::Origin>) -> Self {
        if let Some(link) = self.chain.links.last_mut() {
            link.origin = origin.map(|origin| crate::diagnostic::Origin::File(Span::from(origin)));
        }
        self
    }

    /// The same with the value that is to blame, and its place if it has one.
    #[must_use]
    pub fn about(mut self, value: &jinja::Value) -> Self {
        let origin = match value {
            jinja::Value::Str(text) => text.origin(),
            _ => None,
        };
        if origin.is_some() {
            return self.at(origin);
        }
        if let Some(link) = self.chain.links.last_mut() {
            link.origin = value.to_str().ok().map(crate::diagnostic::Origin::Unknown);
        }
        self
    }

    /// Says it, from within a filter, test or function.
    pub fn raise(self, call: &Call<'_>) {
        if let Some(scope) = call.state().scope().as_any().and_then(|scope| scope.downcast_ref::<VariableScope>()) {
            scope.notice(self);
        }
    }
}

/// Where notices are kept until the task is done; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Notices(Rc<RefCell<Vec<Notice>>>);

impl Notices {
    /// Keeps a notice, unless it is there already.
    pub(super) fn push(&self, notice: Notice) {
        let mut notices = self.0.borrow_mut();
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// Takes all out.
    pub(super) fn take(&self) -> Vec<Notice> {
        self.0.take()
    }
}
