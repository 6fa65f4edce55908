//! `assemble`: a file is made of the files of a folder of the host.

use std::{fs, io::Write, path::Path};

use pyregex::{Flags, Regex};

use crate::{
    module::os_error,
    prelude::*,
    support::{
        atomic::{self, Staged},
        backup,
        checksum::Algorithm,
        edit,
        fragments::Fragments,
        paths,
    },
};

/// Puts the files of a folder together to one.
///
/// They follow in the order of their names; a file that ends within a line gets the end of it. With `remote_src: false` the
/// folder is one of the control node.
#[derive(Debug, Arguments)]
pub struct AssembleArgs {
    /// The folder with the files.
    #[arg(required)]
    src: PathArg,
    /// What stands between two of them.
    delimiter: Option<String>,
    /// The file to make.
    #[arg(required)]
    dest: PathArg,
    /// Keep the file that was there beside it.
    #[arg(default = false)]
    backup: bool,
    /// The folder is on the host.
    #[arg(default = true)]
    #[expect(dead_code, reason = "of the control node")]
    remote_src: bool,
    /// Only files whose names this Python regular expression finds something in.
    regexp: Option<String>,
    /// Leave out names that begin with a dot.
    #[arg(default = false)]
    ignore_hidden: bool,
    /// A command that checks the new file before it takes its place; `%s` is its path.
    validate: Option<String>,
    /// Decrypt files of the control node that are in a vault.
    #[arg(default = true)]
    #[expect(dead_code, reason = "of the control node")]
    decrypt: bool,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct Assemble;

impl Module for Assemble {
    type Args = AssembleArgs;
    const NAME: &'static str = "assemble";
    const EXAMPLES: &'static str = "\
- name: Assemble from fragments of the host
  ansible.builtin.assemble:
    src: /etc/someapp/fragments
    dest: /etc/someapp/someapp.conf

- name: Assemble sshd's configuration where sshd takes it
  ansible.builtin.assemble:
    src: /etc/ssh/conf.d
    dest: /etc/ssh/sshd_config
    validate: /usr/sbin/sshd -t -f %s
";

    fn run(args: AssembleArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Observe.
        let (src, dest) = (&*args.src, &*args.dest);
        let bytes = args.assembled()?;
        let checksum = Algorithm::Sha1.of_bytes(&bytes);
        let mut result = Outcome::changed(false)
            .with("src", src)
            .with("dest", dest)
            .with("checksum", checksum.as_str())
            .with("md5sum", Algorithm::Md5.of_bytes(&bytes));
        let before = there(dest)?;

        // Plan.
        let differs = before.as_ref() != Some(&checksum);
        if differs && let Some(validate) = args.validate.as_deref().filter(|command| !command.is_empty()) {
            result.set("validation", validated(validate, &bytes, ctx)?);
        }

        // Apply.
        let mut changed = differs;
        if differs && args.backup && before.is_some() {
            result.set("backup_file", backup::make(ctx, dest)?);
        }
        if differs && !ctx.check_mode {
            atomic::write(ctx, dest, &bytes, &args.attributes)?;
        } else {
            changed |= args.attributes.apply(ctx, dest, None)?;
        }
        result.changed = Some(changed);
        Ok(result.with_msg("OK"))
    }
}

impl AssembleArgs {
    /// What the file shall hold.
    fn assembled(&self) -> Result<Vec<u8>, Failure> {
        let src = &*self.src;
        let folder = Path::new(src);
        if !folder.exists() {
            return Err(Failure::new(format!("Source ({src}) does not exist")));
        }
        if !folder.is_dir() {
            return Err(Failure::new(format!("Source ({src}) is not a directory")));
        }
        let pattern = self.regexp.as_deref().map(|regexp| {
            Regex::new(regexp, Flags::default())
                .map_err(|error| Failure::new(format!("Invalid Regexp ({error}) in \"{regexp}\"")))
        });
        let pattern = pattern.transpose()?;
        if let Some(validate) = self.validate.as_deref().filter(|text| !text.is_empty() && !text.contains("%s")) {
            return Err(Failure::new(format!("validate must contain %s: {validate}")));
        }
        let fragments = Fragments {
            delimiter: self.delimiter.as_deref(),
            pattern: pattern.as_ref(),
            ignore_hidden: self.ignore_hidden,
            always_new_line: false,
        };
        fragments.assemble(
            folder,
            |why| Failure::raised(&why, None),
            |path| {
                let shown = path.display().to_string();
                fs::read(path).map_err(|error| Failure::raised(&os_error(&error, Some(&shown)), None))
            },
        )
    }
}

/// The checksum of what is there.
fn there(dest: &str) -> Result<Option<String>, Failure> {
    let path = Path::new(dest);
    if !path.exists() {
        return Ok(None);
    }
    if path.is_dir() {
        return Err(Failure::new(format!("attempted to take checksum of directory: {dest}")));
    }
    let unreadable = |error| Failure::raised(&os_error(&error, Some(dest)), None);
    Algorithm::Sha1.of_file(dest).map(Some).map_err(unreadable)
}

/// What the command that checks the new file said.
fn validated(validate: &str, bytes: &[u8], ctx: &Context) -> Result<Data, Failure> {
    let folder = paths::temporary_folder(ctx.environment());
    let failed = |error: std::io::Error| Failure::raised(&os_error(&error, Some(&folder)), None);
    let mut staged = Staged::within(ctx, Path::new(&folder)).map_err(failed)?;
    staged.write_all(bytes).and_then(|()| staged.flush()).map_err(failed)?;
    let output = edit::run_validation(validate, &staged.path().to_string_lossy(), ctx)?;
    let error = output.stderr_text().into_owned();
    if !output.success() {
        return Err(Failure::new(format!("failed to validate: rc:{} error:{error}", output.rc)));
    }
    Ok(Data::Map(Map::from([
        ("rc".to_owned(), output.rc.into()),
        ("stdout".to_owned(), output.stdout_text().into_owned().into()),
        ("stderr".to_owned(), error.into()),
    ])))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{check, run};

    /// A folder with fragments in `d`, and the arguments to make `f` of them.
    fn fragments() -> (tempfile::TempDir, serde_json::Value) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d/1"), "one").unwrap();
        fs::write(folder.path().join("d/2"), "two\n").unwrap();
        let arguments = json!({"src": folder.path().join("d"), "dest": folder.path().join("f")});
        (folder, arguments)
    }

