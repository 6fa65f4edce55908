//! `pause`: waits for a time or for the person at the terminal.
//!
//! Source: Ansible documentation, `ansible.builtin.pause`.

use jinja::Value;
use protocol::{Data, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Answer, Effect, Local, module::check_names};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        check_names(context, &["echo", "minutes", "prompt", "seconds"])?;
        let echo = context.flag("echo", true);
        let minutes = number(context, "minutes")?;
        let seconds = number(context, "seconds")?;
        let (limit, unit) = match (minutes, seconds) {
            (Some(minutes), _) => (Some(minutes.saturating_mul(60)), "minutes"),
            (None, Some(seconds)) => (Some(seconds), "seconds"),
            (None, None) => (None, "minutes"),
        };
        let limit = limit.map(|limit| limit.max(1));
        let name = task_name(context);
        let hidden = if echo { "" } else { " (output is hidden)" };
        let interrupt = "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\r";
        let prompt = match (context.text("prompt"), limit) {
            (Some(text), _) => format!("[{name}]\n{text}{hidden}:"),
            (None, None) => format!("[{name}]\nPress enter to continue, Ctrl+C to interrupt{hidden}:"),
            (None, Some(_)) => interrupt.to_owned(),
        };
        let start = jiff::ZonedDateTime::now();
        if let Some(seconds) = limit {
            context.prompt.show(&format!("Pausing for {seconds} seconds{hidden}"));
            if context.arg("prompt").is_some() {
                context.prompt.show(interrupt);
            }
        }
        let answer = context.prompt.ask(format!("{prompt}\n"), echo, limit).await;
        let stop = jiff::ZonedDateTime::now();
        let elapsed = (stop.timestamp().as_millisecond() - start.timestamp().as_millisecond()) as f64 / 1000.0;
        let mut outcome = Outcome::changed(false);
        outcome.set("rc", 0);
        outcome.set("stderr", "");
        let rounded = if unit == "minutes" {
            (elapsed / 60.0 * 100.0).round() / 100.0
        } else {
            (elapsed * 100.0).round() / 100.0
        };
        outcome.set("stdout", format!("Paused for {} {unit}", protocol::arguments::python::repr_float(rounded)));
        let stamp = |time: &jiff::ZonedDateTime| time.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
        outcome.set("start", stamp(&start));
        outcome.set("stop", stamp(&stop));
        outcome.set("delta", Data::Int(elapsed as i64));
        outcome.set("echo", echo);
        let mut effects = Vec::new();
        match answer {
            Answer::Line(line) => outcome.set("user_input", line),
            Answer::TimeOver => outcome.set("user_input", ""),
            Answer::NoTerminal => {
                outcome.warnings.push("Not waiting for response to prompt as stdin is not interactive".to_owned());
                outcome.set("user_input", "");
            }
            Answer::Abort => {
                effects.push(Effect::Abort);
                return Err(ActionError::failed("user requested abort!"));
            }
        }
        Ok(ActionOutcome { outcome, effects, ..ActionOutcome::default() })
    })
}

fn number(context: &ActionContext<'_>, name: &str) -> Result<Option<u64>, ActionError> {
    let Some(value) = context.arg(name) else { return Ok(None) };
    let parsed = match &value {
        Value::Str(text) => text.trim().parse::<i64>().ok(),
        other => other.as_int(),
    };
    let parsed = parsed.ok_or_else(|| {
        let shown = value.repr().unwrap_or_default();
        ActionError::refused(format!(
            "argument '{name}' is of type {} and we were unable to convert to int: \"<class '{}'>\" cannot be converted to an int: {shown}",
            value.type_name(),
            value.type_name(),
        ))
    })?;
    Ok(Some(u64::try_from(parsed).unwrap_or(1)))
}

/// The name in the prompt.
fn task_name(context: &ActionContext<'_>) -> String {
    context.task_name.to_owned()
}
