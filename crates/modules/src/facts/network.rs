//! `network`: interfaces, addresses, default routes, as ip(8) and `/sys/class/net` say.

use std::{fs, net::Ipv4Addr};

use super::{
    gathering::{Gathering, map},
    read,
};
use crate::prelude::*;

/// Addresses outside, to ask the kernel's routing table for the way to them; nothing is sent there.
const OUTSIDE: [(&str, &str); 2] = [("-4", "8.8.8.8"), ("-6", "2404:6800:400a:800::1012")];

/// `network`. As in Ansible, a host without ip(8) has none of these facts.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    if gathering.ctx.find_bin("ip").is_none() {
        return;
    }
    let mut defaults = OUTSIDE.map(|(family, address)| {
        let answer = gathering.output("ip", &[family, "route", "get", address]).unwrap_or_default();
        default_route(&answer, address)
    });
    let mut interfaces: Map = read::names("/sys/class/net")
        .into_iter()
        .filter(|device| fs::metadata(format!("/sys/class/net/{device}")).is_ok_and(|kind| kind.is_dir()))
        .map(|device| (device.clone(), Data::Map(device_facts(&device))))
        .collect();
    let mut all = [Vec::new(), Vec::new()];
    let answer = gathering.output("ip", &["-o", "addr", "show"]).unwrap_or_default();
    for address in answer.lines().filter_map(Address::parse) {
        address.add(&mut interfaces, &mut defaults, &mut all);
    }
    let reachable = ["-4", "-6"].map(|family| {
        let answer = gathering.output("ip", &[family, "route", "show", "table", "local"]).unwrap_or_default();
        local_routes(&answer)
    });

    let names: Vec<String> = interfaces.keys().map(|name| name.replace(':', "_")).collect();
    for (name, facts) in interfaces {
        gathering.set(&name.replace(':', "_"), facts);
    }
    gathering.set("interfaces", names);
    let [default4, default6] = defaults;
    gathering.set("default_ipv4", default4);
    gathering.set("default_ipv6", default6);
    let [all4, all6] = all;
    gathering.set("all_ipv4_addresses", all4);
    gathering.set("all_ipv6_addresses", all6);
    let [reachable4, reachable6] = reachable;
    gathering.set("locally_reachable_ips", map([("ipv4", reachable4.into()), ("ipv6", reachable6.into())]));
}

/// What the kernel says of a device, but for its addresses.
fn device_facts(device: &str) -> Map {
    let path = format!("/sys/class/net/{device}");
    let file = |name: &str| read::content(&format!("{path}/{name}"));
    let number = |name: &str| file(name).and_then(|text| text.parse::<i64>().ok());
    let mut facts = map([("device", device.into())]);
    let mut set = |name: &str, value: Data| facts.insert(name.to_owned(), value);
    if let Some(address) = file("address").filter(|address| address != "00:00:00:00:00:00") {
        set("macaddress", address.into());
    }
    if let Some(mtu) = number("mtu") {
        set("mtu", mtu.into());
    }
    if let Some(state) = file("operstate") {
        set("active", (state != "down").into());
    }
    if let Ok(module) = fs::canonicalize(format!("{path}/device/driver/module")) {
        set("module", module.file_name().map(|name| name.to_string_lossy().into_owned()).into());
    }
    let kind = match file("type").as_deref() {
        Some("1") => "ether",
        Some("32") => "infiniband",
        Some("512") => "ppp",
        Some("772") => "loopback",
        Some("65534") => "tunnel",
        _ => "unknown",
    };
    set("type", kind.into());
    if read::exists(&format!("{path}/bridge")) {
        set("type", "bridge".into());
        set("interfaces", read::names(&format!("{path}/brif")).into());
        set("id", file("bridge/bridge_id").unwrap_or_default().into());
        set("stp", (file("bridge/stp_state").as_deref() == Some("1")).into());
    }
    if read::exists(&format!("{path}/bonding")) {
        let words = |name: &str| file(name).unwrap_or_default();
        let first = |name: &str| words(name).split_whitespace().next().unwrap_or_default().to_owned();
        set("type", "bonding".into());
        set("slaves", words("bonding/slaves").split_whitespace().collect::<Vec<_>>().into());
        set("mode", first("bonding/mode").into());
        set("miimon", first("bonding/miimon").into());
        set("lacp_rate", first("bonding/lacp_rate").into());
        if let Some(primary) = file("bonding/primary") {
            set("primary", primary.into());
            set("all_slaves_active", (file("bonding/all_slaves_active").as_deref() == Some("1")).into());
        }
    }
    if read::exists(&format!("{path}/bonding_slave")) {
        set("perm_macaddress", file("bonding_slave/perm_hwaddr").unwrap_or_default().into());
    }
    if let Some(id) = read::link_name(&format!("{path}/device")) {
        set("pciid", id.into());
    }
    if let Some(speed) = number("speed") {
        set("speed", speed.into());
    }
    let flags = file("flags").and_then(|flags| u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok());
    if let Some(flags) = flags {
        set("promisc", (flags & 0x100 != 0).into());
    }
    facts
}

