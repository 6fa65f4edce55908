//! `shell`: a command is run by a shell.

use super::command::{self, CommandArgs};
use crate::prelude::*;

/// Execute shell commands on targets.
///
/// As `command`, but the text goes to a shell (`/bin/sh`, or `executable`), so that `<`, `>`, `|`, `;` and `&` mean what
/// they mean there.
#[derive(Debug, Arguments)]
#[arguments(required_one_of("_raw_params", "cmd", "argv"), mutually_exclusive("_raw_params", "cmd", "argv"))]
pub struct ShellArgs {
    #[arg(flatten)]
    command: CommandArgs,
}

/// The module.
pub struct Shell;

impl Module for Shell {
    type Args = ShellArgs;
    const NAME: &'static str = "shell";
    const FREE_FORM: Option<&'static str> = Some("_raw_params");
    const EXAMPLES: &'static str = "\
- name: Keep a script's output
  ansible.builtin.shell: somescript.sh >> somelog.txt
  args:
    chdir: somedir/
    creates: somelog.txt
";

    fn run(args: ShellArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        ctx.show_argument("_uses_shell", true);
        command::Command::run(args.command.with_shell(), ctx)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::run;

    #[test]
    fn the_text_goes_to_a_shell() {
        let outcome = run("shell", json!({"_raw_params": "echo a | tr a b"}));
        assert_eq!(outcome.values["stdout"], "b".into());
        assert_eq!(outcome.arguments["_uses_shell"], true.into());
    }
}
