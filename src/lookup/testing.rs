//! What the tests of lookups share: variables, an environment and a folder.

use std::{fs, rc::Rc};

use jinja::{Dict, Str, Value};

use super::Registry;
use crate::{
    config::{Config, Environment},
    template::{Templar, VariableScope, environment},
    vars::{Layer, Layers},
};

/// A playbook's folder.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A folder with these files.
    pub(super) fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    pub(super) fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn evaluate(&self, expression: &str) -> Result<String, String> {
        let surroundings = Environment {
            vars: [("HOME", "/home/me"), ("PATH", "/usr/bin:/bin")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            cwd: self.path().to_owned(),
            home: "/home/me".into(),
        };
        let registry = Registry::new(Rc::new(Config::defaults(surroundings)), None);
        let mut environment = environment::environment();
        registry.register(&mut environment);
        let variables = Dict::new();
        variables.insert("web", Value::from("web"));
        variables.insert("nest", Value::Str(Str::trusted("a {{ web }} b", None)));
        variables.insert("playbook_dir", Value::from(self.path().display().to_string()));
        let mut layers = Layers::new();
        layers.add(Layer::PlayVars, variables);
        let templar = Templar::new(environment, None);
        let scope = VariableScope::new(Rc::clone(&templar), layers, None);
        let value = templar.expression(&Str::trusted(expression, None), &scope).map_err(|error| error.message)?;
        let shown = value.repr().map_err(|error| error.message)?;
        Ok(shown.replace(&self.path().display().to_string(), "PLACE"))
    }

    /// What an expression gives, as Python shows it; the folder is `PLACE`.
    pub(super) fn answer(&self, expression: &str) -> String {
        self.evaluate(expression).unwrap()
    }

    /// The error of an expression.
    pub(super) fn refusal(&self, expression: &str) -> String {
        self.evaluate(expression).unwrap_err()
    }
}

/// What an expression gives in an empty folder.
pub(super) fn answer(expression: &str) -> String {
    Place::with(&[]).answer(expression)
}

/// The error of an expression in an empty folder.
pub(super) fn refusal(expression: &str) -> String {
    Place::with(&[]).refusal(expression)
}
