//! `hardware`: memory, the board, time since the start; processors, disks and file systems have files of their own.

use super::{
    devices,
    gathering::{Gathering, map},
    lvm, mounts, processors, read,
};
use crate::prelude::*;

/// `hardware`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    processors::collect(gathering);
    if let Some(text) = read::raw("/proc/meminfo") {
        gathering.extend(memory_facts(&text));
    }
    board(gathering);
    if let Some(text) = read::content("/proc/sysinfo") {
        gathering.extend(main_frame_facts(&text));
    }
    devices::collect(gathering);
    if let Some(text) = read::content("/proc/uptime") {
        let seconds: Option<i64> = text.split(['.', ' ']).next().and_then(|seconds| seconds.parse().ok());
        gathering.set("uptime_seconds", seconds);
    }
    lvm::collect(gathering);
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

/// Facts of the board, where the kernel has them, and dmidecode(8)'s words for them.
const BOARD: &[(&str, &str, &str)] = &[
    ("bios_date", "bios_date", "bios-release-date"),
    ("bios_vendor", "bios_vendor", "bios-vendor"),
    ("bios_version", "bios_version", "bios-version"),
    ("board_asset_tag", "board_asset_tag", "baseboard-asset-tag"),
    ("board_name", "board_name", "baseboard-product-name"),
    ("board_serial", "board_serial", "baseboard-serial-number"),
    ("board_vendor", "board_vendor", "baseboard-manufacturer"),
    ("board_version", "board_version", "baseboard-version"),
    ("chassis_asset_tag", "chassis_asset_tag", "chassis-asset-tag"),
    ("chassis_serial", "chassis_serial", "chassis-serial-number"),
    ("chassis_vendor", "chassis_vendor", "chassis-manufacturer"),
    ("chassis_version", "chassis_version", "chassis-version"),
    ("form_factor", "chassis_type", "chassis-type"),
    ("product_name", "product_name", "system-product-name"),
    ("product_serial", "product_serial", "system-serial-number"),
    ("product_uuid", "product_uuid", "system-uuid"),
    ("product_version", "product_version", "system-version"),
    ("system_vendor", "sys_vendor", "system-manufacturer"),
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
    let in_kernel = read::exists("/sys/devices/virtual/dmi/id/product_name");
    let program = if in_kernel { None } else { gathering.ctx.find_bin("dmidecode") };
    for (fact, file, word) in BOARD {
        let value = match &program {
            Some(program) => gathering.output_of(program, &["-s", word]).map(|answer| without_comments(&answer)),
            None => read::content(&format!("/sys/devices/virtual/dmi/id/{file}")),
        };
        let value = match value {
            Some(number) if *fact == "form_factor" && in_kernel => form_factor(&number),
            Some(value) => value,
            None => "NA".to_owned(),
        };
        gathering.set(fact, value);
    }
}

/// What dmidecode(8) says, in one line.
fn without_comments(answer: &str) -> String {
    answer.lines().filter(|line| !line.starts_with('#')).collect()
}

/// The board of an s390x, from the kernel's `sysinfo`.
fn main_frame_facts(text: &str) -> Map {
    let mut facts = map(["system_vendor", "product_version", "product_serial", "product_name", "product_uuid"]
        .map(|name| (name, "NA".into())));
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':').map(|(name, value)| (name, value.trim())) else { continue };
        let (fact, value) = match name {
            "Manufacturer" => ("system_vendor", value),
            "Type" => ("product_name", value),
            "Sequence Code" if value.starts_with('0') => ("product_serial", value.trim_start_matches('0')),
            _ => continue,
        };
        facts.insert(fact.to_owned(), value.into());
    }
    facts
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
}
