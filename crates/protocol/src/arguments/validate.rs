//! The check of a task's arguments against a table, in Ansible's order and with its words.
//!
//! Source: Ansible documentation, "Ansible module architecture: argument spec" and "dependencies between module options".

use std::collections::BTreeSet;

use super::{Kind, OptionSpec, Rules, Specification, coerce, python};
use crate::{Data, Map};

/// Arguments that passed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Validated {
    /// Values under the options' own names, coerced, with defaults; options without a value and default are null.
    pub arguments: Map,
    /// What was given under another name, as it was given: Ansible shows these in `invocation` too.
    pub aliased: Map,
    /// The names of the options that were given, under whatever name.
    pub given: BTreeSet<&'static str>,
    /// What the operator should know (an option and its alias both given).
    pub warnings: Vec<String>,
}

impl Validated {
    /// The map that Ansible shows as `invocation.module_args`.
    #[must_use]
    pub fn module_args(&self) -> Map {
        let mut all = self.arguments.clone();
        all.extend(self.aliased.iter().map(|(name, value)| (name.clone(), value.clone())));
        all
    }

    /// What was given, under the options' own names: whoever checks it again comes to the same result, which the whole
    /// with its defaults does not (rules ask what was given).
    #[must_use]
    pub fn given_arguments(&self) -> Map {
        let given = self.arguments.iter().filter(|(name, _)| self.given.contains(name.as_str()));
        given.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Arguments that did not pass: everything that is wrong, in Ansible's order.
#[derive(Debug, Clone, PartialEq)]
pub struct ArgumentError {
    /// Ansible's messages, at least one; Ansible shows the first.
    pub messages: Vec<String>,
    /// The arguments as far as the check came with them: Ansible shows these in `invocation`.
    pub arguments: Map,
    /// The first message speaks of options that do not exist: Ansible puts the module's name before it.
    unsupported: bool,
}

impl ArgumentError {
    /// One thing that is wrong.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { messages: vec![message.into()], arguments: Map::new(), unsupported: false }
    }

    /// The message that Ansible gives; `module` is the module's name as Ansible resolved it (`copy`,
    /// `ansible.legacy.command`).
    #[must_use]
    pub fn message(&self, module: &str) -> String {
        let first = self.messages.first().map_or("", String::as_str);
        if self.unsupported {
            format!("Unsupported parameters for ({module}) module: {first}")
        } else {
            first.to_owned()
        }
    }
}

/// Checks a task's arguments: aliases, unknown names, rules between options, types, choices, suboptions, defaults.
///
/// # Errors
///
/// [`ArgumentError`] with everything that is wrong.
pub fn validate(specification: &Specification, arguments: Map) -> Result<Validated, ArgumentError> {
    let mut check = Check::default();
    let options = specification.options;
    let mut parameters = arguments;
    check.aliases(options, &mut parameters, None);
    let given = options.iter().map(|option| option.name).filter(|name| parameters.contains_key(*name)).collect();
    for option in options {
        check.read_secret_maps(option, &parameters);
    }
    check.unsupported(options, &parameters);
    check.rules_and_values(options, specification.rules(), &mut parameters, "");

    if let Some(first) = check.unknown.first() {
        let mut names: Vec<&str> = check.unknown.iter().map(|(name, ..)| name.as_str()).collect();
        names.sort_unstable();
        let (_, supported, aliases) = first;
        let aliases = if aliases.is_empty() { String::new() } else { format!(" ({})", aliases.join(", ")) };
        let message = format!("{}. Supported parameters include: {}{aliases}.", names.join(", "), supported.join(", "));
        check.errors.push((message, true));
    }
    match check.errors.first() {
        None => {
            let mut validated = Validated { warnings: check.warnings, given, ..Validated::default() };
            for option in options {
                let value = parameters.shift_remove(option.name).unwrap_or_default();
                validated.arguments.insert(option.name.to_owned(), value);
            }
            validated.aliased = parameters;
            Ok(validated)
        }
        Some((_, unsupported)) => {
            let unsupported = *unsupported;
            let messages = check.errors.into_iter().map(|(message, _)| message).collect();
            Err(ArgumentError { messages, arguments: parameters, unsupported })
        }
    }
}

/// One check under way.
#[derive(Default)]
struct Check {
    errors: Vec<(String, bool)>,
    warnings: Vec<String>,
    /// Names above the options at hand, for suboptions.
    context: Vec<&'static str>,
    /// Unknown names (with their context), what would be known there, and the aliases of it.
    unknown: Vec<(String, Vec<&'static str>, Vec<&'static str>)>,
}

impl Check {
    fn error(&mut self, message: String) {
        self.errors.push((message, false));
    }

