//! What every result about a file says of it: owner, group, mode, state, size.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use protocol::{Data, Map};

use super::{accounts, mode};
use crate::Context;

/// Adds `uid`, `gid`, `owner`, `group`, `mode`, `state`, `size` (and `secontext`) where the values have a `path` or
/// `dest` that exists, as Ansible does with every result.
pub(crate) fn add(values: &mut Map, ctx: &Context) {
    let Some(path) = values.get("path").or_else(|| values.get("dest")).and_then(Data::as_str) else { return };
    let path = path.to_owned();
    let (Ok(link), Ok(target)) = (fs::symlink_metadata(&path), fs::metadata(&path)) else { return };
    let user = accounts::user_by_id(ctx, link.uid()).map_or_else(|| link.uid().to_string(), |user| user.name);
    let group = accounts::group_by_id(ctx, link.gid()).map_or_else(|| link.gid().to_string(), |group| group.name);
    let state = if link.is_symlink() {
        "link"
    } else if target.is_dir() {
        "directory"
    } else if target.nlink() > 1 {
        "hard"
    } else {
        "file"
    };
    let mut set = |key: &str, value: Data| values.insert(key.to_owned(), value);
    set("uid", link.uid().into());
    set("gid", link.gid().into());
    set("owner", user.into());
    set("group", group.into());
    set("mode", mode::show(link.mode() & mode::PERMISSIONS).into());
    set("state", state.into());
    if ctx.selinux.enabled
        && let Ok(Some(context)) = ctx.selinux.context(Path::new(&path))
    {
        set("secontext", context.join(":").into());
    }
    set("size", link.size().into());
}
