//! The callbacks that a run has, as flags and configuration say.

use std::io;

use super::{
    Failure, Result,
    arguments::Form,
    options::{ExecOptions, RunOptions},
    terminal::{Terminal, screen_options},
};
use crate::{
    callback::{Callback, Default, Events, Json, Minimal, Oneline, Options, Screen, Sinks},
    diagnostic::{ErrorChain, Link},
};

/// The callbacks of a run of playbooks.
///
/// # Errors
///
/// The configuration names a callback that is not done.
pub fn of_playbooks(run: &RunOptions, terminal: &mut Terminal) -> Result<Sinks> {
    if run.output == Form::Json {
        return Ok(events());
    }
    let wanted = run.config.display.stdout_callback.clone();
    let (screen, progress) = terminal.screen();
    let mut sinks = Sinks::default();
    sinks.add_boxed(stdout(&wanted, screen, options(run))?);
    tell_skipped(&wanted, terminal);
    if let Some(progress) = progress {
        sinks.add(progress);
    }
    Ok(sinks)
}

/// The callbacks of one task on many hosts: minimal, or oneline where it was asked for.
///
/// # Errors
///
/// None.
pub fn of_task(exec: &ExecOptions, terminal: &mut Terminal) -> Result<Sinks> {
    if exec.run.output == Form::Json {
        return Ok(events());
    }
    let name = if exec.one_line {
        let message = "The '-o' argument is deprecated. This feature will be removed from ansible-core version 2.23. \
                       Use callback configuration to enable the oneline callback instead.";
        let options = terminal.options.clone();
        terminal.screen.deprecation(&ErrorChain::new(Link::new(message)), &options);
        "oneline"
    } else {
        "minimal"
    };
    let (screen, progress) = terminal.screen();
    let mut sinks = Sinks::default();
    sinks.add_boxed(stdout(name, screen, options(&exec.run))?);
    tell_skipped(name, terminal);
    if let Some(progress) = progress {
        sinks.add(progress);
    }
    Ok(sinks)
}

/// Says which of ansible-core's screens are not used: there is one.
fn tell_skipped(used: &str, terminal: &mut Terminal) {
    let used = used.strip_prefix("ansible.builtin.").unwrap_or(used);
    for name in ["default", "minimal", "oneline"] {
        if name != used {
            terminal.verbose(2, &format!("Skipping callback '{name}', as we already have a stdout callback."));
        }
    }
}

fn options(run: &RunOptions) -> Options {
    Options { check_mode: run.check, ..screen_options(&run.config) }
}

fn events() -> Sinks {
    let mut sinks = Sinks::default();
    sinks.add(Events::new(io::stdout(), now));
    sinks
}

/// The stdout callback of that name.
fn stdout(name: &str, screen: Screen, options: Options) -> Result<Box<dyn Callback>> {
    let short = ["ansible.builtin.", "ansible.legacy.", "ansible.posix."]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    Ok(match short {
        "default" => Box::new(Default::new(screen, options)),
        "minimal" => Box::new(Minimal::new(screen, options)),
        "oneline" => Box::new(Oneline::new(screen, options)),
        "json" => Box::new(Json::new(screen, options, now)),
        _ => return Err(Failure::NotYet(format!("the stdout callback {name}"))),
    })
}

/// The time in RFC 3339, UTC, to the microsecond.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
