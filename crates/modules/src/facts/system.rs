//! Smaller kinds of facts, a function each.

use std::fs;

use super::{
    gathering::{Gathering, map},
    read,
};
use crate::{prelude::*, support::init};

/// `lsb`: what `lsb_release -a` or `/etc/lsb-release` says.
pub(super) fn lsb(gathering: &mut Gathering<'_>) {
    let mut lsb = gathering.output("lsb_release", &["-a"]).map(|text| lsb_facts(&text, ':')).unwrap_or_default();
    if lsb.is_empty() {
        lsb = read::raw("/etc/lsb-release").map(|text| lsb_facts(&text, '=')).unwrap_or_default();
    }
    gathering.set("lsb", lsb);
}

fn lsb_facts(text: &str, separator: char) -> Map {
    let mut lsb = Map::new();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(separator) else { continue };
        let key = match name.trim() {
            "Distributor ID" | "DISTRIB_ID" => "id",
            "Description" | "DISTRIB_DESCRIPTION" => "description",
            "Release" | "LSB Version" | "DISTRIB_RELEASE" => "release",
            "Codename" | "DISTRIB_CODENAME" => "codename",
            _ => continue,
        };
        lsb.insert(key.to_owned(), value.trim().trim_matches(['"', '\'', '\\']).into());
    }
    if let Some(release) = lsb.get("release").and_then(Data::as_str) {
        let major = release.split('.').next().unwrap_or_default().to_owned();
        lsb.insert("major_release".to_owned(), major.into());
    }
    lsb
}

/// `selinux`.
pub(super) fn selinux(gathering: &mut Gathering<'_>) {
    // Facts of the kernel's own files: no Python library is needed to know them.
    gathering.set("selinux_python_present", true);
    if !gathering.ctx.selinux.enabled {
        gathering.set("selinux", map([("status", "disabled".into())]));
        return;
    }
    let configuration = read::raw("/etc/selinux/config").unwrap_or_default();
    let configured = |name: &str| {
        let line = configuration.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
        line.map_or("unknown", str::trim).to_owned()
    };
    let version = read::content("/sys/fs/selinux/policyvers").and_then(|text| text.parse::<i64>().ok());
    let mode = match read::content("/sys/fs/selinux/enforce").as_deref() {
        Some("1") => "enforcing",
        Some("0") => "permissive",
        _ => "unknown",
    };
    let selinux = map([
        ("status", "enabled".into()),
        ("policyvers", version.map_or_else(|| "unknown".into(), Data::from)),
        ("config_mode", configured("SELINUX").to_lowercase().into()),
        ("mode", mode.into()),
        ("type", configured("SELINUXTYPE").into()),
    ]);
    gathering.set("selinux", selinux);
}

/// `apparmor`.
pub(super) fn apparmor(gathering: &mut Gathering<'_>) {
    let status = if read::exists("/sys/kernel/security/apparmor") { "enabled" } else { "disabled" };
    gathering.set("apparmor", map([("status", status.into())]));
}

/// `chroot`: whether the root folder is another one than that of process 1.
pub(super) fn chroot(gathering: &mut Gathering<'_>) {
    gathering.set("is_chroot", init::is_chroot(gathering.ctx));
}

/// `fips`.
pub(super) fn fips(gathering: &mut Gathering<'_>) {
    gathering.set("fips", read::content("/proc/sys/crypto/fips_enabled").as_deref() == Some("1"));
}

/// `caps`: the capabilities of the process, as capsh(1) shows them.
pub(super) fn caps(gathering: &mut Gathering<'_>) {
    let (enforced, capabilities) = match gathering.output("capsh", &["--print"]) {
        Some(text) => capability_facts(&text),
        None => ("N/A", "N/A".into()),
    };
    gathering.set("system_capabilities_enforced", enforced);
    gathering.set("system_capabilities", capabilities);
}

fn capability_facts(text: &str) -> (&'static str, Data) {
    let none = || Data::List(Vec::new());
    let Some(current) = text.lines().find_map(|line| line.strip_prefix("Current:")) else { return ("NA", none()) };
    if current.trim() == "=ep" {
        return ("False", none());
    }
    let list = current.split('=').nth(1).unwrap_or_default();
    ("True", list.split(',').map(str::trim).collect::<Vec<_>>().into())
}

