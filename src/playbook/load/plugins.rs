//! Python plugins beside playbooks, in roles and in collections: known, so that a playbook that names one is not
//! refused for it; the task that uses it fails, for they cannot be run yet.

use std::path::{Path, PathBuf};

use yaml::Node;

use super::{Loader, file::File};
use crate::diagnostic::Diagnostic;

impl Loader {
    /// Takes a playbook's or a role's directory into the search for plugins.
    pub(super) fn plugins_beside(&mut self, directory: &Path) {
        if !self.plugin_directories.iter().any(|known| known == directory) {
            self.plugin_directories.push(directory.to_owned());
        }
    }

    /// The Python file of a module or action.
    pub(super) fn python_module(&self, name: &str) -> Option<PathBuf> {
        self.find_plugin(name, &[("library", "modules"), ("action_plugins", "action")])
            .or_else(|| self.library.iter().find_map(|directory| python_file(directory, name)))
    }

    /// The Python file of a lookup.
    pub(super) fn python_lookup(&self, name: &str) -> Option<PathBuf> {
        self.find_plugin(name, &[("lookup_plugins", "lookup")])
    }

    /// Looks for a plugin; each kind by its folder beside playbooks and by that in collections.
    fn find_plugin(&self, name: &str, kinds: &[(&str, &str)]) -> Option<PathBuf> {
        let parts: Vec<&str> = name.split('.').collect();
        let [namespace, collection, rest @ ..] = parts.as_slice() else {
            return self.plain_plugin(name, kinds);
        };
        if rest.is_empty() {
            return self.plain_plugin(name, kinds);
        }
        if (*namespace, *collection) == ("ansible", "legacy") {
            return self.plain_plugin(&rest.join("."), kinds);
        }
        let beside = self.plugin_directories.iter().map(|directory| directory.join("collections"));
        beside.chain(self.options.collections_path.iter().cloned()).find_map(|root| {
            let plugins = root.join("ansible_collections").join(namespace).join(collection).join("plugins");
            let file = rest.join("/");
            kinds.iter().find_map(|(_, folder)| python_file(&plugins.join(folder), &file))
        })
    }

    fn plain_plugin(&self, name: &str, kinds: &[(&str, &str)]) -> Option<PathBuf> {
        self.plugin_directories
            .iter()
            .find_map(|directory| kinds.iter().find_map(|(folder, _)| python_file(&directory.join(folder), name)))
    }

    /// Warns of a module that will fail when it is reached.
    pub(super) fn not_runnable(&mut self, file: &File, place: &Node, what: &str) {
        let message = format!("{what} is not supported by provision yet: a task that comes to it fails");
        if !self.warnings.iter().any(|known| known.message == message) {
            self.warnings.push(Diagnostic::warning(message).at(file.span(place), "named here"));
        }
    }
}

/// What a module's file cannot end in (ansible-core's `MODULE_IGNORE_EXTS`).
const NO_MODULES: [&str; 11] = ["pyc", "pyo", "swp", "bak", "rpm", "md", "txt", "rst", "yaml", "yml", "ini"];

/// The file of that name, whatever else it ends in; an underscore before it marks an old name.
fn python_file(directory: &Path, name: &str) -> Option<PathBuf> {
    let wanted = directory.join(name);
    let name = wanted.file_name()?.to_str()?.to_owned();
    let entries = std::fs::read_dir(wanted.parent()?).ok()?;
    entries.filter_map(Result::ok).map(|entry| entry.path()).find(|path| {
        path.file_stem()
            .and_then(|stem| stem.to_str())
            .is_some_and(|stem| stem.strip_prefix('_').unwrap_or(stem) == name)
            && !path.extension().and_then(|end| end.to_str()).is_some_and(|end| NO_MODULES.contains(&end))
            && path.is_file()
    })
}
