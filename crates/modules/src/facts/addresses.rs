//! Addresses and routes of the host, with the words that ip(8) has for them: Ansible reads its output, and takes some
//! words for what they are not.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    gathering::map,
    netlink::{GET_ADDRESSES, GET_ROUTE, Netlink, attribute, attributes, u16_at, u32_at},
};
use crate::prelude::*;

/// `AF_INET` and `AF_INET6`, as the kernel's messages have them.
const INET: u8 = 2;
const INET6: u8 = 10;
/// Bytes of `struct ifaddrmsg` and of `struct rtmsg`.
const ADDRESS_FIXED: usize = 8;
const ROUTE_FIXED: usize = 12;
/// `RTM_F_CLONED`, `RTM_F_LOOKUP_TABLE`.
const CLONED: u32 = 0x200;
const LOOKUP_TABLE: u32 = 0x1000;
/// `RTN_UNICAST`, `RTN_LOCAL`, `RT_TABLE_LOCAL`.
const UNICAST: u8 = 1;
const LOCAL: u8 = 2;
const TABLE_LOCAL: u32 = 255;
/// `IFA_F_SECONDARY`
const SECONDARY: u32 = 0x1;

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// The interface's number.
    pub(super) index: u32,
    pub(super) own: IpAddr,
    /// The other end of a point-to-point link.
    peer: Option<IpAddr>,
    prefix: u8,
    broadcast: Option<Ipv4Addr>,
    scope: u8,
    /// Not the first of its network; of IPv6, a temporary one.
    pub(super) secondary: bool,
    /// The interface's name, or that of an alias (`eth0:1`).
    pub(super) label: Option<String>,
    metric: Option<u32>,
}

impl Address {
    /// All addresses, in the kernel's order.
    pub(super) fn all(kernel: &mut Netlink) -> io::Result<Vec<Self>> {
        let messages = kernel.list(GET_ADDRESSES, &[0; ADDRESS_FIXED])?;
        Ok(messages.iter().filter_map(|message| Self::parse(message)).collect())
    }

    fn parse(message: &[u8]) -> Option<Self> {
        let (mut address, mut local, mut broadcast, mut label, mut metric) = (None, None, None, None, None);
        let mut flags = u32::from(*message.get(2)?);
        for (kind, value) in attributes(message, ADDRESS_FIXED) {
            match kind {
                1 => address = ip(value),
                2 => local = ip(value),
                3 => label = Some(String::from_utf8_lossy(value).trim_end_matches('\0').to_owned()),
                4 => broadcast = ip(value),
                8 => flags = u32_at(value, 0)?,
                9 => metric = u32_at(value, 0),
                _ => {}
            }
        }
        let own = local.or(address)?;
        Some(Self {
            index: u32_at(message, 4)?,
            own,
            peer: address.filter(|address| *address != own),
            prefix: *message.get(1)?,
            broadcast: match broadcast {
                Some(IpAddr::V4(broadcast)) => Some(broadcast),
                _ => None,
            },
            scope: *message.get(3)?,
            secondary: flags & SECONDARY != 0,
            label,
            metric,
        })
    }

    /// The facts of the address. Ansible knows neither prefix nor broadcast address of an IPv4 address that has a peer,
    /// and takes the metric for what follows it.
    pub(super) fn facts(&self) -> Map {
        match self.own {
            IpAddr::V4(own) => {
                let prefix = if self.peer.is_some() { 32 } else { self.prefix.min(32) };
                let broadcast = self.broadcast.filter(|_| self.peer.is_none() && self.metric.is_none());
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                map([
                    ("address", own.to_string().into()),
                    ("broadcast", broadcast.map(|address| address.to_string()).unwrap_or_default().into()),
                    ("netmask", Ipv4Addr::from(mask).to_string().into()),
                    ("network", Ipv4Addr::from(u32::from(own) & mask).to_string().into()),
                    ("prefix", prefix.to_string().into()),
                ])
            }
            IpAddr::V6(own) => map([
                ("address", own.to_string().into()),
                ("prefix", self.prefix.to_string().into()),
                ("scope", self.metric.map_or_else(|| scope(self.scope), |metric| metric.to_string()).into()),
            ]),
        }
    }
}

/// A scope's name (rt_scopes of iproute2).
fn scope(number: u8) -> String {
    match number {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        255 => "nowhere".to_owned(),
        other => other.to_string(),
    }
}

/// The way to an address: `interface`, `address`, `gateway`; empty where there is none, or the address is the host's.
pub(super) fn way_to(kernel: &mut Netlink, target: IpAddr, name: &dyn Fn(u32) -> String) -> Map {
    let (family, bits, bytes) = match target {
        IpAddr::V4(address) => (INET, 32, address.octets().to_vec()),
        IpAddr::V6(address) => (INET6, 128, address.octets().to_vec()),
    };
    let mut question = vec![family, bits, 0, 0, 0, 0, 0, 0];
    question.extend(LOOKUP_TABLE.to_ne_bytes());
    question.extend(attribute(1, &bytes));
    match kernel.get(GET_ROUTE, &question) {
        Ok(Some(answer)) => way(&answer, target, name),
        _ => Map::new(),
    }
}

