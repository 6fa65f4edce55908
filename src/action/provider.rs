//! What `package` and `service` share: what the host says that it has, and the defaults of the module that is chosen.

use protocol::{Data, Map, Outcome};

use super::{ActionContext, ActionError, module};

/// What the host says it has: from its facts if they are known, else asked for.
pub(super) async fn provider(context: &ActionContext<'_>, fact: &str) -> Result<String, ActionError> {
    if let Some(known) = context.fact(fact) {
        return Ok(known);
    }
    let facts = ask(context, fact).await?.facts.unwrap_or_default();
    let found = facts.get(&format!("ansible_{fact}")).and_then(Data::as_str).map(str::to_owned);
    Ok(found.unwrap_or_else(|| "auto".to_owned()))
}

/// Asks the host for a fact.
pub(super) async fn ask(context: &ActionContext<'_>, fact: &str) -> Result<Outcome, ActionError> {
    let mut arguments = Map::new();
    arguments.insert("filter".to_owned(), Data::from(vec![format!("ansible_{fact}")]));
    arguments.insert("gather_subset".to_owned(), Data::from(vec!["!all", "!min", fact]));
    let mut invocation = context.invocation("setup", arguments);
    invocation.check_mode = false;
    Ok(context.target.call(invocation, None).await?)
}

/// `module_defaults` of the module that was chosen, beneath what the task says.
pub(super) fn add_defaults(context: &ActionContext<'_>, module: &str, arguments: &mut Map) -> Result<(), ActionError> {
    let defaults = (context.defaults)(&format!("ansible.builtin.{module}")).map_err(ActionError::Failed)?;
    for (name, value) in module::to_map(&defaults)? {
        arguments.entry(name).or_insert(value);
    }
    Ok(())
}
