//! The callbacks that a run has, as flags and configuration say.

use std::io;

use jiff::ZonedDateTime;

use super::{
    Failure, Result,
    arguments::Form,
    options::{ExecOptions, RunOptions},
    terminal::{Terminal, screen_options},
};
use crate::{
    callback::{
        Callback, Default, Events, Json, Minimal, Oneline, Options, ProfileRoles, ProfileTasks, ProfileTasksOptions,
        Screen, Sinks, Timer, Tree, profile_tasks::Order,
    },
    diagnostic::{Diagnostic, ErrorChain, Link},
    event::Event,
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
    let progress = terminal.progress();
    let mut sinks = Sinks::default();
    let mut callback = stdout(&wanted, terminal.screen(progress.as_ref()), options(run))?;
    pass_over_others(&wanted, callback.as_mut());
    sinks.add_boxed(callback);
    for name in &run.config.display.callbacks_enabled {
        add_enabled(&mut sinks, name, || terminal.screen(progress.as_ref()), run)?;
    }
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
    let progress = terminal.progress();
    let screen = terminal.screen(progress.as_ref());
    let mut sinks = Sinks::default();
    if let Some(folder) = &exec.tree {
        sinks.add(Tree::new(folder.clone(), screen.beside(io::stdout(), io::stderr()), options(&exec.run)));
    }
    let mut callback = stdout(name, screen, options(&exec.run))?;
    pass_over_others(name, callback.as_mut());
    sinks.add_boxed(callback);
    if let Some(progress) = progress {
        sinks.add(progress);
    }
    Ok(sinks)
}

/// Says of ansible-core's other stdout callbacks that there is one already.
fn pass_over_others(chosen: &str, callback: &mut dyn Callback) {
    let chosen = chosen.rsplit('.').next().unwrap_or(chosen);
    for other in ["default", "minimal", "oneline"].into_iter().filter(|name| *name != chosen) {
        let message = format!("Skipping callback '{other}', as we already have a stdout callback.");
        callback.event(&Event::Verbose { level: 2, host: None, message });
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

/// A callback that `callbacks_enabled` names.
fn add_enabled(sinks: &mut Sinks, name: &str, screen: impl Fn() -> Screen, run: &RunOptions) -> Result<()> {
    let display = &run.config.display;
    match name.strip_prefix("ansible.posix.").unwrap_or(name) {
        "timer" => sinks.add(Timer::new(screen(), ZonedDateTime::now)),
        "profile_tasks" => {
            let options = profile_tasks(run)?;
            sinks.add(ProfileTasks::new(screen(), options, ZonedDateTime::now));
        }
        "profile_roles" => {
            sinks.add(ProfileRoles::new(screen(), display.profile_roles_summary_only, ZonedDateTime::now))
        }
        _ => return Err(Failure::NotYet(format!("the callback {name} (callbacks_enabled)"))),
    }
    Ok(())
}

fn profile_tasks(run: &RunOptions) -> Result<ProfileTasksOptions> {
    let wanted = &run.config.display.profile_tasks;
    let limit = match wanted.output_limit.as_str() {
        "all" => None,
        number => Some(number.parse().map_err(|_| {
            let said = format!("'{number}' is no number of tasks (task_output_limit in [callback_profile_tasks])");
            Failure::Options(Box::new(Diagnostic::error(said).help("write a number, or `all`")))
        })?),
    };
    let order = match wanted.sort_order.as_str() {
        "ascending" => Order::Ascending,
        "none" => Order::AsTheyCame,
        _ => Order::Descending,
    };
    let paths = run.config.display.verbosity >= 2;
    Ok(ProfileTasksOptions { limit, order, summary_only: wanted.summary_only, paths })
}

/// The time in RFC 3339, UTC, to the microsecond.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
