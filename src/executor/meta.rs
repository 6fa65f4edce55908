//! `meta`: orders to the engine itself.
//!
//! Source: Ansible documentation, `ansible.builtin.meta`.

use std::{rc::Rc, sync::Arc};

use protocol::Data;

use super::{
    playbooks::{PlayRun, RunError},
    reach::Reach,
    result::TaskResult,
};
use crate::{
    diagnostic::Diagnostic,
    event::{Event, Status},
    playbook::Task,
    strategy::Phase,
};

/// Words that are done once for all hosts, not host by host.
const FOR_ALL: [&str; 5] = ["refresh_inventory", "clear_facts", "clear_host_errors", "end_batch", "end_play"];

impl PlayRun {
    /// Does a `meta` task. Returns whether a failure in it is fatal for all hosts.
    pub(super) fn meta(&self, next: &[(Arc<str>, Rc<Task>)]) -> Result<bool, RunError> {
        let Some((_, task)) = next.first() else { return Ok(false) };
        let word = task.meta().unwrap_or_default().to_owned();
        if matches!(word.as_str(), "noop" | "refresh_inventory" | "reset_connection")
            && !task.implicit
            && !task.effective().when.is_empty()
        {
            self.run.warn(format!("{word} task does not support when conditional"));
        }
        for (host, task) in next {
            if !task.implicit {
                super::linear::start_task(self, &[(Arc::clone(host), Rc::clone(task))]);
            }
            if task.is_handler {
                self.iterator.borrow_mut().clear_handler(task.id, host);
            }
            let holds = task.implicit || self.holds(host, task)?;
            if holds {
                self.do_word(&word, host, task)?;
            } else {
                self.skipped(&word, host, task);
            }
            if FOR_ALL.contains(&word.as_str()) {
                break;
            }
        }
        self.refresh_magic();
        Ok(self.all_fail_with_one(task))
    }

    fn holds(&self, host: &Arc<str>, task: &Rc<Task>) -> Result<bool, RunError> {
        let scope = self.run.variables.scope(Some(host), Some(task));
        let first = scope.templar().first_false(&task.effective().when, &scope)?;
        Ok(first.is_none())
    }

    fn skipped(&self, word: &str, host: &Arc<str>, task: &Rc<Task>) {
        let mut result = TaskResult::new(host, task);
        result.set("msg", word.to_owned());
        result.set("skipped", true);
        result.set("skip_reason", format!("{word} conditional evaluated to False"));
        result.set("changed", Data::Bool(false));
        self.run.emit(&Event::Result(Box::new(self.run.event_of(&result, Some(Status::Skipped)))));
    }

    fn do_word(&self, word: &str, host: &Arc<str>, task: &Rc<Task>) -> Result<(), RunError> {
        let batch: Vec<Arc<str>> = self.iterator.borrow().hosts().cloned().collect();
        match word {
            "noop" => {}
            "flush_handlers" => self.flush(host)?,
            "refresh_inventory" => {
                let mut warnings = Vec::new();
                let refreshed =
                    self.run.variables.inventory.borrow_mut().refresh(&mut |warning| warnings.push(warning.message));
                for warning in warnings {
                    self.run.warn(warning);
                }
                refreshed.map_err(|error| RunError::Stopped(Box::new(*error.0)))?;
                self.run.variables.inventory_changed();
            }
            "clear_facts" => {
                for host in &batch {
                    self.run.variables.store.clear_facts(host);
                }
            }
            "clear_host_errors" => {
                for host in &batch {
                    self.run.failed.borrow_mut().remove(host);
                    self.run.unreachable.borrow_mut().remove(host);
                    self.iterator.borrow_mut().clear_errors(host);
                }
            }
            "end_host" => self.iterator.borrow_mut().end_host(host),
            "end_batch" | "end_play" => {
                for host in &batch {
                    if !self.run.unreachable.borrow().contains(host) {
                        self.iterator.borrow_mut().end_host(host);
                    }
                }
                if word == "end_play" {
                    self.ended.set(true);
                }
            }
            "end_role" => {
                let role = task.role.as_ref().map(|role| role.id);
                let mut iterator = self.iterator.borrow_mut();
                iterator.skip_to(host, &|task: &Task| {
                    task.meta() == Some("role_complete") && task.role.as_ref().map(|role| role.id) == role
                });
            }
            "role_complete" => {
                if let Some(role) = task.once_role() {
                    self.iterator.borrow_mut().complete_role(role, host);
                }
            }
            "reset_connection" => self.reset_connection(host, task)?,
            other => {
                let mut diagnostic = Diagnostic::error(format!("invalid meta action requested: {other}"));
                if let Some(span) = &task.span {
                    diagnostic = diagnostic.at(span.clone(), "");
                }
                return Err(RunError::Stopped(Box::new(diagnostic)));
            }
        }
        Ok(())
    }

    /// The host goes over to the handlers that were notified on it.
    fn flush(&self, host: &Arc<str>) -> Result<(), RunError> {
        let names = self.iterator.borrow_mut().take_notifications(host);
        for name in names {
            for handler in self.handlers_named(&name) {
                self.notify_handler(host, &handler);
            }
        }
        let in_handlers = self.iterator.borrow().state(host).is_some_and(|state| state.phase() == Phase::Handlers);
        if in_handlers {
            return Err(RunError::Stopped(Box::new(Diagnostic::error("flush_handlers cannot be used as a handler"))));
        }
        self.iterator.borrow_mut().flush_handlers(host);
        Ok(())
    }

    fn reset_connection(&self, host: &Arc<str>, task: &Rc<Task>) -> Result<(), RunError> {
        let run = &self.run;
        let scope = run.variables.scope(Some(host), Some(task));
        let reach = Reach {
            scope: &scope,
            task_scope: &scope,
            effective: task.effective(),
            options: &run.options,
            config: &run.config,
            host,
        };
        let target = reach.target().map_err(|chain| RunError::Stopped(Box::new(Diagnostic::error(chain.brief()))))?;
        let pool = Rc::clone(&run.pool);
        tokio::task::spawn_local(async move { pool.reset(&target).await });
        Ok(())
    }
}
