//! One check of arguments, generic over where the table of options comes from.

use super::{
    Kind, coerce, python,
    table::{Choice, Named, RuleTable, Table},
};
use crate::{Data, Map};

/// One check under way.
#[derive(Default)]
pub(super) struct Check {
    /// What is wrong, and whether it is that options do not exist.
    pub(super) errors: Vec<(String, bool)>,
    pub(super) warnings: Vec<String>,
    /// Names above the options at hand, for suboptions.
    context: Vec<String>,
    unknown: Vec<Unknown>,
}

/// An option that does not exist.
struct Unknown {
    /// Its name, below those above it.
    path: String,
    /// What would be known there.
    supported: Vec<String>,
    /// Other names for what would be known there.
    aliases: Vec<String>,
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
    pub(super) fn aliases<T: Table>(&mut self, options: &[T], parameters: &mut Map, prefix: Option<&str>) {
        for option in options {
            if let Some(mistake) = option.mistake() {
                return self.error(mistake);
            }
            for alias in option.aliases() {
                let Some(value) = parameters.get(alias).cloned() else { continue };
                let name = option.name();
                if parameters.contains_key(name) {
                    let prefix = prefix.unwrap_or("");
                    self.warnings.push(format!("Both option {prefix}{name} and its alias {prefix}{alias} are set."));
                }
                parameters.insert(name.to_owned(), value);
            }
        }
    }

    /// Ansible looks for secrets inside dictionaries before it checks types, and complains of the first that it cannot
    /// read.
    pub(super) fn secret_maps<T: Table>(&mut self, options: &[T], parameters: &Map) {
        if let Err(message) = read_secret_maps(options, parameters) {
            self.error(message);
        }
    }

    pub(super) fn unsupported<T: Table>(&mut self, options: &[T], parameters: &Map) {
        for name in parameters.keys() {
            let known =
                options.iter().any(|option| option.name() == name || option.aliases().any(|alias| alias == name));
            if known {
                continue;
            }
            let path = self.context.iter().map(String::as_str).chain([name.as_str()]).collect::<Vec<_>>().join(".");
            let mut aliases: Vec<String> =
                options.iter().flat_map(|option| option.aliases().map(str::to_owned)).collect();
            let mut supported: Vec<String> = options.iter().map(|option| option.name().to_owned()).collect();
            supported.retain(|name| !aliases.contains(name));
            aliases.sort_unstable();
            supported.sort_unstable();
            self.unknown.push(Unknown { path, supported, aliases });
        }
    }

    /// Says which options do not exist, if there are any.
    pub(super) fn tell_unknown(&mut self) {
        let Some(first) = self.unknown.first() else { return };
        let mut names: Vec<&str> = self.unknown.iter().map(|unknown| unknown.path.as_str()).collect();
        names.sort_unstable();
        let aliases = if first.aliases.is_empty() { String::new() } else { format!(" ({})", first.aliases.join(", ")) };
        let supported = first.supported.join(", ");
        let message = format!("{}. Supported parameters include: {supported}{aliases}.", names.join(", "));
        self.errors.push((message, true));
    }

    pub(super) fn rules_and_values<T: Table>(
        &mut self,
        options: &[T],
        rules: &RuleTable<'_>,
        parameters: &mut Map,
        prefix: &str,
    ) {
        self.mutually_exclusive(rules, parameters);
        set_defaults(options, parameters, false);
        self.required(options, parameters);
        self.types(options, parameters);
        self.choices(options, parameters);
        self.rules(rules, parameters);
        set_defaults(options, parameters, true);
        self.suboptions(options, parameters, prefix);
    }

