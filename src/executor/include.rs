//! Includes during the run: files of tasks and roles, put before what the hosts do next.
//!
//! Source: Ansible documentation, "Re-using Ansible artifacts".

use std::{path::PathBuf, rc::Rc, sync::Arc};

use jinja::{Dict, Value};
use protocol::Data;

use super::{batch::PlayRun, filter, keywords::Keywords, playbooks::RunError, result::TaskResult};
use crate::{
    action::Effect,
    diagnostic::{ErrorChain, Link},
    event::{Event, Status},
    playbook::{Block, IncludeRole, Included, Kind, Loader, Refused, RoleRequest, Task, tags::TagFilter},
    template::VariableScope,
    vars::Layer,
};

/// What stands for the item of an include where `no_log` holds.
fn censored() -> Data {
    Data::from("(censored due to no_log)")
}

/// One include, met by some hosts alike.
struct Met {
    what: What,
    task: Rc<Task>,
    variables: Vec<(Rc<str>, Value)>,
    label: Option<Data>,
    hosts: Vec<Arc<str>>,
    /// The file as the task names it.
    file: String,
    /// The results of the whole task, loop and all, one a host.
    results: Vec<TaskResult>,
}

/// What became of an include.
enum Loaded {
    Blocks(Vec<Rc<Block>>),
    /// It failed for these hosts.
    Refused(Vec<Arc<str>>),
}

#[derive(Clone, PartialEq)]
enum What {
    File(PathBuf),
    Role { name: String, from: [Option<String>; 4] },
}

impl PlayRun {
    /// Loads what the results include and puts it before what their hosts do next. Returns the hosts for which that
    /// failed.
    pub(super) fn include(&self, results: &[TaskResult], left: &[Arc<str>]) -> Result<Vec<Arc<str>>, RunError> {
        let mut all: Vec<Met> = Vec::new();
        let mut refused: Vec<Arc<str>> = Vec::new();
        for result in results {
            if !result.task.is_dynamic_include() {
                continue;
            }
            let single = std::slice::from_ref(result);
            let parts = if result.looped { result.items.as_slice() } else { single };
            for part in parts {
                if part.flag("skipped") || part.flag("failed") || part.effects.is_empty() {
                    continue;
                }
                match self.meet(part, result) {
                    Ok(met) => join(&mut all, met),
                    Err(chain) => refused.extend(self.refuse(std::slice::from_ref(result), &[chain])),
                }
            }
        }
        let mut road: Vec<Rc<Block>> = Vec::new();
        let mut by_host: Vec<(Arc<str>, Vec<Rc<Block>>)> =
            left.iter().map(|host| (Arc::clone(host), Vec::new())).collect();
        for met in all {
            let blocks = match self.load(&met)? {
                Loaded::Blocks(blocks) => blocks,
                Loaded::Refused(hosts) => {
                    refused.extend(hosts);
                    continue;
                }
            };
            for host in &met.hosts {
                self.run.count(host, |totals| totals.ok += 1);
            }
            let path = match &met.what {
                What::File(path) => path.display().to_string(),
                What::Role { name, .. } => name.clone(),
            };
            self.run.emit(&Event::Included { path, hosts: met.hosts.clone(), label: met.label.clone() });
            for (host, list) in &mut by_host {
                if met.hosts.contains(host) {
                    list.extend(blocks.iter().cloned());
                }
            }
            road.extend(blocks);
        }
        // A host is failed once, however many of its includes were.
        let mut once: Vec<Arc<str>> = Vec::new();
        for host in refused {
            if !once.contains(&host) {
                self.run.failed.borrow_mut().insert(Arc::clone(&host));
                self.iterator.borrow_mut().fail_with_others(&host);
                once.push(host);
            }
        }
        let mut iterator = self.iterator.borrow_mut();
        for (host, blocks) in &by_host {
            if !blocks.is_empty() {
                iterator.insert(std::slice::from_ref(host), blocks);
            }
        }
        iterator.extend_road(&road);
        Ok(once)
    }

    /// What a result includes, with its names rendered.
    fn meet(&self, part: &TaskResult, whole: &TaskResult) -> Result<Met, ErrorChain> {
        let over: Dict = part.loop_variables.iter().map(|(name, value)| (&**name, value.clone())).collect();
        let scope = self.run.variables.scope(Some(&part.host), Some(&part.task)).with(Layer::Loop, over);
        let what = match (&part.task.kind, part.effects.first()) {
            (Kind::IncludeRole(options), _) => role_named(options, &scope, &part.task)?,
            (_, Some(Effect::IncludeTasks { file })) => What::File(Loader::find_included_file(&part.task, file)),
            _ => What::File(PathBuf::new()),
        };
        Ok(Met {
            what,
            task: Rc::clone(&part.task),
            variables: part.loop_variables.clone(),
            label: part.label.clone().map(|label| if whole.no_log || part.no_log { censored() } else { label }),
            hosts: vec![Arc::clone(&part.host)],
            file: match part.effects.first() {
                Some(Effect::IncludeTasks { file }) => file.clone(),
                _ => String::new(),
            },
            results: vec![whole.clone()],
        })
    }

