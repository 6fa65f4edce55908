//! A play from its mapping.

use std::{cell::RefCell, rc::Rc};

use jinja::{Dict, Value};
use yaml::{Kind, Mapping, Node};

use super::{
    Brought, Loader,
    action::overlay,
    block::Place,
    file::{File, this_is},
    keywords::listed,
};
use crate::{
    diagnostic::Diagnostic,
    playbook::{
        Block, Parent, Play, PlayScope, VarsPrompt, Written,
        keyword::{self, On},
    },
};

/// What the `import_playbook`s above a play add to it, the outermost first.
#[derive(Clone, Default)]
pub(super) struct Imported {
    /// Their `when`.
    pub(super) when: Vec<Written>,
    /// Their `tags`.
    pub(super) tags: Vec<Value>,
    /// Their `vars`, the innermost first: each is put over those before it and over the play's own.
    pub(super) vars: Vec<Dict>,
}

impl Loader {
    /// A play; `None` where it cannot be used, which has then been said.
    pub(super) fn play(
        &mut self,
        file: &File,
        node: &Node,
        mapping: &Mapping,
        basedir: &str,
        imported: &Imported,
    ) -> Option<Rc<Play>> {
        for (key, _) in &mapping.entries {
            if !key.as_str().is_some_and(|name| keyword::is_known(name, On::PLAY)) {
                self.unknown_keyword(file, key, "Play", On::PLAY);
            }
        }
        let mut directives = self.directives(file, node, mapping, "Play", On::PLAY);
        if let Some((key, value)) = mapping.entry("user") {
            if let Some((other, _)) = mapping.entry("remote_user") {
                self.refuse(
                    Diagnostic::error(
                        "both 'user' and 'remote_user' are set for this play. The use of 'user' is deprecated, and should \
                         be removed",
                    )
                    .at(file.span(key), "this one is the old name")
                    .at(file.span(other), ""),
                );
            }
            directives.remote_user = Some(file.written(value));
        }
        let own = directives.vars.take();
        let vars = Dict::new();
        // The variables of the import nearest to the play are there while it is read, and over it afterwards.
        for layer in imported.vars.first().into_iter().chain(&own).chain(&imported.vars) {
            overlay(&vars, layer);
        }
        let tags_of_vars = vars.remove("tags").filter(|_| !imported.vars.is_empty());
        if let Some(Value::Str(text)) = tags_of_vars {
            directives.tags.extend(text.as_str().split(',').map(Value::from));
        }
        directives.tags.extend(imported.tags.iter().cloned());
        directives.vars = Some(vars);

        let hosts = self.hosts(file, node, mapping);
        let vars_files = self.files_of_variables(file, mapping.get("vars_files"));
        let scope = Rc::new(PlayScope {
            id: self.ids.next(),
            directives,
            imported_when: imported.when.clone(),
            vars_files,
            basedir: Rc::from(basedir),
            span: Some(file.span(node)),
            roles: RefCell::default(),
        });
        let place = Place {
            play: Rc::clone(&scope),
            parent: Parent::Play,
            role: None,
            handlers: false,
            when: imported.when.clone(),
        };

        let vars_prompt = mapping.get("vars_prompt").map(|value| self.vars_prompt(file, value)).unwrap_or_default();
        self.brought = Brought::default();
        let mut roles = match mapping.get("roles") {
            Some(value) => self.roles(file, value, &place),
            None => Vec::new(),
        };
        // As Ansible: handlers first, `post_tasks` before `tasks`.
        let handlers_place = Place { handlers: true, when: imported.when.clone(), ..place.clone() };
        let mut handlers = self.section(file, mapping, "handlers", &handlers_place);
        let pre_tasks = self.section(file, mapping, "pre_tasks", &place);
        let post_tasks = self.section(file, mapping, "post_tasks", &place);
        let tasks = self.section(file, mapping, "tasks", &place);
        let brought = std::mem::take(&mut self.brought);
        roles.extend(brought.roles);
        handlers.extend(brought.handlers);

        self.static_values(file, mapping);
        let plain = |name: &str| mapping.get(name).filter(|value| !value.is_null()).map(|value| file.written(value));
        Some(Rc::new(Play {
            scope,
            hosts_is_list: matches!(mapping.get("hosts").map(|hosts| &hosts.kind), Some(Kind::Sequence(_))),
            hosts: hosts?,
            gather_facts: plain("gather_facts"),
            gather_subset: plain("gather_subset"),
            gather_timeout: plain("gather_timeout"),
            fact_path: plain("fact_path"),
            vars_prompt,
            roles,
            pre_tasks,
            tasks,
            post_tasks,
            handlers,
            serial: plain("serial"),
            strategy: plain("strategy"),
            max_fail_percentage: plain("max_fail_percentage"),
            force_handlers: plain("force_handlers"),
            order: plain("order"),
        }))
    }

    /// A list of tasks or handlers of a play.
    fn section(&mut self, file: &File, mapping: &Mapping, name: &str, place: &Place) -> Vec<Rc<Block>> {
        let Some(list) = mapping.get(name) else { return Vec::new() };
        match self.blocks(file, list, place) {
            Ok(blocks) => blocks,
            Err(detail) => {
                self.refuse(
                    Diagnostic::error(format!("A malformed block was encountered while loading {name}: {detail}"))
                        .at(file.span(list), format!("this should be a list, {}", this_is(list)))
                        .help("begin each task with a dash"),
                );
                Vec::new()
            }
        }
    }

