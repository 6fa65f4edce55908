//! `sysvinit`: services by their init scripts.

use std::time::Duration;

use super::{State, fail_if_missing};
use crate::{
    prelude::*,
    support::{command::Output, sysv},
};

/// Manage SysV services.
///
/// Starts and stops services by their init scripts, and has them started with the host by update-rc.d(8) or
/// chkconfig(8).
#[derive(Debug, Arguments)]
#[arguments(required_one_of("state", "enabled"))]
pub struct SysvinitArgs {
    /// The service's name.
    #[arg(required, aliases("service"))]
    name: String,
    /// What is to become of the service. `restarted` is a stop and a start.
    #[arg(choices("started", "stopped", "restarted", "reloaded"))]
    state: Option<State>,
    /// Whether the service starts with the host.
    enabled: Option<bool>,
    /// Seconds to wait after the stop and after the start of a restart.
    #[arg(default = 1)]
    sleep: i64,
    /// A text to look for in the output of ps(1), for scripts that cannot say whether their service runs.
    pattern: Option<String>,
    /// More words for the script's command line.
    #[arg(aliases("args"))]
    arguments: Option<String>,
    /// The runlevels that `enabled` is about, in place of those that the script names.
    runlevels: Option<Vec<String>>,
    /// Run the script apart from the task, for daemons that do not let go of it.
    #[arg(default = false)]
    daemonize: bool,
}

/// The module.
pub struct Sysvinit;

impl Module for Sysvinit {
    type Args = SysvinitArgs;
    const NAME: &'static str = "sysvinit";
    const EXAMPLES: &'static str = "\
- name: Have the web server running, now and after the next start
  ansible.builtin.sysvinit:
    name: apache2
    state: started
    enabled: true
";

    fn run(args: SysvinitArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        fail_if_missing(sysv::exists(&args.name), &args.name, "")?;
        let running = is_running(&args, ctx)?;
        let mut outcome = Outcome::changed(false).with("name", args.name.as_str());
        let mut status = Map::new();
        enable(&args, ctx, &mut outcome, &mut status)?;
        let step = bring(&args, ctx, running)?;
        if step.changed {
            outcome.changed = Some(true);
        }
        // Ansible's module has a step here even where no state was asked for, under Python's name of nothing.
        status.insert(args.state.map_or("null", |state| state.name()).to_owned(), step.to_data());
        outcome.set("status", status);
        Ok(outcome)
    }
}

/// What was done for one half of the task, as the result's `status` shows it.
#[derive(Default)]
struct Step {
    changed: bool,
    output: Option<Output>,
    runlevels: Option<Vec<String>>,
}

impl Step {
    fn to_data(&self) -> Data {
        let mut map = Map::new();
        map.insert("changed".to_owned(), self.changed.into());
        let output = self.output.as_ref();
        map.insert("rc".to_owned(), output.map_or(Data::Null, |output| output.rc.into()));
        for (key, text) in [("stdout", output.map(Output::stdout_text)), ("stderr", output.map(Output::stderr_text))] {
            map.insert(key.to_owned(), text.map_or(Data::Null, |text| text.into_owned().into()));
        }
        if let Some(runlevels) = &self.runlevels {
            map.insert("runlevels".to_owned(), runlevels.clone().into());
        }
        Data::Map(map)
    }
}

/// Whether the service runs, by `ps`, by what the script says, by its exit code; else it is taken not to.
fn is_running(args: &SysvinitArgs, ctx: &mut Context) -> Result<bool, Failure> {
    let name = &args.name;
    let known = match args.pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
        Some(pattern) => in_process_list(ctx, pattern)?.then_some(true),
        None => {
            let script = sysv::script(name);
            let program = match tool(ctx, "service") {
                Some(service) => format!("{service} {name}"),
                None => script,
            };
            let output = ctx.command_line(&format!("{program} status"))?.run()?;
            match by_answer(name, &output) {
                Some(running) => Some(running),
                None if in_process_list(ctx, name)? => {
                    ctx.warn("Used ps output to match service name and determine it is up, this is very unreliable");
                    Some(true)
                }
                None => None,
            }
        }
    };
    if known.is_none() {
        ctx.warn("Unable to determine if service is up, assuming it is down");
    }
    Ok(known.unwrap_or(false))
}

/// What a script's answer to `status` means, if anything: what it says in one line, then its exit code.
fn by_answer(service: &str, output: &Output) -> Option<bool> {
    const STOPPED: [&str; 5] = ["stop", "is dead ", "dead but ", "could not access pid file", "inactive"];
    const STARTED: [&str; 3] = ["run", "start", "active"];
    let said = output.stdout_text();
    if service == "iptables" && said.contains("ACCEPT") {
        return Some(true);
    }
    if said.matches('\n').count() <= 1 {
        // The name may hold one of the words itself.
        let said = said.to_lowercase().replace(&service.to_lowercase(), "");
        if STOPPED.into_iter().any(|word| said.contains(word)) {
            return Some(false);
        }
        if STARTED.into_iter().any(|word| said.contains(word)) && !said.contains("not ") {
            return Some(true);
        }
    }
    match output.rc {
        0 => Some(true),
        1..=4 | 69 => Some(false),
        _ => None,
    }
}

