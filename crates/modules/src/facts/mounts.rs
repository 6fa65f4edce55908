//! `mounts`: file systems of devices and servers, with their sizes.

use std::{collections::BTreeMap, fs, sync::mpsc, time::Duration};

use super::{
    gathering::{Gathering, map},
    read,
};
use crate::prelude::*;

/// The mounted file systems; a later one on the same folder hides an earlier one.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let table = read::raw("/etc/mtab").or_else(|| read::raw("/proc/mounts")).unwrap_or_default();
    let binds = bind_mounts(&read::raw("/proc/self/mountinfo").unwrap_or_default());
    let uuids = uuids();
    let mut mounts: indexmap::IndexMap<String, Map> = indexmap::IndexMap::new();
    for (folder, mut facts) in table.lines().filter_map(entry) {
        if binds.contains(&folder)
            && let Some(Data::Str(options)) = facts.get_mut("options")
            && !options.split(',').any(|option| option == "bind")
        {
            options.push_str(",bind");
        }
        mounts.insert(folder, facts);
    }
    for (folder, facts) in &mut mounts {
        match sizes(folder, gathering.timeout) {
            Some(sizes) => {
                facts.extend(sizes);
                let uuid = facts.get("device").and_then(Data::as_str).and_then(|device| uuids.get(device));
                let uuid = uuid.map_or("N/A", String::as_str);
                facts.insert("uuid".to_owned(), uuid.into());
            }
            None => {
                gathering.ctx.warn(format!("Timeout exceeded when getting mount info for {folder}"));
                let note = "Could not get extra information due to timeout";
                facts.insert("note".to_owned(), note.into());
            }
        }
    }
    gathering.set("mounts", mounts.into_values().collect::<Vec<_>>());
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
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(3));
            }
            None => {
                bytes.push(b'\\');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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

/// The UUID of each device that has one.
fn uuids() -> BTreeMap<String, String> {
    let folder = "/dev/disk/by-uuid";
    let pair = |uuid: String| {
        let device = fs::canonicalize(format!("{folder}/{uuid}")).ok()?;
        Some((device.to_string_lossy().into_owned(), uuid))
    };
    read::names(folder).into_iter().filter_map(pair).collect()
}

/// Blocks and inodes; `None` where the file system does not answer in time (a server that is gone), none where it
/// answers with an error.
fn sizes(folder: &str, timeout: Duration) -> Option<Map> {
    let (sender, receiver) = mpsc::channel();
    let path = folder.to_owned();
    // Its own thread: a server that is gone holds the call for ever.
    let _detached = std::thread::Builder::new().spawn(move || sender.send(rustix::fs::statvfs(path.as_str()))).ok()?;
    let Ok(found) = receiver.recv_timeout(timeout).ok()? else { return Some(Map::new()) };
    Some(map([
        ("size_total", found.f_frsize.saturating_mul(found.f_blocks).into()),
        ("size_available", found.f_frsize.saturating_mul(found.f_bavail).into()),
        ("block_size", found.f_bsize.into()),
        ("block_total", found.f_blocks.into()),
        ("block_available", found.f_bavail.into()),
        ("block_used", found.f_blocks.saturating_sub(found.f_bavail).into()),
        ("inode_total", found.f_files.into()),
        ("inode_available", found.f_favail.into()),
        ("inode_used", found.f_files.saturating_sub(found.f_favail).into()),
    ]))
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
}