    fn error_in_context(&mut self, message: &str) {
        let message = if self.context.is_empty() {
            message.to_owned()
        } else {
            format!("{message} found in {}", self.context.join(" -> "))
        };
        self.error(message);
    }

    /// Values given under an alias are put under the option's name as well.
    fn aliases(&mut self, options: &[OptionSpec], parameters: &mut Map, prefix: Option<&str>) {
        for option in options {
            for alias in option.aliases {
                let Some(value) = parameters.get(*alias).cloned() else { continue };
                if parameters.contains_key(option.name) {
                    let prefix = prefix.unwrap_or("");
                    self.warnings
                        .push(format!("Both option {prefix}{} and its alias {prefix}{alias} are set.", option.name));
                }
                parameters.insert(option.name.to_owned(), value);
            }
        }
    }

    /// Ansible looks for secrets inside dictionaries before it checks types, and complains of what it cannot read.
    fn read_secret_maps(&mut self, option: &OptionSpec, parameters: &Map) {
        let of_maps = option.kind == Kind::Dict || (option.kind == Kind::List && option.elements == Some(Kind::Dict));
        if option.options.is_empty() || !of_maps {
            return;
        }
        let items = match parameters.get(option.name) {
            None | Some(Data::Null) => return,
            Some(Data::List(items)) => items.as_slice(),
            Some(other) => std::slice::from_ref(other),
        };
        for item in items {
            match item {
                Data::Map(_) => {}
                Data::Str(_) => {
                    if let Err(message) = coerce::to_dict(item.clone()) {
                        return self.error(message);
                    }
                }
                other => {
                    let message = format!(
                        "Value '{}' in the sub parameter field '{}' must be a {}, not '{}'",
                        python::str(other),
                        option.name,
                        option.kind.name(),
                        python::type_name(other)
                    );
                    return self.error(message);
                }
            }
        }
    }

    fn unsupported(&mut self, options: &[OptionSpec], parameters: &Map) {
        for name in parameters.keys() {
            let known = options.iter().any(|option| option.name == name || option.aliases.contains(&name.as_str()));
            if known {
                continue;
            }
            let mut path: Vec<&str> = self.context.clone();
            path.push(name);
            let mut aliases: Vec<&str> = options.iter().flat_map(|option| option.aliases.iter().copied()).collect();
            let told = options.iter().filter(|option| !option.internal).map(|option| option.name);
            let mut supported: Vec<&str> = told.filter(|name| !aliases.contains(name)).collect();
            aliases.sort_unstable();
            supported.sort_unstable();
            self.unknown.push((path.join("."), supported, aliases));
        }
    }

    fn rules_and_values(&mut self, options: &'static [OptionSpec], rules: Rules, parameters: &mut Map, prefix: &str) {
        self.mutually_exclusive(rules, parameters);
        set_defaults(options, parameters, false);
        self.required(options, parameters);
        self.types(options, parameters);
        self.choices(options, parameters);
        self.rules(rules, parameters);
        set_defaults(options, parameters, true);
        self.suboptions(options, parameters, prefix);
    }

    fn mutually_exclusive(&mut self, rules: Rules, parameters: &Map) {
        let groups: Vec<String> = rules
            .mutually_exclusive
            .iter()
            .filter(|group| group.iter().filter(|name| parameters.contains_key(**name)).count() > 1)
            .map(|group| group.join("|"))
            .collect();
        if !groups.is_empty() {
            self.error_in_context(&format!("parameters are mutually exclusive: {}", groups.join(", ")));
        }
    }

