//! `systemd_service`, and `systemd` by its older name: units of systemd.

mod enablement;
mod show;
mod systemctl;

use self::{show::Properties, systemctl::Systemctl};
use super::{State, fail_if_missing};
use crate::{
    prelude::*,
    support::{init, sysv},
};

/// Whose systemd is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Scope {
    /// The system's.
    System,
    /// That of the user who does the task.
    User,
    /// The configuration of all users.
    Global,
}

/// Manage systemd units.
///
/// Starts, stops, reloads, enables, disables and masks units through systemctl(1), and makes systemd read its
/// configuration again. `systemd` and `systemd_service` are the same module.
#[derive(Debug, Arguments)]
#[arguments(
    required_one_of("state", "enabled", "masked", "daemon_reload", "daemon_reexec"),
    required_by("state", ["name"]),
    required_by("enabled", ["name"]),
    required_by("masked", ["name"])
)]
pub struct SystemdArgs {
    /// The unit's name; without a kind at its end, a service.
    #[arg(aliases("service", "unit"))]
    name: Option<String>,
    /// What is to become of the unit: `started` and `stopped` change what is otherwise, `restarted` always acts, and so
    /// does `reloaded`; both start a unit that does not run.
    state: Option<State>,
    /// Whether the unit starts with the system.
    enabled: Option<bool>,
    /// Take away links that are in the way.
    force: Option<bool>,
    /// Whether the unit is masked, so that nothing can start it.
    masked: Option<bool>,
    /// Make systemd read its configuration again, before anything else is done.
    #[arg(default = false, aliases("daemon-reload"))]
    daemon_reload: bool,
    /// Make systemd start itself again, before anything else is done.
    #[arg(default = false, aliases("daemon-reexec"))]
    daemon_reexec: bool,
    /// Whose systemd is meant: the system's, that of the user who does the task, or that of all users.
    #[arg(default = "system")]
    scope: Scope,
    /// Do not wait for the end of what was asked for.
    #[arg(default = false)]
    no_block: bool,
}

/// The module.
pub struct SystemdService;

/// The module by its older name.
pub struct Systemd;

impl Module for Systemd {
    type Args = SystemdArgs;
    const NAME: &'static str = "systemd";
    const EXAMPLES: &'static str = "\
- name: Have systemd read the units that were written
  ansible.builtin.systemd:
    daemon_reload: true
";

    fn run(args: SystemdArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        SystemdService::run(args, ctx)
    }
}

impl Module for SystemdService {
    type Args = SystemdArgs;
    const NAME: &'static str = "systemd_service";
    const EXAMPLES: &'static str = "\
- name: Have a unit of our own running, now and after the next start
  ansible.builtin.systemd_service:
    name: worker
    state: started
    enabled: true
    daemon_reload: true

- name: Let nothing start it
  ansible.builtin.systemd_service:
    name: worker
    masked: true
";

    fn run(args: SystemdArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let unit = args.name.clone().unwrap_or_default();
        if let Some(letter) = ['*', '?', '['].into_iter().find(|letter| unit.contains(*letter)) {
            return Err(Failure::new(format!(
                "This module does not currently support using glob patterns, found '{letter}' in service name: {unit}"
            )));
        }
        let systemctl = Systemctl::find(ctx, args.scope, args.no_block, args.force == Some(true))?;
        if args.daemon_reload {
            tell(ctx, &systemctl, "daemon-reload")?;
        }
        if args.daemon_reexec {
            tell(ctx, &systemctl, "daemon-reexec")?;
        }
        let mut outcome = Outcome::changed(false).with("name", args.name.clone()).with("status", Map::new());
        if !unit.is_empty() {
            let found = Unit::look(ctx, &systemctl, unit, args.scope)?;
            outcome.set("status", found.properties.to_data());
            if let Some(masked) = args.masked {
                found.mask(ctx, &systemctl, masked, &mut outcome)?;
            }
            if let Some(enabled) = args.enabled {
                found.enable(ctx, &systemctl, enabled, &mut outcome)?;
            }
            if let Some(state) = args.state {
                found.bring(ctx, &systemctl, state, &mut outcome)?;
            }
        }
        Ok(outcome)
    }
}

/// Tells the manager something; where there is none to hear it, that is only a warning.
fn tell(ctx: &mut Context, systemctl: &Systemctl, word: &str) -> Result<(), Failure> {
    if ctx.check_mode {
        return Ok(());
    }
    let output = systemctl.run(ctx, word)?;
    if output.success() {
        return Ok(());
    }
    let error = output.stderr_text();
    if !is_offline(ctx) {
        return Err(Failure::new(format!("failure {} during {word}: {error}", output.rc)));
    }
    ctx.warn(format!(
        "{word} failed, but target is a chroot or systemd is offline. Continuing. Error was: {} / {error}",
        output.rc
    ));
    Ok(())
}

