//! `package`: the module of the host's own package manager; and what the host says that it has.
//!
//! Source: Ansible documentation, `ansible.builtin.package`.

use protocol::{Data, Map};

use super::{ActionContext, ActionError, ActionOutcome, Local, module};

pub(super) fn package<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        let chosen = match arguments.shift_remove("use") {
            Some(Data::Str(name)) if name != "auto" => Some(name),
            _ => context.text_variable("ansible_package_use"),
        };
        let name = match chosen {
            Some(name) => name,
            None => provider(context, "pkg_mgr").await?,
        };
        let short = name.strip_prefix("ansible.builtin.").unwrap_or(&name);
        if modules::registry::find(short).is_none() {
            let message = format!("Could not find a matching action for the \"{short}\" package manager.");
            return Err(ActionError::failed(message));
        }
        run_module(context, short, arguments).await
    })
}

async fn run_module(context: &ActionContext<'_>, name: &str, arguments: Map) -> Result<ActionOutcome, ActionError> {
    let outcome = module::call(context, name, arguments, None).await?;
    Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
}

/// What the host says it has: from its facts if they are known, else asked for.
pub(super) async fn provider(context: &ActionContext<'_>, fact: &str) -> Result<String, ActionError> {
    if let Some(known) = context.fact(fact) {
        return Ok(known);
    }
    let mut arguments = Map::new();
    arguments.insert("filter".to_owned(), Data::from(vec![format!("ansible_{fact}")]));
    arguments.insert("gather_subset".to_owned(), Data::from(vec!["!all", "!min", fact]));
    let mut invocation = context.invocation("setup", arguments);
    invocation.check_mode = false;
    let outcome = context.target.call(invocation, None).await?;
    let facts = outcome.facts.unwrap_or_default();
    let found = facts.get(&format!("ansible_{fact}")).and_then(Data::as_str).map(str::to_owned);
    Ok(found.unwrap_or_else(|| "auto".to_owned()))
}