    fn required(&mut self, options: &[OptionSpec], parameters: &Map) {
        let mut missing: Vec<&str> = options
            .iter()
            .filter(|option| option.required && !parameters.contains_key(option.name))
            .map(|option| option.name)
            .collect();
        missing.sort_unstable();
        if !missing.is_empty() {
            self.error_in_context(&format!("missing required arguments: {}", missing.join(", ")));
        }
    }

    fn types(&mut self, options: &[OptionSpec], parameters: &mut Map) {
        for option in options {
            let Some(value) = parameters.get(option.name) else { continue };
            if value.is_null() && !option.required && option.default.is_none() {
                continue;
            }
            let type_name = python::type_name(value);
            let coerced = match coerce::coerce(option.kind, value.clone()) {
                Ok(coerced) => coerced,
                Err(reason) => {
                    let place = self.place(".");
                    self.error(format!(
                        "argument '{}' is of type {type_name}{place} and we were unable to convert to {}: {reason}",
                        option.name,
                        option.kind.name()
                    ));
                    continue;
                }
            };
            let coerced = match (coerced, option.elements) {
                (Data::List(items), Some(kind)) => Data::List(self.elements(option.name, kind, items)),
                (coerced, _) => coerced,
            };
            parameters.insert(option.name.to_owned(), coerced);
        }
    }

    fn place(&self, end: &str) -> String {
        if self.context.is_empty() { String::new() } else { format!(" found in '{}'{end}", self.context.join(" -> ")) }
    }

    fn elements(&mut self, name: &str, kind: Kind, items: Vec<Data>) -> Vec<Data> {
        let mut coerced = Vec::with_capacity(items.len());
        for item in items {
            let type_name = python::type_name(&item);
            match coerce::coerce(kind, item) {
                Ok(item) => coerced.push(item),
                Err(reason) => {
                    let place = self.place("");
                    self.error(format!(
                        "Elements value for option '{name}'{place} is of type {type_name} and we were unable to convert \
                         to {}: {reason}",
                        kind.name()
                    ));
                }
            }
        }
        coerced
    }

    fn choices(&mut self, options: &[OptionSpec], parameters: &mut Map) {
        for option in options {
            if option.choices.is_empty() {
                continue;
            }
            let chosen = |item: &Data| option.choices.iter().any(|choice| *choice == python::str(item));
            match parameters.get(option.name) {
                None => {}
                Some(Data::List(items)) => {
                    let other: Vec<String> = items.iter().filter(|item| !chosen(item)).map(python::str).collect();
                    if !other.is_empty() {
                        self.error_in_context(&format!(
                            "value of {} must be one or more of: {}. Got no match for: {}",
                            option.name,
                            option.choices.join(", "),
                            other.join(", ")
                        ));
                    }
                }
                Some(value) if chosen(value) => {}
                Some(value) => match unambiguous_boolean(value, option.choices) {
                    Some(choice) => {
                        parameters.insert(option.name.to_owned(), Data::from(choice));
                    }
                    None => {
                        let got = python::str(value);
                        self.error_in_context(&format!(
                            "value of {} must be one of: {}, got: {got}",
                            option.name,
                            option.choices.join(", ")
                        ));
                    }
                },
            }
        }
    }

