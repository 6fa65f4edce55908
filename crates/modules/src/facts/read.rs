//! Small files of the kernel and the system, read without ever waiting.

use std::{
    fs::{self, OpenOptions},
    io::Read,
    os::unix::fs::OpenOptionsExt,
};

/// More than this of a file is not read (bytes).
const LIMIT: u64 = 4 << 20;

/// A file's text without the white space around it; `None` where it is empty, missing or cannot be read.
pub(super) fn content(path: &str) -> Option<String> {
    let text = raw(path)?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A file's lines; none where it cannot be read.
pub(super) fn lines(path: &str) -> Vec<String> {
    raw(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The number that a file holds, and nothing else.
pub(super) fn number(path: &str) -> Option<i64> {
    content(path)?.parse().ok()
}

/// A file's text as it is; bytes that are no UTF-8 become U+FFFD. Not blocking, so that a pipe in a file's place cannot hold the
/// gathering up.
pub(super) fn raw(path: &str) -> Option<String> {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).ok()?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The names in a folder, in the folder's order, as Ansible lists them; none where it cannot be read.
pub(super) fn names(folder: &str) -> Vec<String> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

/// Whether something is at that path, links followed.
pub(super) fn exists(path: &str) -> bool {
    fs::metadata(path).is_ok()
}

/// The last part of what a link says.
pub(super) fn link_name(path: &str) -> Option<String> {
    Some(fs::read_link(path).ok()?.file_name()?.to_string_lossy().into_owned())
}
