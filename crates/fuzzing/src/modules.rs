//! What modules read on hosts: files of the system, and what commands print.

use std::cmp::Ordering;

use modules::support::{dpkg, json, media_type, mode, nsswitch, shlex};

use super::text;

/// Reads files of a host and the output of commands.
pub fn module_support(data: &[u8]) {
    for stanza in dpkg::control::stanzas(data) {
        let Some(stanza) = data.get(stanza) else { panic!("a stanza stands in its file") };
        let _ = dpkg::control::Stanza::new(stanza).field("Version");
    }
    let Some(text) = text(data) else { return };
    let _ = (json::loads(text), nsswitch::sources(text), media_type::guess(text));
    if let Ok(words) = shlex::split(text) {
        let quoted: Vec<String> = words.iter().map(|word| shlex::quote(word)).collect();
        assert_eq!(shlex::split(&quoted.join(" ")).as_ref(), Ok(&words), "quoted words come back");
    }
    let _ = mode::parse(text, 0o644, false, 0o022);
    let (left, right) = text.split_once('\n').unwrap_or((text, "1.0"));
    let order = dpkg::version::compare(left, right);
    assert_eq!(dpkg::version::compare(right, left), order.reverse(), "versions are ordered");
    assert_eq!(dpkg::version::compare(left, left), Ordering::Equal, "a version is itself");
}
