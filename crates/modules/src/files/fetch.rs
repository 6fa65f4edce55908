//! `fetch`: the host's half. A file is sent to the control node where that has none, or another one.
//!
//! The control node says in `_local_checksum` what it has. The answer has `checksum`, and `changed` where the file was
//! sent; what becomes of it there, and the rest of the result, is the control node's.

use std::{fs, io::Read, path::Path};

use protocol::frame::CHUNK;

use crate::{
    module::os_error,
    prelude::*,
    support::checksum::{Algorithm, Sha1Reader},
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
        let (_, _, _) = (&args.dest, args.flat, args.validate_checksum);
        let src = &*args.src;
        if Path::new(src).is_dir() {
            let msg = "remote file is a directory, fetch cannot work on directories";
            return if args.fail_on_missing {
                Err(Failure::new(msg))
            } else {
                Ok(Outcome::default().with_msg(format!("{msg}, not transferring, ignored")))
            };
        }
        let mut file = match fs::File::open(src) {
            Ok(file) => file,
            Err(error) => return missing(&args, src, &error),
        };
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
        Ok(Outcome::changed(true).with("checksum", reader.finish()))
    }
}

fn missing(args: &FetchArgs, src: &str, error: &std::io::Error) -> Result<Outcome, Failure> {
    let msg = if error.kind() == std::io::ErrorKind::NotFound {
        "the remote file does not exist, not transferring, ignored".to_owned()
    } else {
        format!("File is not readable: {src}")
    };
    if args.fail_on_missing {
        return Err(Failure::caused(msg, os_error(error, Some(src))));
    }
    let outcome = Outcome::changed(false).with("file", src);
    Ok(if error.kind() == std::io::ErrorKind::NotFound { outcome.with_msg(msg) } else { outcome })
}

fn unreadable(src: &str, error: &std::io::Error) -> Failure {
    Failure::caused(format!("File is not readable: {src}"), os_error(error, Some(src)))
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
    fn missing_files_fail_unless_told() {
        let outcome = run("fetch", json!({"src": "/no/such"}));
        assert!(outcome.failed);
        let want = "the remote file does not exist, not transferring, ignored";
        assert_eq!(outcome.msg.as_deref(), Some(want));
        let outcome = run("fetch", json!({"src": "/no/such", "fail_on_missing": false}));
        assert_eq!((outcome.failed, outcome.msg.as_deref()), (false, Some(want)));
        assert_eq!(outcome.values["file"], Data::from("/no/such"));
    }
}
