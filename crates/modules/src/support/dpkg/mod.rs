//! What dpkg keeps and how it reads: control data, its database, versions.
//!
//! Source: Debian Policy, chapters 5 (control files) and 7 (relationships); dpkg(1).

pub mod control;
pub mod database;
pub mod version;

pub use database::{Database, Entry};
