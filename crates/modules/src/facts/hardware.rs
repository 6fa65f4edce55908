//! `hardware`: processors, memory, the board, time since the start.

use super::{
    gathering::{Gathering, map},
    mounts, read,
};
use crate::prelude::*;

/// `hardware`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let processors = processor_facts(&read::raw("/proc/cpuinfo").unwrap_or_default(), gathering.text("architecture"));
    gathering.facts.extend(processors);
    if let Ok(set) = rustix::thread::sched_getaffinity(None) {
        gathering.set("processor_nproc", set.count());
    }
    if let Some(text) = read::raw("/proc/meminfo") {
        gathering.facts.extend(memory_facts(&text));
    }
    board(gathering);
    if let Some(text) = read::content("/proc/uptime") {
        let seconds: Option<i64> = text.split(['.', ' ']).next().and_then(|seconds| seconds.parse().ok());
        gathering.set("uptime_seconds", seconds);
    }
    mounts::collect(gathering);
}

fn memory_facts(text: &str) -> Map {
    let megabytes = |name: &str| -> Option<i64> {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(value.split_whitespace().next()?.parse::<i64>().ok()? / 1024)
    };
    let mut facts = Map::new();
    for name in ["MemTotal", "SwapTotal", "MemFree", "SwapFree"] {
        if let Some(value) = megabytes(name) {
            facts.insert(format!("{}_mb", name.to_lowercase()), value.into());
        }
    }
    let (total, free) = (megabytes("MemTotal"), megabytes("MemFree"));
    let (swap, swap_free) = (megabytes("SwapTotal"), megabytes("SwapFree"));
    let minus = |a: Option<i64>, b: Option<i64>| Some(a? - b?);
    let nocache = (|| Some(megabytes("Cached")? + free? + megabytes("Buffers")?))();
    let memory = map([
        ("real", map([("total", total.into()), ("used", minus(total, free).into()), ("free", free.into())]).into()),
        ("nocache", map([("free", nocache.into()), ("used", minus(total, nocache).into())]).into()),
        (
            "swap",
            map([
                ("total", swap.into()),
                ("free", swap_free.into()),
                ("used", minus(swap, swap_free).into()),
                ("cached", megabytes("SwapCached").into()),
            ])
            .into(),
        ),
    ]);
    facts.insert("memory_mb".to_owned(), memory.into());
    facts
}

fn processor_facts(text: &str, architecture: &str) -> Map {
    let mut facts = Map::new();
    let mut names: Vec<String> = Vec::new();
    let (mut vendors, mut models, mut processors) = (0, 0, 0);
    let mut sockets: indexmap::IndexMap<String, i64> = indexmap::IndexMap::new();
    let mut siblings: indexmap::IndexMap<String, i64> = indexmap::IndexMap::new();
    let (mut socket, mut core) = (String::from("0"), String::from("0"));
    for line in text.lines() {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        let (key, value) = (key.trim(), value.trim());
        let number = || value.parse::<i64>().unwrap_or(1);
        match key {
            "flags" => {
                facts.insert("flags".to_owned(), value.split_whitespace().collect::<Vec<_>>().into());
            }
            "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" | "processor" => {
                names.push(value.to_owned());
                vendors += i64::from(key == "vendor_id");
                models += i64::from(key == "model name");
                processors += i64::from(key == "processor");
            }
            "physical id" => {
                value.clone_into(&mut socket);
                sockets.entry(socket.clone()).or_insert(1);
            }
            "core id" => {
                value.clone_into(&mut core);
                siblings.insert(core.clone(), 1);
            }
            "cpu cores" => {
                sockets.insert(socket.clone(), number());
            }
            "siblings" => {
                siblings.insert(core.clone(), number());
            }
            _ => {}
        }
    }
    let mut count = i64::try_from(names.len()).unwrap_or(0);
    if vendors > 0 && vendors == models {
        count = vendors;
    }
    if ["armv", "aarch", "ppc"].iter().any(|prefix| architecture.starts_with(prefix)) {
        count = processors;
    }
    if !sockets.is_empty() {
        count = i64::try_from(sockets.len()).unwrap_or(count);
    }
    let cores = sockets.values().next().copied().filter(|cores| *cores > 0).unwrap_or(1);
    let threads = half_even(siblings.values().next().copied().unwrap_or(1), cores);
    facts.insert("processor".to_owned(), names.into());
    facts.insert("processor_count".to_owned(), count.into());
    facts.insert("processor_cores".to_owned(), cores.into());
    facts.insert("processor_threads_per_core".to_owned(), threads.into());
    facts.insert("processor_vcpus".to_owned(), (threads * count * cores).into());
    facts.insert("processor_nproc".to_owned(), processors.into());
    facts
}

