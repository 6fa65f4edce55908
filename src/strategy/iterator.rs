//! All hosts of a play, its handlers and who notified them.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
    sync::Arc,
};

use indexmap::IndexMap;

use super::host_state::{HostState, Phase};
use crate::playbook::{Block, Task};

/// The hosts of a batch on their way through a play.
#[derive(Debug)]
pub struct PlayIterator {
    blocks: Rc<Vec<Rc<Block>>>,
    states: IndexMap<Arc<str>, HostState>,
    handlers: Vec<Rc<Task>>,
    /// By handler: the hosts on which it is to run.
    notified: HashMap<u64, HashSet<Arc<str>>>,
    /// By host: names that were notified and not looked up yet, in order.
    notifications: HashMap<Arc<str>, Vec<String>>,
    /// All tasks in the order of the files, includes put in where they were met: the linear strategy's road.
    pub(super) road: Vec<u64>,
    pub(super) position: usize,
    /// Hosts that left the play (failed, unreachable, ended).
    removed: HashSet<Arc<str>>,
    /// Tasks of roles without `allow_duplicates` that a host has been through: (role, host).
    completed_roles: HashSet<(u64, Arc<str>)>,
}

impl PlayIterator {
    /// Hosts at the start of a play's blocks.
    #[must_use]
    pub fn new(blocks: Vec<Rc<Block>>, handlers: &[Rc<Block>], hosts: &[Arc<str>]) -> Self {
        let blocks = Rc::new(blocks);
        let road = blocks.iter().flat_map(|block| block.tasks()).map(|task| task.id).collect();
        let states = hosts.iter().map(|host| (Arc::clone(host), HostState::new(Rc::clone(&blocks)))).collect();
        Self {
            blocks,
            states,
            handlers: handlers.iter().flat_map(|block| block.tasks()).collect(),
            notified: HashMap::new(),
            notifications: HashMap::new(),
            road,
            position: 0,
            removed: HashSet::new(),
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

    /// The hosts that are still in the play, in order (`ansible_play_batch`).
    pub fn active_hosts(&self) -> impl Iterator<Item = &Arc<str>> {
        self.states.keys().filter(|host| !self.removed.contains(*host))
    }

    /// Whether a host left the play.
    #[must_use]
    pub fn is_removed(&self, host: &str) -> bool {
        self.removed.contains(host)
    }

    /// Where a host stands.
    #[must_use]
    pub fn state(&self, host: &str) -> Option<&HostState> {
        self.states.get(host)
    }

    pub(super) fn set_state(&mut self, host: &str, state: HostState) {
        if let Some(slot) = self.states.get_mut(host) {
            *slot = state;
        }
    }

    /// The host's next task and the state after it, without moving the host.
    #[must_use]
    pub fn peek(&self, host: &str) -> Option<(HostState, Rc<Task>)> {
        let mut state = self.states.get(host)?.clone();
        loop {
            let task = state.advance(&|handler| self.is_notified(handler.id, host))?;
            if task.is_implicit_flush() && !self.has_notifications(host) {
                continue;
            }
            // A handler of a role that is done may run all the same.
            if let Some(role) = task.once_role()
                && state.phase() != Phase::Handlers
                && self.completed_roles.contains(&(role, Arc::from(host)))
            {
                continue;
            }
            return Some((state, task));
        }
    }

    /// The host's next task; the host moves past it (the free strategy).
    pub fn advance(&mut self, host: &str) -> Option<Rc<Task>> {
        match self.peek(host) {
            Some((state, task)) => {
                self.set_state(host, state);
                Some(task)
            }
            None => {
                if let Some(state) = self.states.get_mut(host)
                    && state.phase() != Phase::Complete
                {
                    let notified = &self.notified;
                    while state
                        .advance(&|handler| notified.get(&handler.id).is_some_and(|on| on.contains(host)))
                        .is_some()
                    {}
                }
                None
            }
        }
    }

    /// A host's task failed. Returns whether a block takes the failure up in a rescue.
    pub fn fail(&mut self, host: &str) -> bool {
        let Some(state) = self.states.get_mut(host) else { return false };
        let rescued = state.has_rescue();
        state.fail();
        if rescued {
            self.removed.remove(host);
        } else if let Some((host, _)) = self.states.get_key_value(host) {
            self.removed.insert(Arc::clone(host));
        }
        rescued
    }

    /// A host failed in an earlier play, or all are failed at once: it does nothing more but its `always` sections.
    pub fn fail_unrescued(&mut self, host: &str) {
        self.fail(host);
    }

    /// A host cannot be reached: it leaves the play.
    pub fn remove(&mut self, host: &str) {
        if let Some((host, _)) = self.states.get_key_value(host) {
            self.removed.insert(Arc::clone(host));
        }
    }

    /// Whether a host has failed for good.
    #[must_use]
    pub fn is_failed(&self, host: &str) -> bool {
        self.states.get(host).is_some_and(HostState::is_failed)
    }

    /// The hosts that have failed for good, in order.
    pub fn failed_hosts(&self) -> impl Iterator<Item = &Arc<str>> {
        self.states.iter().filter(|(_, state)| state.is_failed()).map(|(host, _)| host)
    }

    /// Nothing more for a host.
    pub fn end_host(&mut self, host: &str) {
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
        self.removed.remove(host);
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

    /// More handlers came with an included role.
    pub fn add_handlers(&mut self, blocks: &[Rc<Block>]) {
        self.handlers.extend(blocks.iter().flat_map(|block| block.tasks()));
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

    fn has_notifications(&self, host: &str) -> bool {
        self.notifications.get(host).is_some_and(|names| !names.is_empty())
            || self.notified.values().any(|hosts| !hosts.is_empty())
    }

    /// The host goes over to the handlers that were notified on it.
    pub fn flush_handlers(&mut self, host: &str) {
        let handlers = self.handlers.clone();
        if let Some(state) = self.states.get_mut(host) {
            state.flush_handlers(handlers);
        }
    }

    /// A host is through with a role that runs once.
    pub fn complete_role(&mut self, role: u64, host: &Arc<str>) {
        self.completed_roles.insert((role, Arc::clone(host)));
    }

    /// The blocks of the play.
    #[must_use]
    pub fn blocks(&self) -> &[Rc<Block>] {
        &self.blocks
    }

    /// Starts every host at a task (`--start-at-task`): what comes before it is skipped.
    /// Returns whether any host has a task for which `matches` holds.
    pub fn start_at(&mut self, matches: &dyn Fn(&Task) -> bool) -> bool {
        let mut found = false;
        let hosts: Vec<Arc<str>> = self.states.keys().cloned().collect();
        for host in hosts {
            let before = self.states.get(&host).cloned();
            loop {
                let Some((state, task)) = self.peek(&host) else { break };
                if matches(&task) {
                    found = true;
                    break;
                }
                self.set_state(&host, state);
            }
            if !found && let Some(state) = before {
                self.set_state(&host, state);
            }
        }
        found
    }
}
