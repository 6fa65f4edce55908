//! Content from the control node.

use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
};

use rustix::fs::{Access, access};
use sha1::{Digest, Sha1};

use super::{
    CopyArgs,
    place::{Found, Place, suffix},
};
use crate::{
    module::strerror,
    prelude::*,
    support::{
        ansible_tmp,
        atomic::{self, Keep, Staged},
        checksum::{Algorithm, hex},
        file_state::{PathState, initial_diff},
        paths, text,
    },
};

/// Says too what Ansible would have called the content on the host (`_source`).
pub(super) fn run(args: &CopyArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    let source = ansible_tmp::shown(ctx, "src");
    go(args, ctx).map(|outcome| outcome.with("_source", source))
}

fn go(args: &CopyArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    // Observe.
    let name = args._original_basename.as_deref().filter(|name| !name.is_empty());
    let mut dest_file = match name {
        Some(name) if args.dest.ends_with('/') => paths::join(&args.dest, name),
        _ => args.dest.0.clone(),
    };
    let mut there = look(&dest_file, args.follow)?;
    if there.as_ref().is_some_and(fs::Metadata::is_dir) {
        let Some(name) = name else {
            return Err(Failure::new("can not use content with a dir as dest").with("_step", "folder"));
        };
        dest_file = paths::join(&dest_file, name);
        there = look(&dest_file, args.follow)?;
    }
    if there.is_some() && !args.force {
        return Ok(Outcome::changed(false).with("_step", "kept").with("_dest", &*args.dest));
    }

    // Plan.
    let known = ctx.content_sha1();
    let before = there.and_then(|metadata| checksum_there(&dest_file, &metadata));
    if known.is_some() && known == before {
        let checksum = known.unwrap_or_default();
        return properties(args, &dest_file, ctx)
            .map(|outcome| told(outcome, "file", &dest_file).with("checksum", checksum.as_str()))
            .map_err(|failure| {
                let failure = failure.with("_step", "file").with("_place", dest_file.as_str());
                failure.with("checksum", checksum.as_str())
            });
    }
    let diff = ctx.diff_mode.then(|| half_diff(&dest_file, ctx));
    if ctx.check_mode {
        let mut outcome = told(Outcome::changed(true).with("dest", dest_file.as_str()), "planned", &dest_file);
        outcome.diff.extend(diff);
        return Ok(outcome);
    }

    // Apply.
    let written = write(args, &dest_file, ctx);
    match written {
        Ok(mut outcome) => {
            outcome.diff.extend(diff);
            Ok(told(outcome, "copy", &dest_file))
        }
        Err(failure) => {
            let failure = failure.with("_step", "copy").with("_place", dest_file);
            Err(diff.into_iter().fold(failure, Failure::with_diff))
        }
    }
}

/// With the way that was gone and the place, for the control node.
fn told(outcome: Outcome, step: &str, place: &str) -> Outcome {
    outcome.with("_step", step).with("_place", place)
}

/// What is at a place, if anything is.
fn look(path: &str, follow: bool) -> Result<Option<fs::Metadata>, Failure> {
    match if follow { fs::metadata(path) } else { fs::symlink_metadata(path) } {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(strerror(&error)).with("_step", "stat").with("_place", path)),
    }
}

/// The checksum of a regular file that can be read.
fn checksum_there(path: &str, metadata: &fs::Metadata) -> Option<String> {
    let readable = metadata.is_file() && access(path, Access::READ_OK).is_ok();
    readable.then(|| Algorithm::Sha1.of_file(path).ok()).flatten()
}

/// The content is there: only the properties are set, as `file` does.
fn properties(args: &CopyArgs, dest_file: &str, ctx: &mut Context) -> Result<Outcome, Failure> {
    if ctx.check_mode {
        args.attributes.warn_of_missing_accounts(ctx)?;
    }
    let is_link = Path::new(dest_file).is_symlink();
    let path = if is_link { paths::real(dest_file) } else { dest_file.to_owned() };
    let mut diff = initial_diff(&path, "file", PathState::of(&path));
    let changed = args.attributes.apply(ctx, &path, Some(&mut diff))?;
    let mut outcome = Outcome::changed(changed).with("path", path.as_str()).with("dest", path);
    if ctx.diff_mode {
        outcome.diff.push(diff.into_diff());
    }
    Ok(outcome)
}

