//! Nodes with their file: what loaders of playbooks and inventories walk.

use std::{path::Path, rc::Rc, sync::Arc};

use jinja::{Dict, Value};
use yaml::{Mapping, Node, Options, Source};

use super::{Trust, value};
use crate::diagnostic::{Diagnostic, Span, suggest};

/// A file (or a text) that was read.
#[derive(Debug, Clone)]
pub struct Document {
    file: Arc<str>,
    name: Rc<str>,
    root: Node,
    /// What is likely not meant, for stderr.
    pub warnings: Vec<Diagnostic>,
}

impl Document {
    /// Reads a source with at most one document.
    ///
    /// # Errors
    ///
    /// It is not YAML, with place, cause and cure.
    pub fn read(source: &Source, options: &Options) -> Result<Self, Box<Diagnostic>> {
        let loaded = yaml::load_one(source, options).map_err(|report| Box::new(error(&report)))?;
        let file = Arc::clone(source.name());
        let warnings = loaded.warnings.iter().map(|found| warning(found, &file)).collect();
        Ok(Self { name: Rc::from(&*file), root: loaded.root(), file, warnings })
    }

    /// Reads a file's bytes; the path is its name in messages.
    ///
    /// # Errors
    ///
    /// They are not UTF-8 or not YAML.
    pub fn from_bytes(path: &Path, bytes: &[u8], options: &Options) -> Result<Self, Box<Diagnostic>> {
        let source = Source::from_bytes(&*path.to_string_lossy(), bytes).map_err(|report| Box::new(error(&report)))?;
        Self::read(&source, options)
    }

    /// The root; null where there is no document.
    #[must_use]
    pub fn root(&self) -> Place<'_> {
        Place { document: self, node: &self.root }
    }

    /// All of it as a value that may be templated.
    #[must_use]
    pub fn value(&self) -> Value {
        self.root().value()
    }
}

/// A node and its file.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    document: &'a Document,
    /// The node.
    pub node: &'a Node,
}

impl<'a> Place<'a> {
    fn at(self, node: &'a Node) -> Self {
        Self { document: self.document, node }
    }

    /// The value under a text key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        self.node.as_mapping()?.get(key).map(|node| self.at(node))
    }

    /// The key itself, for its span.
    #[must_use]
    pub fn key(self, key: &str) -> Option<Self> {
        self.node.as_mapping()?.entry(key).map(|(node, _)| self.at(node))
    }

    /// Keys and values of a mapping; nothing where it is none.
    pub fn entries(self) -> impl Iterator<Item = (Self, Self)> {
        let entries = self.node.as_mapping().map_or(&[][..], |mapping: &Mapping| &mapping.entries);
        entries.iter().map(move |(key, value)| (self.at(key), self.at(value)))
    }

    /// The items of a list; nothing where it is none.
    pub fn items(self) -> impl Iterator<Item = Self> {
        self.node.as_sequence().unwrap_or_default().iter().map(move |node| self.at(node))
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        self.node.as_str()
    }

    /// The node as a value that may be templated.
    #[must_use]
    pub fn value(self) -> Value {
        value(self.node, Some(&self.document.name), Trust::Trusted)
    }

    /// The node as a dict that may be templated, if it is a mapping.
    #[must_use]
    pub fn dict(self) -> Option<Dict> {
        match self.value() {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// Where the node stands; scalars on one line have a length.
    #[must_use]
    pub fn span(self) -> Span {
        let scalar = self.node.as_scalar().is_some();
        span(&self.document.file, self.node.span, scalar)
    }

    /// An error here.
    #[must_use]
    pub fn error(self, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.span(), label)
    }

    /// A warning here.
    #[must_use]
    pub fn warning(self, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(message).at(self.span(), label)
    }

    /// The keys of a mapping that are not among the known ones, each with the nearest known word if there is one near.
    #[must_use]
    pub fn unknown_keys<'k>(self, known: &'k [&'k str]) -> Vec<(Self, Option<&'k str>)> {
        self.entries()
            .map(|(key, _)| key)
            .filter(|key| key.as_str().is_none_or(|text| !known.contains(&text)))
            .map(|key| (key, key.as_str().and_then(|text| suggest::nearest(text, known.iter().copied()))))
            .collect()
    }
}

fn span(file: &Arc<str>, span: yaml::Span, with_length: bool) -> Span {
    Span {
        file: Arc::clone(file),
        line: span.start.line,
        column: span.start.column,
        length: if with_length { span.length() } else { 0 },
    }
}

/// An error of the YAML reader as Ansible words it.
#[must_use]
pub fn error(report: &yaml::Error) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(format!("YAML parsing failed: {}", report.message))
        .at(span(&report.file, report.span, true), report.label.clone());
    if let Some((place, words)) = &report.context {
        diagnostic = diagnostic.at(span(&report.file, *place, true), words.clone());
    }
    diagnostic.help.clone_from(&report.help);
    diagnostic
}

/// A warning of the YAML reader.
#[must_use]
pub fn warning(found: &yaml::Warning, file: &Arc<str>) -> Diagnostic {
    let mut diagnostic = Diagnostic::warning(found.message.clone()).at(span(file, found.span, true), "");
    diagnostic.help = found.help.map(str::to_owned);
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Document, Box<Diagnostic>> {
        Document::read(&Source::new("site.yml", text), &Options::files())
    }

    #[test]
    fn a_loader_walks_keys_and_values_with_their_places() {
        let document = read("- hosts: all\n  taks: [a, b]\n").unwrap();
        let play = document.root().items().next().unwrap();
        assert_eq!(play.get("hosts").and_then(Place::as_str), Some("all"));
        let unknown = play.unknown_keys(&["hosts", "tasks"]);
        let (key, nearest) = unknown.first().unwrap();
        assert_eq!(*nearest, Some("tasks"));
        let span = key.span();
        assert_eq!((span.line, span.column, span.length), (2, 3, 4));
    }

    #[test]
    fn a_template_without_quotes_is_explained_at_its_place_with_the_cure() {
        let problem = read("a: 1\nb: {{ a }}\n").unwrap_err();
        assert_eq!(
            problem.message,
            "YAML parsing failed: This may be an issue with missing quotes around a template block."
        );
        let (span, _) = problem.labels.first().unwrap();
        assert_eq!((span.line, span.column), (2, 4));
        assert_eq!(problem.help.as_deref(), Some("Quote the whole value:\n\n    b: \"{{ a }}\""));
    }

    #[test]
    fn a_key_that_stands_twice_is_warned_about_where_it_stands_again() {
        let document = read("a: 1\na: 2\n").unwrap();
        let warning = document.warnings.first().unwrap();
        assert_eq!(warning.message, "Found duplicate mapping key 'a'.");
        assert_eq!(warning.labels.first().unwrap().0.line, 2);
        assert_eq!(warning.help.as_deref(), Some("Using last defined value only."));
    }
}