fn way(answer: &[u8], target: IpAddr, name: &dyn Fn(u32) -> String) -> Map {
    let mut facts = Map::new();
    let found = |wanted: u16| attributes(answer, ROUTE_FIXED).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    if answer.get(7) != Some(&UNICAST) || found(1).and_then(ip) != Some(target) {
        return facts;
    }
    let mut set = |name: &str, value: String| facts.insert(name.to_owned(), value.into());
    if let Some(gateway) = found(5).and_then(ip).filter(|gateway| *gateway != target) {
        set("gateway", gateway.to_string());
    } else if let Some(via) = found(18) {
        // The gateway is of the other family: ip(8) names the family first, and Ansible takes its name.
        set("gateway", if u16_at(via, 0) == Some(INET6.into()) { "inet6" } else { "inet" }.to_owned());
    }
    if let Some(index) = found(4).and_then(|value| u32_at(value, 0)) {
        set("interface", name(index));
    }
    if let Some(own) = found(7).and_then(ip) {
        set("address", own.to_string());
    }
    facts
}

/// What the host takes for its own: destinations of the table `local`, each once, IPv4 and IPv6.
pub(super) fn reachable(kernel: &mut Netlink) -> [Vec<String>; 2] {
    let mut reachable = [Vec::new(), Vec::new()];
    for family in [INET, INET6] {
        let mut question = [0; ROUTE_FIXED];
        if let Some(first) = question.first_mut() {
            *first = family;
        }
        let Ok(routes) = kernel.list(GET_ROUTE, &question) else { continue };
        for destination in routes.iter().filter(|route| route.first() == Some(&family)).filter_map(|r| local(r)) {
            let [v4, v6] = &mut reachable;
            let list = if destination.contains(':') { v6 } else { v4 };
            if !list.contains(&destination) {
                list.push(destination);
            }
        }
    }
    reachable
}

/// The destination of a route of the table `local` that is of this host.
fn local(route: &[u8]) -> Option<String> {
    let found = |wanted: u16| attributes(route, ROUTE_FIXED).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let table = found(15).and_then(|value| u32_at(value, 0)).or_else(|| route.get(4).copied().map(u32::from))?;
    if table != TABLE_LOCAL || route.get(7) != Some(&LOCAL) || u32_at(route, 8)? & CLONED != 0 {
        return None;
    }
    let length = *route.get(1)?;
    Some(match found(1).and_then(ip) {
        Some(address) if length == if address.is_ipv4() { 32 } else { 128 } => address.to_string(),
        Some(address) => format!("{address}/{length}"),
        None if length > 0 => format!("0/{length}"),
        None => "default".to_owned(),
    })
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Vec<u8> {
        text.parse::<Ipv4Addr>().unwrap().octets().to_vec()
    }

    fn address(prefix: u8, attributes: &[(u16, Vec<u8>)]) -> Map {
        let fixed = [vec![INET, prefix, 0, 0], 2_u32.to_ne_bytes().to_vec()].concat();
        let attributes = attributes.iter().flat_map(|(kind, value)| attribute(*kind, value));
        Address::parse(&fixed.into_iter().chain(attributes).collect::<Vec<_>>()).unwrap().facts()
    }

    fn words(facts: &Map) -> Vec<&str> {
        facts.values().filter_map(Data::as_str).collect()
    }

    #[test]
    fn an_address_has_its_network() {
        let facts = address(22, &[(2, v4("10.1.2.3")), (1, v4("10.1.2.3")), (4, v4("10.1.3.255"))]);
        assert_eq!(words(&facts), ["10.1.2.3", "10.1.3.255", "255.255.252.0", "10.1.0.0", "22"]);
    }

    #[test]
    fn a_peer_or_a_metric_hides_the_broadcast_address_from_ansible() {
        let facts = address(24, &[(2, v4("10.0.0.1")), (1, v4("10.0.0.2"))]);
        assert_eq!(words(&facts), ["10.0.0.1", "", "255.255.255.255", "10.0.0.1", "32"]);
        let metric = 100_u32.to_ne_bytes().to_vec();
        let facts = address(24, &[(1, v4("10.0.0.1")), (4, v4("10.0.0.255")), (9, metric)]);
        assert_eq!(words(&facts), ["10.0.0.1", "", "255.255.255.0", "10.0.0.0", "24"]);
    }

    #[test]
    fn a_way_has_gateway_interface_and_own_address() {
        let target = "8.8.8.8".parse().unwrap();
        let answer = |kind: u8| {
            let fixed = [INET, 32, 0, 0, 254, 0, 0, kind, 0, 0, 0, 0].to_vec();
            let attributes =
                [(1, v4("8.8.8.8")), (4, 7_u32.to_ne_bytes().to_vec()), (7, v4("10.0.0.5")), (5, v4("10.0.0.1"))];
            [fixed, attributes.iter().flat_map(|(kind, value)| attribute(*kind, value)).collect()].concat()
        };
        let facts = way(&answer(UNICAST), target, &|index| format!("eth{index}"));
        assert_eq!(
            facts,
            map([("gateway", "10.0.0.1".into()), ("interface", "eth7".into()), ("address", "10.0.0.5".into())])
        );
        assert_eq!(way(&answer(LOCAL), target, &|_| String::new()), Map::new());
    }

    #[test]
    fn routes_to_the_host_itself_are_told_with_their_width() {
        let route = |length, kind, to: &str| {
            let fixed = [INET, length, 0, 0, 255, 2, 254, kind, 0, 0, 0, 0].to_vec();
            local(&[fixed, attribute(1, &v4(to))].concat())
        };
        assert_eq!(route(8, LOCAL, "127.0.0.0").as_deref(), Some("127.0.0.0/8"));
        assert_eq!(route(32, LOCAL, "127.0.0.1").as_deref(), Some("127.0.0.1"));
        assert_eq!(route(32, 3, "127.255.255.255"), None);
    }
}
