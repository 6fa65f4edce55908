//! `meta`: orders to the engine itself.
//!
//! Source: Ansible documentation, `ansible.builtin.meta`.

use std::{rc::Rc, sync::Arc};

use super::{batch::PlayRun, conditions::first_false, playbooks::RunError, reach::Reach, result::TaskResult};
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
        let unconditional = matches!(word.as_str(), "noop" | "refresh_inventory" | "reset_connection");
        if unconditional && !task.implicit && !task.effective().when.is_empty() {
            self.run.warn(format!("{word} task does not support when conditional"));
        }
        for (host, task) in next {
            if !task.implicit {
                super::linear::start_task(self, &[(Arc::clone(host), Rc::clone(task))]);
            }
            let holds = task.implicit || unconditional || self.holds(host, task)?;
            let (said, skipped) = if holds {
                (self.do_word(&word, host, task)?, None)
            } else {
                let (reason, event) = self.skipped(&word, host, task);
                (reason, Some(event))
            };
            if task.is_handler {
                self.iterator.borrow_mut().clear_handler(task.id, host);
            }
            if !task.implicit {
                self.run.emit(&Event::Verbose { level: 2, host: None, message: format!("META: {said}") });
            }
            if let Some(event) = skipped {
                self.run.emit(&event);
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
        let first = first_false(&task.effective().when, &scope)?;
        Ok(first.is_none())
    }

    /// What is to be said where a condition did not hold: the reason, and the result.
    fn skipped(&self, word: &str, host: &Arc<str>, task: &Rc<Task>) -> (String, Event) {
        let role = || task.role.as_ref().map(|role| role.full_name().to_string()).unwrap_or_default();
        let then = match word {
            "flush_handlers" => format!(", not running handlers for {host}"),
            "clear_facts" => format!(", not clearing facts and fact cache for {host}"),
            "clear_host_errors" => format!(", not clearing host error state for {host}"),
            "end_batch" => ", continuing current batch".to_owned(),
            "end_play" => ", continuing play".to_owned(),
            "end_host" => format!(", continuing execution for {host}"),
            "end_role" => format!("continuing role {} for {host}", role()),
            _ => String::new(),
        };
        let reason = format!("{word} conditional evaluated to False{then}");
        let msg = match word {
            "end_host" => format!("end_host conditional evaluated to false, continuing execution for {host}"),
            word => word.to_owned(),
        };
        let mut result = TaskResult::new(host, task);
        result.set("msg", msg);
        result.set("skipped", true);
        result.set("skip_reason", reason.clone());
        (reason, Event::Result(Box::new(self.run.event_of(&result, Some(Status::Skipped)))))
    }

    /// Does what the word says; what ansible-core says of it.
    fn do_word(&self, word: &str, host: &Arc<str>, task: &Rc<Task>) -> Result<String, RunError> {
        let batch: Vec<Arc<str>> = self.iterator.borrow().hosts().cloned().collect();
        Ok(match word {
            "noop" => "noop".to_owned(),
            "flush_handlers" => {
                self.flush(host)?;
                format!("triggered running handlers for {host}")
            }
            "refresh_inventory" => {
                self.refresh_inventory()?;
                "inventory successfully refreshed".to_owned()
            }
            "clear_facts" => {
                for host in &batch {
                    self.run.variables.clear_facts(host);
                }
                "facts cleared".to_owned()
            }
            "clear_host_errors" => {
                for host in &batch {
                    self.run.failed.borrow_mut().remove(host);
                    self.run.unreachable.borrow_mut().remove(host);
                    self.iterator.borrow_mut().clear_errors(host);
                }
                "cleared host errors".to_owned()
            }
            "end_host" => {
                self.iterator.borrow_mut().end_host(host);
                format!("ending play for {host}")
            }
            "end_batch" | "end_play" => {
                for host in &batch {
                    if !self.run.unreachable.borrow().contains(host) {
                        self.iterator.borrow_mut().end_host(host);
                        self.ended.set(self.ended.get() || word == "end_play");
                    }
                }
                if word == "end_play" { "ending play" } else { "ending batch" }.to_owned()
            }
            "end_role" => {
                let role = task.role.as_ref().map(|role| role.id);
                self.iterator.borrow_mut().skip_to(host, &|task: &Task| {
                    task.meta() == Some("role_complete") && task.role.as_ref().map(|role| role.id) == role
                });
                let name = task.role.as_ref().map(|role| role.full_name().to_string()).unwrap_or_default();
                format!("ending role {name} for {host}")
            }
            "role_complete" => {
                if let Some(role) = task.role.as_ref().filter(|_| task.implicit) {
                    self.iterator.borrow_mut().complete_role(role.same_as, host);
                }
                "role_complete".to_owned()
            }
            "reset_connection" => {
                self.reset_connection(host, task)?;
                "reset connection".to_owned()
            }
            other => {
                let mut diagnostic = Diagnostic::error(format!("invalid meta action requested: {other}"));
                if let Some(span) = &task.span {
                    diagnostic = diagnostic.at(span.clone(), "");
                }
                return Err(RunError::Stopped(Box::new(diagnostic)));
            }
        })
    }

    fn refresh_inventory(&self) -> Result<(), RunError> {
        let mut warnings = Vec::new();
        let refreshed =
            self.run.variables.inventory.borrow_mut().refresh(&mut |warning| warnings.push(warning.message));
        for warning in warnings {
            self.run.warn(warning);
        }
        refreshed.map_err(|error| RunError::Stopped(Box::new(*error.0)))?;
        self.run.variables.inventory_changed();
        self.find_all_hosts();
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
        if self.iterator.borrow().phase(host) == Some(Phase::Handlers) {
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
            inherited: task.inherited(),
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
