//! `stat`: what there is to know of a file.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
};

use rustix::fs::{Access, access};

use crate::{
    module::{os_error_bytes, strerror},
    prelude::*,
    support::{accounts, checksum::Algorithm, flags, mode, paths, times},
};

/// Retrieve file or file system status.
///
/// Says whether a path exists, and what it is, who may use it, its times, checksum, MIME type and attributes. It changes
/// nothing.
#[derive(Debug, Arguments)]
pub struct StatArgs {
    /// The path of the file.
    #[arg(required, aliases("dest", "name"))]
    path: PathArg,
    /// Follow links, and tell of what they lead to.
    #[arg(default = false)]
    follow: bool,
    /// Return a checksum of a regular file that can be read.
    #[arg(default = true)]
    get_checksum: bool,
    /// Ask file(1) for the kind of data in the file.
    #[arg(default = true, aliases("mime", "mime_type", "mime-type"))]
    get_mime: bool,
    /// Tell the attributes that lsattr(1) knows.
    #[arg(default = true, aliases("attr", "attributes"))]
    get_attributes: bool,
    /// The algorithm of the checksum.
    #[arg(default = "sha1", aliases("checksum", "checksum_algo"))]
    checksum_algorithm: Algorithm,
}

/// The module.
pub struct Stat;

impl Module for Stat {
    type Args = StatArgs;
    const NAME: &'static str = "stat";
    const EXAMPLES: &'static str = "\
- name: Look at a file
  ansible.builtin.stat:
    path: /etc/foo.conf
  register: st

- name: Fail if it does not belong to root
  ansible.builtin.fail:
    msg: Whoops! file ownership has changed
  when: st.stat.pw_name != 'root'
";

    fn run(args: StatArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let path = &*args.path;
        let metadata = if args.follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
        let stat = match metadata {
            Ok(metadata) => describe(&args, &metadata, ctx),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Map::from([("exists".to_owned(), Data::Bool(false))])
            }
            Err(error) => return Err(Failure::caused(strerror(&error), os_error_bytes(&error, path))),
        };
        Ok(Outcome::changed(false).with("stat", stat))
    }
}

fn describe(args: &StatArgs, metadata: &fs::Metadata, ctx: &Context) -> Map {
    let path = &*args.path;
    let kind = metadata.file_type();
    let bits = metadata.mode();
    let mut stat = Map::new();
    let mut set = |key: &str, value: Data| stat.insert(key.to_owned(), value);
    set("exists", true.into());
    set("path", path.into());
    set("mode", format!("{:04o}", bits & 0o7777).into());
    set("isdir", kind.is_dir().into());
    set("ischr", kind.is_char_device().into());
    set("isblk", kind.is_block_device().into());
    set("isreg", kind.is_file().into());
    set("isfifo", kind.is_fifo().into());
    set("islnk", kind.is_symlink().into());
    set("issock", kind.is_socket().into());
    set("uid", metadata.uid().into());
    set("gid", metadata.gid().into());
    set("size", metadata.size().into());
    set("inode", metadata.ino().into());
    set("dev", metadata.dev().into());
    set("nlink", metadata.nlink().into());
    set("atime", times::float(metadata.atime(), metadata.atime_nsec()).into());
    set("mtime", times::float(metadata.mtime(), metadata.mtime_nsec()).into());
    set("ctime", times::float(metadata.ctime(), metadata.ctime_nsec()).into());
    for (key, is_set) in mode::bits(bits) {
        set(key, is_set.into());
    }
    set("blocks", metadata.blocks().into());
    set("block_size", metadata.blksize().into());
    set("device_type", metadata.rdev().into());

    let readable = access(path, Access::READ_OK).is_ok();
    set("readable", readable.into());
    set("writeable", access(path, Access::WRITE_OK).is_ok().into());
    set("executable", access(path, Access::EXEC_OK).is_ok().into());
    if kind.is_symlink() {
        set("lnk_source", paths::real(path).into());
        let target = fs::read_link(path).map(|target| target.to_string_lossy().into_owned());
        set("lnk_target", target.unwrap_or_default().into());
    }
    if let Some(user) = accounts::user_by_id(ctx, metadata.uid()) {
        set("pw_name", user.name.into());
    }
    if let Some(group) = accounts::group_by_id(ctx, metadata.gid()) {
        set("gr_name", group.name.into());
    }
    if args.get_checksum && kind.is_file() && readable {
        set("checksum", args.checksum_algorithm.of_file(path).ok().into());
    }
    if args.get_mime {
        let (mimetype, charset) = mime(ctx, path).unwrap_or_else(|| ("unknown".to_owned(), "unknown".to_owned()));
        set("mimetype", mimetype.into());
        set("charset", charset.into());
    }
    if args.get_attributes {
        let found = flags::read(ctx, Path::new(path), true);
        set("version", found.as_ref().and_then(|flags| flags.version.clone()).into());
        set("attributes", found.as_ref().map(flags::Flags::names).unwrap_or_default().into());
        set("attr_flags", found.map(|flags| flags.letters).unwrap_or_default().into());
    }
    stat
}

/// MIME type and character set as file(1) says; what it says of folders, links and empty files is known, and a process
/// the less.
fn mime(ctx: &Context, path: &str) -> Option<(String, String)> {
    let file = ctx.find_bin("file")?;
    let kind = fs::symlink_metadata(path).ok()?;
    let known = match () {
        // Of a link that leads nowhere it tells no character set, and Ansible then takes nothing of it.
        () if kind.is_symlink() => Path::new(path).exists().then_some("inode/symlink"),
        () if kind.is_dir() => Some("inode/directory"),
        () if kind.is_file() && kind.len() == 0 => Some("inode/x-empty"),
        () => None,
    };
    if let Some(known) = known {
        return Some((known.to_owned(), "binary".to_owned()));
    }
    let output =
        ctx.command([file.as_str(), "--mime-type", "--mime-encoding", path]).run().ok().filter(|o| o.success())?;
    let text = output.stdout_text();
    let (_, found) = text.rsplit_once(':')?;
    let (mimetype, charset) = found.split_once(';')?;
    let charset = charset.split('=').nth(1)?;
    Some((mimetype.trim().to_owned(), charset.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    fn stat(arguments: serde_json::Value) -> Map {
        run("stat", arguments).values["stat"].as_map().unwrap().clone()
    }

    #[test]
    fn a_missing_file_does_not_exist_and_that_is_all() {
        assert_eq!(stat(json!({"path": "/no/such/file"})), Map::from([("exists".to_owned(), Data::Bool(false))]));
    }

    #[test]
    fn a_file_is_described() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "hello\n").unwrap();
        let stat = stat(json!({"name": path, "checksum_algo": "md5"}));
        assert_eq!(stat["size"], Data::Int(6));
        assert_eq!(stat["isreg"], Data::Bool(true));
        assert_eq!(stat["checksum"], Data::from("b1946ac92492d2347c6235b4d2611184"));
    }

    #[test]
    fn a_link_is_itself_unless_followed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("l");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let seen = stat(json!({"path": link}));
        assert_eq!((&seen["islnk"], &seen["isdir"]), (&Data::Bool(true), &Data::Bool(false)));
        assert_eq!(seen["lnk_target"], Data::from(folder.path().to_str().unwrap()));
        assert_eq!(stat(json!({"path": link, "follow": true}))["isdir"], Data::Bool(true));
    }

    #[test]
    fn a_path_through_a_file_is_the_systems_error() {
        let outcome = run("stat", json!({"path": "/etc/passwd/x"}));
        assert_eq!(outcome.msg.as_deref(), Some("Not a directory"));
    }
}
