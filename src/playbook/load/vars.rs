//! Variables that are known before the run: those with which names of imports are rendered.

use std::{path::Path, rc::Rc};

use jinja::{Dict, Value};

use super::{Loader, Refused, action::overlay, block::Place, file::Unreadable};
use crate::{
    diagnostic::Diagnostic,
    playbook::{PlayScope, RoleInstance, Task},
};

impl Loader {
    /// The variables of the play and its roles, and of a role where one is given.
    pub(super) fn known_vars(&mut self, play: &PlayScope, role: Option<&Rc<RoleInstance>>) -> Dict {
        let vars = Dict::new();
        let public: Vec<Rc<RoleInstance>> = play.roles.borrow().iter().filter(|role| role.public).cloned().collect();
        for role in &public {
            role.exported_default_layers().iter().for_each(|layer| overlay(&vars, layer));
        }
        if let Some(role) = role {
            role.default_layers().iter().for_each(|layer| overlay(&vars, layer));
        }
        if let Some(own) = &play.directives.vars {
            overlay(&vars, own);
        }
        self.vars_files(play, &vars);
        for role in &public {
            role.exported_var_layers().iter().for_each(|layer| overlay(&vars, layer));
        }
        if let Some(role) = role {
            role.var_layers().iter().for_each(|layer| overlay(&vars, layer));
            role.param_layers().iter().for_each(|layer| overlay(&vars, layer));
            if let Some(own) = &role.directives.vars {
                overlay(&vars, own);
            }
            vars.insert("role_name", Value::from(Rc::clone(&role.name)));
            vars.insert("ansible_role_name", Value::from(role.full_name()));
            vars.insert("role_path", Value::from(Rc::clone(&role.path)));
        }
        vars.insert("playbook_dir", Value::from(Rc::clone(&play.basedir)));
        vars
    }

    /// The variables around a task, its own included.
    pub(super) fn task_vars(&mut self, task: &Task) -> Dict {
        let vars = self.known_vars(&Rc::clone(task.play()), task.role.as_ref());
        overlay(&vars, &task.vars());
        overlay(&vars, &task.include_params());
        vars
    }

    /// Puts the play's `vars_files` over variables, as far as they are there and their names can be rendered.
    fn vars_files(&mut self, play: &PlayScope, vars: &Dict) {
        for item in &play.vars_files {
            let candidates = match item {
                Value::List(list) => list.raw_values(),
                other => vec![other.clone()],
            };
            for candidate in candidates {
                let Ok(Value::Str(name)) = self.templates.render(&candidate, vars) else { continue };
                let path = Path::new(&*play.basedir).join(name.as_str());
                let folder = Path::new(&*play.basedir).join("vars").join(name.as_str());
                let Some(path) = [folder, path].into_iter().find(|path| path.is_file()) else { continue };
                if let Ok(file) = self.read(&path)
                    && let Value::Dict(found) = file.value(&file.root)
                {
                    overlay(vars, &found);
                }
                break;
            }
        }
    }

    /// Reads a file of variables (`vars_files`): a mapping, a list of mappings to be put one over the other, or nothing.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is something else.
    pub fn load_variables(&mut self, path: &Path) -> Result<Vec<Dict>, Refused> {
        let mut found = Vec::new();
        match self.read_file(path) {
            Ok(file) => {
                let single = std::slice::from_ref(&file.root);
                let items = if file.root.is_null() { &[] } else { file.root.as_sequence().unwrap_or(single) };
                for item in items {
                    match file.value(item) {
                        Value::Dict(dict) => found.push(dict),
                        _ => self.refuse(
                            Diagnostic::error("Invalid variable file contents.")
                                .at(file.span(item), format!("this is a {}", item.type_name()))
                                .help(
                                    "Variable files must contain either a dictionary of variables, or a list of \
                                     dictionaries.",
                                ),
                        ),
                    }
                }
            }
            Err(Unreadable::Closed(diagnostic)) => self.fail(*diagnostic),
            Err(Unreadable::Malformed(diagnostic)) => self.refuse(*diagnostic),
        }
        self.finish(found)
    }

    /// A value that must be known now, rendered with the variables of a place.
    pub(super) fn render_at(&mut self, value: &Value, place: &Place) -> Result<Value, String> {
        if !is_template(value) {
            return Ok(value.clone());
        }
        let vars = self.known_vars(&Rc::clone(&place.play), place.role.as_ref());
        self.templates.render(value, &vars)
    }
}

/// Whether a value has anything to render.
pub(super) fn is_template(value: &Value) -> bool {
    match value {
        Value::Str(text) => text.is_trusted() && ["{{", "{%", "{#"].iter().any(|open| text.as_str().contains(open)),
        _ => false,
    }
}
