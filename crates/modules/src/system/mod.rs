//! Modules about the host as a whole.

pub mod ping;
