//! Modules about users and groups.

pub mod group;
pub mod user;
