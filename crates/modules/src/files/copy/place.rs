//! The place that a file is copied to, and its arrival there.

use std::{fs, os::unix::fs::DirBuilderExt, path::Path};

use rustix::fs::{Access, access};

use super::CopyArgs;
use crate::{
    prelude::*,
    support::{
        atomic::{Keep, Staged},
        backup,
        checksum::Algorithm,
        edit, paths,
    },
};

/// Where the file goes.
pub(super) struct Place {
    pub(super) dest: String,
    /// Folders were made on the way.
    pub(super) changed: bool,
}

/// What stands in the way of going on.
pub(super) enum Found {
    /// A place.
    Place(Place),
    /// The end already: a result.
    Done(Box<Outcome>),
}

impl Place {
    /// Works out where a file goes, and makes the folders of a place that ends in `/`. `name` is the file's own; `src`
    /// is what results show as its source.
    pub(super) fn find(args: &CopyArgs, name: &str, src: &str, ctx: &Context) -> Result<Found, Failure> {
        let given = &*args.dest;
        let mut dest = if given.contains('/') { given.to_owned() } else { format!("./{given}") };
        let mut changed = false;
        if dest.ends_with('/') {
            if let Some(name) = args._original_basename.as_deref().filter(|name| !name.is_empty()) {
                dest = paths::join(&dest, name);
            }
            let folder = paths::dirname(&dest).to_owned();
            if !Path::new(&folder).exists() {
                if ctx.check_mode {
                    let msg = format!("dest directory {folder} would be created");
                    return Ok(Found::Done(Box::new(Outcome::changed(true).with_msg(msg).with("src", src))));
                }
                make_folders(args, &folder, ctx)?;
                changed = true;
            }
        }
        if Path::new(&dest).is_dir() {
            dest = paths::join(&dest, name);
        }
        if Path::new(&dest).exists() {
            if args.follow && Path::new(&dest).is_symlink() {
                dest = paths::real(&dest);
            }
            if !args.force {
                let outcome = Outcome::changed(false).with_msg("file already exists");
                return Ok(Found::Done(Box::new(outcome.with("src", src).with("dest", dest))));
            }
        } else {
            let folder = paths::dirname(&dest);
            match fs::metadata(folder) {
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                    return Err(Failure::new(format!("Destination directory {folder} is not accessible")));
                }
                Err(_) => return Err(Failure::new(format!("Destination directory {folder} does not exist"))),
            }
        }
        let folder = paths::dirname(&dest);
        if access(folder, Access::WRITE_OK).is_err() && !args.attributes.unsafe_writes {
            return Err(Failure::new(format!("Destination {folder} not writable")));
        }
        Ok(Found::Place(Self { dest, changed }))
    }

    /// The checksum of the file that is there, if one is and can be read.
    pub(super) fn checksum(&self) -> Option<String> {
        Path::new(&self.dest).is_file().then(|| Algorithm::Sha1.of_file(&self.dest).ok()).flatten()
    }

    /// A staged file for it, with the suffix that checking commands may look at.
    pub(super) fn stage(&self, ctx: &Context) -> Result<Staged, Failure> {
        let folder = paths::dirname(&self.dest);
        let folder = if folder.is_empty() { "." } else { folder };
        Staged::named(ctx, Path::new(folder), suffix(&self.dest))
            .map_err(|error| crate::support::atomic::not_writable(&self.dest, &error))
    }

    /// Lets a file that is written take the place, after backup and validation; the backup's name comes back.
    pub(super) fn fill(
        &self,
        args: &CopyArgs,
        attributes: &FileAttributes,
        mut staged: Staged,
        keep: Keep,
        ctx: &Context,
    ) -> Result<Option<String>, Failure> {
        let was_link = Path::new(&self.dest).is_symlink();
        if let Some(validate) = &args.validate {
            let path = staged.path().to_string_lossy().into_owned();
            // The command may run as the file's user and look at its mode.
            attributes.apply(ctx, &path, None)?;
            let _ = staged.file().sync_data();
            run_validation(validate, &path, ctx)?;
        }
        let exists = Path::new(&self.dest).exists();
        let saved = if args.backup && exists { Some(backup::make(ctx, &self.dest)?) } else { None };
        let keep = if was_link && matches!(keep, Keep::Target) { Keep::Nothing } else { keep };
        staged.keep(keep).replace(ctx, &self.dest, attributes)?;
        Ok(saved)
    }
}

/// Python's `splitext(path)[1]`.
pub(super) fn suffix(path: &str) -> &str {
    let name = paths::basename(path);
    let bare = name.trim_start_matches('.');
    bare.rfind('.').and_then(|dot| bare.get(dot..)).unwrap_or("")
}

fn run_validation(validate: &str, path: &str, ctx: &Context) -> Result<(), Failure> {
    let output = edit::run_validation(validate, path, ctx)?;
    if output.success() {
        return Ok(());
    }
    Err(Failure::new("failed to validate")
        .with("exit_status", output.rc)
        .with("stdout", output.stdout_text().into_owned())
        .with("stderr", output.stderr_text().into_owned()))
}

/// Makes the folders that are missing; each gets `directory_mode` and the owner.
fn make_folders(args: &CopyArgs, folder: &str, ctx: &Context) -> Result<(), Failure> {
    let mut missing = Vec::new();
    let mut at = Path::new(folder);
    while !at.as_os_str().is_empty() && !at.exists() {
        missing.push(at.to_string_lossy().into_owned());
        match at.parent() {
            Some(above) => at = above,
            None => break,
        }
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o777)
        .create(folder)
        .map_err(|error| Failure::raised(&crate::module::os_error_bytes(&error, folder), None))?;
    let attributes = FileAttributes { mode: args.directory_mode.clone(), ..args.attributes.clone() };
    for path in missing.iter().rev() {
        attributes.apply(ctx, path, None)?;
    }
    Ok(())
}
