//! The options that all file modules share, and their application: SELinux context, owner, group, mode, attributes.
//!
//! Each is set only where it differs. In check mode a difference is said and nothing is set; a file that is not there
//! yet counts as different.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, lchown},
    path::Path,
};

use macros::Arguments;
use protocol::{Data, Map, arguments::python, outcome::Diff};

use super::{accounts, flags, mode, selinux};
use crate::{
    Context, Failure,
    module::{os_error, os_error_bytes},
};

/// Owner, mode and the like of a file.
#[derive(Debug, Clone, Default, Arguments)]
pub struct FileAttributes {
    /// The permissions the file shall have: octal, quoted or with a leading zero (`'0644'`), or symbols as chmod(1)
    /// takes them (`u+rwX,g-w`).
    pub mode: Data,
    /// Name or number of the user that shall own the file.
    pub owner: Option<String>,
    /// Name or number of the group that shall own the file.
    pub group: Option<String>,
    /// The user part of the SELinux context; `_default` for what the policy says.
    pub seuser: Option<String>,
    /// The role part of the SELinux context; `_default` for what the policy says.
    pub serole: Option<String>,
    /// The level part of the SELinux context; `_default` for what the policy says.
    pub selevel: Option<String>,
    /// The type part of the SELinux context; `_default` for what the policy says.
    pub setype: Option<String>,
    /// The attributes the file shall have, as chattr(1) writes them (`+i`).
    #[arg(aliases("attr"))]
    pub attributes: Option<String>,
    /// Write into the file itself where it cannot be replaced in one step; readers may then see half of it.
    #[arg(default = false)]
    pub unsafe_writes: bool,
}

/// Before and after of what changes, as Ansible's `diff` has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttributeDiff {
    /// What is there.
    pub before: Map,
    /// What comes.
    pub after: Map,
}

impl AttributeDiff {
    /// A diff of one path's states.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let mut diff = Self::default();
        diff.set("path", path, path);
        diff
    }

    /// Notes one difference.
    pub fn set(&mut self, key: &str, before: impl Into<Data>, after: impl Into<Data>) {
        self.before.insert(key.to_owned(), before.into());
        self.after.insert(key.to_owned(), after.into());
    }

    /// As part of an outcome.
    #[must_use]
    pub fn into_diff(self) -> Diff {
        Diff::State { before_header: None, after_header: None, before: self.before, after: self.after }
    }
}

impl FileAttributes {
    /// Sets what differs; true where something did.
    ///
    /// # Errors
    ///
    /// Ansible's words for what could not be set.
    pub fn apply(&self, ctx: &Context, path: &str, diff: Option<&mut AttributeDiff>) -> Result<bool, Failure> {
        let mut none = AttributeDiff::default();
        let diff = diff.unwrap_or(&mut none);
        let mut changed = self.apply_context(ctx, path, diff)?;
        changed |= self.apply_owner(ctx, path, diff)?;
        changed |= self.apply_group(ctx, path, diff)?;
        changed |= self.apply_mode(ctx, path, diff)?;
        changed |= self.apply_flags(ctx, path, diff)?;
        Ok(changed)
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mode.is_null()
            && self.owner.is_none()
            && self.group.is_none()
            && self.attributes.is_none()
            && [&self.seuser, &self.serole, &self.selevel, &self.setype].into_iter().all(Option::is_none)
    }

