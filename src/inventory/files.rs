//! `group_vars` and `host_vars`: files and directories beside inventory sources and playbooks.
//!
//! See <https://docs.ansible.com/ansible-core/2.19/inventory_guide/intro_inventory.html#organizing-host-and-group-variables>.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{
    Error, Fault, node,
    source::{compose, extension},
    vars::{self, Vars},
};
use crate::{config::Config, diagnostic::Diagnostic, vault::VaultSecrets};

/// What a file of variables is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Of {
    Group,
    Host,
}

impl Of {
    fn directory(self) -> &'static str {
        match self {
            Self::Group => "group_vars",
            Self::Host => "host_vars",
        }
    }
}

/// The directory beside which files are, whether they are a group's or a host's, and whose.
type Place = (PathBuf, Of, Rc<str>);

/// Reads files of variables, each once.
#[derive(Debug, Default, Clone)]
pub(super) struct Files {
    read: RefCell<HashMap<Place, Rc<Vars>>>,
    /// Files in the place of a directory that were warned about.
    skipped: RefCell<HashSet<PathBuf>>,
    pub(super) warnings: RefCell<Vec<Diagnostic>>,
}

impl Files {
    /// The variables of a group or host beside a source; `directory` has its links followed.
    pub(super) fn vars(
        &self,
        directory: &Path,
        of: Of,
        name: &Rc<str>,
        config: &Config,
        secrets: &VaultSecrets,
    ) -> Result<Rc<Vars>, Error> {
        // Hosts that are paths (chroots) would lead anywhere.
        if name.is_empty() || name.starts_with('/') {
            return Ok(Rc::default());
        }
        let key = (directory.to_owned(), of, Rc::clone(name));
        if let Some(found) = self.read.borrow().get(&key) {
            return Ok(Rc::clone(found));
        }
        let place = directory.join(of.directory());
        let mut all = Vars::new();
        if place.is_dir() {
            for file in find(&place, name, &config.yaml_extensions)? {
                let more = self.file(&file, config, secrets)?;
                vars::combine(&mut all, &more, config.merge_hashes);
            }
        } else if place.exists() && self.skipped.borrow_mut().insert(place.clone()) {
            let message = format!("Found {} that is not a directory, skipping: {}", of.directory(), place.display());
            self.warnings.borrow_mut().push(Diagnostic::warning(message));
        }
        let all = Rc::new(all);
        self.read.borrow_mut().insert(key, Rc::clone(&all));
        Ok(all)
    }

    fn file(&self, path: &Path, config: &Config, secrets: &VaultSecrets) -> Result<Vars, Error> {
        let name = path.display().to_string();
        let mut warn = |warning| self.warnings.borrow_mut().push(warning);
        let (_, root) = compose(&name, config, secrets, &mut warn)?;
        if let Some(mapping) = root.as_mapping() {
            return Ok(node::variables(mapping, &Rc::from(name)));
        }
        let empty = root.is_null()
            || root.as_bool() == Some(false)
            || root.as_str().is_some_and(str::is_empty)
            || root.as_sequence().is_some_and(<[_]>::is_empty);
        if empty {
            return Ok(Vars::new());
        }
        let cause =
            format!("failed to combine variables, expected dicts but got a 'dict' and a '{}'.", root.type_name());
        Err(Fault::new(format!("Could not process '{name}'. {cause}"))
            .help("a file of variables holds NAME: VALUE at its top")
            .at(super::error::span(&name.as_str().into(), root.span), "")
            .into())
    }
}

/// The files of a name: the first of NAME (a file, or a directory with all that is in it), NAME.yml, NAME.yaml,
/// NAME.json.
fn find(place: &Path, name: &str, extensions: &[String]) -> Result<Vec<PathBuf>, Error> {
    let bare = String::new();
    for extension in std::iter::once(&bare).chain(extensions) {
        let path = place.join(format!("{name}{extension}"));
        if path.is_dir() {
            let mut found = Vec::new();
            inside(&path, extensions, &mut found)?;
            return Ok(found);
        }
        if path.exists() {
            return Ok(vec![path]);
        }
    }
    Ok(Vec::new())
}

fn inside(directory: &Path, extensions: &[String], found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |cause: std::io::Error| {
        Error::from(Diagnostic::error(format!("The directory {} cannot be read: {cause}", directory.display())))
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        names.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    for name in names {
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = directory.join(&name);
        let extension = extension(&name);
        if path.is_dir() {
            if extension.is_empty() {
                inside(&path, extensions, found)?;
            }
        } else if path.is_file() && (extension.is_empty() || extensions.iter().any(|known| known == extension)) {
            found.push(path);
        }
    }
    Ok(())
}
