//! `unarchive`: an archive of the control node goes to the host and is unpacked there.
//!
//! Source: Ansible documentation, `ansible.builtin.unarchive`.

use connection::ContentSource;
use protocol::Data;

use super::{ActionContext, ActionError, ActionOutcome, Local, files, module, remote};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        let mut remote_src = context.flag("remote_src", false);
        if arguments.contains_key("copy") {
            if arguments.contains_key("remote_src") {
                return Err(ActionError::refused("parameters are mutually exclusive: ('copy', 'remote_src')"));
            }
            arguments.shift_remove("copy");
            remote_src = !context.flag("copy", false);
            arguments.insert("remote_src".to_owned(), Data::Bool(remote_src));
        }
        let (Some(src), Some(dest)) = (context.text("src"), context.text("dest")) else {
            return Err(ActionError::refused("src (or content) and dest are required"));
        };
        if let Some(creates) = context.text("creates").filter(|creates| !creates.is_empty()) {
            let creates = remote::expanded(context, &creates).await?;
            if remote::exists(context, &creates).await? {
                return Err(ActionError::Skipped(format!("skipped, since {creates} exists")));
            }
        }
        let dest = remote::expanded(context, &dest).await?;
        let mut content = None;
        if !remote_src {
            if src.contains("://") {
                let src = http::url::mask(&src);
                return Err(ActionError::refused(format!(
                    "Unsupported option, an URI src ({src}) is only supported when remote_src is True"
                )));
            }
            let path = files::find(context, "files", &src)?;
            let plain = if context.flag("decrypt", true) { files::open_vault(context, &path)? } else { None };
            content = Some(plain.map_or(ContentSource::File(path), |plain| ContentSource::Bytes(plain.into())));
        }
        let there = remote::stat(context, &dest).await?;
        if !remote::is(&there, "exists") || !remote::is(&there, "isdir") {
            return Err(ActionError::refused(format!("dest '{dest}' must be an existing dir")));
        }
        arguments.shift_remove("decrypt");
        let outcome = module::call(context, "unarchive", arguments, content).await?;
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}
