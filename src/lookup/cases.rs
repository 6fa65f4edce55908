//! The recorded answers of ansible-core, through the path that a playbook's text takes: the templar, its filters and
//! tests, the lookups. Only cases that use a name of ansible.builtin's that is not written may be left out.

use std::{collections::BTreeSet, fs, path::Path, rc::Rc};

use jinja::{Dict, Key, Str, Value};
use serde_json::Value as Json;

use super::{Registry, find};
use crate::{
    config::{Config, Environment},
    template::{Templar, TemplateError, VariableScope, environment},
    vars::{Layer, Layers},
};

/// What ansible-core 2.19.14 lists with `ansible-doc -t KIND -l` for `ansible.builtin`, as `KIND NAME`.
const BUILTIN: &str = include_str!("../../tests/data/ansible-builtin-plugins.txt");

/// The names that are not written yet. A name leaves this list when it is written, and the cases that use it count.
const UNWRITTEN: [&str; 0] = [];

fn templar(folder: &Path) -> Rc<Templar> {
    let surroundings = Environment { vars: [].into(), cwd: folder.to_owned(), home: "/home/me".into() };
    let mut environment = environment::environment();
    Registry::new(Rc::new(Config::defaults(surroundings)), None).register(&mut environment);
    let templar = Templar::new(environment, None);
    templar.set_basedir(folder.to_owned());
    templar
}

fn unwritten(templar: &Templar) -> BTreeSet<&'static str> {
    let known = templar.environment();
    BUILTIN
        .lines()
        .filter(|line| match line.split_once(' ') {
            Some(("filter", name)) => !known.has_filter(name),
            Some(("test", name)) => !known.has_test(name),
            Some(("lookup", name)) => find(name).is_none(),
            _ => panic!("what is {line:?}?"),
        })
        .collect()
}

/// A value of the data; its texts may be templated where they are the lazy variables'.
fn value(json: &Json, trusted: bool) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => match (number.as_i64(), number.as_u128()) {
            (Some(number), _) => Value::Int(number),
            // Larger than the reader of the data holds: 2 ** 70, written out.
            _ if number.as_f64() == Some(2_f64.powi(70)) => Value::from_bigint(num_bigint::BigInt::from(1_u128 << 70)),
            _ => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) if trusted => Value::Str(Str::trusted(text.as_str(), None)),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::List(items.iter().map(|item| value(item, trusted)).collect()),
        Json::Object(entries) => {
            Value::Dict(entries.iter().map(|(key, entry)| (Key::from(key.as_str()), value(entry, trusted))).collect())
        }
    }
}

fn variables(data: &Json) -> Dict {
    let Value::Dict(variables) = value(&data["ctx"], false) else { panic!("the context is a dict") };
    let Value::Dict(lazy) = value(&data["lazy"], true) else { panic!("lazy variables are a dict") };
    variables.update(&lazy).unwrap();
    // JSON has no other keys than text.
    variables.insert("intkeys", Value::Dict(Dict::from_iter([(1, "one".into()), (2, "two".into())])));
    variables
}

/// The recorded error, of which the class stands first and the end may be cut off.
fn says(want: &str, error: &TemplateError) -> bool {
    let (class, want) = want.split_once(": ").unwrap();
    let whole = error.message == want || want.len() > 120 && error.message.starts_with(want);
    whole && error.undefined == (class == "AnsibleUndefinedVariable")
}

#[test]
fn all_names_of_ansible_builtin_are_written_but_those_listed() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(BUILTIN.lines().count(), 229);
    assert_eq!(unwritten(&templar(folder.path())), BTreeSet::from(UNWRITTEN));
}

#[test]
fn every_recorded_case_that_uses_no_unwritten_name_is_answered_as_ansible_core_answers() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/jinja-cases.json");
    let data: Json = serde_json::from_str(&fs::read_to_string(data).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in data["files"].as_object().unwrap() {
        fs::write(folder.path().join(name), text.as_str().unwrap()).unwrap();
    }
    let unwritten: BTreeSet<String> = unwritten(&templar(folder.path()))
        .iter()
        .map(|line| match line.split_once(' ').unwrap() {
            ("lookup", name) => format!("The lookup plugin '{name}' was not found."),
            (kind, name) => format!("Syntax error in template: No {kind} named '{name}'."),
        })
        .collect();
    let (mut passed, mut skipped, mut failed) = (0, Vec::new(), Vec::new());
    for case in data["cases"].as_array().unwrap() {
        let templar = templar(folder.path());
        let mut layers = Layers::new();
        layers.add(Layer::PlayVars, variables(&data));
        let scope = VariableScope::new(Rc::clone(&templar), layers, None);
        let (id, source) = (&case["id"], case["t"].as_str().unwrap());
        let got = templar.render(&Value::Str(Str::trusted(source, None)), &scope);
        match (&got, case["want"].as_str(), case["err"].as_str()) {
            (Ok(value), Some(want), _) if value.repr().unwrap() == want => passed += 1,
            (Err(error), None, Some(want)) if says(want, error) => passed += 1,
            (Err(error), _, _) if unwritten.contains(&error.message) => skipped.push(id),
            (got, want, error) => {
                failed.push(format!("{id} {source}\n    want {}\n    got  {got:?}", want.or(error).unwrap_or("")));
            }
        }
    }
    assert!(failed.is_empty(), "{passed} passed, {skipped:?} skipped, failed:\n{}", failed.join("\n"));
    assert_eq!((passed, skipped.len()), (387, 0));
}
