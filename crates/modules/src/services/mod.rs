//! Modules about services.

use crate::Failure;

pub mod service;
pub mod systemd;
pub mod sysvinit;

/// What is to become of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, macros::Choice)]
pub enum State {
    /// It reads its configuration again.
    Reloaded,
    /// It is stopped and started.
    Restarted,
    /// It runs.
    Started,
    /// It does not run.
    Stopped,
}

/// Fails where a service is unknown to its host.
fn fail_if_missing(found: bool, service: &str, place: &str) -> Result<(), Failure> {
    if found { Ok(()) } else { Err(Failure::new(format!("Could not find the requested service {service}: {place}"))) }
}
