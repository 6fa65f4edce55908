//! `copy`: a file, or a tree on the host itself, is copied to a place.
//!
//! Content that comes from the control node belongs to the call, with its checksum; it is asked for only where the file
//! on the host differs. The call takes the whole way of Ansible's `copy` action at once: it looks at the target, then
//! either writes the file or only sets its properties. It says which way it went in `_step`, and the file that it came to
//! in `_place`; the control node makes of it what Ansible shows:
//!
//! - `copy`: the content differed: `dest`, `src`, `md5sum`, `checksum`;
//! - `planned`: it differs, in check mode: nothing but `changed`;
//! - `file`: it did not differ: what `file` answers with `state: file`;
//! - `kept`: `force` is off and something is there; the place as it was given, with `~` put in, is `_dest`;
//! - `folder`: content is to take the place of a folder, a failure;
//! - `stat`: the place cannot be looked at, a failure with the system's words.
//!
//! Of a diff of contents only the host's half is told; the other half is known to the control node. `mode: preserve` of a
//! local file is worked out there, too.

mod content;
mod place;
mod remote;
mod tree;

use crate::prelude::*;

/// Copy files to remote locations.
///
/// Copies a file or a tree from the control node, or from one place on the host to another. The file appears in one
/// step with its mode and owner, and only where it differs.
#[derive(Debug, Arguments)]
pub struct CopyArgs {
    /// The file or folder to copy. A folder that ends in `/` means what is in it.
    src: Option<PathArg>,
    /// For the engine: the name to use within a folder.
    _original_basename: Option<String>,
    /// The content itself, in place of `src`.
    #[arg(no_log)]
    content: Option<String>,
    /// The place on the host; a folder if it ends in `/`.
    #[arg(required)]
    dest: PathArg,
    /// Keep the file that was there beside it, under a name with the time.
    #[arg(default = false)]
    backup: bool,
    /// Replace a file that is there and differs.
    #[arg(default = true)]
    force: bool,
    /// A command that says whether the new file is good, with `%s` for its path, run before it takes its place.
    validate: Option<String>,
    /// The mode of folders that are made on the way.
    directory_mode: Data,
    /// The source is on the host.
    #[arg(default = false)]
    remote_src: bool,
    /// Follow links in the source.
    local_follow: Option<bool>,
    /// The SHA-1 that the file must have.
    checksum: Option<String>,
    /// Follow links at the place.
    #[arg(default = false)]
    follow: bool,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct Copy;

impl Module for Copy {
    type Args = CopyArgs;
    const NAME: &'static str = "copy";
    const EXAMPLES: &'static str = "\
- name: Copy a file with owner and permissions
  ansible.builtin.copy:
    src: /srv/myfiles/foo.conf
    dest: /etc/foo.conf
    owner: foo
    group: foo
    mode: '0644'

- name: Copy a new sudoers file into place, after passing validation with visudo
  ansible.builtin.copy:
    src: /mine/sudoers
    dest: /etc/sudoers
    validate: /usr/sbin/visudo -csf %s
";

    fn run(args: CopyArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        if let Some(text) = &args.content
            && !ctx.has_content()
        {
            ctx.provide_content(text.clone().into_bytes());
        }
        if ctx.has_content() { content::run(&args, ctx) } else { remote::run(args, ctx) }
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

    use super::*;
    use crate::testing::call;

    fn put(folder: &Path, name: &str, bytes: &[u8], mut arguments: serde_json::Value) -> Outcome {
        arguments["dest"] = json!(folder.join(name));
        arguments["_original_basename"] = json!("source.txt");
        call("copy", arguments).content(bytes).run()
    }

    #[test]
    fn content_is_written_once_and_then_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = put(folder.path(), "f", b"hello", json!({"mode": "0640"}));
        assert_eq!(outcome.changed, Some(true), "{outcome:?}");
        assert_eq!(outcome.values["checksum"], Data::from("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"));
        assert_eq!(outcome.values["md5sum"], Data::from("5d41402abc4b2a76b9719d911017c592"));
        assert_eq!(outcome.values["mode"], Data::from("0640"));
        let outcome = put(folder.path(), "f", b"hello", json!({"mode": "0640"}));
        assert_eq!(outcome.changed, Some(false));
        assert!(outcome.values.contains_key("path") && outcome.values.contains_key("dest"));
        let outcome = put(folder.path(), "f", b"hello", json!({"mode": "0600"}));
        assert_eq!(outcome.changed, Some(true));
        assert!(matches!(outcome.diff.as_slice(), [Diff::State { .. }]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "f", b"old", json!({"mode": "0604"}));
        let outcome = put(folder.path(), "f", b"new", json!({}));
        assert_eq!(outcome.values["mode"], Data::from("0604"));
        assert_eq!(fs::read(folder.path().join("f")).unwrap(), b"new");
    }

    #[test]
    fn the_diff_tells_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "f", b"old", json!({}));
        let dest = folder.path().join("f").to_str().unwrap().to_owned();
        let check =
            |bytes: &[u8]| call("copy", json!({"dest": dest, "_original_basename": "s"})).content(bytes).check().run();
        let outcome = check(b"new");
        assert_eq!((outcome.changed, &outcome.values["_step"]), (Some(true), &Data::from("planned")));
        let half = [("before_header", dest.as_str()), ("before", "old")];
        assert_eq!(outcome.diff, [Diff::Keys(half.map(|(key, text)| (key.to_owned(), Data::from(text))).into())]);
        fs::write(&dest, b"\0").unwrap();
        assert_eq!(check(b"new").diff, [Diff::Keys(Map::from([("dst_binary".to_owned(), Data::Int(1))]))]);
    }

