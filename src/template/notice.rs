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
    /// Of a deprecation: the version of ansible-core that ends it.
    pub until: Option<&'static str>,
}

impl Notice {
    /// A warning.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Self { chain: ErrorChain::new(Link::new(message)), until: None }
    }

    /// What ends with a version of ansible-core.
    #[must_use]
    pub fn deprecated(message: impl Into<String>, version: &'static str) -> Self {
        Self { until: Some(version), ..Self::warning(message) }
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
