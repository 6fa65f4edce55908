//! Modules about users and groups.

pub mod group;
