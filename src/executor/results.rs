//! What a result does to the run: statistics, facts, hosts, notifications, failures.

use std::{rc::Rc, sync::Arc};

use jinja::Dict;
use protocol::Data;

use super::{batch::PlayRun, conditions::first_false, decide, failed_task::failed_task, result::TaskResult};
use crate::{
    action::Effect,
    diagnostic::Diagnostic,
    event::{Event, Status},
    playbook::{Task, Written},
    strategy::Phase,
    template::data,
    vars::Layer,
};

impl PlayRun {
    /// Takes a result in: counts it, applies its effects, registers it, and shows it.
    pub(super) fn take(&self, result: &mut TaskResult) {
        let run = &self.run;
        let host = Arc::clone(&result.host);
        let mut ran = false;
        if result.is_failed() {
            ran = true;
            self.take_failed(result);
        } else if result.unreachable {
            self.take_unreachable(result);
        } else if result.is_skipped() {
            run.count(&host, |totals| totals.skipped += 1);
            run.emit(&Event::Result(Box::new(run.event_of(result, Some(Status::Skipped)))));
        } else {
            ran = true;
            if let Err(diagnostic) = self.take_ok(result) {
                self.stop(*diagnostic);
                return;
            }
        }
        if let Some(name) = &result.task.register {
            let value = result.registered_value();
            for host in self.task_hosts(result) {
                run.variables.store.set_fact(&host, name, value.clone());
            }
        }
        if let Some(role) = result.task.role.as_ref().filter(|_| ran) {
            self.iterator.borrow_mut().begin_role(role.same_as, &host);
        }
    }

    fn take_unreachable(&self, result: &TaskResult) {
        let run = &self.run;
        if result.ignore_unreachable {
            run.count(&result.host, |totals| {
                totals.ok += 1;
                totals.ignored += 1;
            });
        } else {
            run.unreachable.borrow_mut().insert(Arc::clone(&result.host));
            self.iterator.borrow_mut().remove(&result.host);
            run.count(&result.host, |totals| totals.unreachable += 1);
        }
        let status = Status::Unreachable { ignored: result.ignore_unreachable };
        run.emit(&Event::Result(Box::new(run.event_of(result, Some(status)))));
    }

    fn take_failed(&self, result: &TaskResult) {
        let run = &self.run;
        let host = &result.host;
        if result.ignore_errors {
            run.count(host, |totals| {
                totals.ok += 1;
                totals.ignored += 1;
                totals.changed += u64::from(result.is_changed());
            });
        } else {
            let rescued = if self.runs_once(&result.task) {
                let mut iterator = self.iterator.borrow_mut();
                let rescued = iterator.would_rescue(host);
                let hosts: Vec<Arc<str>> = iterator.hosts().cloned().collect();
                for other in hosts.iter().filter(|other| !run.unreachable.borrow().contains(*other)) {
                    iterator.fail_with_others(other);
                }
                if rescued {
                    iterator.take_back(host);
                }
                rescued
            } else {
                self.iterator.borrow_mut().fail(host)
            };
            if self.iterator.borrow().is_done_and_failed(host) {
                run.failed.borrow_mut().insert(Arc::clone(host));
            }
            if rescued {
                run.count(host, |totals| totals.rescued += 1);
                let scope = run.variables.scope(Some(host), Some(&result.task));
                run.variables.store.set_fact(host, "ansible_failed_task", failed_task(run, result, &scope));
                let failed = data::from_data(&Data::Map(result.whole()));
                run.variables.store.set_fact(host, "ansible_failed_result", failed);
            } else {
                run.count(host, |totals| totals.failed += 1);
            }
        }
        let status = Status::Failed { ignored: result.ignore_errors };
        run.emit(&Event::Result(Box::new(run.event_of(result, Some(status)))));
    }

