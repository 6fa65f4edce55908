//! DNS names as certificates may carry them: LDH labels, A-labels that decode, a wildcard only where it is allowed.

use crate::{Error, Finding, Result, punycode};

/// Whether `*.example.org` is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wildcards {
    /// No, as a rule: a stolen key of one service would speak for all of them.
    #[default]
    Refused,
    /// As the whole leftmost label, over a parent of two labels at least (RFC 9525 section 6.3).
    Leftmost,
}

const RULE: &str = "RFC 5280 section 4.2.1.6, RFC 1034 section 3.5";

/// A name in the preferred syntax of RFC 1034 section 3.5, in lower case (names are compared without regard to case).
///
/// # Errors
///
/// A U-label (text outside of ASCII), an A-label that decodes to nothing, an empty, too long or malformed label, a name of
/// more than 253 bytes, an IP address, and a wildcard that is not allowed.
pub fn check(name: &str, wildcards: Wildcards) -> Result<String> {
    let refused = |problem: &str, cure: &str| {
        Err(Error::refused(Finding::new(format!("DNS name {name:?}"), "subjectAltName.dNSName", problem, RULE, cure)))
    };
    if !name.is_ascii() {
        return refused(
            "it has a U-label; certificates carry the ASCII form (RFC 5280 section 7.2)",
            "write its A-label, which begins with xn--",
        );
    }
    if name.is_empty() {
        return refused("it is empty", "give a name");
    }
    if name.len() > 253 {
        return refused("it has more than 253 bytes", "shorten it");
    }
    if name.ends_with('.') {
        return refused("it ends with a dot", "leave the last dot out");
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return refused("it is an IP address", "give it as an IP address");
    }
    let lower = name.to_ascii_lowercase();
    let rest = match lower.strip_prefix("*.") {
        Some(_) if wildcards == Wildcards::Refused => {
            return refused("it is a wildcard", "name each host, or allow wildcards for this service");
        }
        Some(parent) if !parent.contains('.') => {
            return refused("its wildcard covers a whole top-level domain", "name a domain below it");
        }
        Some(parent) => parent,
        None => &lower,
    };
    for label in rest.split('.') {
        if let Err((problem, cure)) = label_check(label) {
            return refused(&format!("its label {label:?} {problem}"), cure);
        }
    }
    if rest.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return refused(
            "its last label is a number, as in an IP address",
            "give an IP address as such, or a real domain",
        );
    }
    Ok(lower)
}

fn label_check(label: &str) -> Result<(), (&'static str, &'static str)> {
    if label.is_empty() {
        return Err(("is empty", "leave out doubled and leading dots"));
    }
    if label.len() > 63 {
        return Err(("has more than 63 bytes", "shorten it"));
    }
    if label.contains('*') {
        return Err(("has a wildcard inside", "a wildcard is the whole leftmost label (RFC 9525 section 6.3)"));
    }
    if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(("has characters other than letters, digits and hyphens", "rename the host"));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(("begins or ends with a hyphen", "rename the host"));
    }
    if label.get(2..4) == Some("--") {
        let Some(encoded) = label.strip_prefix("xn--") else {
            return Err((
                "has hyphens in third and fourth place, which is reserved (RFC 5890 section 2.3.1)",
                "rename the host",
            ));
        };
        // Of a label within ASCII there is no A-label.
        if punycode::decode(encoded).is_none_or(|label| label.is_ascii()) {
            return Err((
                "is no A-label: it does not decode (RFC 3492)",
                "write the A-label that your registrar shows",
            ));
        }
    }
    Ok(())
}

/// Whether a host that a client wants to reach is the one that a certificate names (RFC 9525 section 6.3): equal without
/// regard to case, or a wildcard as the whole leftmost label that stands for exactly one label.
#[must_use]
pub fn matches(presented: &str, wanted: &str) -> bool {
    if presented.eq_ignore_ascii_case(wanted) {
        return !presented.contains('*');
    }
    match (presented.strip_prefix("*."), wanted.split_once('.')) {
        (Some(parent), Some((label, rest))) => {
            !label.is_empty() && parent.contains('.') && parent.eq_ignore_ascii_case(rest)
        }
        _ => false,
    }
}

