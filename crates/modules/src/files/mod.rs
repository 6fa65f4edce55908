//! Modules about files.

pub mod copy;
pub mod file;
pub mod stat;
