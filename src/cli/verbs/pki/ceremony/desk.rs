//! This machine, as a ceremony sees it.

use std::{collections::BTreeSet, fs, path::Path};

use pki::{
    Error, Result,
    ceremony::Machine,
    clock::{Clock, ClockKind, Moment},
};
use sha2::{Digest, Sha256};

use crate::issuer::{memory, place::AnyClock, unlock};

/// IFF_UP and IFF_LOOPBACK of netdevice(7).
const UP: u32 = 0x1;
const LOOPBACK: u32 = 0x8;

/// The machine.
#[derive(Debug)]
pub(in crate::cli::verbs::pki) struct Desk(pub(in crate::cli::verbs::pki) AnyClock);

impl Clock for Desk {
    fn now(&self) -> Result<Moment> {
        self.0.now()
    }

    fn kind(&self) -> ClockKind {
        self.0.kind()
    }
}

impl Machine for Desk {
    fn name(&self) -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }

    fn tool_version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    fn tool_sha256(&self) -> Result<String> {
        // The file that runs, whatever stands under its name by now.
        sha256_of(Path::new("/proc/self/exe"))
    }

    fn interfaces_up(&self) -> Result<Vec<String>> {
        let names = fs::read_to_string("/proc/self/net/dev").map_err(|error| {
            Error::io("/proc/self/net/dev", error, "mount /proc: whether a network is up must be known")
        })?;
        Ok(up(&names, Path::new("/sys/class/net")))
    }

    fn close_memory(&self) -> Result<()> {
        unlock::no_core_dumps()
    }

    fn lock_memory(&self) -> Result<(), String> {
        memory::lock()
    }
}

/// The SHA-256 of a file, in hexadecimal.
pub(super) fn sha256_of(path: &Path) -> Result<String> {
    let failed = |error| Error::io(path.display(), error, "the program's own file must be readable");
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        match std::io::Read::read(&mut file, &mut part).map_err(failed)? {
            0 => break,
            length => hash.update(part.get(..length).unwrap_or_default()),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Interfaces that are up, by the kernel's list of this process's network and by their flags. One whose flags cannot be read
/// counts as up; the loopback does not.
fn up(listed: &str, folder: &Path) -> Vec<String> {
    let of_kernel = listed.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim().to_owned());
    let of_folder = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: BTreeSet<String> = of_kernel.collect();
    names.extend(of_folder.filter_map(|entry| entry.file_name().into_string().ok()));
    let flags = |name: &str| {
        let text = fs::read_to_string(folder.join(name).join("flags")).ok()?;
        u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
    };
    names
        .into_iter()
        .filter(|name| match flags(name) {
            Some(flags) => flags & UP != 0 && flags & LOOPBACK == 0,
            // Files such as bonding_masters are no interfaces and are not in the kernel's list.
            None => name != "lo" && listed.lines().any(|line| line.trim_start().starts_with(&format!("{name}:"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_up_by_their_flags_and_where_they_cannot_be_told() {
        let folder = tempfile::tempdir().unwrap();
        for (name, flags) in [("lo", "0x9\n"), ("eth0", "0x1003\n"), ("wlan0", "0x1002\n"), ("odd", "junk")] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("flags"), flags).unwrap();
        }
        fs::write(folder.path().join("bonding_masters"), "").unwrap();
        let listed = "Inter-|   Receive\n face |bytes\n    lo: 0\n  eth0: 0\n wlan0: 0\n   odd: 0\n hidden: 0\n";
        assert_eq!(up(listed, folder.path()), ["eth0", "hidden", "odd"]);
    }
}
