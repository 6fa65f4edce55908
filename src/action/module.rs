//! The action of every task that is a module alone: check the arguments, send, return.

use connection::ContentSource;
use jinja::Dict;
use protocol::{
    Data, Map, Outcome,
    arguments::{Specification, remove_values, secrets_of, validate},
};

use super::{ActionContext, ActionError, ActionOutcome, Detail};
use crate::template::data::to_data;

/// Runs the module that the task names with the task's arguments.
///
/// # Errors
///
/// The host cannot be reached, or the module is not there.
pub async fn run(context: &ActionContext<'_>) -> Result<ActionOutcome, ActionError> {
    let arguments = to_map(context.args)?;
    Ok(ActionOutcome {
        outcome: call_as(context, context.name, shown_name(context.name, context.written_name), arguments, None)
            .await?,
        by_module: true,
        // Facts are too much for any screen.
        detail: if context.name == "setup" { Detail::Hidden } else { Detail::ByVerbosity },
        ..ActionOutcome::default()
    })
}

/// Checks arguments against a module's options and runs it. Wrong arguments are a failed result, as if the module had
/// said so: nothing is sent.
///
/// # Errors
///
/// The host cannot be reached, or the module is not there.
pub async fn call(
    context: &ActionContext<'_>,
    module: &str,
    arguments: Map,
    content: Option<ContentSource>,
) -> Result<Outcome, ActionError> {
    call_as(context, module, shown_name(module, module), arguments, content).await
}

/// As [`call`], with the name under which error texts speak of the module.
///
/// # Errors
///
/// As [`call`].
pub async fn call_as(
    context: &ActionContext<'_>,
    module: &str,
    shown_name: &str,
    arguments: Map,
    content: Option<ContentSource>,
) -> Result<Outcome, ActionError> {
    let Some(entry) = modules::registry::find(module) else {
        // A path: the loader found a Python module of that name.
        let what =
            if module.contains('/') { "a Python module, which provision does not run" } else { "not written yet" };
        return Err(ActionError::failed(format!("the module {module} is {what}")));
    };
    let specification = &entry.specification;
    let validated = match validate(specification, arguments) {
        Ok(validated) => validated,
        Err(error) => {
            let mut message = Data::Str(error.message(shown_name));
            // A secret that was given shows in no message either.
            remove_values(&mut message, &secrets_of(specification.options, &error.arguments));
            let mut outcome = Outcome::failure(message.as_str().unwrap_or_default());
            let mut module_args = error.arguments;
            for option in specification.options {
                module_args.entry(option.name.to_owned()).or_default();
            }
            outcome.set("invocation", shown_invocation(specification, module_args));
            return Ok(outcome);
        }
    };
    let mut module_args = validated.module_args();
    // What was not given is not sent: the helper fills in the same defaults.
    let mut invocation = context.invocation(module, validated.given_arguments());
    if context.settings.async_seconds > 0 {
        invocation.job = Some(protocol::invocation::Job {
            id: job_id(),
            limit_seconds: context.settings.async_seconds,
            folder: context.settings.async_folder.clone(),
        });
    }
    let mut outcome = context.target.call(invocation, content).await?;
    add_lines(&mut outcome.values);
    outcome.warnings.splice(0..0, validated.warnings);
    // The values that the module worked out itself stand in for those that were sent.
    module_args.extend(std::mem::take(&mut outcome.arguments));
    let shown = shown_invocation(specification, module_args);
    outcome.values.entry("invocation".to_owned()).or_insert(shown);
    Ok(outcome)
}

/// `invocation` of a call, without secrets.
fn shown_invocation(specification: &Specification, mut module_args: Map) -> Data {
    let secrets = secrets_of(specification.options, &module_args);
    for value in module_args.values_mut() {
        remove_values(value, &secrets);
    }
    Data::Map(Map::from([("module_args".to_owned(), Data::Map(module_args))]))
}

/// What is shown as `invocation` of a module that another one stood in for.
pub(super) fn invocation_of(module: &str, arguments: Map) -> Data {
    match modules::registry::find(module).map(|entry| (entry, validate(&entry.specification, arguments))) {
        Some((entry, Ok(validated))) => shown_invocation(&entry.specification, validated.module_args()),
        _ => Data::Null,
    }
}

/// Adds `stdout_lines` and `stderr_lines` to what a host answered.
pub(super) fn add_lines(values: &mut Map) {
    for (text, lines) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        if let Some(Data::Str(content)) = values.get(text)
            && !values.contains_key(lines)
        {
            let content = content.clone();
            values.insert(lines.to_owned(), Data::List(python_lines(&content).into_iter().map(Data::from).collect()));
        }
    }
}

/// Python's `str.splitlines()`.
fn python_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|letter| {
            matches!(
                letter,
                '\n' | '\r' | '\x0b' | '\x0c' | '\x1c' | '\x1d' | '\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
            )
        });
        match end {
            None => {
                lines.push(rest);
                rest = "";
            }
            Some(at) => {
                let (line, tail) = rest.split_at(at);
                lines.push(line);
                let width = if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(1, char::len_utf8) };
                rest = tail.get(width..).unwrap_or_default();
            }
        }
    }
    lines
}

/// The name under which Ansible's error texts speak of a module: as the task has it, unless an action of ansible-core
/// stands before the module.
fn shown_name<'a>(module: &str, written: &'a str) -> &'a str {
    match module {
        "assemble" => "ansible.legacy.assemble",
        "command" | "shell" => "ansible.legacy.command",
        "copy" => "ansible.legacy.copy",
        "slurp" => "ansible.legacy.slurp",
        "unarchive" => "ansible.legacy.unarchive",
        "uri" => "ansible.legacy.uri",
        _ => written,
    }
}

/// `j`, twelve digits and a process id, as Ansible's.
fn job_id() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("j{:012}.{}", (now.as_nanos() / 7) % 1_000_000_000_000, std::process::id())
}

/// Arguments as data.
///
/// # Errors
///
/// One of them cannot be sent (a function, an undefined value).
pub fn to_map(args: &Dict) -> Result<Map, ActionError> {
    let mut map = Map::new();
    for (key, value) in args.raw_items() {
        let key = key.to_str().map_err(|error| ActionError::failed(error.message))?;
        map.insert(key, to_data(&value)?);
    }
    Ok(map)
}

/// Refuses arguments that an action does not know.
///
/// # Errors
///
/// There is one: Ansible's words.
pub(super) fn check_names(context: &ActionContext<'_>, known: &[&str]) -> Result<(), ActionError> {
    let mut unknown: Vec<String> = context
        .args
        .keys()
        .iter()
        .filter_map(|key| key.to_str().ok())
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    unknown.sort();
    Err(ActionError::refused(format!("Invalid options for {}: {}", context.written_name, unknown.join(","))))
}

#[cfg(test)]
mod tests {
    use super::python_lines;

    #[test]
    fn lines_are_split_as_python_splits_them() {
        assert_eq!(python_lines("a\nb\r\nc\n"), ["a", "b", "c"]);
        assert_eq!(python_lines("\n\n"), ["", ""]);
        assert_eq!(python_lines("a\u{2028}b"), ["a", "b"]);
        assert!(python_lines("").is_empty());
    }
}
