//! The helper with the modules of the web bundle.

use std::process::ExitCode;

fn main() -> ExitCode {
    helper::main(modules::registry::WEB)
}
