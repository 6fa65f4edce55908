//! The connections of this host's TCP ports, as the kernel lists them in `/proc/net/tcp` and `/proc/net/tcp6`.

use std::{fs, net::IpAddr};

/// A TCP state that counts as active, and the kernel's number for it.
const STATES: &[(&str, &str)] = &[
    ("ESTABLISHED", "01"),
    ("SYN_SENT", "02"),
    ("SYN_RECV", "03"),
    ("FIN_WAIT1", "04"),
    ("FIN_WAIT2", "05"),
    ("TIME_WAIT", "06"),
];

/// The kernel's lists of connections: the file, the address that stands for all, and whether it is of IPv6.
const LISTS: [(&str, &str, bool); 2] =
    [("/proc/net/tcp", "00000000", false), ("/proc/net/tcp6", "00000000000000000000000000000000", true)];

/// The beginning of an IPv4 address in a list of IPv6 addresses.
const MAPPED: &str = "0000000000000000FFFF0000";

/// The IPv4 address for all in a list of IPv6 addresses.
const ALL_MAPPED: &str = "0000000000000000FFFF000000000000";

/// The kernel's number of a state; `None` where it is not one that counts.
pub(super) fn state(name: &str) -> Option<&'static str> {
    STATES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// An address as the kernel writes it, in words of the host's byte order, and whether it is of IPv6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    text: String,
    six: bool,
}

impl Address {
    fn new(address: IpAddr) -> Self {
        let (octets, six) = match address {
            IpAddr::V4(address) => (address.octets().to_vec(), false),
            IpAddr::V6(address) => (address.octets().to_vec(), true),
        };
        let words = octets.chunks_exact(4).map(|word| word.try_into().map_or(0, u32::from_ne_bytes));
        Self { text: words.map(|word| format!("{word:08X}")).collect(), six }
    }
}

/// The addresses of a host; an IPv4 address has another form in the list of IPv6 addresses.
pub(super) fn forms(addresses: impl IntoIterator<Item = IpAddr>) -> Vec<Address> {
    let mut forms = Vec::new();
    for address in addresses {
        forms.push(Address::new(address));
        if let IpAddr::V4(address) = address {
            forms.push(Address::new(address.to_ipv6_mapped().into()));
        }
    }
    forms
}

/// Which connections count.
#[derive(Debug)]
pub(super) struct Filter {
    /// This side's port.
    pub(super) port: i64,
    /// This side's addresses.
    pub(super) local: Vec<Address>,
    /// The other side's addresses that do not count.
    pub(super) excluded: Vec<Address>,
    /// The kernel's numbers of the states that count.
    pub(super) states: Vec<&'static str>,
}

impl Filter {
    /// How many connections count now.
    pub(super) fn count(&self) -> usize {
        let lists = LISTS.iter().filter_map(|list| Some((list, fs::read_to_string(list.0).ok()?)));
        lists.map(|((_, all, six), text)| self.count_in(&text, all, *six)).sum()
    }

    fn count_in(&self, text: &str, all: &str, six: bool) -> usize {
        let port = format!("{:04X}", self.port);
        let has = |list: &[Address], text: &str| list.iter().any(|address| address.six == six && address.text == text);
        let counts = |line: &&str| {
            let mut fields = line.split_whitespace().skip(1);
            let (Some(local), Some(remote), Some(state)) = (fields.next(), fields.next(), fields.next()) else {
                return false;
            };
            let (Some((local, local_port)), Some((remote, _))) = (local.split_once(':'), remote.split_once(':')) else {
                return false;
            };
            self.states.contains(&state)
                && local_port == port
                && !has(&self.excluded, remote)
                && (has(&self.local, local)
                    || has(&self.local, all)
                    || (local.starts_with(MAPPED) && has(&self.local, ALL_MAPPED)))
        };
        text.lines().filter(counts).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0100007F:1F91 0200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 3
";

    fn count(local: &str, excluded: &str) -> usize {
        let of = |text: &str| forms(text.parse::<IpAddr>().ok());
        Filter { port: 8080, local: of(local), excluded: of(excluded), states: vec!["01"] }
            .count_in(LIST, "00000000", false)
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn connections_count_by_port_state_and_both_addresses() {
        assert_eq!(count("127.0.0.1", ""), 1);
        assert_eq!(count("0.0.0.0", ""), 1);
        assert_eq!(count("10.0.0.1", ""), 0);
        assert_eq!(count("127.0.0.1", "127.0.0.2"), 0);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn an_ipv4_address_is_found_in_the_list_of_ipv6() {
        let line = "0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000200007F:C350 01";
        let count = |local: &str| {
            let local = forms(local.parse::<IpAddr>().ok());
            Filter { port: 8080, local, excluded: Vec::new(), states: vec!["01"] }.count_in(line, LISTS[1].1, true)
        };
        assert_eq!((count("127.0.0.1"), count("0.0.0.0"), count("::"), count("::1")), (1, 1, 1, 0));
    }
}
