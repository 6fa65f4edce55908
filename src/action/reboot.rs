//! `reboot`: restarts the host and waits until it can be worked on again.
//!
//! Source: Ansible documentation, `ansible.builtin.reboot`.

use std::time::{Duration, Instant, SystemTime};

use connection::RawOutput;
use jinja::Value;
use modules::support::clock;
use protocol::{Data, Map, Outcome, arguments::python};

use super::{ActionContext, ActionError, ActionOutcome, Local, TargetError, module};
use crate::{
    diagnostic::{ErrorChain, Link},
    template::data::to_data,
};

const OPTIONS: [&str; 9] = [
    "boot_time_command",
    "connect_timeout",
    "msg",
    "post_reboot_delay",
    "pre_reboot_delay",
    "reboot_command",
    "reboot_timeout",
    "search_paths",
    "test_command",
];

/// Where the command that restarts the host is looked for.
const SEARCH_PATHS: [&str; 5] = ["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"];

/// The longest pause between two looks at the host, and what is added to it at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(12);

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let action = context.written_name;
        if context.target.is_local() {
            let msg = format!("Running {action} with local connection would reboot the control node.");
            let refused = Outcome { failed: true, changed: Some(false), ..Outcome::default() }.with_msg(msg);
            return Ok(refused.with("elapsed", 0).with("rebooted", false).into());
        }
        if context.settings.check_mode {
            return Ok(Outcome::changed(true).with("elapsed", 0).with("rebooted", true).into());
        }
        module::check_names(context, &OPTIONS)?;
        let distribution = distribution(context).await?;
        let host = Host { context, boot_time_command: text_only(context, "boot_time_command") };
        let before = match host.boot_time().await {
            Ok(time) => time,
            Err(reason) => {
                let failure = Outcome { failed: true, ..Outcome::default() };
                return Ok(failure.with_msg(reason.trim()).with("reboot", false).into());
            }
        };
        let command = command(context, &distribution).await?;
        // What is wrong with these is said before the host is restarted.
        let limit = Duration::from_secs(seconds(context, "reboot_timeout", 600)?);
        let delay = Duration::from_secs(seconds(context, "post_reboot_delay", 0)?);

        let rebooted = context.target.raw(command, None).await;
        let start = Instant::now();
        let elapsed = || i64::try_from(start.elapsed().as_secs()).unwrap_or(i64::MAX);
        match rebooted {
            // The host may be gone before it answers.
            Err(TargetError::Unreachable(_)) => {}
            Err(TargetError::Failed(reason)) => return Err(ActionError::failed(reason)),
            Ok(output) if output.rc == 0 => {}
            Ok(output) => {
                let (stdout, stderr) = texts(&output);
                let msg = format!("Reboot command failed. Error was: '{}, {}'", stdout.trim(), stderr.trim());
                let failure = Outcome { failed: true, ..Outcome::default() }.with_msg(msg);
                let failure = failure.with("rebooted", false).with("start", now());
                return Ok(failure.with("elapsed", elapsed()).into());
            }
        }
        tokio::time::sleep(delay).await;
        let outcome = match host.wait(&before, limit).await {
            Ok(()) => Outcome::changed(true),
            Err(msg) => Outcome { failed: true, ..Outcome::default() }.with_msg(msg),
        };
        Ok(outcome.with("rebooted", true).with("elapsed", elapsed()).into())
    })
}

/// The moment, as Python's `datetime.now(timezone.utc)` shows it.
fn now() -> String {
    format!("{}+00:00", clock::local(SystemTime::now(), Some("UTC0")).show().replace(' ', "T"))
}

fn texts(output: &RawOutput) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// The host on its way down and up again.
struct Host<'a> {
    context: &'a ActionContext<'a>,
    /// What tells one boot from another; an error where the option is no text.
    boot_time_command: Result<Option<String>, String>,
}

impl Host<'_> {
    /// When the host was booted, in whatever form its command says it.
    async fn boot_time(&self) -> Result<String, String> {
        let given = self.boot_time_command.clone().map_err(|reason| invalid("boot_time_command", &reason))?;
        let command = given.filter(|command| !command.is_empty());
        let command = command.unwrap_or_else(|| "cat /proc/sys/kernel/random/boot_id".to_owned());
        let output = self.context.target.raw(command, None).await.map_err(|error| error.to_string())?;
        let (stdout, stderr) = texts(&output);
        if output.rc != 0 {
            return Err(format!(
                "{}: failed to get host boot time info, rc: {}, stdout: {stdout}, stderr: {stderr}",
                self.context.written_name, output.rc
            ));
        }
        Ok(stdout.trim().to_owned())
    }

    /// Waits until the host was booted at another time than `before` and its test command succeeds.
    ///
    /// Each look at it is over a new connection: one that stood when the host went down may keep silent for long.
    async fn wait(&self, before: &str, limit: Duration) -> Result<(), String> {
        let target = self.context.target;
        let connect_timeout = seconds(self.context, "connect_timeout", 0).ok().filter(|seconds| *seconds > 0);
        target.reset().await;
        target.limit_connecting(connect_timeout.map(Duration::from_secs));
        let booted = until(limit, "last boot time check", async || {
            target.reset().await;
            let now = self.boot_time().await.ok()?;
            (!now.is_empty() && now != before).then_some(())
        });
        let booted = booted.await;
        target.reset().await;
        target.limit_connecting(None);
        booted?;
        let test = self.context.text("test_command").unwrap_or_else(|| "whoami".to_owned());
        let tested = until(limit, "post-reboot test command", async || match target.raw(test.clone(), None).await {
            Ok(output) => (output.rc == 0).then_some(()),
            Err(_) => {
                // It may have gone down once more.
                target.reset().await;
                None
            }
        });
        tested.await
    }
}

