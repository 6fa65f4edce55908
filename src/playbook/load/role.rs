//! Roles: read, with their dependencies.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    rc::Rc,
};

use jinja::{Dict, Value};
use yaml::Node;

use super::{
    Loader,
    block::Place,
    file::{File, this_is},
    include_role::RoleRequest,
    role_files::Found,
    task::key,
};
use crate::{
    diagnostic::{Diagnostic, Span},
    playbook::{
        Action, Block, Directives, FromFiles, Kind, LoadedRole, RoleInstance, Task,
        compile::role_complete,
        keyword::{self, On},
        role::Exports,
    },
};

/// One use of a role, before it is found.
pub(super) struct Use {
    pub(super) request: RoleRequest,
    pub(super) from_files: FromFiles,
    pub(super) directives: Directives,
    pub(super) params: Dict,
    pub(super) from_include: bool,
    pub(super) is_static: bool,
    /// The place of the role's name.
    pub(super) span: Option<Span>,
    /// The directory beside which a role with dependencies looks for them.
    pub(super) beside: Option<PathBuf>,
    pub(super) parent: Option<Rc<RoleInstance>>,
}

impl Loader {
    /// `roles:` of a play.
    pub(super) fn roles(&mut self, file: &File, value: &Node, place: &Place) -> Vec<LoadedRole> {
        if value.is_null() {
            return Vec::new();
        }
        let Some(items) = value.as_sequence() else {
            self.refuse(
                Diagnostic::error("A malformed role declaration was encountered.")
                    .at(file.span(value), format!("this should be a list, {}", this_is(value)))
                    .help("begin each role with a dash"),
            );
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

    fn role(&mut self, usage: Use, place: &Place) -> Option<LoadedRole> {
        let found = self.find_role(&usage.request.name, &place.play, usage.beside.as_deref(), usage.span.as_ref())?;
        self.found_role(usage, found, place)
    }

    /// Reads a role that was found.
    pub(super) fn found_role(&mut self, usage: Use, found: Found, place: &Place) -> Option<LoadedRole> {
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
        self.plugins_beside(path);
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
        let first = place.play.roles.borrow().iter().find(|other| role.is_same(other)).map(|other| other.same_as);
        role.same_as = first.unwrap_or(role.id);
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
                task.directives.name = Some(Value::from(name).into());
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
