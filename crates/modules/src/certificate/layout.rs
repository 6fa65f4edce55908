//! The folder of a service's releases on this host.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use pki::{
    release,
    serial::Serial,
    store::{Files as _, Locking, Owner, SystemFiles, SystemLock},
};

use super::CertificateArgs;
use crate::{
    module::os_error,
    prelude::*,
    support::{accounts, mode},
};

/// The lock's name: two renewals of one service on one host.
const LOCK: &str = ".lock";

/// The files below `directory`, which become the service's.
pub(super) fn files(args: &CertificateArgs, ctx: &Context) -> Result<SystemFiles, Failure> {
    let owner = Owner { user: user(args, ctx)?, group: group(args, ctx)?, mode: file_mode(args)? };
    Ok(SystemFiles::at_folder(&args.directory.0).held_by(format!("process {}", std::process::id())).made_for(owner))
}

fn user(args: &CertificateArgs, ctx: &Context) -> Result<Option<u32>, Failure> {
    let Some(name) = &args.owner else { return Ok(None) };
    match name.parse().ok().or_else(|| accounts::user_by_name(ctx, name).map(|user| user.uid)) {
        Some(number) => Ok(Some(number)),
        None => Err(Failure::new(format!("owner: this host has no user {name}"))),
    }
}

fn group(args: &CertificateArgs, ctx: &Context) -> Result<Option<u32>, Failure> {
    let Some(name) = &args.group else { return Ok(None) };
    match name.parse().ok().or_else(|| accounts::group_by_name(ctx, name).map(|group| group.gid)) {
        Some(number) => Ok(Some(number)),
        None => Err(Failure::new(format!("group: this host has no group {name}"))),
    }
}

/// A private key is for its owner and at most its group to read.
fn file_mode(args: &CertificateArgs) -> Result<u32, Failure> {
    let mode = mode::parse(&args.mode, 0o600, false, 0)
        .map_err(|_| Failure::new(format!("mode: {} is no mode; give one such as \"0600\" or \"0640\"", args.mode)))?;
    if mode & !0o660 != 0 || mode & 0o400 == 0 {
        return Err(Failure::new(format!(
            "mode: {mode:04o} would let others at the private key, or nobody; give \"0600\", or \"0640\" with the \
             service's group"
        )));
    }
    Ok(mode)
}

/// Makes the folder for releases where it is missing. The private ones are below it: this one may be walked through.
pub(super) fn prepare(args: &CertificateArgs) -> Result<(), Failure> {
    let releases = Path::new(&args.directory.0).join(release::RELEASES);
    DirBuilder::new()
        .mode(0o755)
        .recursive(true)
        .create(&releases)
        .map_err(|error| Failure::caused(format!("{} could not be made", releases.display()), os_error(&error, None)))
}

/// Keeps other renewals of this service off until it is dropped.
pub(super) fn lock(args: &CertificateArgs, files: &SystemFiles) -> Result<SystemLock, Failure> {
    match files.lock(Path::new(LOCK)) {
        Ok(Locking::Ours(lock)) => Ok(lock),
        Ok(Locking::Theirs(who)) => {
            let who = if who.is_empty() { "another process".to_owned() } else { who };
            Err(Failure::new(format!(
                "another renewal is at work in {}: {who}; try again when it is done",
                args.directory.0
            ))
            .with("locked", true))
        }
        Err(error) => Err(Failure::caused(format!("{} could not be locked", args.directory.0), os_error(&error, None))),
    }
}

/// Removes releases that are not in use but for the newest; how many went. A folder that is no release is left alone, and so is
/// what cannot be removed: the next renewal tries again.
pub(super) fn prune(args: &CertificateArgs, used: &str) -> usize {
    let root = Path::new(&args.directory.0).join(release::RELEASES);
    let keep = usize::try_from(args.keep).unwrap_or(0);
    let mut old: Vec<(SystemTime, PathBuf)> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name != used && Serial::parse(&name).is_ok() && entry.file_type().is_ok_and(|kind| kind.is_dir())
        })
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    old.sort();
    let surplus = old.len().saturating_sub(keep);
    old.iter().take(surplus).filter(|(_, path)| fs::remove_dir_all(path).is_ok()).count()
}

/// Removes a release that is of no use, and with it its key.
pub(super) fn discard(args: &CertificateArgs, name: &str) -> io::Result<()> {
    fs::remove_dir_all(Path::new(&args.directory.0).join(release::folder(name)))
}
