//! `async_status`: asks for a job in the background.
//!
//! Source: Ansible documentation, `ansible.builtin.async_status`.

use protocol::Data;

use super::{ActionContext, ActionError, ActionOutcome, Local, module};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        arguments.insert("_async_dir".to_owned(), Data::from(context.settings.async_folder.as_str()));
        let outcome = module::call(context, "async_status", arguments, None).await?;
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}
