//! Modules that run commands.

pub mod command;
pub mod shell;
