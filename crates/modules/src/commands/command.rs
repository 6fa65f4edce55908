//! `command` (and `shell`, which is this module with `_uses_shell`): a command is run.

use std::{path::Path, time::SystemTime};

use crate::{
    module::os_error_bytes,
    prelude::*,
    support::{clock, command::Output, paths, shlex},
};

/// Execute commands on targets.
///
/// The command is run without a shell: variables like `$HOME` are expanded, but `<`, `>`, `|`, `;` and `&` are not
/// special. Use `shell` where they are needed.
///
/// It cannot know what a command changes and so always reports a change, unless `creates` or `removes` says that there
/// is nothing to do. In check mode nothing is run.
#[derive(Debug, Arguments)]
#[arguments(required_one_of("_raw_params", "cmd", "argv"), mutually_exclusive("_raw_params", "cmd", "argv"))]
pub struct CommandArgs {
    /// The command as free text.
    _raw_params: Option<String>,
    /// The text goes to a shell; what makes `shell` of `command`.
    #[arg(default = false)]
    _uses_shell: bool,
    /// The command to run.
    cmd: Option<String>,
    /// The command as a list of words.
    argv: Option<Vec<String>>,
    /// Change into this folder before the command runs.
    chdir: Option<PathArg>,
    /// The shell to use, for `shell`; an absolute path.
    executable: Option<String>,
    /// Expand variables like `$SOME_HOME` in the words.
    #[arg(default = true)]
    expand_argument_vars: bool,
    /// A file or pattern; where something matches, the command is not run.
    creates: Option<PathArg>,
    /// A file or pattern; where nothing matches, the command is not run.
    removes: Option<PathArg>,
    /// What the command reads from its standard input.
    stdin: Option<String>,
    /// End the input with a newline.
    #[arg(default = true)]
    stdin_add_newline: bool,
    /// Take empty lines off the end of the outputs.
    #[arg(default = true)]
    strip_empty_ends: bool,
}

impl CommandArgs {
    /// The same for a shell.
    pub(super) fn with_shell(mut self) -> Self {
        self._uses_shell = true;
        self
    }
}

/// The module.
pub struct Command;

impl Module for Command {
    type Args = CommandArgs;
    const NAME: &'static str = "command";
    const FREE_FORM: Option<&'static str> = Some("_raw_params");
    const EXAMPLES: &'static str = "\
- name: Make a database once
  ansible.builtin.command: /usr/bin/make_database.sh db_user db_name
  args:
    creates: /path/to/database

- name: Use words that need no quoting
  ansible.builtin.command:
    argv:
      - /usr/bin/make_database.sh
      - a name with blanks
";

    fn run(args: CommandArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let run = Run::new(args, ctx)?;
        let mut outcome = run.empty_outcome();
        if let Some(folder) = &run.args.chdir
            && let Err(error) = std::fs::metadata(folder).and_then(|_| std::fs::read_dir(folder).map(|_| ()))
        {
            let mut failure =
                Failure::from_outcome(outcome, "Unable to change directory before execution.").into_outcome();
            failure.cause = Some(os_error_bytes(&error, folder));
            let msg = failure.msg.take().unwrap_or_default();
            return Err(Failure::from_outcome(failure, msg));
        }

        if let Some((msg, stdout)) = run.nothing_to_do(ctx) {
            outcome.msg = Some(msg);
            outcome.set("stdout", stdout);
            outcome.set("rc", 0);
            return Ok(outcome);
        }
        if ctx.check_mode {
            // Only with `creates` or `removes` is it known that something would change.
            let known = run.args.creates.is_some() || run.args.removes.is_some();
            outcome.changed = Some(known);
            outcome.skipped = !known;
            outcome.set("rc", 0);
            outcome.msg = Some("Command would have run if not in check mode".to_owned());
            return Ok(outcome);
        }

        let start = SystemTime::now();
        let output = run.execute(ctx)?;
        let end = SystemTime::now();
        let zone = ctx.variable("TZ");
        outcome.changed = Some(true);
        outcome.set("rc", output.rc);
        outcome.set("start", clock::local(start, zone).show());
        outcome.set("end", clock::local(end, zone).show());
        outcome.set("delta", clock::show_delta(end.duration_since(start).unwrap_or_default()));
        outcome.set("stdout", run.shown(&output.stdout_text()));
        outcome.set("stderr", run.shown(&output.stderr_text()));
        if output.rc == 0 { Ok(outcome) } else { Err(Failure::from_outcome(outcome, "non-zero return code")) }
    }
}

