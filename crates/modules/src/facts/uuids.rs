//! The UUIDs of file systems, from udev's database; where udev has not seen a device, lsblk(8) looks at the disk itself.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt};

use super::{gathering::Gathering, read};

/// What was learned so far.
#[derive(Default)]
pub(super) struct Uuids {
    /// What lsblk(8) told, where it had to be asked.
    told: Option<BTreeMap<String, String>>,
}

impl Uuids {
    /// The UUID of what is on a device. Ansible knows it where the host has lsblk(8) or udevadm(8).
    pub(super) fn of(&mut self, gathering: &Gathering<'_>, device: &str) -> Option<String> {
        let lister = gathering.ctx.find_bin("lsblk");
        if lister.is_none() && gathering.ctx.find_bin("udevadm").is_none() {
            return None;
        }
        let number = number(device)?;
        if let Some(database) = read::raw(&format!("/run/udev/data/b{number}")) {
            return database.lines().find_map(|line| line.strip_prefix("E:ID_FS_UUID=")).map(str::to_owned);
        }
        // Only who may read the disk learns more.
        fs::File::open(device).ok()?;
        let told = self.told.get_or_insert_with(|| list(gathering, &lister));
        told.get(device).cloned()
    }
}

/// `MAJOR:MINOR` of a block device.
fn number(device: &str) -> Option<String> {
    let name = device.strip_prefix("/dev/")?.replace('/', "!");
    if let Some(number) = read::content(&format!("/sys/class/block/{name}/dev")) {
        return Some(number);
    }
    let number = fs::metadata(device).ok()?.rdev();
    Some(format!("{}:{}", rustix::fs::major(number), rustix::fs::minor(number))).filter(|number| number != "0:0")
}

fn list(gathering: &Gathering<'_>, program: &Option<String>) -> BTreeMap<String, String> {
    // Floppy disks (2) take their time to answer.
    let arguments = ["--list", "--noheadings", "--paths", "--output", "NAME,UUID", "--exclude", "2"];
    let answer = program.as_ref().and_then(|program| gathering.output_of(program, &arguments)).unwrap_or_default();
    parse(&answer)
}

fn parse(answer: &str) -> BTreeMap<String, String> {
    let mut uuids = BTreeMap::new();
    for line in answer.lines() {
        if let Some((device, uuid)) = line.trim().rsplit_once(char::is_whitespace) {
            uuids.entry(device.trim().to_owned()).or_insert_with(|| uuid.to_owned());
        }
    }
    uuids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_without_a_uuid_are_left_out() {
        let uuids = parse("/dev/sda\n/dev/sda1           32caaec3-ef40-4691\n/dev/sda2           A8B6-1234\n");
        assert_eq!(uuids.len(), 2);
        assert_eq!(uuids["/dev/sda1"], "32caaec3-ef40-4691");
    }

    #[test]
    fn what_is_no_device_has_no_number() {
        assert_eq!(number("server:/export"), None);
        assert_eq!(number("/dev/null-that-is-not-there"), None);
    }
}
