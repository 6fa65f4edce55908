//! Kernel, machine, names, user, environment.

use rustix::process::{geteuid, getgid, getuid};

use super::{gathering::Gathering, read};
use crate::{prelude::*, support::accounts};

/// `platform`: kernel, architecture and the host's names.
pub(super) fn platform(gathering: &mut Gathering<'_>) {
    let uname = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let machine = text(uname.machine());
    let node = text(uname.nodename());
    let bits = userspace_bits();
    gathering.set("system", text(uname.sysname()));
    gathering.set("kernel", text(uname.release()));
    gathering.set("kernel_version", text(uname.version()));
    gathering.set("machine", machine.as_str());
    if let Some(version) = gathering.python().map(|python| python.version().to_owned()) {
        gathering.set("python_version", version);
    }
    let fqdn = fqdn(gathering, &node);
    gathering.set("domain", fqdn.split_once('.').map_or("", |(_, domain)| domain));
    gathering.set("fqdn", fqdn.as_str());
    gathering.set("hostname", node.split('.').next().unwrap_or_default());
    gathering.set("nodename", node.as_str());
    gathering.set("userspace_bits", bits);
    let is_i386 = matches!(machine.as_bytes(), [b'i', b'3'..=b'6', b'8', b'6', ..]);
    gathering.set("architecture", if is_i386 { "i386" } else { &machine });
    if is_i386 || machine == "x86_64" {
        gathering.set("userspace_architecture", if bits == "64" { "x86_64" } else { "i386" });
    }
    let machine_id = read::content("/var/lib/dbus/machine-id").or_else(|| read::content("/etc/machine-id"));
    if let Some(line) = machine_id.as_deref().and_then(|id| id.lines().next()) {
        gathering.set("machine_id", line);
    }
}

/// The full name of the host that is gathered from.
pub(super) fn full_name_of(gathering: &Gathering<'_>) -> String {
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    fqdn(gathering, &node)
}

/// 32 or 64, as the header of the system's shell says: the helper's own bits say nothing of the host's programs.
fn userspace_bits() -> &'static str {
    let mut header = [0; 5];
    let read = std::fs::File::open("/bin/sh").and_then(|mut file| std::io::Read::read_exact(&mut file, &mut header));
    match (read, header) {
        (Ok(()), [0x7f, b'E', b'L', b'F', 1]) => "32",
        _ => "64",
    }
}

/// The full name as Python's `socket.getfqdn` finds it: the names that the host's own address has.
fn fqdn(gathering: &Gathering<'_>, node: &str) -> String {
    let hosts = read::raw("/etc/hosts").unwrap_or_default();
    // The resolver is asked only for what this file does not tell.
    let ask = |database: &str, name: &str| {
        if name.is_empty() || name.starts_with('-') {
            return None;
        }
        let answer = gathering.output("getent", &[database, name])?;
        answer.lines().next().map(str::to_owned)
    };
    let address = match addresses_of(&hosts, node).as_slice() {
        [address] => Some((*address).to_owned()),
        // None, or several in an order that depends on how near they are.
        _ => ask("ahosts", node).and_then(|line| line.split_whitespace().next().map(str::to_owned)),
    };
    let Some(address) = address else { return node.to_owned() };
    let names = entries(&hosts).find(|line| line.split_whitespace().next() == Some(&address)).map(str::to_owned);
    names.or_else(|| ask("hosts", &address)).as_deref().and_then(full_name).unwrap_or_else(|| node.to_owned())
}

/// The lines of hosts(5) without comments.
fn entries(hosts: &str) -> impl Iterator<Item = &str> {
    hosts.lines().map(|line| line.split('#').next().unwrap_or_default())
}

/// The addresses that hosts(5) has for a name.
fn addresses_of<'a>(hosts: &'a str, node: &str) -> Vec<&'a str> {
    let mut addresses: Vec<&str> = Vec::new();
    for line in entries(hosts) {
        let mut words = line.split_whitespace();
        let Some(address) = words.next() else { continue };
        if !addresses.contains(&address) && words.any(|name| name.eq_ignore_ascii_case(node)) {
            addresses.push(address);
        }
    }
    addresses
}

/// The first name with a dot of a line of hosts(5), else its first name.
fn full_name(line: &str) -> Option<String> {
    let names = || line.split_whitespace().skip(1);
    names().find(|name| name.contains('.')).or_else(|| names().next()).map(str::to_owned)
}

/// `user`: who the module runs as.
pub(super) fn user(gathering: &mut Gathering<'_>) {
    let named = ["LOGNAME", "USER", "LNAME", "USERNAME"]
        .iter()
        .find_map(|name| gathering.ctx.variable(name).filter(|value| !value.is_empty()).map(str::to_owned));
    let by_name = named.as_deref().and_then(|name| accounts::user_by_name(gathering.ctx, name));
    let entry = by_name.or_else(|| accounts::user_by_id(gathering.ctx, getuid().as_raw()));
    if let Some(id) = named.or_else(|| entry.as_ref().map(|user| user.name.clone())) {
        gathering.set("user_id", id);
    }
    if let Some(user) = entry {
        gathering.set("user_uid", user.uid);
        gathering.set("user_gid", user.gid);
        gathering.set("user_gecos", user.gecos);
        gathering.set("user_dir", user.home);
        gathering.set("user_shell", user.shell);
    }
    gathering.set("real_user_id", getuid().as_raw());
    gathering.set("effective_user_id", geteuid().as_raw());
    gathering.set("real_group_id", getgid().as_raw());
    // Ansible tells the real one here too.
    gathering.set("effective_group_id", getgid().as_raw());
}

/// `env`: the environment.
pub(super) fn env(gathering: &mut Gathering<'_>) {
    let all: Map =
        gathering.ctx.environment().iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    gathering.set("env", all);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_is_the_first_with_a_dot() {
        let hosts = "127.0.0.1 localhost\n10.0.0.5 web web.example.org # here\n";
        assert_eq!(addresses_of(hosts, "Web"), ["10.0.0.5"]);
        assert!(addresses_of(hosts, "other").is_empty());
        assert_eq!(full_name("10.0.0.5 web web.example.org").as_deref(), Some("web.example.org"));
        assert_eq!(full_name("127.0.0.1 localhost vm").as_deref(), Some("localhost"));
    }
}
