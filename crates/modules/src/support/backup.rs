//! Backups that modules make before they change a file: `NAME.PID.YYYY-MM-DD@HH:MM:SS~` beside it.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use super::{atomic, attributes::AttributeDiff, attributes::set_context, clock, flags};
use crate::{Context, Failure, module::os_error};

/// Copies a file, with mode, owner, times and context, to its backup's name, which comes back; empty where there is no
/// such file. In check mode only the name is made.
///
/// # Errors
///
/// Where the copy cannot be made.
pub fn make(ctx: &Context, path: &str) -> Result<String, Failure> {
    if !Path::new(path).exists() {
        return Ok(String::new());
    }
    let now = clock::local_now(ctx.variable("TZ"));
    // The process stays the same from call to call here: several backups of one second need several numbers.
    let name = |number: u32| format!("{path}.{number}.{}~", now.format_backup());
    let mut number = std::process::id();
    while fs::symlink_metadata(name(number)).is_ok() {
        number = number.wrapping_add(1);
    }
    let backup = name(number);
    if !ctx.check_mode {
        copy(ctx, path, &backup).map_err(|error| {
            Failure::raised(
                &format!("Could not make backup of '{path}' to '{backup}'."),
                Some(&os_error(&error, Some(path))),
            )
        })?;
        if let Ok(Some(context)) = ctx.selinux.context(Path::new(path)) {
            let context: Vec<_> = context.into_iter().map(Some).collect();
            set_context(ctx, &backup, &context, &mut AttributeDiff::default())?;
        }
        if let Some(current) = flags::read(ctx, Path::new(path), false)
            && flags::read(ctx, Path::new(&backup), false).is_some_and(|flags| flags.letters != current.letters)
            && let Some(chattr) = ctx.find_bin("chattr")
        {
            let letters = format!("={}", current.letters);
            ctx.command([chattr.as_str(), letters.as_str(), backup.as_str()]).run()?;
        }
    }
    Ok(backup)
}

fn copy(ctx: &Context, from: &str, to: &str) -> io::Result<()> {
    let metadata = fs::metadata(from)?;
    let mut staged = atomic::Staged::beside(ctx, Path::new(to))?;
    io::copy(&mut fs::File::open(from)?, staged.file())?;
    atomic::copy_metadata(Path::new(from), &metadata, staged.file())?;
    match chown(staged.path(), Some(metadata.uid()), Some(metadata.gid())) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
        other => other?,
    }
    rustix::fs::fchmod(staged.file(), rustix::fs::Mode::from_raw_mode(metadata.mode() & 0o7777))?;
    staged.persist(Path::new(to))
}
