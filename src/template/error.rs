//! A template that fails, with the place of the text that is to blame.

use std::iter;

use jinja::error::Kind;

use crate::diagnostic::{ErrorChain, Link, Origin, Span};

/// A template that fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// A value is undefined (some callers go on without it).
    pub undefined: bool,
    /// The whole value was `omit`.
    pub omitted: bool,
    /// What is wrong, in Ansible's words, causes and all.
    pub message: String,
    /// The text that is to blame.
    pub origin: Option<Span>,
    /// The line of the template file, which Ansible does not tell.
    pub line: Option<Box<Span>>,
    /// The cure.
    pub help: Option<Box<str>>,
    /// The message without those of the causes, where there are any.
    pub summary: Option<Box<str>>,
    /// The causes, of which the first is the nearest; their messages end [`Self::message`].
    pub causes: Box<[Link]>,
}

impl TemplateError {
    /// An error at a place.
    pub fn new(message: impl Into<String>, origin: Option<Span>) -> Self {
        let message = message.into();
        Self {
            undefined: false,
            omitted: false,
            message,
            origin,
            help: None,
            summary: None,
            causes: Box::default(),
            line: None,
        }
    }

    /// What the engine says, in Ansible's words. `origin` is the place of the text that was rendered, unless the
    /// engine knows of a text further in.
    #[must_use]
    pub fn from_engine(error: &jinja::Error, origin: Option<&jinja::Origin>) -> Self {
        let wrapped = match error.kind {
            Kind::Undefined | Kind::Other | Kind::Limit => None,
            Kind::Syntax | Kind::UnknownFilter => Some("Syntax error in template"),
            _ => Some("Error rendering template"),
        };
        let mut said = Self::new(error.message.clone(), origin.map(Span::from));
        said.undefined = error.kind == Kind::Undefined;
        let mut causes = error.cause();
        said.summary = Some(error.summary().into());
        match wrapped {
            Some(words) => {
                said.message = format!("{words}: {}", error.message);
                said.summary = Some(format!("{words}: {}", error.summary()).into());
                // Who knows of the value that is to blame says so apart.
                if error.has_details() {
                    causes = Some(error);
                    said.summary = Some(format!("{words}.").into());
                } else if let Some(origin) = &error.origin {
                    said.origin = Some(Span::from(origin));
                }
            }
            None => {
                if let Some(origin) = &error.origin {
                    said.origin = Some(Span::from(origin));
                }
                said.help = error.note.as_ref().and_then(|note| note.help.as_deref().map(Box::from));
            }
        }
        said.causes = iter::successors(causes, |error| error.cause()).map(link).collect();
        said
    }

    /// The same error in other words: the message, and its own part of it.
    #[must_use]
    pub fn reworded(mut self, words: impl Fn(&str) -> String) -> Self {
        self.message = words(&self.message);
        self.summary = self.summary.map(|summary| words(&summary).into());
        self
    }

    /// This error as the cause of another: what was being done (a sentence), and where.
    #[must_use]
    pub fn within(self, doing: &str, origin: Option<Span>) -> Self {
        Self {
            undefined: self.undefined,
            omitted: self.omitted,
            message: format!("{}: {}", doing.trim_end_matches('.'), self.message),
            origin,
            help: None,
            line: self.line.clone(),
            summary: Some(doing.into()),
            causes: self.chain().links.into(),
        }
    }

    /// As the last links of a chain.
    #[must_use]
    pub fn chain(&self) -> ErrorChain {
        let own = self.summary.as_deref().unwrap_or(&self.message);
        let mut link = Link::at(own, self.origin.clone());
        link.help = self.help.as_deref().map(str::to_owned);
        ErrorChain { links: iter::once(link).chain(self.causes.iter().cloned()).collect() }
    }
}

fn link(error: &jinja::Error) -> Link {
    let mut link = Link::at(error.summary(), error.origin.as_ref().map(Span::from));
    if let Some(note) = &error.note {
        link.help.clone_from(&note.help);
        link.handling = note.handling;
        if let (None, Some(value)) = (&link.origin, &note.value) {
            link.origin = Some(Origin::Unknown(value.clone()));
        }
    }
    link
}
