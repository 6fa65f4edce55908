//! The linear strategy's rule: all hosts do the same task before any goes on.

use std::{rc::Rc, sync::Arc};

use super::iterator::PlayIterator;
use crate::playbook::Task;

impl PlayIterator {
    /// The next task on the road that some host is about to do, and the hosts that do it now; these move past it.
    /// Empty when no host has anything left.
    pub fn next_in_lockstep(&mut self, hosts: &[Arc<str>]) -> Vec<(Arc<str>, Rc<Task>)> {
        let waiting: Vec<_> =
            hosts.iter().filter_map(|host| self.peek(host).map(|(state, task)| (host, state, task))).collect();
        if waiting.is_empty() {
            return Vec::new();
        }
        let Some(task) = self.next_on_road(|id| waiting.iter().any(|(_, _, task)| task.id == id)) else {
            return Vec::new();
        };
        let mut chosen = Vec::new();
        for (host, state, its_task) in waiting {
            if its_task.id == task {
                self.set_state(host, state);
                chosen.push((Arc::clone(host), its_task));
            }
        }
        if chosen.first().is_some_and(|(_, task)| task.meta() == Some("flush_handlers")) {
            let handlers: Vec<u64> = self.handlers().iter().map(|handler| handler.id).collect();
            self.road.splice(self.position..self.position, handlers);
        }
        chosen
    }

    /// Walks the road to the next task that is wanted; once round, for tasks that were left behind.
    fn next_on_road(&mut self, wanted: impl Fn(u64) -> bool) -> Option<u64> {
        let found = (self.position..self.road.len()).chain(0..self.position).find(|at| wanted(self.road[*at]))?;
        self.position = found + 1;
        self.road.get(found).copied()
    }
}
