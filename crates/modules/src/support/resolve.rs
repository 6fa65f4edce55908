//! Addresses of a host by its name: numbers as they are, `/etc/hosts`, then `getent` for all other sources.
//!
//! The C library's lookups load plug-ins at run time, which a static program cannot do safely; `getent` does it outside.
//! Addresses come in the order in which they are to be tried (RFC 6724).

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket},
};

use super::nsswitch;
use crate::Context;

/// A name that has no address: the error of getaddrinfo(3), as Python shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("[Errno -2] Name or service not known")]
pub struct UnknownHost;

/// The addresses of a host with that port, those to try first in front; at least one.
///
/// # Errors
///
/// The name is not known.
pub fn addresses(ctx: &Context, host: &str, port: u16) -> Result<Vec<SocketAddr>, UnknownHost> {
    if let Some(address) = numeric(host, port) {
        return Ok(vec![address]);
    }
    if host.is_empty() || host.starts_with('-') || host.contains(char::is_whitespace) {
        return Err(UnknownHost);
    }
    let files_first =
        nsswitch::sources("hosts").is_none_or(|sources| sources.first().is_some_and(|source| source == "files"));
    let mut found = if files_first { in_hosts_file(host) } else { Vec::new() };
    if found.is_empty() {
        found = from_getent(ctx, host);
    } else {
        // `getent` has its answers in order already.
        found.sort_by_key(|address| (!is_usable(*address), address.is_ipv4()));
    }
    if found.is_empty() {
        return Err(UnknownHost);
    }
    Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}

/// An address in numbers, in all the forms that getaddrinfo(3) takes: `10.1`, `0x7f000001`, `fe80::1%eth0`.
fn numeric(host: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, port));
    }
    if let Some((address, zone)) = host.split_once('%') {
        let address: Ipv6Addr = address.parse().ok()?;
        let index = format!("/sys/class/net/{zone}/ifindex");
        let zone = zone.parse().ok().or_else(|| fs::read_to_string(index).ok()?.trim().parse().ok())?;
        return Some(SocketAddrV6::new(address, port, 0, zone).into());
    }
    four_numbers(host).map(|address| SocketAddr::new(address.into(), port))
}

/// inet_aton(3): one to four numbers, decimal, octal or hexadecimal; the last fills what is left.
fn four_numbers(text: &str) -> Option<Ipv4Addr> {
    let numbers: Option<Vec<u32>> = text.split('.').map(number).collect();
    let numbers = numbers.filter(|numbers| numbers.len() <= 4)?;
    let (last, front) = numbers.split_last()?;
    let room = 8 * u32::try_from(4 - front.len()).ok()?;
    if room < 32 && last >> room != 0 {
        return None;
    }
    let mut address = *last;
    for (index, part) in front.iter().enumerate() {
        let byte = u8::try_from(*part).ok()?;
        address |= u32::from(byte) << (24 - 8 * u32::try_from(index).ok()?);
    }
    Some(Ipv4Addr::from(address))
}

fn number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    u32::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))
}

/// All addresses that hosts(5) has for a name.
fn in_hosts_file(host: &str) -> Vec<IpAddr> {
    fs::read("/etc/hosts").map(|bytes| of_lines(&String::from_utf8_lossy(&bytes), host)).unwrap_or_default()
}

fn of_lines(text: &str, host: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(address) = words.next().and_then(|address| address.parse().ok()) else { continue };
        if words.any(|name| name.eq_ignore_ascii_case(host)) && !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

fn from_getent(ctx: &Context, host: &str) -> Vec<IpAddr> {
    let Some(getent) = ctx.find_bin("getent") else { return Vec::new() };
    let Ok(output) = ctx.command([getent.as_str(), "ahosts", host]).run() else { return Vec::new() };
    let mut found = Vec::new();
    for line in output.stdout_text().lines() {
        let address = line.split_whitespace().next().and_then(|address| address.parse().ok());
        if let Some(address) = address
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// Whether there is a way to an address at all; nothing is sent.
fn is_usable(address: IpAddr) -> bool {
    let here: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    UdpSocket::bind((here, 0)).and_then(|socket| socket.connect((address, 9))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_numbers_are_read_in_every_form() {
        for (text, want) in [
            ("127.0.0.1", "127.0.0.1:80"),
            ("127.1", "127.0.0.1:80"),
            ("0x7f000001", "127.0.0.1:80"),
            ("010.0.0.1", "8.0.0.1:80"),
            ("::1", "[::1]:80"),
        ] {
            assert_eq!(numeric(text, 80), want.parse().ok(), "{text}");
        }
        for text in ["", "1.2.3.4.5", "256.1.1.1", "1.2.3.300", "host", "1..2", "+1", "4294967296"] {
            assert_eq!(numeric(text, 80), None, "{text}");
        }
    }

    #[test]
    fn a_name_has_all_the_addresses_of_its_lines() {
        let text = "127.0.0.1 localhost\n::1\tlocalhost ip6-localhost # localhost\n#10.0.0.1 localhost\nnonsense x\n";
        assert_eq!(of_lines(text, "LOCALHOST"), ["127.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        assert!(of_lines(text, "x").is_empty());
    }
}
