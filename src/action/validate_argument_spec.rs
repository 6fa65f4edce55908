//! `validate_argument_spec`: checks variables against a specification; roles with one do so by themselves.
//!
//! Source: Ansible documentation, `ansible.builtin.validate_argument_spec`.

use jinja::{Dict, Value};
use protocol::{
    Data, Map, Outcome,
    arguments::{WrittenOption, python, validate_written},
};

use super::{ActionContext, ActionError, ActionOutcome, Local};
use crate::template::data::{to_data, to_map};

/// The module of the classes that ansible-core gives to what stands in playbooks.
const TAGGED: &str = "ansible.module_utils._internal._datatag.";

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move { check(context).map(ActionOutcome::from) })
}

fn check(context: &ActionContext<'_>) -> Result<Outcome, ActionError> {
    let about = match context.args.raw("validate_args_context") {
        Some(about) => to_data(&about)?,
        None => Data::Map(Map::new()),
    };
    let Some(specification) = context.args.raw("argument_spec") else {
        let shown = python::str(&Data::Map(to_map(context.args)?));
        return Err(ActionError::failed(format!("\"argument_spec\" arg is required in args: {shown}")));
    };
    let specification = mapping("argument_spec", specification)?;
    let provided = match context.args.raw("provided_arguments") {
        Some(provided) => mapping("provided_arguments", provided)?,
        None => Dict::new(),
    };
    let specification = to_map(&specification)?;
    let options = WrittenOption::read(&specification).map_err(ActionError::failed)?;
    let mut arguments = from_variables(context, &specification)?;
    arguments.extend(to_map(&provided)?);
    let errors = validate_written(&options, arguments);
    let mut outcome = Outcome::default();
    outcome.values.insert("validate_args_context".to_owned(), about);
    if errors.is_empty() {
        outcome.changed = Some(false);
        outcome.msg = Some("The arg spec validation passed".to_owned());
        return Ok(outcome);
    }
    outcome.failed = true;
    outcome.msg = Some(format!("Validation of arguments failed:\n{}", errors.join("\n")));
    outcome.values.insert("argument_spec_data".to_owned(), Data::Map(specification));
    outcome.values.insert("argument_errors".to_owned(), Data::List(errors.into_iter().map(Data::from).collect()));
    Ok(outcome)
}

fn mapping(name: &str, value: Value) -> Result<Dict, ActionError> {
    match value {
        Value::Dict(dict) => Ok(dict),
        other => {
            // Literals of a playbook are of classes of ansible-core's own.
            let kind = match &other {
                Value::Str(text) if text.origin().is_some() => TAGGED.to_owned() + "_AnsibleTaggedStr",
                Value::List(_) => TAGGED.to_owned() + "_AnsibleTaggedList",
                other => other.type_name().to_owned(),
            };
            Err(ActionError::failed(format!("Incorrect type for {name}, expected dict and got <class '{kind}'>")))
        }
    }
}

/// The task's variables that go by the names of options, rendered.
fn from_variables(context: &ActionContext<'_>, specification: &Map) -> Result<Map, ActionError> {
    let given = Dict::new();
    for name in specification.keys() {
        if let Some((_, raw)) = context.scope.layers().raw(name) {
            given.insert(name.as_str(), raw);
        }
    }
    match context.templar().render(&Value::Dict(given), context.scope)? {
        Value::Dict(given) => Ok(to_map(&given)?),
        _ => Ok(Map::new()),
    }
}
