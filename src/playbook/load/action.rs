//! What a task does, from all the forms in which it can be written.

use jinja::{Dict, Key, Value};
use yaml::{Kind, Mapping, Node, Tag};

use super::{
    Loader,
    file::{File, this_is},
    keywords::key_text,
};
use crate::{
    collection::{self, Resolution},
    diagnostic::{Diagnostic, suggest},
    playbook::{
        Action,
        arguments::{SplitError, parse_kv, split_args},
        keyword::{self, On},
    },
};

/// Modules that take a command as free text.
const FREE_FORM: [&str; 6] = ["command", "raw", "script", "shell", "win_command", "win_shell"];

/// An action and what its form says beside.
pub(super) struct Parsed {
    pub(super) action: Action,
    /// `local_action`: on the control node.
    pub(super) local: bool,
    /// The key that named it; none for `action:` and `local_action:`.
    pub(super) key: Option<Node>,
}

/// Whether a key of a task is neither a keyword nor a loop, so that it names a module.
fn names_action(name: &str) -> bool {
    let keyword = keyword::find(name).is_some_and(|keyword| keyword.on.has(On::HANDLER) || keyword.on.has(On::TASK));
    !keyword && !name.starts_with("with_") && !matches!(name, "local_action" | "static")
}

/// The short name of the built-in action that the task names, if it names one, keywords apart.
pub(super) fn is_one_of(name: &str, names: &[&str]) -> bool {
    collection::short_name(name).is_some_and(|short| names.contains(&short))
}

impl Loader {
    /// The action of a task; `None` where it has none that can be used, which has then been said.
    pub(super) fn action(&mut self, file: &File, task: &Node, mapping: &Mapping) -> Option<Parsed> {
        let additional = self.additional_args(file, mapping);
        let old_style = ["action", "local_action"].map(|name| mapping.entry(name));
        let candidates: Vec<&(Node, Node)> =
            mapping.entries.iter().filter(|(key, _)| key.as_str().is_none_or(names_action)).collect();

        if let [Some(_), Some((key, _))] = old_style {
            self.refuse(
                Diagnostic::error("action and local_action are mutually exclusive")
                    .at(file.span(task), "")
                    .at(file.span(key), "this one or the other"),
            );
            return None;
        }
        let old = old_style.into_iter().flatten().next();
        let named: Vec<(&Node, String)> = old
            .map(|(key, value)| {
                (key, value.as_str().and_then(|text| text.split(' ').next()).unwrap_or_default().to_owned())
            })
            .into_iter()
            .chain(candidates.iter().map(|(key, _)| (key, key_text(key))))
            .collect();
        match (named.as_slice(), old) {
            ([], _) => {
                self.refuse(
                    Diagnostic::error("no module/action detected in task.")
                        .at(file.span(task), "this task names no module")
                        .help("name a module and its arguments, for example `ansible.builtin.command: /bin/true`"),
                );
                None
            }
            ([_], Some((key, value))) => {
                let local = key.as_str() == Some("local_action");
                self.old_style(file, value, additional, local)
            }
            ([(key, name)], None) => {
                let value = candidates.first().map(|(_, value)| value)?;
                self.new_style(file, key, name, value, additional)
            }
            ([first, second, ..], _) => {
                self.conflict(file, &named, &first.1, &second.1);
                None
            }
        }
    }

    /// More than one key could be the action: says which are not, and what they may have been meant to be.
    fn conflict(&mut self, file: &File, named: &[(&Node, String)], first: &str, second: &str) {
        let mut diagnostic = Diagnostic::error(format!("conflicting action statements: {first}, {second}"));
        let unknown: Vec<&(&Node, String)> = named
            .iter()
            .filter(|(_, name)| collection::resolve(name) == Resolution::Unknown && !name.contains('.'))
            .collect();
        if unknown.len() < named.len()
            && let Some((key, name)) = unknown.first()
        {
            diagnostic = diagnostic.at(file.span(key), "neither a keyword of a task nor a known module");
            let words = keyword::names(On::TASK).chain(collection::names());
            diagnostic.help = suggest::nearest(name, words).map(|near| format!("did you mean `{near}`?"));
            if diagnostic.help.is_none() {
                diagnostic.help = keyword::cure(name, On::TASK);
            }
        } else {
            for (key, _) in named.iter().take(2) {
                diagnostic = diagnostic.at(file.span(key), "a module");
            }
            diagnostic = diagnostic.help("a task names one module; begin each task with a dash of its own");
        }
        self.refuse(diagnostic);
    }

