//! Roles: found, read, with their dependencies.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    rc::Rc,
};

use jinja::{Dict, Value};
use yaml::{Mapping, Node};

use super::{
    Included, Loader, PARSER_ERROR, Refused,
    action::overlay,
    block::Place,
    file::{File, this_is},
    include::Apply,
    task::key,
};
use crate::{
    collection,
    diagnostic::{Diagnostic, Span},
    playbook::{
        Action, Block, Directives, Entry, FromFiles, IncludeRole, Kind, LoadedRole, PlayScope, RoleInstance, Task,
        compile::role_complete,
        isa::boolean,
        keyword::{self, On},
        role::Exports,
    },
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

/// One use of a role, before it is found.
struct Use {
    request: RoleRequest,
    from_files: FromFiles,
    directives: Directives,
    params: Dict,
    from_include: bool,
    is_static: bool,
    /// The place of the role's name.
    span: Option<Span>,
    /// The directory beside which a role with dependencies looks for them.
    beside: Option<PathBuf>,
    parent: Option<Rc<RoleInstance>>,
}

/// Where a role was found.
struct Found {
    name: String,
    path: PathBuf,
    collection: Option<String>,
}

impl Loader {
    /// `roles:` of a play.
    pub(super) fn roles(&mut self, file: &File, key: &Node, value: &Node, place: &Place) -> Vec<LoadedRole> {
        if value.is_null() {
            return Vec::new();
        }
        let Some(items) = value.as_sequence() else {
            self.refuse(
                Diagnostic::error("A malformed role declaration was encountered.")
                    .at(file.span(value), format!("this should be a list, {}", this_is(value)))
                    .help("begin each role with a dash"),
            );
            let _ = key;
            return Vec::new();
        };
        items.iter().filter_map(|item| self.role_line(file, item, place, None)).collect()
    }

    /// A line of `roles:` or of `dependencies:`.
    fn role_line(
        &mut self,
        file: &File,
        node: &Node,
        place: &Place,
        dependent: Option<&Rc<RoleInstance>>,
    ) -> Option<LoadedRole> {
        let mut directives = Directives::default();
        let params = Dict::new();
        let mut name_node = node;
        let name = match (node.as_mapping(), node.as_scalar()) {
            (Some(mapping), _) => {
                directives = self.directives(file, node, mapping, "RoleInclude", On::ROLE);
                directives.name = None;
                for (key, value) in &mapping.entries {
                    let known = key.as_str().is_some_and(|name| keyword::is_known(name, On::ROLE));
                    // What is not a keyword is a parameter, but for what Galaxy reads in dependencies.
                    if !known && let Ok(key) = jinja::Key::new(file.value(key)) {
                        params.insert(key, file.value(value));
                    }
                }
                let source = dependent.and_then(|_| mapping.get("src"));
                let found = mapping.get("role").or_else(|| mapping.get("name")).filter(|name| name.as_str().is_some());
                if let Some(name) = found {
                    name_node = name;
                    file.value(name)
                } else if let Some(source) = source.and_then(Node::as_str) {
                    Value::from(galaxy_name(source))
                } else {
                    self.fail(
                        Diagnostic::error("role definitions must contain a role name")
                            .at(file.span(node), "`role:` is missing here"),
                    );
                    return None;
                }
            }
            (None, Some(scalar)) if !node.is_null() => {
                if scalar.text.contains(',') {
                    self.fail(
                        Diagnostic::error(format!("Invalid old style role requirement: {}", scalar.text))
                            .at(file.span(node), "")
                            .help("write it as a mapping: `role: NAME`, parameters as keys beside it"),
                    );
                    return None;
                }
                Value::Str(file.text(node, &scalar.text))
            }
            _ => {
                self.refuse(Diagnostic::error("Invalid role definition.").at(file.span(node), this_is(node)));
                return None;
            }
        };
        let name = match self.render_at(&name, place) {
            Ok(Value::Str(name)) => name.as_str().to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(message) => {
                self.fail(
                    Diagnostic::error(message).at(file.span(name_node), "this name must be known before the run"),
                );
                return None;
            }
        };
        directives.when.splice(0..0, place.when.iter().cloned());
        let usage = Use {
            request: RoleRequest { name, ..RoleRequest::default() },
            from_files: FromFiles::default(),
            directives,
            params,
            from_include: false,
            is_static: dependent.is_none_or(|role| role.is_static),
            span: Some(file.span(name_node)),
            beside: dependent.and_then(|role| Path::new(&*role.path).parent().map(Path::to_owned)),
            parent: dependent.cloned(),
        };
        let within = Place { when: Vec::new(), ..place.clone() };
        self.role(usage, &within)
    }

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

    fn role(&mut self, usage: Use, place: &Place) -> Option<LoadedRole> {
        let found = self.find_role(&usage.request.name, &place.play, usage.beside.as_deref(), usage.span.as_ref())?;
        self.found_role(usage, found, place)
    }

    /// Reads a role that was found.
    fn found_role(&mut self, usage: Use, found: Found, place: &Place) -> Option<LoadedRole> {
        let open = format!("role {} {}", found.path.display(), usage.request.tasks_from.as_deref().unwrap_or("main"));
        if self.open.contains(&open) {
            let mut diagnostic = Diagnostic::error(
                "A recursion loop was detected with the roles specified. Make sure child roles do not have dependencies \
                 on parent roles",
            );
            if let Some(span) = usage.span {
                diagnostic = diagnostic.at(span, "this comes back to a role that is being loaded");
            }
            self.fail(diagnostic);
            return None;
        }
        self.open.push(open);
        let loaded = self.read_role(usage, &found, place);
        self.open.pop();
        loaded
    }

    fn read_role(&mut self, usage: Use, found: &Found, place: &Place) -> Option<LoadedRole> {
        let request = &usage.request;
        let path = found.path.as_path();
        let vars = self.role_vars(found, "vars", request.vars_from.as_deref());
        let defaults = self.role_vars(found, "defaults", request.defaults_from.as_deref());
        let meta = self.role_file(found, "meta", None);
        let meta = meta.and_then(|file| self.role_meta(found, &file).then_some(file));
        let mapping = meta.as_ref().and_then(|file| file.root.as_mapping());

        let specs = self.argument_specs(found, meta.as_ref());
        let public = usage.request.public.unwrap_or(match self.options.private_role_vars {
            Some(private) => !private,
            None => usage.is_static,
        });
        let allow_duplicates = if usage.from_include {
            request.allow_duplicates.unwrap_or(true)
        } else {
            mapping
                .and_then(|mapping| mapping.get("allow_duplicates"))
                .zip(meta.as_ref())
                .is_some_and(|(node, file)| file.value(node).truthy().unwrap_or(false))
        };
        let mut role = RoleInstance {
            id: self.ids.next(),
            same_as: 0,
            name: Rc::from(found.name.as_str()),
            path: Rc::from(&*path.to_string_lossy()),
            collection: found.collection.as_deref().map(Rc::from),
            directives: usage.directives,
            params: usage.params,
            defaults,
            vars,
            parent: usage.parent,
            allow_duplicates,
            public,
            from_include: usage.from_include,
            is_static: usage.is_static,
            from_files: usage.from_files,
            argument_specs: specs,
            span: usage.span,
            dependencies: OnceCell::new(),
        };
        let first = place
            .play
            .roles
            .borrow()
            .iter()
            .find(|other| role.is_same(other))
            .map(|other| (other.same_as, other.allow_duplicates));
        role.same_as = first.map_or(role.id, |(id, _)| id);
        if let Some((_, allow)) = first {
            role.allow_duplicates = allow;
        }
        let role = Rc::new(role);

        let mut dependencies = Vec::new();
        if let (Some(file), Some(list)) = (&meta, mapping.and_then(|mapping| mapping.get("dependencies"))) {
            let within = Place { role: Some(Rc::clone(&role)), handlers: false, ..place.clone() };
            match list.as_sequence() {
                Some(items) => {
                    dependencies
                        .extend(items.iter().filter_map(|item| self.role_line(file, item, &within, Some(&role))));
                }
                None if list.is_null() => {}
                None => self.refuse(
                    Diagnostic::error("Expected role dependencies to be a list.").at(file.span(list), this_is(list)),
                ),
            }
        }
        let exports = dependencies.iter().flat_map(LoadedRole::exports).collect();
        // Filled once, here.
        let _ = role.dependencies.set(exports);
        if first.is_none() {
            place.play.roles.borrow_mut().push(Rc::clone(&role));
        }
        Some(self.role_parts(role, dependencies, found, &usage.request, place))
    }

    /// The tasks and handlers of a role.
    fn role_parts(
        &mut self,
        role: Rc<RoleInstance>,
        dependencies: Vec<LoadedRole>,
        found: &Found,
        request: &RoleRequest,
        place: &Place,
    ) -> LoadedRole {
        let within = Place { role: Some(Rc::clone(&role)), handlers: false, when: Vec::new(), ..place.clone() };
        let mut own_tasks = Vec::new();
        let entry = request.tasks_from.clone().unwrap_or_else(|| "main".to_owned());
        if request.rolespec_validate.unwrap_or(true)
            && let Some(Value::Dict(spec)) = role.argument_specs.raw(&entry)
            && !spec.is_empty()
        {
            own_tasks.push(self.validation(&role, &entry, &spec, &within));
        }
        own_tasks.extend(self.role_list(found, "tasks", request.tasks_from.as_deref(), &within));
        let completed = role_complete(&role, &place.play, place.parent.clone(), &self.ids);
        own_tasks.push(Rc::new(completed));
        let within = Place { handlers: true, ..within };
        let own_handlers = self.role_list(found, "handlers", request.handlers_from.as_deref(), &within);
        LoadedRole { role, dependencies, own_tasks, own_handlers }
    }

    fn role_list(&mut self, found: &Found, folder: &str, from: Option<&str>, place: &Place) -> Vec<Rc<Block>> {
        let Some(file) = self.role_file(found, folder, from) else { return Vec::new() };
        match self.blocks(&file, &file.root, place) {
            Ok(blocks) => blocks,
            Err(_) => {
                self.refuse(
                    Diagnostic::error(format!(
                        "The {folder}/main.yml file for role '{}' must contain a list of tasks.",
                        found.name
                    ))
                    .at(file.span(&file.root), this_is(&file.root)),
                );
                Vec::new()
            }
        }
    }

    /// The task that checks a role's arguments.
    fn validation(&self, role: &Rc<RoleInstance>, entry: &str, spec: &Dict, place: &Place) -> Rc<Block> {
        let mut name = format!("Validating arguments against arg spec '{entry}'");
        if let Some(Value::Str(text)) = spec.raw("short_description") {
            name.push_str(" - ");
            name.push_str(text.as_str());
        }
        let context = Dict::new();
        for (option, value) in
            [("type", "role"), ("name", &*role.name), ("argument_spec_name", entry), ("path", &*role.path)]
        {
            context.insert(key(option), Value::from(value));
        }
        let args = Dict::new();
        args.insert("argument_spec", spec.raw("options").unwrap_or_else(|| Value::Dict(Dict::new())));
        args.insert("provided_arguments", Value::Dict(role.params.clone()));
        args.insert("validate_args_context", Value::Dict(context));
        let action = Action {
            name: jinja::Str::new("ansible.builtin.validate_argument_spec"),
            short: Rc::from("validate_argument_spec"),
            fqcn: Rc::from("ansible.builtin.validate_argument_spec"),
            args,
            variable_args: None,
        };
        let id = self.ids.next();
        self.block_of(
            |scope| {
                let mut task = Task::new(id, action, Kind::Plain, scope);
                task.directives.name = Some(Value::from(name));
                task.directives.tags = vec![Value::from("always")];
                task
            },
            place,
        )
    }

    /// Checks a role's `meta/main.yml`; whether it can be used.
    fn role_meta(&mut self, found: &Found, file: &File) -> bool {
        if file.root.is_null() {
            return false;
        }
        let Some(mapping) = file.root.as_mapping() else {
            self.refuse(
                Diagnostic::error(format!("the 'meta/main.yml' for role {} is not a dictionary", found.full_name()))
                    .at(file.span(&file.root), this_is(&file.root)),
            );
            return false;
        };
        for (key, _) in &mapping.entries {
            if !key.as_str().is_some_and(|name| keyword::is_known(name, On::ROLE_META)) {
                self.unknown_keyword(file, key, "RoleMetadata", On::ROLE_META);
            }
        }
        true
    }

    /// `meta/argument_specs.yml`, else `argument_specs` of `meta/main.yml`.
    fn argument_specs(&mut self, found: &Found, meta: Option<&File>) -> Dict {
        let own = [".yml", ".yaml", ".json"]
            .iter()
            .any(|suffix| found.path.join("meta").join(format!("argument_specs{suffix}")).exists());
        let file = if own { self.role_file(found, "meta", Some("argument_specs")) } else { meta.cloned() };
        file.and_then(|file| {
            let specs = file.root.as_mapping()?.get("argument_specs")?.as_mapping()?;
            Some(file.dict(specs))
        })
        .unwrap_or_default()
    }

    /// A role's variables; a directory of files is merged.
    fn role_vars(&mut self, found: &Found, folder: &str, from: Option<&str>) -> Dict {
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

    fn role_file(&mut self, found: &Found, folder: &str, from: Option<&str>) -> Option<File> {
        let path = self.role_files(found, folder, from, false).into_iter().next()?;
        self.role_read(&path)
    }

    fn role_read(&mut self, path: &Path) -> Option<File> {
        match self.read(path) {
            Ok(file) => Some(file),
            Err(diagnostic) => {
                self.refuse(*diagnostic);
                None
            }
        }
    }

    /// The files of a folder of a role: `main` or what stands in for it.
    fn role_files(&mut self, found: &Found, folder: &str, from: Option<&str>, whole_directories: bool) -> Vec<PathBuf> {
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
        let root = super::file::absolute(&directory);
        files.retain(|path| {
            let inside = super::file::absolute(path).starts_with(&root);
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
    fn find_role(&mut self, name: &str, play: &PlayScope, beside: Option<&Path>, span: Option<&Span>) -> Option<Found> {
        let basedir = Path::new(&*play.basedir);
        if let Some(found) = self.collection_role(name, basedir, play) {
            return Some(found);
        }
        let mut search = vec![basedir.join("roles")];
        search.extend(self.options.roles_path.iter().cloned());
        search.extend(beside.map(Path::to_owned));
        search.push(basedir.to_owned());
        for directory in &search {
            if let Ok(path) = super::file::absolute(&directory.join(name)).canonicalize() {
                return Some(Found { name: name.to_owned(), path, collection: None });
            }
        }
        if let Ok(path) = super::file::absolute(Path::new(name)).canonicalize() {
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
        diagnostic.help = crate::diagnostic::suggest::nearest(name, known.iter().map(String::as_str))
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| Some("put the role into `roles/` beside the playbook, or set roles_path".to_owned()));
        self.fail(diagnostic);
        None
    }

    /// A role `namespace.collection.role`, or a role of a collection that the play's `collections:` names.
    fn collection_role(&self, name: &str, basedir: &Path, play: &PlayScope) -> Option<Found> {
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
    fn full_name(&self) -> String {
        match &self.collection {
            Some(collection) => format!("{collection}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl RoleInstance {
    /// Whether Ansible takes two uses for the same role.
    fn is_same(&self, other: &Self) -> bool {
        let vars =
            |role: &Self| role.directives.vars.clone().map(Value::Dict).unwrap_or_else(|| Value::Dict(Dict::new()));
        let from = |role: &Self| {
            let files = &role.from_files;
            [&files.tasks, &files.vars, &files.defaults, &files.handlers]
                .map(|file| file.clone().unwrap_or(Value::None))
        };
        self.path == other.path
            && self.from_include == other.from_include
            && self.name == other.name
            && self.collection == other.collection
            && Value::Dict(self.params.clone()) == Value::Dict(other.params.clone())
            && self.directives.when == other.directives.when
            && self.directives.tags == other.directives.tags
            && vars(self) == vars(other)
            && from(self) == from(other)
    }
}

impl LoadedRole {
    /// What this role and its dependencies give to a role that depends on it, in the order in which they run.
    fn exports(&self) -> Vec<Exports> {
        let mut all: Vec<Exports> = self.dependencies.iter().flat_map(LoadedRole::exports).collect();
        all.push(Exports {
            id: self.role.id,
            same_as: self.role.same_as,
            full_name: self.role.full_name(),
            defaults: self.role.exported_default_layers(),
            vars: self.role.exported_var_layers(),
        });
        all
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

/// The name that Galaxy gives to a role from its source.
fn galaxy_name(source: &str) -> String {
    if !source.contains("://") && !source.contains('@') {
        return source.to_owned();
    }
    let last = source.rsplit('/').next().unwrap_or(source);
    let last = last.strip_suffix(".git").unwrap_or(last);
    let last = last.strip_suffix(".tar.gz").unwrap_or(last);
    last.split(',').next().unwrap_or(last).to_owned()
}