/// The first line of `ip route get`: interface, own address, gateway.
fn default_route(answer: &str, address: &str) -> Map {
    let words: Vec<&str> = answer.lines().next().unwrap_or_default().split_whitespace().collect();
    let mut facts = Map::new();
    if words.first() != Some(&address) {
        return facts;
    }
    for (word, next) in words.iter().zip(words.iter().skip(1)) {
        let name = match *word {
            "dev" => "interface",
            "src" => "address",
            "via" if *next != address => "gateway",
            _ => continue,
        };
        facts.insert(name.to_owned(), (*next).into());
    }
    facts
}

/// The destinations of `ip route show table local`, each once.
fn local_routes(answer: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in answer.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some("local")
            && let Some(address) = words.next()
            && !found.iter().any(|known| known == address)
        {
            found.push(address.to_owned());
        }
    }
    found
}

/// A line of `ip -o addr show`.
struct Address<'a> {
    device: &'a str,
    is_v6: bool,
    address: &'a str,
    prefix: &'a str,
    broadcast: &'a str,
    scope: &'a str,
    secondary: bool,
    /// The interface or its alias, where ip(8) says one.
    label: &'a str,
}

impl<'a> Address<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let line = line.split('\\').next()?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let device = *words.get(1)?;
        let is_v6 = match *words.get(2)? {
            "inet" => false,
            "inet6" => true,
            _ => return None,
        };
        let after = |name: &str| {
            let at = words.iter().position(|word| *word == name)?;
            words.get(at + 1).copied()
        };
        let own = *words.get(3)?;
        // Of a point-to-point link, the prefix is the peer's.
        let peer = after("peer").unwrap_or(own);
        let address = own.split('/').next()?;
        let prefix = own.split_once('/').or_else(|| peer.split_once('/')).map_or("32", |(_, prefix)| prefix);
        let last = words.last().copied().unwrap_or(device);
        let label = if last == device || last.starts_with(&format!("{device}:")) { last } else { device };
        Some(Self {
            device,
            is_v6,
            address,
            prefix,
            broadcast: after("brd").unwrap_or_default(),
            scope: after("scope").unwrap_or_default(),
            secondary: words.contains(&"secondary"),
            label,
        })
    }

    /// As a fact; `None` for an IPv4 address that is none.
    fn v4_facts(&self) -> Option<Map> {
        let address: Ipv4Addr = self.address.parse().ok()?;
        let length: u32 = self.prefix.parse().ok().filter(|length| *length <= 32)?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        Some(map([
            ("address", self.address.into()),
            ("broadcast", self.broadcast.into()),
            ("netmask", Ipv4Addr::from(mask).to_string().into()),
            ("network", Ipv4Addr::from(u32::from(address) & mask).to_string().into()),
            ("prefix", self.prefix.into()),
        ]))
    }

    /// Puts it to its interface, to the default route where it is that one's, and to the list of all.
    fn add(&self, interfaces: &mut Map, defaults: &mut [Map; 2], all: &mut [Vec<String>; 2]) {
        let [default4, default6] = defaults;
        let [all4, all6] = all;
        let (default, all) = if self.is_v6 { (default6, all6) } else { (default4, all4) };
        let device: Map = interfaces.get(self.device).and_then(Data::as_map).cloned().unwrap_or_default();
        let facts = if self.is_v6 {
            Some(map([("address", self.address.into()), ("prefix", self.prefix.into()), ("scope", self.scope.into())]))
        } else {
            self.v4_facts()
        };
        let Some(facts) = facts else { return };
        if default.get("address").and_then(Data::as_str) == Some(self.address) {
            default.extend(facts.clone());
            default.insert("macaddress".to_owned(), device.get("macaddress").cloned().unwrap_or_default());
            default.insert("mtu".to_owned(), device.get("mtu").cloned().unwrap_or_default());
            default.insert("type".to_owned(), device.get("type").cloned().unwrap_or_default());
            if !self.is_v6 {
                default.insert("alias".to_owned(), self.label.into());
            }
        }
        if if self.is_v6 { self.address != "::1" } else { !self.address.starts_with("127.") } {
            all.push(self.address.to_owned());
        }
        let name = if self.is_v6 { self.device } else { self.label };
        let entry = interfaces.entry(name.to_owned()).or_insert_with(|| Data::Map(Map::new()));
        let Data::Map(interface) = entry else { return };
        if self.is_v6 {
            push(interface, "ipv6", facts);
        } else if self.secondary || interface.contains_key("ipv4") {
            push(interface, "ipv4_secondaries", facts.clone());
            if self.secondary
                && name != self.device
                && let Some(Data::Map(device)) = interfaces.get_mut(self.device)
            {
                push(device, "ipv4_secondaries", facts);
            }
        } else {
            interface.insert("ipv4".to_owned(), facts.into());
        }
    }
}

