//! Options that a role's author wrote (`meta/argument_specs.yml`), not a module's.
//!
//! Source: Ansible documentation, "Role argument validation, specification format".

use super::{
    Kind, python,
    table::{Choice, Named, Requirement, RuleTable, Table},
};
use crate::{Data, Map};

/// An option as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenOption {
    name: String,
    aliases: Vec<String>,
    kind: WrittenKind,
    elements: Option<WrittenKind>,
    required: bool,
    default: Option<Data>,
    choices: Option<Data>,
    options: Option<Vec<Self>>,
    rules: WrittenRules,
    apply_defaults: bool,
    mistake: Option<String>,
}

/// A type by its name.
#[derive(Debug, Clone, PartialEq)]
struct WrittenKind {
    kind: Option<Kind>,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
struct WrittenRules {
    mutually_exclusive: Vec<Vec<String>>,
    required_one_of: Vec<Vec<String>>,
    required_together: Vec<Vec<String>>,
    required_if: Vec<(String, Data, Vec<String>, bool)>,
    required_by: Vec<(String, Vec<String>)>,
}

impl WrittenOption {
    /// Reads the options of an entry point: names, and for each what is said of it.
    ///
    /// # Errors
    ///
    /// What is said of one is no mapping, in Python's words.
    pub fn read(options: &Map) -> Result<Vec<Self>, String> {
        options.iter().map(|(name, said)| Self::read_one(name, said)).collect()
    }

    fn read_one(name: &str, said: &Data) -> Result<Self, String> {
        let Data::Map(said) = said else {
            return Err(format!("'{}' object has no attribute 'get'", python::type_name(said)));
        };
        let given = |key: &str| said.get(key).filter(|value| !value.is_null());
        let required = given("required").is_some_and(truthy);
        let default = given("default").cloned();
        let mut mistake = (default.is_some() && required)
            .then(|| format!("internal error: required and default are mutually exclusive for {name}"));
        let aliases = match given("aliases") {
            None => Vec::new(),
            Some(Data::List(aliases)) => aliases.iter().map(python::str).collect(),
            Some(_) => {
                mistake.get_or_insert_with(|| "internal error: aliases must be a list or tuple".to_owned());
                Vec::new()
            }
        };
        let options = match given("options") {
            Some(Data::Map(options)) => Some(Self::read(options)?),
            _ => None,
        };
        Ok(Self {
            name: name.to_owned(),
            aliases,
            kind: given("type").map_or_else(|| WrittenKind::of("str"), |kind| WrittenKind::of(&python::str(kind))),
            elements: given("elements").filter(|kind| truthy(kind)).map(|kind| WrittenKind::of(&python::str(kind))),
            required,
            default,
            choices: given("choices").cloned(),
            options,
            rules: WrittenRules::read(said),
            apply_defaults: given("apply_defaults").is_some_and(truthy),
            mistake,
        })
    }
}

impl WrittenKind {
    fn of(name: &str) -> Self {
        Self { kind: Kind::named(name), name: name.to_owned() }
    }

    fn named(&self) -> Named<'_> {
        Named { kind: self.kind, name: &self.name }
    }
}

impl WrittenRules {
    fn read(said: &Map) -> Self {
        let groups = |key: &str| match said.get(key) {
            Some(Data::List(groups)) => groups.iter().map(words).collect(),
            _ => Vec::new(),
        };
        let requirement = |rule: &Data| {
            let Data::List(rule) = rule else { return None };
            let [option, value, required, rest @ ..] = rule.as_slice() else { return None };
            let any = rest.first().is_some_and(truthy);
            Some((python::str(option), value.clone(), words(required), any))
        };
        Self {
            mutually_exclusive: groups("mutually_exclusive"),
            required_one_of: groups("required_one_of"),
            required_together: groups("required_together"),
            required_if: match said.get("required_if") {
                Some(Data::List(rules)) => rules.iter().filter_map(requirement).collect(),
                _ => Vec::new(),
            },
            required_by: match said.get("required_by") {
                Some(Data::Map(rules)) => rules.iter().map(|(option, names)| (option.clone(), words(names))).collect(),
                _ => Vec::new(),
            },
        }
    }
}

/// A list of names, or one name alone.
fn words(value: &Data) -> Vec<String> {
    match value {
        Data::List(items) => items.iter().map(python::str).collect(),
        other => vec![python::str(other)],
    }
}

fn truthy(value: &Data) -> bool {
    match value {
        Data::Null => false,
        Data::Bool(value) => *value,
        Data::Int(value) => *value != 0,
        Data::BigInt(_) => true,
        Data::Float(value) => *value != 0.0,
        Data::Str(text) => !text.is_empty(),
        Data::List(items) => !items.is_empty(),
        Data::Map(map) => !map.is_empty(),
    }
}

