//! What a result does to the run: statistics, facts, hosts, notifications, failures.

use std::{rc::Rc, sync::Arc};

use jinja::{Dict, Value};
use protocol::Data;

use super::{playbooks::PlayRun, result::TaskResult};
use crate::{
    action::Effect,
    event::{Event, Status},
    playbook::Task,
    template::data,
};

impl PlayRun {
    /// Takes a result in: counts it, applies its effects, registers it, and shows it.
    pub(super) fn take(&self, result: &TaskResult) {
        let run = &self.run;
        let host = &result.host;
        if result.unreachable {
            self.take_unreachable(result);
        } else if result.is_failed() {
            self.take_failed(result);
        } else if result.is_skipped() {
            run.count(host, |totals| totals.skipped += 1);
            run.emit(&Event::Result(Box::new(run.event_of(result, Some(Status::Skipped)))));
        } else {
            self.take_ok(result);
        }
        if let Some(name) = &result.task.register {
            let value = data::from_data(&Data::Map(result.registered()));
            for host in self.fact_hosts(result) {
                run.variables.store.set_fact(&host, name, value.clone());
            }
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
                let hosts: Vec<Arc<str>> = self.iterator.borrow().hosts().cloned().collect();
                let mut rescued = false;
                for other in hosts {
                    if !run.unreachable.borrow().contains(&other) {
                        let taken = self.iterator.borrow_mut().fail(&other);
                        if &other == host {
                            rescued = taken;
                        }
                    }
                }
                rescued
            } else {
                self.iterator.borrow_mut().fail(host)
            };
            let done = {
                let iterator = self.iterator.borrow();
                iterator.is_failed(host) && iterator.peek(host).is_none()
            };
            if done {
                run.failed.borrow_mut().insert(Arc::clone(host));
            }
            if rescued {
                run.count(host, |totals| totals.rescued += 1);
                run.variables.store.set_fact(host, "ansible_failed_task", failed_task(&result.task));
                let failed = data::from_data(&Data::Map(result.registered()));
                run.variables.store.set_fact(host, "ansible_failed_result", failed);
            } else {
                run.count(host, |totals| totals.failed += 1);
            }
        }
        let status = Status::Failed { ignored: result.ignore_errors };
        run.emit(&Event::Result(Box::new(run.event_of(result, Some(status)))));
    }

    fn take_ok(&self, result: &TaskResult) {
        let run = &self.run;
        let single = std::slice::from_ref(result);
        let parts = if result.looped { result.items.as_slice() } else { single };
        for part in parts {
            if result.is_changed() {
                for name in &part.notify {
                    self.notify(&result.host, name);
                }
            }
            for effect in &part.effects {
                self.apply(part, effect);
            }
            self.take_facts(part);
            if result.looped && matches!(&*result.task.action.short, "add_host" | "group_by") {
                run.emit(&Event::ItemResult(Box::new(run.event_of(part, Some(Status::Ok)))));
            }
        }
        if !result.task.is_dynamic_include() {
            run.count(&result.host, |totals| {
                totals.ok += 1;
                totals.changed += u64::from(result.is_changed());
            });
        }
        run.emit(&Event::Result(Box::new(run.event_of(result, Some(Status::Ok)))));
    }

    /// Facts that a module sent back.
    fn take_facts(&self, part: &TaskResult) {
        let is_ours =
            part.effects.iter().any(|effect| matches!(effect, Effect::SetFacts { .. } | Effect::IncludeVars(_)));
        if is_ours || &*part.task.action.short == "debug" {
            return;
        }
        let Some(facts @ Data::Map(_)) = part.values.get("ansible_facts") else { return };
        let Value::Dict(facts) = data::from_data(facts) else { return };
        for host in self.fact_hosts(part) {
            self.run.variables.add_facts(&host, &facts);
        }
    }

    fn apply(&self, part: &TaskResult, effect: &Effect) {
        let run = &self.run;
        let store = &run.variables.store;
        match effect {
            Effect::SetFacts { facts, cacheable } => {
                for host in self.fact_hosts(part) {
                    for (name, value) in facts {
                        store.set_fact(&host, name, data::from_data(value));
                    }
                    if *cacheable {
                        let dict: Dict =
                            facts.iter().map(|(name, value)| (name.as_str(), data::from_data(value))).collect();
                        run.variables.add_facts(&host, &dict);
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
                self.inventory_change(added);
            }
            Effect::AddGroup { group, parents } => {
                let added = run.variables.inventory.borrow_mut().add_to_group(&part.host, group, parents);
                self.inventory_change(added);
            }
            Effect::Stats { data, per_host, aggregate } => {
                let host = per_host.then_some(&*part.host);
                run.add_stats(host, data, *aggregate);
            }
            Effect::Abort => run.aborted.set(true),
            Effect::IncludeTasks { .. } | Effect::IncludeRole => {}
        }
    }

    fn inventory_change(&self, changed: Result<bool, crate::inventory::Error>) {
        match changed {
            Ok(_) => self.run.variables.inventory_changed(),
            Err(error) => self.stop(error.0.message),
        }
    }

    /// The hosts on which facts and registered results are kept: all of the play for `run_once`, the delegate where
    /// `delegate_facts` says so.
    fn fact_hosts(&self, result: &TaskResult) -> Vec<Arc<str>> {
        if let Some(delegate) = &result.delegated
            && self.flag(&result.task, result.task.effective().delegate_facts.as_ref(), "delegate_facts")
            && (result.values.contains_key("ansible_facts"))
        {
            return vec![Arc::clone(delegate)];
        }
        if self.runs_once(&result.task) {
            let unreachable = self.run.unreachable.borrow();
            return self.iterator.borrow().hosts().filter(|host| !unreachable.contains(*host)).cloned().collect();
        }
        vec![Arc::clone(&result.host)]
    }

    /// `notify`: saved until the handlers are flushed, or, from a handler, at once.
    fn notify(&self, host: &Arc<str>, name: &str) {
        let in_handlers = {
            let iterator = self.iterator.borrow();
            iterator.state(host).is_some_and(|state| state.phase() == crate::strategy::Phase::Handlers)
        };
        let handlers = self.handlers_named(name);
        if handlers.is_empty() {
            let message = format!(
                "The requested handler '{name}' was not found in either the main handlers list nor in the listening handlers list"
            );
            if self.run.config.error_on_missing_handler {
                self.stop(message);
            } else {
                self.run.warn(message);
            }
            return;
        }
        if in_handlers {
            for handler in handlers {
                self.notify_handler(host, &handler);
            }
        } else {
            self.iterator.borrow_mut().notify(host, name);
        }
    }

    /// A handler is to run on a host.
    pub(super) fn notify_handler(&self, host: &Arc<str>, handler: &Rc<Task>) {
        if self.iterator.borrow_mut().notify_handler(handler.id, host) {
            let name = self.handler_name(handler).unwrap_or_default();
            self.run.emit(&Event::Notified { handler: name, host: Arc::clone(host) });
        }
    }

    /// The handlers that a notification means: the last of that name, and all that listen.
    pub(super) fn handlers_named(&self, name: &str) -> Vec<Rc<Task>> {
        let handlers: Vec<Rc<Task>> = self.iterator.borrow().handlers().iter().rev().cloned().collect();
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

/// `ansible_failed_task`: what a rescue may want to know of the task.
fn failed_task(task: &Task) -> Value {
    let dict = Dict::new();
    dict.insert(
        "name",
        task.own_name().map_or_else(|| Value::from(""), |name| Value::from(name.to_str().unwrap_or_default())),
    );
    dict.insert("action", Value::from(task.action.name.as_str()));
    dict.insert("args", Value::Dict(task.action.args.clone()));
    Value::Dict(dict)
}
