//! `service`: services by whatever tool the host has.
//!
//! The action of the same name hands over to `systemd` and `sysvinit` where the host has those; this module is for all
//! other hosts, and for `use: service`.

mod control;
mod enable;
mod status;
mod tools;

use self::{control::Action, tools::Tools};
use super::State;
use crate::prelude::*;

/// Manage services.
///
/// Starts, stops, reloads and enables services. It is a front for the modules of the service managers (`systemd`,
/// `sysvinit`), which it chooses by the fact `ansible_service_mgr`; on other hosts it looks for tools itself: systemctl,
/// rc-service, and init scripts with update-rc.d, insserv or chkconfig.
#[derive(Debug, Arguments)]
#[arguments(required_one_of("state", "enabled"))]
pub struct ServiceArgs {
    /// The service's name.
    #[arg(required)]
    name: String,
    /// What is to become of the service: `started` and `stopped` change what is otherwise, `restarted` and `reloaded`
    /// always act; `reloaded` starts a service that does not run.
    #[arg(choices("started", "stopped", "reloaded", "restarted"))]
    state: Option<State>,
    /// Seconds to wait between stop and start of a restart.
    sleep: Option<i64>,
    /// A text to look for in the output of ps(1), for services that cannot say whether they run.
    pattern: Option<String>,
    /// Whether the service starts with the host.
    enabled: Option<bool>,
    /// The runlevel that the service belongs to, for OpenRC.
    #[arg(default = "default")]
    runlevel: String,
    /// More words for the command line of init scripts.
    #[arg(default = "", aliases("args"))]
    arguments: String,
}

/// The module.
pub struct Service;

impl Module for Service {
    type Args = ServiceArgs;
    const NAME: &'static str = "service";
    const EXAMPLES: &'static str = "\
- name: Have the web server running, now and after the next start
  ansible.builtin.service:
    name: nginx
    state: started
    enabled: true
";

    fn run(args: ServiceArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let tools = Tools::find(ctx, &args.name)?;
        let mut outcome = Outcome::changed(false).with("name", args.name.as_str());
        if let Some(wanted) = args.enabled {
            match enable::enable(ctx, &tools, &args, wanted)? {
                // Ansible's module ends here in check mode, and says no more.
                enable::Enabled::WouldChange => return Ok(Outcome::changed(true)),
                enable::Enabled::Changed(changed) => outcome.changed = Some(changed),
            }
            outcome.set("enabled", wanted);
        }
        let Some(wanted) = args.state else { return Ok(outcome) };
        let (running, crashed) = match &args.pattern {
            Some(pattern) if !pattern.is_empty() => (status::in_process_list(ctx, pattern)?, false),
            _ => status::of(ctx, &tools, &args)?,
        };
        let Some(running) = running else {
            return Err(Failure::new("failed determining service state, possible typo of service name?"));
        };
        if let Some(action) = needed(wanted, running) {
            if ctx.check_mode {
                return Ok(Outcome::changed(true).with_msg("service state changed"));
            }
            let output = control::act(ctx, &tools, &args, action, crashed)?;
            if !output.success() {
                let (said, error) = (output.stdout_text(), output.stderr_text());
                if !error.contains("Job is already running") {
                    return Err(Failure::new(if error.is_empty() { said } else { error }));
                }
            }
            outcome.changed = Some(true);
        }
        // What was asked for, not what is: a service may take its time.
        outcome.set("state", if wanted == State::Stopped { "stopped" } else { "started" });
        Ok(outcome)
    }
}

/// What is to be done.
fn needed(wanted: State, running: bool) -> Option<Action> {
    match (wanted, running) {
        (State::Restarted, _) => Some(Action::Restart),
        (State::Started | State::Reloaded, false) => Some(Action::Start),
        (State::Reloaded, true) => Some(Action::Reload),
        (State::Stopped, true) => Some(Action::Stop),
        (State::Started, true) | (State::Stopped, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reloading_starts_what_does_not_run_and_restarting_always_acts() {
        assert_eq!(needed(State::Reloaded, false), Some(Action::Start));
        assert_eq!(needed(State::Reloaded, true), Some(Action::Reload));
        assert_eq!(needed(State::Restarted, false), Some(Action::Restart));
        assert_eq!(needed(State::Started, true), None);
        assert_eq!(needed(State::Stopped, false), None);
    }
}
