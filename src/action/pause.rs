//! `pause`: waits for a time or for the person at the terminal.
//!
//! Source: Ansible documentation, `ansible.builtin.pause`.

use protocol::{
    Data, Map, Outcome,
    arguments::{Default, Kind, OptionSpec, python},
};

use super::{ActionContext, ActionError, ActionOutcome, Answer, Effect, Local, options};

const OPTIONS: [OptionSpec; 4] = [
    OptionSpec { name: "echo", kind: Kind::Bool, default: Some(Default::Bool(true)), ..OptionSpec::EMPTY },
    OptionSpec { name: "minutes", kind: Kind::Raw, ..OptionSpec::EMPTY },
    OptionSpec { name: "seconds", kind: Kind::Raw, ..OptionSpec::EMPTY },
    OptionSpec { name: "prompt", ..OptionSpec::EMPTY },
];

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let options = options::validated(context, &OPTIONS, &[&["minutes", "seconds"]])?;
        let echo = options.get("echo") != Some(&Data::Bool(false));
        let minutes = whole(&options, "minutes")?;
        let seconds = whole(&options, "seconds")?;
        let (limit, unit) = match (minutes, seconds) {
            (Some(minutes), _) => (Some(minutes.saturating_mul(60)), "minutes"),
            (None, Some(seconds)) => (Some(seconds), "seconds"),
            (None, None) => (None, "minutes"),
        };
        let limit = limit.map(|limit| limit.max(1));
        let hidden = if echo { "" } else { " (output is hidden)" };
        let given = options.get("prompt").and_then(Data::as_str).filter(|prompt| !prompt.is_empty());
        let asked = given.unwrap_or("Press enter to continue, Ctrl+C to interrupt");
        let asked = format!("[{}]\n{asked}{hidden}:", context.task_name);
        const KEYS: &str = "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\r";
        if let Some(seconds) = limit {
            context.prompt.show(&format!("Pausing for {seconds} seconds{hidden}"));
        }
        let asked = match (limit, given) {
            (Some(_), None) => KEYS.to_owned(),
            (Some(_), Some(_)) => {
                context.prompt.show(KEYS);
                asked
            }
            (None, _) => asked,
        };
        let start = jiff::ZonedDateTime::now();
        let answer = context.prompt.ask(format!("{asked}\n"), echo, limit).await;
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
        outcome.set("stdout", format!("Paused for {} {unit}", python::repr_float(rounded)));
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

/// A number of minutes or seconds, as Python's `int()` reads it.
fn whole(options: &Map, name: &str) -> Result<Option<u64>, ActionError> {
    let value = options.get(name).unwrap_or(&Data::Null);
    let number = match value {
        Data::Null => return Ok(None),
        Data::Bool(flag) => Some(i64::from(*flag)),
        Data::Int(number) => Some(*number),
        #[expect(clippy::cast_possible_truncation, reason = "as int() of a float")]
        Data::Float(number) => Some(*number as i64),
        Data::Str(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| {
        ActionError::refused(format!(
            "argument '{name}' is of type {} and we were unable to convert to int: invalid literal for int() with base \
             10: {}",
            python::type_name(value),
            python::repr(value)
        ))
    })?;
    Ok(Some(u64::try_from(number).unwrap_or(0)))
}
