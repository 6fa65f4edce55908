//! `fetch`: files of the host to the control node.
//!
//! Source: Ansible documentation, `ansible.builtin.fetch`.

use std::path::{Path, PathBuf};

use jinja::Value;
use modules::support::checksum::Algorithm;
use protocol::{Data, Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Local, remote};
use crate::diagnostic::{ErrorChain, Link};

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        if context.settings.check_mode {
            return Err(ActionError::Skipped("check mode not (yet) supported for this module".to_owned()));
        }
        let (Some(src), Some(dest)) = (context.arg("src"), context.arg("dest")) else {
            return Err(ActionError::refused("src and dest are required"));
        };
        let (src, dest) = match (src, dest) {
            (Value::Str(src), Value::Str(dest)) => (src.as_str().to_owned(), dest.as_str().to_owned()),
            (_, dest) => {
                let option = if matches!(dest, Value::Str(_)) { "source" } else { "dest" };
                return Err(ActionError::refused(format!(
                    "Invalid type supplied for {option} option, it must be a string"
                )));
            }
        };
        let src = remote::expanded(context, &src).await?;
        let destination = destination(context, &src, &dest, context.flag("flat", false))?;
        let shown = destination.display().to_string();
        let checksum = || Algorithm::Sha1.of_file(&shown).ok();
        let before = checksum();
        let mut arguments = Map::from([("src".to_owned(), Data::from(src.as_str()))]);
        if let Some(before) = &before {
            arguments.insert("_local_checksum".to_owned(), Data::from(before.as_str()));
        }
        let invocation = context.invocation("fetch", arguments);
        let outcome = context.target.receive(invocation, destination.clone()).await?;
        if outcome.failed {
            return Ok(not_there(&src, outcome, context.flag("fail_on_missing", true)));
        }
        let remote = outcome.values.get("checksum").cloned().unwrap_or_default();
        let md5sum = Data::from(Algorithm::Md5.of_file(&shown).ok());
        if outcome.changed != Some(true) {
            let result = Outcome::changed(false).with("md5sum", md5sum).with("file", src);
            return Ok(result.with("dest", shown.as_str()).with("checksum", remote).into());
        }
        let checksum = Data::from(checksum());
        let mut result = Outcome::changed(true);
        if context.flag("validate_checksum", true) && checksum != remote {
            result = Outcome { failed: true, ..Outcome::default() }.with_msg("checksum mismatch").with("file", src);
        }
        let result = result.with("md5sum", md5sum).with("dest", shown.as_str()).with("remote_md5sum", Data::Null);
        Ok(result.with("checksum", checksum).with("remote_checksum", remote).into())
    })
}

/// The result where there is no file to fetch: a failure, or not. `_step` says how far the host came: it could not look
/// (`stat`), found a folder (`folder`), or could not read (`read`).
fn not_there(src: &str, outcome: Outcome, fail: bool) -> ActionOutcome {
    let msg = outcome.msg.clone().unwrap_or_default();
    let of_module = || {
        let mut links = vec![Link::new(msg.clone())];
        links.extend(outcome.cause.clone().map(Link::new));
        ErrorChain { links }
    };
    let result = Outcome { failed: fail, changed: Some(false), ..Outcome::default() };
    match outcome.values.get("_step").and_then(Data::as_str) {
        Some("stat") => {
            let msg = format!("Failed to get information on remote file ({src}): {msg}");
            result.with_msg(if fail { msg } else { format!("{msg}, ignored") }).with("file", src).into()
        }
        Some("folder") if fail => result.with_msg(msg).into(),
        Some("folder") => Outcome::default().with_msg(format!("{msg}, not transferring, ignored")).into(),
        _ => {
            let mut result = result;
            if msg.contains("not found") {
                result.msg = Some("the remote file does not exist, not transferring, ignored".to_owned());
            } else if fail {
                result.msg = Some(msg.clone());
            }
            if !fail {
                return result.with("file", src).into();
            }
            ActionOutcome { outcome: result, by_module: true, error: Some(of_module()), ..ActionOutcome::default() }
        }
    }
}

fn destination(context: &ActionContext<'_>, src: &str, dest: &str, flat: bool) -> Result<PathBuf, ActionError> {
    let base = |path: &str| context.environment.resolve(path, Some(context.playbook_dir));
    if !flat {
        let target = base(dest).join(context.host).join(src.trim_start_matches('/'));
        // A host's file name must not lead out of the folder.
        let normal = crate::config::normalize(&target);
        if !normal.starts_with(base(dest)) {
            return Err(ActionError::refused(format!(
                "Detected directory traversal, expected to be contained in '{dest}' but got '{}'",
                normal.display()
            )));
        }
        return Ok(normal);
    }
    let is_folder = |path: &str| context.environment.cwd.join(path).is_dir();
    if !dest.ends_with('/') {
        if is_folder(dest) {
            return Err(ActionError::refused(
                "dest is an existing directory, use a trailing slash if you want to fetch src into that directory",
            ));
        }
        return Ok(base(dest));
    }
    let name = Path::new(src).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let dest = format!("{dest}{name}");
    if is_folder(&dest) {
        return Err(ActionError::refused(format!(
            "calculated dest '{dest}' is an existing directory, use another path that does not point to an existing \
             directory"
        )));
    }
    Ok(base(&dest))
}
