//! The free strategies' loops: every host at its own pace. With host_pinned, a host that has begun goes to its end
//! before another takes its place.

use std::{collections::VecDeque, rc::Rc, sync::Arc};

use tokio::task::JoinSet;

use super::{batch::PlayRun, linear::work, playbooks::RunError, result::TaskResult};
use crate::event::Event;

/// Runs the play to its end. `pinned`: at most so many hosts are under way.
pub(super) async fn run(play: &Rc<PlayRun>, pinned: Option<usize>) -> Result<bool, RunError> {
    let mut waiting: VecDeque<Arc<str>> = play.hosts_left().into();
    let mut running: JoinSet<TaskResult> = JoinSet::new();
    let mut last_banner = None;
    loop {
        while !play.is_stopped() && pinned.is_none_or(|limit| running.len() < limit) {
            let Some(host) = waiting.pop_front() else { break };
            next_for(play, &host, &mut running, &mut last_banner)?;
        }
        let Some(done) = running.join_next().await else { break };
        let Ok(mut result) = done else { continue };
        play.take(&mut result);
        if play.is_stopped() {
            break;
        }
        let host = Arc::clone(&result.host);
        let _ = play.include(std::slice::from_ref(&result), std::slice::from_ref(&host))?;
        play.refresh_magic();
        if !play.run.unreachable.borrow().contains(&host) {
            if pinned.is_some() {
                waiting.push_front(host);
            } else {
                waiting.push_back(host);
            }
        }
    }
    Ok(false)
}

/// Starts the host's next task; `meta` is done at once.
fn next_for(
    play: &Rc<PlayRun>,
    host: &Arc<str>,
    running: &mut JoinSet<TaskResult>,
    last_banner: &mut Option<u64>,
) -> Result<(), RunError> {
    loop {
        let Some(task) = play.iterator.borrow_mut().advance(host) else { return Ok(()) };
        play.refresh_vars_files(std::iter::once(host))?;
        if task.meta().is_some() {
            play.meta(&[(Arc::clone(host), task)])?;
            if play.is_stopped() {
                return Ok(());
            }
            continue;
        }
        if task.is_handler {
            play.iterator.borrow_mut().clear_handler(task.id, host);
        }
        let scope = play.run.variables.scope(Some(host), Some(&task));
        let info = play.run.info(&task, Some(&scope));
        if last_banner.replace(task.id) != Some(task.id) {
            play.run.emit(&Event::TaskStarted(info));
        }
        running.spawn_local(work(Rc::clone(play), Arc::clone(host), task, scope));
        return Ok(());
    }
}
