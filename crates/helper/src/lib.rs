//! What the helper does: frames in, modules, frames out.
//!
//! - [`session`]: reads frames and keeps the table of calls: many in flight, chained ones in order.
//! - [`call`]: one call's way to the control node: content with back-pressure, chunks with credit.
//! - [`job`]: background jobs (`async`), which outlive the session in a session of their own.
//! - [`output`]: the one place that writes frames.
//! - [`panics`]: what a bug of ours says last.
//!
//! The end of the input, or SIGHUP, SIGTERM or SIGINT, ends it all: every call is cancelled, its processes are killed,
//! its temporary files removed, and the helper exits.

pub mod call;
pub mod job;
pub mod output;
pub mod panics;
pub mod session;

use std::{io::Write, process::ExitCode};

use modules::registry::Table;

/// All that a helper with these modules does, from its start to its end.
///
/// Each program hands in the table of its bundle, and nothing here names another: the linker leaves out what the table
/// does not lead to.
#[must_use]
pub fn main(modules: Table) -> ExitCode {
    if cfg!(panic = "abort") {
        panics::report_without_tables();
    }
    match std::env::args_os().nth(1) {
        None => session::serve_stdio(modules),
        Some(word) if word == job::WORD => job::run_stdin(modules),
        Some(_) => usage(),
    }
}

/// Says on stderr how the helper is used.
fn usage() -> ExitCode {
    complain("this program is started by `provision` and speaks to it over its standard input and output");
    ExitCode::from(2)
}

/// One line on stderr, which the control node shows where the helper dies.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "provision-helper: {text}");
}
