//! What started this host, and whether the helper sees the host's own root folder.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use crate::Context;

/// Where systemd says that it runs; the older names came before 2012.
///
/// Source: sd_booted(3).
const CANARIES: [&str; 3] = ["/run/systemd/system/", "/dev/.run/systemd/", "/dev/.systemd/"];

/// Whether systemd says that it runs.
#[must_use]
pub fn systemd_runs() -> bool {
    CANARIES.iter().any(|path| Path::new(path).exists())
}

/// Whether systemd's tools are there and systemd is the first process.
#[must_use]
pub fn systemd_manages(ctx: &Context) -> bool {
    ctx.find_bin("systemctl").is_some()
        && (systemd_runs() || fs::read_to_string("/proc/1/comm").is_ok_and(|name| name.trim() == "systemd"))
}

/// Whether the root folder is another one than that of process 1; where that cannot be seen, whether its inode is not
/// the one that a file system's root has.
#[must_use]
pub fn is_chroot(ctx: &Context) -> bool {
    if ctx.variable("debian_chroot").is_some_and(|name| !name.is_empty()) {
        return true;
    }
    let place = |path: &str| fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    match (place("/"), place("/proc/1/root/.")) {
        (Some(own), Some(first)) => own != first,
        (Some((_, inode)), None) => inode != root_inode(),
        (None, _) => false,
    }
}

/// Magic numbers of file systems whose root has another inode than 2, and that inode (statfs(2)).
const ROOTS: [(u64, u64); 2] = [(0x9123_683e, 256), (0x5846_5342, 128)];

fn root_inode() -> u64 {
    let kind = rustix::fs::statfs("/").map_or(0, |found| u64::from_ne_bytes(found.f_type.to_ne_bytes()));
    ROOTS.iter().find(|(magic, _)| *magic == kind).map_or(2, |(_, inode)| *inode)
}
