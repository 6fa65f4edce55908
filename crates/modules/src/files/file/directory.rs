//! `file` with `state: directory`.

use std::{fs, io, path::Path};

use super::{Job, with_diff};
use crate::{
    module::os_error_bytes,
    prelude::*,
    support::{
        file_state::{PathState, initial_diff, walk},
        paths, times,
    },
};

impl Job {
    pub(super) fn directory(&self, ctx: &Context) -> Result<Outcome, Failure> {
        let mut path = self.path.clone();
        let mut before = PathState::of(&path);
        self.stamps()?;
        if self.follow && before == PathState::Link {
            path = paths::real(&path);
            before = PathState::of(&path);
        }
        let mut diff = initial_diff(&path, "directory", before);
        let changed = match before {
            PathState::Absent if ctx.check_mode => true,
            PathState::Absent => self.make_folders(ctx, &path, &mut diff)?,
            PathState::Directory => {
                let changed = self.set_properties(ctx, &path, &mut diff)?;
                (self.recurse && self.set_properties_below(ctx, &path, 0)?) | changed
            }
            other => {
                let msg = format!("{path} already exists as a {}", other.name());
                return Err(Failure::new(msg).with("path", path));
            }
        };
        Ok(with_diff(Outcome::changed(changed).with("path", path), diff, ctx))
    }

    /// Makes a folder and those above it; each that is new gets the properties.
    fn make_folders(
        &self,
        ctx: &Context,
        path: &str,
        diff: &mut crate::support::attributes::AttributeDiff,
    ) -> Result<bool, Failure> {
        let (modification, access) = self.stamps()?;
        let mut at = String::new();
        let mut changed = false;
        for name in path.trim_matches('/').split('/') {
            at = if at.is_empty() && !path.starts_with('/') { name.to_owned() } else { format!("{at}/{name}") };
            if Path::new(&at).exists() {
                continue;
            }
            match fs::create_dir(&at) {
                Ok(()) => changed = true,
                // Something else made it in the meantime.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && Path::new(&at).is_dir() => {}
                Err(error) => {
                    let reason = os_error_bytes(&error, &at);
                    let msg = format!("There was an issue creating {at} as requested: {reason}");
                    return Err(Failure::new(msg).with("path", path));
                }
            }
            changed |= self.attributes.apply(ctx, &at, Some(diff))?;
            changed |= times::update(ctx, path, modification, access, Some(diff)).unwrap_or(false);
        }
        Ok(changed)
    }

    /// Sets the properties on all that is below a folder; with `follow` also on what links there lead to.
    fn set_properties_below(&self, ctx: &Context, path: &str, depth: usize) -> Result<bool, Failure> {
        if depth > 40 {
            // Links in a circle; Python gives up at its recursion limit.
            return Err(Failure::new(format!(
                "Could not recursively set attributes on {path}. Original error was: 'maximum recursion depth exceeded'"
            )));
        }
        let (modification, access) = self.stamps()?;
        let mut entries = Vec::new();
        walk(Path::new(path), &mut |entry, _| entries.push(entry.to_owned()));
        let mut changed = false;
        for entry in entries {
            ctx.cancel.check()?;
            let text = entry.to_string_lossy();
            changed |= self.attributes.apply(ctx, &text, None)?;
            // A link that leads nowhere has no times to set.
            if entry.exists() {
                changed |= times::update(ctx, &text, modification, access, None)?;
            }
            if !self.follow {
                continue;
            }
            let Ok(target) = fs::read_link(&entry) else { continue };
            let target = entry.parent().unwrap_or(Path::new("/")).join(target);
            if !target.exists() {
                continue;
            }
            let text = target.to_string_lossy();
            if target.is_dir() {
                changed |= self.set_properties_below(ctx, &text, depth + 1)?;
            }
            changed |= self.attributes.apply(ctx, &text, None)?;
            changed |= times::update(ctx, &text, modification, access, None)?;
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{MetadataExt, symlink},
        path::Path,
    };

    use serde_json::json;

    use crate::testing::{check, run};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn folders_are_made_with_those_above_and_all_get_the_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/c");
        assert_eq!(check("file", json!({"path": path, "state": "directory"})).changed, Some(true));
        assert!(!folder.path().join("a").exists());
        let arguments = json!({"path": path, "state": "directory", "mode": "0750"});
        assert_eq!(run("file", arguments.clone()).changed, Some(true));
        assert_eq!((mode(&path), mode(&folder.path().join("a"))), (0o750, 0o750));
        assert_eq!(run("file", arguments).changed, Some(false));
    }

    #[test]
    fn recurse_reaches_everything_below_and_gives_execution_to_folders_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d/f"), "").unwrap();
        let arguments = json!({"path": folder.path(), "state": "directory", "recurse": true, "mode": "u=rwX,go="});
        assert_eq!(run("file", arguments.clone()).changed, Some(true));
        assert_eq!(mode(&folder.path().join("d")), 0o700);
        assert_eq!(mode(&folder.path().join("d/f")), 0o600);
        assert_eq!(run("file", arguments).changed, Some(false));
    }

    #[test]
    fn a_file_in_the_place_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "").unwrap();
        let outcome = run("file", json!({"path": path, "state": "directory"}));
        assert_eq!(outcome.msg.unwrap(), format!("{} already exists as a file", path.display()));
    }

    #[test]
    fn links_in_a_circle_end() {
        let folder = tempfile::tempdir().unwrap();
        symlink(folder.path(), folder.path().join("l")).unwrap();
        let outcome =
            run("file", json!({"path": folder.path(), "state": "directory", "recurse": true, "mode": "0700"}));
        assert!(outcome.failed);
    }
}
