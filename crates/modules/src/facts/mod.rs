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

use std::time::Duration;

use crate::Context;

/// The host's full name, as the fact `ansible_fqdn` has it.
pub(crate) fn full_host_name(ctx: &mut Context) -> String {
    platform::full_name_of(&gathering::Gathering::new(ctx, Duration::ZERO, String::new()))
}

/// The interpreter that is set for the host, or the first that Ansible would discover, by its path; none where there is none.
pub(crate) fn python_program(ctx: &Context) -> Option<String> {
    python::ask(ctx)?.program()
}

/// The distribution's id of os-release(5), as Ansible's `get_distribution` writes it.
pub(crate) fn distribution_id() -> String {
    let text = read::raw("/etc/os-release").or_else(|| read::raw("/usr/lib/os-release")).unwrap_or_default();
    let id = text.lines().find_map(|line| line.strip_prefix("ID=")).unwrap_or_default();
    let id = id.trim_matches(['"', '\'']).to_lowercase();
    match id.as_str() {
        "" => "OtherLinux".to_owned(),
        "amzn" => "Amazon".to_owned(),
        "rhel" => "Redhat".to_owned(),
        _ => {
            let mut letters = id.chars();
            letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect()
        }
    }
}
