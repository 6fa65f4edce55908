//! `devices` and `device_links`: disks and their partitions, as `/sys/block` and udev's links have them.

use std::{collections::BTreeSet, fs};

use indexmap::IndexMap;

use super::{
    gathering::{Gathering, map},
    read,
};
use crate::prelude::*;

/// Names of a device by kind (`ids`, `uuids`, `labels`), and the devices that are made of it (`masters`).
struct Links([(&'static str, IndexMap<String, BTreeSet<String>>); 4]);

/// `devices`, `device_links`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let mut devices = Map::new();
    if read::exists("/sys/block") {
        let links = Links::read();
        gathering.set("device_links", links.all());
        let mut buses = Buses { answer: None };
        for block in read::names("/sys/block") {
            if let Some((name, facts)) = device(gathering, &block, &links, &mut buses) {
                devices.insert(name, facts.into());
            }
        }
    }
    gathering.set("devices", devices);
}

impl Links {
    fn read() -> Self {
        Self([
            ("ids", links_in("/dev/disk/by-id")),
            ("uuids", links_in("/dev/disk/by-uuid")),
            ("labels", links_in("/dev/disk/by-label")),
            ("masters", masters()),
        ])
    }

    fn all(&self) -> Map {
        let names = |names: &BTreeSet<String>| Data::from(names.iter().cloned().collect::<Vec<_>>());
        self.0
            .iter()
            .map(|(kind, links)| {
                let links: Map = links.iter().map(|(device, found)| (device.clone(), names(found))).collect();
                ((*kind).to_owned(), links.into())
            })
            .collect()
    }

    /// Those of one device.
    fn of(&self, device: &str) -> Map {
        self.0
            .iter()
            .map(|(kind, links)| {
                let found: Vec<String> = links.get(device).into_iter().flatten().cloned().collect();
                ((*kind).to_owned(), found.into())
            })
            .collect()
    }

    /// The World Wide Name among the device's names.
    fn wwn(&self, device: &str) -> Option<&str> {
        let [(_, ids), ..] = &self.0;
        ids.get(device)?.iter().rev().find_map(|name| name.strip_prefix("wwn-"))
    }
}

/// The devices that the links of a folder of udev's lead to.
fn links_in(folder: &str) -> IndexMap<String, BTreeSet<String>> {
    let mut found: IndexMap<String, BTreeSet<String>> = IndexMap::new();
    for name in read::names(folder) {
        if let Some(device) = read::link_name(&format!("{folder}/{name}")) {
            found.entry(device).or_default().insert(name);
        }
    }
    found
}

fn masters() -> IndexMap<String, BTreeSet<String>> {
    let mut found: IndexMap<String, BTreeSet<String>> = IndexMap::new();
    for device in read::names("/sys/block") {
        for part in read::names(&format!("/sys/block/{device}/slaves")) {
            found.entry(part).or_default().insert(device.clone());
        }
    }
    found
}

/// lspci(8)'s names of controllers; it is asked when the first device behind one is met.
struct Buses {
    answer: Option<Option<String>>,
}

impl Buses {
    fn controller(&mut self, gathering: &Gathering<'_>, path: &str) -> Option<String> {
        let address = pci_address(path)?;
        let answer = self.answer.get_or_insert_with(|| gathering.output("lspci", &["-D"])).as_deref()?;
        answer.lines().find_map(|line| Some(line.strip_prefix(address)?.strip_prefix(' ')?.to_owned()))
    }
}

/// The last PCI address in a path below `/sys`: `0000:00:1f.2`.
fn pci_address(path: &str) -> Option<&str> {
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let mut parts: Vec<&str> = path.split('/').collect();
    // The last part is the device itself.
    parts.pop();
    parts.into_iter().rev().find(|part| {
        let fields: Vec<&str> = part.split([':', '.']).collect();
        matches!(fields.as_slice(), [domain, bus, slot, function]
            if hex(domain, 4) && hex(bus, 2) && hex(slot, 2) && slot.starts_with(['0', '1'])
                && matches!(*function, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7"))
    })
}

/// A disk's name and facts; `None` where the entry leads nowhere.
fn device(gathering: &Gathering<'_>, block: &str, links: &Links, buses: &mut Buses) -> Option<(String, Map)> {
    let path = fs::read_link(format!("/sys/block/{block}")).ok()?;
    let folder = format!("/sys/block/{}", path.to_string_lossy());
    let name = path.file_name()?.to_string_lossy().into_owned();
    let file = |name: &str| read::content(&format!("{folder}/{name}"));
    let mut facts = map([("virtual", 1.into()), ("links", links.of(block).into())]);
    let mut set = |name: &str, value: Data| facts.insert(name.to_owned(), value);
    for key in ["vendor", "model", "sas_address", "sas_device_handle"] {
        set(key, file(&format!("device/{key}")).into());
    }
    let serial = match gathering.ctx.find_bin("sg_inq") {
        Some(program) => gathering.output_of(&program, &[&format!("/dev/{block}")]).and_then(|answer| serial(&answer)),
        None => file("device/serial"),
    };
    if let Some(serial) = serial {
        set("serial", serial.into());
    }
    set("removable", file("removable").into());
    let discard = match file("queue/discard_max_hw_bytes").as_deref() {
        Some("0") => Some("0".to_owned()),
        _ => file("queue/discard_granularity"),
    };
    set("support_discard", discard.into());
    if let Some(wwn) = links.wwn(&name) {
        set("wwn", wwn.into());
    }
    let partitions: Map = read::names(&folder)
        .iter()
        .filter_map(|entry| partition_name(&name, entry))
        .map(|part| (part.to_owned(), Data::Map(partition(&folder, part, links))))
        .collect();
    set("partitions", partitions.into());
    set("rotational", file("queue/rotational").into());
    let scheduler = file("queue/scheduler").unwrap_or_default();
    set("scheduler_mode", in_brackets(&scheduler).unwrap_or_default().into());
    let sector_size = sector_size(&folder);
    let sectors = sectors(&folder, &sector_size);
    set("sectorsize", sector_size.clone());
    set("sectors", sectors.into());
    set("size", size(sectors, &sector_size).into());
    set("host", buses.controller(gathering, &folder).unwrap_or_default().into());
    set("holders", holders(&folder).into());
    Some((name, facts))
}

/// The serial number that sg_inq(8) tells.
fn serial(answer: &str) -> Option<String> {
    let (_, rest) = answer.split_once("Unit serial number:").or_else(|| answer.split_once("Serial number:"))?;
    let word: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// The part of an entry's name that is a partition's: the disk's name, perhaps a `p`, a number.
fn partition_name<'a>(disk: &str, entry: &'a str) -> Option<&'a str> {
    entry.match_indices(disk).find_map(|(start, _)| {
        let after = start + disk.len();
        let rest = entry.get(after..)?;
        let number = rest.strip_prefix('p').unwrap_or(rest);
        let digits = number.len() - number.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        (digits > 0).then(|| entry.get(start..entry.len() - number.len() + digits))?
    })
}

fn partition(disk: &str, name: &str, links: &Links) -> Map {
    let folder = format!("{disk}/{name}");
    let sector_size = sector_size(&folder);
    let sectors = sectors(&folder, &sector_size);
    map([
        ("links", links.of(name).into()),
        ("start", read::content(&format!("{folder}/start")).map_or_else(|| 0.into(), Data::from)),
        ("sectorsize", sector_size.clone()),
        ("sectors", sectors.into()),
        ("size", size(sectors, &sector_size).into()),
        ("uuid", uuid(name).into()),
        ("holders", holders(&folder).into()),
    ])
}

/// Text as the kernel has it; the number 512 where it says nothing.
fn sector_size(folder: &str) -> Data {
    let file = |name: &str| read::content(&format!("{folder}/queue/{name}"));
    file("logical_block_size").or_else(|| file("hw_sector_size")).map_or_else(|| 512.into(), Data::from)
}

fn bytes_of(sector_size: &Data) -> i64 {
    let number = match sector_size {
        Data::Str(text) => text.parse().ok(),
        other => other.as_int(),
    };
    number.filter(|number| *number > 0).unwrap_or(512)
}

/// The kernel counts in 512 bytes, whatever the sectors are.
fn sectors(folder: &str, sector_size: &Data) -> i64 {
    read::number(&format!("{folder}/size")).unwrap_or(0).saturating_mul(512) / bytes_of(sector_size)
}

#[expect(clippy::cast_precision_loss, reason = "a size for people, two decimals of a large unit")]
fn size(sectors: i64, sector_size: &Data) -> String {
    let bytes = sectors as f64 * bytes_of(sector_size) as f64;
    let units = ["YB", "ZB", "EB", "PB", "TB", "GB", "MB", "KB"];
    for (at, unit) in units.iter().enumerate() {
        let exponent = i32::try_from(units.len() - at).unwrap_or(0) * 10;
        let limit = 2_f64.powi(exponent);
        if bytes >= limit {
            return format!("{:.2} {unit}", bytes / limit);
        }
    }
    format!("{bytes:.2} Bytes")
}

/// The UUID of a partition's file system.
fn uuid(partition: &str) -> Option<String> {
    let folder = "/dev/disk/by-uuid";
    let device = std::path::PathBuf::from(format!("/dev/{partition}"));
    read::names(folder)
        .into_iter()
        .find(|uuid| fs::canonicalize(format!("{folder}/{uuid}")).is_ok_and(|found| found == device))
}

/// The devices of the device mapper that use it, by their names there.
fn holders(folder: &str) -> Vec<String> {
    read::names(&format!("{folder}/holders"))
        .into_iter()
        .filter(|name| name.starts_with("dm-"))
        .map(|name| read::content(&format!("{folder}/holders/{name}/dm/name")).unwrap_or(name))
        .collect()
}

/// The scheduler in use: `none [mq-deadline] bfq`.
fn in_brackets(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('[')?;
    rest.rsplit_once(']').map(|(inner, _)| inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_known_by_the_disks_name() {
        assert_eq!(partition_name("sda", "sda1"), Some("sda1"));
        assert_eq!(partition_name("nvme0n1", "nvme0n1p12"), Some("nvme0n1p12"));
        assert_eq!(partition_name("sda", "sdab"), None);
        assert_eq!(partition_name("sda", "queue"), None);
    }

    #[test]
    fn a_controller_is_the_last_one_in_the_path() {
        let path = "/sys/block/../devices/pci0000:00/0000:00:1d.0/0000:3d:00.0/nvme/nvme0/nvme0n1";
        assert_eq!(pci_address(path), Some("0000:3d:00.0"));
        assert_eq!(pci_address("/sys/block/../devices/virtual/block/loop0"), None);
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!(size(0, &"512".into()), "0.00 Bytes");
        assert_eq!(size(2_097_152, &"512".into()), "1.00 GB");
        assert_eq!(size(524_288_000, &512.into()), "250.00 GB");
    }

    #[test]
    fn a_serial_number_is_a_word() {
        assert_eq!(serial(" Unit serial number: S3Z8 NB0\n").as_deref(), Some("S3Z8"));
        assert_eq!(serial("standard INQUIRY:\n"), None);
    }

    #[test]
    fn the_scheduler_in_use_stands_in_brackets() {
        assert_eq!(in_brackets("none [mq-deadline] bfq"), Some("mq-deadline"));
        assert_eq!(in_brackets("none"), None);
    }
}
