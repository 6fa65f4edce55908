//! Answers templates: the first line of stdin is a JSON object of variables, each other line a JSON text to render. Prints
//! `[template, "ok", repr]` or `[template, "err", message]` a line, to be compared with another engine's answers.

use std::io::{BufRead as _, Write as _};

use jinja::{Dict, Environment, Error, Key, Kind, Loader, Options, Value};
use serde_json::Value as Json;

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(entries) => Value::Dict(entries.iter().map(|(k, v)| (Key::from(k.as_str()), value(v))).collect()),
    }
}

/// Templates in the current directory.
struct Here;

impl Loader for Here {
    fn load(&self, name: &str, _parent: Option<&str>) -> Result<(String, String), Error> {
        let missing = || Error::new(Kind::TemplateNotFound, format!("'{name}' not found in search path: '.'"));
        Ok((std::fs::read_to_string(name).map_err(|_| missing())?, name.to_owned()))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stdin = std::io::stdin().lock();
    let mut stdout = std::io::stdout().lock();
    let mut env = Environment::new(Options { trim_blocks: true, ..Options::default() });
    env.set_loader(std::rc::Rc::new(Here));
    env.set_prefixes(&["ansible.builtin."]);
    let mut scope = Dict::new();
    for (index, line) in stdin.lines().enumerate() {
        let json: Json = serde_json::from_str(&line?)?;
        match &json {
            Json::Object(_) if index == 0 => {
                if let Value::Dict(variables) = value(&json) {
                    scope = variables;
                }
            }
            Json::String(source) => {
                // Templates may change what they are given: each starts anew.
                let Value::Dict(own) = jinja::finalize(&Value::Dict(scope.clone()))? else { continue };
                let answer = env.compile(source, None).and_then(|template| template.render(&env, &own)?.repr());
                let answer = match answer {
                    Ok(text) => serde_json::json!([source, "ok", text]),
                    Err(error) => serde_json::json!([source, "err", error.message]),
                };
                writeln!(stdout, "{answer}")?;
            }
            _ => {}
        }
    }
    Ok(())
}
