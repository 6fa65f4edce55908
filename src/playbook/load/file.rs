//! Files that the loader reads: found, opened, parsed once, with places for what stands in them.

use std::{
    path::{Component, Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use jinja::{Dict, Key, Origin, Str, Value};
use yaml::{Mapping, Node, Tag};

use super::Loader;
use crate::{
    diagnostic::{Diagnostic, Span},
    playbook::Written,
    yaml::Trust,
};

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
        crate::yaml::value(node, Some(&self.name), Trust::Trusted)
    }

    /// A value with its place.
    pub(super) fn written(&self, node: &Node) -> Written {
        Written { value: self.value(node), span: Some(self.span(node)) }
    }

    /// A mapping as a dict.
    pub(super) fn dict(&self, mapping: &Mapping) -> Dict {
        let dict = Dict::with_capacity(mapping.entries.len());
        for (key, value) in &mapping.entries {
            if let Ok(key) = Key::new(self.value(key)) {
                dict.insert(key, self.value(value));
            }
        }
        dict
    }

    /// Text with the tags of the scalar that it comes from.
    pub(super) fn text(&self, node: &Node, text: &str) -> Str {
        match node.tag {
            Some(Tag::Unsafe) => Str::new(text),
            _ => Str::trusted(text, Some(self.origin(node))),
        }
    }
}

/// What a node is, for a label: `this is a list`.
pub(super) fn this_is(node: &Node) -> String {
    let what = match node.type_name() {
        "dict" => "a mapping",
        "list" => "a list",
        "str" => "text",
        "int" => "a whole number",
        "float" => "a number",
        "bool" => "a boolean",
        "NoneType" => "empty",
        other => return format!("this is a {other}"),
    };
    format!("this is {what}")
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

/// Why a file could not be read.
pub(super) enum Unreadable {
    /// It is not there, not open to us, or in a vault without its password.
    Closed(Box<Diagnostic>),
    /// It is not YAML.
    Malformed(Box<Diagnostic>),
}

impl Loader {
    /// Reads a YAML file, or takes it from what was read before.
    ///
    /// # Errors
    ///
    /// It is not there, cannot be read or opened, or is not YAML. The error has no place but in the file itself.
    pub(super) fn read(&mut self, path: &Path) -> Result<File, Box<Diagnostic>> {
        self.read_file(path).map_err(|error| match error {
            Unreadable::Closed(diagnostic) | Unreadable::Malformed(diagnostic) => diagnostic,
        })
    }

    /// As [`Self::read`], with the kind of the error, on which an exit code depends.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub(super) fn read_file(&mut self, path: &Path) -> Result<File, Unreadable> {
        let closed = |diagnostic| Unreadable::Closed(Box::new(diagnostic));
        let path = absolute(path);
        if let Some(file) = self.files.get(&path) {
            return Ok(file.clone());
        }
        let bytes = std::fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => closed(not_found(&path)),
            _ => closed(Diagnostic::error(format!("Unable to retrieve file contents: {}: {error}", path.display()))),
        })?;
        let name = path.to_string_lossy().into_owned();
        let bytes = if bytes.starts_with(b"$ANSIBLE_VAULT;") {
            self.vault.open(&name, &bytes).map_err(|message| {
                closed(
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
            .map_err(|error| Unreadable::Malformed(Box::new(crate::yaml::error(&error))))?;
        let shared = Arc::<str>::from(&*name);
        self.warnings.extend(loaded.warnings.iter().map(|warning| crate::yaml::warning(warning, &shared)));
        let file = File::new(&name, loaded.root());
        self.files.insert(path, file.clone());
        Ok(file)
    }

    /// Takes a text for a file that is not on disk (the one task of `exec`).
    ///
    /// # Errors
    ///
    /// It is not YAML.
    pub fn provide(&mut self, path: &Path, text: &str) -> Result<(), Box<Diagnostic>> {
        let path = absolute(path);
        let name = path.to_string_lossy().into_owned();
        let source = yaml::Source::new(Arc::<str>::from(&*name), text);
        let loaded =
            yaml::load_one(&source, &self.yaml_options()).map_err(|error| Box::new(crate::yaml::error(&error)))?;
        self.files.insert(path, File::new(&name, loaded.root()));
        Ok(())
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
