//! `raw`: a command for the host's shell, with nothing of ours on the host.
//!
//! Source: Ansible documentation, `ansible.builtin.raw`.

use protocol::Outcome;

use super::{ActionContext, ActionError, ActionOutcome, Local, module::add_lines};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        if context.settings.check_mode {
            // Ansible skips it, for nobody knows what it would do.
            return Ok(Outcome { skipped: true, ..Outcome::default() }.into());
        }
        let command = context.text("_raw_params").or_else(|| context.text("free_form")).unwrap_or_default();
        let command = match context.text("executable") {
            Some(shell) => format!("{shell} -c {}", quoted(&command)),
            None => command,
        };
        let command = with_environment(context, &command);
        let output = context.target.raw(command, None).await?;
        let mut outcome = Outcome::changed(true);
        outcome.set("rc", output.rc);
        outcome.set("stdout", String::from_utf8_lossy(&output.stdout).into_owned());
        outcome.set("stderr", String::from_utf8_lossy(&output.stderr).into_owned());
        add_lines(&mut outcome.values);
        if output.rc != 0 {
            outcome.failed = true;
            outcome.msg = Some("non-zero return code".to_owned());
        }
        Ok(outcome.into())
    })
}

/// A word for a POSIX shell.
pub(super) fn quoted(text: &str) -> String {
    let safe =
        !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "@%+=:,./-_".contains(letter));
    if safe { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\"'\"'")) }
}

/// The command with the task's `environment` before it.
pub(super) fn with_environment(context: &ActionContext<'_>, command: &str) -> String {
    let words: Vec<String> =
        context.settings.environment.iter().map(|(name, value)| format!("{name}={} ", quoted(value))).collect();
    format!("{}{command}", words.concat())
}
