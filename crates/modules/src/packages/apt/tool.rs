//! How the programs of apt are run.

use std::ffi::OsStr;

use crate::{
    prelude::*,
    support::{apt, command::Output, shlex},
};

/// Runs a program with these words.
pub(super) fn run<S: AsRef<OsStr>>(ctx: &Context, words: &[S]) -> Result<Output, Failure> {
    Ok(apt::run(ctx, words)?)
}

/// Runs a command line whose words are parted as a shell parts them.
pub(super) fn run_line(ctx: &Context, line: &str) -> Result<Output, Failure> {
    run(ctx, &shlex::split(line).map_err(|reason| Failure::raised(reason, None))?)
}

/// A word where the condition holds, else nothing: what a place in a command line holds.
pub(super) fn word(condition: bool, word: &'static str) -> &'static str {
    if condition { word } else { "" }
}

/// The result of a program that did its work.
pub(super) fn outcome(changed: bool, output: &Output, diff: Diff) -> Outcome {
    let mut outcome = Outcome::changed(changed)
        .with("stdout", output.stdout_text().into_owned())
        .with("stderr", output.stderr_text().into_owned());
    outcome.diff.push(diff);
    outcome
}

/// The result of a program that failed.
pub(super) fn failure(msg: String, output: &Output) -> Failure {
    Failure::new(msg)
        .with("stdout", output.stdout_text().into_owned())
        .with("stderr", output.stderr_text().into_owned())
        .with("rc", output.rc)
}
