//! Keywords that plays, roles, blocks and tasks share, and the checks that go with them.

use jinja::{Dict, Key, Str, Value};
use yaml::{Kind, Mapping, Node};

use super::{
    Loader,
    file::{File, this_is},
};
use crate::{
    collection,
    diagnostic::{Diagnostic, suggest},
    playbook::{
        Directives, Written,
        keyword::{self, Isa, On, Status},
    },
};

/// Words that mean something else in a template.
const RESERVED: [&str; 7] = ["true", "false", "none", "True", "False", "None", "not"];

/// Whether Ansible takes a name for a variable.
pub(super) fn is_variable_name(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !RESERVED.contains(&name)
}

/// A key as Python prints it.
pub(super) fn key_text(key: &Node) -> String {
    match &key.kind {
        Kind::Scalar(scalar) => match &scalar.value {
            yaml::Resolved::Bool(true) => "True".to_owned(),
            yaml::Resolved::Bool(false) => "False".to_owned(),
            yaml::Resolved::Null => "None".to_owned(),
            yaml::Resolved::Int(number) => number.to_string(),
            _ => scalar.text.to_string(),
        },
        _ => String::new(),
    }
}

impl Loader {
    /// Refuses what is no keyword there.
    pub(super) fn unknown_keyword(&mut self, file: &File, key: &Node, class: &str, on: On) {
        let name = key_text(key);
        let suppress = match class {
            "Task" | "Handler" => {
                "\nThis error can be suppressed as a warning using the \"invalid_task_attribute_failed\" configuration"
            }
            _ => "",
        };
        let mut diagnostic = Diagnostic::error(format!("'{name}' is not a valid attribute for a {class}{suppress}"))
            .at(file.span(key), "not a keyword here");
        diagnostic.help = match name.strip_prefix("with_") {
            Some(lookup) => Some(match suggest::nearest(lookup, collection::lookups()) {
                Some(near) => format!("did you mean `with_{near}`?"),
                None => format!("there is no lookup `{lookup}`"),
            }),
            None => keyword::cure(&name, on),
        };
        if self.options.tolerate_unknown_keywords && on.has(On::TASK) {
            diagnostic.message = format!("Ignoring invalid attribute: {name}");
            diagnostic.severity = crate::diagnostic::Severity::Warning;
            self.warnings.push(diagnostic);
            return;
        }
        self.refuse(diagnostic);
    }

    /// Reads the shared keywords of a mapping. Keys that `on` does not know are refused unless `lenient`.
    pub(super) fn directives(
        &mut self,
        file: &File,
        owner: &Node,
        mapping: &Mapping,
        class: &str,
        on: On,
    ) -> Directives {
        let mut found = Directives::default();
        for (key, value) in &mapping.entries {
            let Some(name) = key.as_str() else { continue };
            let Some(keyword) = keyword::find(name).filter(|keyword| keyword.on.has(on)) else { continue };
            if keyword.isa == Isa::String
                && matches!(value.kind, Kind::Sequence(_) | Kind::Mapping(_))
                && !matches!(name, "action" | "local_action")
            {
                self.not_text(file, owner, key, value);
                continue;
            }
            if keyword.status == Status::NotYet {
                self.not_yet(file, key, &format!("The keyword `{name}`"));
            }
            self.directive(file, &mut found, name, key, value, class);
        }
        found
    }