/// Whether a name lies in a subtree (RFC 5280 section 4.2.1.10): it equals the base or adds labels on its left. A wildcard
/// lies in it when its parent does.
#[must_use]
pub fn within(name: &str, base: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name).to_ascii_lowercase();
    let base = base.strip_prefix('.').unwrap_or(base).to_ascii_lowercase();
    base.is_empty() || name == base || name.strip_suffix(&base).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_and_a_labels_pass_in_lower_case() {
        for (name, checked) in [
            ("localhost", "localhost"),
            ("Web-1.Example.ORG", "web-1.example.org"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
            ("xn--fiqs8s", "xn--fiqs8s"),
            ("1a.example.org", "1a.example.org"),
        ] {
            assert_eq!(check(name, Wildcards::Refused).unwrap(), checked);
        }
    }

    #[test]
    fn a_u_label_is_refused_with_its_cure() {
        let refusal = check("bücher.example", Wildcards::Refused).unwrap_err().to_string();
        assert!(
            refusal.contains("U-label") && refusal.contains("RFC 5280 section 7.2") && refusal.contains("xn--"),
            "{refusal}"
        );
    }

    #[test]
    fn malformed_names_are_refused() {
        let long = format!("{}.example", "a".repeat(64));
        let longer = ["a".repeat(60).as_str(); 5].join(".");
        for name in [
            "",
            ".",
            "a..b",
            ".a.example",
            "a.example.",
            "-a.example",
            "a-.example",
            "a_b.example",
            "a b.example",
            "ab--c.example",
            "xn--.example",
            "xn--a.example.",
            "xn--\u{7f}.example",
            "xn--99999999.example",
            "10.0.0.1",
            "host.1",
            "a*.example",
            "*",
            "*.org",
            long.as_str(),
            longer.as_str(),
            "a.example\0.org",
            "a.example\n",
        ] {
            assert!(check(name, Wildcards::Leftmost).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_wildcard_needs_leave() {
        assert!(check("*.example.org", Wildcards::Refused).is_err());
        assert_eq!(check("*.example.org", Wildcards::Leftmost).unwrap(), "*.example.org");
        assert!(check("*.*.example.org", Wildcards::Leftmost).is_err());
    }

    #[test]
    fn a_wildcard_stands_for_one_whole_label() {
        for (presented, wanted, same) in [
            ("web.example.org", "WEB.example.org", true),
            ("*.example.org", "web.example.org", true),
            ("*.example.org", "a.web.example.org", false),
            ("*.example.org", "example.org", false),
            ("*.example.org", ".example.org", false),
            ("*.org", "example.org", false),
            ("*.example.org", "*.example.org", false),
            ("w*.example.org", "web.example.org", false),
        ] {
            assert_eq!(matches(presented, wanted), same, "{presented} {wanted}");
        }
    }

    #[test]
    fn a_subtree_is_cut_at_labels() {
        for (name, base, inside) in [
            ("example.org", "example.org", true),
            ("web.example.org", "Example.org", true),
            ("*.example.org", "example.org", true),
            ("badexample.org", "example.org", false),
            ("example.org", "web.example.org", false),
            ("*.org", "example.org", false),
            ("anything", "", true),
        ] {
            assert_eq!(within(name, base), inside, "{name} {base}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_ascii_and_passes_again(name in "[a-z0-9.*-]{1,20}|xn--[a-z0-9-]{0,20}|\\PC{0,20}") {
            if let Ok(checked) = check(&name, Wildcards::Leftmost) {
                prop_assert!(checked.is_ascii());
                prop_assert_eq!(check(&checked, Wildcards::Leftmost).unwrap(), checked);
            }
        }
    }
}