fn push(interface: &mut Map, name: &str, facts: Map) {
    if let Data::List(list) = interface.entry(name.to_owned()).or_insert_with(|| Data::List(Vec::new())) {
        list.push(facts.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESSES: &str = "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n\
        2: eth0    inet 10.1.2.3/22 brd 10.1.3.255 scope global eth0\\       valid_lft forever\n\
        2: eth0    inet 10.1.2.4/22 scope global secondary eth0:1\\       valid_lft forever\n\
        2: eth0    inet6 fd00::2/64 scope global \\       valid_lft forever\n";

    #[test]
    fn addresses_belong_to_interfaces_and_to_the_default_route() {
        let mut interfaces = map([("lo", Map::new().into()), ("eth0", map([("mtu", 1500_i64.into())]).into())]);
        let route = default_route("8.8.8.8 via 10.1.0.1 dev eth0 src 10.1.2.3 uid 0\n    cache\n", "8.8.8.8");
        assert_eq!(route["gateway"], Data::from("10.1.0.1"));
        let mut defaults = [route, Map::new()];
        let mut all = [Vec::new(), Vec::new()];
        for address in ADDRESSES.lines().filter_map(Address::parse) {
            address.add(&mut interfaces, &mut defaults, &mut all);
        }
        let ipv4 = interfaces["eth0"].as_map().unwrap()["ipv4"].as_map().unwrap();
        assert_eq!(ipv4["network"], Data::from("10.1.0.0"));
        assert_eq!(ipv4["netmask"], Data::from("255.255.252.0"));
        assert_eq!(all, [vec!["10.1.2.3".to_owned(), "10.1.2.4".to_owned()], vec!["fd00::2".to_owned()]]);
        assert_eq!(defaults[0]["mtu"], Data::Int(1500));
        assert_eq!(defaults[0]["alias"], Data::from("eth0"));
        assert!(interfaces["eth0"].as_map().unwrap().contains_key("ipv4_secondaries"));
    }

    #[test]
    fn without_a_route_there_is_no_default() {
        assert_eq!(default_route("RTNETLINK answers: Network is unreachable", "8.8.8.8"), Map::new());
    }

    #[test]
    fn local_routes_are_told_once() {
        let routes = local_routes("local 127.0.0.1 dev lo\nlocal 127.0.0.1 dev x\nbroadcast 1.2.3.4 dev lo\n");
        assert_eq!(routes, ["127.0.0.1"]);
    }
}
