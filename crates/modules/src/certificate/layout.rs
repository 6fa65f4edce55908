//! The folder of a service's releases on this host.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
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

/// Says that `current` turned and that the service was not seen to take it; has the name of the release before it.
const UNFINISHED: &str = ".unfinished";

/// The files below `directory`, which become the service's.
pub(super) fn files(args: &CertificateArgs, ctx: &Context) -> Result<SystemFiles, Failure> {
    for folder in [Path::new(&args.directory.0).to_owned(), Path::new(&args.directory.0).join(release::RELEASES)] {
        refuse_foreign(&folder)?;
    }
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

/// Whoever may write into these folders could turn `current` to keys of his own, or lead us to files of others.
fn refuse_foreign(folder: &Path) -> Result<(), Failure> {
    let found = match fs::symlink_metadata(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::new(os_error(&error, Some(&folder.to_string_lossy())))),
    };
    let me = rustix::process::geteuid().as_raw();
    let problem = if !found.is_dir() {
        "it is no folder".to_owned()
    } else if ![0, me].contains(&found.uid()) {
        format!("it belongs to user {}", found.uid())
    } else if found.mode() & 0o022 != 0 {
        format!("others may write into it (mode {:04o})", found.mode() & 0o7777)
    } else {
        return Ok(());
    };
    Err(Failure::new(format!(
        "directory: {}: {problem}; give a folder that only root may write into: the files in it are made for `owner`",
        folder.display()
    )))
}

/// Notes, on the disk, that `current` is about to turn away from a release.
pub(super) fn begin_turn(files: &SystemFiles, previous: Option<&str>) -> pki::Result<()> {
    let path = Path::new(UNFINISHED);
    let write = || {
        files.remove(path)?;
        files.create(path, previous.unwrap_or_default().as_bytes())?;
        files.sync(path)?;
        files.sync_folder(Path::new(""))
    };
    write().map_err(|error| pki::Error::io(UNFINISHED, error, "make room or repair the file system"))
}

/// The service took it, or has the old one again.
pub(super) fn end_turn(files: &SystemFiles) -> pki::Result<()> {
    files
        .remove(Path::new(UNFINISHED))
        .map_err(|error| pki::Error::io(UNFINISHED, error, "make room or repair the file system"))
}

/// Whether a turn was begun and not ended, and the release before it.
pub(super) fn unfinished(files: &SystemFiles) -> pki::Result<Option<Option<String>>> {
    let read = files
        .read(Path::new(UNFINISHED))
        .map_err(|error| pki::Error::io(UNFINISHED, error, "make room or repair the file system"))?;
    Ok(read.map(|bytes| {
        let name = String::from_utf8_lossy(&bytes).into_owned();
        Serial::parse(&name).is_ok().then_some(name)
    }))
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

/// Why a release's key is no secret any more, or not its owner's; none if all is well.
pub(super) fn exposed(args: &CertificateArgs, name: &str) -> Option<String> {
    let wanted = file_mode(args).ok()?;
    let folder = Path::new(&args.directory.0).join(release::folder(name));
    ["key.pem", "pair.pem"].into_iter().find_map(|file| {
        let found = fs::symlink_metadata(folder.join(file)).ok()?;
        let mode = found.mode() & 0o7777;
        (!found.is_file() || mode & 0o077 & !wanted != 0)
            .then(|| format!("{file}: others may read or write the key (mode {mode:04o}); it gets a new one"))
    })
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
