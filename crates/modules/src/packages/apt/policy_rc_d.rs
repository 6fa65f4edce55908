//! `policy_rc_d`: a policy-rc.d of our own for as long as packages are installed.
//!
//! Source: Debian Policy, 9.3.3.2 "Running initscripts"; invoke-rc.d(8).

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use crate::{prelude::*, support::command::Output};

/// What is asked before a service is started.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Works with a policy that answers `code`, and puts back what was there, whatever comes of the work. In check mode, and
/// without a code, the policy is left alone.
pub(super) fn with_policy(
    ctx: &Context,
    code: Option<i64>,
    work: impl FnOnce() -> Result<Output, Failure>,
) -> Result<Output, Failure> {
    let Some(code) = code.filter(|_| !ctx.check_mode) else { return work() };
    let kept = keep()?;
    let result =
        write(code).map_err(|_| Failure::new(format!("Failed to create or chmod {POLICY}"))).and_then(|()| work());
    put_back(kept)?;
    result
}

/// The policy that is there, moved to a folder of its own.
fn keep() -> Result<Option<tempfile::TempDir>, Failure> {
    if !Path::new(POLICY).exists() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new()
        .prefix("ansible")
        .rand_bytes(8)
        .tempdir()
        .map_err(|error| Failure::raised(&crate::module::os_error(&error, None), None))?;
    shift(Path::new(POLICY), &folder.path().join("policy-rc.d"))
        .map_err(|_| Failure::new(format!("Fail to move {POLICY} to {}", folder.path().display())))?;
    Ok(Some(folder))
}

fn write(code: i64) -> io::Result<()> {
    fs::write(POLICY, format!("#!/bin/sh\nexit {code}\n"))?;
    fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755))
}

fn put_back(kept: Option<tempfile::TempDir>) -> Result<(), Failure> {
    match kept {
        Some(folder) => {
            let from = folder.path().join("policy-rc.d");
            shift(&from, Path::new(POLICY)).map_err(|_| {
                // It must not go with its folder.
                let from = folder.keep().join("policy-rc.d");
                Failure::new(format!("Fail to move back {} to {POLICY}", from.display()))
            })
        }
        None => fs::remove_file(POLICY)
            .map_err(|_| Failure::new(format!("Fail to remove {POLICY} (after package manipulation)"))),
    }
}

/// Moves a file, also to another file system.
fn shift(from: &Path, to: &Path) -> io::Result<()> {
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    fs::remove_file(from)
}