fn is_offline(ctx: &Context) -> bool {
    init::is_chroot(ctx) || ctx.variable("SYSTEMD_OFFLINE") == Some("1")
}

/// A unit as it was found.
struct Unit {
    name: String,
    scope: Scope,
    properties: Properties,
    /// systemd or an init script knows it.
    exists: bool,
}

impl Unit {
    /// Asks for the unit.
    fn look(ctx: &mut Context, systemctl: &Systemctl, name: String, scope: Scope) -> Result<Self, Failure> {
        let output = systemctl.run(ctx, &format!("show '{name}'"))?;
        let (said, error) = (output.stdout_text(), output.stderr_text());
        let mut properties = Properties::default();
        let known;
        if output.success() && !was_ignored(&said) && !was_ignored(&error) {
            properties = Properties::read(&said);
            let state = properties.get("LoadState");
            known = state.is_some_and(|state| state != "not-found");
            if let Some(reason) = properties.get("LoadError").filter(|_| known && state != Some("masked")) {
                return Err(Failure::new(format!("Error loading unit file '{name}': {reason}")));
            }
        } else if output.rc == 1 && error.contains("Failed to parse bus message") {
            // Some versions cannot show a template's instance.
            properties = Properties::read(&said);
            let (base, at) = name.split_once('@').map_or((name.as_str(), ""), |(base, _)| (base, "@"));
            let listed = systemctl.run(ctx, &format!("list-unit-files '{base}{at}*'"))?;
            known = listed.stdout_text().contains(&format!("{base}{at}"));
            let active = systemctl.run(ctx, &format!("is-active '{name}'"))?;
            properties.set("ActiveState", active.stdout_text().trim_end_matches('\n'));
        } else {
            known = is_known_offline(ctx, systemctl, &name)?;
        }
        let is_script = sysv::exists(&name);
        if is_script && !known {
            ctx.warn(format!("The service ({name}) is actually an init script but the system is managed by systemd"));
        }
        Ok(Self { name, scope, properties, exists: known || is_script })
    }

    /// Masks or unmasks it, which works on units that are not there yet.
    fn mask(&self, ctx: &Context, systemctl: &Systemctl, wanted: bool, outcome: &mut Outcome) -> Result<(), Failure> {
        let name = &self.name;
        let output = systemctl.run(ctx, &format!("is-enabled '{name}'"))?;
        if (output.stdout_text().trim() == "masked") == wanted {
            return Ok(());
        }
        outcome.changed = Some(true);
        if ctx.check_mode {
            return Ok(());
        }
        let action = if wanted { "mask" } else { "unmask" };
        let output = systemctl.run(ctx, &format!("{action} '{name}'"))?;
        if output.success() {
            return Ok(());
        }
        fail_if_missing(self.exists, name, "host")?;
        let error = output.stderr_text();
        Err(Failure::new(format!("Failed to {action} the service ({name}): {}", error.trim())))
    }

    /// Makes it start with the system, or not.
    fn enable(&self, ctx: &Context, systemctl: &Systemctl, wanted: bool, outcome: &mut Outcome) -> Result<(), Failure> {
        let name = &self.name;
        fail_if_missing(self.exists, name, "host")?;
        let enabled = enablement::is_enabled(ctx, systemctl, self.scope, name, &self.properties)?;
        outcome.set("enabled", wanted);
        if enabled == wanted {
            return Ok(());
        }
        outcome.changed = Some(true);
        if ctx.check_mode {
            return Ok(());
        }
        let action = if wanted { "enable" } else { "disable" };
        let output = systemctl.run(ctx, &format!("{action} '{name}'"))?;
        if output.success() {
            return Ok(());
        }
        let said = format!("{}{}", output.stdout_text(), output.stderr_text());
        Err(Failure::new(format!("Unable to {action} service {name}: {said}")))
    }

    /// Starts, stops, restarts or reloads it.
    fn bring(
        &self,
        ctx: &mut Context,
        systemctl: &Systemctl,
        wanted: State,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let name = &self.name;
        fail_if_missing(self.exists, name, "host")?;
        outcome.set("state", wanted.name());
        let Some(active) = self.properties.get("ActiveState") else {
            if !is_offline(ctx) {
                let failure = Failure::new("Service is in unknown state");
                return Err(failure.with("status", self.properties.to_data()));
            }
            ctx.warn(
                "Target is a chroot or systemd is offline. This can lead to false positives or prevent the init system \
                 tools from working.",
            );
            return Ok(());
        };
        let runs = matches!(active, "active" | "activating");
        let action = match wanted {
            State::Started => (!runs).then_some("start"),
            State::Stopped => (runs || active == "deactivating").then_some("stop"),
            State::Restarted if runs => Some("restart"),
            State::Reloaded if runs => Some("reload"),
            State::Restarted | State::Reloaded => Some("start"),
        };
        if matches!(wanted, State::Restarted | State::Reloaded) {
            outcome.set("state", "started");
        }
        let Some(action) = action else { return Ok(()) };
        outcome.changed = Some(true);
        if ctx.check_mode {
            return Ok(());
        }
        let output = systemctl.run(ctx, &format!("{action} '{name}'"))?;
        if output.success() {
            return Ok(());
        }
        Err(Failure::new(format!("Unable to {action} service {name}: {}", output.stderr_text())))
    }
}

