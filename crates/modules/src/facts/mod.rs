//! Modules about what a host is: `setup`.

mod addresses;
mod date_time;
mod devices;
mod distribution;
mod ethtool;
mod gathering;
mod hardware;
mod ini;
mod initiators;
mod local;
mod lvm;
mod mounts;
mod netlink;
mod network;
mod platform;
mod processors;
mod programs;
mod python;
mod read;
mod release;
pub mod setup;
mod system;
mod uuids;
mod virtual_machine;
