//! A template that fails, with the place of the text that is to blame.

use jinja::error::Kind;

use crate::diagnostic::{ErrorChain, Link, Span};

/// A template that fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// A value is undefined (some callers go on without it).
    pub undefined: bool,
    /// The whole value was `omit`.
    pub omitted: bool,
    /// What is wrong, in Ansible's words.
    pub message: String,
    /// The text that is to blame.
    pub origin: Option<Span>,
    /// The cure.
    pub help: Option<String>,
}

impl TemplateError {
    /// An error at a place.
    pub fn new(message: impl Into<String>, origin: Option<Span>) -> Self {
        Self { undefined: false, omitted: false, message: message.into(), origin, help: None }
    }

    /// What the engine says, in Ansible's words. `origin` is the place of the text that was rendered, unless the
    /// engine knows of a text further in.
    #[must_use]
    pub fn from_engine(error: &jinja::Error, origin: Option<&jinja::Origin>) -> Self {
        let message = match error.kind {
            Kind::Undefined | Kind::Other | Kind::Limit => error.message.clone(),
            Kind::Syntax | Kind::UnknownFilter => format!("Syntax error in template: {}", error.message),
            _ => format!("Error rendering template: {}", error.message),
        };
        Self {
            undefined: error.kind == Kind::Undefined,
            omitted: false,
            message,
            origin: error.origin.as_ref().or(origin).map(Span::from),
            help: None,
        }
    }

    /// As the last link of a chain.
    #[must_use]
    pub fn chain(&self) -> ErrorChain {
        let mut link = Link::at(self.message.clone(), self.origin.clone());
        link.help.clone_from(&self.help);
        ErrorChain::new(link)
    }
}
