//! Modules that run commands.

pub mod async_status;
pub mod command;
pub mod script;
pub mod shell;
