//! `validate_argument_spec`: checks variables against a specification; roles with one do so by themselves.
//!
//! Source: Ansible documentation, `ansible.builtin.validate_argument_spec`.

use super::{ActionContext, ActionError, ActionOutcome, Local};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let _ = context;
        Err(ActionError::failed("validate_argument_spec is not written yet"))
    })
}