/// What is to be run.
enum Words {
    Shell(String),
    List(Vec<String>),
}

struct Run {
    args: CommandArgs,
    words: Words,
}

impl Run {
    fn new(mut args: CommandArgs, ctx: &mut Context) -> Result<Self, Failure> {
        if !args._uses_shell
            && let Some(executable) = args.executable.take()
        {
            ctx.warn(format!(
                "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' module. Not \
                 using '{executable}'."
            ));
        }
        let text = [&args._raw_params, &args.cmd].into_iter().flatten().find(|text| !text.is_empty()).cloned();
        let words = match text {
            Some(text) if args._uses_shell => Words::Shell(text),
            Some(text) => Words::List(shlex::split(&text).map_err(|reason| Failure::raised(reason, None))?),
            None => {
                let list = args.argv.clone().unwrap_or_default();
                if args._uses_shell {
                    let quoted: Vec<String> = list.iter().map(|word| shlex::quote(word)).collect();
                    Words::Shell(quoted.join(" "))
                } else {
                    Words::List(list)
                }
            }
        };
        Ok(Self { args, words })
    }

    /// The keys that every result has.
    fn empty_outcome(&self) -> Outcome {
        let cmd = match &self.words {
            Words::Shell(text) => Data::from(text.as_str()),
            Words::List(words) => Data::from(words.clone()),
        };
        let mut outcome = Outcome::changed(false).with_msg("").with("stdout", "").with("stderr", "").with("cmd", cmd);
        for key in ["rc", "start", "end", "delta"] {
            outcome.set(key, Data::Null);
        }
        outcome
    }

    /// The message and output where `creates` or `removes` says that there is nothing to do.
    fn nothing_to_do(&self, ctx: &Context) -> Option<(String, String)> {
        let shoulda = if ctx.check_mode { "Would" } else { "Did" };
        let found = |pattern: &str| paths::glob_any(pattern, self.args.chdir.as_deref());
        match (&self.args.creates, &self.args.removes) {
            (Some(pattern), _) if !pattern.is_empty() && found(pattern) => Some((
                format!("{shoulda} not run command since '{}' exists", &**pattern),
                format!("skipped, since {} exists", &**pattern),
            )),
            (_, Some(pattern)) if !pattern.is_empty() && !found(pattern) => Some((
                format!("{shoulda} not run command since '{}' does not exist", &**pattern),
                format!("skipped, since {} does not exist", &**pattern),
            )),
            _ => None,
        }
    }

    fn execute(&self, ctx: &Context) -> Result<Output, Failure> {
        let mut command = match &self.words {
            Words::Shell(text) => {
                let shell = self.args.executable.as_deref().unwrap_or("/bin/sh");
                ctx.command([shell, "-c", text])
            }
            Words::List(words) if self.args.expand_argument_vars => {
                ctx.command(words.iter().map(|word| ctx.expand(word)))
            }
            Words::List(words) => ctx.command(words),
        };
        if let Some(folder) = &self.args.chdir {
            command = command.cwd(Path::new(&**folder));
        }
        if let Some(stdin) = self.args.stdin.as_ref().filter(|stdin| !stdin.is_empty()) {
            let newline = if self.args.stdin_add_newline { "\n" } else { "" };
            command = command.stdin(format!("{stdin}{newline}"));
        }
        Ok(command.run()?)
    }

