//! `file` with `state: link` and `state: hard`.

use std::{fs, io, os::unix::fs::MetadataExt, os::unix::fs::symlink, path::Path};

use super::{Job, with_diff};
use crate::{
    module::os_error,
    prelude::*,
    support::{
        file_state::{PathState, initial_diff},
        paths,
    },
};

impl Job {
    pub(super) fn symbolic_link(&self, ctx: &mut Context) -> Result<Outcome, Failure> {
        let path = self.path.as_str();
        let before = PathState::of(path);
        self.stamps()?;
        let mut src = self.src.clone();
        if src.is_none() && self.follow && Path::new(path).exists() {
            src = Some(
                fs::read_link(path)
                    .map(|target| target.to_string_lossy().into_owned())
                    .map_err(|error| Failure::raised(&format!("{}: b'{path}'", os_error(&error, None)), None))?,
            );
        }
        self.refuse_symbolic_link(before, src.as_deref())?;

        let mut diff = initial_diff(path, "link", before);
        let changed = match (&src, before) {
            (None, PathState::Link) => false,
            (None, _) => return Err(Failure::new("src is required for creating new symlinks")),
            (Some(src), PathState::Link) => {
                let old = fs::read_link(path).map(|old| old.to_string_lossy().into_owned()).unwrap_or_default();
                if old != *src {
                    diff.set("src", old.as_str(), src.as_str());
                }
                old != *src
            }
            (Some(_), _) => true,
        };
        if changed && !ctx.check_mode {
            let target = src.as_deref().unwrap_or_default();
            if before == PathState::Absent {
                symlink(target, path)
                    .map_err(|error| self.failed("linking", &error, &format!("b'{target}' -> b'{path}'")))?;
            } else {
                if before == PathState::Directory {
                    fs::remove_dir(path).map_err(|error| self.failed("replacing", &error, &format!("b'{path}'")))?;
                }
                self.replace(|temporary| symlink(target, temporary))?;
            }
        }
        let result = |changed: bool| Outcome::changed(changed).with("dest", path).with("src", src.clone());
        if ctx.check_mode && !Path::new(path).exists() {
            return Ok(with_diff(result(changed), diff, ctx));
        }
        let followed = self.followed();
        if self.follow && Path::new(path).is_symlink() && !Path::new(&followed).exists() {
            ctx.warn(
                "Cannot set fs attributes on a non-existent symlink target. follow should be set to False to avoid this.",
            );
            return Ok(with_diff(result(changed), diff, ctx));
        }
        let changed = self.set_properties(ctx, &followed, &mut diff)? | changed;
        Ok(with_diff(result(changed), diff, ctx))
    }

