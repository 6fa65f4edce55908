//! Modules about what a host is: `setup`.

mod distribution;
mod gathering;
mod hardware;
mod platform;
mod read;
pub mod setup;
mod system;