    fn shown(&self, text: &str) -> String {
        if self.args.strip_empty_ends { text.trim_end_matches(['\r', '\n']).to_owned() } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{call, check, run};

    fn text<'a>(outcome: &'a Outcome, key: &str) -> &'a str {
        outcome.values[key].as_str().unwrap_or_default()
    }

    #[test]
    fn words_are_run_without_a_shell_with_variables_expanded() {
        let outcome =
            call("command", json!({"_raw_params": "echo $GREETING 'a  b' | cat"})).env("GREETING", "hi").run();
        assert_eq!(text(&outcome, "stdout"), "hi a  b | cat");
        assert_eq!(outcome.changed, Some(true));
        assert_eq!(outcome.values["rc"], Data::Int(0));
        assert_eq!(outcome.msg.as_deref(), Some(""));
    }

    #[test]
    fn a_shell_sees_its_own_syntax() {
        let outcome = run("command", json!({"_raw_params": "echo a; echo b >&2; exit 4", "_uses_shell": true}));
        assert!(outcome.failed);
        assert_eq!(outcome.msg.as_deref(), Some("non-zero return code"));
        assert_eq!((text(&outcome, "stdout"), text(&outcome, "stderr")), ("a", "b"));
        assert_eq!(outcome.values["rc"], Data::Int(4));
        assert_eq!(outcome.values["cmd"], Data::from("echo a; echo b >&2; exit 4"));
    }

    #[test]
    fn creates_and_removes_decide_relative_to_chdir() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("made.txt"), "").unwrap();
        let chdir = folder.path().to_str().unwrap();
        let outcome = run("command", json!({"_raw_params": "pwd", "chdir": chdir, "creates": "*.txt"}));
        assert_eq!(outcome.msg.as_deref(), Some("Did not run command since '*.txt' exists"));
        assert_eq!(outcome.changed, Some(false));
        let outcome = check("command", json!({"_raw_params": "pwd", "chdir": chdir, "removes": "none"}));
        assert_eq!(outcome.msg.as_deref(), Some("Would not run command since 'none' does not exist"));
    }

    #[test]
    fn check_mode_runs_nothing_and_claims_a_change_only_where_it_is_known() {
        let outcome = check("command", json!({"_raw_params": "false"}));
        assert!(outcome.skipped);
        assert_eq!(outcome.changed, Some(false));
        let outcome = check("command", json!({"_raw_params": "false", "creates": "/no/such/file"}));
        assert!(!outcome.skipped);
        assert_eq!(outcome.changed, Some(true));
        assert_eq!(outcome.msg.as_deref(), Some("Command would have run if not in check mode"));
    }

    #[test]
    fn input_gets_a_newline_unless_told() {
        let outcome = run("command", json!({"argv": ["od", "-c"], "stdin": "x"}));
        assert!(text(&outcome, "stdout").contains("\\n"));
        let outcome = run("command", json!({"argv": ["od", "-c"], "stdin": "x", "stdin_add_newline": false}));
        assert!(!text(&outcome, "stdout").contains("\\n"));
    }

    #[test]
    fn a_missing_program_fails_as_in_ansible() {
        let outcome = run("command", json!({"_raw_params": "no-such-program a b"}));
        assert_eq!(outcome.msg.as_deref(), Some("Error executing command."));
        assert_eq!(outcome.cause.as_deref(), Some("[Errno 2] No such file or directory: b'no-such-program'"));
        assert_eq!(outcome.values["cmd"], Data::from("no-such-program a b"));
        assert_eq!(outcome.values["rc"], Data::Int(2));
    }

    #[test]
    fn a_missing_folder_is_said() {
        let outcome = run("command", json!({"_raw_params": "pwd", "chdir": "/no/such/folder"}));
        assert_eq!(outcome.msg.as_deref(), Some("Unable to change directory before execution."));
        assert_eq!(outcome.values["cmd"], Data::List(vec![Data::from("pwd")]));
    }
}
