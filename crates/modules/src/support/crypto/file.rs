//! The file that such a module keeps: read, replaced, given its mode and owner, or removed.

use std::{fs, io, path::Path};

use crate::{
    Context, Failure,
    module::os_error,
    support::{atomic, attributes::FileAttributes, backup, paths},
};

/// Refuses a path whose folder is not there. `quoted` puts the folder's name between quotation marks.
///
/// # Errors
///
/// The collection's words, with the folder in `name`.
pub fn check_folder(path: &str, quoted: bool) -> Result<(), Failure> {
    let folder = match paths::dirname(path) {
        "" => ".",
        folder => folder,
    };
    if Path::new(folder).is_dir() {
        return Ok(());
    }
    let mark = if quoted { "'" } else { "" };
    Err(Failure::new(format!("The directory {mark}{folder}{mark} does not exist or the file is not a directory"))
        .with("name", folder))
}

/// A file's bytes; `None` where there is no such file.
///
/// # Errors
///
/// It cannot be read.
pub fn load(path: &str) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(format!("Error while loading {path} - {}", os_error(&error, Some(path))))),
    }
}

/// What there was to keep, and what came of it.
#[derive(Debug, Default)]
pub struct Written {
    /// Something changed.
    pub changed: bool,
    /// Where the file that was there is kept.
    pub backup: Option<String>,
}

/// Replaces the file where there is something to write, then gives it its attributes. `content` is asked only where it is
/// needed and nothing is to be changed in check mode.
///
/// # Errors
///
/// What `content` or the system says.
pub fn keep(
    ctx: &mut Context,
    path: &str,
    attributes: &FileAttributes,
    keep_backup: bool,
    differs: bool,
    content: impl FnOnce() -> Result<Vec<u8>, Failure>,
) -> Result<Written, Failure> {
    let mut written = Written { changed: differs, backup: None };
    if differs && !ctx.check_mode {
        // A mode that is none is said before the file that is there is gone.
        attributes.wanted_mode(path, 0o600, false)?;
        let bytes = zeroize::Zeroizing::new(content()?);
        if keep_backup {
            written.backup = make_backup(ctx, path)?;
        }
        atomic::write(ctx, path, &bytes, attributes)?;
    }
    if ctx.check_mode && !Path::new(path).exists() {
        attributes.warn_of_missing_accounts(ctx)?;
        written.changed = true;
    } else {
        written.changed |= attributes.apply(ctx, path, None)?;
    }
    Ok(written)
}

/// The backup's name, where there was a file.
///
/// # Errors
///
/// It cannot be made.
pub fn make_backup(ctx: &Context, path: &str) -> Result<Option<String>, Failure> {
    Ok(Some(backup::make(ctx, path)?).filter(|name| !name.is_empty()))
}

/// Removes the file, unless in check mode; true where there was one.
///
/// # Errors
///
/// What the system says.
pub fn remove(ctx: &Context, path: &str) -> Result<bool, Failure> {
    if ctx.check_mode {
        return Ok(Path::new(path).exists());
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::new(os_error(&error, Some(path)))),
    }
}
