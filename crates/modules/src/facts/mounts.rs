//! `mounts`: file systems of devices and servers, with their sizes.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use indexmap::IndexMap;

use super::{
    gathering::{Gathering, map},
    read,
    uuids::Uuids,
};
use crate::prelude::*;

/// The mounted file systems; a later one on the same folder hides an earlier one.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let path = if read::exists("/etc/mtab") { "/etc/mtab" } else { "/proc/mounts" };
    let table = read::raw(path).unwrap_or_default();
    // Ansible learns of binds from findmnt(8), which reads this file.
    let binds = match gathering.ctx.find_bin("findmnt") {
        Some(_) => bind_mounts(&read::raw("/proc/self/mountinfo").unwrap_or_default()),
        None => Vec::new(),
    };
    let mut mounts: IndexMap<String, (Map, Asked)> = IndexMap::new();
    for (folder, mut facts) in table.lines().filter_map(entry) {
        if binds.contains(&folder)
            && let Some(Data::Str(options)) = facts.get_mut("options")
        {
            options.push_str(",bind");
        }
        let asked = Asked::ask(&folder);
        mounts.insert(folder, (facts, asked));
    }
    let mut uuids = Uuids::default();
    let mut all = Vec::new();
    for (folder, (mut facts, asked)) in mounts {
        match asked.answer(gathering.timeout) {
            Some(sizes) => {
                facts.extend(sizes);
                let uuid = facts.get("device").and_then(Data::as_str).and_then(|device| uuids.of(gathering, device));
                facts.insert("uuid".to_owned(), uuid.unwrap_or_else(|| "N/A".to_owned()).into());
            }
            None => {
                gathering.ctx.warn(format!("Timeout exceeded when getting mount info for {folder}"));
                let note = "Could not get extra information due to timeout";
                facts.insert("note".to_owned(), note.into());
            }
        }
        all.push(facts);
    }
    gathering.set("mounts", all);
}

/// A line of fstab(5)'s form, where a device or a server is behind it.
fn entry(line: &str) -> Option<(String, Map)> {
    let fields: Vec<String> = line.split_whitespace().map(unescape).collect();
    let [device, folder, kind, options, rest @ ..] = fields.as_slice() else { return None };
    if !(device.starts_with(['/', '\\']) || device.contains(":/")) || kind == "none" {
        return None;
    }
    let number = |at: usize| rest.get(at).and_then(|text: &String| text.parse::<i64>().ok()).unwrap_or(0);
    let facts = map([
        ("mount", folder.as_str().into()),
        ("device", device.as_str().into()),
        ("fstype", kind.as_str().into()),
        ("options", options.as_str().into()),
        ("dump", number(0).into()),
        ("passno", number(1).into()),
    ]);
    Some((folder.clone(), facts))
}

/// Octal escapes (`\040`) as the characters that they stand for.
fn unescape(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..3).and_then(|digits| u32::from_str_radix(digits, 8).ok()).and_then(char::from_u32) {
            Some(character) => {
                text.push(character);
                text.push_str(part.get(3..).unwrap_or_default());
            }
            None => {
                text.push('\\');
                text.push_str(part);
            }
        }
    }
    text
}

/// Folders on which a part of a file system is mounted (proc(5), mountinfo: the root within it is not `/`).
fn bind_mounts(mountinfo: &str) -> Vec<String> {
    let folder = |line: &str| {
        let mut fields = line.split(' ').skip(3);
        let root = fields.next()?;
        let folder = fields.next()?;
        (root != "/").then(|| unescape(folder))
    };
    mountinfo.lines().filter_map(folder).collect()
}

/// A file system that was asked for its sizes.
struct Asked {
    since: Instant,
    answer: mpsc::Receiver<rustix::io::Result<rustix::fs::StatVfs>>,
}

impl Asked {
    fn ask(folder: &str) -> Self {
        let (sender, answer) = mpsc::channel();
        let path = folder.to_owned();
        // Its own thread: a server that is gone holds the call for ever. All are asked at the same time.
        let ask = move || sender.send(rustix::fs::statvfs(path.as_str()));
        drop(std::thread::Builder::new().stack_size(64 << 10).spawn(ask));
        Self { since: Instant::now(), answer }
    }

    /// Blocks and inodes; `None` where the file system does not answer in time, none where it answers with an error.
    fn answer(self, limit: Duration) -> Option<Map> {
        match self.answer.recv_timeout(limit.saturating_sub(self.since.elapsed())).ok()? {
            Ok(found) => Some(sizes(&found)),
            Err(_) => Some(Map::new()),
        }
    }
}

fn sizes(found: &rustix::fs::StatVfs) -> Map {
    map([
        ("size_total", found.f_frsize.saturating_mul(found.f_blocks).into()),
        ("size_available", found.f_frsize.saturating_mul(found.f_bavail).into()),
        ("block_size", found.f_bsize.into()),
        ("block_total", found.f_blocks.into()),
        ("block_available", found.f_bavail.into()),
        ("block_used", found.f_blocks.saturating_sub(found.f_bavail).into()),
        ("inode_total", found.f_files.into()),
        ("inode_available", found.f_favail.into()),
        ("inode_used", found.f_files.saturating_sub(found.f_favail).into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_file_systems_of_devices_and_servers_count() {
        let (folder, facts) = entry("/dev/sda1 /mnt/my\\040disk ext4 rw,relatime 0 2").unwrap();
        assert_eq!(folder, "/mnt/my disk");
        assert_eq!(facts["passno"], Data::Int(2));
        assert!(entry("server:/export /mnt nfs4 rw 0 0").is_some());
        assert!(entry("proc /proc proc rw 0 0").is_none());
    }

    #[test]
    fn a_part_of_a_file_system_is_a_bind_mount() {
        let info = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 8:1 /srv/x /mnt rw - ext4 /dev/sda1 rw\n";
        assert_eq!(bind_mounts(info), ["/mnt"]);
    }

    #[test]
    fn a_file_system_tells_its_sizes_in_time_or_not_at_all() {
        let sizes = Asked::ask("/").answer(Duration::from_secs(10)).unwrap();
        assert!(sizes["size_total"].as_int().unwrap() >= sizes["size_available"].as_int().unwrap());
        let (_held, answer) = mpsc::channel();
        assert_eq!(Asked { since: Instant::now(), answer }.answer(Duration::ZERO), None);
    }
}
