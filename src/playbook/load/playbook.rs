//! A playbook, with those that it imports.

use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

use jinja::Value;
use yaml::{Mapping, Node};

use super::{
    Loader, OTHER_ERROR, PARSER_ERROR, Refused,
    file::{File, absolute, this_is},
    play::Imported,
    vars::is_template,
};
use crate::{
    collection,
    diagnostic::Diagnostic,
    playbook::{
        Play, Playbook,
        keyword::{self, On},
    },
};

impl Loader {
    /// Loads a playbook and all that it imports.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn load_playbook(&mut self, path: &Path) -> Result<Playbook, Refused> {
        let mut plays = Vec::new();
        self.plays(path, &Imported::default(), None, &mut plays);
        self.finish(Playbook { path: Rc::from(&*path.to_string_lossy()), plays })
    }

    fn plays(&mut self, path: &Path, imported: &Imported, from: Option<(&File, &Node)>, plays: &mut Vec<Rc<Play>>) {
        let file = match self.read(path) {
            Ok(file) => file,
            Err(diagnostic) => {
                let code = if diagnostic.labels.is_empty() { OTHER_ERROR } else { PARSER_ERROR };
                let mut diagnostic = *diagnostic;
                if let Some((file, node)) = from
                    && diagnostic.labels.is_empty()
                {
                    diagnostic = diagnostic.at(file.span(node), "imported here");
                }
                self.note(diagnostic, code);
                return;
            }
        };
        let name = Rc::<str>::from(&*file.path);
        if file.root.is_null() {
            self.refuse(Diagnostic::error(format!("Empty playbook, nothing to do: {name}")));
            return;
        }
        let Some(entries) = file.root.as_sequence() else {
            let mut diagnostic = Diagnostic::error(format!(
                "A playbook must be a list of plays, got a {} instead: {name}",
                file.root.type_name()
            ))
            .at(file.span(&file.root), this_is(&file.root));
            if file.root.as_mapping().is_some_and(|mapping| mapping.get("hosts").is_some()) {
                diagnostic = diagnostic.help("begin the play with a dash: `- hosts: ...`");
            }
            self.refuse(diagnostic);
            return;
        };
        if entries.is_empty() {
            self.refuse(Diagnostic::error(format!("A playbook must contain at least one play: {name}")));
            return;
        }
        let open = format!("playbook {name}");
        if self.open.contains(&open) {
            let mut diagnostic = Diagnostic::error(format!("'{name}' imports itself without end"));
            if let Some((file, node)) = from {
                diagnostic = diagnostic.at(file.span(node), "this import comes back to itself");
            }
            self.fail(diagnostic);
            return;
        }
        self.open.push(open);
        let basedir = Path::new(&*file.path).parent().map(Path::to_owned).unwrap_or_default();
        self.plugins_beside(&basedir);
        for entry in entries {
            let Some(mapping) = entry.as_mapping() else {
                self.refuse(
                    Diagnostic::error("playbook entries must be either valid plays or 'import_playbook' statements")
                        .at(file.span(entry), this_is(entry)),
                );
                continue;
            };
            let imports: Vec<&(Node, Node)> = mapping
                .entries
                .iter()
                .filter(|(key, _)| key.as_str().and_then(collection::short_name) == Some("import_playbook"))
                .collect();
            match imports.as_slice() {
                [] => plays.extend(self.play(&file, entry, mapping, &basedir.to_string_lossy(), imported)),
                [(key, target)] => self.import(&file, entry, mapping, key, target, &basedir, imported, plays),
                [first, second, ..] => {
                    let mut names = [first, second].map(|(key, _)| key.as_str().unwrap_or_default().to_owned());
                    names.sort();
                    self.fail(
                        Diagnostic::error(format!("Found conflicting import_playbook actions: {}", names.join(", ")))
                            .at(file.span(&second.0), "a second import in one entry"),
                    );
                }
            }
        }
        self.open.pop();
    }

    #[expect(clippy::too_many_arguments, reason = "an entry of a playbook and all that is around it")]
    fn import(
        &mut self,
        file: &File,
        entry: &Node,
        mapping: &Mapping,
        key: &Node,
        target: &Node,
        basedir: &Path,
        imported: &Imported,
        plays: &mut Vec<Rc<Play>>,
    ) {
        for (word, _) in &mapping.entries {
            if word.span != key.span && !word.as_str().is_some_and(|name| keyword::is_known(name, On::IMPORT_PLAYBOOK))
            {
                self.unknown_keyword(file, word, "PlaybookInclude", On::IMPORT_PLAYBOOK);
            }
        }
        let directives = self.directives(file, entry, mapping, "PlaybookInclude", On::IMPORT_PLAYBOOK);
        for (word, _) in &mapping.entries {
            let name = word.as_str().unwrap_or_default();
            if word.span != key.span
                && !matches!(name, "name" | "vars" | "when" | "tags")
                && keyword::is_known(name, On::IMPORT_PLAYBOOK)
            {
                self.warnings.push(
                    Diagnostic::warning(format!("`{name}` on an import_playbook has no effect"))
                        .at(file.span(word), "ansible-core takes it and does nothing with it"),
                );
            }
        }
        if target.is_null() {
            self.refuse(
                Diagnostic::error("The field 'import_playbook' is required but was not set.")
                    .at(file.span(key), "which playbook?"),
            );
            return;
        }
        let name = file.value(target);
        let rendered = if is_template(&name) {
            let vars = jinja::Dict::new();
            if let Some(own) = &directives.vars {
                super::action::overlay(&vars, own);
            }
            let templates = Rc::clone(&self.templates);
            templates.render(&name, &vars)
        } else {
            Ok(name)
        };
        let name = match rendered {
            Ok(Value::Str(text)) => text.as_str().to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(message) => {
                self.refuse(
                    Diagnostic::error(format!("Error processing keyword 'import_playbook': {message}"))
                        .at(file.span(target), "this name must be known before the run"),
                );
                return;
            }
        };
        let path = self.collection_playbook(&name, basedir).unwrap_or_else(|| absolute(&basedir.join(&name)));
        let mut within = imported.clone();
        within.when.extend(directives.when);
        within.tags.extend(directives.tags);
        within.vars.splice(0..0, directives.vars);
        self.plays(&path, &within, Some((file, target)), plays);
    }

    /// `namespace.collection.playbook`
    fn collection_playbook(&self, name: &str, basedir: &Path) -> Option<PathBuf> {
        let parts: Vec<&str> = name.split('.').collect();
        let [namespace, collection, rest @ ..] = parts.as_slice() else { return None };
        if rest.is_empty() || name.contains('/') {
            return None;
        }
        let file = rest.join("/");
        let file = file.strip_suffix("/yml").or_else(|| file.strip_suffix("/yaml")).unwrap_or(&file);
        [basedir.join("collections")].iter().chain(&self.options.collections_path).find_map(|root| {
            let folder = root.join("ansible_collections").join(namespace).join(collection).join("playbooks");
            ["yml", "yaml"].iter().map(|suffix| folder.join(format!("{file}.{suffix}"))).find(|path| path.is_file())
        })
    }
}
