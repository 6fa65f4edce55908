//! File attributes of lsattr(1): read with the kernel's own call, set with chattr(1).

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
};

use rustix::{
    fs::OFlags,
    ioctl::{Getter, ioctl, opcode},
};

use crate::Context;

/// Bits, letters, and Ansible's names for the letters, in the order of lsattr(1).
const LETTERS: [(u32, char, Option<&str>); 22] = [
    (0x1, 's', Some("zero")),
    (0x2, 'u', Some("undelete")),
    (0x8, 'S', Some("synchronous")),
    (0x1_0000, 'D', Some("dirsync")),
    (0x10, 'i', Some("immutable")),
    (0x20, 'a', Some("append")),
    (0x40, 'd', Some("nodump")),
    (0x80, 'A', Some("noatime")),
    (0x4, 'c', Some("compressed")),
    (0x800, 'E', Some("encrypted")),
    (0x4000, 'j', Some("journalled")),
    (0x1000, 'I', Some("indexed")),
    (0x8000, 't', Some("notail")),
    (0x2_0000, 'T', Some("blockroot")),
    (0x8_0000, 'e', Some("extents")),
    (0x80_0000, 'C', Some("nocow")),
    (0x200_0000, 'x', None),
    (0x4000_0000, 'F', None),
    (0x1000_0000, 'N', Some("inline")),
    (0x2000_0000, 'P', None),
    (0x10_0000, 'V', None),
    (0x400, 'm', None),
];

/// What lsattr(1) says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// The file's generation number.
    pub version: Option<String>,
    /// The letters.
    pub letters: String,
}

impl Flags {
    /// Ansible's names for the letters.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let name = |letter| LETTERS.iter().find(|(_, other, _)| *other == letter).and_then(|(.., name)| *name);
        self.letters.chars().filter_map(name).map(str::to_owned).collect()
    }
}

/// What lsattr(1) says of a file or folder; `None` where the host has no such tool (Ansible says nothing then) or the
/// file system no such attributes.
#[must_use]
pub fn read(ctx: &Context, path: &Path, with_version: bool) -> Option<Flags> {
    ctx.find_bin("lsattr")?;
    let file = open(path).ok()?;
    let bits = get::<{ opcode::read::<usize>(b'f', 1) }>(&file).ok()?;
    let version =
        if with_version { Some(get::<{ opcode::read::<usize>(b'v', 1) }>(&file).ok()?.to_string()) } else { None };
    let letters = LETTERS.iter().filter(|(bit, ..)| bits & bit != 0).map(|(_, letter, _)| *letter).collect();
    Some(Flags { version, letters })
}

fn open(path: &Path) -> io::Result<File> {
    let kind = std::fs::symlink_metadata(path)?.file_type();
    if kind.is_symlink() || kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits();
    OpenOptions::new().read(true).custom_flags(i32::try_from(flags).unwrap_or(0)).open(path)
}

fn get<const CALL: rustix::ioctl::Opcode>(file: &File) -> io::Result<u32> {
    #[expect(unsafe_code, reason = "rustix has no safe wrapper for FS_IOC_GETVERSION")]
    // SAFETY: both calls write one int through the pointer.
    let value = unsafe { ioctl(file, Getter::<CALL, u32>::new()) }?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_ansibles_names_where_it_has_some() {
        let flags = Flags { version: None, letters: "iex".to_owned() };
        assert_eq!(flags.names(), ["immutable", "extents"]);
    }
}