    #[test]
    fn a_folder_as_place_takes_the_sources_name_and_missing_folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "", b"x", json!({}));
        assert!(folder.path().join("source.txt").exists());
        let outcome = put(folder.path(), "a/b/", b"x", json!({"directory_mode": "0700"}));
        assert!(!outcome.failed, "{outcome:?}");
        assert_eq!(fs::metadata(folder.path().join("a")).unwrap().mode() & 0o777, 0o700);
        assert!(folder.path().join("a/b/source.txt").exists());
        let outcome = put(folder.path(), "none/f", b"x", json!({}));
        let want = format!("Destination directory {}/none does not exist", folder.path().display());
        assert_eq!(outcome.msg, Some(want));
    }

    #[test]
    fn without_force_a_file_that_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "f", b"old", json!({}));
        let outcome = put(folder.path(), "f", b"new", json!({"force": false}));
        assert_eq!((outcome.changed, &outcome.values["_step"]), (Some(false), &Data::from("kept")));
    }

    #[test]
    fn a_link_is_replaced_unless_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("real"), "old").unwrap();
        symlink("real", folder.path().join("l")).unwrap();
        put(folder.path(), "l", b"new", json!({"follow": true}));
        assert_eq!(fs::read(folder.path().join("real")).unwrap(), b"new");
        put(folder.path(), "l", b"newer", json!({}));
        assert!(!folder.path().join("l").is_symlink());
        assert_eq!(fs::read(folder.path().join("real")).unwrap(), b"new");
    }

    #[test]
    fn what_does_not_validate_does_not_appear() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "f", b"old", json!({}));
        let outcome = put(folder.path(), "f", b"new", json!({"validate": "grep -q old %s"}));
        assert_eq!(outcome.msg.as_deref(), Some("failed to validate"));
        assert_eq!(outcome.values["exit_status"], Data::Int(1));
        assert_eq!(fs::read(folder.path().join("f")).unwrap(), b"old");
        assert!(!put(folder.path(), "f", b"new", json!({"validate": "grep -q new %s"})).failed);
        let outcome = put(folder.path(), "f", b"x", json!({"validate": "true"}));
        assert_eq!(outcome.msg.as_deref(), Some("validate must contain %s: true"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_backup_keeps_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "f", b"old", json!({"mode": "0600"}));
        let outcome = put(folder.path(), "f", b"new", json!({"backup": true}));
        let backup = outcome.values["backup_file"].as_str().unwrap();
        assert_eq!(fs::read(backup).unwrap(), b"old");
        assert_eq!(fs::metadata(backup).unwrap().mode() & 0o777, 0o600);
        // Another one within the same second has a name of its own.
        let outcome = put(folder.path(), "f", b"newer", json!({"backup": true}));
        assert_eq!(fs::read(outcome.values["backup_file"].as_str().unwrap()).unwrap(), b"new");
        assert_eq!(fs::read(backup).unwrap(), b"old");
    }

    #[test]
    fn a_wrong_checksum_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = put(folder.path(), "f", b"new", json!({"checksum": "0000"}));
        let want = "Copied file does not match the expected checksum. Transfer failed.";
        assert_eq!(outcome.msg.as_deref(), Some(want));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
