//! A tree copied within the host: what is missing or differs is copied, nothing is removed.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use crate::{
    module::os_error_bytes,
    prelude::*,
    support::{
        atomic::{self, Keep, Staged},
        file_state::walk,
        paths,
    },
};

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
        for entry in entries(src)? {
            ctx.cancel.check()?;
            let Some(name) = entry.file_name() else { continue };
            let target = dest.join(name);
            let source = fs::metadata(&entry);
            match (source, fs::metadata(&target)) {
                (Ok(source), Ok(existing)) if source.is_dir() && existing.is_dir() => {
                    changed |= self.copy_differing(&entry, &target, ctx)?;
                }
                (Ok(source), Ok(existing)) if source.is_file() && existing.is_file() => {
                    if same(&entry, &source, &target, &existing).unwrap_or(false) {
                        continue;
                    }
                    changed = true;
                    if !ctx.check_mode {
                        if entry.is_symlink() && self.links == Some(false) {
                            let _ = fs::remove_file(&target);
                            link(&entry, &target)?;
                        } else {
                            copy_file(&entry, &target, ctx)?;
                        }
                        self.own(&target, ctx)?;
                    }
                }
                (_, Ok(_)) => {}
                (source, Err(_)) => {
                    changed = true;
                    if !ctx.check_mode {
                        self.copy_missing(&entry, source.ok().as_ref(), &target, ctx)?;
                    }
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
        let is_folder = source.is_some_and(fs::Metadata::is_dir);
        match (entry.is_symlink(), self.links) {
            // Ansible copies no such link where the option is not given.
            (true, None) => Ok(()),
            (true, Some(false)) => link(entry, target),
            (_, _) if is_folder => {
                self.copy_whole(entry, target, ctx)?;
                self.own_all(target, ctx).map(|_| ())
            }
            (_, _) if source.is_some_and(fs::Metadata::is_file) => {
                copy_file(entry, target, ctx)?;
                self.own(target, ctx).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Python's `copytree`.
    fn copy_whole(&self, src: &Path, dest: &Path, ctx: &Context) -> Result<(), Failure> {
        let failed = |path: &Path, error: &io::Error| failure(path, error);
        fs::create_dir_all(dest).map_err(|error| failed(dest, &error))?;
        for entry in entries(src)? {
            ctx.cancel.check()?;
            let Some(name) = entry.file_name() else { continue };
            let target = dest.join(name);
            if entry.is_symlink() && !self.follow {
                link(&entry, &target)?;
            } else if entry.is_dir() {
                self.copy_whole(&entry, &target, ctx)?;
            } else {
                copy_file(&entry, &target, ctx)?;
            }
        }
        let metadata = fs::metadata(src).map_err(|error| failed(src, &error))?;
        let folder = fs::File::open(dest).map_err(|error| failed(dest, &error))?;
        atomic::copy_metadata(src, &metadata, &folder).map_err(|error| failed(dest, &error))
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

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = fs::read_dir(folder).map_err(|error| failure(folder, &error))?;
    Ok(read.flatten().map(|entry| entry.path()).collect())
}

fn link(entry: &Path, target: &Path) -> Result<(), Failure> {
    fs::read_link(entry).and_then(|to| symlink(to, target)).map_err(|error| failure(target, &error))
}

/// Copies content and mode, in one step.
fn copy_file(from: &Path, to: &Path, ctx: &Context) -> Result<(), Failure> {
    let target = to.to_string_lossy();
    let metadata = fs::metadata(from).map_err(|error| failure(from, &error))?;
    let mut staged = Staged::beside(ctx, to).map_err(|error| atomic::not_writable(&target, &error))?;
    let mut source = fs::File::open(from).map_err(|error| failure(from, &error))?;
    io::copy(&mut source, staged.file()).map_err(|error| atomic::cannot_write(&target, &error))?;
    staged.keep(Keep::Target).replace(ctx, &target, &FileAttributes::default()).and_then(|_| {
        let mode = fs::Permissions::from_mode(metadata.mode() & 0o7777);
        fs::set_permissions(to, mode).map_err(|error| failure(to, &error))
    })
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
