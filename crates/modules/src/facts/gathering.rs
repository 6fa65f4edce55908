//! One gathering: the facts so far, and the host they are of.

use std::time::Duration;

use super::python::{self, Python};
use crate::prelude::*;

/// What a collector works with.
pub(super) struct Gathering<'a> {
    pub(super) ctx: &'a mut Context,
    /// How long a file system may take to answer.
    pub(super) timeout: Duration,
    /// Where local facts are.
    pub(super) fact_path: String,
    /// What ends the gathering before its time.
    pub(super) failure: Option<Failure>,
    facts: Map,
    /// What the host's Python said, once it was asked.
    python: Option<Option<Python>>,
}

impl<'a> Gathering<'a> {
    /// Nothing gathered yet.
    pub(super) fn new(ctx: &'a mut Context, timeout: Duration, fact_path: String) -> Self {
        Self { ctx, timeout, fact_path, failure: None, facts: Map::new(), python: None }
    }

    /// Sets `ansible_NAME`.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Data>) {
        self.set_as("ansible_", name, value);
    }

    /// Sets a fact under another prefix than Ansible's own. Dashes become underscores: templates could not name it else.
    pub(super) fn set_as(&mut self, prefix: &str, name: &str, value: impl Into<Data>) {
        self.facts.insert(format!("{prefix}{}", name.replace('-', "_")), value.into());
    }

    /// Sets `ansible_NAME` for all of these.
    pub(super) fn extend(&mut self, facts: Map) {
        for (name, value) in facts {
            self.set(&name, value);
        }
    }

    /// A fact that is text, as gathered before.
    pub(super) fn text(&self, name: &str) -> &str {
        self.facts.get(&format!("ansible_{name}")).and_then(Data::as_str).unwrap_or_default()
    }

    /// All facts, under their full names.
    pub(super) fn into_facts(self) -> Map {
        self.facts
    }

    /// What a program prints, where it exists and ends well.
    pub(super) fn output(&self, name: &str, arguments: &[&str]) -> Option<String> {
        self.output_of(&self.ctx.find_bin(name)?, arguments)
    }

    /// What the program of that path prints, where it ends well. As in Ansible it may take its time: the task's timeout
    /// ends it.
    pub(super) fn output_of(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let argv = std::iter::once(program).chain(arguments.iter().copied());
        let output = self.ctx.command(argv).plain_locale().run().ok()?;
        output.success().then(|| output.stdout_text().into_owned())
    }

    /// What the host's Python says of itself; asked once.
    pub(super) fn python(&mut self) -> Option<&Python> {
        if self.python.is_none() {
            self.python = Some(python::ask(self.ctx));
        }
        self.python.as_ref().and_then(Option::as_ref)
    }
}

/// A dictionary from its entries.
pub(super) fn map<const N: usize>(entries: [(&str, Data); N]) -> Map {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
