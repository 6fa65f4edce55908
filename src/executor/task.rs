//! One task on one host: its loop, or the task alone.

use std::{rc::Rc, sync::Arc};

use protocol::Data;

use super::{
    attempt::once,
    keywords::Keywords,
    loops::{LoopError, loop_items, looped},
    result::TaskResult,
    run::Run,
};
use crate::{
    diagnostic::{ErrorChain, Link},
    playbook::Task,
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
        Err(LoopError::Failed(chain)) => {
            let mut result = TaskResult::new(host, task);
            result.no_log = static_no_log(task, &scope);
            result.set("failed", true);
            result.set("msg", chain.brief());
            result.set("changed", false);
            result.error = Some(chain);
            result.ignore_errors = flag_or(task, &scope, "ignore_errors");
            result
        }
    }
}

/// `no_log`, before a task's keywords are rendered.
pub(super) fn static_no_log(task: &Task, scope: &Rc<VariableScope>) -> bool {
    let keywords = Keywords { scope, effective: task.effective() };
    // What cannot be told is kept secret.
    keywords.flag("no_log", task.effective().no_log.as_ref()).map_or(true, |flag| flag.unwrap_or(false))
}

fn flag_or(task: &Task, scope: &Rc<VariableScope>, name: &str) -> bool {
    let effective = task.effective();
    let raw = match name {
        "ignore_errors" => effective.ignore_errors.as_ref(),
        _ => effective.ignore_unreachable.as_ref(),
    };
    Keywords { scope, effective }.flag(name, raw).ok().flatten().unwrap_or(false)
}

/// A result for what could not be done at all.
pub(super) fn failure(host: &Arc<str>, task: &Rc<Task>, scope: &Rc<VariableScope>, chain: ErrorChain) -> TaskResult {
    let mut result = TaskResult::new(host, task);
    fail(&mut result, task, chain);
    result.set("changed", false);
    result.ignore_errors = flag_or(task, scope, "ignore_errors");
    result.ignore_unreachable = flag_or(task, scope, "ignore_unreachable");
    result.no_log = static_no_log(task, scope);
    result
}

/// Puts `Task failed` and its place before a chain, and the whole into the result.
pub(super) fn fail(result: &mut TaskResult, task: &Task, chain: ErrorChain) {
    let chain = chain.caused(Link::at("Task failed.", task.span.clone()));
    result.set("failed", true);
    result.set("msg", chain.brief());
    result.error = Some(chain);
}
