//! Smaller kinds of facts, a function each.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use tz::{DateTime, TimeZone};

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
    ("/sbin/apk", "apk"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/bin/pkg", "pkg5"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/bin/swupd", "swupd"),
    ("/usr/sbin/sorcery", "sorcery"),
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
        None if has("systemctl") && init::systemd_runs() => "systemd",
        None if has("initctl") && read::exists("/etc/init/") => "upstart",
        None if read::exists("/sbin/openrc") => "openrc",
        None if has("systemctl") && read::link_name("/sbin/init").as_deref() == Some("systemd") => "systemd",
        None if read::exists("/etc/init.d/") => "sysvinit",
        None if read::exists("/etc/dinit.d/") => "dinit",
        None => "service",
    };
    gathering.set("service_mgr", name);
}

/// `cmdline`: the kernel's command line.
pub(super) fn cmdline(gathering: &mut Gathering<'_>) {
    let Some(text) = read::content("/proc/cmdline") else { return };
    let (last, all) = cmdline_facts(&text);
    gathering.set("cmdline", last);
    gathering.set("proc_cmdline", all);
}

/// Each option with its last value, and with all of its values.
fn cmdline_facts(text: &str) -> (Map, Map) {
    let (mut last, mut all) = (Map::new(), Map::new());
    for word in text.split_whitespace() {
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

/// `date_time`: the host's clock.
pub(super) fn date_time(gathering: &mut Gathering<'_>) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let zone = match gathering.ctx.variable("TZ") {
        Some(name) if !name.is_empty() => TimeZone::from_posix_tz(name),
        _ => TimeZone::local(),
    };
    let zone = zone.unwrap_or_else(|_| TimeZone::utc());
    let seconds = i64::try_from(since.as_secs()).unwrap_or(0);
    if let Some(facts) = date_time_facts(seconds, since.subsec_micros(), &zone) {
        gathering.set("date_time", facts);
    }
}

fn date_time_facts(seconds: i64, micros: u32, zone: &TimeZone) -> Option<Map> {
    const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let now = DateTime::from_timespec(seconds, 0, zone.as_ref()).ok()?;
    let utc = DateTime::from_timespec(seconds, 0, TimeZone::utc().as_ref()).ok()?;
    let date = |time: &DateTime| format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.month_day());
    let clock = |time: &DateTime| format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    let local = now.local_time_type();
    let offset = local.ut_offset();
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    let name = local.time_zone_designation().to_owned();
    // The name that the zone's summer time has this year, if it has one.
    let summer = (0..12)
        .filter_map(|month| zone.find_local_time_type(seconds + month * 30 * 86400).ok())
        .find(|kind| kind.is_dst())
        .map_or_else(|| name.clone(), |kind| kind.time_zone_designation().to_owned());
    let weekday = now.week_day();
    // Weeks start on Monday; the days before the first one are week 0.
    let week = (u32::from(now.year_day()) + 7 - (u32::from(weekday) + 6) % 7) / 7;
    let compact = format!("{}T{}", date(&now), clock(&now)).replace(['-', ':'], "");
    Some(map([
        ("year", now.year().to_string().into()),
        ("month", format!("{:02}", now.month()).into()),
        ("weekday", DAYS.get(usize::from(weekday)).copied().unwrap_or_default().into()),
        ("weekday_number", weekday.to_string().into()),
        ("weeknumber", format!("{week:02}").into()),
        ("day", format!("{:02}", now.month_day()).into()),
        ("hour", format!("{:02}", now.hour()).into()),
        ("minute", format!("{:02}", now.minute()).into()),
        ("second", format!("{:02}", now.second()).into()),
        ("epoch", seconds.to_string().into()),
        ("epoch_int", seconds.to_string().into()),
        ("date", date(&now).into()),
        ("time", clock(&now).into()),
        ("iso8601_micro", format!("{}T{}.{micros:06}Z", date(&utc), clock(&utc)).into()),
        ("iso8601", format!("{}T{}Z", date(&utc), clock(&utc)).into()),
        ("iso8601_basic", format!("{compact}{micros:06}").into()),
        ("iso8601_basic_short", compact.into()),
        ("tz", name.into()),
        ("tz_dst", summer.into()),
        ("tz_offset", format!("{sign}{:02}{:02}", minutes / 60, minutes % 60).into()),
    ]))
}

/// `loadavg`, as getloadavg(3) has it.
pub(super) fn loadavg(gathering: &mut Gathering<'_>) {
    #[expect(clippy::cast_precision_loss, reason = "a load has 16 bits of fraction")]
    let [one, five, fifteen] = rustix::system::sysinfo().loads.map(|load| load as f64 / 65536.0);
    gathering.set("loadavg", map([("1m", one.into()), ("5m", five.into()), ("15m", fifteen.into())]));
}

/// `ssh_pub_keys`: the SSH server's keys, from the first folder that has any.
pub(super) fn ssh_pub_keys(gathering: &mut Gathering<'_>) {
    for folder in ["/etc/ssh", "/etc/openssh", "/etc"] {
        let mut found = false;
        for algorithm in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let Some(text) = read::content(&format!("{folder}/ssh_host_{algorithm}_key.pub")) else { continue };
            let mut words = text.split_whitespace();
            let (Some(kind), Some(key)) = (words.next(), words.next()) else { continue };
            gathering.set(&format!("ssh_host_key_{algorithm}_public"), key);
            gathering.set(&format!("ssh_host_key_{algorithm}_public_keytype"), kind);
            found = true;
        }
        if found {
            return;
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
    fn a_moment_is_shown_in_all_forms() {
        let facts = date_time_facts(1_795_470_226, 443_692, &TimeZone::utc()).unwrap();
        assert_eq!(facts["iso8601_micro"], Data::from("2026-11-23T21:43:46.443692Z"));
        assert_eq!(facts["iso8601_basic"], Data::from("20261123T214346443692"));
        assert_eq!(facts["weekday"], Data::from("Monday"));
        assert_eq!(facts["weeknumber"], Data::from("47"));
        assert_eq!(facts["tz_offset"], Data::from("+0000"));
    }

    #[test]
    fn options_of_the_kernel_keep_their_last_and_all_values() {
        let (last, all) = cmdline_facts("quiet console=tty0 console=ttyS0 root=UUID=a");
        assert_eq!(last["quiet"], Data::Bool(true));
        assert_eq!(last["console"], Data::from("ttyS0"));
        assert_eq!(all["console"], Data::from(vec!["tty0", "ttyS0"]));
        assert_eq!(all["root"], Data::from("UUID=a"));
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
