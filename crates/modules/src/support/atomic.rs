//! Files that change in one step: written beside the target, completed with mode and owner, synced, renamed over it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Mode, Timestamps, XattrFlags, fchmod, fsetxattr, futimens, getxattr, listxattr},
    io::Errno,
};

use super::{attributes::AttributeDiff, attributes::FileAttributes, attributes::set_context, mode, selinux};
use crate::{Cancellation, Context, Failure, module::os_error_bytes};

/// A private temporary file beside its target; gone when dropped, when the call is cancelled and when the control node
/// is gone.
#[derive(Debug)]
pub struct Staged {
    file: File,
    path: PathBuf,
    cancel: Cancellation,
    permanent: bool,
    keep: Keep,
}

/// What a file that takes another's place keeps, before options are applied.
#[derive(Debug, Clone, Default)]
pub enum Keep {
    /// Mode, owner and extended attributes of the file that it replaces.
    #[default]
    Target,
    /// Nothing of it, as if it were new.
    Nothing,
    /// Those of the file that it was copied from, but for the owner; a new file gets what the umask leaves all the same.
    Source(PathBuf),
}

impl Staged {
    /// An empty one for that target, mode 0600.
    ///
    /// # Errors
    ///
    /// Where the target's folder cannot be written to; the call was cancelled.
    pub fn beside(ctx: &Context, target: &Path) -> io::Result<Self> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Self::within(ctx, folder)
    }

    /// An empty one in that folder, mode 0600.
    ///
    /// # Errors
    ///
    /// As [`Self::beside`].
    pub fn within(ctx: &Context, folder: &Path) -> io::Result<Self> {
        Self::named(ctx, folder, "")
    }

    /// An empty one in that folder, mode 0600, with a name that ends so.
    ///
    /// # Errors
    ///
    /// As [`Self::beside`].
    pub fn named(ctx: &Context, folder: &Path, suffix: &str) -> io::Result<Self> {
        let (file, path) = ctx.cancel.note_temporary(|| {
            let mut builder = tempfile::Builder::new();
            let made = builder.prefix(".provision-").suffix(suffix).rand_bytes(12).tempfile_in(folder)?;
            let (file, path) = made.keep().map_err(|error| error.error)?;
            Ok(((file, path.clone()), path))
        })?;
        Ok(Self { file, path, cancel: ctx.cancel.clone(), permanent: false, keep: Keep::default() })
    }

    /// Changes what it keeps when it takes another file's place.
    #[must_use]
    pub fn keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// The open file.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs it and gives it its name.
    ///
    /// # Errors
    ///
    /// What the system says; the temporary file is gone then.
    pub fn persist(mut self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, target)?;
        self.permanent = true;
        Ok(())
    }

    /// Takes the place of `target` as Ansible's `atomic_move` does: an existing file's mode, owner and extended
    /// attributes are kept, a new one gets what the umask leaves; then `attributes`, set before the new file is seen.
    /// True where those made a difference.
    ///
    /// # Errors
    ///
    /// Ansible's words; nothing is left behind and the target is as it was. Only where `attributes` cannot be set is the
    /// target the new file, with its mode as far as it can be.
    pub fn replace(self, ctx: &Context, target: &str, attributes: &FileAttributes) -> Result<bool, Failure> {
        self.replace_with_diff(ctx, target, attributes, &mut AttributeDiff::default())
    }

    /// As [`Self::replace`], with the difference that `attributes` made.
    ///
    /// # Errors
    ///
    /// As [`Self::replace`].
    pub fn replace_with_diff(
        mut self,
        ctx: &Context,
        target: &str,
        attributes: &FileAttributes,
        diff: &mut AttributeDiff,
    ) -> Result<bool, Failure> {
        ctx.cancel.check()?;
        let existing = match &self.keep {
            Keep::Target => fs::metadata(target).ok(),
            // A link counts, which is replaced by the file.
            Keep::Source(_) => fs::symlink_metadata(target).ok(),
            Keep::Nothing => None,
        };
        let source = self.path.to_string_lossy().into_owned();
        let failed = |error: &io::Error| could_not_replace(&source, target, error);
        let context = if ctx.selinux.enabled {
            match &existing {
                Some(_) => ctx.selinux.context(Path::new(target)).map_err(|error| failed(&error))?,
                None => selinux::default_context(ctx, target),
            }
        } else {
            None
        };
        let mut changed =
            self.prepare(ctx, target, existing.as_ref(), attributes, diff).map_err(|error| failed(&error))?;
        self.file.sync_all().map_err(|error| failed(&error))?;
        match fs::rename(&self.path, target) {
            Ok(()) => self.permanent = true,
            Err(error) if attributes.unsafe_writes && is_unmovable(&error) => {
                write_in_place(&self.path, target).map_err(|error| {
                    Failure::raised(
                        &format!("Could not write data to file '{target}' from '{source}'."),
                        Some(&os_error_bytes(&error, target)),
                    )
                })?;
            }
            Err(error) => return Err(failed(&error)),
        }
        if let Some(context) = context {
            let context: Vec<_> = context.into_iter().map(Some).collect();
            set_context(ctx, target, &context, &mut AttributeDiff::default())?;
        }
        changed |= attributes.apply(ctx, target, Some(diff))?;
        Ok(changed)
    }

    fn prepare(
        &mut self,
        ctx: &Context,
        target: &str,
        existing: Option<&fs::Metadata>,
        attributes: &FileAttributes,
        diff: &mut AttributeDiff,
    ) -> io::Result<bool> {
        let current = match existing {
            Some(_) if let Keep::Source(source) = &self.keep => {
                let metadata = fs::metadata(source)?;
                copy_metadata(source, &metadata, &self.file)?;
                metadata.mode() & mode::PERMISSIONS
            }
            Some(metadata) => {
                own(&self.file, metadata.uid(), metadata.gid())?;
                copy_metadata(Path::new(target), metadata, &self.file)?;
                futimens(&self.file, &NOW).map_err(io::Error::from)?;
                metadata.mode() & mode::PERMISSIONS
            }
            None => {
                if let Keep::Source(source) = &self.keep {
                    copy_metadata(source, &fs::metadata(source)?, &self.file)?;
                }
                let folder = Path::new(target).parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = fs::metadata(folder.unwrap_or(Path::new(".")))?;
                if folder.mode() & 0o2000 != 0 {
                    // The folder hands its group down.
                    let _ = own(&self.file, rustix::process::geteuid().as_raw(), folder.gid());
                }
                0o666 & !mode::umask()
            }
        };
        // Mode last: a change of owner takes the set-id bits away. What cannot be set here fails once more when the file
        // has its name: Ansible, too, says so of the new file.
        let mut changed = false;
        if attributes.owner.is_some() || attributes.group.is_some() {
            let path = self.path.to_string_lossy().into_owned();
            let owners = FileAttributes {
                owner: attributes.owner.clone(),
                group: attributes.group.clone(),
                ..FileAttributes::default()
            };
            changed |= owners.apply(ctx, &path, Some(diff)).unwrap_or(false);
        }
        let wanted = attributes.wanted_mode(target, current, false).ok().flatten().unwrap_or(current);
        if wanted != current {
            changed = true;
            diff.set("mode", mode::show(current), mode::show(wanted));
        }
        fchmod(&self.file, Mode::from_raw_mode(wanted & mode::PERMISSIONS))?;
        Ok(changed)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.permanent {
            let _ = fs::remove_file(&self.path);
        }
        self.cancel.forget_temporary(&self.path);
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

const NOW: Timestamps = Timestamps {
    last_access: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
    last_modification: rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
};

/// Replaces a file by these bytes in one step; true where `attributes` made a difference beyond that.
///
/// # Errors
///
/// Ansible's words where the folder cannot be written to or the disk is full; the target is as it was.
pub fn write(ctx: &Context, target: &str, bytes: &[u8], attributes: &FileAttributes) -> Result<bool, Failure> {
    let mut staged = match Staged::beside(ctx, Path::new(target)) {
        Ok(staged) => staged,
        Err(error) if attributes.unsafe_writes && Path::new(target).exists() => {
            write_bytes_in_place(target, bytes).map_err(|_| not_writable(target, &error))?;
            return attributes.apply(ctx, target, None);
        }
        Err(error) => return Err(not_writable(target, &error)),
    };
    staged.write_all(bytes).map_err(|error| cannot_write(target, &error))?;
    staged.replace(ctx, target, attributes)
}

/// The failure where no temporary file can be made beside a target.
#[must_use]
pub fn not_writable(target: &str, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::Interrupted {
        return Failure::cancelled();
    }
    let folder = super::paths::dirname(target);
    if error.kind() == io::ErrorKind::StorageFull {
        return cannot_write(target, error);
    }
    Failure::raised(
        &format!("The destination directory '{folder}' is not writable by the current user."),
        Some(&os_error_bytes(error, folder)),
    )
}

/// The failure where content cannot be written; says plainly where the disk is full.
#[must_use]
pub fn cannot_write(target: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Failure::new(format!(
            "Could not write {target}: {}. The file is unchanged and nothing was left behind; free some space there and \
             run again.",
            os_error_bytes(error, target)
        )),
        io::ErrorKind::Interrupted => Failure::cancelled(),
        _ => Failure::new(format!("Could not write {target}: {}", os_error_bytes(error, target))),
    }
}

