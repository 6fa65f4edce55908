//! A package file that is named by its address.

use crate::prelude::*;

/// Fetches a package file: the place on the host that it was put to.
///
/// # Errors
///
/// Always, for now: nothing on the host speaks HTTP yet.
pub(super) fn fetch(address: &str) -> Result<String, Failure> {
    Err(Failure::new(format!(
        "Failure downloading {address}, this version cannot fetch package files by their address yet: put the file on the \
         host first (get_url, copy) and name its path"
    )))
}
