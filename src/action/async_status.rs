//! `async_status`: asks for a job in the background.
//!
//! Source: Ansible documentation, `ansible.builtin.async_status`.

use protocol::{Data, Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Local, TargetError, module};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        let folder = context.settings.async_folder.as_str();
        arguments.insert("_async_dir".to_owned(), Data::from(folder));
        let jid = context.text("jid").unwrap_or_default();
        let mut outcome = module::call(context, "async_status", arguments, None).await?;
        complete(&mut outcome.values, folder, &jid);
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}

/// Asks the host about a job that this task waits for.
///
/// # Errors
///
/// The host cannot be reached.
pub async fn ask(context: &ActionContext<'_>, jid: &str, mode: &str) -> Result<Outcome, TargetError> {
    let folder = context.settings.async_folder.as_str();
    let arguments = [("jid", jid), ("mode", mode), ("_async_dir", folder)];
    let arguments = arguments.map(|(name, value)| (name.to_owned(), Data::from(value))).into_iter().collect();
    let mut invocation = context.invocation("async_status", arguments);
    invocation.check_mode = false;
    let mut outcome = context.target.call(invocation, None).await?;
    module::add_lines(&mut outcome.values);
    complete(&mut outcome.values, folder, jid);
    Ok(outcome)
}

/// Adds what every answer about a job has, whatever the module said.
fn complete(values: &mut Map, folder: &str, jid: &str) {
    let file = format!("{}/{jid}", folder.trim_end_matches('/'));
    let file = if values.contains_key("erased") { ("erased", file) } else { ("results_file", file) };
    values.entry(file.0.to_owned()).or_insert(Data::from(file.1));
    values.entry("ansible_job_id".to_owned()).or_insert(Data::from(jid));
    for stream in ["stdout", "stderr"] {
        values.entry(stream.to_owned()).or_insert(Data::from(""));
        values.entry(format!("{stream}_lines")).or_insert(Data::List(Vec::new()));
    }
    for state in ["started", "finished"] {
        values.entry(state.to_owned()).or_insert(Data::Bool(false));
    }
}
