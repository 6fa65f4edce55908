//! Files of tasks: imported while loading, or included during the run.

use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

use jinja::Value;
use yaml::{Mapping, Node};

use super::{
    Included, Loader, OTHER_ERROR, PARSER_ERROR, Refused,
    block::Place,
    file::{File, absolute, not_found, this_is},
    vars::is_template,
};
use crate::{
    diagnostic::Diagnostic,
    playbook::{
        Block, BlockScope, Directives, Entry, Kind, Parent, Task,
        keyword::On,
        search::{in_tasks, looks_like_role},
    },
};

/// The keywords of an `apply:` and what was wrong with them.
pub(super) type Apply = Option<Result<Rc<Directives>, Vec<Diagnostic>>>;

impl Loader {
    /// `include_tasks` and `import_tasks`.
    pub(super) fn tasks_file(
        &mut self,
        file: &File,
        node: &Node,
        mapping: &Mapping,
        mut task: Task,
        entries: &mut Vec<Entry>,
    ) {
        let name = task.action.name.as_str().to_owned();
        let import = &*task.action.short == "import_tasks";
        let place = mapping.entries.iter().find(|(key, _)| key.as_str() == Some(&name)).map_or(node, |(key, _)| key);
        let args = task.action.args.clone();
        if !self.only_options(file, place, mapping, &task, &["file", "_raw_params", "apply"]) {
            return;
        }
        let given = |value: &Option<Value>| !matches!(value, None | Some(Value::None)) && !is_empty_text(value);
        let mut target = args.raw("_raw_params");
        if !given(&target) {
            target = args.remove("file");
            if !given(&target) {
                self.refuse(
                    Diagnostic::error(format!("No file specified for {name}")).at(file.span(place), "which file?"),
                );
                return;
            }
            if let Some(target) = &target {
                args.insert("_raw_params", target.clone());
            }
        }
        let Some(target) = target else { return };
        let Some(apply) = self.apply(file, place, mapping, &task, !import) else { return };
        if !import {
            task.kind = Kind::IncludeTasks { apply };
            entries.push(Entry::Task(Rc::new(task)));
            return;
        }

        if task.loop_.is_some() {
            self.refuse(
                Diagnostic::error(
                    "You cannot use loops on 'import_tasks' statements. You should use 'include_tasks' instead.",
                )
                .at(file.span(place), "an import is done once, before the run"),
            );
            return;
        }
        let Some(target) = self.import_target(file, place, &task, &target) else { return };
        let path = Self::find_tasks_file(&task, &target);
        let found = match self.read(&path) {
            Ok(found) => found,
            Err(diagnostic) => {
                let code = if diagnostic.labels.is_empty() { OTHER_ERROR } else { PARSER_ERROR };
                let mut diagnostic = *diagnostic;
                if diagnostic.labels.is_empty() {
                    diagnostic = diagnostic.at(file.span(place), "imported here");
                }
                self.note(diagnostic, code);
                return;
            }
        };
        task.kind = Kind::ImportTasks;
        task.included = Some(Rc::from(target.as_str()));
        if found.root.is_null() || found.root.as_sequence().is_some_and(<[Node]>::is_empty) {
            self.warnings.push(
                Diagnostic::warning(format!("file {} is empty and had no tasks to include", found.path))
                    .at(file.span(place), "imported here"),
            );
            return;
        }
        let open = format!("tasks {}", found.path);
        if self.open.contains(&open) {
            self.fail(
                Diagnostic::error(format!("'{}' imports itself without end", found.path))
                    .at(file.span(place), "this import comes back to itself")
                    .help("use `include_tasks` with a condition"),
            );
            return;
        }
        self.open.push(open);
        let handlers = task.is_handler;
        let blocks = self.included_blocks(&found, &Rc::new(task), None);
        self.open.pop();
        for block in blocks {
            match Rc::try_unwrap(block) {
                // Handlers are looked for in the list itself, not in blocks within it.
                Ok(block) if handlers => entries.extend(block.block),
                Ok(block) => entries.push(Entry::Block(Rc::new(block))),
                Err(block) => entries.push(Entry::Block(block)),
            }
        }
    }

    /// The name of an imported file, rendered.
    fn import_target(&mut self, file: &File, place: &Node, task: &Task, target: &Value) -> Option<String> {
        let rendered = if is_template(target) {
            let vars = self.task_vars(task);
            self.templates.render(target, &vars)
        } else {
            Ok(target.clone())
        };
        match rendered {
            Ok(Value::Str(text)) => Some(text.as_str().to_owned()),
            Ok(other) => Some(format!("{other:?}")),
            Err(message) => {
                self.refuse(
                    Diagnostic::error(format!("Error when evaluating variable in import path {target:?}: {message}"))
                        .at(file.span(place), "this name must be known before the run")
                        .help(
                            "When using static imports, ensure that any variables used in their names are defined in \
                             vars/vars_files\nor extra-vars passed in from the command line. Static imports cannot use \
                             variables from facts or inventory\nsources like group or host vars.",
                        ),
                );
                None
            }
        }
    }