    fn mutually_exclusive(&mut self, rules: &RuleTable<'_>, parameters: &Map) {
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

    fn required<T: Table>(&mut self, options: &[T], parameters: &Map) {
        let missing = options.iter().filter(|option| option.required() && !parameters.contains_key(option.name()));
        let mut missing: Vec<&str> = missing.map(Table::name).collect();
        missing.sort_unstable();
        if !missing.is_empty() {
            self.error_in_context(&format!("missing required arguments: {}", missing.join(", ")));
        }
    }

    fn types<T: Table>(&mut self, options: &[T], parameters: &mut Map) {
        for option in options {
            let Some(value) = parameters.get(option.name()) else { continue };
            if value.is_null() && !option.required() && option.default().is_none() {
                continue;
            }
            let type_name = python::type_name(value);
            let wanted = option.kind();
            let coerced = match convert(wanted, value.clone()) {
                Ok(coerced) => coerced,
                Err(reason) => {
                    let (name, place) = (option.name(), self.place("."));
                    self.error(format!(
                        "argument '{name}' is of type {type_name}{place} and we were unable to convert to {}: {reason}",
                        wanted.name
                    ));
                    continue;
                }
            };
            let coerced = match (coerced, option.elements()) {
                (Data::List(items), Some(kind)) => Data::List(self.elements(option.name(), kind, items)),
                (other, Some(_)) => {
                    let (shown, place) = (python::str(&other), self.place("."));
                    self.error(format!(
                        "Invalid type {} for option '{shown}'{place}, elements value check is supported only with \
                         'list' type",
                        wanted.name
                    ));
                    self.error(format!(
                        "argument '{}' is of type {type_name}{place} and we were unable to convert to {}: '{}' object is \
                         not iterable",
                        option.name(),
                        wanted.name,
                        python::type_name(&other)
                    ));
                    other
                }
                (coerced, None) => coerced,
            };
            parameters.insert(option.name().to_owned(), coerced);
        }
    }

    fn place(&self, end: &str) -> String {
        if self.context.is_empty() { String::new() } else { format!(" found in '{}'{end}", self.context.join(" -> ")) }
    }

    fn elements(&mut self, name: &str, kind: Named<'_>, items: Vec<Data>) -> Vec<Data> {
        let mut coerced = Vec::with_capacity(items.len());
        for item in items {
            let type_name = python::type_name(&item);
            match convert(kind, item) {
                Ok(item) => coerced.push(item),
                Err(reason) => {
                    let place = self.place("");
                    self.error(format!(
                        "Elements value for option '{name}'{place} is of type {type_name} and we were unable to convert \
                         to {}: {reason}",
                        kind.name
                    ));
                }
            }
        }
        coerced
    }

    fn choices<T: Table>(&mut self, options: &[T], parameters: &mut Map) {
        for option in options {
            let name = option.name();
            if let Some(shown) = option.unusable_choices() {
                let message = format!("internal error: choices for argument {name} are not iterable: {shown}");
                self.error_in_context(&message);
            }
            let Some(choices) = option.choices() else { continue };
            let chosen = |item: &Data| choices.iter().any(|choice| choice.is(item));
            let known = || choices.iter().map(|choice| choice.text()).collect::<Vec<_>>().join(", ");
            match parameters.get(name) {
                None => {}
                Some(Data::List(items)) => {
                    let other: Vec<String> = items.iter().filter(|item| !chosen(item)).map(python::str).collect();
                    if !other.is_empty() {
                        self.error_in_context(&format!(
                            "value of {name} must be one or more of: {}. Got no match for: {}",
                            known(),
                            other.join(", ")
                        ));
                    }
                }
                Some(value) if chosen(value) => {}
                Some(value) => match unambiguous_boolean(value, &choices) {
                    Some(choice) => {
                        parameters.insert(name.to_owned(), Data::from(choice));
                    }
                    None => {
                        let got = python::str(value);
                        self.error_in_context(&format!("value of {name} must be one of: {}, got: {got}", known()));
                    }
                },
            }
        }
    }

    fn rules(&mut self, rules: &RuleTable<'_>, parameters: &Map) {
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
        for rule in &rules.required_if {
            if parameters.get(rule.option).is_none_or(|value| !rule.value.is(value)) {
                continue;
            }
            let missing: Vec<&str> = rule.required.iter().copied().filter(|name| !has(name)).collect();
            let least = if rule.any { rule.required.len() } else { 1 };
            if !missing.is_empty() && missing.len() >= least {
                self.error_in_context(&format!(
                    "{} is {} but {} of the following are missing: {}",
                    rule.option,
                    rule.value.text(),
                    if rule.any { "any" } else { "all" },
                    missing.join(", ")
                ));
                break;
            }
        }
        for (option, required) in &rules.required_by {
            let missing: Vec<&str> = required.iter().copied().filter(|name| !has_value(name)).collect();
            if has_value(option) && !missing.is_empty() {
                self.error_in_context(&format!("missing parameter(s) required by '{option}': {}", missing.join(", ")));
                break;
            }
        }
    }

    fn suboptions<T: Table>(&mut self, options: &[T], parameters: &mut Map, prefix: &str) {
        for option in options {
            let (true, Some(inner_options)) = (option.takes_maps(), option.options()) else { continue };
            let name = option.name();
            let Some(value) = parameters.get_mut(name) else { continue };
            if value.is_null() {
                if !option.apply_defaults() {
                    continue;
                }
                *value = Data::Map(Map::new());
            }
            let mut taken = std::mem::take(value);
            self.context.push(name.to_owned());
            let items = match &mut taken {
                Data::List(items) => items.as_mut_slice(),
                other => std::slice::from_mut(other),
            };
            let rules = option.rules();
            for (index, item) in items.iter_mut().enumerate() {
                let Data::Map(inner) = item else {
                    self.error(format!("value of '{name}' must be of type dict or list of dicts"));
                    continue;
                };
                let position =
                    if option.kind().kind == Some(Kind::List) { format!("[{index}]") } else { String::new() };
                let prefix = format!("{prefix}{name}{position}.");
                self.aliases(inner_options, inner, Some(&prefix));
                self.secret_maps(inner_options, inner);
                self.unsupported(inner_options, inner);
                self.rules_and_values(inner_options, &rules, inner, &prefix);
            }
            self.context.pop();
            parameters.insert(name.to_owned(), taken);
        }
    }
}

fn convert(wanted: Named<'_>, value: Data) -> Result<Data, String> {
    match wanted.kind {
        Some(kind) => coerce::coerce(kind, value),
        // Python calls what it found under the name.
        None => Err("'NoneType' object is not callable".to_owned()),
    }
}

fn read_secret_maps<T: Table>(options: &[T], parameters: &Map) -> Result<(), String> {
    for option in options {
        let (true, Some(inner)) = (option.takes_maps(), option.options()) else { continue };
        let items = match parameters.get(option.name()) {
            None | Some(Data::Null) => continue,
            Some(Data::List(items)) => items.as_slice(),
            Some(other) => std::slice::from_ref(other),
        };
        for item in items {
            match item {
                Data::Map(map) => read_secret_maps(inner, map)?,
                Data::Str(_) => {
                    if let Data::Map(map) = coerce::to_dict(item.clone())? {
                        read_secret_maps(inner, &map)?;
                    }
                }
                other => {
                    return Err(format!(
                        "Value '{}' in the sub parameter field '{}' must be a {}, not '{}'",
                        python::str(other),
                        option.name(),
                        option.kind().name,
                        python::type_name(other)
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Defaults for what is not given; `all`: options without a default become null.
fn set_defaults<T: Table>(options: &[T], parameters: &mut Map, all: bool) {
    for option in options {
        if parameters.contains_key(option.name()) {
            continue;
        }
        match option.default() {
            Some(default) => {
                parameters.insert(option.name().to_owned(), default);
            }
            None if all => {
                parameters.insert(option.name().to_owned(), Data::Null);
            }
            None => {}
        }
    }
}

/// YAML turns `yes` and `no` into booleans; where exactly one choice is such a word, it is what was meant.
fn unambiguous_boolean<'a>(value: &Data, choices: &[Choice<'a>]) -> Option<&'a str> {
    let words: &[&str] = match python::str(value).as_str() {
        "True" => &["y", "yes", "on", "1", "true", "t"],
        "False" => &["n", "no", "off", "0", "false", "f"],
        _ => return None,
    };
    let mut meant = choices.iter().filter_map(|choice| choice.word()).filter(|choice| words.contains(choice));
    meant.next().filter(|_| meant.next().is_none())
}
