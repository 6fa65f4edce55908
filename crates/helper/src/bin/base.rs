//! The helper with the modules of the base bundle.

use std::process::ExitCode;

fn main() -> ExitCode {
    helper::main(modules::registry::BASE)
}
