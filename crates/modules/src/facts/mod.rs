//! Modules about what a host is: `setup`.

mod distribution;
mod gathering;
mod hardware;
mod local;
mod mounts;
mod network;
mod platform;
mod read;
pub mod setup;
mod system;
mod virtual_machine;
