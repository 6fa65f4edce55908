//! The control node's half of a diff of contents: what comes.

use std::{fs, path::Path};

use protocol::{Data, Map, Outcome};

use super::super::{ActionContext, ActionError};

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum Coming<'a> {
    /// Bytes of the control node's memory.
    Bytes(&'a [u8]),
    /// A file of it.
    File(&'a Path),
}

const HIDDEN: &str = " [[ Diff output has been hidden because 'no_log: true' was specified for this result ]]\n";
const SECRET: &str = " [[ Diff output has been hidden because the source is encrypted with a vault ]]\n";

/// Puts what comes beside what the host says is there. `name` is what it is called; a `secret` is not shown.
///
/// # Errors
///
/// The file cannot be read.
pub(super) fn complete(
    context: &ActionContext<'_>,
    there: Map,
    coming: Coming<'_>,
    name: &str,
    secret: bool,
) -> Result<Data, ActionError> {
    let mut diff = there;
    let unreadable = |error: std::io::Error| {
        let reason = modules::module::os_error(&error, Some(name));
        ActionError::failed(format!("Unexpected error while reading source ({name}) for diff: {reason}"))
    };
    let limit = context.settings.max_diff_size;
    let size = match coming {
        Coming::Bytes(bytes) => bytes.len() as u64,
        Coming::File(path) => fs::metadata(path).map_err(unreadable)?.len(),
    };
    if limit > 0 && size > limit {
        diff.insert("src_larger".to_owned(), Data::from(limit));
    } else {
        let read = match coming {
            Coming::Bytes(bytes) => bytes.to_vec(),
            Coming::File(path) => fs::read(path).map_err(unreadable)?,
        };
        if read.contains(&0) {
            diff.insert("src_binary".to_owned(), Data::from(1));
        } else {
            diff.insert("after_header".to_owned(), Data::from(name));
            diff.insert("after".to_owned(), Data::from(modules::support::text::shown(&read)));
        }
    }
    if context.settings.no_log || secret {
        for (side, text) in [("before", ""), ("after", if secret { SECRET } else { HIDDEN })] {
            if let Some(value) = diff.get_mut(side) {
                *value = Data::from(text);
            }
        }
    }
    Ok(Data::Map(diff))
}

/// Takes what the host says is there out of an outcome; `None` where it told nothing of contents.
pub(super) fn take_host_half(outcome: &mut Outcome) -> Option<Map> {
    match outcome.diff.as_slice() {
        [protocol::outcome::Diff::Keys(_)] => {}
        _ => return None,
    }
    match outcome.diff.pop() {
        Some(protocol::outcome::Diff::Keys(half)) => Some(half),
        _ => None,
    }
}
