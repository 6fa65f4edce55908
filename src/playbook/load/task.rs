//! A task or handler from its mapping.

use std::rc::Rc;

use jinja::{Key, Str, Value};
use yaml::{Mapping, Node};

use super::{
    Loader,
    action::Parsed,
    file::{File, this_is},
    keywords::{invalid_variable_name, is_variable_name, key_text, listed_written},
};
use crate::{
    collection,
    diagnostic::Diagnostic,
    playbook::{
        BlockScope, Kind, Loop, LoopControl, LoopKind, Task, Written,
        keyword::{self, On},
    },
};

/// What Ansible calls a task, by what it does.
pub(super) fn class_of(short: &str, handler: bool) -> &'static str {
    match (short, handler) {
        ("include_tasks" | "import_tasks", false) => "TaskInclude",
        ("include_tasks" | "import_tasks", true) => "HandlerTaskInclude",
        ("include_role" | "import_role", _) => "IncludeRole",
        (_, false) => "Task",
        (_, true) => "Handler",
    }
}

impl Loader {
    /// A task with everything but what its kind of action needs (see `include.rs`).
    pub(super) fn plain_task(
        &mut self,
        file: &File,
        node: &Node,
        mapping: &Mapping,
        parsed: Parsed,
        scope: &Rc<BlockScope>,
    ) -> Task {
        let Parsed { action, local, key: action_key } = parsed;
        let short = Rc::clone(&action.short);
        let class = class_of(&short, scope.handlers);
        let on = if scope.handlers { On::HANDLER } else { On::TASK };
        let restricted = matches!(&*short, "include_tasks" | "include_role");
        let mut task = Task::new(self.ids.next(), action, Kind::Plain, scope);
        task.span = Some(file.span(node));
        task.directives = self.directives(file, node, mapping, class, on);
        if local {
            task.directives.delegate_to = Some(Value::from("localhost").into());
        }

        for (key, value) in &mapping.entries {
            let name = key.as_str().unwrap_or_default();
            if action_key.as_ref().is_some_and(|action| action.span == key.span && action.as_str() == key.as_str()) {
                continue;
            }
            let lookup = name.strip_prefix("with_");
            if let Some(lookup) =
                lookup.filter(|name| collection::is_lookup(name) || self.python_lookup(name).is_some())
            {
                self.with_loop(file, &mut task, mapping, key, value, lookup);
                continue;
            }
            if !keyword::is_known(name, on) {
                self.unknown_keyword(file, key, class, on);
                continue;
            }
            if restricted && !keyword::is_known(name, On::INCLUDE) && !(scope.handlers && name == "listen") {
                let cure = match name {
                    "become" | "delegate_to" | "environment" | "notify" | "check_mode" => {
                        format!("to give `{name}` to what is included, put it under `apply:` of the include")
                    }
                    _ => format!("`{short}` does not take `{name}`"),
                };
                self.refuse(
                    Diagnostic::error(format!("'{name}' is not a valid attribute for a {class}"))
                        .at(file.span(key), "not for an include")
                        .help(cure),
                );
                continue;
            }
            self.task_keyword(file, node, &mut task, key, value);
        }
        task
    }

    fn task_keyword(&mut self, file: &File, node: &Node, task: &mut Task, key: &Node, value: &Node) {
        let plain = || Some(file.written(value));
        match key.as_str().unwrap_or_default() {
            "loop" if !value.is_null() && task.loop_.is_none() => {
                task.loop_ = Some(Loop { kind: LoopKind::Loop, value: file.written(value) });
            }
            "loop_control" => task.loop_control = self.loop_control(file, value),
            "register" => task.register = self.register(file, node, key, value),
            "until" => task.until = listed_written(file, value),
            "retries" => task.retries = plain(),
            "delay" => task.delay = plain(),
            "changed_when" => task.changed_when = conditions(file, value),
            "failed_when" => task.failed_when = conditions(file, value),
            "async" | "async_val" => task.async_ = plain(),
            "poll" => task.poll = plain(),
            "listen" => task.listen = self.listen(file, task, value),
            _ => {}
        }
    }

