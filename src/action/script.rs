//! `script`: runs a script of the control node on the host.
//!
//! Source: Ansible documentation, `ansible.builtin.script`.

use std::path::Path;

use connection::ContentSource;
use modules::support::shlex;
use protocol::{Data, Map, arguments::validate};

use super::{ActionContext, ActionError, ActionOutcome, Local, files, local_name, module, raw};
use crate::diagnostic::{ErrorChain, Link};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = checked(context)?;
        let mut invocation = context.invocation("script", Map::new());
        // The environment stands before the script, as Ansible writes it, and not before what follows in the line.
        invocation.environment.clear();
        arguments.insert("_assignments".to_owned(), Data::from(raw::with_environment(context, "")));
        arguments.insert("_shell".to_owned(), Data::from(context.target.shell()));
        // `creates` and `removes` are asked for first; what is wrong on this side is said only where they let the script
        // run.
        let mut wrong = None;
        let mut content = None;
        match prepare(context, &arguments) {
            Ok((name, source)) => {
                arguments.insert("_name".to_owned(), Data::from(name));
                content = Some(source);
            }
            Err(error) if has(&arguments, "creates") || has(&arguments, "removes") => {
                wrong = Some(error);
                invocation.check_mode = true;
            }
            Err(error) => return Err(error),
        }
        let mut farewell = None;
        if !invocation.check_mode {
            farewell = context.target.terminal_farewell().await?;
            arguments.insert("_terminal".to_owned(), Data::from(farewell.is_some()));
        }
        invocation.arguments = arguments;
        let mut outcome = context.target.call(invocation, content).await?;
        if outcome.skipped {
            return Err(ActionError::Skipped(outcome.msg.unwrap_or_default()));
        }
        if let Some(error) = wrong {
            return Err(error);
        }
        if let (Some(farewell), Some(Data::Str(stderr))) = (farewell, outcome.values.get_mut("stderr")) {
            stderr.push_str(&farewell);
        }
        module::add_lines(&mut outcome.values);
        Ok(outcome.into())
    })
}

/// The task's arguments, checked.
fn checked(context: &ActionContext<'_>) -> Result<Map, ActionError> {
    let Some(entry) = modules::registry::find("script") else {
        return Err(ActionError::failed("the helper has no half of the action script"));
    };
    let validated = validate(&entry.specification, module::to_map(context.args)?)
        .map_err(|error| ActionError::refused(error.message(context.written_name)))?;
    let mut given = validated.arguments;
    given.retain(|_, value| !value.is_null());
    Ok(given)
}

fn has(arguments: &Map, option: &str) -> bool {
    text(arguments, option).is_some_and(|text| !text.is_empty())
}

fn text<'a>(arguments: &'a Map, option: &str) -> Option<&'a str> {
    arguments.get(option).and_then(Data::as_str)
}

/// The script's name on the host, and its content.
fn prepare(context: &ActionContext<'_>, arguments: &Map) -> Result<(String, ContentSource), ActionError> {
    if let Some(folder) = text(arguments, "chdir").filter(|folder| !folder.is_empty() && !folder.starts_with('/')) {
        let message = format!("chdir {folder} must be an absolute path for a Unix-aware remote node");
        return Err(ActionError::refused(message));
    }
    let line = ["_raw_params", "cmd"].into_iter().find_map(|option| text(arguments, option)).unwrap_or_default();
    let words = shlex::split(line.trim()).map_err(ActionError::failed)?;
    // What Python says of the first of no words.
    let script = words.first().ok_or_else(|| ActionError::failed("list index out of range"))?;
    let path = files::find(context, "files", script).map_err(in_own_words)?;
    match files::open_vault(context, &path).map_err(in_own_words)? {
        // The name says nothing of what was encrypted: on the host the script has one of chance, as with Ansible.
        Some(plain) => {
            let name = file_name(&local_name::temporary(context.environment, "tmp"));
            Ok((name, ContentSource::Bytes(plain.into())))
        }
        None => Ok((file_name(&path), ContentSource::File(path))),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What is wrong with a file, said by the action itself.
fn in_own_words(error: ActionError) -> ActionError {
    match error {
        ActionError::Failed(chain) => {
            let link = Link::new(chain.brief()).while_handling();
            ActionError::Refused(ErrorChain::new(link), Map::new())
        }
        other => other,
    }
}
