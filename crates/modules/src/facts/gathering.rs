//! One gathering: the facts so far, and the host they are of.

use std::time::Duration;

use crate::prelude::*;

/// What a collector works with.
pub(super) struct Gathering<'a> {
    pub(super) ctx: &'a mut Context,
    /// Facts without the prefix `ansible_`.
    pub(super) facts: Map,
    /// How long one program may take.
    pub(super) timeout: Duration,
    /// Where local facts are.
    pub(super) fact_path: String,
}

impl Gathering<'_> {
    /// Sets a fact.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Data>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    /// A fact that is text, as gathered before.
    pub(super) fn text(&self, name: &str) -> &str {
        self.facts.get(name).and_then(Data::as_str).unwrap_or_default()
    }

    /// What a program prints, where it exists, ends well and in time.
    pub(super) fn output(&self, name: &str, arguments: &[&str]) -> Option<String> {
        let program = self.ctx.find_bin(name)?;
        let argv = std::iter::once(program.as_str()).chain(arguments.iter().copied());
        let output = self.ctx.command(argv).plain_locale().timeout(self.timeout).run().ok()?;
        output.success().then(|| output.stdout_text().into_owned())
    }
}

/// A dictionary from its entries.
pub(super) fn map<const N: usize>(entries: [(&str, Data); N]) -> Map {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
