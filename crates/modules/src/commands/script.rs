//! `script`: the host's half. A script of the control node is put into a folder of its own, run, and taken away again.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{
    Cancellation,
    prelude::*,
    support::{command::Output, paths, shlex},
};

/// Run a script of the control node on the host.
///
/// The script is sent to the host and run there by a shell, so that it needs no Python; words after its name are its
/// arguments. Afterwards nothing of it is left. In check mode nothing is run.
#[derive(Debug, Arguments)]
#[arguments(required_one_of("_raw_params", "cmd"), mutually_exclusive("_raw_params", "cmd"))]
pub struct ScriptArgs {
    /// The script and its arguments as free text.
    _raw_params: Option<String>,
    /// The script and its arguments.
    cmd: Option<String>,
    /// A file; where it exists, the script is not run.
    creates: Option<String>,
    /// A file; where it does not exist, the script is not run.
    removes: Option<String>,
    /// Change into this folder before the script runs; an absolute path.
    chdir: Option<String>,
    /// What runs the script, in place of the program that its first line names.
    executable: Option<String>,
    /// The name that the script has on the host.
    #[arg(internal)]
    _name: Option<String>,
    /// Assignments to put before the script, as the shell reads them: the task's environment.
    #[arg(internal, default = "")]
    _assignments: String,
    /// The shell that runs the line.
    #[arg(internal, default = "/bin/sh")]
    _shell: String,
    /// The script gets a terminal, as the ssh command gives it one.
    #[arg(internal, default = false)]
    _terminal: bool,
}

/// The module.
pub struct Script;

impl Module for Script {
    type Args = ScriptArgs;
    const NAME: &'static str = "script";
    const FREE_FORM: Option<&'static str> = Some("_raw_params");
    const EXAMPLES: &'static str = "\
- name: Run a script with arguments, once
  ansible.builtin.script: setup.sh --listen 8080
  args:
    creates: /etc/service/listen

- name: Run it by a program that its first line does not name
  ansible.builtin.script:
    cmd: report.py
    executable: /usr/bin/python3
";

    fn run(args: ScriptArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        if let Some(reason) = nothing_to_do(&args) {
            return Ok(Outcome { skipped: true, ..Outcome::changed(false) }.with_msg(reason));
        }
        if ctx.check_mode {
            return Ok(if given(&args.creates).or(given(&args.removes)).is_some() {
                Outcome::changed(true)
            } else {
                let msg = "Check mode is not supported for this task.";
                Outcome { skipped: true, ..Outcome::changed(false) }.with_msg(msg)
            });
        }
        let staged = Staged::new(ctx, args._name.as_deref().unwrap_or("script"))?;
        let line = line(&args, &staged.script.to_string_lossy())?;
        let output = execute(ctx, &args, &line)?;
        let outcome = Outcome::changed(true)
            .with("rc", output.rc)
            .with("stdout", output.stdout_text().into_owned())
            .with("stderr", output.stderr_text().into_owned());
        if output.success() { Ok(outcome) } else { Err(Failure::from_outcome(outcome, "non-zero return code")) }
    }
}

fn given(path: &Option<String>) -> Option<&str> {
    path.as_deref().filter(|path| !path.is_empty())
}

/// Why the script is not run, by `creates` and `removes`, which are taken by the letter here.
fn nothing_to_do(args: &ScriptArgs) -> Option<String> {
    match (given(&args.creates), given(&args.removes)) {
        (Some(path), _) if Path::new(path).exists() => Some(format!("{path} exists, matching creates option")),
        (_, Some(path)) if !Path::new(path).exists() => Some(format!("{path} does not exist, matching removes option")),
        _ => None,
    }
}

/// The line for the shell: the task's, with the place of the script wherever its name stands.
fn line(args: &ScriptArgs, script: &str) -> Result<String, Failure> {
    let text = given(&args._raw_params).or(given(&args.cmd)).unwrap_or_default().trim();
    let words = shlex::split(text).map_err(|reason| Failure::raised(reason, None))?;
    let name = words.first().map_or("", String::as_str);
    let mut line = text.replace(name, script);
    if let Some(executable) = given(&args.executable) {
        line = format!("{executable} {line}");
    }
    line.insert_str(0, &args._assignments);
    if let Some(folder) = given(&args.chdir) {
        line = format!("cd {} && {line}", shlex::quote(folder));
    }
    Ok(line)
}

