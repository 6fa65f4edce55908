//! Files that the loader reads: found, opened, parsed once, with places for what stands in them.

use std::{
    path::{Component, Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use jinja::{Dict, Key, Origin, Str, Value};
use yaml::{Kind, Mapping, Node, Resolved, Tag};

use super::Loader;
use crate::diagnostic::{Diagnostic, Span};

/// A parsed file.
#[derive(Clone)]
pub(super) struct File {
    /// Its absolute path.
    pub(super) path: Arc<str>,
    name: Rc<str>,
    /// What it holds; null for an empty file.
    pub(super) root: Node,
}

impl File {
    pub(super) fn new(path: &str, root: Node) -> Self {
        Self { path: Arc::from(path), name: Rc::from(path), root }
    }

    /// Where a node stands.
    pub(super) fn span(&self, node: &Node) -> Span {
        Span {
            file: Arc::clone(&self.path),
            line: node.span.start.line,
            column: node.span.start.column,
            length: if node.as_scalar().is_some() { node.span.length() } else { 0 },
        }
    }

    pub(super) fn origin(&self, node: &Node) -> Origin {
        Origin { file: Rc::clone(&self.name), line: node.span.start.line, column: node.span.start.column }
    }

    /// A node as a value: text may be templated and knows its place.
    pub(super) fn value(&self, node: &Node) -> Value {
        self.convert(node, true)
    }

    /// A mapping as a dict.
    pub(super) fn dict(&self, mapping: &Mapping) -> Dict {
        self.convert_mapping(mapping, true)
    }

    /// A scalar as text with its tags.
    pub(super) fn text(&self, node: &Node, text: &str) -> Str {
        match node.tag {
            Some(Tag::Unsafe) => Str::new(text),
            _ => Str::trusted(text, Some(self.origin(node))),
        }
    }

    fn convert(&self, node: &Node, trusted: bool) -> Value {
        let trusted = trusted && node.tag != Some(Tag::Unsafe);
        match &node.kind {
            Kind::Sequence(items) => {
                Value::from(items.iter().map(|item| self.convert(item, trusted)).collect::<Vec<_>>())
            }
            Kind::Mapping(mapping) => Value::Dict(self.convert_mapping(mapping, trusted)),
            Kind::Scalar(scalar) => match &scalar.value {
                Resolved::Null => Value::None,
                Resolved::Bool(value) => Value::Bool(*value),
                Resolved::Int(value) => Value::Int(*value),
                Resolved::BigInt(value) => Value::from((**value).clone()),
                Resolved::Float(value) => Value::Float(*value),
                Resolved::Binary(bytes) => Value::Bytes(Rc::clone(bytes)),
                Resolved::Str | Resolved::Date(_) | Resolved::DateTime(_) => {
                    let text = Str::trusted(Rc::clone(&scalar.text), Some(self.origin(node)));
                    Value::Str(if trusted { text } else { Str::new(Rc::clone(&scalar.text)) })
                }
            },
        }
    }

    fn convert_mapping(&self, mapping: &Mapping, trusted: bool) -> Dict {
        let dict = Dict::with_capacity(mapping.entries.len());
        for (key, value) in &mapping.entries {
            if let Ok(key) = Key::new(self.convert(key, trusted)) {
                dict.insert(key, self.convert(value, trusted));
            }
        }
        dict
    }
}

/// A path made absolute and free of `.` and `..`, links not followed; `~` is the home directory.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let expanded = match path.strip_prefix("~") {
        Ok(rest) => std::env::home_dir().map_or_else(|| path.to_owned(), |home| home.join(rest)),
        Err(_) => path.to_owned(),
    };
    let whole = std::path::absolute(&expanded).unwrap_or(expanded);
    let mut out = PathBuf::new();
    for component in whole.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// The message of ansible-core for a file that is not there.
pub(super) fn not_found(path: &Path) -> Diagnostic {
    Diagnostic::error(format!("Could not find or access '{}' on the Ansible Controller.", path.display()))
}

impl Loader {
    /// Reads a YAML file, or takes it from what was read before.
    ///
    /// # Errors
    ///
    /// It is not there, cannot be read or opened, or is not YAML. The error has no place but in the file itself.
    pub(super) fn read(&mut self, path: &Path) -> Result<File, Box<Diagnostic>> {
        let path = absolute(path);
        if let Some(file) = self.files.get(&path) {
            return Ok(file.clone());
        }
        let bytes = std::fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Box::new(not_found(&path)),
            _ => Box::new(Diagnostic::error(format!("Unable to retrieve file contents: {}: {error}", path.display()))),
        })?;
        let name = path.to_string_lossy().into_owned();
        let bytes = if bytes.starts_with(b"$ANSIBLE_VAULT;") {
            self.vault.open(&name, &bytes).map_err(|message| {
                Box::new(
                    Diagnostic::error(message)
                        .at(Span { file: Arc::from(&*name), line: 1, column: 1, length: 0 }, "this file is encrypted")
                        .help("give its password with --vault-id or --ask-vault-pass"),
                )
            })?
        } else {
            bytes
        };
        let loaded = yaml::Source::from_bytes(Arc::<str>::from(&*name), &bytes)
            .and_then(|source| yaml::load_one(&source, &self.yaml_options()))
            .map_err(|error| Box::new(yaml_error(&error)))?;
        for warning in &loaded.warnings {
            let span = Span {
                file: Arc::from(&*name),
                line: warning.span.start.line,
                column: warning.span.start.column,
                length: warning.span.length(),
            };
            let mut diagnostic = Diagnostic::warning(warning.message.clone()).at(span, "");
            diagnostic.help = warning.help.map(str::to_owned);
            self.warnings.push(diagnostic);
        }
        let file = File::new(&name, loaded.root());
        self.files.insert(path, file.clone());
        Ok(file)
    }

    fn yaml_options(&self) -> yaml::Options {
        let mut options = yaml::Options::files();
        options.duplicate_keys = match self.options.duplicate_keys.as_deref() {
            Some("error") => yaml::DuplicateKeys::Error,
            Some("ignore") => yaml::DuplicateKeys::Ignore,
            _ => yaml::DuplicateKeys::Warn,
        };
        options
    }
}

fn yaml_error(error: &yaml::Error) -> Diagnostic {
    let span = |span: &yaml::Span| Span {
        file: Arc::clone(&error.file),
        line: span.start.line,
        column: span.start.column,
        length: span.length(),
    };
    let mut diagnostic =
        Diagnostic::error(format!("YAML parsing failed: {}", error.message)).at(span(&error.span), error.label.clone());
    if let Some((place, words)) = &error.context {
        diagnostic = diagnostic.at(span(place), words.clone());
    }
    diagnostic.help.clone_from(&error.help);
    diagnostic
}
