//! Inventories and patterns of hosts.

use std::{cell::OnceCell, collections::HashSet, rc::Rc};

use provision::inventory::{Inventory, fuzzing};

use super::text;

/// Reads an INI inventory.
pub fn inventory_ini(data: &[u8]) {
    if let Ok(inventory) = fuzzing::ini(data) {
        check(&inventory);
    }
    if let Some(text) = text(data) {
        let _ = fuzzing::is_literal(text);
    }
}

/// Reads a YAML inventory.
pub fn inventory_yaml(data: &[u8]) {
    if super::ends_libfuzzer(data) {
        return;
    }
    if let Ok(inventory) = fuzzing::yaml(data) {
        check(&inventory);
    }
}

/// What holds of every inventory.
fn check(inventory: &Inventory) {
    let all: HashSet<Rc<str>> = inventory.group_hosts("all").into_iter().collect();
    for host in inventory.hosts() {
        assert!(all.contains(&host.name), "{} is in no group", host.name);
        assert!(!inventory.group_names(host).is_empty(), "{} is not even ungrouped", host.name);
    }
}

/// Takes patterns of hosts (`--limit`) and names with ranges.
pub fn host_pattern(data: &[u8]) {
    thread_local! {
        static INVENTORY: OnceCell<Option<Inventory>> = const { OnceCell::new() };
    }
    // What stands behind `@` is the name of a file.
    let Some(text) = text(data).filter(|text| !text.contains('@')) else { return };
    INVENTORY.with(|inventory| {
        let inventory = inventory.get_or_init(|| fuzzing::ini(b"[web]\nweb[01:20]\n[db]\ndb-a\n10.0.0.1:22\n").ok());
        let Some(inventory) = inventory else { return };
        if let Ok(hosts) = inventory.hosts_matching(&[text.to_owned()], &mut |_| {}) {
            let all: Vec<Rc<str>> = inventory.group_hosts("all");
            // localhost is meant without being there.
            assert!(hosts.len() <= all.len() + 3, "a host is meant once");
        }
    });
    if let Ok(names) = fuzzing::expand(text) {
        assert!(names.len() <= 1_000_000, "too many names");
    }
}