/// Where each package manager is; of several the last counts.
const PACKAGE_MANAGERS: &[(&str, &str)] = &[
    ("/usr/bin/rpm-ostree", "atomic_container"),
    ("/usr/bin/yum", "dnf"),
    ("/usr/bin/dnf-3", "dnf"),
    ("/usr/bin/dnf5", "dnf5"),
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/sbin/urpmi", "urpmi"),
    ("/usr/bin/pacman", "pacman"),
    ("/bin/opkg", "opkg"),
    ("/usr/pkg/bin/pkgin", "pkgin"),
    ("/opt/local/bin/pkgin", "pkgin"),
    ("/opt/tools/bin/pkgin", "pkgin"),
    ("/opt/local/bin/port", "macports"),
    ("/usr/local/bin/brew", "homebrew"),
    ("/opt/homebrew/bin/brew", "homebrew"),
    ("/sbin/apk", "apk"),
    ("/usr/sbin/pkg", "pkgng"),
    ("/usr/sbin/swlist", "swdepot"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/sbin/pkgadd", "svr4pkg"),
    ("/usr/bin/pkg", "pkg5"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/local/sbin/pkg", "pkgng"),
    ("/usr/bin/swupd", "swupd"),
    ("/usr/sbin/sorcery", "sorcery"),
    ("/usr/bin/installp", "installp"),
];

/// `pkg_mgr`.
pub(super) fn pkg_mgr(gathering: &mut Gathering<'_>) {
    let family = gathering.text("os_family").to_owned();
    let found = PACKAGE_MANAGERS
        .iter()
        .rfind(|(path, _)| read::exists(path) && !(family == "Altlinux" && *path == "/usr/bin/pkg"))
        .map_or("unknown", |(_, name)| name);
    let name = match family.as_str() {
        "RedHat" if read::exists("/run/ostree-booted") => "atomic_container",
        "RedHat" => match ["/usr/bin/dnf", "/usr/bin/microdnf"].iter().find_map(|path| fs::canonicalize(path).ok()) {
            Some(path) if path.as_os_str() == "/usr/bin/dnf5" => "dnf5",
            Some(_) => "dnf",
            None => "unknown",
        },
        "Debian" => "apt",
        "Altlinux" if found == "apt" => "apt_rpm",
        _ => found,
    };
    // An apt-get that came as an RPM is ALT's.
    let is_rpm = name == "apt"
        && read::exists("/usr/bin/rpm")
        && gathering.output("rpm", &["-q", "--whatprovides", "/usr/bin/apt-get"]).is_some();
    gathering.set("pkg_mgr", if is_rpm { "apt_rpm" } else { name });
}

/// `service_mgr`: what starts services.
pub(super) fn service_mgr(gathering: &mut Gathering<'_>) {
    let first = read::content("/proc/1/comm")
        .or_else(|| read::link_name("/sbin/init"))
        .filter(|name| name != "init" && !name.ends_with("sh"));
    let has = |name: &str| gathering.ctx.find_bin(name).is_some();
    let name = match first.as_deref() {
        Some("procd") => "openwrt_init",
        Some("runit-init") => "runit",
        Some("svscan") => "svc",
        Some("openrc-init") => "openrc",
        Some(name) => name,
        None if gathering.text("distribution") == "OpenWrt" => "openwrt_init",
        None if gathering.text("distribution") == "SMGL" => "simpleinit_msb",
        None if is_systemd(gathering) => "systemd",
        None if has("initctl") && read::exists("/etc/init/") => "upstart",
        None if read::exists("/sbin/openrc") => "openrc",
        None if has("systemctl") && read::link_name("/sbin/init").as_deref() == Some("systemd") => "systemd",
        None if read::exists("/etc/init.d/") => "sysvinit",
        None if read::exists("/etc/dinit.d/") => "dinit",
        None => "service",
    };
    gathering.set("service_mgr", name);
}

/// `systemd`: its version and what it was built with, where it is the one that started the host.
pub(super) fn systemd(gathering: &mut Gathering<'_>) {
    if !is_systemd(gathering) {
        return;
    }
    let Some(answer) = gathering.output("systemctl", &["--version"]) else { return };
    let version: Option<i64> = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    if let (Some(version), Some(features)) = (version, answer.lines().nth(1)) {
        gathering.set("systemd", map([("features", features.into()), ("version", version.into())]));
    }
}

/// Whether systemd is there and runs.
fn is_systemd(gathering: &Gathering<'_>) -> bool {
    gathering.ctx.find_bin("systemctl").is_some() && init::systemd_runs()
}

/// `cmdline`: the kernel's command line.
pub(super) fn cmdline(gathering: &mut Gathering<'_>) {
    let Some(text) = read::content("/proc/cmdline") else { return };
    let (last, all) = cmdline_facts(&text);
    gathering.set("cmdline", last);
    gathering.set("proc_cmdline", all);
}

/// The words of a command line; a quotation mark counts at the beginning of a word alone, and stays. `None` where it is
/// not closed.
fn cmdline_words(text: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' => rest.get(1..)?.find(first)? + 2,
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

/// Each option with its last value, and with all of its values.
fn cmdline_facts(text: &str) -> (Map, Map) {
    let (mut last, mut all) = (Map::new(), Map::new());
    for word in cmdline_words(text).unwrap_or_default() {
        let Some((name, value)) = word.split_once('=') else {
            last.insert(word.to_owned(), true.into());
            all.insert(word.to_owned(), true.into());
            continue;
        };
        last.insert(name.to_owned(), value.into());
        match all.get_mut(name) {
            Some(Data::List(values)) => values.push(value.into()),
            Some(one) => *one = Data::List(vec![one.clone(), value.into()]),
            None => {
                all.insert(name.to_owned(), value.into());
            }
        }
    }
    (last, all)
}

/// `loadavg`, as getloadavg(3) has it.
pub(super) fn loadavg(gathering: &mut Gathering<'_>) {
    #[expect(clippy::cast_precision_loss, reason = "a load has 16 bits of fraction")]
    let [one, five, fifteen] = rustix::system::sysinfo().loads.map(|load| load as f64 / 65536.0);
    gathering.set("loadavg", map([("1m", one.into()), ("5m", five.into()), ("15m", fifteen.into())]));
}

/// `ssh_pub_keys`: the SSH server's keys, from the first folder that has any.
pub(super) fn ssh_pub_keys(gathering: &mut Gathering<'_>) {
    let mut found = Vec::new();
    for folder in ["/etc/ssh", "/etc/openssh", "/etc"] {
        for algorithm in ["dsa", "rsa", "ecdsa", "ed25519"] {
            if found.contains(&algorithm) {
                return;
            }
            let Some(text) = read::content(&format!("{folder}/ssh_host_{algorithm}_key.pub")) else { continue };
            let mut words = text.split_whitespace();
            let (Some(kind), Some(key)) = (words.next(), words.next()) else { continue };
            gathering.set(&format!("ssh_host_key_{algorithm}_public"), key);
            gathering.set(&format!("ssh_host_key_{algorithm}_public_keytype"), kind);
            found.push(algorithm);
        }
    }
}

/// `dns`: resolv.conf(5).
pub(super) fn dns(gathering: &mut Gathering<'_>) {
    let text = read::raw("/etc/resolv.conf").unwrap_or_default();
    gathering.set("dns", dns_facts(&text));
}

fn dns_facts(text: &str) -> Map {
    let mut dns = Map::new();
    for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
        let mut words = line.split_whitespace();
        let Some(keyword) = words.next() else { continue };
        match keyword {
            "nameserver" => {
                let servers = dns.entry("nameservers".to_owned()).or_insert_with(|| Data::List(Vec::new()));
                if let Data::List(servers) = servers {
                    servers.extend(words.map(Data::from));
                }
            }
            "domain" => {
                if let Some(domain) = words.next() {
                    dns.insert("domain".to_owned(), domain.into());
                }
            }
            "search" | "sortlist" => {
                dns.insert(keyword.to_owned(), words.collect::<Vec<_>>().into());
            }
            "options" => {
                let options: Map = words
                    .map(|word| match word.split_once(':') {
                        Some((name, value)) if !value.is_empty() => (name.to_owned(), value.into()),
                        Some((name, _)) => (name.to_owned(), true.into()),
                        None => (word.to_owned(), true.into()),
                    })
                    .collect();
                dns.insert("options".to_owned(), options.into());
            }
            _ => {}
        }
    }
    dns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_kernel_keep_their_last_and_all_values() {
        let (last, all) = cmdline_facts("quiet console=tty0 console=ttyS0 root=UUID=a");
        assert_eq!(last["quiet"], Data::Bool(true));
        assert_eq!(last["console"], Data::from("ttyS0"));
        assert_eq!(all["console"], Data::from(vec!["tty0", "ttyS0"]));
        assert_eq!(all["root"], Data::from("UUID=a"));
    }

    #[test]
    fn a_quoted_word_of_the_kernel_keeps_its_blanks() {
        let (last, _) = cmdline_facts("quiet \"dyndbg=file a.c +p\" a=\"b c");
        assert_eq!(last["\"dyndbg"], Data::from("file a.c +p\""));
        assert_eq!(last["a"], Data::from("\"b"));
        assert!(cmdline_facts("quiet \"open").0.is_empty());
    }

    #[test]
    fn the_resolvers_file_is_read() {
        let dns = dns_facts("# x\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch a b\noptions ndots:2 rotate\n");
        assert_eq!(dns["nameservers"], Data::from(vec!["10.0.0.1", "10.0.0.2"]));
        assert_eq!(dns["search"], Data::from(vec!["a", "b"]));
        assert_eq!(dns["options"], Data::Map(map([("ndots", "2".into()), ("rotate", true.into())])));
    }

    #[test]
    fn capabilities_are_enforced_unless_all_are_there() {
        assert_eq!(capability_facts("Current: =ep\n"), ("False", Data::List(Vec::new())));
        let (enforced, list) = capability_facts("Current: =ep cap_sys_resource-ep\n");
        assert_eq!((enforced, list), ("True", Data::from(vec!["ep cap_sys_resource-ep"])));
    }

    #[test]
    fn lsb_is_read_from_both_sources() {
        let lsb = lsb_facts("DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=24.04\nDISTRIB_DESCRIPTION=\"Ubuntu 24.04\"\n", '=');
        assert_eq!(lsb["major_release"], Data::from("24"));
        assert_eq!(lsb["description"], Data::from("Ubuntu 24.04"));
        assert_eq!(lsb_facts("Distributor ID:\tDebian\n", ':')["id"], Data::from("Debian"));
    }
}