    fn with_loop(&mut self, file: &File, task: &mut Task, mapping: &Mapping, key: &Node, value: &Node, lookup: &str) {
        // `loop` counts wherever it stands: Ansible meets it twice.
        let other = mapping.entries.iter().find(|(other, _)| {
            other.span != key.span
                && other
                    .as_str()
                    .is_some_and(|name| name == "loop" || name.strip_prefix("with_").is_some_and(collection::is_lookup))
        });
        if let Some((other, _)) = other
            && (task.loop_.is_some() || other.as_str() == Some("loop"))
        {
            self.fail(
                Diagnostic::error(format!("duplicate loop in task: {lookup}"))
                    .at(file.span(key), "a second loop")
                    .at(file.span(other), "the first")
                    .help("a task has one loop; put the other into an included file of tasks"),
            );
            return;
        }
        if value.is_null() {
            self.fail(
                Diagnostic::error(format!("you must specify a value when using {}", key_text(key)))
                    .at(file.span(key), "nothing to go over"),
            );
            return;
        }
        task.loop_ = Some(Loop { kind: LoopKind::With(Rc::from(lookup)), value: file.written(value) });
    }

    fn loop_control(&mut self, file: &File, value: &Node) -> LoopControl {
        let mut found = LoopControl::default();
        let Some(mapping) = value.as_mapping() else {
            self.refuse(
                Diagnostic::error(
                    "the `loop_control` value must be specified as a dictionary and cannot be a variable itself (though \
                     it can contain variables)",
                )
                .at(file.span(value), this_is(value)),
            );
            return found;
        };
        for (key, value) in &mapping.entries {
            let plain = || Some(file.written(value));
            match key.as_str().unwrap_or_default() {
                "loop_var" => found.loop_var = plain(),
                "index_var" => found.index_var = plain(),
                "label" => found.label = plain(),
                "pause" => found.pause = plain(),
                "extended" => found.extended = plain(),
                "extended_allitems" => found.extended_allitems = plain(),
                "break_when" => found.break_when = listed_written(file, value),
                _ => self.unknown_keyword(file, key, "LoopControl", On::LOOP_CONTROL),
            }
        }
        found
    }

    fn register(&mut self, file: &File, node: &Node, key: &Node, value: &Node) -> Option<Str> {
        if value.is_null() {
            return None;
        }
        if value.as_mapping().is_some() || value.as_sequence().is_some() {
            self.not_text(file, node, key, value);
            return None;
        }
        match value.as_str() {
            Some(name) if is_variable_name(name) => Some(file.text(value, name)),
            _ => {
                let mut diagnostic = invalid_variable_name(file, value);
                diagnostic.message = format!("Invalid 'register' specified: {}", diagnostic.message);
                self.refuse(diagnostic);
                None
            }
        }
    }

    /// A handler's topics; in a role, also with the role's name before them.
    fn listen(&mut self, file: &File, task: &Task, value: &Node) -> Vec<Rc<str>> {
        let topics: Vec<Rc<str>> = self
            .texts(file, "listen", value)
            .unwrap_or_default()
            .iter()
            .filter_map(|topic| match topic {
                Value::Str(text) => Some(text.shared()),
                _ => None,
            })
            .collect();
        let mut all = topics.clone();
        if let Some(role) = &task.role {
            for topic in &topics {
                all.push(Rc::from(format!("{} : {topic}", role.full_name())));
                all.push(Rc::from(format!("{} : {topic}", role.name)));
            }
        }
        all
    }
}

/// `changed_when` and `failed_when`: one condition or a list, null being a condition too.
fn conditions(file: &File, value: &Node) -> Vec<Written> {
    match value.as_sequence() {
        Some(items) => items.iter().map(|item| file.written(item)).collect(),
        None => vec![file.written(value)],
    }
}

/// A key for a dict from text.
pub(super) fn key(text: &str) -> Key {
    Key::from(Str::new(text))
}
