//! The recorded answers of ansible-core, for the cases that use Jinja2's own names alone.

use std::{cell::RefCell, collections::HashMap, fs, path::Path, rc::Rc};

use jinja::{Dict, Environment, Error, Key, Kind, Lazy, List, Loader, Options, Scope, Str, Value};
use serde_json::Value as Json;

/// Names that Ansible adds, and cases use as functions or variables.
const ANSIBLES: [&str; 6] = ["lookup", "query", "q", "now", "undef", "omit"];

/// Filters of Jinja2's that Ansible replaces by its own.
const REPLACED: [&str; 1] = ["random("];

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            // Larger than the reader of the data holds: written out as the data has it.
            None if number.to_string().contains("e+21") || number.to_string().contains("e21") => {
                Value::from(1_i64 << 35).as_bigint().map_or(Value::None, |half| Value::from_bigint(half.pow(2)))
            }
            None => Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(entries) => {
            Value::Dict(entries.iter().map(|(key, entry)| (Key::from(key.as_str()), value(entry))).collect())
        }
    }
}

struct Files(HashMap<String, String>);

impl Loader for Files {
    fn load(&self, name: &str, _parent: Option<&str>) -> Result<(String, String), Error> {
        match self.0.get(name) {
            Some(source) => Ok((source.clone(), name.to_owned())),
            None => Err(Error::new(Kind::TemplateNotFound, name)),
        }
    }
}

/// Variables, of which some are templates.
struct Variables {
    plain: Dict,
    lazy: Dict,
    env: RefCell<Option<Rc<Environment>>>,
}

struct Templates(Rc<Variables>);

impl Lazy for Templates {
    fn resolve(&self, raw: &Value) -> Result<Value, Error> {
        self.0.resolve(&self.0, raw)
    }
}

impl Variables {
    fn resolve(&self, own: &Rc<Self>, raw: &Value) -> Result<Value, Error> {
        match raw {
            Value::Str(text) if text.is_trusted() => {
                let env = self.env.borrow().clone().ok_or_else(|| Error::other("no environment"))?;
                env.compile(text, None)?.evaluate(&env, &Names(Rc::clone(own)))
            }
            Value::List(list) => Ok(Value::List(List::lazy(list.raw_values(), Rc::new(Templates(Rc::clone(own)))))),
            Value::Dict(dict) => {
                let items = dict.raw_items().into_iter().map(|(key, value)| Ok((Key::new(key)?, value)));
                let items = items.collect::<Result<Vec<_>, Error>>()?;
                Ok(Value::Dict(Dict::lazy(items, Rc::new(Templates(Rc::clone(own))))))
            }
            value => Ok(value.clone()),
        }
    }
}

struct Names(Rc<Variables>);

impl Scope for Names {
    fn lookup(&self, name: &str) -> Result<Option<Value>, Error> {
        if let Some(raw) = self.0.lazy.raw(name) {
            return self.0.resolve(&self.0, &raw).map(Some);
        }
        match self.0.plain.raw(name) {
            Some(raw) => self.0.resolve(&self.0, &raw).map(Some),
            None => Ok(None),
        }
    }

    fn names(&self) -> Vec<Rc<str>> {
        Vec::new()
    }
}

fn trusted(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::Str(Str::trusted(text.as_str(), None)),
        Json::Array(items) => Value::List(items.iter().map(trusted).collect()),
        Json::Object(entries) => {
            Value::Dict(entries.iter().map(|(key, entry)| (Key::from(key.as_str()), trusted(entry))).collect())
        }
        other => value(other),
    }
}

fn end_newlines(text: &str) -> usize {
    text.len() - text.trim_end_matches('\n').len()
}

fn answer(env: &Environment, source: &str, scope: &dyn Scope) -> Result<String, Error> {
    if REPLACED.iter().any(|name| source.contains(name)) {
        return Err(Error::new(Kind::UnknownFilter, "uses a filter that Ansible replaces"));
    }
    let template = env.compile(source, None)?;
    if template.free_names().iter().any(|name| ANSIBLES.contains(&&**name)) {
        return Err(Error::new(Kind::UnknownFilter, "uses a name of Ansible's"));
    }
    let mut result = template.render(env, scope)?;
    if let Value::Str(text) = &result {
        let missing = end_newlines(source).saturating_sub(end_newlines(text));
        result = Value::from(format!("{text}{}", "\n".repeat(missing)));
    }
    result.repr()
}

/// Whether an error says what was recorded, of which the end may be cut off.
fn says(want: &str, message: &str) -> bool {
    let (_, want) = want.split_once(": ").unwrap_or(("", want));
    let want = want.strip_prefix("Error rendering template: ").unwrap_or(want);
    let want = want.strip_prefix("Syntax error in template: ").unwrap_or(want);
    message == want || want.len() > 120 && message.starts_with(want)
}

#[test]
fn cases_of_jinjas_own_names_are_answered_as_ansible_core_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/jinja-cases.json");
    let data: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let files = data["files"].as_object().unwrap();
    let files = files.iter().map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned())).collect();
    let (mut failed, mut skipped, mut passed) = (Vec::new(), Vec::new(), 0);
    let mut env = Environment::new(Options { trim_blocks: true, escape_backslashes: true, ..Options::default() });
    env.set_loader(Rc::new(Files(files)));
    let env = Rc::new(env);
    for case in data["cases"].as_array().unwrap() {
        let Value::Dict(plain) = value(&data["ctx"]) else { panic!("the context is a dict") };
        // JSON has no other keys than text.
        plain.insert(
            "intkeys",
            Value::Dict([(1, "one"), (2, "two")].map(|(k, v)| (Key::from(k), Value::from(v))).into_iter().collect()),
        );
        let Value::Dict(lazy) = trusted(&data["lazy"]) else { panic!("lazy variables are a dict") };
        let variables = Rc::new(Variables { plain, lazy, env: RefCell::new(Some(Rc::clone(&env))) });
        let (id, source) = (&case["id"], case["t"].as_str().unwrap());
        let got = answer(&env, source, &Names(Rc::clone(&variables)));
        variables.env.replace(None);
        let unknown = |error: &Error| {
            error.kind == Kind::UnknownFilter
                || ["No filter named", "No test named"].iter().any(|start| error.message.starts_with(start))
                    && !case["err"].as_str().is_some_and(|want| want.ends_with(&error.message))
        };
        match (&got, case["want"].as_str(), case["err"].as_str()) {
            (Err(error), _, _) if unknown(error) => skipped.push((id, error.message.clone())),
            (Ok(got), Some(want), _) if got == want => passed += 1,
            (Err(error), None, Some(want)) if says(want, &error.message) => {
                passed += 1;
            }
            (got, want, err) => {
                failed.push(format!("{id} {source}\n    want {}\n    got  {got:?}", want.or(err).unwrap_or("")))
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} passed, {} skipped, {} failed:\n{}",
        passed,
        skipped.len(),
        failed.len(),
        failed.join("\n")
    );
    assert!(passed > 150, "only {passed} passed, {} skipped: {skipped:?}", skipped.len());
}
