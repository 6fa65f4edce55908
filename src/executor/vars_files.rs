//! `vars_files` of a play.
//!
//! Source: Ansible documentation, "Using variables: defining variables in files".

use std::{path::PathBuf, rc::Rc, sync::Arc};

use jinja::{Dict, Str, Value};

use super::{playbooks::RunError, run::Run};
use crate::{
    config::Environment,
    diagnostic::{Diagnostic, ErrorChain, Link},
    event::Event,
    playbook::{Located, Play},
    template::Templar,
};

/// Whether names of files depend on variables: they are asked for anew before each task, for facts may have come.
pub(super) fn are_late(play: &Play) -> bool {
    let is_late = |name: &Value| matches!(name, Value::Str(text) if Templar::is_template(text));
    play.scope.vars_files.iter().any(|entry| match entry {
        Value::List(list) => list.raw_values().iter().any(is_late),
        one => is_late(one),
    })
}

/// Reads the files for one host, or before any host is known. Of several names in one entry the first that exists
/// counts; an entry of which none exists is passed over, as is one that asks for what is not known yet.
///
/// # Errors
///
/// A file cannot be read, a name cannot be rendered, or a host whose facts are gathered still lacks what a name asks for.
pub(super) fn load(run: &Run, play: &Play, host: Option<&Arc<str>>, for_task: bool) -> Result<(), RunError> {
    let mut files: Vec<Dict> = Vec::new();
    for entry in &play.scope.vars_files {
        run.variables.set_vars_files(host, files.clone());
        let scope = run.variables.vars_files_scope(host);
        let names = match entry {
            Value::List(list) => list.raw_values(),
            one => vec![one.clone()],
        };
        for written in &names {
            let name = match scope.templar().render(written, &scope) {
                Ok(Value::Str(name)) => name,
                Ok(other) => return Err(no_text(written, &other)),
                Err(error) if error.undefined => {
                    if for_task && host.is_some_and(|host| run.variables.store.knows_setup(host)) {
                        return Err(undefined(entry, &error.message));
                    }
                    let message = "skipping vars_files item due to an undefined variable";
                    let link = Link::at(message, written.place());
                    run.emit(&Event::Warning(ErrorChain::new(link)));
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            if let Some(path) = find(&run.config.environment, play, &name) {
                let found = run.loader.borrow_mut().load_variables(&path).map_err(RunError::Refused)?;
                files.extend(found);
                break;
            }
        }
    }
    run.variables.set_vars_files(host, files);
    Ok(())
}

fn find(environment: &Environment, play: &Play, name: &Str) -> Option<PathBuf> {
    let path = PathBuf::from(environment.expand_user(name));
    if path.is_absolute() {
        return path.exists().then_some(path);
    }
    let base = PathBuf::from(&*play.scope.basedir);
    let in_vars = (!name.starts_with("vars/")).then(|| base.join("vars").join(&path));
    in_vars.into_iter().chain([base.join(&path)]).find(|path| path.exists())
}

fn no_text(written: &Value, found: &Value) -> RunError {
    let message = format!("Invalid `vars_files` value of type '{}'.", found.type_name());
    let diagnostic =
        Diagnostic::error(message).help("A `vars_files` value should either be a string or list of strings.");
    stop(diagnostic, written)
}

fn undefined(entry: &Value, cause: &str) -> RunError {
    let shown = match entry {
        Value::List(_) => entry.repr(),
        one => one.to_str(),
    };
    let shown = shown.unwrap_or_default();
    let message =
        format!("an undefined variable was found when attempting to template the vars_files item '{shown}': {cause}");
    stop(Diagnostic::error(message), entry)
}

fn stop(diagnostic: Diagnostic, written: &Value) -> RunError {
    let first = match written {
        Value::List(list) => list.raw_values().first().and_then(Located::place),
        one => one.place(),
    };
    RunError::Stopped(Box::new(match first {
        Some(span) => diagnostic.at(span, "named here"),
        None => diagnostic,
    }))
}

impl super::batch::PlayRun {
    /// Reads files whose names depend on what is known of these hosts by now.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub(super) fn refresh_vars_files<'a>(&self, hosts: impl Iterator<Item = &'a Arc<str>>) -> Result<(), RunError> {
        if self.late_files {
            for host in hosts {
                load(&self.run, &Rc::clone(&self.play), Some(host), true)?;
            }
        }
        Ok(())
    }
}
