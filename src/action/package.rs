//! `package`: the module of the host's own package manager.
//!
//! Source: Ansible documentation, `ansible.builtin.package`.

use protocol::Data;

use super::{ActionContext, ActionError, ActionOutcome, Local, module, provider};
use crate::{
    collection::{self, Resolution},
    diagnostic::{ErrorChain, Link},
    python_repr::{self, truth},
};

/// Package managers whose modules ansible-core has itself: it names them with the collection that may be overridden.
const BUILTIN: [&str; 3] = ["apt", "dnf", "dnf5"];

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        let given = arguments.shift_remove("use").unwrap_or_else(|| "auto".into());
        let manager = if given == Data::from("auto") { hosts_own(context).await? } else { given };
        if !truth(&manager) || manager == Data::from("auto") {
            return Err(ActionError::refused(
                "Could not detect which package manager to use. Try gathering facts or setting the \"use\" option.",
            ));
        }
        let (chosen, shown) = module_for(&manager)?;
        provider::add_defaults(context, chosen, &mut arguments)?;
        let outcome = module::call_as(context, chosen, &shown, arguments, None).await?;
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}

/// What the host is said to have: by `ansible_package_use`, else by its facts, which are asked for if they are not known.
async fn hosts_own(context: &ActionContext<'_>) -> Result<Data, ActionError> {
    if let Some(named) = context.text_variable("ansible_package_use").filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    if let Some(known) = context.fact("pkg_mgr").filter(|known| !known.is_empty()) {
        return Ok(known.into());
    }
    let outcome = provider::ask(context, "pkg_mgr").await?;
    if outcome.failed {
        let reason = outcome.message().unwrap_or_default();
        let said = format!("Failed to fetch ansible_pkg_mgr to determine the package action backend: {reason}");
        return Err(ActionError::Refused(ErrorChain::new(Link::new(said)), outcome.values));
    }
    let fact = outcome.facts.and_then(|mut facts| facts.shift_remove("ansible_pkg_mgr"));
    fact.ok_or_else(|| ActionError::refused("Could not detect a package manager. Try using the \"use\" option."))
}

/// The module for a package manager, and its name in error texts.
fn module_for(manager: &Data) -> Result<(&'static str, String), ActionError> {
    let named = python_repr::str(manager);
    // Only what is a module of that very name: `yum` is a task's other name for `dnf` and no module.
    let short = manager
        .as_str()
        .and_then(collection::short_name)
        .filter(|short| collection::names().any(|name| name == *short));
    match short.map(collection::resolve) {
        Some(Resolution::Native(module) | Resolution::NotYet(module)) => {
            let shown = if BUILTIN.contains(&named.as_str()) { format!("ansible.legacy.{named}") } else { named };
            Ok((module, shown))
        }
        Some(Resolution::Action(module)) if modules::registry::find(module).is_some() => Ok((module, named)),
        Some(Resolution::Action(_)) => {
            Err(ActionError::failed(format!("module ({named}) is missing interpreter line")))
        }
        Some(Resolution::Removed(_) | Resolution::Unknown) | None => {
            let said = format!("Could not find a matching action for the \"{named}\" package manager.");
            Err(ActionError::refused(said))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(manager: &str) -> Result<(&'static str, String), String> {
        module_for(&Data::from(manager)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_manager_is_a_module_of_that_name() {
        assert_eq!(chosen("apt"), Ok(("apt", "ansible.legacy.apt".to_owned())));
        assert_eq!(chosen("ansible.builtin.apt"), Ok(("apt", "ansible.builtin.apt".to_owned())));
        assert_eq!(chosen("copy"), Ok(("copy", "copy".to_owned())));
    }

    #[test]
    fn what_is_no_module_is_refused_in_ansibles_words() {
        for name in ["yum", "zypper", "community.general.pacman", "nonsense", "include"] {
            let said = format!("Could not find a matching action for the \"{name}\" package manager.");
            assert_eq!(chosen(name), Err(said));
        }
        assert_eq!(chosen("debug"), Err("module (debug) is missing interpreter line".to_owned()));
    }
}
