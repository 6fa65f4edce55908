//! Whole connections: against an SSH server within the process, and on this machine.

mod agent;
mod become_user;
mod helper;
mod ssh;
mod support;