    /// Refuses options that an include does not have; whether all were good.
    pub(super) fn only_options(
        &mut self,
        file: &File,
        place: &Node,
        mapping: &Mapping,
        task: &Task,
        known: &[&str],
    ) -> bool {
        let name = task.action.name.as_str();
        let bad: Vec<String> = task
            .action
            .args
            .keys()
            .iter()
            .map(|key| match key {
                Value::Str(text) => text.as_str().to_owned(),
                other => format!("{other:?}"),
            })
            .filter(|key| !known.contains(&key.as_str()))
            .collect();
        let Some(first) = bad.first() else { return true };
        let key = mapping
            .get(name)
            .and_then(Node::as_mapping)
            .and_then(|args| args.entry(first))
            .map_or(place, |(key, _)| key);
        let mut diagnostic = Diagnostic::error(format!("Invalid options for {name}: {}", bad.join(",")))
            .at(file.span(key), "no such option");
        let words = known.iter().copied().filter(|word| !word.starts_with('_'));
        diagnostic.help =
            crate::diagnostic::suggest::nearest(first, words).map(|near| format!("did you mean `{near}`?"));
        self.refuse(diagnostic);
        false
    }

    /// `apply:`; outer `None`: refused.
    pub(super) fn apply(
        &mut self,
        file: &File,
        place: &Node,
        mapping: &Mapping,
        task: &Task,
        dynamic: bool,
    ) -> Option<Apply> {
        let name = task.action.name.as_str().to_owned();
        match task.action.args.raw("apply") {
            None => return Some(None),
            Some(Value::Dict(apply)) if apply.is_empty() => return Some(None),
            Some(_) => {}
        }
        let Some(node) = mapping
            .get(&name)
            .and_then(Node::as_mapping)
            .and_then(|args| args.get("apply"))
            .or_else(|| mapping.get("args").and_then(Node::as_mapping).and_then(|args| args.get("apply")))
        else {
            self.refuse(
                Diagnostic::error("Expected a dict for apply but got str instead")
                    .at(file.span(place), "`apply` is a mapping"),
            );
            return None;
        };
        if !dynamic {
            self.refuse(
                Diagnostic::error(format!("Invalid options for {name}: apply"))
                    .at(file.span(node), "only for includes")
                    .help("an import gives its own keywords to what it imports: put them on the task"),
            );
            return None;
        }
        let Some(keywords) = node.as_mapping() else {
            self.refuse(
                Diagnostic::error(format!("Expected a dict for apply but got {} instead", node.type_name()))
                    .at(file.span(node), this_is(node)),
            );
            return None;
        };
        // What is wrong here is said when the include is done, as Ansible does: it may never be.
        let before = std::mem::take(&mut self.errors);
        let code = self.exit_code;
        for (key, _) in &keywords.entries {
            if !key.as_str().is_some_and(|name| crate::playbook::keyword::is_known(name, On::BLOCK)) {
                self.unknown_keyword(file, key, "Block", On::BLOCK);
            }
        }
        let directives = self.directives(file, node, keywords, "Block", On::BLOCK);
        let errors = std::mem::replace(&mut self.errors, before);
        self.exit_code = code;
        Some(Some(if errors.is_empty() { Ok(Rc::new(directives)) } else { Err(errors) }))
    }

    /// The blocks of a file of tasks beneath the task that includes it.
    fn included_blocks(&mut self, file: &File, include: &Rc<Task>, apply: Option<&Rc<Directives>>) -> Vec<Rc<Block>> {
        let place = Place {
            play: Rc::clone(include.play()),
            parent: self.parent_for(include, apply),
            role: include.role.clone(),
            handlers: include.is_handler,
            when: Vec::new(),
        };
        match self.blocks(file, &file.root, &place) {
            Ok(blocks) => blocks,
            Err(_) => {
                self.refuse(
                    Diagnostic::error("included task files must contain a list of tasks")
                        .at(file.span(&file.root), this_is(&file.root)),
                );
                Vec::new()
            }
        }
    }

    /// What stands around the tasks of an include: the task, or a block with the keywords of `apply`.
    pub(super) fn parent_for(&self, include: &Rc<Task>, apply: Option<&Rc<Directives>>) -> Parent {
        let Some(apply) = apply else { return Parent::Include(Rc::clone(include)) };
        let place = Place {
            play: Rc::clone(include.play()),
            parent: Parent::Include(Rc::clone(include)),
            role: include.role.clone(),
            handlers: include.is_handler,
            when: Vec::new(),
        };
        let scope: BlockScope = place.scope(self, (**apply).clone());
        Parent::Block(Rc::new(scope))
    }

