//! `assert`: fails unless conditions hold.
//!
//! Source: Ansible documentation, `ansible.builtin.assert`.

use jinja::Value;
use protocol::{Data, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Local, module::check_names};
use crate::template::data::to_data;

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        check_names(context, &["fail_msg", "msg", "success_msg", "quiet", "that"])?;
        let Some(that) = context.args.raw("that") else {
            return Err(ActionError::refused("missing required arguments: that"));
        };
        let fail_msg = message(context, "fail_msg", "Assertion failed")?;
        let fail_msg =
            if context.args.contains("fail_msg") { fail_msg } else { message(context, "msg", "Assertion failed")? };
        let success_msg = message(context, "success_msg", "All assertions passed")?;
        let verbose = !context.flag("quiet", false);
        let mut outcome = Outcome::changed(false);
        for condition in conditions(context, that)? {
            if !context.templar().condition(&condition, context.scope)? {
                outcome.changed = None;
                outcome.failed = true;
                outcome.set("evaluated_to", false);
                outcome.set("assertion", to_data(&condition)?);
                set_message(&mut outcome, fail_msg);
                return Ok(ActionOutcome { outcome, verbose, ..ActionOutcome::default() });
            }
        }
        set_message(&mut outcome, success_msg);
        Ok(ActionOutcome { outcome, verbose, ..ActionOutcome::default() })
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

fn message(context: &ActionContext<'_>, name: &str, default: &str) -> Result<Data, ActionError> {
    match context.arg(name) {
        None => Ok(Data::from(default)),
        Some(value) => Ok(to_data(&value)?),
    }
}

fn set_message(outcome: &mut Outcome, message: Data) {
    match message {
        Data::Str(text) => outcome.msg = Some(text),
        other => outcome.set("msg", other),
    }
}
