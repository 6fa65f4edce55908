//! A tree copied within the host: what is missing or differs is copied, nothing is removed.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
};

use protocol::arguments::python;

use crate::{
    module::os_error_bytes,
    prelude::*,
    support::{
        atomic::{self, Keep, Staged},
        file_state::walk,
        mode, paths,
    },
};

/// Names that are left alone where the folder is there already (Python's `filecmp.DEFAULT_IGNORES`).
const IGNORED: [&str; 8] = ["RCS", "CVS", "tags", ".git", ".hg", ".bzr", "_darcs", "__pycache__"];

/// How a tree is copied.
pub(super) struct Tree<'a> {
    /// Owner and group go to everything.
    pub(super) attributes: &'a FileAttributes,
    /// Links in the source are followed.
    pub(super) follow: bool,
    /// The option as it was given: Ansible copies top links of a tree only where it was.
    pub(super) links: Option<bool>,
}

impl Tree<'_> {
    /// Copies what differs; true where something did.
    pub(super) fn copy(&self, src: &Path, dest: &Path, ctx: &Context) -> Result<bool, Failure> {
        let real = |path: &Path| paths::real(&path.to_string_lossy());
        if Path::new(&real(dest)).starts_with(real(src)) && real(dest) != real(src) {
            // It would find its own copies, and copy them, without end.
            let (src, dest) = (src.display(), dest.display());
            return Err(Failure::new(format!("Cannot copy {src} to {dest}: a folder cannot be copied into itself")));
        }
        if !dest.exists() {
            if !ctx.check_mode {
                self.copy_whole(src, dest, ctx)?;
                self.own_all(dest, ctx)?;
            }
            return Ok(true);
        }
        let changed = self.copy_differing(src, dest, ctx)?;
        Ok(self.own_all(dest, ctx)? | changed)
    }

    fn copy_differing(&self, src: &Path, dest: &Path, ctx: &Context) -> Result<bool, Failure> {
        let mut changed = false;
        for entry in entries(src).map_err(|error| failure(src, &error))? {
            ctx.cancel.check()?;
            let Some(name) = entry.file_name().filter(|name| !IGNORED.iter().any(|ignored| *name == *ignored)) else {
                continue;
            };
            let target = dest.join(name);
            let source = fs::metadata(&entry).ok();
            if fs::symlink_metadata(&target).is_err() {
                changed = true;
                if !ctx.check_mode {
                    self.copy_missing(&entry, source.as_ref(), &target, ctx)?;
                }
                continue;
            }
            let (Some(source), Ok(existing)) = (source, fs::metadata(&target)) else { continue };
            if source.is_dir() && existing.is_dir() {
                changed |= self.copy_differing(&entry, &target, ctx)?;
            } else if source.is_file()
                && existing.is_file()
                && !same(&entry, &source, &target, &existing).unwrap_or(false)
            {
                changed = true;
                if !ctx.check_mode {
                    if entry.is_symlink() && self.links == Some(false) {
                        let _ = fs::remove_file(&target);
                        link(&entry, &target).map_err(|error| failure(&target, &error))?;
                    } else {
                        copy_content(&entry, &target, true, ctx)?;
                    }
                    self.own(&target, ctx)?;
                }
            }
        }
        Ok(changed)
    }

    fn copy_missing(
        &self,
        entry: &Path,
        source: Option<&fs::Metadata>,
        target: &Path,
        ctx: &Context,
    ) -> Result<(), Failure> {
        let is_link = entry.is_symlink();
        match (source, self.links) {
            // Ansible copies no link that leads nowhere, and others only where the option is given.
            (None, _) => Ok(()),
            (Some(_), None) if is_link => Ok(()),
            (Some(_), Some(false)) if is_link => link(entry, target).map_err(|error| failure(target, &error)),
            (Some(source), _) if source.is_dir() => {
                self.copy_whole(entry, target, ctx)?;
                self.own_all(target, ctx).map(|_| ())
            }
            (Some(source), _) if source.is_file() => {
                copy_content(entry, target, !is_link, ctx)?;
                self.own(target, ctx).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Python's `copytree`: what does not go is left out and told at the end.
    fn copy_whole(&self, src: &Path, dest: &Path, ctx: &Context) -> Result<(), Failure> {
        let mut failed = Vec::new();
        match self.copy_into(src, dest, &mut failed, ctx) {
            Err(Stop::Cancelled(failure)) => return Err(failure),
            Err(Stop::System(error)) => return Err(Failure::raised(&error, None)),
            Ok(()) => {}
        }
        if failed.is_empty() {
            return Ok(());
        }
        let bytes = |path: &Path| format!("b{}", python::repr_str(&path.to_string_lossy()));
        let list =
            failed.iter().map(|(from, to, why)| format!("({}, {}, {})", bytes(from), bytes(to), python::repr_str(why)));
        Err(Failure::raised(&format!("[{}]", list.collect::<Vec<_>>().join(", ")), None))
    }

    fn copy_into(&self, src: &Path, dest: &Path, failed: &mut Vec<Failed>, ctx: &Context) -> Result<(), Stop> {
        let words = |path: &Path, error: &io::Error| os_error_bytes(error, &path.to_string_lossy());
        let stop = |path: &Path, error: &io::Error| Stop::System(words(path, error));
        let inside = entries(src).map_err(|error| stop(src, &error))?;
        fs::create_dir_all(dest).map_err(|error| stop(dest, &error))?;
        for entry in inside {
            ctx.cancel.check().map_err(Stop::Cancelled)?;
            let Some(name) = entry.file_name() else { continue };
            let target = dest.join(name);
            let done = if entry.is_symlink() && !self.follow {
                link(&entry, &target).map_err(|error| stop(&target, &error))
            } else if entry.is_dir() {
                self.copy_into(&entry, &target, failed, ctx)
            } else {
                copy_file(&entry, &target, ctx).map_err(|error| stop(&entry, &error))
            };
            match done {
                Err(Stop::System(why)) => failed.push((entry, target, why)),
                other => other?,
            }
        }
        let copied = fs::metadata(src)
            .and_then(|metadata| fs::File::open(dest).and_then(|to| atomic::copy_metadata(src, &metadata, &to)));
        if let Err(error) = copied {
            failed.push((src.to_owned(), dest.to_owned(), words(src, &error)));
        }
        Ok(())
    }

    fn own(&self, path: &Path, ctx: &Context) -> Result<bool, Failure> {
        let owners = FileAttributes {
            owner: self.attributes.owner.clone(),
            group: self.attributes.group.clone(),
            ..FileAttributes::default()
        };
        owners.apply(ctx, &path.to_string_lossy(), None)
    }

    fn own_all(&self, path: &Path, ctx: &Context) -> Result<bool, Failure> {
        if self.attributes.owner.is_none() && self.attributes.group.is_none() {
            return Ok(false);
        }
        let mut all = vec![path.to_owned()];
        walk(path, &mut |entry, _| all.push(entry.to_owned()));
        let mut changed = false;
        for path in all {
            changed |= self.own(&path, ctx)?;
        }
        Ok(changed)
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::raised(&os_error_bytes(error, &path.to_string_lossy()), None)
}

/// What could not be copied: from, to, why.
type Failed = (PathBuf, PathBuf, String);

/// Why a folder was not copied.
enum Stop {
    /// The call was cancelled.
    Cancelled(Failure),
    /// The system's words.
    System(String),
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect())
}

fn link(entry: &Path, target: &Path) -> io::Result<()> {
    symlink(fs::read_link(entry)?, target)
}

/// Opens a file to copy. What is none would be read without end, or never.
fn open(from: &Path) -> io::Result<(fs::File, fs::Metadata)> {
    let metadata = fs::metadata(from)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((fs::File::open(from)?, metadata))
}

/// Python's `copy2`: content, mode, times and extended attributes, in one step.
fn copy_file(from: &Path, to: &Path, ctx: &Context) -> io::Result<()> {
    let (mut source, metadata) = open(from)?;
    let mut staged = Staged::beside(ctx, to)?;
    io::copy(&mut source, staged.file())?;
    atomic::copy_metadata(from, &metadata, staged.file())?;
    staged.persist(to)
}

/// Copies content, and the mode where that is asked for, in one step; a file that is there keeps its owner.
fn copy_content(from: &Path, to: &Path, with_mode: bool, ctx: &Context) -> Result<(), Failure> {
    let target = to.to_string_lossy();
    let (mut source, metadata) = open(from).map_err(|error| failure(from, &error))?;
    let mut staged = Staged::beside(ctx, to).map_err(|error| atomic::not_writable(&target, &error))?;
    io::copy(&mut source, staged.file()).map_err(|error| atomic::cannot_write(&target, &error))?;
    let attributes = FileAttributes {
        mode: if with_mode { mode::show(metadata.mode() & mode::PERMISSIONS).into() } else { Data::Null },
        ..FileAttributes::default()
    };
    staged.keep(Keep::Target).replace(ctx, &target, &attributes).map(|_| ())
}

/// Python's shallow `filecmp.cmp`: alike in kind, size and time, or else in content.
fn same(a: &Path, a_data: &fs::Metadata, b: &Path, b_data: &fs::Metadata) -> io::Result<bool> {
    if a_data.len() != b_data.len() {
        return Ok(false);
    }
    let time = |metadata: &fs::Metadata| (metadata.mtime(), metadata.mtime_nsec());
    if time(a_data) == time(b_data) {
        return Ok(true);
    }
    let (mut a, mut b) = (io::BufReader::new(fs::File::open(a)?), io::BufReader::new(fs::File::open(b)?));
    loop {
        use io::BufRead;
        let (left, right) = (a.fill_buf()?, b.fill_buf()?);
        let count = left.len().min(right.len());
        if left.get(..count) != right.get(..count) {
            return Ok(false);
        }
        if count == 0 {
            return Ok(left.is_empty() && right.is_empty());
        }
        a.consume(count);
        b.consume(count);
    }
}
