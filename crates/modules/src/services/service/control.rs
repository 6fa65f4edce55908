//! Starting and stopping.

use std::time::Duration;

use super::{
    ServiceArgs,
    tools::{Control, Tools},
};
use crate::{
    prelude::*,
    support::{command::Output, shlex},
};

/// What a service can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Start,
    Stop,
    Reload,
    Restart,
    Status,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Reload => "reload",
            Self::Restart => "restart",
            Self::Status => "status",
        }
    }
}

/// Tells a service what to do.
///
/// # Errors
///
/// A tool could not be run. What it answers is the caller's to judge.
pub(super) fn act(
    ctx: &Context,
    tools: &Tools,
    args: &ServiceArgs,
    action: Action,
    crashed: bool,
) -> Result<Output, Failure> {
    let control = &tools.control;
    if let (Control::RcService(tool), Action::Start, true) = (control, action, crashed) {
        // OpenRC does not start what it takes for crashed.
        run_detached(ctx, &format!("{tool} {} zap", args.name))?;
    }
    if action != Action::Restart || matches!(control, Control::RcService(_)) {
        return run_detached(ctx, &line(control, args, action));
    }
    // Not everything can restart.
    let stop = run_detached(ctx, &line(control, args, Action::Stop))?;
    if let Some(seconds) = args.sleep.and_then(|seconds| u64::try_from(seconds).ok()) {
        ctx.sleep(Duration::from_secs(seconds))?;
    }
    let start = run_detached(ctx, &line(control, args, Action::Start))?;
    if !stop.success() && start.success() {
        return Ok(start);
    }
    Ok(Output {
        rc: stop.rc + start.rc,
        stdout: [stop.stdout, start.stdout].concat(),
        stderr: [stop.stderr, start.stderr].concat(),
    })
}

fn line(control: &Control, args: &ServiceArgs, action: Action) -> String {
    let (service, arguments, action) = (&args.name, &args.arguments, action.word());
    match control {
        Control::Systemctl(tool) => format!("{tool} {action} {service} {arguments}"),
        Control::RcService(tool) | Control::Service(tool) => format!("{tool} {service} {action} {arguments}"),
        Control::Script(script) => format!("{script} {action} {arguments}"),
    }
}

/// Runs a line as the host's start would: from the root folder, with nothing of the task's environment.
fn run_detached(ctx: &Context, line: &str) -> Result<Output, Failure> {
    let words = shlex::split(line).map_err(|reason| Failure::raised(reason, None))?;
    Ok(ctx.command(words).without_environment().best_locale().cwd("/").run()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(arguments: &str) -> ServiceArgs {
        ServiceArgs {
            name: "web".to_owned(),
            state: None,
            sleep: None,
            pattern: None,
            enabled: None,
            runlevel: "default".to_owned(),
            arguments: arguments.to_owned(),
        }
    }

    #[test]
    fn each_tool_has_its_own_order_of_words() {
        let of = |control: Control| line(&control, &args("eth0"), Action::Start);
        assert_eq!(of(Control::Systemctl("systemctl".to_owned())), "systemctl start web eth0");
        assert_eq!(of(Control::Service("service".to_owned())), "service web start eth0");
        assert_eq!(of(Control::Script("/etc/init.d/web".to_owned())), "/etc/init.d/web start eth0");
    }
}
