//! `debug`: shows a message or a variable.
//!
//! Source: Ansible documentation, `ansible.builtin.debug`.

use std::fmt::Write as _;

use jinja::{Error, Origin, Str, Value};
use protocol::{
    Data, Outcome,
    arguments::{Default, Kind, OptionSpec},
};

use super::{ActionContext, ActionError, ActionOutcome, Detail, Local, options};
use crate::{
    diagnostic::Span,
    template::{
        Notice, TemplateError,
        data::{to_data, to_data_and_errors},
    },
};

const OPTIONS: [OptionSpec; 3] = [
    OptionSpec { name: "msg", kind: Kind::Raw, ..OptionSpec::EMPTY },
    OptionSpec { name: "var", kind: Kind::Raw, ..OptionSpec::EMPTY },
    OptionSpec { name: "verbosity", kind: Kind::Int, default: Some(Default::Int(0)), ..OptionSpec::EMPTY },
];

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let options = options::validated(context, &OPTIONS, &[&["msg", "var"]])?;
        let verbosity = options.get("verbosity").and_then(Data::as_int).unwrap_or(0);
        let mut outcome = Outcome::default();
        if verbosity > i64::from(context.settings.verbosity) {
            outcome.skipped = true;
            outcome.set("skipped_reason", "Verbosity threshold not met.");
            return Ok(outcome.into());
        }
        if let Some(var) = context.arg("var") {
            let name = match var {
                Value::Str(text) => text,
                other => Str::trusted(other.to_str().unwrap_or_default(), None),
            };
            outcome.set(&name, variable(context, &name)?);
        } else {
            match context.args.raw("msg") {
                None => outcome.msg = Some("Hello world!".to_owned()),
                Some(msg) => match to_data(&msg)? {
                    Data::Str(text) => outcome.msg = Some(text),
                    other => outcome.set("msg", other),
                },
            }
        }
        Ok(ActionOutcome { outcome, detail: Detail::Whole, ..ActionOutcome::default() })
    })
}

/// The value of `var`: what cannot be had inside of it is shown as what is wrong.
fn variable(context: &ActionContext<'_>, name: &Str) -> Result<Data, ActionError> {
    // The argument was rendered already, and with that it lost its trust where it was a template. A bare name or an
    // expression is the operator's text still.
    let value = context
        .templar()
        .evaluate_expression(name, context.scope, true)
        .and_then(|value| to_data_and_errors(&value).map_err(|error| TemplateError::from_engine(&error, name.origin())))
        .map_err(|error| error.within("Error while resolving `var` expression.", name.origin().map(Span::from)))?;
    let (data, errors) = value;
    warn(context, &errors, name.origin());
    Ok(data)
}

/// Says what was replaced, template by template.
fn warn(context: &ActionContext<'_>, errors: &[Error], expression: Option<&Origin>) {
    let mut number = 0;
    for group in errors.chunk_by(|one, next| one.origin == next.origin) {
        let mut text = format!("Encountered {} template error{}.", group.len(), if group.len() > 1 { "s" } else { "" });
        for error in group {
            number += 1;
            let _ = write!(text, "\nerror {number} - {}", error.message);
        }
        let origin = group.first().and_then(|error| error.origin.as_ref()).or(expression);
        context.scope.notice(Notice::warning(text).at(origin));
    }
}
