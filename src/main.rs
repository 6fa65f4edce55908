//! provision: an Ansible-compatible, agentless provisioning engine.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(provision::cli::main(std::env::args_os().collect()))
}
