//! Whether a service runs.

use super::{
    ServiceArgs,
    control::{self, Action},
    tools::{Control, Tools, execute},
};
use crate::{prelude::*, support::command::Output};

/// Whether the service runs, if that can be said, and whether it has crashed.
///
/// # Errors
///
/// A tool could not be run; systemd does not know the service.
pub(super) fn of(ctx: &Context, tools: &Tools, args: &ServiceArgs) -> Result<(Option<bool>, bool), Failure> {
    if let Control::Systemctl(systemctl) = &tools.control {
        return of_unit(ctx, systemctl, &args.name);
    }
    let output = control::act(ctx, tools, args, Action::Status, false)?;
    if let Control::RcService(tool) = &tools.control {
        let again = execute(ctx, &format!("{tool} {} status", args.name))?;
        return Ok((Some(again.stdout_text().contains("started")), again.stderr_text().contains("crashed")));
    }
    Ok((by_answer(&args.name, &output), false))
}

fn of_unit(ctx: &Context, systemctl: &str, unit: &str) -> Result<(Option<bool>, bool), Failure> {
    let output = execute(ctx, &format!("{systemctl} show '{unit}'"))?;
    let (said, error) = (output.stdout_text(), output.stderr_text());
    let shown = protocol::arguments::python::repr_str(unit);
    if !output.success() {
        return Err(Failure::new(format!("failure {} running systemctl show for {shown}: {error}", output.rc)));
    }
    if said.contains("LoadState=not-found") {
        return Err(Failure::new(format!("systemd could not find the requested service \"{shown}\": {error}")));
    }
    match said.lines().find_map(|line| line.strip_prefix("ActiveState=")) {
        None => Err(Failure::new(format!("No ActiveState value in systemctl show output for {shown}"))),
        // A unit that ran once and ended well is active too, and is to be left alone.
        Some(state) => Ok((Some(state == "active"), state == "failed")),
    }
}

/// What an init script's answer to `status` means: its exit code, then what it says in one line.
///
/// Source: Linux Standard Base 5.0, "Init Script Actions".
fn by_answer(service: &str, output: &Output) -> Option<bool> {
    if matches!(output.rc, 1..=4 | 69) {
        return Some(false);
    }
    let said = output.stdout_text();
    if said.matches('\n').count() <= 1 {
        // The name may hold one of the words itself.
        let said = said.to_lowercase().replace(&service.to_lowercase(), "");
        let says = |word: &str| said.contains(word);
        if says("stop") {
            return Some(false);
        }
        if says("run") {
            return Some(!says("not "));
        }
        if says("start") && !says("not ") {
            return Some(true);
        }
        let dead = [
            "could not access pid file",
            "is dead and pid file exists",
            "dead but subsys locked",
            "dead but pid file exists",
        ];
        if dead.into_iter().any(says) {
            return Some(false);
        }
    }
    (output.rc == 0 || (service == "iptables" && said.contains("ACCEPT"))).then_some(true)
}

/// Whether a line of ps(1) has the text; nothing where ps fails.
///
/// # Errors
///
/// There is no ps, or it could not be run.
pub(super) fn in_process_list(ctx: &Context, pattern: &str) -> Result<Option<bool>, Failure> {
    let ps = ctx.require_bin("ps")?;
    let output = execute(ctx, &format!("{ps} auxww"))?;
    if !output.success() {
        return Ok(None);
    }
    let found = output.stdout_text().split('\n').any(|line| line.contains(pattern) && !line.contains("pattern="));
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rc: i32, stdout: &str) -> Option<bool> {
        by_answer("runner", &Output { rc, stdout: stdout.into(), stderr: Vec::new() })
    }

    #[test]
    fn the_exit_code_comes_before_the_words_and_the_name_is_no_word() {
        assert_eq!(answer(3, "runner is running\n"), Some(false));
        assert_eq!(answer(0, "Runner is stopped\n"), Some(false));
        assert_eq!(answer(0, "runner is not running\n"), Some(false));
        assert_eq!(answer(0, "runner (pid 5) is running...\n"), Some(true));
        assert_eq!(answer(0, "runner\n"), Some(true));
        assert_eq!(answer(5, "runner\n"), None);
    }
}
