//! The check of a task's arguments against a table, in Ansible's order and with its words.
//!
//! Source: Ansible documentation, "Ansible module architecture: argument spec" and "dependencies between module options".

use std::collections::BTreeSet;

use super::{OptionSpec, Specification, check::Check, written::WrittenOption};
use crate::{Data, Map};

/// Arguments that passed.
#[derive(Debug, Clone, Default)]
pub struct Validated {
    /// Values under the options' own names, coerced, with defaults; options without a value and default are null.
    pub arguments: Map,
    /// What was given under another name, as it was given: Ansible shows these in `invocation` too.
    pub aliased: Map,
    /// The names of the options that were given, under whatever name.
    pub given: BTreeSet<&'static str>,
    /// What the operator should know (an option and its alias both given).
    pub warnings: Vec<String>,
    options: &'static [OptionSpec],
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
    /// with its defaults does not (rules ask what was given, of suboptions too).
    #[must_use]
    pub fn given_arguments(&self) -> Map {
        let given = self.arguments.iter().filter(|(name, _)| self.given.contains(name.as_str()));
        let mut given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        leave_out_nulls_within(self.options, &mut given);
        given
    }
}

/// Takes suboptions that have no value out of the maps that they are in.
fn leave_out_nulls_within(options: &[OptionSpec], arguments: &mut Map) {
    for option in options.iter().filter(|option| !option.options.is_empty()) {
        let inner = match arguments.get_mut(option.name) {
            Some(Data::List(items)) => items.as_mut_slice(),
            Some(other) => std::slice::from_mut(other),
            None => continue,
        };
        for item in inner {
            if let Data::Map(map) = item {
                map.retain(|_, value| !value.is_null());
                leave_out_nulls_within(option.options, map);
            }
        }
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
    check.secret_maps(options, &parameters);
    check.unsupported(options, &parameters);
    check.rules_and_values(options, &specification.rules().table(), &mut parameters, "");

    check.tell_unknown();
    match check.errors.first() {
        None => {
            let mut validated = Validated { warnings: check.warnings, given, options, ..Validated::default() };
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

/// Checks arguments against options that a role's author wrote. Returns everything that is wrong, in Ansible's order.
#[must_use]
pub fn validate_written(options: &[WrittenOption], arguments: Map) -> Vec<String> {
    let mut check = Check::default();
    let mut parameters = arguments;
    check.aliases(options, &mut parameters, None);
    check.secret_maps(options, &parameters);
    check.unsupported(options, &parameters);
    check.rules_and_values(options, &super::table::RuleTable::default(), &mut parameters, "");
    check.tell_unknown();
    check.errors.into_iter().map(|(message, _)| message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{CheckMode, Default as OptionDefault, RequiredIf};
    use crate::{
        Data,
        arguments::{Kind, OptionSpec},
    };

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
    fn what_is_checked_again_comes_to_the_same_result_within_suboptions_too() {
        const INNER: &[OptionSpec] =
            &[OptionSpec { name: "one", ..OptionSpec::EMPTY }, OptionSpec { name: "other", ..OptionSpec::EMPTY }];
        const NESTED: Specification = Specification {
            options: &[OptionSpec {
                name: "entries",
                kind: Kind::List,
                elements: Some(Kind::Dict),
                options: INNER,
                rules: crate::arguments::Rules {
                    mutually_exclusive: &[&["one", "other"]],
                    ..crate::arguments::Rules::NONE
                },
                ..OptionSpec::EMPTY
            }],
            mutually_exclusive: &[],
            required_if: &[],
            required_by: &[],
            ..SPEC
        };
        let given = Data::from_json(serde_json::json!({"entries": [{"one": "x"}]}));
        let Data::Map(given) = given else { unreachable!() };
        let validated = validate(&NESTED, given.clone()).unwrap();
        assert_eq!(validated.given_arguments(), given);
        assert_eq!(validate(&NESTED, validated.given_arguments()).unwrap().arguments, validated.arguments);
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
