//! What actions ask of the host about paths before they send anything.

use protocol::{Data, Map, Outcome, arguments::python};

use super::{ActionContext, ActionError};

/// A path, with the home of the host's user in the place of `~` where it begins so.
///
/// # Errors
///
/// The host cannot be reached.
pub(super) async fn expanded(context: &ActionContext<'_>, path: &str) -> Result<String, ActionError> {
    if !path.starts_with('~') {
        return Ok(path.to_owned());
    }
    let outcome = ask(context, path, false).await?;
    Ok(outcome.arguments.get("path").map_or_else(|| path.to_owned(), python::str))
}

/// What is at a path, links followed: the `stat` module's keys.
///
/// # Errors
///
/// The host cannot be reached, or cannot look.
pub(super) async fn stat(context: &ActionContext<'_>, path: &str) -> Result<Map, ActionError> {
    let outcome = ask(context, path, true).await?;
    if outcome.failed {
        let reason = outcome.message().unwrap_or_default();
        return Err(ActionError::failed(format!("Failed to get information on remote file ({path}): {reason}")));
    }
    Ok(outcome.values.get("stat").and_then(Data::as_map).cloned().unwrap_or_default())
}

/// Whether something is at a path.
///
/// # Errors
///
/// As [`stat`].
pub(super) async fn exists(context: &ActionContext<'_>, path: &str) -> Result<bool, ActionError> {
    Ok(is(&stat(context, path).await?, "exists"))
}

/// Whether a key of [`stat`] is there and true.
pub(super) fn is(stat: &Map, key: &str) -> bool {
    stat.get(key).and_then(Data::as_bool).unwrap_or(false)
}

async fn ask(context: &ActionContext<'_>, path: &str, follow: bool) -> Result<Outcome, ActionError> {
    let mut arguments = Map::from([("path".to_owned(), Data::from(path)), ("follow".to_owned(), follow.into())]);
    arguments.extend(["get_checksum", "get_mime", "get_attributes"].map(|name| (name.to_owned(), Data::Bool(false))));
    Ok(context.target.call(context.invocation("stat", arguments), None).await?)
}
