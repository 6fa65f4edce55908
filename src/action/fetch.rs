//! `fetch`: files of the host to the control node.
//!
//! Source: Ansible documentation, `ansible.builtin.fetch`.

use std::path::{Path, PathBuf};

use protocol::{Data, Map, Outcome};
use sha1::{Digest, Sha1};

use super::{ActionContext, ActionError, ActionOutcome, Local};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        if context.settings.check_mode {
            return Err(ActionError::Skipped("check mode not (yet) supported for this module".to_owned()));
        }
        let (Some(src), Some(dest)) = (context.text("src"), context.text("dest")) else {
            return Err(ActionError::failed("src and dest are required"));
        };
        let flat = context.flag("flat", false);
        let fail_on_missing = context.flag("fail_on_missing", true);
        let destination = destination(context, &src, &dest, flat)?;
        let before = local_checksum(&destination);
        let mut arguments = Map::new();
        arguments.insert("src".to_owned(), Data::from(src.as_str()));
        arguments.insert("dest".to_owned(), Data::from(dest));
        arguments.insert("checksum".to_owned(), Data::from(before.clone()));
        let invocation = context.invocation("fetch", arguments);
        let outcome = context.target.receive(invocation, destination.clone()).await?;
        if outcome.failed {
            return Ok(missing(&src, outcome, fail_on_missing).into());
        }
        let remote = outcome.values.get("checksum").cloned().unwrap_or_default();
        let after = local_checksum(&destination);
        let mut result = Outcome::changed(before != after);
        let md5 = outcome.values.get("md5sum").cloned().unwrap_or_default();
        let dest = destination.display().to_string();
        if before == after {
            result.set("md5sum", md5);
            result.set("file", src);
            result.set("dest", dest);
            result.set("checksum", remote);
        } else {
            if context.flag("validate_checksum", true) && Data::from(after.clone()) != remote {
                let mut failure =
                    Outcome { failed: true, msg: Some("checksum mismatch".to_owned()), ..Outcome::default() };
                failure.set("file", src);
                failure.set("dest", dest);
                return Ok(failure.into());
            }
            result.set("md5sum", md5);
            result.set("dest", dest);
            result.set("remote_md5sum", Data::Null);
            result.set("checksum", Data::from(after));
            result.set("remote_checksum", remote);
        }
        Ok(result.into())
    })
}

/// The result where there is no such file: a failure, or not.
fn missing(src: &str, outcome: Outcome, fail: bool) -> Outcome {
    let msg = outcome.msg.unwrap_or_else(|| "the remote file does not exist, not transferring, ignored".to_owned());
    let mut result = Outcome { failed: fail, changed: Some(false), ..Outcome::default() };
    result.msg = Some(if fail { msg.trim_end_matches(", ignored").to_owned() } else { msg });
    result.set("file", src);
    result
}

fn destination(context: &ActionContext<'_>, src: &str, dest: &str, flat: bool) -> Result<PathBuf, ActionError> {
    let dest = context.environment.expand_user(dest);
    let base =
        |path: &str| if Path::new(path).is_absolute() { PathBuf::from(path) } else { context.playbook_dir.join(path) };
    let name = Path::new(src).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if flat {
        let folder = dest.ends_with('/');
        if !folder && base(&dest).is_dir() {
            return Err(ActionError::failed(
                "dest is an existing directory, use a trailing slash if you want to fetch src into that directory",
            ));
        }
        return Ok(if folder { base(&dest).join(name) } else { base(&dest) });
    }
    let target = format!("{}/{}/{}", dest.trim_end_matches('/'), context.host, src.trim_start_matches(['~', '/']));
    // A host's file name must not lead out of the folder.
    let normal = crate::config::normalize(&base(&target));
    if !normal.starts_with(crate::config::normalize(&base(&dest))) {
        return Err(ActionError::failed(format!("the path {src} leads out of {dest}")));
    }
    Ok(normal)
}

fn local_checksum(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    Some(Sha1::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