    /// `args:`
    fn additional_args(&mut self, file: &File, mapping: &Mapping) -> Option<Additional> {
        let (key, value) = mapping.entry("args")?;
        if let Some(map) = value.as_mapping() {
            return Some(Additional { dict: file.dict(map), template: None });
        }
        if value.is_null() {
            self.warnings.push(
                Diagnostic::warning("Ignoring empty task `args` keyword.")
                    .at(file.span(key), "")
                    .help("A mapping or template which resolves to a mapping is required."),
            );
            return None;
        }
        if value.as_str().is_some_and(is_all_template) {
            return Some(Additional { dict: Dict::new(), template: Some(file.value(value)) });
        }
        self.refuse(
            Diagnostic::error("The value of the task `args` keyword is invalid.")
                .at(file.span(value), this_is(value))
                .help("A mapping or template which resolves to a mapping is required."),
        );
        None
    }

    /// `copy: src=a dest=b`, `copy: {src: a, dest: b}`
    fn new_style(
        &mut self,
        file: &File,
        key: &Node,
        name: &str,
        value: &Node,
        additional: Option<Additional>,
    ) -> Option<Parsed> {
        let resolution = collection::resolve(name);
        // A module of one's own comes before that of the same name which Ansible brings.
        let python = self.python_module(name);
        if let Some(path) = &python {
            self.not_runnable(file, key, &format!("The Python module {}", path.display()));
        }
        match &resolution {
            _ if python.is_some() => {}
            Resolution::Unknown => {
                self.unknown_module(file, key, name);
                return None;
            }
            Resolution::Removed(text) => {
                self.fail(
                    Diagnostic::error(*text).at(file.span(key), "").help("use `include_tasks` or `import_tasks`"),
                );
                return None;
            }
            Resolution::NotYet(short) => {
                let short = *short;
                self.not_runnable(file, key, &format!("The module {}", collection::full_name(short)));
            }
            Resolution::Native(_) | Resolution::Action(_) => {}
        }
        let args = match &value.kind {
            Kind::Mapping(map) => file.dict(map),
            Kind::Scalar(_) if value.is_null() => Dict::new(),
            // Encrypted text is never split.
            Kind::Scalar(_) if value.tag == Some(Tag::Vault) => Dict::from_iter([("_raw_params", file.value(value))]),
            Kind::Scalar(scalar) if value.as_str().is_some() => {
                self.split(file, value, &scalar.text, is_free_form(name))?
            }
            _ => {
                self.bad_parameters(file, value);
                return None;
            }
        };
        let mut action = self.assemble(file, value, key, name, &resolution, args, additional)?;
        if let Some(path) = python {
            // No native module answers in its place.
            action.short = path.display().to_string().into();
        }
        Some(Parsed { action, local: false, key: Some(key.clone()) })
    }

