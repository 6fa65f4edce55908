//! A home folder: made from its skeleton, given to its owner.

use std::{
    fs, io,
    os::unix::fs::{PermissionsExt, lchown, symlink},
    path::Path,
};

use crate::{Failure, module::os_error};

/// Makes a home folder with its parents, from the skeleton where there is one, with the mode that login.defs(5) asks for.
pub(super) fn create(home: &str, skeleton: Option<&str>) -> Result<(), Failure> {
    if Path::new(home).exists() {
        return Ok(());
    }
    let skeleton = skeleton.unwrap_or("/etc/skel");
    let failed = |error: io::Error| Failure::new(os_error(&error, Some(home)));
    fs::create_dir_all(home).map_err(failed)?;
    if Path::new(skeleton).is_dir() {
        copy_tree(Path::new(skeleton), Path::new(home)).map_err(failed)?;
    }
    if let Ok(definitions) = fs::read_to_string("/etc/login.defs") {
        fs::set_permissions(home, fs::Permissions::from_mode(mode(&definitions))).map_err(failed)?;
    }
    Ok(())
}

/// The mode of a new home by login.defs(5): `HOME_MODE` before what `UMASK` leaves.
pub(super) fn mode(definitions: &str) -> u32 {
    let value = |name: &str| {
        definitions.lines().filter_map(|line| line.strip_prefix(name)).find_map(|rest| {
            let number = rest.trim_start();
            (number.len() < rest.len()).then(|| u32::from_str_radix(number.trim_end(), 8).ok()).flatten()
        })
    };
    value("HOME_MODE").or_else(|| value("UMASK").map(|umask| 0o777 & !umask)).unwrap_or(0o755)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_dir() {
            fs::create_dir(&target)?;
            copy_tree(&source, &target)?;
            fs::set_permissions(&target, entry.metadata()?.permissions())?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

/// Gives a folder with all in it to an owner; links themselves, never what they lead to.
pub(super) fn give(home: &str, uid: u32, gid: u32) -> Result<(), Failure> {
    give_tree(Path::new(home), uid, gid).map_err(|error| Failure::new(os_error(&error, Some(home))))
}

fn give_tree(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    lchown(path, Some(uid), Some(gid))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give_tree(&entry?.path(), uid, gid)?;
        }
    }
    Ok(())
}