    #[test]
    fn a_file_is_made_once_and_put_right_with_a_backup() {
        let (folder, mut arguments) = fragments();
        arguments["mode"] = json!("0600");
        assert_eq!(check("assemble", arguments.clone()).changed, Some(true));
        assert!(!folder.path().join("f").exists());
        let outcome = run("assemble", arguments.clone());
        assert_eq!((outcome.changed, outcome.msg.as_deref()), (Some(true), Some("OK")), "{outcome:?}");
        assert_eq!(outcome.values["mode"], Data::from("0600"));
        assert_eq!(fs::read_to_string(folder.path().join("f")).unwrap(), "one\ntwo\n");
        assert_eq!(run("assemble", arguments.clone()).changed, Some(false));
        arguments["delimiter"] = json!("--");
        arguments["backup"] = json!(true);
        let outcome = run("assemble", arguments);
        let backup = outcome.values["backup_file"].as_str().unwrap();
        assert_eq!(fs::read_to_string(backup).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(folder.path().join("f")).unwrap(), "one\n--\ntwo\n");
    }

    #[test]
    fn what_does_not_validate_does_not_appear() {
        let (folder, mut arguments) = fragments();
        arguments["validate"] = json!("grep -q three %s");
        assert_eq!(run("assemble", arguments.clone()).msg.as_deref(), Some("failed to validate: rc:1 error:"));
        assert!(!folder.path().join("f").exists());
        arguments["validate"] = json!("grep two %s");
        let outcome = run("assemble", arguments);
        assert!(protocol::arguments::python::str(&outcome.values["validation"]).contains("'stdout': 'two\\n'"));
    }

    #[test]
    fn what_is_no_folder_and_no_pattern_is_told() {
        let (folder, mut arguments) = fragments();
        arguments["regexp"] = json!("[");
        let want = "Invalid Regexp (unterminated character set at position 0) in \"[\"";
        assert_eq!(run("assemble", arguments.clone()).msg.as_deref(), Some(want));
        arguments["src"] = json!(folder.path().join("none"));
        let want = format!("Source ({}/none) does not exist", folder.path().display());
        assert_eq!(run("assemble", arguments).msg, Some(want));
    }
}
