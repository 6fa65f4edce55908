//! A play's blocks in the order in which they run, with the tasks that Ansible puts between them.

use std::{cell::OnceCell, rc::Rc};

use jinja::{Dict, Str, Value};

use super::{
    Action, Block, BlockScope, Directives, Entry, Ids, Kind, LoadedRole, Parent, Play, PlayScope, RoleInstance, Task,
};

impl Play {
    /// The name as Ansible prints it where `name:` is not set: its hosts.
    #[must_use]
    pub fn hosts_text(&self) -> String {
        let texts = self.hosts.iter().filter_map(|host| match host {
            Value::Str(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join(",")
    }

    /// The tasks of `roles:` in the order in which they run.
    #[must_use]
    pub fn role_tasks(&self) -> Vec<Rc<Block>> {
        self.roles.iter().filter(|role| !role.role.from_include).flat_map(LoadedRole::tasks).collect()
    }

    /// All handlers: those of `roles:`, then the play's own, then those of imported roles. Ansible looks for the name
    /// of a notification from the end.
    #[must_use]
    pub fn all_handlers(&self) -> Vec<Rc<Block>> {
        let of_roles = self.roles.iter().filter(|role| !role.role.from_include).flat_map(LoadedRole::handlers);
        of_roles.chain(self.handlers.iter().cloned()).collect()
    }

    /// What runs, in order, with an implicit `meta: flush_handlers` behind `pre_tasks`, behind roles and tasks, and
    /// behind `post_tasks`. With `force_handlers` each part is a block that has the flush as its `always`.
    #[must_use]
    pub fn compile(&self, force_handlers: bool, ids: &Ids) -> Vec<Rc<Block>> {
        let mut tasks = self.role_tasks();
        tasks.extend(self.tasks.iter().cloned());
        let parts = [self.pre_tasks.clone(), tasks, self.post_tasks.clone()];
        let mut blocks = Vec::new();
        for part in parts {
            let flush = Rc::new(implicit_block(&self.scope, None, "flush_handlers", ids));
            if !force_handlers {
                blocks.extend(part);
                blocks.push(flush);
                continue;
            }
            let scope = Rc::new(implicit_scope(&self.scope, None, ids));
            let block = if part.is_empty() {
                vec![Entry::Task(Rc::new(implicit_meta(&scope, "noop", Vec::new(), ids)))]
            } else {
                part.into_iter().map(Entry::Block).collect()
            };
            blocks.push(Rc::new(Block { scope, block, rescue: Vec::new(), always: vec![Entry::Block(flush)] }));
        }
        blocks
    }
}

impl LoadedRole {
    /// What runs, in order: each dependency, then the role itself; each ends in an implicit `meta: role_complete`.
    #[must_use]
    pub fn tasks(&self) -> Vec<Rc<Block>> {
        let mut blocks: Vec<_> = self.dependencies.iter().flat_map(LoadedRole::tasks).collect();
        blocks.extend(self.own_tasks.iter().cloned());
        blocks
    }

    /// All handlers, those of the dependencies first.
    #[must_use]
    pub fn handlers(&self) -> Vec<Rc<Block>> {
        let mut blocks: Vec<_> = self.dependencies.iter().flat_map(LoadedRole::handlers).collect();
        blocks.extend(self.own_handlers.iter().cloned());
        blocks
    }
}

/// A block that is in no file.
fn implicit_scope(play: &Rc<PlayScope>, role: Option<&Rc<RoleInstance>>, ids: &Ids) -> BlockScope {
    BlockScope {
        id: ids.next(),
        directives: Directives::default(),
        parent: Parent::Play,
        play: Rc::clone(play),
        role: role.cloned(),
        implicit: true,
        handlers: false,
        span: None,
        effective: OnceCell::new(),
    }
}

/// A block of one implicit `meta` that every filter of tags lets through.
fn implicit_block(play: &Rc<PlayScope>, role: Option<&Rc<RoleInstance>>, word: &str, ids: &Ids) -> Block {
    let scope = Rc::new(implicit_scope(play, role, ids));
    let task = implicit_meta(&scope, word, vec![Value::from("always")], ids);
    Block { scope, block: vec![Entry::Task(Rc::new(task))], rescue: Vec::new(), always: Vec::new() }
}

/// The block that ends a role's tasks: the host has completed the role.
pub(super) fn role_complete(role: &Rc<RoleInstance>, play: &Rc<PlayScope>, parent: Parent, ids: &Ids) -> Block {
    let mut scope = implicit_scope(play, Some(role), ids);
    scope.parent = parent;
    scope.directives.run_once = Some(Value::Bool(false).into());
    let scope = Rc::new(scope);
    let mut task = implicit_meta(&scope, "role_complete", vec![Value::from("always")], ids);
    task.role = Some(Rc::clone(role));
    task.directives.when = vec![Value::Bool(true).into()];
    Block { scope, block: vec![Entry::Task(Rc::new(task))], rescue: Vec::new(), always: Vec::new() }
}

fn implicit_meta(scope: &Rc<BlockScope>, word: &str, tags: Vec<Value>, ids: &Ids) -> Task {
    let args = Dict::new();
    args.insert("_raw_params", Value::from(word));
    let action = Action {
        name: Str::new("meta"),
        short: Rc::from("meta"),
        fqcn: Rc::from("ansible.builtin.meta"),
        args,
        variable_args: None,
    };
    let mut task = Task::new(ids.next(), action, Kind::Meta(Rc::from(word)), scope);
    task.implicit = true;
    task.directives.tags = tags;
    task
}

impl Play {
    /// The block that gathers facts at the start of the play. Unless the play has tags of its own, it runs whatever
    /// tags are asked for.
    #[must_use]
    pub fn gather_facts_block(&self, ids: &Ids) -> Rc<Block> {
        let mut scope = implicit_scope(&self.scope, None, ids);
        scope.directives.run_once = Some(Value::Bool(false).into());
        let scope = Rc::new(scope);
        let args = Dict::new();
        for (name, value) in [
            ("gather_subset", &self.gather_subset),
            ("gather_timeout", &self.gather_timeout),
            ("fact_path", &self.fact_path),
        ] {
            if let Some(value) = value {
                args.insert(name, value.value.clone());
            }
        }
        let action = Action {
            name: Str::new("gather_facts"),
            short: Rc::from("gather_facts"),
            fqcn: Rc::from("ansible.builtin.gather_facts"),
            args,
            variable_args: None,
        };
        let mut task = Task::new(ids.next(), action, Kind::Plain, &scope);
        task.directives.name = Some(Value::from("Gathering Facts").into());
        task.directives.when.clone_from(&self.scope.imported_when);
        if self.scope.directives.tags.is_empty() {
            task.directives.tags = vec![Value::from("always")];
        }
        Rc::new(Block { scope, block: vec![Entry::Task(Rc::new(task))], rescue: Vec::new(), always: Vec::new() })
    }
}
