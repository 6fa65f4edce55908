//! The free strategies' loops: every host at its own pace. With host_pinned, a host that has begun goes to its end
//! before another takes its place.
//!
//! Hosts are asked in rounds, as ansible-core does it: in each, every host that is not busy begins its next task; what
//! came of tasks is taken in between rounds.

use std::{collections::HashMap, rc::Rc, sync::Arc};

use tokio::task::JoinSet;

use super::{
    batch::PlayRun,
    linear::{throttle_of, work},
    playbooks::RunError,
    result::TaskResult,
};
use crate::{action, diagnostic::Diagnostic, event::Event, playbook::Task};

/// Hosts on their way.
struct Round {
    running: JoinSet<TaskResult>,
    /// What each busy host does.
    busy: HashMap<Arc<str>, u64>,
    /// Results that are not taken in yet.
    done: Vec<TaskResult>,
    /// As many hosts at a time.
    workers: usize,
    /// With host_pinned: workers that no host has taken.
    free: isize,
    pinned: bool,
    /// The host with which the next round begins.
    next: usize,
}

/// Runs the play to its end. `pinned`: at most so many hosts are under way.
pub(super) async fn run(play: &Rc<PlayRun>, pinned: Option<usize>) -> Result<bool, RunError> {
    if play.max_fail.is_some() {
        play.run.warn(
            "Using max_fail_percentage with the free strategy is not supported, as tasks are executed independently on each host",
        );
    }
    let workers = play.run.config.forks.min(play.iterator.borrow().batch_size()).max(1);
    let mut round = Round {
        running: JoinSet::new(),
        busy: HashMap::new(),
        done: Vec::new(),
        workers,
        free: isize::try_from(workers).unwrap_or(isize::MAX),
        pinned: pinned.is_some(),
        next: 0,
    };
    loop {
        let hosts = play.hosts_left();
        if hosts.is_empty() {
            play.run.emit(&Event::NoHostsRemaining);
            break;
        }
        let work_to_do = round.go(play, &hosts).await?;
        if play.is_stopped() {
            break;
        }
        if round.done.is_empty() {
            round.done.extend(round.running.join_next().await.into_iter().flatten());
        }
        while let Some(done) = round.running.try_join_next() {
            round.done.extend(done);
        }
        round.take(play)?;
        if !work_to_do || play.is_stopped() {
            break;
        }
    }
    Ok(false)
}

fn next_task(play: &PlayRun, host: &str) -> Option<Rc<Task>> {
    play.iterator.borrow().peek(host).map(|(_, task)| task)
}

impl Round {
    /// Every host that is not busy begins its next task. Returns whether any host has something to do.
    async fn go(&mut self, play: &Rc<PlayRun>, hosts: &[Arc<str>]) -> Result<bool, RunError> {
        let mut work_to_do = false;
        let start = self.next.min(hosts.len().saturating_sub(1));
        let mut metas = 0;
        for step in 0..hosts.len() {
            let at = (start + step) % hosts.len();
            let Some(host) = hosts.get(at) else { break };
            if self.busy.contains_key(host) {
                work_to_do = true;
            } else if let Some(task) = next_task(play, host) {
                work_to_do = true;
                if self.is_throttled(play, host, &task) {
                    self.next = at;
                    break;
                }
                metas += isize::from(task.meta().is_some() && self.pinned);
                self.begin(play, host, task).await?;
                if play.is_stopped() {
                    return Ok(true);
                }
            }
            if self.pinned && self.free == 0 && work_to_do {
                break;
            }
        }
        self.free += metas;
        Ok(work_to_do)
    }

    fn is_throttled(&self, play: &PlayRun, host: &Arc<str>, task: &Rc<Task>) -> bool {
        let limit = throttle_of(play, host, task);
        limit.is_some_and(|limit| self.busy.values().filter(|id| **id == task.id).count() >= limit)
    }

    /// Starts a host's task; `meta` is done at once.
    async fn begin(&mut self, play: &Rc<PlayRun>, host: &Arc<str>, task: Rc<Task>) -> Result<(), RunError> {
        play.refresh_vars_files(std::iter::once(host))?;
        play.iterator.borrow_mut().advance(host);
        if task.is_handler {
            play.iterator.borrow_mut().clear_handler(task.id, host);
        }
        let bypasses = action::find(&task.action.short).is_some_and(|action| action.bypass_host_loop);
        if bypasses {
            let message = format!(
                "The '{}' module bypasses the host loop, which is currently not supported in the free strategy and would instead execute for every host in the inventory list.",
                task.action.name.as_str()
            );
            let diagnostic = Diagnostic::error(message);
            return Err(RunError::Stopped(Box::new(match &task.span {
                Some(span) => diagnostic.at(span.clone(), ""),
                None => diagnostic,
            })));
        }
        if play.runs_once(&task) {
            play.run.warn(
                "Using run_once with the free strategy is not currently supported. This task will still be executed for every host in the inventory list.",
            );
        }
        if task.meta().is_some() {
            self.free -= isize::from(self.pinned);
            play.meta(&[(Arc::clone(host), task)])?;
            return Ok(());
        }
        if play.all_fail_with_one(&task) {
            play.run.warn(
                "Using any_errors_fatal with the free strategy is not supported, as tasks are executed independently on each host",
            );
        }
        // A worker is waited for; what it came with is taken in after the round.
        while self.running.len() >= self.workers {
            self.done.extend(self.running.join_next().await.into_iter().flatten());
        }
        let scope = play.run.variables.scope(Some(host), Some(&task));
        let info = play.run.info(&task, Some(&scope));
        play.run.emit(&Event::TaskStarted(info));
        self.busy.insert(Arc::clone(host), task.id);
        self.free -= 1;
        self.running.spawn_local(work(Rc::clone(play), Arc::clone(host), task, scope));
        Ok(())
    }

    /// Takes in what came of tasks, and what they include.
    fn take(&mut self, play: &Rc<PlayRun>) -> Result<(), RunError> {
        let mut results = std::mem::take(&mut self.done);
        for result in &mut results {
            play.take(result);
            if play.is_stopped() {
                return Ok(());
            }
            self.busy.remove(&result.host);
            self.free += 1;
        }
        let hosts = play.hosts_left();
        play.include(&results, &hosts)?;
        play.refresh_magic();
        Ok(())
    }
}
