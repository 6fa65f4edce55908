//! All hosts of a play, its handlers and who notified them.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
    sync::Arc,
};

use indexmap::IndexMap;

use super::host_state::{HostState, Phase, Surroundings};
use crate::playbook::{Block, Task};

/// The hosts of a batch on their way through a play.
#[derive(Debug)]
pub struct PlayIterator {
    states: IndexMap<Arc<str>, HostState>,
    /// Hosts of the batch that gather facts at the start.
    gathering: HashSet<Arc<str>>,
    /// Hosts that failed before this batch and are not in it.
    failed_elsewhere: HashSet<Arc<str>>,
    handlers: Vec<Rc<Task>>,
    /// How many of them each block has.
    handlers_in_blocks: Vec<usize>,
    /// By handler: the hosts on which it is to run.
    notified: HashMap<u64, HashSet<Arc<str>>>,
    /// By host: names that were notified and not looked up yet, in order.
    notifications: HashMap<Arc<str>, Vec<String>>,
    /// All tasks in the order of the files, includes put in where they were met: the linear strategy's road.
    pub(super) road: Vec<u64>,
    pub(super) position: usize,
    /// Hosts that left the play (failed, unreachable, ended) and how many times: a rescue takes one back.
    removed: HashMap<Arc<str>, usize>,
    /// A task of a role ran on a host: (role, host).
    begun_roles: HashSet<(u64, Arc<str>)>,
    /// Roles that a host has been through: (role, host).
    completed_roles: HashSet<(u64, Arc<str>)>,
}

impl PlayIterator {
    /// Hosts at the start of a play's blocks, of which the first gathers facts on those for which `gathers` holds.
    #[must_use]
    pub fn new(
        blocks: Vec<Rc<Block>>,
        handlers: &[Rc<Block>],
        hosts: &[Arc<str>],
        gathers: &dyn Fn(&str) -> bool,
    ) -> Self {
        let blocks = Rc::new(blocks);
        Self {
            states: hosts.iter().map(|host| (Arc::clone(host), HostState::new(Rc::clone(&blocks)))).collect(),
            gathering: hosts.iter().filter(|host| gathers(host)).cloned().collect(),
            failed_elsewhere: HashSet::new(),
            handlers: handlers.iter().flat_map(|block| block.tasks()).collect(),
            handlers_in_blocks: handlers.iter().map(|block| block.tasks().len()).collect(),
            notified: HashMap::new(),
            notifications: HashMap::new(),
            road: blocks.iter().flat_map(|block| block.tasks()).map(|task| task.id).collect(),
            position: 0,
            removed: HashMap::new(),
            begun_roles: HashSet::new(),
            completed_roles: HashSet::new(),
        }
    }

    /// Number of hosts in the batch.
    #[must_use]
    pub fn batch_size(&self) -> usize {
        self.states.len()
    }

    /// The hosts of the batch, in order.
    pub fn hosts(&self) -> impl Iterator<Item = &Arc<str>> {
        self.states.keys()
    }

    /// Whether a host left the play, this batch or another.
    #[must_use]
    pub fn is_removed(&self, host: &str) -> bool {
        self.removed.contains_key(host)
    }

    /// What a host is doing.
    #[must_use]
    pub fn phase(&self, host: &str) -> Option<Phase> {
        self.states.get(host).map(HostState::phase)
    }

    pub(super) fn set_state(&mut self, host: &str, state: HostState) {
        if let Some(slot) = self.states.get_mut(host) {
            *slot = state;
        }
    }

    /// A host's state behind its next task, and the task; the host does not move.
    fn ahead(&self, host: &str) -> Option<(HostState, Option<Rc<Task>>)> {
        let mut state = self.states.get(host)?.clone();
        let task = state.advance(&Surroundings {
            gathers: self.gathering.contains(host),
            skips: &|task| self.skips(task, host),
            handlers: &self.handlers,
            notified: &|handler| self.is_notified(handler.id, host),
        });
        Some((state, task))
    }

