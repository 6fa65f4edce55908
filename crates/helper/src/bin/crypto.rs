//! The helper with the modules of the crypto bundle.

use std::process::ExitCode;

fn main() -> ExitCode {
    helper::main(modules::registry::CRYPTO)
}
