//! One play: its own keywords, its hosts, its batches.

use std::{rc::Rc, sync::Arc};

use jinja::{Dict, Value};

use super::{
    batch::run_batch,
    keywords::Keywords,
    playbooks::{Ending, RunError},
    run::Run,
};
use crate::{
    action::boolean,
    diagnostic::{Diagnostic, ErrorChain, Origin},
    event::{Event, PlayInfo},
    playbook::Play,
};

/// A play's own keywords, rendered.
pub(super) struct PlaySettings {
    pub name: String,
    pub pattern: Vec<String>,
    serial: Vec<Value>,
    pub strategy: String,
    pub max_fail: Option<f64>,
    pub force_handlers: bool,
    order: Option<String>,
    pub gather_facts: Option<bool>,
}

/// How a play ended.
pub(super) struct PlayEnd {
    /// What the run would end with now; none where no host did anything.
    pub ending: Option<Ending>,
    /// No play follows.
    pub last: bool,
}

/// Runs a play.
///
/// # Errors
///
/// Its own keywords are wrong, or something that is no host's fault.
pub(super) async fn run_play(run: &Rc<Run>, play: &Rc<Play>) -> Result<PlayEnd, RunError> {
    run.forget_names();
    let vars = Dict::new();
    for (key, value) in play.scope.directives.vars.iter().flat_map(Dict::raw_items) {
        if let Ok(key) = jinja::Key::new(key) {
            vars.insert(key, value);
        }
    }
    run.variables.enter_play(play, vars.clone());
    super::prompts::ask(run, play, &vars).await?;
    super::vars_files::load(run, play, None, false)?;
    let settings = play_settings(run, play)?;
    run.variables.set_play_magic("ansible_play_name", Value::from(settings.name.as_str()));
    if run.options.syntax_check {
        return Ok(PlayEnd { ending: None, last: false });
    }
    let info = PlayInfo {
        name: settings.name.clone(),
        check_mode: play.scope.directives.check_mode.as_deref().and_then(boolean).unwrap_or(run.options.check),
        strategy: settings.strategy.clone(),
    };
    let hosts = select(run, &settings, play)?;
    let batches = batches(&hosts, &settings.serial)?;
    if batches.is_empty() {
        run.emit(&Event::PlayStarted(info));
        run.emit(&Event::NoHostsMatched);
        return Ok(PlayEnd { ending: None, last: false });
    }
    let mut gone_before = run.gone();
    let mut end = PlayEnd { ending: None, last: false };
    for batch in batches {
        let done = run_batch(run, play, &settings, &info, &batch).await?;
        end.ending = Some(done.ending);
        if done.play_ended || run.aborted.get() {
            break;
        }
        end.last |= done.broken;
        let gone = run.gone();
        // Hosts may have come back too (`clear_host_errors`).
        if gone.checked_sub(gone_before) == Some(batch.len()) {
            end.last = true;
            break;
        }
        gone_before = gone;
    }
    Ok(end)
}

fn play_settings(run: &Run, play: &Play) -> Result<PlaySettings, RunError> {
    let scope = run.variables.scope(None, None);
    let directives = &play.scope.directives;
    let keywords = Keywords::of_play(directives, &scope);
    let stop = |chain: ErrorChain| {
        let mut diagnostic = Diagnostic::error(chain.brief());
        if let Some(span) = chain.links.iter().rev().find_map(|link| match &link.origin {
            Some(Origin::File(span)) => Some(span.clone()),
            _ => None,
        }) {
            diagnostic = diagnostic.at(span, "");
        }
        RunError::Stopped(Box::new(diagnostic))
    };
    let mut pattern = Vec::new();
    for host in &play.hosts {
        pattern.extend(hosts_of(&scope.templar().render(host, &scope)?));
    }
    if pattern.is_empty() {
        let mut diagnostic = Diagnostic::error("Hosts list cannot be empty. Please check your playbook");
        if let Some(span) = &play.scope.span {
            diagnostic = diagnostic.at(span.clone(), "this play");
        }
        return Err(RunError::Stopped(Box::new(diagnostic)));
    }
    let name = keywords.text("name", directives.name.as_ref()).map_err(stop)?.filter(|name| !name.is_empty());
    let serial = match keywords.value("serial", play.serial.as_ref()).map_err(stop)? {
        None => Vec::new(),
        Some(Value::List(list)) => list.raw_values(),
        Some(one) => vec![one],
    };
    Ok(PlaySettings {
        name: name.unwrap_or_else(|| pattern.join(",")),
        pattern,
        serial,
        strategy: keywords
            .text("strategy", play.strategy.as_ref())
            .map_err(stop)?
            .unwrap_or_else(|| run.config.strategy.clone()),
        max_fail: keywords.percent("max_fail_percentage", play.max_fail_percentage.as_ref()).map_err(stop)?,
        force_handlers: keywords
            .flag("force_handlers", play.force_handlers.as_ref())
            .map_err(stop)?
            .unwrap_or(run.config.force_handlers),
        order: keywords.text("order", play.order.as_ref()).map_err(stop)?,
        gather_facts: keywords.flag("gather_facts", play.gather_facts.as_ref()).map_err(stop)?,
    })
}

