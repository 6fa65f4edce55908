//! Outside judges: programs and test vectors of others. `tests/pki-judges` installs them.

mod certificates;
mod custody;
mod pkits;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The folder that tests/pki-judges prints.
fn folder() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pki-judges");
    let made = Command::new(&script).output().unwrap();
    assert!(made.status.success(), "{}: {}", script.display(), String::from_utf8_lossy(&made.stderr));
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
}
