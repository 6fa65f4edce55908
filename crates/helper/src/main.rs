//! The static program that does the work on a host.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args_os().nth(1) {
        None => helper::session::serve_stdio(),
        Some(word) if word == helper::job::WORD => helper::job::run_stdin(),
        Some(_) => helper::usage(),
    }
}
