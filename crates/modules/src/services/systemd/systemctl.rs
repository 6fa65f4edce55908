//! The program systemctl(1), as Ansible's module calls it.

use super::Scope;
use crate::{prelude::*, support::command::Output};

/// systemctl with the options that go with every call.
#[derive(Debug)]
pub(super) struct Systemctl {
    line: String,
    /// Where the user's manager listens, if the task's environment does not say so.
    runtime_folder: Option<String>,
}

impl Systemctl {
    /// Finds the program.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub(super) fn find(ctx: &Context, scope: Scope, no_block: bool, force: bool) -> Result<Self, Failure> {
        let mut line = ctx.require_bin("systemctl")?;
        if scope != Scope::System {
            line.push_str(" --");
            line.push_str(scope.name());
        }
        if no_block {
            line.push_str(" --no-block");
        }
        if force {
            line.push_str(" --force");
        }
        let runtime_folder = match ctx.variable("XDG_RUNTIME_DIR") {
            Some(_) => None,
            None => Some(format!("/run/user/{}", rustix::process::geteuid().as_raw())),
        };
        Ok(Self { line, runtime_folder })
    }

    /// Runs it with these words; a unit in them is quoted, as its name may hold backslashes.
    ///
    /// # Errors
    ///
    /// It could not be run. An exit code other than 0 is none.
    pub(super) fn run(&self, ctx: &Context, words: &str) -> Result<Output, Failure> {
        let mut command = ctx.command_line(&format!("{} {words}", self.line))?;
        if let Some(folder) = &self.runtime_folder {
            command = command.env("XDG_RUNTIME_DIR", folder);
        }
        Ok(command.run()?)
    }

    /// Runs it without words, which lists units where it works at all.
    ///
    /// # Errors
    ///
    /// It does not: there is no systemd to speak to.
    pub(super) fn check(&self, ctx: &Context) -> Result<(), Failure> {
        let output = self.run(ctx, "")?;
        if output.success() {
            return Ok(());
        }
        Err(Failure::new(output.stderr_text().trim_end())
            .with("cmd", self.line.as_str())
            .with("rc", output.rc)
            .with("stdout", output.stdout_text().into_owned())
            .with("stderr", output.stderr_text().into_owned()))
    }
}
