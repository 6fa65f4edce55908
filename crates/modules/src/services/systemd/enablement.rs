//! Whether a unit starts with the system.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Scope, show::Properties, systemctl::Systemctl};
use crate::{prelude::*, support::sysv};

/// The folders in which systemd looks for units of the system, the strongest first.
///
/// Source: systemd.unit(5), "System Unit Search Path".
const SEARCH_PATH: [&str; 13] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// Where `systemctl enable` puts its links.
const CONFIGURATION: &str = "/etc/systemd/system";

/// Asks whether the unit is enabled.
///
/// # Errors
///
/// systemctl could not be run.
pub(super) fn is_enabled(
    ctx: &Context,
    systemctl: &Systemctl,
    scope: Scope,
    unit: &str,
    properties: &Properties,
) -> Result<bool, Failure> {
    if scope == Scope::System && is_plainly_enabled(Path::new("/"), unit, properties) {
        return Ok(true);
    }
    let output = systemctl.run(ctx, &format!("is-enabled '{unit}' -l"))?;
    let said = output.stdout_text();
    Ok(match output.rc {
        // Enabled until the next start only, by way of another unit, or under another name: asked to enable it, do so.
        0 => !matches!(said.trim_end(), "enabled-runtime" | "indirect" | "alias"),
        // Where a unit and an init script are there, systemd says which one counts; else the links of runlevels do.
        1 => {
            scope == Scope::System
                && sysv::exists(unit)
                && !said.trim().ends_with("disabled")
                && sysv::is_enabled(unit, None)
        }
        _ => false,
    })
}

/// Whether `systemctl is-enabled` can only say `enabled`, which saves that process on a host that is as it should be.
///
/// What `show` says of it may be old (systemd keeps it until it is told to read its files again), so the link that makes
/// it so is looked for: it stands in a folder of the configuration, and nothing stands before the unit's own file.
fn is_plainly_enabled(root: &Path, unit: &str, properties: &Properties) -> bool {
    let says = |name: &str, value: &str| properties.get(name) == Some(value);
    let Some(id) = properties.get("Id") else { return false };
    let Some(file) = properties.get("FragmentPath").map(|path| below(root, path)) else { return false };
    let named = unit == id || id.strip_suffix(".service") == Some(unit);
    named
        && says("LoadState", "loaded")
        && says("UnitFileState", "enabled")
        && says("NeedDaemonReload", "no")
        && file.file_name().is_some_and(|name| name == id)
        && fs::metadata(&file).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
        && !is_hidden(root, id, &file)
        && is_wanted(root, id)
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// Whether a file in a stronger folder takes the place of the unit's file.
fn is_hidden(root: &Path, id: &str, file: &Path) -> bool {
    let folders = SEARCH_PATH.iter().map(|folder| below(root, folder));
    let stronger = folders.take_while(|folder| Some(folder.as_path()) != file.parent()).map(|folder| folder.join(id));
    // `/lib` is a link to `/usr/lib` on most hosts: that is the same file, not one before it.
    let real = fs::canonicalize(file).ok();
    stronger.filter(|path| fs::symlink_metadata(path).is_ok()).any(|path| fs::canonicalize(path).ok() != real)
}

/// Whether a link to the unit, under its own name, makes another unit pull it in.
fn is_wanted(root: &Path, id: &str) -> bool {
    let Ok(entries) = fs::read_dir(below(root, CONFIGURATION)) else { return false };
    entries.flatten().map(|entry| entry.path()).any(|folder| {
        let pulls = folder.extension().is_some_and(|kind| kind == "wants" || kind == "requires");
        pulls && fs::read_link(folder.join(id)).is_ok_and(|target| target.file_name().is_some_and(|name| name == id))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A host with an enabled unit, and what systemd says of it.
    fn host() -> (tempfile::TempDir, Properties) {
        let root = tempfile::tempdir().unwrap();
        for folder in ["lib/systemd/system", "etc/systemd/system/multi-user.target.wants"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("lib/systemd/system/web.service"), "[Service]\n").unwrap();
        let link = root.path().join("etc/systemd/system/multi-user.target.wants/web.service");
        symlink("/lib/systemd/system/web.service", link).unwrap();
        let said = "Id=web.service\nLoadState=loaded\nUnitFileState=enabled\nNeedDaemonReload=no\n\
                    FragmentPath=/lib/systemd/system/web.service\n";
        (root, Properties::read(said))
    }

    #[test]
    fn a_unit_with_its_link_needs_no_second_question() {
        let (root, properties) = host();
        assert!(is_plainly_enabled(root.path(), "web", &properties));
        assert!(is_plainly_enabled(root.path(), "web.service", &properties));
        assert!(!is_plainly_enabled(root.path(), "alias", &properties));
    }

    #[test]
    fn what_changed_behind_systemds_back_is_asked_for() {
        let (root, properties) = host();
        symlink("/dev/null", root.path().join("etc/systemd/system/web.service")).unwrap();
        assert!(!is_plainly_enabled(root.path(), "web", &properties));

        let (root, properties) = host();
        fs::remove_file(root.path().join("etc/systemd/system/multi-user.target.wants/web.service")).unwrap();
        assert!(!is_plainly_enabled(root.path(), "web", &properties));
    }
}
