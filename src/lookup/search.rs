//! Where lookups look for files.

use std::path::PathBuf;

use jinja::{Error, Scope, Value};

use super::Request;
use crate::{playbook::search, template::Notice};

impl Request<'_> {
    /// A variable as text.
    fn variable(&self, name: &str) -> Result<Option<String>, Error> {
        match self.scope.lookup(name)? {
            Some(Value::Str(text)) => Ok(Some(text.as_str().to_owned())),
            _ => Ok(None),
        }
    }

    /// The folder of the playbook, else the working directory.
    pub(super) fn basedir(&self) -> Result<PathBuf, Error> {
        let folder = self.variable("playbook_dir")?;
        Ok(folder.map_or_else(|| self.registry.config.environment.cwd.clone(), PathBuf::from))
    }

    /// The folders of the task, nearest first.
    pub(super) fn search_path(&self) -> Result<Vec<PathBuf>, Error> {
        if let Some(Value::List(paths)) = self.scope.lookup("ansible_search_path")? {
            return paths.values()?.iter().map(|path| path.to_str().map(PathBuf::from)).collect();
        }
        Ok(vec![match self.variable("role_path")? {
            Some(role) => PathBuf::from(role),
            None => self.basedir()?,
        }])
    }

    /// As [`Self::find`]; says it where there is none.
    pub(super) fn find_or_warn(&self, folder: Option<&str>, term: &Value) -> Result<Option<PathBuf>, Error> {
        let found = self.find(folder, term)?;
        if found.is_none() {
            let shown = term.to_str()?;
            let message = format!("Unable to find '{shown}' in expected paths (use -vvvvv to see paths)");
            self.scope.notice(Notice::warning(message));
        }
        Ok(found)
    }

    /// Finds a file as it is if absolute, else in `FOLDER/` and beside it in each folder of the task, at last in the
    /// playbook's.
    ///
    /// Source: Ansible documentation, "Search paths in Ansible".
    pub(super) fn find(&self, folder: Option<&str>, term: &Value) -> Result<Option<PathBuf>, Error> {
        let Value::Str(name) = term else {
            let message = format!("'{}' object has no attribute 'startswith'", term.type_name());
            return Err(Error::new(jinja::Kind::Attribute, message));
        };
        let environment = &self.registry.config.environment;
        if name.starts_with(['~', '/']) {
            let path = environment.resolve(name, None);
            return Ok(path.exists().then_some(path));
        }
        let in_role = self.variable("role_path")?.is_some();
        let candidates =
            search::candidates(&self.search_path()?, &self.basedir()?, folder, name.as_str(), in_role, environment);
        Ok(candidates.into_iter().find(|path| path.exists()))
    }
}
