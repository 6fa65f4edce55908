//! `script`: runs a script of the control node on the host.
//!
//! Source: Ansible documentation, `ansible.builtin.script`.

use connection::ContentSource;
use protocol::{Data, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Local, files, module};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let line = context.text("_raw_params").or_else(|| context.text("cmd")).unwrap_or_default();
        let words = modules::support::shlex::split(&line)
            .map_err(|error| ActionError::failed(format!("cannot split {line:?} into words: {error}")))?;
        let Some((script, arguments)) = words.split_first() else {
            return Err(ActionError::failed("missing required arguments: cmd"));
        };
        let path = files::find(context, "files", script)?;
        let mut sent = module::to_map(context.args)?;
        sent.shift_remove("_raw_params");
        sent.shift_remove("cmd");
        sent.shift_remove("decrypt");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        sent.insert("name".to_owned(), Data::from(name));
        sent.insert("arguments".to_owned(), Data::from(arguments.to_vec()));
        let content = match std::fs::read(&path) {
            Ok(bytes) if bytes.starts_with(b"$ANSIBLE_VAULT;") && context.flag("decrypt", true) => {
                let plain = context.vault.open(&path.display().to_string(), &bytes).map_err(ActionError::failed)?;
                ContentSource::Bytes(plain.into())
            }
            Ok(_) => ContentSource::File(path.clone()),
            Err(error) => return Err(ActionError::failed(format!("could not read {}: {error}", path.display()))),
        };
        let mut outcome: Outcome = module::call(context, "script", sent, Some(content)).await?;
        outcome.values.shift_remove("invocation");
        Ok(outcome.into())
    })
}
