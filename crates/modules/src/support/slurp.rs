//! What `slurp` says of a file that it cannot read; `fetch` says the same.

use std::io::{self, ErrorKind};

use crate::{Failure, module::os_error};

/// The failure where a file cannot be read.
#[must_use]
pub fn unreadable(source: &str, error: &io::Error) -> Failure {
    let msg = match error.kind() {
        ErrorKind::NotFound => format!("File not found: {source}"),
        ErrorKind::PermissionDenied => format!("File is not readable: {source}"),
        ErrorKind::IsADirectory => format!("Source is a directory and must be a file: {source}"),
        // The braces are Ansible's own.
        _ => "Unable to slurp file: {source}".to_owned(),
    };
    Failure::caused(msg, os_error(error, Some(source)))
}