    fn rules(&mut self, rules: Rules, parameters: &Map) {
        let has = |name: &&str| parameters.contains_key(*name);
        let has_value = |name: &str| parameters.get(name).is_some_and(|value| !value.is_null());
        if let Some(group) =
            rules.required_together.iter().find(|group| group.iter().any(has) && !group.iter().all(has))
        {
            self.error_in_context(&format!("parameters are required together: {}", group.join(", ")));
        }
        if let Some(group) = rules.required_one_of.iter().find(|group| !group.iter().any(has)) {
            self.error_in_context(&format!("one of the following is required: {}", group.join(", ")));
        }
        for rule in rules.required_if {
            if parameters.get(rule.option).is_none_or(|value| python::str(value) != rule.value) {
                continue;
            }
            let missing: Vec<&str> = rule.required.iter().copied().filter(|name| !has(name)).collect();
            let least = if rule.any { rule.required.len() } else { 1 };
            if !missing.is_empty() && missing.len() >= least {
                self.error_in_context(&format!(
                    "{} is {} but {} of the following are missing: {}",
                    rule.option,
                    rule.value,
                    if rule.any { "any" } else { "all" },
                    missing.join(", ")
                ));
                break;
            }
        }
        for (option, required) in rules.required_by {
            let missing: Vec<&str> = required.iter().copied().filter(|name| !has_value(name)).collect();
            if has_value(option) && !missing.is_empty() {
                self.error_in_context(&format!("missing parameter(s) required by '{option}': {}", missing.join(", ")));
                break;
            }
        }
    }

