//! The tools that a host has to start services and to have them started.

use std::path::Path;

use super::super::fail_if_missing;
use crate::{
    prelude::*,
    support::{init, sysv},
};

const FOLDERS: [&str; 4] = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"];

/// What starts and stops a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Control {
    /// systemctl, which takes the action first.
    Systemctl(String),
    /// OpenRC's rc-service.
    RcService(String),
    /// The program `service`, which finds the init script.
    Service(String),
    /// The init script itself.
    Script(String),
}

/// What makes a service start with the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Enabler {
    Systemctl(String),
    RcUpdate(String),
    UpdateRcD(String),
    Insserv(String),
    Chkconfig(String),
}

/// The tools for one service.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) control: Control,
    /// None where OpenRC lacks rc-update.
    pub(super) enabler: Option<Enabler>,
}

impl Tools {
    /// Finds the tools for a service.
    ///
    /// # Errors
    ///
    /// There are none: the host does not know the service.
    pub(super) fn find(ctx: &Context, service: &str) -> Result<Self, Failure> {
        let tool = |name: &str| ctx.require_bin_in(name, &FOLDERS).ok();
        if let Some(systemctl) = tool("systemctl").filter(|_| init::systemd_manages(ctx)) {
            let enabler = Some(Enabler::Systemctl(systemctl.clone()));
            return Ok(Self { control: Control::Systemctl(systemctl), enabler });
        }
        if tool("initctl").is_some() && Path::new(&format!("/etc/init/{service}.conf")).exists() {
            return Err(Failure::new(format!(
                "the native module service does not know Upstart, which manages the service {service} here: use its \
                 commands in a task of their own (command: initctl ...)"
            )));
        }
        if let Some(rc_service) = tool("rc-service") {
            let enabler = tool("rc-update").map(Enabler::RcUpdate);
            return Ok(Self { control: Control::RcService(rc_service), enabler });
        }
        let script = Some(sysv::script(service)).filter(|script| Path::new(script).is_file());
        let enabler = script.as_ref().and_then(|_| {
            let update_rc_d = tool("update-rc.d").map(Enabler::UpdateRcD);
            update_rc_d
                .or_else(|| tool("insserv").map(Enabler::Insserv))
                .or_else(|| tool("chkconfig").map(Enabler::Chkconfig))
        });
        fail_if_missing(enabler.is_some(), service, "host")?;
        let control = tool("service").map(Control::Service).or_else(|| script.map(Control::Script));
        let Some(control) = control else {
            return Err(Failure::new(
                "cannot find 'service' binary or init script for service,  possible typo in service name?, aborting",
            ));
        };
        Ok(Self { control, enabler })
    }
}

/// Runs a line in plain English.
///
/// # Errors
///
/// It could not be run.
pub(super) fn execute(ctx: &Context, line: &str) -> Result<crate::support::command::Output, Failure> {
    Ok(ctx.command_line(line)?.best_locale().run()?)
}