fn could_not_replace(source: &str, target: &str, error: &io::Error) -> Failure {
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return cannot_write(target, error);
    }
    Failure::raised(&format!("Could not replace '{target}' with '{source}'."), Some(&os_error_bytes(error, target)))
}

/// Whether a rename failed because of what the target is (a mount point, a busy text) and not of what is in the way.
fn is_unmovable(error: &io::Error) -> bool {
    let codes = [Errno::PERM, Errno::XDEV, Errno::ACCESS, Errno::TXTBSY, Errno::BUSY];
    error.raw_os_error().is_some_and(|code| codes.iter().any(|errno| errno.raw_os_error() == code))
}

fn write_in_place(source: &Path, target: &str) -> io::Result<()> {
    io::copy(&mut File::open(source)?, &mut File::options().write(true).truncate(true).open(target)?).map(|_| ())
}

fn write_bytes_in_place(target: &str, bytes: &[u8]) -> io::Result<()> {
    File::options().write(true).truncate(true).open(target)?.write_all(bytes)
}

/// Changes the owner where that is allowed.
fn own(file: &File, uid: u32, gid: u32) -> io::Result<()> {
    match fchown(file, Some(uid), Some(gid)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// Python's `copystat`: permission bits, times and extended attributes of `from`, whose metadata is known.
///
/// # Errors
///
/// What the system says, but for attributes that the file system or the user's rights do not allow.
pub fn copy_metadata(from: &Path, metadata: &fs::Metadata, to: &File) -> io::Result<()> {
    let time = |seconds, nanoseconds| rustix::fs::Timespec { tv_sec: seconds, tv_nsec: nanoseconds };
    futimens(
        to,
        &Timestamps {
            last_access: time(metadata.atime(), metadata.atime_nsec()),
            last_modification: time(metadata.mtime(), metadata.mtime_nsec()),
        },
    )?;
    for name in attribute_names(from) {
        if name == "security.selinux" {
            continue;
        }
        let Some(value) = attribute(from, &name) else { continue };
        match fsetxattr(to, name.as_os_str(), &value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::PERM | Errno::NOTSUP | Errno::NODATA | Errno::INVAL | Errno::ACCESS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    to.set_permissions(fs::Permissions::from_mode(metadata.mode() & mode::PERMISSIONS))
}

fn attribute_names(path: &Path) -> Vec<OsString> {
    use std::os::unix::ffi::OsStringExt;
    let mut buffer = vec![0; 64 * 1024];
    let Ok(length) = listxattr(path, &mut buffer) else { return Vec::new() };
    buffer.truncate(length);
    buffer
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| OsString::from_vec(name.to_vec()))
        .collect()
}

fn attribute(path: &Path, name: &OsString) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 64 * 1024];
    let length = getxattr(path, name.as_os_str(), &mut buffer).ok()?;
    buffer.truncate(length);
    Some(buffer)
}
