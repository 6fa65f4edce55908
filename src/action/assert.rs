//! `assert`: fails unless conditions hold.
//!
//! Source: Ansible documentation, `ansible.builtin.assert`.

use jinja::Value;
use protocol::{
    Data, Outcome,
    arguments::{Default, Kind, OptionSpec, python},
};

use super::{ActionContext, ActionError, ActionOutcome, Detail, Local, options};
use crate::template::data::to_data;

const OPTIONS: [OptionSpec; 4] = [
    OptionSpec {
        name: "fail_msg",
        aliases: &["msg"],
        kind: Kind::Raw,
        default: Some(Default::Str("Assertion failed")),
        ..OptionSpec::EMPTY
    },
    OptionSpec {
        name: "success_msg",
        kind: Kind::Raw,
        default: Some(Default::Str("All assertions passed")),
        ..OptionSpec::EMPTY
    },
    OptionSpec { name: "quiet", kind: Kind::Bool, default: Some(Default::Bool(false)), ..OptionSpec::EMPTY },
    OptionSpec { name: "that", kind: Kind::Raw, required: true, ..OptionSpec::EMPTY },
];

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut options = options::validated(context, &OPTIONS, &[])?;
        let mut message = |name: &str| texts(name, options.shift_remove(name).unwrap_or_default());
        let (fail_msg, success_msg) = (message("fail_msg")?, message("success_msg")?);
        let quiet = options.get("quiet") == Some(&Data::Bool(true));
        let detail = if quiet { Detail::ByVerbosity } else { Detail::Whole };
        let that = context.args.raw("that").unwrap_or(Value::None);
        let mut outcome = Outcome::changed(false);
        for condition in conditions(context, that)? {
            if !context.templar().condition(&condition, context.scope)? {
                outcome.changed = None;
                outcome.failed = true;
                outcome.set("evaluated_to", false);
                outcome.set("assertion", to_data(&condition)?);
                set_message(&mut outcome, fail_msg);
                return Ok(ActionOutcome { outcome, detail, ..ActionOutcome::default() });
            }
        }
        set_message(&mut outcome, success_msg);
        Ok(ActionOutcome { outcome, detail, ..ActionOutcome::default() })
    })
}

/// `that` as a list of conditions: one text, a list, or a template of a list, whose elements are not rendered.
fn conditions(context: &ActionContext<'_>, that: Value) -> Result<Vec<Value>, ActionError> {
    match that {
        Value::List(list) => Ok(list.raw_values()),
        Value::Str(text) => {
            let whole = text.trim().starts_with("{{") && text.trim().ends_with("}}");
            if whole
                && let Ok(Value::List(list)) =
                    context.templar().render_to_container(&Value::Str(text.clone()), context.scope)
            {
                return Ok(list.raw_values());
            }
            Ok(vec![Value::Str(text)])
        }
        Value::Bool(value) => Ok(vec![Value::Bool(value)]),
        other => Err(ActionError::refused(format!(
            "argument 'that' is of type {} and we were unable to convert to _check_type_list_strict: {} cannot be converted to a list",
            other.type_name(),
            other.type_name(),
        ))),
    }
}

/// A message: a text or a list of them.
fn texts(name: &str, value: Data) -> Result<Data, ActionError> {
    let fits = match &value {
        Data::Str(_) => true,
        Data::List(items) => items.iter().all(|item| matches!(item, Data::Str(_))),
        _ => false,
    };
    if fits {
        return Ok(value);
    }
    Err(ActionError::refused(format!(
        "argument '{name}' is of type {} and we were unable to convert to str_or_list_of_str: a string or list of strings \
         is required",
        python::type_name(&value)
    )))
}

fn set_message(outcome: &mut Outcome, message: Data) {
    match message {
        Data::Str(text) => outcome.msg = Some(text),
        other => outcome.set("msg", other),
    }
}