/// The host's half of a diff of contents, with Ansible's keys.
fn half_diff(path: &str, ctx: &Context) -> Diff {
    let mut half = Map::new();
    let mut set = |key: &str, value: Data| half.insert(key.to_owned(), value);
    let head = |length: u64| {
        let mut bytes = Vec::new();
        fs::File::open(path).and_then(|file| file.take(length).read_to_end(&mut bytes)).map(|_| bytes)
    };
    if !Path::new(path).exists() {
        set("before", "".into());
    } else if head(8192).is_ok_and(|bytes| bytes.contains(&0)) {
        set("dst_binary", 1.into());
    } else if ctx.max_diff_size > 0
        && fs::symlink_metadata(path).is_ok_and(|metadata| metadata.len() > ctx.max_diff_size)
    {
        set("dst_larger", ctx.max_diff_size.into());
    } else if let Ok(bytes) = head(u64::MAX) {
        set("before_header", path.into());
        set("before", text::shown(&bytes).into());
    }
    Diff::Keys(half)
}

fn write(args: &CopyArgs, dest_file: &str, ctx: &mut Context) -> Result<Outcome, Failure> {
    let source = ansible_tmp::shown(ctx, &format!(".source{}", suffix(dest_file)));
    let name = args._original_basename.clone().unwrap_or_else(|| paths::basename(&source).to_owned());
    let place = match Place::find(args, &name, &source, ctx)? {
        Found::Done(outcome) => return Ok(*outcome),
        Found::Place(place) => place,
    };
    let before = place.checksum();
    let mut staged = place.stage(ctx)?;
    let (checksum, md5sum) = receive(&mut staged, &place.dest, ctx)?;
    if let Some(wanted) = args.checksum.as_deref().filter(|wanted| !wanted.is_empty() && *wanted != checksum) {
        return Err(Failure::new("Copied file does not match the expected checksum. Transfer failed.")
            .with("checksum", checksum)
            .with("expected_checksum", wanted));
    }
    let mut changed = place.changed;
    let mut backup_file = None;
    if before.as_ref() != Some(&checksum) || Path::new(&place.dest).is_symlink() {
        backup_file = place.fill(args, &args.attributes, staged, Keep::Target, ctx)?;
        changed = true;
    }
    changed |= args.attributes.apply(ctx, &place.dest, None)?;
    let mut outcome = Outcome::changed(changed)
        .with("dest", place.dest)
        .with("src", source)
        .with("md5sum", md5sum)
        .with("checksum", checksum);
    if let Some(backup_file) = backup_file {
        outcome.set("backup_file", backup_file);
    }
    Ok(outcome)
}

/// Writes the content down, and gives its SHA-1 and MD5.
fn receive(staged: &mut Staged, dest: &str, ctx: &mut Context) -> Result<(String, String), Failure> {
    let mut content = ctx.content().map_err(|error| not_received(dest, &error))?;
    let (mut sha1, mut md5) = (Sha1::new(), md5::Md5::new());
    let mut chunk = vec![0; 128 * 1024];
    loop {
        ctx.cancel.check()?;
        let count = match content.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(not_received(dest, &error)),
        };
        let bytes = chunk.get(..count).unwrap_or_default();
        sha1.update(bytes);
        md5.update(bytes);
        staged.write_all(bytes).map_err(|error| atomic::cannot_write(dest, &error))?;
    }
    Ok((hex(&sha1.finalize()), hex(&md5.finalize())))
}

fn not_received(dest: &str, error: &io::Error) -> Failure {
    Failure::new(format!("the content of {dest} did not arrive: {error}"))
}