    /// What must not be replaced by a link.
    fn refuse_symbolic_link(&self, before: PathState, src: Option<&str>) -> Result<(), Failure> {
        let path = self.path.as_str();
        let is_folder = before == PathState::Directory;
        if let Some(src) = src.filter(|_| !self.force) {
            let base = if is_folder { path } else { paths::dirname(path) };
            let absolute = paths::join(base, src);
            if !Path::new(&absolute).exists() {
                let msg = format!(
                    "src file does not exist, use 'force=yes' if you really want to create the link: {absolute}"
                );
                return Err(Failure::new(msg).with("path", path).with("src", src));
            }
        }
        let refused = match before {
            PathState::Directory | PathState::File | PathState::Hard if !self.force => {
                format!("refusing to convert from {} to symlink for {path}", before.name())
            }
            PathState::Directory if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) => {
                format!("the directory {path} is not empty, refusing to convert it")
            }
            _ => return Ok(()),
        };
        Err(Failure::new(refused).with("path", path))
    }

    pub(super) fn hard_link(&self, ctx: &Context) -> Result<Outcome, Failure> {
        let path = self.path.as_str();
        let src = self.src.as_deref();
        let before = PathState::of(path);
        self.stamps()?;
        if before != PathState::Hard && src.is_none() {
            return Err(Failure::new("src is required for creating new hardlinks"));
        }
        let refuse = |msg: &str| Err(Failure::new(msg).with("dest", path).with("src", src.map(str::to_owned)));
        if src.is_some_and(|src| !Path::new(src).exists()) {
            return refuse("src does not exist");
        }
        let inode = |path: &str| fs::metadata(path).map(|metadata| metadata.ino()).ok();
        let mut diff = initial_diff(path, "hard", before);
        let changed = match (before, src) {
            (PathState::Absent, _) => true,
            (PathState::Link, Some(src)) => {
                let old = fs::read_link(path).map(|old| old.to_string_lossy().into_owned()).unwrap_or_default();
                if old != src {
                    diff.set("src", old.as_str(), src);
                }
                old != src
            }
            (PathState::Hard, Some(src)) if inode(path) != inode(src) => {
                if !self.force {
                    return refuse("Cannot link, different hard link exists at destination");
                }
                true
            }
            (PathState::File, _) if !self.force => return refuse("Cannot link, file exists at destination"),
            (PathState::File, _) => true,
            (PathState::Directory, Some(src)) if inode(path) == inode(src) => {
                return Ok(Outcome::changed(false).with("path", path));
            }
            (PathState::Directory, _) if !self.force => {
                return refuse("Cannot link: different hard link exists at destination");
            }
            (PathState::Directory, _) => true,
            (PathState::Hard | PathState::Link, _) => false,
        };
        if changed && !ctx.check_mode {
            let mut source = src.unwrap_or_default().to_owned();
            if before == PathState::Absent {
                if self.follow
                    && let Ok(target) = fs::read_link(&source)
                {
                    source = target.to_string_lossy().into_owned();
                }
                fs::hard_link(&source, path)
                    .map_err(|error| self.failed("linking", &error, &format!("b'{source}' -> b'{path}'")))?;
            } else {
                self.replace(|temporary| fs::hard_link(&source, temporary))?;
            }
        }
        let result = |changed: bool| Outcome::changed(changed).with("dest", path).with("src", src.map(str::to_owned));
        if ctx.check_mode && !Path::new(path).exists() {
            return Ok(with_diff(result(changed), diff, ctx));
        }
        let changed = self.set_properties(ctx, &self.followed(), &mut diff)? | changed;
        Ok(with_diff(result(changed), diff, ctx))
    }

    /// Makes something under a temporary name and renames it over the path.
    fn replace(&self, make: impl FnOnce(&str) -> io::Result<()>) -> Result<(), Failure> {
        let folder = paths::dirname(&self.path);
        let temporary = paths::join(folder, &format!(".{}.{}.tmp", std::process::id(), paths::basename(&self.path)));
        let made = make(&temporary).and_then(|()| fs::rename(&temporary, &self.path));
        made.map_err(|error| {
            let _ = fs::remove_file(&temporary);
            self.failed("replacing", &error, &format!("b'{temporary}' -> b'{}'", self.path))
        })
    }

    fn failed(&self, doing: &str, error: &io::Error, about: &str) -> Failure {
        let msg = format!("Error while {doing}: {}: {about}", os_error(error, None));
        Failure::new(msg).with("path", self.path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt};

    use protocol::Data;
    use serde_json::json;

    use crate::testing::{check, run};

    #[test]
    fn a_link_is_made_changed_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "").unwrap();
        fs::write(at("b"), "").unwrap();
        let link = |src: &str| json!({"path": at("l"), "src": src, "state": "link"});
        assert_eq!(check("file", link("a")).changed, Some(true));
        assert!(!at("l").is_symlink());
        let outcome = run("file", link("a"));
        assert_eq!((outcome.changed, &outcome.values["state"]), (Some(true), &Data::from("link")));
        assert_eq!(run("file", link("a")).changed, Some(false));
        assert_eq!(run("file", link("b")).changed, Some(true));
        assert_eq!(fs::read_link(at("l")).unwrap().to_str(), Some("b"));
    }

    #[test]
    fn a_link_to_nothing_needs_force_and_warns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let outcome = run("file", json!({"path": path, "src": "/no/such", "state": "link"}));
        let want = "src file does not exist, use 'force=yes' if you really want to create the link: /no/such";
        assert_eq!(outcome.msg.as_deref(), Some(want));
        let outcome = run("file", json!({"path": path, "src": "/no/such", "state": "link", "force": true}));
        assert_eq!(outcome.changed, Some(true));
        assert!(outcome.warnings[0].starts_with("Cannot set fs attributes on a non-existent symlink target."));
    }

    #[test]
    fn a_file_is_not_replaced_without_force() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "").unwrap();
        fs::write(at("b"), "").unwrap();
        let outcome = run("file", json!({"path": at("b"), "src": at("a"), "state": "link"}));
        let want = format!("refusing to convert from file to symlink for {}", at("b").display());
        assert_eq!(outcome.msg, Some(want));
        assert!(!run("file", json!({"path": at("b"), "src": at("a"), "state": "link", "force": true})).failed);
        assert!(at("b").is_symlink());
    }

    #[test]
    fn a_hard_link_shares_the_inode() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "").unwrap();
        let arguments = json!({"path": at("h"), "src": at("a"), "state": "hard"});
        assert_eq!(run("file", arguments.clone()).changed, Some(true));
        assert_eq!(fs::metadata(at("h")).unwrap().ino(), fs::metadata(at("a")).unwrap().ino());
        assert_eq!(run("file", arguments).changed, Some(false));
        let outcome = run("file", json!({"path": at("x"), "state": "hard"}));
        assert_eq!(outcome.msg.as_deref(), Some("src is required for creating new hardlinks"));
    }
}