    /// In check mode an owner may be missing because an earlier task would have made it: that is a warning.
    ///
    /// # Errors
    ///
    /// A number is none that a user or group can have.
    pub fn warn_of_missing_accounts(&self, ctx: &mut Context) -> Result<(), Failure> {
        let tail = |kind: &str| format!("Create {kind} up to this point in real play");
        if let Some(owner) = self.owner.as_deref().filter(|owner| !owner.is_empty()) {
            match number(owner) {
                Some(uid) if id("uid", uid)?.and_then(|uid| accounts::user_by_id(ctx, uid)).is_none() => {
                    ctx.warn(format!("failed to look up user with uid {uid}. {}", tail("user")));
                }
                None if accounts::user_by_name(ctx, owner).is_none() => {
                    ctx.warn(format!("failed to look up user {owner}. {}", tail("user")));
                }
                _ => {}
            }
        }
        if let Some(group) = self.group.as_deref().filter(|group| !group.is_empty()) {
            match number(group) {
                Some(gid) if id("gid", gid)?.and_then(|gid| accounts::group_by_id(ctx, gid)).is_none() => {
                    ctx.warn(format!("failed to look up group with gid {gid}. {}", tail("group")));
                }
                None if accounts::group_by_name(ctx, group).is_none() => {
                    ctx.warn(format!("failed to look up group {group}. {}", tail("group")));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn apply_context(&self, ctx: &Context, path: &str, diff: &mut AttributeDiff) -> Result<bool, Failure> {
        if !ctx.selinux.enabled {
            return Ok(false);
        }
        let mut wanted = vec![self.seuser.clone(), self.serole.clone(), self.setype.clone()];
        if ctx.selinux.mls {
            wanted.push(self.selevel.clone());
        }
        if wanted.iter().flatten().any(|part| part == "_default") {
            let default = selinux::default_context(ctx, path).unwrap_or_default();
            for (index, part) in wanted.iter_mut().enumerate() {
                if part.as_deref() == Some("_default") {
                    *part = default.get(index).cloned();
                }
            }
        }
        set_context(ctx, path, &wanted, diff)
    }

    fn apply_owner(&self, ctx: &Context, path: &str, diff: &mut AttributeDiff) -> Result<bool, Failure> {
        let Some(owner) = &self.owner else { return Ok(false) };
        if is_absent_in_check(ctx, path) {
            return Ok(true);
        }
        let current = metadata(path)?.uid();
        let wanted = match number(owner) {
            Some(number) => number,
            None => accounts::user_by_name(ctx, owner).map(|user| user.uid.into()).ok_or_else(|| {
                Failure::new(format!("chown failed: failed to look up user {owner}")).with("path", path)
            })?,
        };
        if i128::from(current) == wanted {
            return Ok(false);
        }
        diff.set("owner", current, shown(wanted));
        if !ctx.check_mode {
            lchown(path, id("uid", wanted)?, None)
                .map_err(|error| Failure::caused("chown failed", os_error_bytes(&error, path)).with("path", path))?;
        }
        Ok(true)
    }

    fn apply_group(&self, ctx: &Context, path: &str, diff: &mut AttributeDiff) -> Result<bool, Failure> {
        let Some(group) = &self.group else { return Ok(false) };
        if is_absent_in_check(ctx, path) {
            return Ok(true);
        }
        let current = metadata(path)?.gid();
        let wanted = match number(group) {
            Some(number) => number,
            None => accounts::group_by_name(ctx, group).map(|group| group.gid.into()).ok_or_else(|| {
                Failure::new(format!("chgrp failed: failed to look up group {group}")).with("path", path)
            })?,
        };
        if i128::from(current) == wanted {
            return Ok(false);
        }
        diff.set("group", current, shown(wanted));
        if !ctx.check_mode {
            let wanted = id("gid", wanted)?;
            lchown(path, None, wanted).map_err(|_| Failure::new("chgrp failed").with("path", path))?;
        }
        Ok(true)
    }

    /// The permission bits that `mode` asks for on a file with these; `None` where none are asked for.
    ///
    /// # Errors
    ///
    /// Ansible's words for what is no mode.
    pub fn wanted_mode(&self, path: &str, current: u32, is_directory: bool) -> Result<Option<u32>, Failure> {
        let text = match &self.mode {
            Data::Null => return Ok(None),
            Data::Bool(one) => return Ok(Some(u32::from(*one))),
            Data::Int(number) => return Ok(u32::try_from(*number).ok()),
            Data::Str(text) => text,
            other => {
                let details = format!("'{}' object has no attribute 'split'", python::type_name(other));
                let msg = "mode must be in octal or symbolic form";
                return Err(Failure::new(msg).with("path", path).with("details", details));
            }
        };
        mode::parse(text, current, is_directory, mode::umask())
            .map(Some)
            .map_err(|error| Failure::new(error.to_string()).with("path", path).with("details", error.details))
    }

    fn apply_mode(&self, ctx: &Context, path: &str, diff: &mut AttributeDiff) -> Result<bool, Failure> {
        if self.mode.is_null() {
            return Ok(false);
        }
        if is_absent_in_check(ctx, path) {
            return Ok(true);
        }
        let metadata = metadata(path)?;
        let current = metadata.mode() & mode::PERMISSIONS;
        let Some(wanted) = self.wanted_mode(path, current, metadata.is_dir())? else { return Ok(false) };
        if wanted == current {
            return Ok(false);
        }
        diff.set("mode", mode::show(current), mode::show(wanted));
        if ctx.check_mode {
            return Ok(true);
        }
        if metadata.is_symlink() {
            // Links have no mode of their own here.
            return Ok(false);
        }
        match rustix::fs::chmod(path, rustix::fs::Mode::from_raw_mode(wanted & mode::PERMISSIONS)) {
            Ok(()) => {}
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::LOOP) => return Ok(false),
            Err(error) => return Err(Failure::raised(&os_error_bytes(&io::Error::from(error), path), None)),
        }
        Ok(self::metadata(path)?.mode() & mode::PERMISSIONS != current)
    }

    fn apply_flags(&self, ctx: &Context, path: &str, diff: &mut AttributeDiff) -> Result<bool, Failure> {
        let Some(attributes) = &self.attributes else { return Ok(false) };
        if is_absent_in_check(ctx, path) {
            return Ok(true);
        }
        let current = flags::read(ctx, Path::new(path), false).map(|flags| flags.letters);
        let (sign, letters) = match attributes.strip_prefix(['+', '-']) {
            Some(letters) => (attributes.get(..1).unwrap_or("="), letters),
            None => ("=", attributes.as_str()),
        };
        if letters.is_empty() || (current.as_deref().unwrap_or_default() == letters && sign != "-") {
            return Ok(false);
        }
        let Some(chattr) = ctx.find_bin("chattr") else { return Ok(false) };
        let wanted = format!("{sign}{letters}");
        diff.set("attributes", current, wanted.as_str());
        if !ctx.check_mode {
            let failed = |details: String| Failure::new("chattr failed").with("path", path).with("details", details);
            let output = ctx
                .command([chattr.as_str(), wanted.as_str(), path])
                .run()
                .map_err(|error| failed(error.to_string()))?;
            if !output.success() || !output.stderr.is_empty() {
                let text = format!("{}{}", output.stdout_text(), output.stderr_text());
                return Err(failed(format!("Error while setting attributes: {text}")));
            }
        }
        Ok(true)
    }
}

/// Sets the parts of a file's SELinux context that are given and differ; true where some did.
///
/// # Errors
///
/// Ansible's words where the kernel refuses.
pub fn set_context(
    ctx: &Context,
    path: &str,
    wanted: &[Option<String>],
    diff: &mut AttributeDiff,
) -> Result<bool, Failure> {
    if !ctx.selinux.enabled {
        return Ok(false);
    }
    if is_absent_in_check(ctx, path) {
        return Ok(true);
    }
    let read = |path: &Path| {
        ctx.selinux.context(path).map_err(|error| {
            Failure::caused("Failed to retrieve selinux context.", os_error(&error, Some(&path.to_string_lossy())))
                .with("path", path.to_string_lossy().into_owned())
        })
    };
    let Some(current) = read(Path::new(path))? else { return Ok(false) };
    let new = match selinux::special_mount(Path::new(path)) {
        Some(point) => read(&point)?.unwrap_or_else(|| current.clone()),
        None => current
            .iter()
            .enumerate()
            .map(|(index, part)| wanted.get(index).and_then(Clone::clone).unwrap_or_else(|| part.clone()))
            .collect(),
    };
    if new == current {
        return Ok(false);
    }
    diff.set("secontext", current.clone(), new.clone());
    if !ctx.check_mode {
        ctx.selinux.set_context(Path::new(path), &new).map_err(|error| {
            Failure::new(format!("invalid selinux context: {}", os_error(&error, Some(path))))
                .with("path", path)
                .with("new_context", new.clone())
                .with("cur_context", current.clone())
                .with("input_was", wanted.to_vec())
        })?;
    }
    Ok(true)
}

/// Python's `int(text)`, for numbers of users and groups.
fn number(text: &str) -> Option<i128> {
    text.trim().replace('_', "").parse().ok()
}

/// A number for the kernel; -1 stands for none, as chown(2) has it.
fn id(kind: &str, number: i128) -> Result<Option<u32>, Failure> {
    if number == -1 {
        return Ok(None);
    }
    u32::try_from(number).map(Some).map_err(|_| {
        // Python's words: what fits into a C long is said to be too small.
        let bound = if number > i128::from(i64::MAX) { "greater than maximum" } else { "less than minimum" };
        Failure::raised(&format!("{kind} is {bound}"), None)
    })
}

fn shown(number: i128) -> Data {
    i64::try_from(number).map_or_else(|_| Data::BigInt(number.to_string()), Data::Int)
}

fn is_absent_in_check(ctx: &Context, path: &str) -> bool {
    ctx.check_mode && !Path::new(path).exists()
}

fn metadata(path: &str) -> Result<fs::Metadata, Failure> {
    fs::symlink_metadata(path).map_err(|error| Failure::raised(&os_error_bytes(&error, path), None))
}