    /// What an action did. An error is nobody's failure but stops the run; the result is then not shown.
    fn take_ok(&self, result: &mut TaskResult) -> Result<(), Box<Diagnostic>> {
        let run = &self.run;
        let changed = result.is_changed();
        let mut items = std::mem::take(&mut result.items);
        for item in &mut items {
            self.take_part(item, changed)?;
            if item.changes_inventory() {
                run.emit(&Event::ItemResult(Box::new(run.event_of(item, Some(Status::Ok)))));
                for key in ["changed", "failed"] {
                    if item.flag(key) {
                        result.set(key, true);
                    }
                }
            }
        }
        if items.iter().any(TaskResult::changes_inventory) {
            result.set("results", Data::List(items.iter().map(|item| Data::Map(item.values.clone())).collect()));
        }
        result.items = items;
        if !result.looped {
            self.take_part(result, changed)?;
        }
        if !result.task.is_dynamic_include() {
            run.count(&result.host, |totals| {
                totals.ok += 1;
                totals.changed += u64::from(result.is_changed());
            });
        }
        run.emit(&Event::Result(Box::new(run.event_of(result, Some(Status::Ok)))));
        Ok(())
    }

    /// One item's share, or that of a task without a loop.
    fn take_part(&self, part: &mut TaskResult, changed: bool) -> Result<(), Box<Diagnostic>> {
        if changed {
            for name in &part.notify {
                self.notify(&part.host, name)?;
            }
        }
        for effect in std::mem::take(&mut part.effects) {
            self.apply(part, &effect)?;
            part.effects.push(effect);
        }
        if part.changes_inventory() {
            self.decide_again(part)?;
        }
        self.take_facts(part);
        Ok(())
    }

    /// Only now is it known whether the inventory changed: the task's own conditions are asked with that.
    fn decide_again(&self, part: &mut TaskResult) -> Result<(), Box<Diagnostic>> {
        let task = Rc::clone(&part.task);
        let over: Dict = part.loop_variables.iter().map(|(name, value)| (&**name, value.clone())).collect();
        let scope = self.run.variables.scope(Some(&part.host), Some(&task)).with(Layer::Loop, over);
        let ask = |part: &TaskResult, conditions: &[Written]| {
            let after = decide::with_result(&task, &scope, part);
            let first = first_false(conditions, &after);
            first.map(|first| first.is_none()).map_err(|error| Box::new(Diagnostic::error(error.message)))
        };
        if !task.changed_when.is_empty() {
            let changed = ask(part, &task.changed_when)?;
            part.set("changed", changed);
        }
        if !task.failed_when.is_empty() {
            let failed = ask(part, &task.failed_when)?;
            part.set("failed_when_result", failed);
            part.set("failed", failed);
        }
        Ok(())
    }

    /// Facts that a module sent back.
    fn take_facts(&self, part: &TaskResult) {
        let is_ours =
            part.effects.iter().any(|effect| matches!(effect, Effect::SetFacts { .. } | Effect::IncludeVars(_)));
        if is_ours || &*part.task.action.short == "debug" {
            return;
        }
        let Some(Data::Map(facts)) = part.values.get("ansible_facts") else { return };
        for host in self.fact_hosts(part) {
            self.run.variables.add_facts(&host, facts);
        }
    }

    fn apply(&self, part: &mut TaskResult, effect: &Effect) -> Result<(), Box<Diagnostic>> {
        let run = &self.run;
        let store = &run.variables.store;
        match effect {
            Effect::SetFacts { facts, cacheable } => {
                for host in self.fact_hosts(part) {
                    for (name, value) in facts {
                        store.set_fact(&host, name, data::from_data(value));
                    }
                    if *cacheable {
                        run.variables.add_facts(&host, &facts.iter().cloned().collect());
                    }
                }
            }
            Effect::IncludeVars(variables) => {
                for host in self.fact_hosts(part) {
                    for (name, value) in variables {
                        store.include_var(&host, name, value.clone());
                    }
                }
            }
            Effect::AddHost { name, groups, variables } => {
                let variables =
                    variables.iter().map(|(key, value)| (Rc::from(key.as_str()), data::from_data(value))).collect();
                let added = run.variables.inventory.borrow_mut().add_host(name, groups, &variables);
                if self.inventory_change(part, added)? {
                    self.note_added_host(name);
                }
            }
            Effect::AddGroup { group, parents } => {
                let added = run.variables.inventory.borrow_mut().add_to_group(&part.host, group, parents);
                self.inventory_change(part, added)?;
            }
            Effect::Stats { data, per_host: true, aggregate } => {
                for host in self.task_hosts(part) {
                    run.add_stats(Some(&host), data, *aggregate);
                }
            }
            Effect::Stats { data, per_host: false, aggregate } => run.add_stats(None, data, *aggregate),
            Effect::Abort => run.aborted.set(true),
            Effect::IncludeTasks { .. } | Effect::IncludeRole => {}
        }
        Ok(())
    }

