//! apt's programs: how they are run, what they say, and its lists of packages.

pub mod messages;
pub mod update;

use std::ffi::OsStr;

use super::command::{CommandError, Output};
use crate::Context;

/// Runs one of apt's programs: no questions are asked, and its output can be read.
///
/// # Errors
///
/// It cannot be started, or the call is cancelled; an exit code other than 0 is none.
pub fn run<S: AsRef<OsStr>>(ctx: &Context, words: &[S]) -> Result<Output, CommandError> {
    let command = ctx.command(words).env("DEBIAN_FRONTEND", "noninteractive").env("DEBIAN_PRIORITY", "critical");
    command.best_locale_throughout().run()
}
