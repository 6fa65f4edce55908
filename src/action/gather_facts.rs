//! `gather_facts`: runs `setup` at the start of a play.
//!
//! Source: Ansible documentation, `ansible.builtin.gather_facts`.

use protocol::{Data, Map};

use super::{ActionContext, ActionError, ActionOutcome, Local, module};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        arguments.shift_remove("parallel");
        let mut outcome = module::call(context, "setup", arguments, None).await?;
        outcome.values.shift_remove("invocation");
        outcome.changed = Some(false);
        if !outcome.failed {
            let facts = outcome.facts.get_or_insert_with(Map::new);
            facts.entry("_ansible_facts_gathered".to_owned()).or_insert(Data::Bool(true));
        }
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}