    /// The blocks of an include.
    fn load(&self, met: &Met) -> Result<Loaded, RunError> {
        let variables: Dict = met.variables.iter().map(|(name, value)| (&**name, value.clone())).collect();
        let mut loader = self.run.loader.borrow_mut();
        let loaded = match &met.what {
            What::File(path) => {
                if !path.is_file() {
                    drop(loader);
                    return Ok(Loaded::Refused(
                        self.refuse(&met.results, &[ErrorChain::new(Link::new(missing(path)))]),
                    ));
                }
                let copy = Rc::new(met.task.met(&variables, &met.file));
                loader.load_tasks(path, &copy)
            }
            What::Role { name, from: [tasks, vars, defaults, handlers] } => {
                let copy = met.task.met(&variables, name);
                let flag = |raw: Option<&Value>, word: &str| {
                    let scope = self.run.variables.scope(met.hosts.first(), Some(&met.task));
                    Keywords::of_task(&met.task, &scope).flag(word, raw).ok().flatten()
                };
                let options = match &met.task.kind {
                    Kind::IncludeRole(options) => Some(options),
                    _ => None,
                };
                let request = RoleRequest {
                    name: name.clone(),
                    tasks_from: tasks.clone(),
                    vars_from: vars.clone(),
                    defaults_from: defaults.clone(),
                    handlers_from: handlers.clone(),
                    public: options.and_then(|options| flag(options.public.as_ref(), "public")),
                    allow_duplicates: options
                        .and_then(|options| flag(options.allow_duplicates.as_ref(), "allow_duplicates")),
                    rolespec_validate: options
                        .and_then(|options| flag(options.rolespec_validate.as_ref(), "rolespec_validate")),
                };
                loader.load_role(request, &copy)
            }
        };
        drop(loader);
        self.run.show_load_warnings();
        let Included { blocks, roles, handlers } = match loaded {
            Ok(included) => included,
            Err(refused) => return self.refused(met, refused),
        };
        for role in &roles {
            if role.role.public {
                self.run.variables.add_role(&role.role);
            }
        }
        self.iterator.borrow_mut().add_handlers(&handlers);
        self.filter(met, blocks).map(Loaded::Blocks)
    }

    /// Keeps what the tags let through; in an included file of handlers, all its tasks are notified.
    fn filter(&self, met: &Met, blocks: Vec<Rc<Block>>) -> Result<Vec<Rc<Block>>, RunError> {
        if met.task.is_handler {
            let mut iterator = self.iterator.borrow_mut();
            for handler in blocks.iter().flat_map(|block| block.tasks()) {
                for host in &met.hosts {
                    iterator.notify_handler(handler.id, host);
                }
            }
            return Ok(blocks);
        }
        let filter = TagFilter::new(self.run.config.tags.clone(), self.run.config.skip_tags.clone());
        let scope = self.run.variables.scope(None, Some(&met.task));
        Ok(filter::selected(&blocks, &filter, &scope)?)
    }

    /// What cannot be loaded: a parser's error ends the run, anything else is a failure of the hosts.
    fn refused(&self, met: &Met, refused: Refused) -> Result<Loaded, RunError> {
        if refused.exit_code == 4 {
            return Err(RunError::Refused(refused));
        }
        let reasons: Vec<ErrorChain> = refused.diagnostics.iter().map(ErrorChain::from).collect();
        Ok(Loaded::Refused(self.refuse(&met.results, &reasons)))
    }

    /// Says that an include failed; the hosts for which it did.
    fn refuse(&self, results: &[TaskResult], reasons: &[ErrorChain]) -> Vec<Arc<str>> {
        let run = &self.run;
        for reason in reasons {
            run.emit(&Event::Error(reason.clone()));
        }
        let reason = reasons.iter().map(ErrorChain::brief).collect::<Vec<_>>().join("\n");
        for result in results {
            let mut failed = result.clone();
            failed.set("failed", true);
            failed.set("reason", reason.as_str());
            run.count(&result.host, |totals| totals.failed += 1);
            run.emit(&Event::Result(Box::new(run.event_of(&failed, Some(Status::Failed { ignored: false })))));
        }
        results.iter().map(|result| Arc::clone(&result.host)).collect()
    }
}

fn missing(path: &std::path::Path) -> String {
    let path = path.display();
    format!(
        "Could not find or access '{path}' on the Ansible Controller: Unable to retrieve file contents.\n\
         Could not find or access '{path}' on the Ansible Controller.\n\
         If you are using a module and expect the file to exist on the remote, see the remote_src option: \
         [Errno 2] No such file or directory: '{path}'"
    )
}

/// Puts an include with one that is the same for other hosts.
fn join(all: &mut Vec<Met>, met: Met) {
    let same = all.iter_mut().find(|known| {
        known.what == met.what
            && known.task.id == met.task.id
            && same_variables(&known.variables, &met.variables)
            && met.hosts.iter().all(|host| !known.hosts.contains(host))
    });
    match same {
        Some(known) => {
            known.hosts.extend(met.hosts);
            known.results.extend(met.results);
        }
        None => all.push(met),
    }
}

fn same_variables(left: &[(Rc<str>, Value)], right: &[(Rc<str>, Value)]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|((name, value), (other, same))| name == other && value.equals(same).unwrap_or(false))
}

fn role_named(options: &IncludeRole, scope: &Rc<VariableScope>, task: &Task) -> Result<What, ErrorChain> {
    let keywords = Keywords::of_task(task, scope);
    let name = keywords.text("name", Some(&options.name))?.unwrap_or_default();
    let files = &options.from_files;
    Ok(What::Role {
        name,
        from: [
            keywords.text("tasks_from", files.tasks.as_ref())?,
            keywords.text("vars_from", files.vars.as_ref())?,
            keywords.text("defaults_from", files.defaults.as_ref())?,
            keywords.text("handlers_from", files.handlers.as_ref())?,
        ],
    })
}
