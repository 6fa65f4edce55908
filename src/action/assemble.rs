//! `assemble`: a file is made of the files of a folder, of the host or of the control node.
//!
//! Source: Ansible documentation, `ansible.builtin.assemble`.

use std::{fs, path::Path};

use modules::support::fragments::Fragments;
use pyregex::{Flags, Regex};

use super::{ActionContext, ActionError, ActionOutcome, Local, copy, files, module, remote};

/// Options that are not sent on with what was put together here.
const OWN: [&str; 5] = ["remote_src", "regexp", "delimiter", "ignore_hidden", "decrypt"];

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let mut arguments = module::to_map(context.args)?;
        arguments.shift_remove("decrypt");
        let (Some(src), Some(dest)) = (context.text("src"), context.text("dest")) else {
            return Err(ActionError::refused("src and dest are required"));
        };
        let outcome = if context.flag("remote_src", true) {
            module::call(context, "assemble", arguments, None).await?
        } else {
            let folder = files::find(context, "files", &src)?;
            if !folder.is_dir() {
                return Err(ActionError::refused(format!("Source ({}) is not a directory", folder.display())));
            }
            let (bytes, secret) = assembled(context, &folder)?;
            let dest = remote::expanded(context, &dest).await?;
            arguments.retain(|name, _| !OWN.contains(&name.as_str()));
            copy::by_module(context, &arguments, bytes, secret, &dest).await?
        };
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}

/// What the file shall hold, and whether some of it comes out of a vault.
fn assembled(context: &ActionContext<'_>, folder: &Path) -> Result<(Vec<u8>, bool), ActionError> {
    let failed = |why: String| ActionError::failed(why);
    let pattern = context.text("regexp").map(|regexp| Regex::new(&regexp, Flags::default()));
    let pattern = pattern.transpose().map_err(|error| failed(error.to_string()))?;
    let delimiter = context.text("delimiter");
    let decrypt = context.flag("decrypt", true);
    let fragments = Fragments {
        delimiter: delimiter.as_deref(),
        pattern: pattern.as_ref(),
        ignore_hidden: context.flag("ignore_hidden", false),
        always_new_line: true,
    };
    let mut secret = false;
    let bytes = fragments.assemble(folder, failed, |path| {
        let bytes = fs::read(path).map_err(|error| files::unreadable(path, &error))?;
        let plain = if decrypt { files::plain_of(context, path, &bytes)? } else { None };
        secret |= plain.is_some();
        Ok(plain.unwrap_or(bytes))
    });
    Ok((bytes?, secret))
}
