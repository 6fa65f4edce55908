//! Who runs what next, pure: no I/O, no variables, no clock.
//!
//! - `cursor`: where a host stands in a list of blocks and the blocks within, and what a failure does to it.
//! - [`host_state`]: where one host stands in a play: before its facts, in the blocks, in handlers.
//! - [`iterator`]: all hosts of a play, its handlers and who notified them.
//! - [`lockstep`]: the linear strategy's rule: all hosts do the same task before any goes on.
//!
//! Source: Ansible documentation, "Controlling playbook execution: strategies and more" and "Blocks".

mod cursor;
pub mod host_state;
pub mod iterator;
pub mod lockstep;
#[cfg(test)]
mod tests;

pub use host_state::{HostState, Phase};
pub use iterator::PlayIterator;
