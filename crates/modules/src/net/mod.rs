//! Modules about the network.

pub mod wait_for;
