//! A source on the host itself (`remote_src`).

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use protocol::arguments::python;
use rustix::fs::{Access, access};

use super::{
    CopyArgs,
    place::{Found, Place},
    tree,
};
use crate::{
    module::strerror,
    prelude::*,
    support::{
        atomic::{self, Keep},
        checksum::Algorithm,
        mode, paths,
    },
};

pub(super) fn run(args: CopyArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    // Observe.
    let Some(src) = args.src.as_deref().filter(|src| !src.is_empty()) else {
        return Err(Failure::new("src (or content) is required"));
    };
    let Ok(metadata) = fs::metadata(src) else { return Err(Failure::new(format!("Source {src} not found"))) };
    if access(src, Access::READ_OK).is_err() {
        return Err(Failure::new(format!("Source {src} not readable")));
    }
    let mut attributes = args.attributes.clone();
    if attributes.mode.as_str() == Some("preserve") {
        let preserved = mode::show(metadata.mode() & mode::PERMISSIONS);
        ctx.show_argument("mode", preserved.as_str());
        attributes.mode = preserved.into();
    }
    let mut checksum = None;
    let mut md5sum = None;
    if metadata.is_file() {
        checksum = Algorithm::Sha1.of_file(src).ok();
        md5sum = Algorithm::Md5.of_file(src).ok();
    } else if args.remote_src && !metadata.is_dir() {
        return Err(Failure::new(format!("Cannot copy invalid source '{src}': not a file")));
    }
    if let Some(wanted) = args.checksum.as_deref().filter(|wanted| !wanted.is_empty())
        && checksum.as_deref() != Some(wanted)
    {
        return Err(Failure::new("Copied file does not match the expected checksum. Transfer failed.")
            .with("checksum", checksum)
            .with("expected_checksum", wanted));
    }

    // Plan. Whether the place given is a folder counts as it was before folders are made.
    let both_folders = metadata.is_dir();
    let name = args._original_basename.clone().unwrap_or_else(|| paths::basename(src).to_owned());
    let place = match Place::find(&args, &name, src, ctx)? {
        Found::Done(outcome) => return Ok(*outcome),
        Found::Place(place) => place,
    };
    let mut changed = place.changed;
    let mut backup_file = None;
    let before = place.checksum();

    // Apply.
    if checksum != before || Path::new(&place.dest).is_symlink() {
        if !ctx.check_mode {
            if metadata.is_file() {
                let mut staged = place.stage(ctx)?;
                let mut source = fs::File::open(src).map_err(|error| atomic::cannot_write(src, &error))?;
                io::copy(&mut source, staged.file()).map_err(|error| atomic::cannot_write(&place.dest, &error))?;
                ctx.cancel.check()?;
                backup_file = place.fill(&args, &attributes, staged, Keep::Source(src.into()), ctx)?;
            } else {
                let (source, dest) = (python::repr_str(src), python::repr_str(&place.dest));
                let reason = strerror(&io::Error::from_raw_os_error(20));
                return Err(Failure::raised(
                    &format!("Could not replace {dest} with b{source}."),
                    Some(&format!("[Errno 20] {reason}: b{source} -> b{dest}")),
                ));
            }
        }
        changed = true;
    }
    let given = &*args.dest;
    if checksum.is_none()
        && before.is_none()
        && args.remote_src
        && both_folders
        && (Path::new(given).is_dir() || !Path::new(given).exists())
    {
        let target = if src.ends_with('/') { given.to_owned() } else { paths::join(given, paths::basename(src)) };
        let tree =
            tree::Tree { attributes: &attributes, follow: args.local_follow == Some(true), links: args.local_follow };
        changed |= tree.copy(Path::new(src), Path::new(&target), ctx)?;
    }
    changed |= attributes.apply(ctx, &place.dest, None)?;
    let mut outcome = Outcome::changed(changed)
        .with("dest", place.dest)
        .with("src", src)
        .with("md5sum", md5sum)
        .with("checksum", checksum);
    if let Some(backup_file) = backup_file {
        outcome.set("backup_file", backup_file);
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use serde_json::json;

    use super::*;
    use crate::testing::{check, run};

    #[test]
    fn a_file_is_copied_within_the_host() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "x").unwrap();
        fs::set_permissions(at("a"), fs::Permissions::from_mode(0o751)).unwrap();
        let arguments = json!({"src": at("a"), "dest": at("b"), "remote_src": true, "mode": "preserve"});
        assert_eq!(check("copy", arguments.clone()).changed, Some(true));
        assert!(!at("b").exists());
        let outcome = run("copy", arguments.clone());
        assert_eq!((outcome.changed, &outcome.values["mode"]), (Some(true), &Data::from("0751")));
        assert_eq!(outcome.arguments["mode"], Data::from("0751"));
        assert_eq!(run("copy", arguments).changed, Some(false));
        let outcome = run("copy", json!({"src": at("none"), "dest": at("b"), "remote_src": true}));
        assert_eq!(outcome.msg, Some(format!("Source {} not found", at("none").display())));
    }

    #[test]
    fn a_tree_is_copied_into_the_place_or_as_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("src/d")).unwrap();
        fs::write(at("src/d/f"), "x").unwrap();
        symlink("d/f", at("src/l")).unwrap();
        fs::create_dir(at("to")).unwrap();
        let arguments = json!({"src": at("src"), "dest": at("to"), "remote_src": true});
        let outcome = run("copy", arguments.clone());
        assert_eq!(outcome.changed, Some(true), "{outcome:?}");
        assert_eq!(fs::read(at("to/src/d/f")).unwrap(), b"x");
        assert_eq!(run("copy", arguments.clone()).changed, Some(false));
        fs::write(at("src/d/f"), "yy").unwrap();
        assert_eq!(run("copy", arguments).changed, Some(true));
        assert_eq!(fs::read(at("to/src/d/f")).unwrap(), b"yy");

        let source = format!("{}/", at("src").display());
        let outcome = run("copy", json!({"src": source, "dest": at("new"), "remote_src": true}));
        assert_eq!(outcome.changed, Some(true), "{outcome:?}");
        assert_eq!(fs::read(at("new/d/f")).unwrap(), b"yy");
    }

    #[test]
    fn a_tree_is_not_copied_into_itself() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        let (src, dest) = (folder.path().join("a"), folder.path().join("a/b"));
        let outcome = run("copy", json!({"src": src, "dest": dest, "remote_src": true}));
        assert!(outcome.msg.unwrap().ends_with("a folder cannot be copied into itself"));
        assert_eq!(fs::read_dir(dest).unwrap().count(), 0);
    }
}
