//! Modules about the host as a whole.

pub mod cron;
pub mod getent;
pub mod hostname;
pub mod iptables;
pub mod known_hosts;
pub mod ping;
