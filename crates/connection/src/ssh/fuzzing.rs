//! Ways in for the fuzz targets: the readers of OpenSSH's files, on text instead of files.

use std::path::Path;

use super::{
    config,
    known_hosts::{KnownHosts, name},
};
use crate::{environment::Environment, target::SshSettings};

/// Reads a known_hosts file and asks it for a host: the types of its keys.
#[must_use]
pub fn known_hosts(text: &str, host: &str, port: u16) -> Vec<String> {
    let name = name(host, port);
    let known = KnownHosts::of_text(Path::new("known_hosts"), text, &[&name]);
    let _ = known.has_authority(&name);
    known.key_types(&name)
}

/// Reads an ssh_config file for a host: its name and port there. `Include` reads nothing.
///
/// # Errors
///
/// What is not understood, with its place.
pub fn ssh_config(text: &str, host: &str) -> Result<(String, u16), String> {
    let environment = Environment {
        home: "/nonexistent".into(),
        user: "user".to_owned(),
        uid: 1000,
        agent: None,
        machine: "machine".to_owned(),
    };
    let effective = config::of_text(text, &SshSettings::new(host), &environment)?;
    Ok((effective.host, effective.port))
}
