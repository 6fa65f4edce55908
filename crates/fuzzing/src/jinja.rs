//! Templates and expressions.

use std::rc::Rc;

use jinja::{Dict, Environment, Error, Kind, List, Loader, Options, Value};
use provision::template;

use super::text;

/// Turns of loops and calls of macros that a render may take.
const STEPS: u64 = 20_000;

/// The filters and tests of Ansible that look at the machine's files or are made to take long.
const LEFT_OUT: [&str; 6] = ["fileglob", "password_hash", "realpath", "unvault", "vault", "random"];

/// A template that includes, imports and extends can reach.
struct Files;

impl Loader for Files {
    fn load(&self, name: &str, _parent: Option<&str>) -> Result<(String, String), Error> {
        match name {
            "a" => {
                Ok(("{% macro m(x) %}{{ x }}{% endmacro %}{% block b %}a{{ s }}{% endblock %}".to_owned(), "a".into()))
            }
            "self" => Ok(("{% include 'self' %}".to_owned(), "self".into())),
            _ => Err(Error::new(Kind::TemplateNotFound, format!("no template {name}"))),
        }
    }
}

fn scope() -> Dict {
    let list = Value::List([3, 1, 2].into_iter().map(Value::Int).collect::<List>());
    let dict = Dict::from_iter([("a", Value::Int(1)), ("b", Value::from("x"))]);
    Dict::from_iter([
        ("s", Value::from("text <b> ü")),
        ("i", Value::Int(7)),
        ("f", Value::Float(1.5)),
        ("n", Value::None),
        ("t", Value::Bool(true)),
        ("l", list),
        ("d", Value::Dict(dict)),
    ])
}

fn bounded(mut env: Environment) -> Environment {
    env.set_loader(Rc::new(Files));
    env.set_steps(STEPS);
    env
}

fn everything() -> Options {
    Options { loop_controls: true, do_statement: true, ..Options::default() }
}

/// Compiles and renders a template with Jinja2's own filters.
pub fn jinja_template(data: &[u8]) {
    let Some(source) = text(data) else { return };
    let mut options = everything();
    options.keep_trailing_newline = true;
    let env = bounded(Environment::new(options));
    let result = env.compile(source, Some("fuzz")).and_then(|template| template.render_text(&env, &scope()));
    match result {
        Ok(result) if !source.contains(['{', '\r', '\n']) => assert_eq!(result, source, "plain text stays what it is"),
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty(), "an error says what is wrong"),
    }
}

/// Compiles and evaluates an expression with Jinja2's own filters.
pub fn jinja_expression(data: &[u8]) {
    let Some(source) = text(data) else { return };
    evaluate(&bounded(Environment::new(everything())), source);
}

/// Evaluates an expression with Ansible's filters and tests.
pub fn ansible_filters(data: &[u8]) {
    // For `from_yaml`.
    let Some(source) = text(data).filter(|_| !super::ends_libfuzzer(data)) else { return };
    let mut env = bounded(template::environment::environment());
    for name in LEFT_OUT {
        env.add_filter(name, |_| Ok(Value::None));
    }
    evaluate(&env, source);
}

fn evaluate(env: &Environment, source: &str) {
    let Ok(expression) = env.compile_expression(source) else { return };
    if let Ok(value) = expression.render(env, &scope()) {
        // It prints, or says why not.
        let _ = (value.to_str(), value.repr());
    }
}
