//! The command line, one file a verb; error kinds become exit codes here.
//!
//! - [`program`]: which program was called: `provision`, or one of Ansible's by its name.
//! - [`arguments`]: the flags, in groups that verbs and Ansible's programs share; [`flags`]: which of ansible-core's are
//!   done.
//! - [`options`]: what flags and configuration say together, typed.
//! - [`start`]: where the executor takes over; [`sinks`]: the callbacks that a run has.
//! - [`exit`]: error kind -> exit code, and how errors are shown.

pub mod adhoc;
pub mod ansible;
pub mod arguments;
pub mod ask;
pub mod diagnostics;
pub mod exit;
pub mod flags;
mod interrupt;
pub mod listing;
pub mod options;
pub mod playbook_listing;
pub mod program;
pub mod prompt;
pub mod render;
pub mod session;
pub mod sinks;
pub mod start;
pub mod terminal;
pub mod verbs;
pub mod version;

use std::ffi::OsString;

use crate::config::Environment;

pub use exit::{Failure, Result};

/// Runs the program that the arguments name (the first is its own name); the process's exit code.
pub fn main(arguments: Vec<OsString>) -> u8 {
    let mut terminal = terminal::Terminal::of_process(Environment::current());
    let program = program::Program::of(&arguments);
    match program.run(arguments, &mut terminal) {
        Ok(code) => code,
        Err(failure) => {
            terminal.failure(&failure, program.is_ansible());
            failure.code()
        }
    }
}
