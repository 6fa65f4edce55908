//! Whole connections: against an SSH server within the process, and on this machine.

mod helper;
mod ssh;
mod support;