    fn suboptions(&mut self, options: &'static [OptionSpec], parameters: &mut Map, prefix: &str) {
        for option in options {
            let of_maps =
                option.kind == Kind::Dict || (option.kind == Kind::List && option.elements == Some(Kind::Dict));
            if option.options.is_empty() || !of_maps {
                continue;
            }
            let Some(value) = parameters.get_mut(option.name) else { continue };
            if value.is_null() {
                if !option.apply_defaults {
                    continue;
                }
                *value = Data::Map(Map::new());
            }
            let mut taken = std::mem::take(value);
            self.context.push(option.name);
            let items = match &mut taken {
                Data::List(items) => items.as_mut_slice(),
                other => std::slice::from_mut(other),
            };
            for (index, item) in items.iter_mut().enumerate() {
                let Data::Map(inner) = item else {
                    self.error(format!("value of '{}' must be of type dict or list of dicts", option.name));
                    continue;
                };
                let position = if option.kind == Kind::List { format!("[{index}]") } else { String::new() };
                let prefix = format!("{prefix}{}{position}.", option.name);
                self.aliases(option.options, inner, Some(&prefix));
                self.unsupported(option.options, inner);
                self.rules_and_values(option.options, option.rules, inner, &prefix);
            }
            self.context.pop();
            parameters.insert(option.name.to_owned(), taken);
        }
    }
}

/// Defaults for what is not given; `all`: options without a default become null.
fn set_defaults(options: &[OptionSpec], parameters: &mut Map, all: bool) {
    for option in options {
        if parameters.contains_key(option.name) {
            continue;
        }
        match option.default {
            Some(default) => {
                parameters.insert(option.name.to_owned(), default.to_data());
            }
            None if all => {
                parameters.insert(option.name.to_owned(), Data::Null);
            }
            None => {}
        }
    }
}

/// YAML turns `yes` and `no` into booleans; where exactly one choice is such a word, it is what was meant.
fn unambiguous_boolean(value: &Data, choices: &[&'static str]) -> Option<&'static str> {
    let words: &[&str] = match python::str(value).as_str() {
        "True" => &["y", "yes", "on", "1", "true", "t"],
        "False" => &["n", "no", "off", "0", "false", "f"],
        _ => return None,
    };
    let mut meant = choices.iter().copied().filter(|choice| words.contains(choice));
    meant.next().filter(|_| meant.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{CheckMode, Default as OptionDefault, RequiredIf};

    const OPTIONS: &[OptionSpec] = &[
        OptionSpec { name: "path", aliases: &["dest", "name"], kind: Kind::Path, required: true, ..OptionSpec::EMPTY },
        OptionSpec {
            name: "state",
            choices: &["present", "absent", "on", "maybe"],
            default: Some(OptionDefault::Str("present")),
            ..OptionSpec::EMPTY
        },
        OptionSpec { name: "count", kind: Kind::Int, ..OptionSpec::EMPTY },
        OptionSpec { name: "tags", kind: Kind::List, elements: Some(Kind::Int), ..OptionSpec::EMPTY },
        OptionSpec { name: "src", ..OptionSpec::EMPTY },
        OptionSpec { name: "content", ..OptionSpec::EMPTY },
        OptionSpec {
            name: "users",
            kind: Kind::List,
            elements: Some(Kind::Dict),
            options: &[
                OptionSpec { name: "login", required: true, ..OptionSpec::EMPTY },
                OptionSpec { name: "uid", kind: Kind::Int, ..OptionSpec::EMPTY },
            ],
            ..OptionSpec::EMPTY
        },
    ];

    const SPEC: Specification = Specification {
        module: "thing",
        short_description: "",
        description: "",
        options: OPTIONS,
        mutually_exclusive: &[&["src", "content"]],
        required_one_of: &[],
        required_together: &[],
        required_if: &[RequiredIf { option: "state", value: "absent", required: &["count"], any: false }],
        required_by: &[("count", &["src"])],
        check_mode: CheckMode::Full,
        free_form: None,
        examples: "",
    };

    fn run(json: &str) -> Result<Validated, String> {
        let Data::Map(map) = Data::from_json(serde_json::from_str(json).unwrap()) else { unreachable!() };
        validate(&SPEC, map).map_err(|error| error.message("thing"))
    }

    #[test]
    fn aliases_become_the_option_and_stay_visible() {
        let validated = run(r#"{"dest": "/x"}"#).unwrap();
        assert_eq!(validated.arguments["path"], Data::from("/x"));
        assert_eq!(validated.arguments["state"], Data::from("present"));
        assert_eq!(validated.module_args()["dest"], Data::from("/x"));
        assert_eq!(
            run(r#"{"dest": "/x", "path": "/y"}"#).unwrap().warnings,
            ["Both option path and its alias dest are set."]
        );
    }

    #[test]
    fn each_mistake_has_ansibles_words() {
        for (json, want) in [
            ("{}", "missing required arguments: path"),
            (
                r#"{"path": "/x", "colour": 1, "bar": 2}"#,
                "Unsupported parameters for (thing) module: bar, colour. Supported parameters include: content, count, \
                 path, src, state, tags, users (dest, name).",
            ),
            (
                r#"{"path": "/x", "state": "new"}"#,
                "value of state must be one of: present, absent, on, maybe, got: new",
            ),
            (
                r#"{"path": "/x", "count": "x"}"#,
                "argument 'count' is of type str and we were unable to convert to int: \"'x'\" cannot be converted to \
                 an int",
            ),
            (r#"{"path": "/x", "src": 1, "content": 2}"#, "parameters are mutually exclusive: src|content"),
            (r#"{"path": "/x", "state": "absent"}"#, "state is absent but all of the following are missing: count"),
            (r#"{"path": "/x", "count": 1}"#, "missing parameter(s) required by 'count': src"),
            (
                r#"{"path": "/x", "tags": "1,b"}"#,
                "Elements value for option 'tags' is of type str and we were unable to convert to int: \"'b'\" cannot be \
                 converted to an int",
            ),
            (
                r#"{"path": "/x", "tags": {"a": 1}}"#,
                "argument 'tags' is of type dict and we were unable to convert to list: <class 'dict'> cannot be \
                 converted to a list",
            ),
            (r#"{"path": "/x", "users": [{"uid": 1}]}"#, "missing required arguments: login found in users"),
            (
                r#"{"path": "/x", "users": [{"login": "a", "gid": 1}]}"#,
                "Unsupported parameters for (thing) module: users.gid. Supported parameters include: login, uid.",
            ),
        ] {
            assert_eq!(run(json).unwrap_err(), want, "{json}");
        }
    }

    #[test]
    fn text_becomes_lists_numbers_and_unambiguous_booleans() {
        let validated = run(r#"{"path": 7, "tags": "1,2", "state": true}"#).unwrap();
        assert_eq!(validated.arguments["path"], Data::from("7"));
        assert_eq!(validated.arguments["tags"], Data::List(vec![Data::Int(1), Data::Int(2)]));
        assert_eq!(validated.arguments["state"], Data::from("on"));
    }
}
