//! Host names with an optional port and ranges: what may stand where a host is expected.

/// A host (or a pattern of hosts with ranges) and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: Option<i64>,
}

/// Takes a name apart: `name`, `name:22`, `[::1]:22`, `::1`, `web[01:10].example.com:22`. `None`: it is no host name,
/// IPv4 or IPv6 address, and is to be taken as it is.
pub(super) fn parse(text: &str) -> Option<Address> {
    let (mut host, mut port) = (text, None);
    // Both forms are tried one after the other, the second on what the first left.
    for split in [bracketed, plain] {
        if let Some((rest, digits)) = split(host) {
            port = Some(digits.parse().ok()?);
            host = rest;
        }
    }
    (is_hostname(host) || is_ipv6(host)).then(|| Address { host: host.to_owned(), port })
}

/// Whether it is an IPv4 or IPv6 address, for `inventory_hostname_short`.
pub(super) fn is_ip(text: &str) -> bool {
    let octet = |part: &str| {
        !part.is_empty()
            && part.len() <= 3
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u8>().is_ok()
    };
    let parts: Vec<_> = text.split('.').collect();
    (parts.len() == 4 && parts.into_iter().all(octet)) || is_ipv6(text)
}

/// `[ANYTHING]:PORT`
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.strip_prefix('[')?.rsplit_once("]:")?;
    (!host.is_empty() && is_number(port)).then_some((host, port))
}

/// `NAME:PORT`, where colons in the name stand in brackets only.
fn plain(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    if !is_number(port) {
        return None;
    }
    let mut rest = host;
    while let Some(at) = rest.find([':', '[', ']']) {
        let inside = rest.get(at..)?.strip_prefix('[')?;
        rest = inside.split_once(']')?.1;
    }
    Some((host, port))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Labels with dots between them. A label begins with a letter, digit, underscore or range, goes on with those and
/// hyphens, and ends with none of `_` and `-`.
fn is_hostname(text: &str) -> bool {
    let word = |character: char| character.is_alphanumeric() || character == '_';
    let mut rest = text;
    let (mut first, mut last) = (true, ' ');
    while let Some(character) = rest.chars().next() {
        if character == '[' {
            let Some((inside, tail)) = rest.get(1..).and_then(|inside| inside.split_once(']')) else { return false };
            if !is_range(inside, |part| single_letter(part) || is_number(part)) {
                return false;
            }
            (rest, last) = (tail, ']');
            first = false;
            continue;
        }
        if character == '.' {
            if first || matches!(last, '_' | '-') {
                return false;
            }
            first = true;
        } else if word(character) || (character == '-' && !first) {
            first = false;
        } else {
            return false;
        }
        last = character;
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    !first && !matches!(last, '_' | '-')
}

fn single_letter(text: &str) -> bool {
    text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `BEGIN:END` or `BEGIN:END:STEP`, both ends of the same sort.
fn is_range(inside: &str, end: impl Fn(&str) -> bool) -> bool {
    let parts: Vec<_> = inside.split(':').collect();
    match parts.as_slice() {
        [from, to] => end(from) && end(to) && is_number(from) == is_number(to),
        [from, to, step] => end(from) && end(to) && is_number(from) == is_number(to) && is_number(step),
        _ => false,
    }
}

/// An IPv6 address, of which any part may be a range of hex digits.
fn is_ipv6(text: &str) -> bool {
    let Some(parts) = ipv6_parts(text) else { return false };
    let hex = |part: &str| match part.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')) {
        Some(inside) => {
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            let parts: Vec<_> = inside.split(':').collect();
            matches!(parts.as_slice(), [from, to, rest @ ..] if digits(from) && digits(to)
                && rest.len() <= 1 && rest.iter().all(|step| is_number(step)))
        }
        None => (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit()),
    };
    if let Some((last, before)) = parts.split_last().filter(|(last, _)| last.contains('.')) {
        let octets: Vec<_> = last.split('.').collect();
        let zeros = |parts: &[&str], count| parts.len() == count && parts.iter().all(|part| *part == "0");
        let ffff = |part: &str| part.eq_ignore_ascii_case("ffff");
        return octets.len() == 4
            && octets.into_iter().all(hex)
            && match before {
                ["", ""] => true,
                ["", "", part] => ffff(part),
                [rest @ .., part] if ffff(part) => zeros(rest, 5),
                _ => zeros(before, 6),
            };
    }
    match parts.iter().position(|part| part.is_empty()) {
        None => parts.len() == 8 && parts.into_iter().all(hex),
        Some(_) => {
            let (before, after) = elided(&parts).unwrap_or((&[""], &[""]));
            before.len() + after.len() <= if after.is_empty() || before.is_empty() { 6 } else { 7 }
                && before.iter().chain(after).all(|part| hex(part))
        }
    }
}

/// Parts between colons; colons in brackets do not count.
fn ipv6_parts(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (at, character) in text.char_indices() {
        match character {
            '[' if !inside => inside = true,
            ']' if inside => inside = false,
            '[' | ']' => return None,
            ':' if !inside => {
                parts.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!inside && parts.len() > 1).then_some(parts)
}

/// What stands before and after the one `::`.
fn elided<'a, 'b>(parts: &'b [&'a str]) -> Option<(&'b [&'a str], &'b [&'a str])> {
    match parts {
        ["", "", ""] => Some((&[], &[])),
        ["", "", after @ ..] => Some((&[], after)),
        [before @ .., "", ""] => Some((before, &[])),
        _ => {
            let at = parts.iter().position(|part| part.is_empty()).filter(|at| *at > 0)?;
            Some((parts.get(..at)?, parts.get(at + 1..)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<(String, Option<i64>)> {
        parse(text).map(|address| (address.host, address.port))
    }

    #[test]
    fn names_and_addresses_with_and_without_port() {
        for (text, host, port) in [
            ("web", "web", None),
            ("web:22", "web", Some(22)),
            ("a_b-c.example.com:2222", "a_b-c.example.com", Some(2222)),
            ("10.0.0.1:22", "10.0.0.1", Some(22)),
            ("web[01:10].x:22", "web[01:10].x", Some(22)),
            ("db-[a:f:2]", "db-[a:f:2]", None),
            ("[::1]:22", "::1", Some(22)),
            ("::1", "::1", None),
            ("::", "::", None),
            ("2001:db8::[1:9]", "2001:db8::[1:9]", None),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", None),
            ("::ffff:192.0.2.3", "::ffff:192.0.2.3", None),
            ("[web]:22", "web", Some(22)),
            ("überall", "überall", None),
            ("_x", "_x", None),
        ] {
            assert_eq!(address(text), Some((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_left_to_the_caller() {
        for text in [
            "", "a b", "web:", "web:http", "-web", "web-", "a..b", "web[1-5]", "web[1:b]", "a:b:c", "[::1]", "1::2::3",
            "x/y",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