    fn directive(&mut self, file: &File, found: &mut Directives, name: &str, key: &Node, value: &Node, class: &str) {
        let plain = || Some(file.written(value));
        match name {
            "name" => found.name = plain(),
            "vars" => found.vars = self.vars(file, value, class),
            "connection" => found.connection = plain(),
            "port" => found.port = plain(),
            "remote_user" => found.remote_user = plain(),
            "module_defaults" => found.module_defaults = self.module_defaults(file, value),
            "environment" => found.environment = listed(file, value),
            "no_log" => found.no_log = plain(),
            "run_once" => found.run_once = plain(),
            "ignore_errors" => found.ignore_errors = plain(),
            "ignore_unreachable" => found.ignore_unreachable = plain(),
            "check_mode" => found.check_mode = plain(),
            "diff" => found.diff = plain(),
            "any_errors_fatal" => found.any_errors_fatal = plain(),
            "throttle" => found.throttle = plain(),
            "timeout" => found.timeout = plain(),
            "debugger" => found.debugger = plain(),
            "become" => found.r#become = plain(),
            "become_exe" => found.become_exe = plain(),
            "become_flags" => found.become_flags = plain(),
            "become_method" => found.become_method = plain(),
            "become_user" => found.become_user = plain(),
            "when" => found.when = listed_written(file, value),
            "tags" => found.tags = self.tags(file, key, value),
            "collections" => found.collections = self.texts(file, name, value),
            "delegate_to" => found.delegate_to = plain(),
            "delegate_facts" => found.delegate_facts = plain(),
            "notify" => found.notify = plain(),
            _ => {}
        }
    }

    pub(super) fn not_text(&mut self, file: &File, owner: &Node, key: &Node, value: &Node) {
        let message = format!(
            "The field '{}' is supposed to be a string type, however the incoming data structure is a {}",
            key_text(key),
            value.type_name()
        );
        let place = if owner.span == value.span { key } else { value };
        self.refuse(Diagnostic::error(message).at(file.span(place), "this should be text"));
    }

    /// Refuses what is known and not done.
    pub(super) fn not_yet(&mut self, file: &File, place: &Node, what: &str) {
        self.refuse(
            Diagnostic::error(format!("{what} is not supported by provision yet"))
                .at(file.span(place), "ansible-core has it, provision does not")
                .help("take it out, or run this playbook with ansible-playbook"),
        );
    }

    /// `vars`: a dict with names that can be variables.
    pub(super) fn vars(&mut self, file: &File, value: &Node, class: &str) -> Option<Dict> {
        if value.is_null() {
            return Some(Dict::new());
        }
        let Some(mapping) = value.as_mapping() else {
            let mut diagnostic = Diagnostic::error(format!("Vars in a {class} must be specified as a dictionary."))
                .at(file.span(value), this_is(value));
            if let Kind::Sequence(items) = &value.kind
                && items.iter().all(|item| item.as_mapping().is_some())
            {
                diagnostic =
                    diagnostic.help("take the dashes away: `vars:` holds `name: value` pairs, not a list of them");
            }
            self.refuse(diagnostic);
            return None;
        };
        self.variable_names(file, mapping);
        Some(file.dict(mapping))
    }

    /// Refuses names that cannot be variables.
    pub(super) fn variable_names(&mut self, file: &File, mapping: &Mapping) {
        for (key, _) in &mapping.entries {
            if !key.as_str().is_some_and(is_variable_name) {
                let diagnostic = invalid_variable_name(file, key);
                self.fail(diagnostic);
            }
        }
    }

    /// `tags`: a list, or words with commas between.
    pub(super) fn tags(&mut self, file: &File, key: &Node, value: &Node) -> Vec<Value> {
        if let Some(items) = value.as_sequence() {
            return items.iter().map(|item| file.value(item)).collect();
        }
        if let Some(text) = value.as_str() {
            return text.split(',').map(|tag| Value::Str(file.text(value, tag.trim()))).collect();
        }
        let place = if value.is_null() { key } else { value };
        let mut diagnostic = Diagnostic::error("tags must be specified as a list").at(file.span(place), this_is(value));
        if let yaml::Kind::Scalar(scalar) = &value.kind
            && !value.is_null()
        {
            diagnostic = diagnostic.help(format!("write `tags: [{}]`", scalar.text));
        }
        self.fail(diagnostic);
        Vec::new()
    }

