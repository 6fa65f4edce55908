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
    prelude::*,
    support::{
        ansible_tmp,
        atomic::{self, Keep, Staged},
        checksum::{Algorithm, hex},
        file_state::{PathState, initial_diff},
        paths,
    },
};

/// Files beyond this size are not shown in a diff, in bytes (Ansible's default of `max_diff_size`).
const LARGEST_DIFF: u64 = 104_448;

pub(super) fn run(args: &CopyArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    // Observe.
    let name = args._original_basename.as_deref().filter(|name| !name.is_empty());
    let mut dest_file = match name {
        Some(name) if args.dest.ends_with('/') => paths::join(&args.dest, name),
        _ => args.dest.0.clone(),
    };
    let is_folder = |path: &str| {
        let metadata = if args.follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
        metadata.is_ok_and(|metadata| metadata.is_dir())
    };
    if is_folder(&dest_file) {
        match name {
            None => return Err(Failure::new("can not use content with a dir as dest")),
            Some(name) => dest_file = paths::join(&dest_file, name),
        }
    }
    let exists = if args.follow { Path::new(&dest_file).exists() } else { fs::symlink_metadata(&dest_file).is_ok() };
    if exists && !args.force {
        return Ok(Outcome::changed(false));
    }

    // Plan.
    let known = ctx.content_sha1();
    if known.is_some() && known == checksum_there(&dest_file, args.follow) {
        let checksum = known.unwrap_or_default();
        return properties(args, &dest_file, ctx)
            .map(|outcome| outcome.with("checksum", checksum.as_str()))
            .map_err(|failure| failure.with("checksum", checksum.as_str()));
    }
    let mut diff = Vec::new();
    if ctx.diff_mode {
        diff.push(half_diff(&dest_file));
    }
    if ctx.check_mode {
        return Ok(Outcome { diff, ..Outcome::changed(true) });
    }

    // Apply.
    let written = write(args, &dest_file, ctx).map_err(|failure| match &known {
        Some(checksum) if !failure.has("checksum") => failure.with("checksum", checksum.as_str()),
        _ => failure,
    });
    match written {
        Ok(outcome) => Ok(Outcome { diff, ..outcome }),
        Err(failure) => Err(diff.into_iter().fold(failure, Failure::with_diff)),
    }
}

/// The checksum of a regular file that can be read; of a link only where it is followed.
fn checksum_there(path: &str, follow: bool) -> Option<String> {
    let metadata = if follow { fs::metadata(path) } else { fs::symlink_metadata(path) }.ok()?;
    let readable = metadata.is_file() && access(path, Access::READ_OK).is_ok();
    readable.then(|| Algorithm::Sha1.of_file(path).ok()).flatten()
}

/// The content is there: only the properties are set, as `file` does.
fn properties(args: &CopyArgs, dest_file: &str, ctx: &Context) -> Result<Outcome, Failure> {
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

/// The host's half of a diff of contents.
fn half_diff(path: &str) -> Diff {
    let text = |before: String, header: Option<&str>| Diff::Text {
        before_header: header.map(str::to_owned),
        after_header: None,
        before,
        after: String::new(),
    };
    let omitted = |key: &str, value: u64| Diff::Omitted(Map::from([(key.to_owned(), Data::from(value))]));
    let Ok(metadata) = fs::metadata(path) else { return text(String::new(), None) };
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST_DIFF + 1).read_to_end(&mut bytes));
    if bytes.get(..8192.min(bytes.len())).is_some_and(|head| head.contains(&0)) {
        return omitted("dst_binary", 1);
    }
    if metadata.len() > LARGEST_DIFF {
        return omitted("dst_larger", LARGEST_DIFF);
    }
    match read {
        Ok(_) => text(String::from_utf8_lossy(&bytes).into_owned(), Some(path)),
        Err(_) => Diff::Omitted(Map::new()),
    }
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
