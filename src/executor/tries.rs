//! The tries of a task: run the action, hear its conditions, and again (`until`, `retries`).
//!
//! Source: Ansible documentation, "Retrying a task until a condition is met".

use std::{future::Future, rc::Rc, time::Duration};

use protocol::{Data, Map, Outcome};

use super::{
    conditions::first_false,
    decide::decide,
    job,
    keywords::Rendered,
    result::{TaskResult, absorb},
    run::Run,
    task::fail,
};
use crate::{
    action::{self, ActionContext, ActionError, ActionOutcome},
    diagnostic::{ErrorChain, Link},
    playbook::Task,
    template::VariableScope,
};

/// Runs the action until it is content or the tries are used up.
pub(super) async fn tries(
    run: &Run,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    context: &ActionContext<'_>,
    rendered: &Rendered,
    result: &mut TaskResult,
) {
    let tries = match rendered.retries {
        Some(retries) => 1 + retries.max(0),
        None if !task.until.is_empty() => 4,
        None => 1,
    };
    for attempt in 1..=tries {
        result.values.clear();
        result.error = None;
        let work = limited(rendered.timeout, act(context));
        match work.await {
            Ok(outcome) => take(run, task, context, outcome, result).await,
            Err(error) => return break_off(task, error, rendered.timeout, result),
        }
        if tries > 1 {
            result.set("attempts", attempt);
        }
        let after = decide(task, scope, result);
        if tries == 1 {
            break;
        }
        let content = if task.until.is_empty() {
            !result.flag("failed")
        } else {
            match first_false(&task.until, &after) {
                Ok(first) => first.is_none(),
                Err(error) => {
                    result.values.clear();
                    fail(result, task, error.chain());
                    result.set("changed", false);
                    return;
                }
            }
        };
        if content {
            break;
        }
        if attempt < tries {
            result.set("_ansible_retry", true);
            result.set("retries", tries);
            run.retry(result, u32::try_from(tries - attempt).unwrap_or(0));
            tokio::time::sleep(Duration::from_secs_f64(rendered.delay)).await;
        } else {
            result.set("attempts", tries - 1);
            result.set("failed", true);
        }
    }
    if result.flag("failed") && result.error.is_none() {
        explain(task, result, "Action failed.", None);
    }
}

/// What a task's `timeout` says when it is over.
struct TimeOver;

/// Waits for at most so many seconds; 0 or less for as long as it takes.
async fn limited<T>(
    seconds: i64,
    work: impl Future<Output = Result<T, ActionError>>,
) -> Result<T, Result<ActionError, TimeOver>> {
    match u64::try_from(seconds) {
        Ok(seconds) if seconds > 0 => match tokio::time::timeout(Duration::from_secs(seconds), work).await {
            Ok(done) => done.map_err(Ok),
            Err(_) => Err(Err(TimeOver)),
        },
        _ => work.await.map_err(Ok),
    }
}

/// Runs the action once.
async fn act(context: &ActionContext<'_>) -> Result<ActionOutcome, ActionError> {
    match action::find(context.name) {
        Some(action) if context.settings.async_seconds > 0 && !action.supports_async() => {
            Err(ActionError::refused(format!("This action ({}) does not support async.", context.written_name)))
        }
        Some(action) => (action.run)(context).await,
        None => action::module::run(context).await,
    }
}

/// Takes what the action returned, its job included.
async fn take(run: &Run, task: &Task, context: &ActionContext<'_>, outcome: ActionOutcome, result: &mut TaskResult) {
    let by_module = outcome.by_module;
    let reason = outcome.error.clone().or_else(|| reason_of(&outcome.outcome));
    absorb(result, outcome);
    let waits = context.settings.async_seconds > 0 && context.settings.poll_seconds > 0;
    let mut by_module = by_module;
    if waits && !result.flag("failed") && !result.flag("skipped") {
        by_module = job::wait(run, context, result).await;
    }
    if !result.values.contains_key("failed") {
        let rc = result.values.get("rc").is_some_and(|rc| !matches!(rc, Data::Int(0)) && rc.as_str() != Some("0"));
        result.set("failed", rc);
    }
    if !result.values.contains_key("changed") {
        result.set("changed", false);
    }
    if by_module && result.flag("failed") {
        explain(task, result, "Module failed.", reason);
    }
}

/// Why a module failed, where it tells more than `msg`: an error behind it, or one that stands alone.
fn reason_of(outcome: &Outcome) -> Option<ErrorChain> {
    let cause = outcome.cause.clone().map(Link::said)?;
    let msg = outcome.msg.clone().map(Link::said);
    Some(ErrorChain { links: msg.into_iter().chain([cause]).collect() })
}

/// `Task failed: Module failed: <msg>`, or another reason in the place of `msg`.
fn explain(task: &Task, result: &mut TaskResult, who: &str, reason: Option<ErrorChain>) {
    let msg = result.values.get("msg").map(protocol::arguments::python::str);
    let missing = msg.is_none();
    let reason = reason.unwrap_or_else(|| {
        let msg = msg.unwrap_or_else(|| "Unknown error.".to_owned());
        ErrorChain { links: if msg.is_empty() { Vec::new() } else { vec![Link::said(msg)] } }
    });
    let mut chain = reason.caused(Link::new(who)).caused(Link::at("Task failed.", task.span.clone()));
    if missing {
        result.set("msg", chain.brief());
    }
    if let Some(last) = chain.links.last_mut() {
        last.parts = messages_of_modules(result);
    }
    result.error = Some(chain);
}

/// What the modules said that an action ran and that failed.
fn messages_of_modules(result: &TaskResult) -> Vec<String> {
    let failed = result.values.get("failed_modules").and_then(Data::as_map);
    let message = |module: &Data| module.as_map()?.get("msg")?.as_str().map(str::to_owned);
    failed.into_iter().flat_map(Map::values).filter_map(message).collect()
}

/// What the action threw ends the task: its conditions are not asked, and it is not tried again.
fn break_off(task: &Task, error: Result<ActionError, TimeOver>, seconds: i64, result: &mut TaskResult) {
    match error {
        Ok(ActionError::Skipped(message)) => {
            result.set("skipped", true);
            result.set("msg", message);
        }
        Ok(ActionError::Unreachable(message)) => {
            let chain = ErrorChain::new(Link::new(message)).caused(Link::at("Task failed.", task.span.clone()));
            result.unreachable = true;
            result.set("unreachable", true);
            result.set("msg", chain.brief());
            result.error = Some(chain);
        }
        Ok(ActionError::Refused(chain, values)) => {
            let message = chain.brief();
            fail(result, task, chain);
            result.values.extend(values);
            result.set("msg", message);
        }
        Ok(ActionError::Failed(chain)) => fail(result, task, chain),
        Err(TimeOver) => {
            let message = format!("Timed out after {seconds} second(s).");
            fail(result, task, ErrorChain::new(Link::new(message)));
            let frame = "Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.";
            let over = [("frame".to_owned(), Data::from(frame)), ("period".to_owned(), Data::Int(seconds))];
            result.set("timedout", Data::Map(over.into_iter().collect()));
        }
    }
    result.set("changed", false);
}