    /// The end of a part of the play without anything to flush, and tasks of a role that the host has been through.
    fn skips(&self, task: &Task, host: &str) -> bool {
        let flushes_nothing = || {
            self.notifications.get(host).is_none_or(Vec::is_empty)
                && self.handlers.iter().all(|handler| self.notified.get(&handler.id).is_none_or(HashSet::is_empty))
        };
        (task.is_implicit_flush() && flushes_nothing())
            || task.once_role().is_some_and(|role| self.completed_roles.contains(&(role, Arc::from(host))))
    }

    /// The host's next task and the state after it, without moving the host.
    #[must_use]
    pub fn peek(&self, host: &str) -> Option<(HostState, Rc<Task>)> {
        let (state, task) = self.ahead(host)?;
        task.map(|task| (state, task))
    }

    /// The host's next task; the host moves past it, or to its end.
    pub fn advance(&mut self, host: &str) -> Option<Rc<Task>> {
        let (state, task) = self.ahead(host)?;
        self.set_state(host, state);
        task
    }

    /// A host's task failed. Returns whether a block takes the failure up in a rescue.
    pub fn fail(&mut self, host: &Arc<str>) -> bool {
        let Some(state) = self.states.get_mut(host) else { return false };
        let rescued = state.would_rescue();
        state.fail();
        if !rescued {
            self.remove(host);
        }
        rescued
    }

    /// A host fails together with others (`run_once`, `any_errors_fatal`), or failed in an earlier play. It leaves the
    /// play even if a rescue takes it up.
    pub fn fail_with_others(&mut self, host: &Arc<str>) {
        match self.states.get_mut(host) {
            Some(state) => state.fail(),
            None => {
                self.failed_elsewhere.insert(Arc::clone(host));
            }
        }
        self.remove(host);
    }

    /// A host leaves the play: it failed, cannot be reached, or is ended.
    pub fn remove(&mut self, host: &Arc<str>) {
        *self.removed.entry(Arc::clone(host)).or_default() += 1;
    }

    /// A rescue takes a host back that failed with others.
    pub fn take_back(&mut self, host: &str) {
        if let Some(times) = self.removed.get_mut(host) {
            *times -= 1;
            if *times == 0 {
                self.removed.remove(host);
            }
        }
    }

    /// Whether a block would take up a failure of the host's current task in a rescue.
    #[must_use]
    pub fn would_rescue(&self, host: &str) -> bool {
        self.states.get(host).is_some_and(HostState::would_rescue)
    }

    /// Whether a host has failed and has nothing left to do, be it in a rescue or an always.
    #[must_use]
    pub fn is_done_and_failed(&self, host: &str) -> bool {
        let done = |state: &HostState| state.phase() == Phase::Complete;
        self.states.get(host).is_some_and(HostState::is_failed)
            && self.ahead(host).is_some_and(|(state, task)| task.is_none() && done(&state))
    }

    /// The hosts that have failed for good, in this batch or before it.
    pub fn failed_hosts(&self) -> impl Iterator<Item = &Arc<str>> {
        let here = self.states.iter().filter(|(_, state)| state.is_failed()).map(|(host, _)| host);
        here.chain(&self.failed_elsewhere)
    }

    /// Nothing more for a host.
    pub fn end_host(&mut self, host: &Arc<str>) {
        if let Some(state) = self.states.get_mut(host) {
            state.end();
        }
        self.remove(host);
    }

    /// Skips a host's tasks up to one for which `stop` holds (`end_role`), which comes next.
    pub fn skip_to(&mut self, host: &str, stop: &dyn Fn(&Task) -> bool) {
        while let Some((state, task)) = self.peek(host) {
            if stop(&task) {
                return;
            }
            self.set_state(host, state);
        }
    }

    /// Forgets a host's failures.
    pub fn clear_errors(&mut self, host: &str) {
        if let Some(state) = self.states.get_mut(host) {
            state.clear_errors();
        }
    }

    /// Puts included blocks before what comes next for some hosts.
    pub fn insert(&mut self, hosts: &[Arc<str>], blocks: &[Rc<Block>]) {
        for host in hosts {
            if let Some(state) = self.states.get_mut(host) {
                state.insert(blocks);
            }
        }
    }

