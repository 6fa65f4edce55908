//! `slurp`: a file's content, in base64.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{prelude::*, support::slurp};

/// Slurps a file from remote nodes.
///
/// Returns the content of a file that is on the host, in base64. It needs a third more memory than the file has, on
/// both ends: use `fetch` for large ones.
#[derive(Debug, Arguments)]
pub struct SlurpArgs {
    /// The file.
    #[arg(required, aliases("path"))]
    src: PathArg,
}

/// The module.
pub struct Slurp;

impl Module for Slurp {
    type Args = SlurpArgs;
    const NAME: &'static str = "slurp";
    const EXAMPLES: &'static str = "\
- name: Find out what the remote machine's mounts are
  ansible.builtin.slurp:
    src: /proc/mounts
  register: mounts
";

    fn run(args: SlurpArgs, _ctx: &mut Context) -> Result<Outcome, Failure> {
        let source = &*args.src;
        let bytes = fs::read(source).map_err(|error| slurp::unreadable(source, &error))?;
        Ok(Outcome::default().with("content", STANDARD.encode(bytes)).with("source", source).with("encoding", "base64"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    #[test]
    fn content_comes_in_base64() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f"), b"a\0b").unwrap();
        let outcome = run("slurp", json!({"path": folder.path().join("f")}));
        assert_eq!(outcome.values["content"], Data::from("YQBi"));
        assert_eq!(outcome.values["encoding"], Data::from("base64"));
    }

    #[test]
    fn what_is_no_file_is_said() {
        assert_eq!(run("slurp", json!({"src": "/no/such"})).msg.as_deref(), Some("File not found: /no/such"));
        let msg = run("slurp", json!({"src": "/tmp"})).msg;
        assert_eq!(msg.as_deref(), Some("Source is a directory and must be a file: /tmp"));
    }
}