fn hosts_of(value: &Value) -> Vec<String> {
    match value {
        Value::List(list) => list.raw_values().iter().flat_map(hosts_of).collect(),
        Value::Str(text) if text.trim().is_empty() => Vec::new(),
        other => other.to_str().map(|text| vec![text]).unwrap_or_default(),
    }
}

fn select(run: &Run, settings: &PlaySettings, play: &Play) -> Result<Vec<Arc<str>>, RunError> {
    let mut warnings = Vec::new();
    let selected = run.variables.select(&settings.pattern, settings.order.as_deref(), &mut |warning| {
        warnings.push(warning.message);
    });
    for warning in warnings {
        run.warn(warning);
    }
    selected.map_err(|error| {
        let diagnostic = *error.0;
        let diagnostic = match (&play.scope.span, diagnostic.labels.is_empty()) {
            (Some(span), true) => diagnostic.at(span.clone(), "the hosts of this play"),
            _ => diagnostic,
        };
        RunError::Stopped(Box::new(diagnostic))
    })
}

/// Cuts hosts into batches: numbers or percentages, the last one again for what is left.
///
/// Source: Ansible documentation, "Setting the batch size with serial".
fn batches(hosts: &[Arc<str>], serial: &[Value]) -> Result<Vec<Vec<Arc<str>>>, RunError> {
    let mut rest = hosts;
    let mut batches = Vec::new();
    let mut step = 0;
    while !rest.is_empty() {
        let size = match serial.get(step.min(serial.len().saturating_sub(1))) {
            None => 0,
            Some(value) => batch_size(value, hosts.len()).ok_or_else(|| {
                let shown = value.to_str().unwrap_or_default();
                RunError::Stopped(Box::new(Diagnostic::error(format!(
                    "serial: '{shown}' is neither a number nor a percentage"
                ))))
            })?,
        };
        let size = if size == 0 { rest.len() } else { size.min(rest.len()) };
        let (batch, left) = rest.split_at(size);
        batches.push(batch.to_vec());
        rest = left;
        step += 1;
    }
    Ok(batches)
}

fn batch_size(value: &Value, hosts: usize) -> Option<usize> {
    let text = value.to_str().ok()?;
    if let Some(percent) = text.trim().strip_suffix('%') {
        let percent: f64 = percent.trim().parse().ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of the hosts"
        )]
        let size = (percent / 100.0 * hosts as f64) as usize;
        return Some(size.max(1));
    }
    let number: i64 = text.trim().parse().ok()?;
    Some(usize::try_from(number).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(count: usize) -> Vec<Arc<str>> {
        (1..=count).map(|number| Arc::from(format!("h{number}"))).collect()
    }

    fn sizes(count: usize, serial: &[Value]) -> Vec<usize> {
        batches(&hosts(count), serial).unwrap().iter().map(Vec::len).collect()
    }

    #[test]
    fn without_serial_all_hosts_are_one_batch() {
        assert_eq!(sizes(5, &[]), [5]);
    }

    #[test]
    fn the_last_size_of_serial_holds_for_the_rest() {
        assert_eq!(sizes(10, &[Value::Int(1), Value::Int(3)]), [1, 3, 3, 3]);
    }

    #[test]
    fn a_percentage_is_of_all_hosts_and_at_least_one() {
        assert_eq!(sizes(4, &[Value::from("50%")]), [2, 2]);
        assert_eq!(sizes(3, &[Value::from("10%")]), [1, 1, 1]);
    }

    #[test]
    fn a_serial_that_is_no_number_is_refused() {
        assert!(batches(&hosts(2), &[Value::from("some")]).is_err());
    }
}
