//! What a play asks for before it begins: `vars_prompt`, and the files of `vars_files`.

use std::{path::PathBuf, rc::Rc, sync::Arc};

use jinja::{Dict, Value};

use super::{
    playbooks::{RunError, span_of, trusted},
    run::Run,
};
use crate::{
    action::{Answer, boolean},
    diagnostic::Diagnostic,
    playbook::Play,
    template::VariableScope,
};

/// Asks for the variables of `vars_prompt` that are not given with `-e`.
pub(super) async fn ask(run: &Run, play: &Play, vars: &Dict) -> Result<(), RunError> {
    for question in &play.vars_prompt {
        let scope = run.variables.scope(None, None);
        let text = |name: &str| -> Result<Option<String>, RunError> {
            match question.options.raw(name) {
                None | Some(Value::None) => Ok(None),
                Some(raw) => Ok(Some(scope.templar().render_text(&raw, &scope)?)),
            }
        };
        let flag = |name: &str, default: bool| -> Result<bool, RunError> {
            match question.options.raw(name) {
                None => Ok(default),
                Some(raw) => Ok(boolean(&scope.templar().render(&raw, &scope)?).unwrap_or(default)),
            }
        };
        let name = scope.templar().render_text(&question.name, &scope)?;
        if run.variables.extra().contains(&name) {
            continue;
        }
        let prompt = text("prompt")?.unwrap_or_else(|| name.clone());
        let default = text("default")?;
        let private = flag("private", true)?;
        let shown = match &default {
            Some(default) => format!("{prompt} [{default}]: "),
            None => format!("{prompt}: "),
        };
        if text("encrypt")?.is_some() {
            let diagnostic = Diagnostic::error("vars_prompt: `encrypt` is not done yet");
            return Err(RunError::Stopped(Box::new(match span_of(&question.name) {
                Some(span) => diagnostic.at(span, "this question"),
                None => diagnostic,
            })));
        }
        let answer = loop {
            let first = line(run, &shown, !private, default.as_deref()).await?;
            if !flag("confirm", false)? {
                break first;
            }
            let again = line(run, &format!("confirm {shown}"), !private, default.as_deref()).await?;
            if first == again {
                break first;
            }
            run.emit(&crate::event::Event::Prompt("***** VALUES ENTERED DO NOT MATCH ****".to_owned()));
        };
        // As ansible-core has it: what nobody answered is the text of Python's None.
        let answer = answer.unwrap_or_else(|| "None".to_owned());
        let value = if flag("unsafe", false)? { Value::from(answer) } else { trusted(&answer) };
        vars.insert(name, value);
    }
    Ok(())
}

/// The answer, or the default; none where there is neither.
async fn line(run: &Run, prompt: &str, echo: bool, default: Option<&str>) -> Result<Option<String>, RunError> {
    match run.prompt.ask(prompt.to_owned(), echo, None).await {
        Answer::Line(line) if line.is_empty() => Ok(Some(default.unwrap_or_default().to_owned())),
        Answer::Line(line) => Ok(Some(line)),
        Answer::TimeOver | Answer::NoTerminal => {
            run.warn("Not prompting as we are not in interactive mode");
            Ok(default.map(str::to_owned))
        }
        Answer::Abort => {
            run.aborted.set(true);
            Ok(None)
        }
    }
}

/// Reads `vars_files` for the hosts of a batch: their names may depend on a host's variables.
pub(super) fn load_vars_files_for(run: &Run, play: &Play, hosts: &[Arc<str>]) -> Result<(), RunError> {
    if play.scope.vars_files.is_empty() {
        return Ok(());
    }
    for host in hosts {
        load_vars_files(run, play, Some(host))?;
    }
    Ok(())
}

/// Reads `vars_files` for one host, or before any host is known.
pub(super) fn load_vars_files(run: &Run, play: &Play, host: Option<&Arc<str>>) -> Result<(), RunError> {
    let mut files = Vec::new();
    for entry in &play.scope.vars_files {
        let scope = run.variables.scope(host, None);
        let choices = match entry {
            Value::List(list) => list.raw_values(),
            one => vec![one.clone()],
        };
        let mut tried = Vec::new();
        let mut found = None;
        for choice in &choices {
            let name = match scope.templar().render_text(choice, &scope) {
                Ok(name) => name,
                // Before facts are there, a name that needs them is passed over.
                Err(error) if error.undefined => {
                    if host.is_some() {
                        run.warn("skipping vars_files item due to an undefined variable");
                    }
                    found = Some(None);
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            tried.push(name.clone());
            if let Some(path) = find(&run.config.environment, play, &name) {
                found = Some(Some(path));
                break;
            }
        }
        match found {
            Some(Some(path)) => files.push(read(run, &path, &scope)?),
            Some(None) => {}
            None => return Err(missing(play, &tried, choices.first())),
        }
    }
    run.variables.set_vars_files(host, files);
    Ok(())
}

fn find(environment: &crate::config::Environment, play: &Play, name: &str) -> Option<PathBuf> {
    let expanded = environment.expand_user(name);
    let path = PathBuf::from(&expanded);
    if path.is_absolute() {
        return path.exists().then_some(path);
    }
    let base = PathBuf::from(&*play.scope.basedir);
    [base.join("vars").join(&path), base.join(&path)].into_iter().find(|path| path.exists())
}

fn read(run: &Run, path: &std::path::Path, _scope: &Rc<VariableScope>) -> Result<Dict, RunError> {
    run.loader.borrow_mut().load_variables(path).map_err(RunError::Refused)
}

fn missing(play: &Play, tried: &[String], written: Option<&Value>) -> RunError {
    let name = tried.first().cloned().unwrap_or_default();
    let mut diagnostic = Diagnostic::error(format!("vars file {name} was not found"))
        .help(format!("it was looked for in {}/vars and beside it", play.scope.basedir));
    if let Some(span) = written.and_then(span_of) {
        diagnostic = diagnostic.at(span, "named here");
    }
    RunError::Stopped(Box::new(diagnostic))
}
