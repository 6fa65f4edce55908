//! The linear strategy's loop: a task for all hosts, then the next.

use std::{rc::Rc, sync::Arc};

use tokio::task::JoinSet;

use super::{batch::PlayRun, playbooks::RunError, result::TaskResult, task};
use crate::{action, event::Event, playbook::Task, template::VariableScope};

/// Runs the play to its end. Returns whether the play is broken off (`max_fail_percentage`).
pub(super) async fn run(play: &Rc<PlayRun>) -> Result<bool, RunError> {
    let mut broken = false;
    while !play.is_stopped() {
        let left = play.hosts_left();
        let next = play.iterator.borrow_mut().next_in_lockstep(&left);
        let Some((_, first)) = next.first() else { break };
        let first = Rc::clone(first);
        play.refresh_vars_files(next.iter().map(|(host, _)| host))?;
        let (results, fatal) = if first.meta().is_some() {
            (Vec::new(), play.meta(&next)?)
        } else {
            let run_once = runs_once(play, &next);
            let fatal = (play.all_fail_with_one(&first) || run_once) && !ignores_errors(play, &first);
            let chosen = if run_once { next.get(..1).unwrap_or_default() } else { next.as_slice() };
            if first.is_handler {
                let mut iterator = play.iterator.borrow_mut();
                if run_once {
                    iterator.clear_handler_everywhere(first.id);
                } else {
                    for (host, _) in chosen {
                        iterator.clear_handler(first.id, host);
                    }
                }
            }
            start_task(play, chosen);
            (gather(play, chosen).await, fatal)
        };
        let refused = play.include(&results, &left)?;
        let failed: Vec<Arc<str>> = results
            .iter()
            .filter(|result| result.is_failed() || refused.contains(&result.host))
            .map(|result| Arc::clone(&result.host))
            .collect();
        let unreachable = results.iter().any(|result| result.unreachable && !result.is_failed());
        if fatal && (!failed.is_empty() || unreachable) {
            fail_others(play, &left, &failed);
        }
        if let Some(percentage) = play.max_fail {
            let batch = play.iterator.borrow().batch_size();
            #[expect(clippy::cast_precision_loss, reason = "numbers of hosts")]
            let share = play.run.failed.borrow().len() as f64 / batch as f64;
            if share > percentage / 100.0 {
                fail_others(play, &left, &failed);
                play.run.emit(&Event::NoHostsRemaining);
                broken = true;
            }
        }
        play.refresh_magic();
        if broken && play.run.failed.borrow().len() >= left.len() {
            play.run.emit(&Event::NoHostsRemaining);
            return Ok(true);
        }
    }
    Ok(broken)
}

fn fail_others(play: &PlayRun, left: &[Arc<str>], failed: &[Arc<str>]) {
    for host in left {
        if !failed.contains(host) {
            play.run.failed.borrow_mut().insert(Arc::clone(host));
            play.iterator.borrow_mut().fail_with_others(host);
        }
    }
}

fn runs_once(play: &PlayRun, next: &[(Arc<str>, Rc<Task>)]) -> bool {
    let Some((host, task)) = next.first() else { return false };
    if action::find(&task.action.short).is_some_and(|action| action.bypass_host_loop) {
        return true;
    }
    let raw = task.effective().run_once.as_ref();
    match raw {
        None => false,
        Some(raw) => {
            let scope = play.run.variables.scope(Some(host), Some(task));
            super::keywords::Keywords::of_task(task, &scope).flag("run_once", Some(raw)).ok().flatten().unwrap_or(false)
        }
    }
}

fn ignores_errors(play: &PlayRun, task: &Task) -> bool {
    play.flag(task, task.effective().ignore_errors.as_ref(), "ignore_errors")
}

/// Shows the banner, its name rendered for the first host.
pub(super) fn start_task(play: &PlayRun, chosen: &[(Arc<str>, Rc<Task>)]) {
    let Some((host, task)) = chosen.first() else { return };
    let scope = play.run.variables.scope(Some(host), Some(task));
    let info = play.run.info(task, Some(&scope));
    play.run.emit(&Event::TaskStarted(info));
}

/// Does the task on its hosts at the same time, as many as `forks` and `throttle` allow; takes the results in as they
/// come, before another host begins.
async fn gather(play: &Rc<PlayRun>, chosen: &[(Arc<str>, Rc<Task>)]) -> Vec<TaskResult> {
    let limit = throttle(play, chosen).unwrap_or(usize::MAX).min(play.run.config.forks.max(1));
    let mut waiting = chosen.iter();
    let mut running: JoinSet<TaskResult> = JoinSet::new();
    let mut results = Vec::new();
    loop {
        while running.len() < limit {
            let Some((host, task)) = waiting.next() else { break };
            let scope = play.run.variables.scope(Some(host), Some(task));
            running.spawn_local(work(Rc::clone(play), Arc::clone(host), Rc::clone(task), scope));
        }
        let Some(done) = running.join_next().await else { break };
        let mut ready: Vec<TaskResult> = done.into_iter().collect();
        while let Some(done) = running.try_join_next() {
            ready.extend(done);
        }
        // What is there at the same time is shown in the order of the hosts.
        ready.sort_by_key(|result| chosen.iter().position(|(host, _)| *host == result.host));
        for mut result in ready {
            play.take(&mut result);
            if play.is_stopped() {
                return results;
            }
            results.push(result);
        }
    }
    results.sort_by_key(|result| chosen.iter().position(|(host, _)| *host == result.host));
    results
}

/// One host's share, behind the limit of `forks`.
pub(super) async fn work(play: Rc<PlayRun>, host: Arc<str>, task: Rc<Task>, scope: Rc<VariableScope>) -> TaskResult {
    let run = Rc::clone(&play.run);
    let permit = run.forks.acquire().await;
    run.emit(&Event::HostStarted { task: run.info(&task, Some(&scope)), host: Arc::clone(&host) });
    let result = task::execute(&run, &host, &task, scope).await;
    drop(permit);
    result
}

fn throttle(play: &PlayRun, chosen: &[(Arc<str>, Rc<Task>)]) -> Option<usize> {
    let (host, task) = chosen.first()?;
    throttle_of(play, host, task)
}

/// `throttle` of a task, where it limits anything.
pub(super) fn throttle_of(play: &PlayRun, host: &Arc<str>, task: &Rc<Task>) -> Option<usize> {
    let raw = task.effective().throttle.as_ref()?;
    let scope = play.run.variables.scope(Some(host), Some(task));
    let number = super::keywords::Keywords::of_task(task, &scope).integer("throttle", Some(raw)).ok()??;
    usize::try_from(number).ok().filter(|limit| *limit > 0)
}