    /// Puts the tasks of included blocks on the road of the linear strategy, where it stands.
    pub fn extend_road(&mut self, blocks: &[Rc<Block>]) {
        let tasks: Vec<u64> = blocks.iter().flat_map(|block| block.tasks()).map(|task| task.id).collect();
        self.road.splice(self.position..self.position, tasks);
    }

    /// All handlers of the play, in order.
    #[must_use]
    pub fn handlers(&self) -> &[Rc<Task>] {
        &self.handlers
    }

    /// All handlers of the play in the order in which a notification looks for its name: the last block first (the
    /// handlers of the play before those of its roles), and within a block the first handler first.
    #[must_use]
    pub fn handlers_by_precedence(&self) -> Vec<Rc<Task>> {
        let mut rest = self.handlers.as_slice();
        let mut ordered = Vec::with_capacity(rest.len());
        for count in self.handlers_in_blocks.iter().rev() {
            let (before, block) = rest.split_at(rest.len().saturating_sub(*count));
            ordered.extend(block.iter().cloned());
            rest = before;
        }
        ordered
    }

    /// More handlers came with an included role.
    pub fn add_handlers(&mut self, blocks: &[Rc<Block>]) {
        self.handlers.extend(blocks.iter().flat_map(|block| block.tasks()));
        self.handlers_in_blocks.extend(blocks.iter().map(|block| block.tasks().len()));
    }

    /// Saves a notification until the handlers are flushed.
    pub fn notify(&mut self, host: &Arc<str>, name: &str) {
        let names = self.notifications.entry(Arc::clone(host)).or_default();
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }

    /// The saved notifications of a host, taken out.
    pub fn take_notifications(&mut self, host: &str) -> Vec<String> {
        self.notifications.remove(host).unwrap_or_default()
    }

    /// A handler is to run on a host. False if it was already.
    pub fn notify_handler(&mut self, handler: u64, host: &Arc<str>) -> bool {
        self.notified.entry(handler).or_default().insert(Arc::clone(host))
    }

    /// A handler began on a host: it is not to run there again unless it is notified again.
    pub fn clear_handler(&mut self, handler: u64, host: &str) {
        if let Some(hosts) = self.notified.get_mut(&handler) {
            hosts.remove(host);
        }
    }

    /// A handler with `run_once` began: it runs on no other host.
    pub fn clear_handler_everywhere(&mut self, handler: u64) {
        self.notified.remove(&handler);
    }

    /// Whether a handler is to run on a host.
    #[must_use]
    pub fn is_notified(&self, handler: u64, host: &str) -> bool {
        self.notified.get(&handler).is_some_and(|hosts| hosts.contains(host))
    }

    /// The host goes over to the handlers that were notified on it.
    pub fn flush_handlers(&mut self, host: &str) {
        if let Some(state) = self.states.get_mut(host) {
            state.flush_handlers();
        }
    }

    /// A task of a role ran on a host, well or not.
    pub fn begin_role(&mut self, role: u64, host: &Arc<str>) {
        self.begun_roles.insert((role, Arc::clone(host)));
    }

    /// A host is at the end of a role: if any of its tasks ran there, the role is not to run there again unless it
    /// allows duplicates.
    pub fn complete_role(&mut self, role: u64, host: &Arc<str>) {
        let role = (role, Arc::clone(host));
        if self.begun_roles.contains(&role) {
            self.completed_roles.insert(role);
        }
    }

    /// Starts every host at a task (`--start-at-task`): what comes before it is skipped; a host that does not have it
    /// does nothing. Returns whether any host has a task for which `matches` holds.
    pub fn start_at(&mut self, matches: &dyn Fn(&Task) -> bool) -> bool {
        let mut found = false;
        let hosts: Vec<Arc<str>> = self.states.keys().cloned().collect();
        for host in hosts {
            while let Some((state, task)) = self.ahead(&host) {
                if task.as_ref().is_some_and(|task| matches(task)) {
                    found = true;
                    break;
                }
                self.set_state(&host, state);
                if task.is_none() {
                    break;
                }
            }
            if found && let Some(state) = self.states.get_mut(&host) {
                state.start_here();
            }
        }
        found
    }
}
