//! What the fuzz targets do: each reads bytes that come from elsewhere, and asserts what must hold of them.
//!
//! [`TARGETS`] is the list. `fuzz/` runs them under libFuzzer, `tests/corpus.rs` replays `fuzz/corpus` in every test run.
//! A target must not panic, whatever the bytes; nothing in it reads a file, opens a connection or starts a process.

mod ceremony;
mod config;
mod connection;
mod http;
mod inventory;
mod jinja;
mod modules;
mod pki;
mod playbook;
mod protocol;
mod pyregex;
mod vault;
mod yaml;

pub use self::{
    ceremony::{pki_manifest, pki_plan, pki_share, pki_transcript, pki_witness},
    config::config,
    connection::{known_hosts, ssh_config},
    http::{http_fields, http_response, url},
    inventory::{host_pattern, inventory_ini, inventory_yaml},
    jinja::{ansible_filters, jinja_expression, jinja_template},
    modules::module_support,
    pki::{pki_certificate, pki_log, pki_pem, pki_request, pki_revocation_list, pki_sealed},
    playbook::{key_values, playbook},
    protocol::frames,
    pyregex::pyregex,
    vault::vault,
    yaml::yaml,
};

/// The stack of a main thread, in bytes: what the control node reads is read on it.
const MAIN: usize = 8 << 20;
/// The stack of any other thread, in bytes: those of the helper, and those that wait for hosts.
const THREAD: usize = 2 << 20;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its function, of its file in `fuzz/fuzz_targets` and of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// What it does with bytes.
    pub run: fn(&[u8]),
    /// The stack that the program has where it does this, in bytes.
    pub stack: usize,
}

/// All targets, in the order of their names.
pub const TARGETS: &[Target] = &[
    Target { name: "ansible_filters", run: ansible_filters, stack: MAIN },
    Target { name: "config", run: config, stack: MAIN },
    Target { name: "frames", run: frames, stack: THREAD },
    Target { name: "host_pattern", run: host_pattern, stack: MAIN },
    Target { name: "http_fields", run: http_fields, stack: THREAD },
    Target { name: "http_response", run: http_response, stack: THREAD },
    Target { name: "inventory_ini", run: inventory_ini, stack: MAIN },
    Target { name: "inventory_yaml", run: inventory_yaml, stack: MAIN },
    Target { name: "jinja_expression", run: jinja_expression, stack: MAIN },
    Target { name: "jinja_template", run: jinja_template, stack: MAIN },
    Target { name: "key_values", run: key_values, stack: MAIN },
    Target { name: "known_hosts", run: known_hosts, stack: THREAD },
    Target { name: "module_support", run: module_support, stack: THREAD },
    Target { name: "pki_certificate", run: pki_certificate, stack: THREAD },
    Target { name: "pki_log", run: pki_log, stack: THREAD },
    Target { name: "pki_manifest", run: pki_manifest, stack: MAIN },
    Target { name: "pki_pem", run: pki_pem, stack: THREAD },
    Target { name: "pki_plan", run: pki_plan, stack: MAIN },
    Target { name: "pki_request", run: pki_request, stack: THREAD },
    Target { name: "pki_revocation_list", run: pki_revocation_list, stack: THREAD },
    Target { name: "pki_sealed", run: pki_sealed, stack: THREAD },
    Target { name: "pki_share", run: pki_share, stack: MAIN },
    Target { name: "pki_transcript", run: pki_transcript, stack: MAIN },
    Target { name: "pki_witness", run: pki_witness, stack: MAIN },
    Target { name: "playbook", run: playbook, stack: MAIN },
    Target { name: "pyregex", run: pyregex, stack: THREAD },
    Target { name: "ssh_config", run: ssh_config, stack: THREAD },
    Target { name: "url", run: url, stack: THREAD },
    Target { name: "vault", run: vault, stack: MAIN },
    Target { name: "yaml", run: yaml, stack: MAIN },
];

/// Whether libyaml-safer 0.3 panics on it, which `crates/yaml` makes an error of: at a comma right behind a tag, within
/// brackets. libFuzzer ends at any panic, so it does not see such texts; the replay does.
fn ends_libfuzzer(data: &[u8]) -> bool {
    let behind_tag = |word: &[u8]| word.iter().skip_while(|byte| **byte != b'!').any(|byte| *byte == b',');
    cfg!(fuzzing) && data.split(u8::is_ascii_whitespace).any(behind_tag)
}

/// The text of bytes; none where they are not UTF-8, for then whoever reads them has refused them before.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