/// systemctl says so where it is not to speak to systemd: in a chroot.
fn was_ignored(text: &str) -> bool {
    !text.contains('=') && (text.contains("ignoring request") || text.contains("ignoring command"))
}

/// Whether the files of a system that does not run have the unit.
fn is_known_offline(ctx: &Context, systemctl: &Systemctl, name: &str) -> Result<bool, Failure> {
    /// Source: systemctl(1), `is-enabled`.
    const STATES: [&str; 11] = [
        "enabled",
        "enabled-runtime",
        "linked",
        "linked-runtime",
        "masked",
        "masked-runtime",
        "static",
        "indirect",
        "disabled",
        "generated",
        "transient",
    ];
    let output = systemctl.run(ctx, &format!("is-enabled '{name}'"))?;
    if STATES.contains(&output.stdout_text().trim()) {
        return Ok(true);
    }
    // `show` and `is-enabled` fail in some chroots; this one leaves out init scripts and wants the whole name.
    if systemctl.run(ctx, &format!("list-unit-files '{name}'"))?.success() {
        return Ok(true);
    }
    systemctl.check(ctx)?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use serde_json::json;

    use super::*;
    use crate::testing::{Call, call, run};

    /// A systemctl that notes how it was called and answers from a shell script's `case`.
    fn systemctl(folder: &Path, answers: &str) {
        let path = folder.join("systemctl");
        let calls = folder.join("calls");
        let text = format!("#!/bin/sh\necho \"$*\" >>{}\ncase \"$*\" in\n{answers}\nesac\n", calls.display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn with(folder: &Path, arguments: serde_json::Value) -> Call {
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        call("systemd", arguments).env("PATH", &path)
    }

    fn calls(folder: &Path) -> Vec<String> {
        fs::read_to_string(folder.join("calls")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    const SHOW: &str = "\"show web\") printf 'Id=web.service\\nLoadState=loaded\\nActiveState=inactive\\n';;";

    #[test]
    fn a_unit_that_does_not_run_is_started_and_only_said_to_be_in_check_mode() {
        let folder = tempfile::tempdir().unwrap();
        systemctl(folder.path(), SHOW);
        let outcome = with(folder.path(), json!({"name": "web", "state": "reloaded"})).check().run();
        assert_eq!(outcome.changed, Some(true));
        assert_eq!(calls(folder.path()), ["show web"]);
        let outcome = with(folder.path(), json!({"name": "web", "state": "reloaded"})).run();
        assert_eq!(outcome.values["state"], Data::from("started"));
        assert_eq!(calls(folder.path()), ["show web", "show web", "start web"]);
    }

    #[test]
    fn masking_works_on_what_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        systemctl(folder.path(), "\"show web\") echo LoadState=not-found;;\n\"is-enabled web\") exit 1;;");
        let outcome = with(folder.path(), json!({"name": "web", "masked": true})).run();
        assert_eq!((outcome.failed, outcome.changed), (false, Some(true)));
        assert_eq!(calls(folder.path()).last().unwrap(), "mask web");
    }

    #[test]
    fn enabling_what_only_another_unit_pulls_in_is_left_to_systemd() {
        let folder = tempfile::tempdir().unwrap();
        systemctl(folder.path(), &format!("{SHOW}\n\"is-enabled web -l\") echo indirect;;"));
        let outcome = with(folder.path(), json!({"name": "web", "enabled": true})).run();
        assert_eq!(outcome.values["enabled"], Data::Bool(true));
        assert_eq!(calls(folder.path()).last().unwrap(), "enable web");
    }

    #[test]
    fn scope_and_switches_go_with_every_call() {
        let folder = tempfile::tempdir().unwrap();
        systemctl(folder.path(), "");
        let arguments = json!({"daemon_reload": true, "scope": "user", "no_block": true, "force": true});
        with(folder.path(), arguments).run();
        assert_eq!(calls(folder.path()), ["--user --no-block --force daemon-reload"]);
    }

    #[test]
    fn a_unit_that_is_nowhere_and_patterns_are_refused_in_ansibles_words() {
        let folder = tempfile::tempdir().unwrap();
        systemctl(folder.path(), "show*) echo LoadState=not-found;;");
        let msg = with(folder.path(), json!({"name": "nowhere", "state": "started"})).run().msg;
        assert_eq!(msg.as_deref(), Some("Could not find the requested service nowhere: host"));
        let msg = run("systemd", json!({"name": "a*", "state": "started"})).msg;
        assert_eq!(
            msg.as_deref(),
            Some("This module does not currently support using glob patterns, found '*' in service name: a*")
        );
    }
}
