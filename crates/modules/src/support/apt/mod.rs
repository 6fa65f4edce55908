//! apt's programs: how they are run, what they say, and its lists of packages.

pub mod messages;
pub mod update;

use std::ffi::OsStr;

use super::{
    command::{CommandError, Output},
    locale,
};
use crate::Context;

/// Runs one of apt's programs: no questions are asked, and its output can be read.
///
/// # Errors
///
/// It cannot be started, or the call is cancelled; an exit code other than 0 is none.
pub fn run<S: AsRef<OsStr>>(ctx: &Context, words: &[S]) -> Result<Output, CommandError> {
    let locale = locale::best();
    let mut command = ctx.command(words).env("DEBIAN_FRONTEND", "noninteractive").env("DEBIAN_PRIORITY", "critical");
    for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANGUAGE"] {
        command = command.env(name, locale);
    }
    command.run()
}
