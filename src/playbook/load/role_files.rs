//! Where roles are, and which of their files are read.

use std::path::{Path, PathBuf};

use jinja::{Dict, Value};

use super::{
    Loader,
    action::overlay,
    file::{File, absolute, this_is},
};
use crate::{
    collection,
    diagnostic::{Diagnostic, Span, suggest},
    playbook::PlayScope,
};

/// Where a role was found.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) collection: Option<String>,
}

impl Loader {
    /// A role's variables; a directory of files is merged.
    pub(super) fn role_vars(&mut self, found: &Found, folder: &str, from: Option<&str>) -> Dict {
        let vars = Dict::new();
        for path in self.role_files(found, folder, from, true) {
            let Some(file) = self.role_read(&path) else { continue };
            match file.root.as_mapping() {
                Some(mapping) => overlay(&vars, &file.dict(mapping)),
                None if file.root.is_null() => {}
                None => self.refuse(
                    Diagnostic::error(format!(
                        "The {folder}/main.yml file for role '{}' must contain a dictionary of variables",
                        found.name
                    ))
                    .at(file.span(&file.root), this_is(&file.root)),
                ),
            }
        }
        vars
    }

    pub(super) fn role_file(&mut self, found: &Found, folder: &str, from: Option<&str>) -> Option<File> {
        let path = self.role_files(found, folder, from, false).into_iter().next()?;
        self.role_read(&path)
    }

    pub(super) fn role_read(&mut self, path: &Path) -> Option<File> {
        match self.read(path) {
            Ok(file) => Some(file),
            Err(diagnostic) => {
                self.refuse(*diagnostic);
                None
            }
        }
    }

    /// The files of a folder of a role: `main` or what stands in for it.
    pub(super) fn role_files(
        &mut self,
        found: &Found,
        folder: &str,
        from: Option<&str>,
        whole_directories: bool,
    ) -> Vec<PathBuf> {
        let directory = found.path.join(folder);
        if !directory.is_dir() {
            return Vec::new();
        }
        let name = from.unwrap_or("main");
        let suffixes = match from {
            None => [".yml", ".yaml", ".json", ""],
            Some(_) => ["", ".yml", ".yaml", ".json"],
        };
        let mut files = Vec::new();
        for suffix in suffixes {
            let path = directory.join(format!("{name}{suffix}"));
            if path.is_dir() {
                if whole_directories {
                    variable_files(&path, &mut files);
                    break;
                }
            } else if path.exists() {
                files.push(path);
                break;
            }
        }
        if files.is_empty() && from.is_some() {
            self.refuse(Diagnostic::error(format!("Could not find specified file in role: {folder}/{name}")));
        }
        let root = absolute(&directory);
        files.retain(|path| {
            let inside = absolute(path).starts_with(&root);
            if !inside {
                self.refuse(Diagnostic::error(format!(
                    "Failed loading '{}' for role ({}) as it is not inside the expected role path: '{}'",
                    path.display(),
                    found.name,
                    directory.display()
                )));
            }
            inside
        });
        files
    }

    /// Looks for a role by name or path.
    pub(super) fn find_role(
        &mut self,
        name: &str,
        play: &PlayScope,
        beside: Option<&Path>,
        span: Option<&Span>,
    ) -> Option<Found> {
        let basedir = Path::new(&*play.basedir);
        if let Some(found) = self.collection_role(name, basedir, play) {
            return Some(found);
        }
        let mut search = vec![basedir.join("roles")];
        search.extend(self.options.roles_path.iter().cloned());
        search.extend(beside.map(Path::to_owned));
        search.push(basedir.to_owned());
        for directory in &search {
            if let Ok(path) = absolute(&directory.join(name)).canonicalize() {
                return Some(Found { name: name.to_owned(), path, collection: None });
            }
        }
        if let Ok(path) = absolute(Path::new(name)).canonicalize() {
            let name =
                Path::new(name).file_name().map_or_else(|| name.to_owned(), |last| last.to_string_lossy().into_owned());
            return Some(Found { name, path, collection: None });
        }
        let places: Vec<String> = search.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let mut diagnostic = Diagnostic::error(format!("the role '{name}' was not found in {}", places.join(":")));
        if let Some(span) = span {
            diagnostic = diagnostic.at(span.clone(), "no such role");
        }
        let known = role_names(&search);
        diagnostic.help = suggest::nearest(name, known.iter().map(String::as_str))
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| Some("put the role into `roles/` beside the playbook, or set roles_path".to_owned()));
        self.fail(diagnostic);
        None
    }

    /// A role `namespace.collection.role`, or a role of a collection that the play's `collections:` names.
    pub(super) fn collection_role(&self, name: &str, basedir: &Path, play: &PlayScope) -> Option<Found> {
        let mut candidates: Vec<(String, String)> = Vec::new();
        let parts: Vec<&str> = name.split('.').collect();
        if let [namespace, collection, role @ ..] = parts.as_slice()
            && !role.is_empty()
            && collection::short_name(name).is_none()
        {
            candidates.push((format!("{namespace}.{collection}"), role.join(".")));
        } else if !name.contains('.') {
            for collection in play.directives.collections.iter().flatten() {
                if let Value::Str(collection) = collection {
                    candidates.push((collection.as_str().to_owned(), name.to_owned()));
                }
            }
        }
        let roots: Vec<PathBuf> =
            [basedir.join("collections")].into_iter().chain(self.options.collections_path.iter().cloned()).collect();
        for (collection, role) in candidates {
            let Some((namespace, short)) = collection.split_once('.') else { continue };
            for root in &roots {
                let folder = root
                    .join("ansible_collections")
                    .join(namespace)
                    .join(short)
                    .join("roles")
                    .join(role.replace('.', "/"));
                if let Ok(path) = folder.canonicalize() {
                    return Some(Found { name: role, path, collection: Some(collection) });
                }
            }
        }
        None
    }
}

impl Found {
    pub(super) fn full_name(&self) -> String {
        match &self.collection {
            Some(collection) => format!("{collection}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// All files of variables in a directory, in the order of their names, directories within too.
fn variable_files(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut names: Vec<String> =
        entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in names {
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = directory.join(&name);
        let suffix = path.extension().map(|suffix| suffix.to_string_lossy().into_owned());
        if path.is_dir() && suffix.is_none() {
            variable_files(&path, files);
        } else if path.is_file() && suffix.is_none_or(|suffix| ["yml", "yaml", "json"].contains(&suffix.as_str())) {
            files.push(path);
        }
    }
}

/// The roles in some directories, for suggestions.
fn role_names(directories: &[PathBuf]) -> Vec<String> {
    directories
        .iter()
        .filter_map(|directory| std::fs::read_dir(directory).ok())
        .flat_map(|entries| entries.filter_map(Result::ok))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}