    /// `action: copy src=a dest=b`, `action: {module: copy, src: a, dest: b}`
    fn old_style(&mut self, file: &File, value: &Node, additional: Option<Additional>, local: bool) -> Option<Parsed> {
        let (name, args) = if let Some(map) = value.as_mapping() {
            self.warnings.push(
                Diagnostic::warning("Using a mapping for `action` is deprecated.")
                    .at(file.span(value), "")
                    .help("Use a string value for `action`."),
            );
            let Some(module) = map.get("module").and_then(Node::as_scalar) else {
                self.refuse(
                    Diagnostic::error("no module/action detected in task.")
                        .at(file.span(value), "`module` is missing here"),
                );
                return None;
            };
            let (name, rest) = self.split_module(file, value, &module.text)?;
            let args = file.dict(map);
            args.remove("module");
            overlay(&args, &self.split(file, value, &rest, is_free_form(&name))?);
            (name, args)
        } else if let Some(text) = value.as_str() {
            let (name, rest) = self.split_module(file, value, text)?;
            let args = self.split(file, value, &rest, is_free_form(&name))?;
            (name, args)
        } else {
            self.bad_parameters(file, value);
            return None;
        };
        if let Some(inner) = args.remove("args") {
            match &inner {
                Value::Dict(inner) => overlay(&args, inner),
                Value::Str(text) => overlay(&args, &self.split(file, value, text.as_str(), false)?),
                _ => {}
            }
        }
        // What this form names is looked up when the task runs: it may be a template.
        let resolution = collection::resolve(&name);
        if let Resolution::NotYet(short) = resolution {
            self.not_runnable(file, value, &format!("The module {}", collection::full_name(short)));
        }
        let action = self.assemble(file, value, value, &name, &resolution, args, additional)?;
        Some(Parsed { action, local, key: None })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of an action")]
    fn assemble(
        &mut self,
        file: &File,
        value: &Node,
        name_node: &Node,
        name: &str,
        resolution: &Resolution,
        args: Dict,
        additional: Option<Additional>,
    ) -> Option<Action> {
        if !is_free_form(name)
            && let Some(bad) = args.keys().iter().find_map(|key| match key {
                Value::Str(text) if text.as_str().starts_with("_ansible_") => Some(text.as_str().to_owned()),
                _ => None,
            })
        {
            self.fail(
                Diagnostic::error(format!(
                    "Invalid parameter specified beginning with keyword '_ansible_' for action '{name}': '{bad}'. \
                     The prefix '_ansible_' is reserved for internal use only."
                ))
                .at(file.span(value), "in these arguments"),
            );
            return None;
        }
        let (all, variable_args) = match additional {
            Some(additional) => {
                overlay(&additional.dict, &args);
                (additional.dict, additional.template)
            }
            None => (args, None),
        };
        let short = resolution.short().unwrap_or(name);
        Some(Action {
            name: file.text(name_node, name),
            short: short.into(),
            fqcn: resolution.fqcn().unwrap_or_else(|| name.to_owned()).into(),
            args: all,
            variable_args,
        })
    }

    fn unknown_module(&mut self, file: &File, key: &Node, name: &str) {
        let mut diagnostic = Diagnostic::error(format!(
            "couldn't resolve module/action '{name}'. This often indicates a misspelling, missing collection, or \
             incorrect module path."
        ))
        .at(file.span(key), "no such module");
        let words = collection::names().chain(keyword::names(On::TASK));
        let last = name.strip_prefix("ansible.builtin.").unwrap_or(name);
        diagnostic.help = match suggest::nearest(last, words) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if name.split('.').count() == 3 => Some(
                "the collection is not in collections_path; `ansible-galaxy collection install` puts it there"
                    .to_owned(),
            ),
            None => None,
        };
        self.refuse(diagnostic);
    }

    fn bad_parameters(&mut self, file: &File, value: &Node) {
        self.refuse(
            Diagnostic::error(format!("unexpected parameter type in action: {}", value.type_name()))
                .at(file.span(value), this_is(value))
                .help("arguments are a mapping (`name: value`) or one text"),
        );
    }

    fn split_module(&mut self, file: &File, value: &Node, text: &str) -> Option<(String, String)> {
        let words = match split_args(text) {
            Ok(words) => words,
            Err(error) => {
                self.bad_split(file, value, &error);
                return None;
            }
        };
        let Some((first, rest)) = words.split_first() else {
            self.refuse(
                Diagnostic::error("no module/action detected in task.").at(file.span(value), "this names no module"),
            );
            return None;
        };
        Some((first.trim().to_owned(), rest.join(" ")))
    }

    /// `key=value` arguments.
    fn split(&mut self, file: &File, value: &Node, text: &str, free_form: bool) -> Option<Dict> {
        let found = match parse_kv(text, free_form) {
            Ok(found) => found,
            Err(error) => {
                self.bad_split(file, value, &error);
                return None;
            }
        };
        let dict = Dict::new();
        for (name, text) in found.options {
            // Names are the operator's text as well: `set_fact` renders them.
            dict.insert(Key::from(file.text(value, &name)), Value::Str(file.text(value, &text)));
        }
        if let Some(raw) = found.raw {
            dict.insert("_raw_params", Value::Str(file.text(value, &raw)));
        }
        Some(dict)
    }

    fn bad_split(&mut self, file: &File, value: &Node, error: &SplitError) {
        self.refuse(
            Diagnostic::error(format!("Error loading tasks: {error}"))
                .at(file.span(value), "in this text")
                .help("close each quote and each `{{`, or write the arguments as a mapping"),
        );
    }
}

/// `args:` of a task.
struct Additional {
    dict: Dict,
    template: Option<Value>,
}

fn is_free_form(name: &str) -> bool {
    is_one_of(name, &FREE_FORM)
}

/// Whether a text is one template from its first to its last character.
fn is_all_template(text: &str) -> bool {
    text.starts_with("#jinja2:")
        || [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
            .iter()
            .any(|(open, close)| text.starts_with(open) && text.ends_with(close))
}

/// Puts entries over those of a dict.
pub(super) fn overlay(dict: &Dict, over: &Dict) {
    for (key, value) in over.raw_items() {
        if let Ok(key) = Key::new(key) {
            dict.insert(key, value);
        }
    }
}
