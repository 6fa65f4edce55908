//! `uri`: files of the control node go to the host with the request.
//!
//! Source: Ansible documentation, `ansible.builtin.uri`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use connection::ContentSource;
use modules::support::multipart::INLINE;
use protocol::{Data, Map};

use super::{ActionContext, ActionError, ActionOutcome, Local, files, module};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        if context.settings.check_mode {
            return Err(ActionError::Skipped(format!(
                "This action ({}) does not support check mode.",
                context.written_name
            )));
        }
        let mut arguments = module::to_map(context.args)?;
        let mut content = None;
        let src = context.text("src").filter(|src| !src.is_empty());
        if !context.flag("remote_src", false) {
            if let Some(src) = src {
                content = Some(ContentSource::File(files::find(context, "files", &src)?));
            } else if context.text("body_format").as_deref() == Some("form-multipart") {
                send_files(context, &mut arguments)?;
            }
        }
        let outcome = module::call(context, "uri", arguments, content).await?;
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}

/// Puts the content of files that a form names beside their names.
fn send_files(context: &ActionContext<'_>, arguments: &mut Map) -> Result<(), ActionError> {
    let fields = match arguments.get_mut("body") {
        Some(Data::Map(fields)) => fields,
        other => {
            let kind = match other {
                Some(Data::Str(_)) => "_AnsibleTaggedStr",
                Some(Data::List(_)) => "_AnsibleTaggedList",
                Some(Data::Int(_) | Data::BigInt(_)) => "_AnsibleTaggedInt",
                Some(Data::Float(_)) => "_AnsibleTaggedFloat",
                Some(Data::Bool(_)) => "bool",
                _ => "NoneType",
            };
            return Err(ActionError::refused(format!("body must be mapping, cannot be type {kind}")));
        }
    };
    for value in fields.values_mut() {
        let Data::Map(field) = value else { continue };
        let is_given = |key: &str| {
            field
                .get(key)
                .is_some_and(|value| !matches!(value, Data::Null | Data::Bool(false)) && value.as_str() != Some(""))
        };
        if !is_given("filename") || is_given("content") {
            continue;
        }
        let Some(name) = field.get("filename").and_then(Data::as_str) else { continue };
        let path = files::find(context, "files", name)?;
        let bytes = std::fs::read(&path)
            .map_err(|error| ActionError::failed(format!("could not read {}: {error}", path.display())))?;
        field.insert(INLINE.to_owned(), BASE64_STANDARD.encode(bytes).into());
    }
    Ok(())
}
