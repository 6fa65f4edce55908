//! `network`: interfaces, addresses, default routes, as ip(8) and `/sys/class/net` say.

use std::{fs, net::IpAddr};

use super::{
    addresses::{self, Address},
    ethtool,
    gathering::{Gathering, map},
    netlink::Netlink,
    read,
};
use crate::prelude::*;

/// Addresses outside, to ask the kernel's routing table for the way to them; nothing is sent there.
const OUTSIDE: [&str; 2] = ["8.8.8.8", "2404:6800:400a:800::1012"];

/// `network`. As in Ansible, a host without ip(8) has none of these facts.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    if gathering.ctx.find_bin("ip").is_none() {
        return;
    }
    let devices: Vec<Device> = read::names("/sys/class/net").into_iter().filter_map(Device::look).collect();
    let name = |index: u32| {
        let device = devices.iter().find(|device| device.index == Some(index));
        device.map_or_else(|| format!("if{index}"), |device| device.name.clone())
    };
    let mut kernel = Netlink::open().ok();
    let mut ask = |outside: &str| match (&mut kernel, outside.parse()) {
        (Some(kernel), Ok(address)) => addresses::way_to(kernel, address, &name),
        _ => Map::new(),
    };
    let mut found = Found { interfaces: Map::new(), defaults: OUTSIDE.map(&mut ask), all: [Vec::new(), Vec::new()] };
    let addresses = kernel.as_mut().and_then(|kernel| Address::all(kernel).ok()).unwrap_or_default();
    let tool = gathering.ctx.find_bin("ethtool");
    let mut hardware_address = String::new();
    for device in &devices {
        found.interfaces.insert(device.name.clone(), Data::Map(device.facts.clone()));
        // Without one of its own, a device shows that of the device before it in a default route.
        if let Some(address) = &device.address {
            hardware_address.clone_from(address);
        }
        let own = addresses.iter().filter(|address| Some(address.index) == device.index);
        let (first, second): (Vec<&Address>, Vec<&Address>) = own.partition(|address| !address.secondary);
        for address in first.into_iter().chain(second) {
            found.add(address, device, &hardware_address);
        }
        if let (Some(tool), Some(Data::Map(interface))) = (&tool, found.interfaces.get_mut(&device.name)) {
            interface.extend(ethtool::facts(gathering, tool, &device.name));
        }
    }
    let [reachable4, reachable6] = kernel.as_mut().map(addresses::reachable).unwrap_or_default();

    let names: Vec<String> = found.interfaces.keys().map(|name| name.replace(':', "_")).collect();
    gathering.set("interfaces", names);
    for (name, facts) in found.interfaces {
        gathering.set(&name.replace(':', "_"), facts);
    }
    let [default4, default6] = found.defaults;
    gathering.set("default_ipv4", default4);
    gathering.set("default_ipv6", default6);
    let [all4, all6] = found.all;
    gathering.set("all_ipv4_addresses", all4);
    gathering.set("all_ipv6_addresses", all6);
    gathering.set("locally_reachable_ips", map([("ipv4", reachable4.into()), ("ipv6", reachable6.into())]));
}

/// A network device, but for its addresses.
struct Device {
    name: String,
    index: Option<u32>,
    /// Its hardware address; empty where the device has none to tell.
    address: Option<String>,
    facts: Map,
}

impl Device {
    /// What the kernel says of it; `None` where the name is no device's.
    fn look(name: String) -> Option<Self> {
        let path = format!("/sys/class/net/{name}");
        if !fs::metadata(&path).ok()?.is_dir() {
            return None;
        }
        let address = read::exists(&format!("{path}/address"))
            .then(|| read::content(&format!("{path}/address")).unwrap_or_default());
        Some(Self {
            index: read::content(&format!("{path}/ifindex")).and_then(|text| text.parse().ok()),
            facts: device_facts(&name, &path, address.as_deref().unwrap_or_default()),
            address,
            name,
        })
    }
}

