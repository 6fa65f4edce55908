//! `fetch`: the host's half. A file is sent to the control node where that has none, or another one.
//!
//! The control node says in `_local_checksum` what it has. The answer has `checksum`, and `changed` and `_mode` where the
//! file was sent; what becomes of it there, and the rest of the result, is the control node's. A failure says in `_step` how far
//! it came: `stat` (the path cannot be looked at), `folder` (it is one), `read` (there is nothing, or it cannot be read;
//! in the words of `slurp`, which Ansible's action asks then).

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
};

use protocol::frame::CHUNK;

use crate::{
    module::{os_error, strerror},
    prelude::*,
    support::{
        checksum::{Algorithm, Sha1Reader},
        slurp,
    },
};

/// Fetch files from remote nodes.
///
/// Copies a file from the host to the control node, below a folder with the host's name unless `flat` is set. A folder
/// cannot be fetched.
#[derive(Debug, Arguments)]
pub struct FetchArgs {
    /// The file on the host.
    #[arg(required)]
    src: PathArg,
    /// The folder on the control node, or with `flat` the file.
    dest: Option<String>,
    /// Take `dest` as it is, without host and path.
    #[arg(default = false)]
    flat: bool,
    /// Fail where the file is missing or cannot be read.
    #[arg(default = true)]
    fail_on_missing: bool,
    /// Compare checksums once the file has arrived.
    #[arg(default = true)]
    validate_checksum: bool,
    /// The checksum of the file that the control node has.
    #[arg(internal)]
    _local_checksum: Option<String>,
}

/// The module.
pub struct Fetch;

impl Module for Fetch {
    type Args = FetchArgs;
    const NAME: &'static str = "fetch";
    const CHECK_MODE: CheckMode = CheckMode::Skipped;
    const EXAMPLES: &'static str = "\
- name: Store file into /tmp/fetched/host.example.com/tmp/somefile
  ansible.builtin.fetch:
    src: /tmp/somefile
    dest: /tmp/fetched
";

    fn run(args: FetchArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Where the file goes is the control node's part.
        let (_, _, _) = (&args.dest, args.flat, (args.validate_checksum, args.fail_on_missing));
        let src = &*args.src;
        let mut mode = None;
        match fs::metadata(src) {
            Ok(metadata) if metadata.is_file() => mode = Some(metadata.permissions().mode() & 0o7777),
            Ok(metadata) if metadata.is_dir() => {
                let msg = "remote file is a directory, fetch cannot work on directories";
                return Err(Failure::new(msg).with("_step", "folder"));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::new(strerror(&error)).with("_step", "stat"));
            }
            _ => {}
        }
        let mut file = fs::File::open(src).map_err(|error| slurp::unreadable(src, &error).with("_step", "read"))?;
        let checksum = Algorithm::Sha1.of_reader(&mut file).map_err(|error| unreadable(src, &error))?;
        if args._local_checksum.as_ref() == Some(&checksum) {
            return Ok(Outcome::changed(false).with("checksum", checksum));
        }
        let mut reader = Sha1Reader::new(fs::File::open(src).map_err(|error| unreadable(src, &error))?);
        loop {
            ctx.cancel.check()?;
            let mut chunk = Vec::with_capacity(CHUNK);
            let count = reader.by_ref().take(CHUNK as u64).read_to_end(&mut chunk);
            let count = count.map_err(|error| unreadable(src, &error))?;
            ctx.send_chunk(chunk).map_err(|error| Failure::new(format!("{src} could not be sent: {error}")))?;
            if count == 0 {
                break;
            }
        }
        // The file may have changed since: what counts is what was sent.
        let outcome = Outcome::changed(true).with("checksum", reader.finish());
        Ok(match mode {
            Some(mode) => outcome.with("_mode", mode),
            None => outcome,
        })
    }
}

fn unreadable(src: &str, error: &io::Error) -> Failure {
    Failure::caused(format!("File is not readable: {src}"), os_error(error, Some(src))).with("_step", "read")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    #[test]
    fn a_file_that_is_there_already_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "hello").unwrap();
        let sum = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d";
        let outcome = run("fetch", json!({"src": path, "_local_checksum": sum}));
        assert_eq!((outcome.changed, &outcome.values["checksum"]), (Some(false), &Data::from(sum)));
    }

    #[test]
    fn a_failure_says_how_far_it_came() {
        let step = |src: &str| run("fetch", json!({"src": src})).values["_step"].clone();
        assert_eq!(step("/no/such"), Data::from("read"));
        assert_eq!(step("/tmp"), Data::from("folder"));
        assert_eq!(step("/dev/null/x"), Data::from("stat"));
        assert_eq!(run("fetch", json!({"src": "/no/such"})).msg.as_deref(), Some("File not found: /no/such"));
    }
}
