//! Starting with the host.

use super::{
    ServiceArgs,
    tools::{Enabler, Tools, execute},
};
use crate::{
    prelude::*,
    support::{command::Output, paths, sysv},
};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enabled {
    /// It is as wanted; true where it was not before.
    Changed(bool),
    /// Check mode: it would be changed.
    WouldChange,
}

/// Has a service started with the host, or not.
///
/// # Errors
///
/// The tool fails, or there is none.
pub(super) fn enable(ctx: &Context, tools: &Tools, args: &ServiceArgs, wanted: bool) -> Result<Enabled, Failure> {
    let name = &args.name;
    let (line, action) = match &tools.enabler {
        None => {
            return Err(Failure::new(format!(
                "cannot detect command to enable service {name}, typo or init system potentially unknown"
            )));
        }
        Some(Enabler::UpdateRcD(tool)) => return by_update_rc_d(ctx, tool, name, wanted),
        Some(Enabler::Insserv(tool)) => return by_insserv(ctx, tool, name, wanted),
        Some(Enabler::Systemctl(tool)) => {
            if unit_is_enabled(ctx, tool, name)? == wanted {
                return Ok(Enabled::Changed(false));
            }
            let action = if wanted { "enable" } else { "disable" };
            (format!("{tool} {action} {name}"), action)
        }
        Some(Enabler::RcUpdate(tool)) => {
            let shown = execute(ctx, &format!("{tool} show"))?;
            if in_runlevel(&shown.stdout_text(), name, &args.runlevel) == wanted {
                return Ok(Enabled::Changed(false));
            }
            let action = if wanted { "add" } else { "delete" };
            (format!("{tool} {action} {name} {}", args.runlevel), action)
        }
        Some(Enabler::Chkconfig(tool)) => {
            let action = if wanted { "on" } else { "off" };
            if chkconfig_says(ctx, tool, name, action)? {
                return Ok(Enabled::Changed(false));
            }
            (format!("{tool} {name} {action}"), action)
        }
    };
    if ctx.check_mode {
        return Ok(Enabled::WouldChange);
    }
    let output = execute(ctx, &line)?;
    if output.success() {
        return Ok(Enabled::Changed(true));
    }
    let (rc, said, error) = (output.rc, output.stdout_text(), output.stderr_text());
    Err(Failure::new(if error.is_empty() {
        format!("Failure for {action} {name}: rc={rc} {said}")
    } else {
        format!("Error when trying to {action} {name}: rc={rc} {error}")
    }))
}

fn unit_is_enabled(ctx: &Context, systemctl: &str, name: &str) -> Result<bool, Failure> {
    let output = execute(ctx, &format!("{systemctl} is-enabled {name}"))?;
    if output.success() {
        return Ok(true);
    }
    if output.stdout.starts_with(b"disabled") {
        return Ok(false);
    }
    let script = sysv::script(name);
    let executable = rustix::fs::access(&script, rustix::fs::Access::EXEC_OK).is_ok();
    Ok(executable && paths::glob_any(&format!("/etc/rc?.d/S??{name}"), None))
}

/// Whether `rc-update show` names the service with the runlevel.
fn in_runlevel(shown: &str, service: &str, runlevel: &str) -> bool {
    let mut rows = shown.lines().filter_map(|line| line.split_once('|'));
    rows.find(|(name, _)| name.trim() == service)
        .is_some_and(|(_, runlevels)| runlevels.split_whitespace().any(|other| other == runlevel))
}

/// Whether the service is in that state in the runlevels that count; chkconfig is told of it if it did not know it.
fn chkconfig_says(ctx: &Context, tool: &str, name: &str, action: &str) -> Result<bool, Failure> {
    let list = || execute(ctx, &format!("{tool} --list {name}"));
    let mut output = list()?;
    if output.stderr_text().contains(&format!("chkconfig --add {name}")) {
        execute(ctx, &format!("{tool} --add {name}"))?;
        output = list()?;
    }
    let said = output.stdout_text();
    if !said.contains(name) {
        return Err(Failure::new(format!("service {name} does not support chkconfig")));
    }
    Ok(said.contains(&format!("3:{action}")) && said.contains(&format!("5:{action}")))
}

/// Debian's tool, which is not asked: the links in the folders of the runlevels say it.
fn by_update_rc_d(ctx: &Context, tool: &str, name: &str, wanted: bool) -> Result<Enabled, Failure> {
    let linked = |letter: &str| paths::glob_any(&format!("/etc/rc?.d/{letter}??{name}"), None);
    if linked("S") == wanted {
        return Ok(Enabled::Changed(false));
    }
    if !ctx.check_mode {
        if wanted && !linked("K") {
            said_or_done(&execute(ctx, &format!("{tool} {name} defaults"))?)?;
        }
        let action = if wanted { "enable" } else { "disable" };
        said_or_done(&execute(ctx, &format!("{tool} {name} {action}"))?)?;
    }
    // Ansible's module goes on in check mode here.
    Ok(Enabled::Changed(true))
}

fn said_or_done(output: &Output) -> Result<(), Failure> {
    if output.success() {
        return Ok(());
    }
    let (said, error) = (output.stdout_text(), output.stderr_text());
    Err(Failure::new(if error.is_empty() { said } else { error }))
}

fn by_insserv(ctx: &Context, tool: &str, name: &str, wanted: bool) -> Result<Enabled, Failure> {
    let (option, sign) = if wanted { ("", "enable service") } else { ("-r ", "remove service") };
    let asked = execute(ctx, &format!("{tool} -n {option}-v {name}"))?;
    if !asked.stderr_text().lines().any(|line| line.contains(sign)) {
        return Ok(Enabled::Changed(false));
    }
    if ctx.check_mode {
        return Ok(Enabled::WouldChange);
    }
    let output = execute(ctx, &format!("{tool} {option}{name}"))?;
    if output.success() && output.stderr.is_empty() {
        return Ok(Enabled::Changed(true));
    }
    let verb = if wanted { "install" } else { "remove" };
    let (rc, said, error) = (output.rc, output.stdout_text(), output.stderr_text());
    Err(Failure::new(format!("Failed to {verb} service. rc: {rc}, out: {said}, err: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rc_update_names_a_service_with_its_runlevels() {
        let shown = "               sshd | default boot\n              local | default\n";
        assert!(in_runlevel(shown, "sshd", "boot"));
        assert!(!in_runlevel(shown, "local", "boot"));
        assert!(!in_runlevel(shown, "ssh", "default"));
    }
}