    /// A static list of text.
    pub(super) fn texts(&mut self, file: &File, name: &str, value: &Node) -> Option<Vec<Value>> {
        if value.is_null() {
            return None;
        }
        let items = match value.as_sequence() {
            Some(items) => items,
            None => std::slice::from_ref(value),
        };
        for item in items {
            if item.as_str().is_none() {
                self.refuse(
                    Diagnostic::error(format!(
                        "Keyword '{name}' items must be of type 'str', not '{}'.",
                        item.type_name()
                    ))
                    .at(file.span(item), "this should be text"),
                );
            }
        }
        Some(items.iter().map(|item| file.value(item)).collect())
    }

    fn module_defaults(&mut self, file: &File, value: &Node) -> Vec<Value> {
        if value.is_null() {
            return Vec::new();
        }
        let items = match value.as_sequence() {
            Some(items) => items,
            None => std::slice::from_ref(value),
        };
        let mut list = Vec::new();
        for item in items {
            let Some(mapping) = item.as_mapping() else {
                self.refuse(
                    Diagnostic::error(
                        "The field 'module_defaults' is supposed to be a dictionary or list of dictionaries, \
                         the keys of which must be static action, module, or group names. Only the values may contain \
                         templates. For example: {'ping': \"{{ ping_defaults }}\"}",
                    )
                    .at(file.span(item), this_is(item)),
                );
                continue;
            };
            let dict = Dict::new();
            for (key, defaults) in &mapping.entries {
                if let Some(name) = self.defaults_of(file, key) {
                    dict.insert(Key::from(Str::new(name)), file.value(defaults));
                }
            }
            list.push(Value::Dict(dict));
        }
        list
    }

    /// The full name of what `module_defaults` are for.
    fn defaults_of(&mut self, file: &File, key: &Node) -> Option<String> {
        let name = key_text(key);
        if let Some(group) = name.strip_prefix("group/") {
            let group =
                if group.split('.').count() < 3 { format!("ansible.builtin.{group}") } else { group.to_owned() };
            self.refuse(
                Diagnostic::error(format!(
                    "Error loading module_defaults: could not resolve the module_defaults group {group}"
                ))
                .at(file.span(key), "no such group")
                .help("name the modules themselves"),
            );
            return None;
        }
        if let Some(full) = collection::resolve(&name).fqcn() {
            return Some(full);
        }
        let full = if name.split('.').count() < 3 { format!("ansible.legacy.{name}") } else { name.clone() };
        let mut diagnostic = Diagnostic::error(format!("Could not resolve action {full} in module_defaults"))
            .at(file.span(key), "no such module");
        diagnostic.help = suggest::nearest(&name, collection::names()).map(|near| format!("did you mean `{near}`?"));
        self.refuse(diagnostic);
        None
    }
}

/// One value or a list of them.
pub(super) fn listed(file: &File, value: &Node) -> Vec<Value> {
    listed_written(file, value).into_iter().map(|written| written.value).collect()
}

/// The same, with their places.
pub(super) fn listed_written(file: &File, value: &Node) -> Vec<Written> {
    match value.as_sequence() {
        Some(items) => items.iter().filter(|item| !item.is_null()).map(|item| file.written(item)).collect(),
        None if value.is_null() => Vec::new(),
        None => vec![file.written(value)],
    }
}

pub(super) fn invalid_variable_name(file: &File, name: &Node) -> Diagnostic {
    let described = match &name.kind {
        Kind::Scalar(_) if name.as_str().is_some() => format!("name '{}'", key_text(name)),
        Kind::Scalar(_) => format!("name '{}' of type '{}'", key_text(name), name.type_name()),
        _ => format!("of type '{}'", name.type_name()),
    };
    Diagnostic::error(format!("Invalid variable {described}.")).at(file.span(name), "not a variable's name").help(
        "Variable names must be strings starting with a letter or underscore character, and contain only letters, \
         numbers and underscores.",
    )
}
