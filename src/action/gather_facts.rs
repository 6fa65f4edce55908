//! `gather_facts`: runs `setup` at the start of a play.
//!
//! Source: Ansible documentation, `ansible.builtin.gather_facts`.

use protocol::{Data, Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Detail, Local, module};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        arguments.shift_remove("parallel");
        let mut outcome = module::call_as(context, "setup", MODULE, arguments, None).await?;
        if outcome.failed {
            outcome = failure(outcome);
        } else {
            outcome.values.shift_remove("invocation");
        }
        outcome.changed = Some(false);
        let facts = outcome.facts.get_or_insert_with(Map::new);
        facts.entry("_ansible_facts_gathered".to_owned()).or_insert(Data::Bool(true));
        Ok(ActionOutcome { by_module: !outcome.failed, outcome, detail: Detail::Hidden, ..ActionOutcome::default() })
    })
}

/// The name under which Ansible runs the module.
const MODULE: &str = "ansible.legacy.setup";

/// The action's own failure, with the module's result in it.
fn failure(module: Outcome) -> Outcome {
    let mut result = Map::new();
    result.insert("exception".to_owned(), "(traceback unavailable)".into());
    result.insert("failed".to_owned(), true.into());
    result.extend(module.values);
    result.insert("msg".to_owned(), module.msg.into());
    let failed: Map = [(MODULE.to_owned(), Data::Map(result))].into_iter().collect();
    Outcome {
        warnings: module.warnings,
        deprecations: module.deprecations,
        ..Outcome::failure(format!("The following modules failed to execute: {MODULE}."))
    }
    .with("failed_modules", failed)
}