fn device_facts(name: &str, path: &str, address: &str) -> Map {
    let file = |name: &str| read::content(&format!("{path}/{name}"));
    let there = |name: &str| read::exists(&format!("{path}/{name}"));
    let mut facts = map([("device", name.into())]);
    let mut set = |name: &str, value: Data| facts.insert(name.to_owned(), value);
    if !matches!(address, "" | "00:00:00:00:00:00") {
        set("macaddress", address.into());
    }
    if let Some(mtu) = read::number(&format!("{path}/mtu")) {
        set("mtu", mtu.into());
    }
    if there("operstate") {
        set("active", (file("operstate").as_deref() != Some("down")).into());
    }
    if let Ok(module) = fs::canonicalize(format!("{path}/device/driver/module")) {
        set("module", module.file_name().map(|name| name.to_string_lossy().into_owned()).into());
    }
    if there("type") {
        let kind = match file("type").as_deref() {
            Some("1") => "ether",
            Some("32") => "infiniband",
            Some("512") => "ppp",
            Some("772") => "loopback",
            Some("65534") => "tunnel",
            _ => "unknown",
        };
        set("type", kind.into());
    }
    if there("bridge") {
        set("type", "bridge".into());
        set("interfaces", read::names(&format!("{path}/brif")).into());
        if there("bridge/bridge_id") {
            set("id", file("bridge/bridge_id").unwrap_or_default().into());
        }
        if there("bridge/stp_state") {
            set("stp", (file("bridge/stp_state").as_deref() == Some("1")).into());
        }
    }
    if there("bonding") {
        let words = |name: &str| file(name).unwrap_or_default();
        let first = |name: &str| words(name).split_whitespace().next().unwrap_or_default().to_owned();
        set("type", "bonding".into());
        set("slaves", words("bonding/slaves").split_whitespace().collect::<Vec<_>>().into());
        set("mode", first("bonding/mode").into());
        set("miimon", first("bonding/miimon").into());
        set("lacp_rate", first("bonding/lacp_rate").into());
        if let Some(primary) = file("bonding/primary") {
            set("primary", primary.into());
            if there("bonding/all_slaves_active") {
                set("all_slaves_active", (file("bonding/all_slaves_active").as_deref() == Some("1")).into());
            }
            // Ansible tells nothing more of a bond that has a primary device.
            return facts;
        }
    }
    if there("bonding_slave") {
        set("perm_macaddress", file("bonding_slave/perm_hwaddr").unwrap_or_default().into());
    }
    if let Some(id) = read::link_name(&format!("{path}/device")) {
        set("pciid", id.into());
    }
    if let Some(speed) = read::number(&format!("{path}/speed")) {
        set("speed", speed.into());
    }
    let flags = file("flags").and_then(|flags| u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok());
    if let Some(flags) = flags {
        set("promisc", (flags & 0x100 != 0).into());
    }
    facts
}

/// What is gathered device by device.
struct Found {
    interfaces: Map,
    defaults: [Map; 2],
    all: [Vec<String>; 2],
}

impl Found {
    /// Puts an address to its interface, to the default route where it is that one's, and to the list of all.
    fn add(&mut self, address: &Address, device: &Device, hardware_address: &str) {
        let text = address.own.to_string();
        let facts = address.facts();
        let is_v6 = address.own.is_ipv6();
        let label = address.label.as_deref().unwrap_or(&device.name);
        let [default4, default6] = &mut self.defaults;
        let [all4, all6] = &mut self.all;
        let (default, all) = if is_v6 { (default6, all6) } else { (default4, all4) };
        if default.get("address").and_then(Data::as_str) == Some(&text) {
            default.extend(facts.clone());
            default.insert("macaddress".to_owned(), hardware_address.into());
            default.insert("mtu".to_owned(), device.facts.get("mtu").cloned().unwrap_or_default());
            default.insert("type".to_owned(), device.facts.get("type").cloned().unwrap_or_else(|| "unknown".into()));
            if !is_v6 {
                default.insert("alias".to_owned(), label.into());
            }
        }
        let is_own = match address.own {
            IpAddr::V4(_) => text.starts_with("127."),
            IpAddr::V6(own) => own.is_loopback(),
        };
        if !is_own {
            all.push(text);
        }
        let interfaces = &mut self.interfaces;
        if is_v6 {
            push(interfaces, &device.name, "ipv6", Some(facts));
            return;
        }
        // An alias begins anew with each of its addresses.
        if label != device.name {
            interfaces.insert(label.to_owned(), Data::Map(Map::new()));
        }
        let Some(Data::Map(interface)) = interfaces.get_mut(label) else { return };
        if !address.secondary && !interface.contains_key("ipv4") {
            interface.insert("ipv4".to_owned(), facts.clone().into());
        } else {
            push(interfaces, label, "ipv4_secondaries", Some(facts.clone()));
        }
        if address.secondary {
            push(interfaces, &device.name, "ipv4_secondaries", Some(facts).filter(|_| label != device.name));
        }
    }
}

/// Adds to a list of an interface, which is made where it is not there.
fn push(interfaces: &mut Map, interface: &str, list: &str, facts: Option<Map>) {
    let Some(Data::Map(interface)) = interfaces.get_mut(interface) else { return };
    if let Data::List(list) = interface.entry(list.to_owned()).or_insert_with(|| Data::List(Vec::new())) {
        list.extend(facts.map(Data::from));
    }
}
