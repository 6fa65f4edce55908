//! What holds for a task once its play, roles, blocks and includes have had their say.
//!
//! The rules, as ansible-core has them (its `FieldAttribute`s): the closest value wins, looking at the task, the
//! blocks around it, an *import* that brought it (an `include_*` passes nothing on but what the block around it has),
//! the role, the roles through which that came, the play. `when`, `environment` and `module_defaults` are collected
//! with the outermost first, `tags` with the task's own first. `name` and `vars` are not inherited; variables are
//! merged by [`Task::vars`].

use std::rc::Rc;

use jinja::{Dict, List, Value};

use super::{BlockScope, Directives, Kind, Parent, RoleInstance, Task};

impl BlockScope {
    /// The block's keywords, inherited ones included.
    #[must_use]
    pub fn effective(&self) -> &Rc<Directives> {
        self.effective.get_or_init(|| Rc::new(self.inherit()))
    }

    fn inherit(&self) -> Directives {
        let mut found = self.directives.clone();
        let around = match &self.parent {
            Parent::Play => None,
            Parent::Block(block) => Some((block.effective(), block.role.as_ref())),
            Parent::Include(task) if task.is_static_import() => Some((task.effective(), task.role.as_ref())),
            Parent::Include(task) => Some((task.parent.effective(), task.role.as_ref())),
        };
        if let Some((above, _)) = around {
            found.absorb(above);
        }
        // What the block's surroundings have already taken from the same role must not come a second time.
        let same_role = |role: &Rc<RoleInstance>| {
            around.is_some_and(|(_, above)| above.is_some_and(|above| Rc::ptr_eq(above, role)))
        };
        if let Some(role) = self.role.as_ref().filter(|role| !same_role(role)) {
            found.absorb(&role.directives);
            for parent in role.parents().iter().rev() {
                found.absorb(&parent.directives);
            }
        }
        if around.is_none() {
            found.absorb(&self.play.directives);
        }
        found
    }

    /// The variables of the block and of what is around it, the closest winning.
    fn vars(&self) -> Dict {
        let vars = match &self.parent {
            Parent::Play => Dict::new(),
            Parent::Block(block) => block.vars(),
            Parent::Include(task) => task.vars(),
        };
        overlay(&vars, self.directives.vars.as_ref());
        vars
    }

    fn include_params(&self) -> Dict {
        match &self.parent {
            Parent::Play => Dict::new(),
            Parent::Block(block) => block.include_params(),
            Parent::Include(task) => task.include_params(),
        }
    }
}

impl Task {
    /// The task's keywords, inherited ones included. Cheap after the first call.
    #[must_use]
    pub fn effective(&self) -> &Rc<Directives> {
        self.effective.get_or_init(|| {
            let mut found = self.directives.clone();
            found.absorb(self.parent.effective());
            Rc::new(found)
        })
    }

    /// The keywords as they would be if the task itself set none: what `omit` falls back to.
    #[must_use]
    pub fn inherited(&self) -> &Rc<Directives> {
        self.parent.effective()
    }

    /// `vars` of the task, and of the blocks and includes around it, the closest winning; a dict of its own.
    #[must_use]
    pub fn vars(&self) -> Dict {
        let vars = self.parent.vars();
        overlay(&vars, self.directives.vars.as_ref());
        // Ansible's own words in old forms of include.
        vars.remove("tags");
        vars.remove("when");
        vars
    }

    /// Variables that came with `include_*` above this task (or with it, if it is one): "include params" in Ansible's
    /// table of precedence, above `set_fact`. A dict of its own.
    #[must_use]
    pub fn include_params(&self) -> Dict {
        let params = self.parent.include_params();
        if self.is_dynamic_include() {
            overlay(&params, self.directives.vars.as_ref());
        }
        if let (Kind::IncludeRole(_) | Kind::ImportRole(_), Some(role)) = (&self.kind, &self.role) {
            overlay(&params, Some(&role.params));
            prepend(&params, "ansible_parent_role_names", &role.full_name());
            prepend(&params, "ansible_parent_role_paths", &role.path);
        }
        params
    }

    /// Whether everything above the task was loaded before the run.
    #[must_use]
    pub fn all_parents_static(&self) -> bool {
        fn all_static(scope: &BlockScope) -> bool {
            match &scope.parent {
                Parent::Play => true,
                Parent::Block(block) => all_static(block),
                Parent::Include(task) => task.is_static_import() && all_static(&task.parent),
            }
        }
        all_static(&self.parent)
    }

    /// Directories in which the task's files are looked for, the first first: its role and the roles through which
    /// that came, then the directory of the task's own file.
    #[must_use]
    pub fn search_path(&self) -> Vec<Rc<str>> {
        let mut paths: Vec<Rc<str>> = Vec::new();
        if let Some(role) = &self.role {
            paths.push(Rc::clone(&role.path));
            paths.extend(role.parents().iter().rev().map(|parent| Rc::clone(&parent.path)));
        }
        let file = self.span.as_ref().or(self.parent.play.span.as_ref()).map(|span| &*span.file);
        if let Some(directory) =
            file.and_then(|file| std::path::Path::new(file).parent()).and_then(|path| path.to_str())
            && !paths.iter().any(|path| **path == *directory)
        {
            paths.push(Rc::from(directory));
        }
        paths
    }
}

impl Directives {
    /// Takes from above what is not set, and collects what is collected. `name` and `vars` stay.
    pub(super) fn absorb(&mut self, above: &Self) {
        macro_rules! closest {
            ($($field:ident),*) => { $( if self.$field.is_none() { self.$field.clone_from(&above.$field); } )* };
        }
        closest!(
            connection,
            port,
            remote_user,
            no_log,
            run_once,
            ignore_errors,
            ignore_unreachable,
            check_mode,
            diff,
            any_errors_fatal,
            throttle,
            timeout,
            debugger,
            r#become,
            become_exe,
            become_flags,
            become_method,
            become_user,
            collections,
            delegate_to,
            delegate_facts,
            notify
        );
        self.when.splice(0..0, above.when.iter().cloned());
        for (own, above) in
            [(&mut self.environment, &above.environment), (&mut self.module_defaults, &above.module_defaults)]
        {
            if !above.is_empty() {
                own.splice(0..0, above.iter().cloned());
            }
        }
        self.tags.extend(above.tags.iter().cloned());
    }
}

fn overlay(vars: &Dict, own: Option<&Dict>) {
    for (key, value) in own.map(Dict::raw_items).unwrap_or_default() {
        if let Ok(key) = jinja::Key::new(key) {
            vars.insert(key, value);
        }
    }
}

fn prepend(params: &Dict, name: &str, text: &Rc<str>) {
    let list = List::from_iter([Value::from(&**text)]);
    if let Some(Value::List(rest)) = params.raw(name) {
        for item in rest.raw_values() {
            list.push(item);
        }
    }
    params.insert(name, Value::List(list));
}