    /// `hosts`: text or a list of it.
    fn hosts(&mut self, file: &File, node: &Node, mapping: &Mapping) -> Option<Vec<Value>> {
        let Some((key, value)) = mapping.entry("hosts") else {
            let mut diagnostic = Diagnostic::error("The field 'hosts' is required but was not set.")
                .at(file.span(node), "this play names no hosts");
            if mapping.entries.iter().any(|(key, _)| {
                key.as_str().is_some_and(|name| keyword::is_known(name, On::TASK) && !keyword::is_known(name, On::PLAY))
            }) {
                diagnostic = diagnostic
                    .help("this looks like a task: a playbook is a list of plays, tasks stand under `tasks:` of one");
            }
            self.refuse(diagnostic);
            return None;
        };
        let empty = match &value.kind {
            Kind::Scalar(scalar) => value.is_null() || scalar.text.is_empty(),
            Kind::Sequence(items) => items.is_empty(),
            Kind::Mapping(mapping) => mapping.entries.is_empty(),
        };
        if empty {
            self.refuse(
                Diagnostic::error("Hosts list cannot be empty. Please check your playbook")
                    .at(file.span(key), "no hosts"),
            );
            return None;
        }
        if value.as_str().is_some() {
            return Some(vec![file.value(value)]);
        }
        let Some(items) = value.as_sequence() else {
            self.refuse(
                Diagnostic::error("Hosts list must be a sequence or string. Please check your playbook.")
                    .at(file.span(value), this_is(value)),
            );
            return None;
        };
        for item in items {
            let message = if item.is_null() {
                "Hosts list cannot contain values of 'None'. Please check your playbook".to_owned()
            } else if item.as_str().is_none() {
                format!("Hosts list contains an invalid host value: '{}'", text_of(&file.value(item)))
            } else {
                continue;
            };
            self.refuse(Diagnostic::error(message).at(file.span(item), "not a pattern of hosts"));
            return None;
        }
        Some(items.iter().map(|item| file.value(item)).collect())
    }

    fn files_of_variables(&mut self, file: &File, value: Option<&Node>) -> Vec<Value> {
        let Some(value) = value else { return Vec::new() };
        let items = match value.as_sequence() {
            Some(items) => items,
            None if value.is_null() => return Vec::new(),
            None => std::slice::from_ref(value),
        };
        for item in items {
            for name in item.as_sequence().unwrap_or(std::slice::from_ref(item)) {
                if name.as_str().is_none() {
                    self.refuse(
                        Diagnostic::error(format!("Invalid `vars_files` value of type '{}'.", name.type_name()))
                            .at(file.span(name), "this should be a path")
                            .help("A `vars_files` value should either be a string or list of strings."),
                    );
                }
            }
        }
        listed(file, value)
    }

    fn vars_prompt(&mut self, file: &File, value: &Node) -> Vec<VarsPrompt> {
        const KEYS: [&str; 9] =
            ["name", "prompt", "default", "private", "confirm", "encrypt", "salt_size", "salt", "unsafe"];
        let items = match value.as_sequence() {
            Some(items) => items,
            None if value.is_null() => return Vec::new(),
            None => std::slice::from_ref(value),
        };
        let mut prompts = Vec::new();
        for item in items {
            let Some(mapping) = item.as_mapping() else {
                self.refuse(
                    Diagnostic::error("Invalid variable file contents.")
                        .at(file.span(item), format!("a question is a mapping, {}", this_is(item)))
                        .help(
                            "Variable files must contain either a dictionary of variables, or a list of dictionaries.",
                        ),
                );
                continue;
            };
            let Some(name) = mapping.get("name") else {
                self.refuse(
                    Diagnostic::error("Invalid vars_prompt data structure, missing 'name' key")
                        .at(file.span(item), "which variable?"),
                );
                continue;
            };
            for (key, _) in &mapping.entries {
                if !key.as_str().is_some_and(|name| KEYS.contains(&name)) {
                    let word = super::keywords::key_text(key);
                    let mut diagnostic = Diagnostic::error(format!(
                        "Invalid vars_prompt data structure, found unsupported key '{word}'"
                    ))
                    .at(file.span(key), "no such key");
                    diagnostic.help =
                        crate::diagnostic::suggest::nearest(&word, KEYS).map(|near| format!("did you mean `{near}`?"));
                    self.refuse(diagnostic);
                }
            }
            let options = file.dict(mapping);
            options.remove("name");
            prompts.push(VarsPrompt { name: file.value(name), options });
        }
        prompts
    }

    /// Refuses values that Ansible checks when a play is reached, where they are no templates.
    fn static_values(&mut self, file: &File, mapping: &Mapping) {
        for (key, value) in &mapping.entries {
            let Some(keyword) = key.as_str().and_then(keyword::find) else { continue };
            let checked =
                ["gather_facts", "gather_timeout", "force_handlers", "max_fail_percentage", "gather_subset", "order"];
            if !checked.contains(&keyword.name) || value.is_null() {
                continue;
            }
            let value_ = file.value(value);
            if super::vars::is_template(&value_) {
                continue;
            }
            if let Err(message) = keyword.isa.check(&value_) {
                self.refuse(
                    Diagnostic::error(format!("Error processing keyword '{}': {message}", keyword.name))
                        .at(file.span(value), keyword.isa.wanted()),
                );
            }
        }
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Str(text) => text.as_str().to_owned(),
        other => format!("{other:?}"),
    }
}