fn execute(ctx: &Context, args: &ScriptArgs, line: &str) -> Result<Output, Failure> {
    let command = ctx.command([args._shell.as_str(), "-c", line]);
    if !args._terminal {
        return Ok(command.run()?);
    }
    let command = command.terminal().map_err(|error| {
        Failure::new(format!("the script could not be given a terminal: {error}; is /dev/pts mounted on this host?"))
    })?;
    let mut output = command.run()?;
    if output.rc < 0 {
        // What the ssh command makes of a signal.
        output.rc = 255;
    }
    Ok(output)
}

/// The script on the host, in a folder of its own, which is gone when dropped, when the call is cancelled and when the
/// control node is gone.
struct Staged {
    cancel: Cancellation,
    folder: PathBuf,
    script: PathBuf,
}

impl Staged {
    /// Puts the call's content there.
    fn new(ctx: &mut Context, name: &str) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::new(format!("the script could not be put on the host: {error}"));
        let mut content = ctx.content().map_err(failed)?;
        let base = base(ctx);
        let folder = ctx.cancel.note_temporary(|| {
            let mut builder = tempfile::Builder::new();
            builder.prefix("script-").rand_bytes(12).permissions(Permissions::from_mode(0o700));
            let folder = builder.tempdir_in(&base)?.keep();
            Ok((folder.clone(), folder))
        });
        let folder = folder.map_err(failed)?;
        let staged = Self { cancel: ctx.cancel.clone(), script: folder.join(name), folder };
        let mut options = File::options();
        let mut file = options.write(true).create_new(true).mode(0o700).open(&staged.script).map_err(failed)?;
        io::copy(&mut content, &mut file).map_err(failed)?;
        Ok(staged)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What cannot be removed now stays noted, and is tried again when the call ends.
        if fs::remove_dir_all(&self.folder).is_ok() {
            self.cancel.forget_temporary(&self.folder);
        }
    }
}

/// Where programs of this user can be run from: the helper's own folder, which was chosen for that.
fn base(ctx: &Context) -> PathBuf {
    let writable = |folder: &Path| rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok();
    let own = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_path_buf));
    own.filter(|folder| writable(folder)).unwrap_or_else(|| PathBuf::from(paths::temporary_folder(ctx.environment())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{call, check, run};

    const SCRIPT: &[u8] = b"#!/bin/sh\necho \"$GREETING $1 [$2] $(pwd) $0\"\necho err >&2\nexit ${3:-0}\n";

    fn text<'a>(outcome: &'a Outcome, key: &str) -> &'a str {
        outcome.values[key].as_str().unwrap_or_default()
    }

    #[test]
    fn it_runs_with_its_words_and_nothing_is_left() {
        let arguments = json!({"_raw_params": "dir/s.sh one 'two  words' 4", "chdir": "/", "_name": "s.sh",
            "_assignments": "GREETING=hi "});
        let outcome = call("script", arguments).content(SCRIPT).run();
        assert!(outcome.failed);
        assert_eq!(outcome.msg.as_deref(), Some("non-zero return code"));
        assert_eq!(outcome.values["rc"], Data::Int(4));
        assert_eq!(text(&outcome, "stderr"), "err\n");
        let script = text(&outcome, "stdout").strip_prefix("hi one [two  words] / ").unwrap().trim_end();
        assert!(script.ends_with("/s.sh"));
        assert!(!Path::new(script).parent().unwrap().exists());
    }

    #[test]
    fn a_program_can_be_named_for_it_and_quotes_around_its_name_stay() {
        let arguments = json!({"cmd": "'a script' x", "executable": "/bin/sh -e", "_name": "a script"});
        let outcome = call("script", arguments).content(b"false\necho not reached\n").run();
        assert_eq!(outcome.values["rc"], Data::Int(1));
        assert_eq!(text(&outcome, "stdout"), "");
    }

    #[test]
    fn creates_and_removes_say_why_it_is_not_run() {
        let outcome = run("script", json!({"cmd": "s.sh", "creates": "/etc/passwd"}));
        assert!(outcome.skipped);
        assert_eq!(outcome.msg.as_deref(), Some("/etc/passwd exists, matching creates option"));
        let outcome = run("script", json!({"cmd": "s.sh", "removes": "/etc/passw*"}));
        assert_eq!(outcome.msg.as_deref(), Some("/etc/passw* does not exist, matching removes option"));
    }

    #[test]
    fn check_mode_claims_a_change_only_where_it_is_known() {
        let outcome = check("script", json!({"cmd": "s.sh"}));
        assert!(outcome.skipped);
        assert_eq!(outcome.msg.as_deref(), Some("Check mode is not supported for this task."));
        let outcome = check("script", json!({"cmd": "s.sh", "creates": "/no/such/file"}));
        assert_eq!((outcome.skipped, outcome.changed), (false, Some(true)));
    }
}
