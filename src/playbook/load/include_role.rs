//! `include_role` and `import_role`.

use std::rc::Rc;

use jinja::{Dict, Value};
use yaml::{Mapping, Node};

use super::{Included, Loader, PARSER_ERROR, Refused, block::Place, file::File, include::Apply, role::Use};
use crate::{
    diagnostic::{Diagnostic, Span},
    playbook::{Block, Directives, Entry, FromFiles, IncludeRole, Kind, LoadedRole, Task, isa::boolean},
};

/// What `include_role` asks for, rendered.
#[derive(Default)]
pub struct RoleRequest {
    /// `name`
    pub name: String,
    /// `tasks_from`
    pub tasks_from: Option<String>,
    /// `vars_from`
    pub vars_from: Option<String>,
    /// `defaults_from`
    pub defaults_from: Option<String>,
    /// `handlers_from`
    pub handlers_from: Option<String>,
    /// `public`
    pub public: Option<bool>,
    /// `allow_duplicates`
    pub allow_duplicates: Option<bool>,
    /// `rolespec_validate`
    pub rolespec_validate: Option<bool>,
}

impl Loader {
    /// `include_role` and `import_role`.
    pub(super) fn role_task(
        &mut self,
        file: &File,
        node: &Node,
        mapping: &Mapping,
        mut task: Task,
        entries: &mut Vec<Entry>,
    ) {
        const OPTIONS: [&str; 10] = [
            "name",
            "role",
            "tasks_from",
            "vars_from",
            "defaults_from",
            "handlers_from",
            "apply",
            "public",
            "allow_duplicates",
            "rolespec_validate",
        ];
        let name = task.action.name.as_str().to_owned();
        let import = &*task.action.short == "import_role";
        let place_node =
            mapping.entries.iter().find(|(key, _)| key.as_str() == Some(&name)).map_or(node, |(key, _)| key);
        if task.is_handler {
            self.refuse(
                Diagnostic::error(format!("Using '{name}' as a handler is not supported."))
                    .at(file.span(place_node), ""),
            );
            return;
        }
        let args = task.action.args.clone();
        let Some(role_name) = args.raw("name").or_else(|| args.raw("role")) else {
            self.refuse(
                Diagnostic::error(format!("'name' is a required field for {name}."))
                    .at(file.span(place_node), "which role?"),
            );
            return;
        };
        if !self.only_options(file, place_node, mapping, &task, &OPTIONS) {
            return;
        }
        let mut good = true;
        let [tasks, vars, defaults, handlers] =
            ["tasks_from", "vars_from", "defaults_from", "handlers_from"].map(|option| match args.raw(option) {
                None => None,
                Some(text @ Value::Str(_)) => Some(text),
                Some(_) => {
                    let value = mapping.get(&name).and_then(Node::as_mapping).and_then(|args| args.get(option));
                    let value = value.unwrap_or(place_node);
                    self.refuse(
                        Diagnostic::error(format!(
                            "Expected a string for {option} but got {} instead",
                            value.type_name()
                        ))
                        .at(file.span(value), "this should be text"),
                    );
                    good = false;
                    None
                }
            });
        let Some(apply): Option<Apply> = self.apply(file, place_node, mapping, &task, !import) else { return };
        if !good {
            return;
        }
        let from_files = FromFiles { tasks, vars, defaults, handlers };
        let include = Rc::new(IncludeRole {
            name: role_name,
            from_files,
            public: args.raw("public"),
            allow_duplicates: args.raw("allow_duplicates"),
            rolespec_validate: args.raw("rolespec_validate"),
            apply,
        });
        if !import {
            task.kind = Kind::IncludeRole(include);
            entries.push(Entry::Task(Rc::new(task)));
            return;
        }
        if task.loop_.is_some() {
            self.refuse(
                Diagnostic::error(
                    "You cannot use loops on 'import_role' statements. You should use 'include_role' instead.",
                )
                .at(file.span(place_node), "an import is done once, before the run"),
            );
            return;
        }
        let Some(request) = self.import_request(file, place_node, &task, &include) else { return };
        let args_node = mapping.get(&name).and_then(Node::as_mapping);
        let name_node = args_node.and_then(|args| args.get("name").or_else(|| args.get("role"))).unwrap_or(place_node);
        task.kind = Kind::ImportRole(Rc::clone(&include));
        let span = Some(file.span(name_node));
        if let Some((role, blocks)) = self.included_role(request, task, &include.from_files, None, span) {
            self.brought.handlers.extend(role.handlers());
            self.brought.roles.push(role);
            entries.extend(blocks.into_iter().map(Entry::Block));
        }
    }

