//! `tempfile`: a temporary file or folder that stays until a later task removes it.

use std::{
    fs::{DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
};

use crate::{
    module::os_error,
    prelude::*,
    support::{paths, random},
};

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum State {
    /// An empty file.
    File,
    /// An empty folder.
    Directory,
}

/// Creates temporary files and directories.
///
/// Only the user can read it. Nothing removes it but a later task.
#[derive(Debug, Arguments)]
pub struct TempfileArgs {
    /// What to make.
    #[arg(default = "file")]
    state: State,
    /// The folder to make it in; else the one for temporary files.
    path: Option<PathArg>,
    /// How its name begins.
    #[arg(default = "ansible.")]
    prefix: String,
    /// How its name ends.
    #[arg(default = "")]
    suffix: String,
}

/// The module.
pub struct Tempfile;

impl Module for Tempfile {
    type Args = TempfileArgs;
    const NAME: &'static str = "tempfile";
    const CHECK_MODE: CheckMode = CheckMode::Skipped;
    const EXAMPLES: &'static str = "\
- name: Create temporary build directory
  ansible.builtin.tempfile:
    state: directory
    suffix: build
";

    fn run(args: TempfileArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        for (option, value) in [("prefix", &args.prefix), ("suffix", &args.suffix)] {
            if paths::basename(value) != value {
                let value = protocol::arguments::python::repr_str(value);
                return Err(Failure::new(format!("{option} must be a valid file name component, got {value}")));
            }
        }
        let folder = args.path.map_or_else(|| paths::temporary_folder(ctx.environment()), |path| path.0);
        let made = make(args.state, &folder, &args.prefix, &args.suffix);
        let path = made.map_err(|error| {
            let name = paths::join(&folder, &format!("{}xxxxxxxx{}", args.prefix, args.suffix));
            Failure::new(os_error(&error, Some(&name)))
        })?;
        Ok(Outcome::changed(true).with("path", path))
    }
}

/// Makes it under the first name of chance that is free; an error is that of the last try.
fn make(state: State, folder: &str, prefix: &str, suffix: &str) -> io::Result<String> {
    const TRIES: usize = 100;
    let mut tries = 0;
    loop {
        let path = paths::join(folder, &format!("{prefix}{}{suffix}", random::letters(8)?));
        let made = match state {
            State::File => File::options().write(true).create_new(true).mode(0o600).open(&path).map(drop),
            State::Directory => DirBuilder::new().mode(0o700).create(&path),
        };
        tries += 1;
        match made {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt};

    use serde_json::json;

    use super::*;
    use crate::testing::{check, run};

    #[test]
    fn a_file_or_folder_is_made_for_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        for (state, mode) in [("file", 0o600), ("directory", 0o700)] {
            let outcome = run("tempfile", json!({"state": state, "path": folder.path(), "suffix": ".x"}));
            let path = outcome.values["path"].as_str().unwrap();
            assert!(paths::basename(path).starts_with("ansible.") && path.ends_with(".x"));
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, mode);
            assert_eq!(outcome.values["state"], Data::from(state));
        }
    }

    #[test]
    fn it_is_skipped_in_check_mode_and_refuses_paths_as_names() {
        let outcome = check("tempfile", json!({}));
        assert!(outcome.skipped);
        assert_eq!(outcome.msg.as_deref(), Some("remote module (tempfile) does not support check mode"));
        let msg = run("tempfile", json!({"path": "/no/such"})).msg;
        assert_eq!(msg.as_deref(), Some("[Errno 2] No such file or directory: '/no/such/ansible.xxxxxxxx'"));
        let msg = run("tempfile", json!({"prefix": "a/b"})).msg;
        assert_eq!(msg.as_deref(), Some("prefix must be a valid file name component, got 'a/b'"));
    }
}