/// Python's `round(a / b)`: halves go to the even neighbour.
fn half_even(a: i64, b: i64) -> i64 {
    let (whole, rest) = (a / b, a % b);
    match (2 * rest).cmp(&b) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole % 2,
    }
}

/// Facts of the board and where the kernel has them.
const BOARD: &[(&str, &str)] = &[
    ("bios_date", "bios_date"),
    ("bios_vendor", "bios_vendor"),
    ("bios_version", "bios_version"),
    ("board_asset_tag", "board_asset_tag"),
    ("board_name", "board_name"),
    ("board_serial", "board_serial"),
    ("board_vendor", "board_vendor"),
    ("board_version", "board_version"),
    ("chassis_asset_tag", "chassis_asset_tag"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_version", "chassis_version"),
    ("form_factor", "chassis_type"),
    ("product_name", "product_name"),
    ("product_serial", "product_serial"),
    ("product_uuid", "product_uuid"),
    ("product_version", "product_version"),
    ("system_vendor", "sys_vendor"),
];

/// Kinds of chassis by number (DMTF DSP0134, 7.4.1), in Ansible's words.
#[rustfmt::skip]
const FORM_FACTORS: &[&str] = &[
    "Unknown", "Other", "Unknown", "Desktop", "Low Profile Desktop", "Pizza Box", "Mini Tower", "Tower", "Portable",
    "Laptop", "Notebook", "Hand Held", "Docking Station", "All In One", "Sub Notebook", "Space-saving", "Lunch Box",
    "Main Server Chassis", "Expansion Chassis", "Sub Chassis", "Bus Expansion Chassis", "Peripheral Chassis",
    "RAID Chassis", "Rack Mount Chassis", "Sealed-case PC", "Multi-system", "CompactPCI", "AdvancedTCA", "Blade",
    "Blade Enclosure", "Tablet", "Convertible", "Detachable", "IoT Gateway", "Embedded PC", "Mini PC", "Stick PC",
];

fn board(gathering: &mut Gathering<'_>) {
    for (fact, file) in BOARD {
        let value = read::content(&format!("/sys/devices/virtual/dmi/id/{file}"));
        let value = match value {
            Some(number) if *fact == "form_factor" => form_factor(&number),
            Some(value) => value,
            None => "NA".to_owned(),
        };
        gathering.set(fact, value);
    }
}

fn form_factor(number: &str) -> String {
    let known = number.parse().ok().and_then(|number: usize| FORM_FACTORS.get(number));
    known.map_or_else(|| format!("unknown ({number})"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_megabytes() {
        let facts = memory_facts(
            "MemTotal: 2048 kB\nMemFree: 1024 kB\nBuffers: 0 kB\nCached: 512 kB\nSwapCached: 0 kB\nSwapTotal: 4096 kB\n\
             SwapFree: 4096 kB\n",
        );
        assert_eq!(facts["memtotal_mb"], Data::Int(2));
        assert_eq!(facts["memory_mb"].as_map().unwrap()["real"].as_map().unwrap()["used"], Data::Int(1));
        assert_eq!(facts["swapfree_mb"], Data::Int(4));
    }

    #[test]
    fn processors_are_counted_by_socket_core_and_thread() {
        let one =
            "processor: 0\nvendor_id: V\nmodel name: M\nphysical id: 0\nsiblings: 4\ncore id: 0\ncpu cores: 2\n\n";
        let text = format!("{one}{}", one.replace("processor: 0", "processor: 1"));
        let facts = processor_facts(&text, "x86_64");
        assert_eq!(facts["processor"], Data::from(vec!["0", "V", "M", "1", "V", "M"]));
        assert_eq!(facts["processor_count"], Data::Int(1));
        assert_eq!(facts["processor_cores"], Data::Int(2));
    }

    #[test]
    fn a_processor_without_topology_counts_itself() {
        let facts = processor_facts("processor : 0\nBogoMIPS : 50\n\nprocessor : 1\n", "aarch64");
        assert_eq!(facts["processor_count"], Data::Int(2));
        assert_eq!(facts["processor_vcpus"], Data::Int(2));
    }
}