fn borrowed(groups: &[Vec<String>]) -> Vec<Vec<&str>> {
    groups.iter().map(|group| group.iter().map(String::as_str).collect()).collect()
}

impl Table for WrittenOption {
    fn name(&self) -> &str {
        &self.name
    }

    fn aliases(&self) -> impl Iterator<Item = &str> {
        self.aliases.iter().map(String::as_str)
    }

    fn kind(&self) -> Named<'_> {
        self.kind.named()
    }

    fn elements(&self) -> Option<Named<'_>> {
        self.elements.as_ref().map(WrittenKind::named)
    }

    fn required(&self) -> bool {
        self.required
    }

    fn default(&self) -> Option<Data> {
        self.default.clone()
    }

    fn choices(&self) -> Option<Vec<Choice<'_>>> {
        match &self.choices {
            Some(Data::List(choices)) => Some(choices.iter().map(Choice::Value).collect()),
            _ => None,
        }
    }

    fn unusable_choices(&self) -> Option<String> {
        self.choices.as_ref().filter(|choices| !matches!(choices, Data::List(_))).map(python::str)
    }

    fn options(&self) -> Option<&[Self]> {
        self.options.as_deref()
    }

    fn rules(&self) -> RuleTable<'_> {
        let rules = &self.rules;
        RuleTable {
            mutually_exclusive: borrowed(&rules.mutually_exclusive),
            required_one_of: borrowed(&rules.required_one_of),
            required_together: borrowed(&rules.required_together),
            required_if: rules
                .required_if
                .iter()
                .map(|(option, value, required, any)| Requirement {
                    option,
                    value: Choice::Value(value),
                    required: required.iter().map(String::as_str).collect(),
                    any: *any,
                })
                .collect(),
            required_by: rules
                .required_by
                .iter()
                .map(|(option, names)| (option.as_str(), names.iter().map(String::as_str).collect()))
                .collect(),
        }
    }

    fn apply_defaults(&self) -> bool {
        self.apply_defaults
    }

    fn mistake(&self) -> Option<String> {
        self.mistake.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::validate_written;

    fn map(json: &str) -> Map {
        let Data::Map(map) = Data::from_json(serde_json::from_str(json).unwrap()) else { unreachable!() };
        map
    }

    fn messages(options: &str, arguments: &str) -> Vec<String> {
        validate_written(&WrittenOption::read(&map(options)).unwrap(), map(arguments))
    }

    #[test]
    fn everything_that_is_wrong_is_said_in_ansibles_order() {
        let options = r#"{
            "port": {"type": "int", "required": true},
            "level": {"choices": [1, 2, "x"], "type": "raw"},
            "names": {"type": "list", "elements": "int"},
            "odd": {"type": "colour"},
            "user": {"type": "dict", "required_together": [["key", "cert"]], "required_if": [["role", "admin", ["key"]]],
                     "options": {"name": {"required": true}, "key": {}, "cert": {}, "role": {"default": "admin"}}}
        }"#;
        assert_eq!(messages(options, r#"{"port": 1, "level": 2.0, "names": "1,2"}"#), [""; 0]);
        assert_eq!(
            messages(options, r#"{"level": 3, "names": ["a"], "odd": 1, "user": {"cert": 1, "colour": 2}, "more": 1}"#),
            [
                "missing required arguments: port",
                "Elements value for option 'names' is of type str and we were unable to convert to int: \"'a'\" cannot \
                 be converted to an int",
                "argument 'odd' is of type int and we were unable to convert to colour: 'NoneType' object is not \
                 callable",
                "value of level must be one of: 1, 2, x, got: 3",
                "missing required arguments: name found in user",
                "parameters are required together: key, cert found in user",
                "role is admin but all of the following are missing: key found in user",
                "more, user.colour. Supported parameters include: level, names, odd, port, user.",
            ]
        );
    }

    #[test]
    fn a_table_that_is_wrong_is_said_to_be_so() {
        assert_eq!(
            messages(r#"{"a": {"required": true, "default": 1}}"#, r#"{"a": 1}"#),
            ["internal error: required and default are mutually exclusive for a"]
        );
        assert_eq!(WrittenOption::read(&map(r#"{"a": "text"}"#)).unwrap_err(), "'str' object has no attribute 'get'");
    }

    #[test]
    fn a_list_wants_a_lists_type() {
        assert_eq!(
            messages(r#"{"a": {"type": "int", "elements": "int"}}"#, r#"{"a": 1}"#),
            [
                "Invalid type int for option '1', elements value check is supported only with 'list' type",
                "argument 'a' is of type int and we were unable to convert to int: 'int' object is not iterable",
            ]
        );
    }
}
