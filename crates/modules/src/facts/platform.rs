//! Kernel, machine, names, user, environment, Python.

use rustix::process::{getegid, geteuid, getgid, getuid};

use super::{
    gathering::{Gathering, map},
    read,
};
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
    if let Some(name) = fqdn_of_hosts(&hosts, node) {
        return name;
    }
    let limit = gathering.timeout.min(std::time::Duration::from_secs(2));
    let answer = gathering.ctx.find_bin("getent").filter(|_| !node.starts_with('-')).and_then(|getent| {
        let output = gathering.ctx.command([getent.as_str(), "hosts", node]).timeout(limit).run().ok()?;
        output.success().then(|| output.stdout_text().into_owned())
    });
    answer.and_then(|text| full_name(text.lines().next()?)).unwrap_or_else(|| node.to_owned())
}

fn fqdn_of_hosts(hosts: &str, node: &str) -> Option<String> {
    let entries = || hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    let address = entries().find_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next()?;
        words.any(|name| name.eq_ignore_ascii_case(node)).then_some(address)
    })?;
    entries().find(|line| line.split_whitespace().next() == Some(address)).and_then(full_name)
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
    gathering.set("effective_group_id", getegid().as_raw());
}

/// `env`: the environment.
pub(super) fn env(gathering: &mut Gathering<'_>) {
    let all: Map =
        gathering.ctx.environment().iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    gathering.set("env", all);
}

/// What Python tells of itself, a word a line.
const QUESTION: &str = "import sys\ntry:\n from ssl import SSLContext\n s = 1\nexcept ImportError:\n s = 0\n\
                        print(sys.executable, sys.implementation.name, s, *sys.version_info, sep='\\n')";

/// `python`: the host's Python 3, where there is one.
pub(super) fn python(gathering: &mut Gathering<'_>) {
    let program = Some("/usr/bin/python3".to_owned()).filter(|path| read::exists(path));
    let Some(program) = program.or_else(|| gathering.ctx.find_bin("python3")) else { return };
    let command = gathering.ctx.command([program.as_str(), "-I", "-S", "-c", QUESTION]).timeout(gathering.timeout);
    let Some(output) = command.run().ok().filter(|output| output.success()) else { return };
    if let Some((version, python)) = python_facts(&output.stdout_text()) {
        gathering.set("python_version", version);
        gathering.set("python", python);
    }
}

fn python_facts(answer: &str) -> Option<(String, Map)> {
    let mut lines = answer.lines();
    let executable = lines.next()?;
    let implementation = lines.next()?;
    let has_ssl = lines.next()? == "1";
    let mut number = || lines.next()?.parse::<i64>().ok();
    let (major, minor, micro) = (number()?, number()?, number()?);
    let level = lines.next()?;
    let serial: i64 = lines.next()?.parse().ok()?;
    let suffix = match level {
        "alpha" => format!("a{serial}"),
        "beta" => format!("b{serial}"),
        "candidate" => format!("rc{serial}"),
        _ => String::new(),
    };
    let version = map([
        ("major", major.into()),
        ("minor", minor.into()),
        ("micro", micro.into()),
        ("releaselevel", level.into()),
        ("serial", serial.into()),
    ]);
    let python = map([
        ("version_info", Data::List(version.values().cloned().collect())),
        ("version", version.into()),
        ("executable", executable.into()),
        ("has_sslcontext", has_ssl.into()),
        ("type", implementation.into()),
    ]);
    Some((format!("{major}.{minor}.{micro}{suffix}"), python))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_is_that_of_the_hosts_own_address() {
        let hosts = "127.0.0.1 localhost\n10.0.0.5 web web.example.org # here\n";
        assert_eq!(fqdn_of_hosts(hosts, "web").as_deref(), Some("web.example.org"));
        assert_eq!(fqdn_of_hosts("127.0.0.1 localhost vm", "vm").as_deref(), Some("localhost"));
        assert_eq!(fqdn_of_hosts(hosts, "other"), None);
    }

    #[test]
    fn python_tells_its_version() {
        let (version, python) =
            python_facts("/usr/bin/python3\ncpython\n1\n3\n14\n0\ncandidate\n2\n").expect("a full answer");
        assert_eq!(version, "3.14.0rc2");
        assert_eq!(python["version_info"].as_list().map(<[Data]>::len), Some(5));
        assert_eq!(python_facts("/usr/bin/python3\ncpython"), None);
    }
}
