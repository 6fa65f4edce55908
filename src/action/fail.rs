//! `fail`: fails with the operator's message.
//!
//! Source: Ansible documentation, `ansible.builtin.fail`.

use protocol::Outcome;

use super::{ActionContext, ActionError, ActionOutcome, Local, module::check_names};
use crate::template::data::to_data;

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        check_names(context, &["msg"])?;
        let mut outcome = Outcome { failed: true, ..Outcome::default() };
        match context.args.raw("msg") {
            None => outcome.msg = Some("Failed as requested from task".to_owned()),
            Some(msg) => match to_data(&msg)? {
                protocol::Data::Str(text) => outcome.msg = Some(text),
                other => outcome.set("msg", other),
            },
        }
        Ok(outcome.into())
    })
}
