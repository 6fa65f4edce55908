//! Modules about files.

pub mod stat;
