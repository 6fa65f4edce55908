//! One task on one host, once: its delegate, its condition, its keywords and arguments, its action.
//!
//! Source: Ansible documentation, "Conditionals", "Playbook keywords".

use std::{
    cell::{Cell, RefCell},
    path::PathBuf,
    rc::Rc,
    sync::Arc,
};

use jinja::Value;

use super::{
    arguments,
    conditions::first_false,
    delegate::{delegate, delegate_scope, delegated_vars, with_delegated_vars},
    keywords,
    reach::Reach,
    result::TaskResult,
    run::Run,
    secrecy,
    target::{HostTarget, NoTarget},
    task::{Stage, failure, static_no_log},
    tries::tries,
};
use crate::{
    action::{self, ActionContext, Effect, Target},
    collection,
    diagnostic::{ErrorChain, Link, Span},
    playbook::{Kind, Task},
    template::{VariableScope, data},
    vars::Layer,
};

/// Does a task once: without a loop, or for one item.
pub(super) async fn once(
    run: &Run,
    host: &Arc<str>,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    loop_error: Option<ErrorChain>,
) -> TaskResult {
    let mut result = match attempt(run, host, task, scope, loop_error).await {
        Ok(result) => result,
        Err(Refused { chain, delegated, stage }) => {
            let mut result = failure(run, host, task, scope, chain, stage);
            result.delegated = delegated;
            if result.no_log {
                secrecy::censor(&mut result, None);
            }
            result
        }
    };
    result.take_notices(scope.take_notices());
    if result.no_log {
        result.set("_ansible_no_log", true);
    }
    result
}

/// Why a task was not done, by whom it was to be done, and how far it had come.
struct Refused {
    chain: ErrorChain,
    delegated: Option<Arc<str>>,
    stage: Stage,
}