    /// The options of an `import_role`, rendered with what is known before the run.
    fn import_request(&mut self, file: &File, place: &Node, task: &Task, include: &IncludeRole) -> Option<RoleRequest> {
        let vars = self.task_vars(task);
        let templates = Rc::clone(&self.templates);
        let mut problem = None;
        let mut render = |value: &Option<Value>| -> Option<Value> {
            let value = value.as_ref()?;
            if !super::vars::is_template(value) {
                return Some(value.clone());
            }
            match templates.render(value, &vars) {
                Ok(value) => Some(value),
                Err(message) => {
                    problem.get_or_insert(message);
                    None
                }
            }
        };
        let text = |value: Option<Value>| match value {
            Some(Value::Str(text)) => Some(text.as_str().to_owned()),
            Some(Value::None) | None => None,
            Some(other) => Some(format!("{other:?}")),
        };
        let request = RoleRequest {
            name: text(render(&Some(include.name.clone()))).unwrap_or_default(),
            tasks_from: text(render(&include.from_files.tasks)),
            vars_from: text(render(&include.from_files.vars)),
            defaults_from: text(render(&include.from_files.defaults)),
            handlers_from: text(render(&include.from_files.handlers)),
            public: render(&include.public).as_ref().and_then(boolean),
            allow_duplicates: render(&include.allow_duplicates).as_ref().and_then(boolean),
            rolespec_validate: render(&include.rolespec_validate).as_ref().and_then(boolean),
        };
        if let Some(message) = problem {
            self.fail(Diagnostic::error(message).at(file.span(place), "this name must be known before the run"));
            return None;
        }
        Some(request)
    }

    /// A role beneath the task that includes or imports it.
    fn included_role(
        &mut self,
        request: RoleRequest,
        task: Task,
        from_files: &FromFiles,
        apply: Option<&Rc<Directives>>,
        span: Option<Span>,
    ) -> Option<(LoadedRole, Vec<Rc<Block>>)> {
        let play = Rc::clone(task.play());
        let found = self.find_role(&request.name, &play, None, span.as_ref())?;
        let mut task = task;
        task.included = Some(Rc::from(&*found.path.to_string_lossy()));
        let is_static = task.is_static_import();
        let include = Rc::new(task);
        let place = Place {
            play,
            parent: self.parent_for(&include, apply),
            role: include.role.clone(),
            handlers: false,
            when: Vec::new(),
        };
        let usage = Use {
            request,
            from_files: from_files.clone(),
            directives: Directives { vars: include.directives.vars.clone(), ..Directives::default() },
            params: Dict::new(),
            from_include: true,
            is_static,
            span,
            beside: None,
            parent: include.role.clone(),
        };
        let role = self.found_role(usage, found, &place)?;
        let blocks = role.tasks();
        Some((role, blocks))
    }

    /// Loads the role that an `include_role` names. `include` is the task as it was met (see [`Task::met`]; its target
    /// is not used here).
    ///
    /// # Errors
    ///
    /// The role is not there or is wrong.
    pub fn load_role(&mut self, request: RoleRequest, include: &Task) -> Result<Included, Refused> {
        let Kind::IncludeRole(options) = &include.kind else {
            return Err(Refused {
                diagnostics: vec![Diagnostic::error("only include_role includes a role")],
                exit_code: PARSER_ERROR,
            });
        };
        let apply = match &options.apply {
            Some(Err(errors)) => return Err(Refused { diagnostics: errors.clone(), exit_code: PARSER_ERROR }),
            Some(Ok(apply)) => Some(Rc::clone(apply)),
            None => None,
        };
        let from = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
        let from_files = FromFiles {
            tasks: from(&request.tasks_from),
            vars: from(&request.vars_from),
            defaults: from(&request.defaults_from),
            handlers: from(&request.handlers_from),
        };
        let span = include.span.clone();
        let found = self.included_role(request, include.clone(), &from_files, apply.as_ref(), span);
        let mut included = Included::default();
        let brought = std::mem::take(&mut self.brought);
        if let Some((role, blocks)) = found {
            included.blocks = blocks;
            included.handlers = role.handlers();
            included.roles.push(role);
        }
        included.roles.extend(brought.roles);
        included.handlers.extend(brought.handlers);
        self.finish(included)
    }
}