/// Asks again and again, with pauses that grow, until there is an answer.
async fn until(limit: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<()>) -> Result<(), String> {
    let end = Instant::now() + limit;
    let mut pause = Duration::from_secs(1);
    while Instant::now() < end {
        if ask().await.is_some() {
            return Ok(());
        }
        // Hosts that went down together are not asked all at once.
        let spread = Duration::from_millis(u64::from(clock_millis()));
        tokio::time::sleep(pause.min(LONGEST_PAUSE) + spread).await;
        pause = pause.saturating_mul(2);
    }
    Err(format!("Timed out waiting for {what} (timeout={})", limit.as_secs()))
}

/// The milliseconds of the clock.
fn clock_millis() -> u32 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().subsec_millis()
}

/// The host's distribution, in small letters.
async fn distribution(context: &ActionContext<'_>) -> Result<String, ActionError> {
    let arguments = Map::from([("gather_subset".to_owned(), Data::from(vec!["min"]))]);
    let outcome = context.target.call(context.invocation("setup", arguments), None).await?;
    let facts = outcome.facts.unwrap_or_default();
    let name = facts.get("ansible_distribution").and_then(Data::as_str);
    name.map(str::to_lowercase).ok_or_else(|| {
        ActionError::failed("Failed to get distribution information. Missing \"ansible_distribution\" in output.")
    })
}

/// The whole command that restarts the host.
async fn command(context: &ActionContext<'_>, distribution: &str) -> Result<String, ActionError> {
    let own = text_only(context, "reboot_command").map_err(|reason| wrong(invalid("reboot_command", &reason)))?;
    let (program, arguments) = match &own {
        Some(line) => line.split_once(' ').unwrap_or((line, "")),
        None if distribution == "alpine" => ("reboot", ""),
        None => ("shutdown", ""),
    };
    if program.is_empty() {
        // What Python says of the first letter of no text.
        return Err(ActionError::failed("string index out of range"));
    }
    let path = if program.starts_with('/') { program.to_owned() } else { found(context, program).await? };
    let arguments = match &own {
        Some(_) => arguments.to_owned(),
        None if distribution == "alpine" => String::new(),
        None => {
            let minutes = seconds(context, "pre_reboot_delay", 0)? / 60;
            let message = context.text("msg").unwrap_or_else(|| "Reboot initiated by Ansible".to_owned());
            let plus = if distribution == "void" { "+" } else { "" };
            format!("-r {plus}{minutes} \"{message}\"")
        }
    };
    Ok(format!("{path} {arguments}"))
}

/// The path of a program on the host.
async fn found(context: &ActionContext<'_>, program: &str) -> Result<String, ActionError> {
    let paths = match context.args.raw("search_paths").map(|value| to_data(&value)).transpose()? {
        None => Data::from(SEARCH_PATHS.to_vec()),
        Some(paths @ Data::List(_)) => paths,
        Some(Data::Str(text)) => Data::from(text.split(',').collect::<Vec<_>>()),
        Some(number @ (Data::Int(_) | Data::Float(_) | Data::Bool(_))) => Data::from(vec![python::str(&number)]),
        Some(other) => {
            let other = python::str(&other);
            return Err(wrong(format!("'search_paths' must be a string or flat list of strings, got {other}")));
        }
    };
    let arguments = Map::from([
        ("paths".to_owned(), paths.clone()),
        ("patterns".to_owned(), Data::from(vec![program])),
        ("file_type".to_owned(), Data::from("any")),
    ]);
    let outcome = module::call(context, "find", arguments, None).await?;
    let files = outcome.values.get("files").and_then(Data::as_list).unwrap_or_default();
    let first = files.first().and_then(|file| file.as_map()?.get("path")?.as_str());
    first.map(str::to_owned).ok_or_else(|| {
        let paths = python::str(&paths);
        ActionError::failed(format!("Unable to find command \"{program}\" in search paths: {paths}"))
    })
}

/// An option that has to be text.
fn text_only(context: &ActionContext<'_>, option: &str) -> Result<Option<String>, String> {
    match context.arg(option) {
        None => Ok(None),
        Some(Value::Str(text)) => Ok(Some(text.as_str().to_owned())),
        Some(other) => {
            let shown = other.to_str().unwrap_or_default();
            Err(format!("'{shown}' is not a string and conversion is not allowed"))
        }
    }
}

/// The failure where a value is of the wrong type: Ansible says it while it handles Python's own error.
fn wrong(message: String) -> ActionError {
    ActionError::Failed(ErrorChain::new(Link::new(message).while_handling()))
}

fn invalid(option: &str, reason: &str) -> String {
    format!("Invalid value given for '{option}': {reason}.")
}

/// An option as whole seconds; what is below zero is zero.
fn seconds(context: &ActionContext<'_>, option: &str, default: u64) -> Result<u64, ActionError> {
    let Some(value) = context.arg(option) else { return Ok(default) };
    let number = match &value {
        Value::Str(text) => text.trim().parse::<i64>().ok(),
        Value::Float(number) => format!("{:.0}", number.trunc()).parse().ok(),
        other => other.as_int(),
    };
    let number = number.ok_or_else(|| {
        let shown = value.repr().unwrap_or_default();
        ActionError::failed(format!("invalid literal for int() with base 10: {shown}"))
    })?;
    Ok(u64::try_from(number).unwrap_or(0))
}