async fn attempt(
    run: &Run,
    host: &Arc<str>,
    task: &Rc<Task>,
    scope: &Rc<VariableScope>,
    loop_error: Option<ErrorChain>,
) -> Result<TaskResult, Refused> {
    let effective = task.effective();
    let delegated = delegate(run, task, scope).map_err(|chain| {
        let written = effective.delegate_to.as_ref().and_then(|value| value.as_str().map(Arc::from));
        Refused { chain, delegated: written, stage: Stage::Written }
    })?;
    let early = |chain: ErrorChain| Refused { chain, delegated: delegated.clone(), stage: Stage::Written };
    let refuse = |chain: ErrorChain| Refused { chain, delegated: delegated.clone(), stage: Stage::Rendered };

    // The keywords of the connection are rendered before the condition is asked, and complained of after it.
    let worker_scope = match &delegated {
        Some(name) => delegate_scope(run, name, host, task, scope),
        None => Rc::clone(scope),
    };
    let own_scope = delegated.as_ref().map(|name| with_delegated_vars(scope, name, &worker_scope));
    let scope = own_scope.as_ref().unwrap_or(scope);
    let worker = delegated.as_ref().unwrap_or(host);
    let reach = Reach {
        scope: &worker_scope,
        task_scope: scope,
        effective,
        inherited: task.inherited(),
        options: &run.options,
        config: &run.config,
        host: worker,
    };
    let become_ = reach.become_();
    let reached_scope = scope.with(Layer::Connection, reach.variables());
    let reach = Reach { task_scope: &reached_scope, ..reach };
    let scope = &reached_scope;

    match first_false(&effective.when, scope) {
        Err(error) => return Err(early(loop_error.unwrap_or_else(|| error.chain()))),
        Ok(Some(condition)) => {
            let mut result = TaskResult::new(host, task);
            result.delegated.clone_from(&delegated);
            result.no_log = static_no_log(run, task, scope);
            result.set("changed", false);
            result.set("skipped", true);
            result.set("skip_reason", "Conditional result was False");
            result.set("false_condition", data::to_data(&condition).unwrap_or_default());
            return Ok(result);
        }
        Ok(None) => {}
    }
    if let Some(chain) = loop_error {
        return Err(early(chain));
    }
    let become_ = become_.map_err(&early)?;
    let rendered = keywords::render(task, scope, run.defaults()).map_err(&refuse)?;

    let mut result = TaskResult::new(host, task);
    result.delegated.clone_from(&delegated);
    result.no_log = rendered.settings.no_log;
    result.ignore_errors = rendered.ignore_errors;
    result.ignore_unreachable = rendered.ignore_unreachable;
    result.show_diff = rendered.settings.diff;

    let (short, fqcn) = action_name(task, scope).map_err(&refuse)?;
    let known = action::find(&short);
    let args =
        arguments::render(task, &fqcn, scope, known.map_or(&[], |known| known.raw_arguments)).map_err(&refuse)?;

    match &task.kind {
        Kind::IncludeTasks { .. } => {
            let file = args.raw("_raw_params").or_else(|| args.raw("file")).and_then(|value| value.to_str().ok());
            match file {
                Some(file) if !file.is_empty() => {
                    result.set("include", file.clone());
                    result.effects = vec![Effect::IncludeTasks { file }];
                }
                _ => {
                    result.set("failed", true);
                    result.set("msg", "No include file was specified to the include");
                }
            }
            result.set("changed", false);
            return Ok(result);
        }
        Kind::IncludeRole(_) => {
            result.set("changed", false);
            result.effects = vec![Effect::IncludeRole];
            return Ok(result);
        }
        _ => {}
    }

    let needs_host = known.is_none_or(|known| !known.local);
    let target: Box<dyn Target> = if needs_host {
        Box::new(HostTarget {
            pool: Rc::clone(&run.pool),
            settings: reach.target().map_err(&refuse)?,
            become_,
            helpers: Rc::clone(&run.helpers),
            python: reach.python().map_err(&refuse)?,
            connect_timeout: Cell::new(None),
            open: RefCell::new(None),
        })
    } else {
        Box::new(NoTarget)
    };
    let search_path: Vec<PathBuf> = task.search_path().iter().map(|path| PathBuf::from(&**path)).collect();
    let playbook_dir = run.variables.basedir();
    let task_name = run.info(task, Some(scope)).name.clone();
    let defaults = |fqcn: &str| arguments::defaults(task, fqcn, scope);
    let context = ActionContext {
        name: &short,
        fqcn: &fqcn,
        written_name: &task.action.name,
        task_name: &task_name,
        args: &args,
        settings: &rendered.settings,
        defaults: &defaults,
        scope,
        host_scope: &worker_scope,
        target: target.as_ref(),
        search_path: &search_path,
        playbook_dir: &playbook_dir,
        host,
        environment: &run.config.environment,
        vault: run.vault.as_ref(),
        prompt: run.prompt.as_ref(),
        openers: &run.openers,
    };
    tries(run, task, scope, &context, &rendered, &mut result).await;
    if result.no_log {
        secrecy::censor(&mut result, Some(&args));
    }
    if matches!(short.as_str(), "setup" | "gather_facts") {
        // Facts are too many for the screen, however much of it was asked for.
        result.set("_ansible_verbose_override", true);
    }
    result.notify = rendered.notify;
    if let Some(name) = &delegated {
        result.set("_ansible_delegated_vars", delegated_vars(name, &reach));
    }
    Ok(result)
}

/// The action's short and full name.
fn action_name(task: &Task, scope: &Rc<VariableScope>) -> Result<(String, String), ErrorChain> {
    let written = &task.action.name;
    let name = if crate::template::Templar::is_template(written) {
        scope.templar().render_text(&Value::Str(written.clone()), scope).map_err(|error| error.chain())?
    } else {
        written.to_string()
    };
    match collection::resolve(&name).short() {
        Some(short) => Ok((short.to_owned(), collection::full_name(short))),
        None => {
            let message = format!("Cannot resolve '{name}' to an action or module.");
            Err(ErrorChain::new(Link::at(message, written.origin().map(Span::from))))
        }
    }
}