    /// Loads the file that an `include_tasks` names. `include` is the task as it was met: a copy with the variables of
    /// the loop item and the file's name (see [`Task::met`]).
    ///
    /// # Errors
    ///
    /// The file is not there or is wrong.
    pub fn load_tasks(&mut self, path: &Path, include: &Rc<Task>) -> Result<Included, Refused> {
        let apply = match &include.kind {
            Kind::IncludeTasks { apply: Some(apply) } => match apply {
                Ok(apply) => Some(Rc::clone(apply)),
                Err(errors) => return Err(Refused { diagnostics: errors.clone(), exit_code: PARSER_ERROR }),
            },
            _ => None,
        };
        let blocks = match self.read(path) {
            Ok(file) if file.root.is_null() => Vec::new(),
            Ok(file) => {
                self.open.push(format!("tasks {}", file.path));
                self.included_blocks(&file, include, apply.as_ref())
            }
            Err(diagnostic) => {
                self.fail(*diagnostic);
                Vec::new()
            }
        };
        let brought = std::mem::take(&mut self.brought);
        self.finish(Included { blocks, roles: brought.roles, handlers: brought.handlers })
    }

    /// Where the file of an `import_tasks` is: beside the files that import it, then in the role or beside the playbook.
    fn find_tasks_file(task: &Task, target: &str) -> PathBuf {
        let folder = if task.is_handler { "handlers" } else { "tasks" };
        let basedir = Path::new(&*task.play().basedir);
        let mut way: Option<PathBuf> = None;
        let mut next = task.parent.include().cloned();
        while let Some(include) = next {
            let from = include.included_dir();
            let here = match way {
                None => from,
                Some(way) if way.is_absolute() => way,
                Some(way) => from.join(way),
            };
            let candidate = match &task.role {
                Some(role) => {
                    relative(&Path::new(&*role.path).join(folder).join(&here), folder, target, false, basedir)
                }
                None => relative(basedir, &here.to_string_lossy(), target, false, basedir),
            };
            if candidate.exists() {
                return candidate;
            }
            way = Some(here);
            next = include.parent.include().cloned();
        }
        match &task.role {
            Some(role) => relative(Path::new(&*role.path), folder, target, false, basedir),
            None => dwim(basedir, target),
        }
    }

    /// Where the file of an `include_tasks` is, by Ansible's rules; it may not be there.
    #[must_use]
    pub fn find_included_file(task: &Task, target: &str) -> PathBuf {
        let folder = if task.is_handler { "handlers" } else { "tasks" };
        let basedir = Path::new(&*task.play().basedir);
        let mut way: Option<PathBuf> = None;
        let mut last = None;
        let mut next = task.parent.include().cloned();
        while let Some(include) = next {
            let from = include.included_dir();
            let here = match way {
                Some(way) if !way.is_absolute() => from.join(way),
                _ => from,
            };
            let candidate = match &task.role {
                Some(role) => {
                    let root = Path::new(&*role.path);
                    let first = relative(root, folder, target, true, basedir);
                    if first.exists() {
                        first
                    } else {
                        relative(&root.join(folder).join(&here), folder, target, true, basedir)
                    }
                }
                None => relative(basedir, &here.to_string_lossy(), target, false, basedir),
            };
            if candidate.exists() {
                return candidate;
            }
            last = Some(candidate);
            way = Some(here);
            next = include.parent.include().cloned();
        }
        last.unwrap_or_else(|| match &task.role {
            Some(role) => relative(Path::new(&*role.path), folder, target, true, basedir),
            None => dwim(basedir, target),
        })
    }

    /// The error of Ansible for a file that an include names and that is not there.
    #[must_use]
    pub fn missing_file(path: &Path) -> Diagnostic {
        not_found(path)
    }
}

/// A path from the playbook's directory.
fn dwim(basedir: &Path, given: &str) -> PathBuf {
    let given = crate::playbook::arguments::unquote(given);
    if given.starts_with('~') { absolute(Path::new(given)) } else { absolute(&basedir.join(given)) }
}

/// Ansible's search for a file of a role or playbook, with and without the folder that such files stand in.
fn relative(path: &Path, folder: &str, source: &str, is_role: bool, basedir: &Path) -> PathBuf {
    if source.starts_with(['/', '~']) {
        return absolute(Path::new(source));
    }
    let is_role = is_role || looks_like_role(path);
    let root = if is_role && in_tasks(path) { absolute(path.parent().unwrap_or(path)) } else { absolute(path) };
    let mut search = vec![path.join(folder).join(source), absolute(&root.join(folder).join(source))];
    if is_role && !source.ends_with(folder) {
        search.push(absolute(&root.join("tasks").join(source)));
    }
    search.push(absolute(&Path::new(folder).join(source)));
    search.push(absolute(&root.join(source)));
    search.push(absolute(&basedir.join(folder).join(source)));
    let last = dwim(basedir, source);
    search.into_iter().find(|candidate| candidate.exists()).unwrap_or(last)
}

fn is_empty_text(value: &Option<Value>) -> bool {
    matches!(value, Some(Value::Str(text)) if text.as_str().is_empty())
}
