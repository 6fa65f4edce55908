//! What a play asks the operator before it begins: `vars_prompt`.

use jinja::{Dict, Value};

use super::{
    playbooks::{RunError, trusted},
    run::Run,
};
use crate::{
    action::{Answer, boolean},
    diagnostic::Diagnostic,
    playbook::{Located, Play, VarsPrompt},
    template::password_hash::{Settings, hash_password},
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
        let answer = match text("encrypt")?.filter(|algorithm| !algorithm.is_empty()) {
            Some(algorithm) => {
                let value = |name: &str| -> Result<Option<Value>, RunError> {
                    Ok(question.options.raw(name).map(|raw| scope.templar().render(&raw, &scope)).transpose()?)
                };
                let settings = Settings { salt: value("salt")?, salt_size: value("salt_size")?, ..Settings::default() };
                hash_password(&Value::from(answer), &algorithm, &settings).map_err(|error| refused(question, &error))?
            }
            None => answer,
        };
        let value = if flag("unsafe", false)? { Value::from(answer) } else { trusted(&answer) };
        vars.insert(name, value);
    }
    Ok(())
}

fn refused(question: &VarsPrompt, error: &jinja::Error) -> RunError {
    let diagnostic = Diagnostic::error(error.message.clone());
    RunError::Stopped(Box::new(match question.name.place() {
        Some(span) => diagnostic.at(span, "the answer to this question"),
        None => diagnostic,
    }))
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
