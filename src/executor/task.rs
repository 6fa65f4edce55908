//! One task on one host: its loop, or the task alone.

use std::{rc::Rc, sync::Arc};

use protocol::Data;

use super::{
    attempt::once,
    keywords::Keywords,
    loops::{LoopError, loop_items, looped},
    result::TaskResult,
    run::Run,
    secrecy,
};
use crate::{
    diagnostic::ErrorChain,
    playbook::{Task, Written},
    template::VariableScope,
};

/// Does a task on a host, with its loop.
pub(super) async fn execute(run: &Run, host: &Arc<str>, task: &Rc<Task>, scope: Rc<VariableScope>) -> TaskResult {
    let items = loop_items(run, task, &scope);
    // What is said of the loop's value is nobody's result.
    run.notices(scope.take_notices());
    match items {
        Ok(None) => once(run, host, task, &scope, None).await,
        Ok(Some(items)) if items.is_empty() => {
            let mut result = TaskResult::new(host, task);
            result.looped = true;
            result.set("changed", false);
            result.set("skipped", true);
            result.set("skipped_reason", "No items in the list");
            result.set("results", Data::List(Vec::new()));
            result
        }
        Ok(Some(items)) => looped(run, host, task, &scope, items).await,
        Err(LoopError::Undefined(chain)) => once(run, host, task, &scope, Some(chain)).await,
        Err(LoopError::Failed(chain)) => unframed(run, host, task, &scope, chain),
    }
}

/// When a task failed before its keywords were all rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// None of them was: what ansible-core then asks of them is whether something is written there at all.
    Written,
    /// They were being rendered, or their task's arguments were.
    Rendered,
}

/// `no_log`, before a task's keywords are rendered.
pub(super) fn static_no_log(run: &Run, task: &Task, scope: &Rc<VariableScope>) -> bool {
    let keywords = Keywords::of_task(task, scope);
    // What cannot be told is kept secret.
    let told = keywords.flag("no_log", task.effective().no_log.as_ref());
    told.map_or(true, |flag| flag.unwrap_or(run.defaults().no_log))
}

fn flag(keyword: &str, raw: Option<&Written>, task: &Task, scope: &Rc<VariableScope>, stage: Stage) -> bool {
    let Some(raw) = raw else { return false };
    let rendered = Keywords::of_task(task, scope).flag(keyword, Some(raw));
    match (stage, rendered) {
        (Stage::Rendered, Ok(flag)) => flag.unwrap_or(false),
        _ => raw.truthy().unwrap_or(true),
    }
}

/// A result for what could not be done at all.
pub(super) fn failure(
    run: &Run,
    host: &Arc<str>,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    chain: ErrorChain,
    stage: Stage,
) -> TaskResult {
    let mut result = TaskResult::new(host, task);
    fail(&mut result, task, chain);
    result.set("changed", false);
    let effective = task.effective();
    result.ignore_errors = flag("ignore_errors", effective.ignore_errors.as_ref(), task, scope, stage);
    result.ignore_unreachable = flag("ignore_unreachable", effective.ignore_unreachable.as_ref(), task, scope, stage);
    result.no_log = static_no_log(run, task, scope);
    result
}

/// A result for a loop that cannot be: nothing is said of the task before the reason, and nothing of a change.
pub(super) fn unframed(
    run: &Run,
    host: &Arc<str>,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    chain: ErrorChain,
) -> TaskResult {
    let mut result = failure(run, host, task, scope, chain.clone(), Stage::Written);
    result.values.shift_remove("changed");
    result.set("msg", chain.brief());
    result.error = Some(chain);
    if result.no_log {
        secrecy::censor(&mut result, None);
    }
    result
}

/// Puts `Task failed` and its place before a chain, and the whole into the result.
pub(super) fn fail(result: &mut TaskResult, task: &Task, chain: ErrorChain) {
    let chain = chain.caused(task.link("Task failed."));
    result.set("failed", true);
    result.set("msg", chain.brief());
    result.error = Some(chain);
}
