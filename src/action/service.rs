//! `service`: the module of the host's own service manager.
//!
//! Source: Ansible documentation, `ansible.builtin.service`.

use protocol::Data;

use super::{
    ActionContext, ActionError, ActionOutcome, Local, module,
    provider::{add_defaults, provider},
};
use crate::collection::{self, Resolution};

/// Options of `service` that systemd has no use for, in the order in which Ansible warns of them.
const UNUSED_BY_SYSTEMD: [&str; 5] = ["pattern", "runlevel", "sleep", "arguments", "args"];

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        let asked = match arguments.shift_remove("use") {
            Some(Data::Str(name)) => name.to_lowercase(),
            _ => "auto".to_owned(),
        };
        let named = if asked == "auto" { provider(context, "service_mgr").await? } else { asked };
        let (chosen, shown) = module_for(&named);
        let mut warnings = Vec::new();
        if named == "systemd" {
            for option in UNUSED_BY_SYSTEMD {
                if arguments.shift_remove(option).is_some() {
                    warnings.push(format!("Ignoring \"{option}\" as it is not used in \"{named}\""));
                }
            }
        }
        add_defaults(context, chosen, &mut arguments)?;
        let mut outcome = module::call_as(context, chosen, &shown, arguments, None).await?;
        outcome.warnings.splice(0..0, warnings);
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}

/// The module for a service manager, and its name in error texts: `service` where it is none that has one of its own.
fn module_for(manager: &str) -> (&'static str, String) {
    match collection::resolve(manager) {
        Resolution::Native(short) | Resolution::Action(short) | Resolution::NotYet(short) => {
            let is_builtin = matches!(manager, "openwrt_init" | "service" | "systemd" | "sysvinit");
            (short, if is_builtin { format!("ansible.legacy.{manager}") } else { manager.to_owned() })
        }
        Resolution::Removed(_) | Resolution::Unknown => ("service", "ansible.legacy.service".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_without_a_module_of_its_own_is_left_to_the_front() {
        assert_eq!(module_for("systemd"), ("systemd", "ansible.legacy.systemd".to_owned()));
        assert_eq!(module_for("ansible.builtin.systemd"), ("systemd", "ansible.builtin.systemd".to_owned()));
        for manager in ["openrc", "runit", ""] {
            assert_eq!(module_for(manager), ("service", "ansible.legacy.service".to_owned()));
        }
    }
}
