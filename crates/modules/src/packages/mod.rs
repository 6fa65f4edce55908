//! Modules about packages.

pub mod apt;