    fn inventory_change(
        &self,
        part: &mut TaskResult,
        changed: Result<bool, crate::inventory::Error>,
    ) -> Result<bool, Box<Diagnostic>> {
        let changed = changed.map_err(|error| error.0)?;
        part.set("changed", changed);
        self.run.variables.inventory_changed();
        Ok(changed)
    }

    /// The hosts that a task speaks for: all of the play for `run_once`.
    fn task_hosts(&self, result: &TaskResult) -> Vec<Arc<str>> {
        if self.runs_once(&result.task) {
            let unreachable = self.run.unreachable.borrow();
            return self.iterator.borrow().hosts().filter(|host| !unreachable.contains(*host)).cloned().collect();
        }
        vec![Arc::clone(&result.host)]
    }

    /// The hosts on which facts are kept: the delegate where `delegate_facts` says so.
    fn fact_hosts(&self, result: &TaskResult) -> Vec<Arc<str>> {
        match &result.delegated {
            Some(delegate)
                if self.flag(&result.task, result.task.effective().delegate_facts.as_ref(), "delegate_facts") =>
            {
                vec![Arc::clone(delegate)]
            }
            _ => self.task_hosts(result),
        }
    }

    /// `notify`: saved until the handlers are flushed, or, from a handler, at once.
    fn notify(&self, host: &Arc<str>, name: &str) -> Result<(), Box<Diagnostic>> {
        let in_handlers = self.iterator.borrow().phase(host) == Some(Phase::Handlers);
        let handlers = self.handlers_named(name);
        if handlers.is_empty() {
            let message = format!(
                "The requested handler '{name}' was not found in either the main handlers list nor in the listening handlers list"
            );
            if self.run.config.error_on_missing_handler {
                return Err(Box::new(Diagnostic::error(message)));
            }
            self.run.warn(message);
            return Ok(());
        }
        if in_handlers {
            for handler in handlers {
                self.notify_handler(host, &handler);
            }
        } else {
            self.iterator.borrow_mut().notify(host, name);
            let message = format!("Notification for handler {name} has been saved.");
            self.run.emit(&Event::Verbose { level: 2, host: None, message });
        }
        Ok(())
    }

    /// A handler is to run on a host.
    pub(super) fn notify_handler(&self, host: &Arc<str>, handler: &Rc<Task>) {
        if self.iterator.borrow_mut().notify_handler(handler.id, host) {
            let name = self.handler_name(handler).unwrap_or_default();
            self.run.emit(&Event::Notified { handler: handler.display_name(&name), host: Arc::clone(host) });
        }
    }

    /// The handlers that a notification means: the one of that name that takes precedence, and all that listen.
    pub(super) fn handlers_named(&self, name: &str) -> Vec<Rc<Task>> {
        let handlers = self.iterator.borrow().handlers_by_precedence();
        let mut found: Vec<Rc<Task>> = Vec::new();
        for handler in &handlers {
            let Some(own) = self.handler_name(handler) else { continue };
            let in_role = handler.role.as_ref().is_some_and(|role| {
                name == format!("{} : {own}", role.name) || name == format!("{} : {own}", role.full_name())
            });
            if name == own || in_role {
                found.push(Rc::clone(handler));
                break;
            }
        }
        let mut seen: Vec<String> = Vec::new();
        for handler in &handlers {
            if handler.listen.iter().any(|topic| &**topic == name) {
                let own = self.handler_name(handler).unwrap_or_default();
                if !own.is_empty() && seen.contains(&own) {
                    continue;
                }
                seen.push(own);
                if !found.iter().any(|known| known.id == handler.id) {
                    found.push(Rc::clone(handler));
                }
            }
        }
        found
    }

    /// A handler's name, rendered with the play's variables; none where that fails.
    fn handler_name(&self, handler: &Rc<Task>) -> Option<String> {
        let name = handler.own_name()?;
        let scope = self.run.variables.scope(None, Some(handler));
        scope.templar().render_text(name, &scope).ok()
    }
}
