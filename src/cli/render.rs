//! Renders a template or an expression as a task on a host would see it, without running anything.

use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

use jinja::{Dict, Origin, Str, Value};

use super::{
    Failure, Result,
    options::{ExtraVars, Passwords, RenderOptions, RunOptions, What},
    session::Session,
    terminal::Terminal,
    verbs::render::Format,
};
use crate::{
    diagnostic::Diagnostic,
    python_json, python_repr,
    template::{Templar, TemplateError, VariableScope, data::to_data, file_variables::file_variables},
    vars::Layer,
    vault::{VaultSecrets, is_encrypted},
};

/// Renders and prints.
///
/// # Errors
///
/// The inventory or a file of variables is refused, the host is not there, or the template fails.
pub fn print(options: RenderOptions, terminal: &mut Terminal) -> Result {
    let RenderOptions { mut config, what, host, vars, format, with_inventory, vault } = options;
    if host.is_none() && !with_inventory {
        // Nobody asked for hosts: no word about an inventory that is not there.
        config.inventory = Vec::new();
    }
    let cwd = config.environment.cwd.clone();
    let run = RunOptions {
        config,
        limit: None,
        extra_vars: vars.into_iter().map(ExtraVars::File).collect(),
        check: false,
        flush_cache: false,
        list_hosts: false,
        passwords: Passwords::default(),
        vault,
        output: super::arguments::Form::default(),
    };
    let session = Session::open(&run, terminal)?;
    session.variables.set_basedir(cwd.clone());
    let host = match host {
        None => None,
        Some(name) => match session.variables.host_name(&name) {
            Some(found) => Some(found),
            None => return Err(unknown_host(&session, &name)),
        },
    };
    let scope = session.variables.scope(host.as_ref(), None);
    let value = match what {
        What::Expression(text) => {
            let origin = Origin { file: "<expression>".into(), line: 1, column: 1 };
            session.templar.expression(&Str::trusted(text, Some(origin)), &scope).map_err(failure)?
        }
        What::Template(path) => file(&session.templar, &run.vault, &path, &cwd, &scope)?,
    };
    let text = match format {
        Format::Text => value.to_str().map_err(|error| Failure::generic(error.message))?,
        Format::Json => python_json::dumps(&data(&value)?, python_json::Style::pretty()),
        Format::Repr => python_repr::repr(&data(&value)?),
    };
    terminal.print(text.strip_suffix('\n').unwrap_or(&text));
    Ok(super::exit::OK)
}

fn data(value: &Value) -> Result<protocol::Data> {
    to_data(value).map_err(|error| Failure::generic(error.message))
}

fn unknown_host(session: &Session, name: &str) -> Failure {
    let error = Diagnostic::error(format!("The host '{name}' is not in the inventory"));
    let inventory = session.variables.inventory.borrow();
    let known: Vec<&str> = inventory.hosts().map(|host| &*host.name).collect();
    let near = crate::diagnostic::suggest::nearest(name, known.iter().copied());
    Failure::Generic(Box::new(match near {
        Some(near) => error.help(format!("Did you mean '{near}'?")),
        None => error,
    }))
}

fn file(
    templar: &Templar,
    secrets: &VaultSecrets,
    path: &Path,
    cwd: &Path,
    scope: &Rc<VariableScope>,
) -> Result<Value> {
    let full = cwd.join(path);
    let shown = path.display().to_string();
    let unreadable = |error: &dyn std::fmt::Display| Failure::generic(format!("{shown} cannot be read: {error}"));
    let mut bytes = std::fs::read(&full).map_err(|error| unreadable(&error))?;
    if is_encrypted(&bytes) {
        bytes = secrets.decrypt(&bytes)?.to_vec();
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it is not UTF-8"))?;
    let folder = full.parent().unwrap_or(cwd);
    // What a template of a role includes stands beside it.
    let search: Vec<PathBuf> =
        [folder, cwd].iter().flat_map(|folder| [folder.join("templates"), (*folder).to_owned()]).collect();
    let variables: Dict = file_variables(&shown, &full, None, scope.layers().raw("ansible_managed").is_none());
    let scope = scope.with(Layer::Loop, variables);
    let source = Str::trusted(text, Some(Origin { file: shown.as_str().into(), line: 1, column: 1 }));
    templar.render_file(&source, &shown, &Templar::file_options(), search, &scope).map_err(failure)
}

fn failure(error: TemplateError) -> Failure {
    let mut diagnostic = Diagnostic::error(error.message);
    if let Some(span) = error.line.map(|line| *line).or(error.origin) {
        diagnostic = diagnostic.at(span, "");
    }
    diagnostic.help = error.help.map(String::from);
    Failure::Generic(Box::new(diagnostic))
}