fn in_process_list(ctx: &Context, pattern: &str) -> Result<bool, Failure> {
    let ps = ctx.require_bin("ps")?;
    let output = ctx.command([ps.as_str(), "auxww"]).run()?;
    Ok(output.success() && output.stdout_text().lines().any(|line| line.contains(pattern)))
}

fn tool(ctx: &Context, name: &str) -> Option<String> {
    ctx.require_bin_in(name, &["/sbin", "/usr/sbin", "/bin", "/usr/bin"]).ok()
}

/// Has the service started with the host, or not.
fn enable(args: &SysvinitArgs, ctx: &Context, outcome: &mut Outcome, status: &mut Map) -> Result<(), Failure> {
    let name = &args.name;
    let runlevels = args.runlevels.clone().filter(|runlevels| !runlevels.is_empty());
    let wanted = args.enabled.unwrap_or(false);
    let mut step = Step { runlevels: runlevels.clone(), ..Step::default() };
    step.changed = match &runlevels {
        // With runlevels, nothing said about `enabled` counts as a wish that they are off.
        Some(runlevels) => runlevels.iter().any(|level| args.enabled != Some(sysv::is_enabled(name, Some(level)))),
        None => args.enabled.is_some_and(|wanted| wanted != sysv::is_enabled(name, None)),
    };
    if step.changed {
        outcome.changed = Some(true);
    }
    if step.changed && !ctx.check_mode {
        let line = match (tool(ctx, "update-rc.d"), tool(ctx, "chkconfig"), &runlevels) {
            (Some(tool), _, Some(levels)) => {
                let action = if wanted { "enable" } else { "disable" };
                Some(format!("{tool} {name} {action} {}", levels.join(" ")))
            }
            (Some(tool), _, None) => Some(format!("{tool} {name} {}", if wanted { "defaults" } else { "disable" })),
            (None, Some(tool), levels) => {
                let levels = levels.as_ref().map(|levels| format!("--level {} ", levels.concat()));
                let action = if wanted { "on" } else { "off" };
                Some(format!("{tool} {}{name} {action}", levels.unwrap_or_default()))
            }
            (None, None, _) => None,
        };
        let output = match line {
            Some(line) => ctx.command_line(&line)?.run()?,
            None => Output { rc: 0, stdout: Vec::new(), stderr: Vec::new() },
        };
        let refused = output.stderr_text().contains("illegal runlevel specified");
        step.output = Some(output);
        if refused {
            status.insert("enabled".to_owned(), step.to_data());
            let outcome = std::mem::take(outcome).with("status", status.clone());
            let msg = format!("Illegal runlevel specified for enable operation on service {name}");
            return Err(Failure::from_outcome(outcome, msg));
        }
    }
    status.insert("enabled".to_owned(), step.to_data());
    Ok(())
}

/// Starts or stops the service.
fn bring(args: &SysvinitArgs, ctx: &Context, running: bool) -> Result<Step, Failure> {
    let mut step = Step::default();
    let Some(wanted) = args.state else { return Ok(step) };
    let actions: &[&str] = match wanted {
        State::Restarted => &["stop", "start"],
        State::Started if !running => &["start"],
        State::Stopped if running => &["stop"],
        State::Reloaded => &["reload"],
        State::Started | State::Stopped => return Ok(step),
    };
    step.changed = true;
    if ctx.check_mode {
        return Ok(step);
    }
    for action in actions {
        let arguments = args.arguments.as_deref().unwrap_or_default();
        let mut command = ctx.command_line(&format!("{} {action} {arguments}", sysv::script(&args.name)))?;
        if args.daemonize {
            command = command.cwd("/");
        }
        let output = command.run()?;
        if !output.success() {
            let verb = if wanted == State::Restarted { "restart" } else { action };
            return Err(Failure::new(format!("Failed to {verb} service: {}", args.name))
                .with("rc", output.rc)
                .with("stdout", output.stdout_text().into_owned())
                .with("stderr", output.stderr_text().into_owned()));
        }
        step.output = Some(output);
        if wanted == State::Restarted
            && let Ok(seconds) = u64::try_from(args.sleep)
        {
            ctx.sleep(Duration::from_secs(seconds))?;
        }
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_says_comes_before_its_exit_code() {
        let answer = |rc, said: &str| by_answer("web", &Output { rc, stdout: said.into(), stderr: Vec::new() });
        assert_eq!(answer(0, "web is inactive\n"), Some(false));
        assert_eq!(answer(3, "web is running\n"), Some(true));
        assert_eq!(answer(0, "web is not running\n"), Some(true));
        assert_eq!(answer(3, ""), Some(false));
        assert_eq!(answer(77, ""), None);
    }
}
