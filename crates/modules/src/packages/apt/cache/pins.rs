//! Preferences for one question: the host's own, and after them those that a task's versions and release stand for.
//!
//! apt takes the first pin that fits a version, so what the host's preferences say comes first.
//!
//! Source: apt_preferences(5).

use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use rustix::fs::{MemfdFlags, memfd_create};

use super::policy::Question;
use crate::{module::os_error, prelude::*};

/// What a release has with `apt-get -t`.
const RELEASE: u16 = 990;
/// More than any version has by itself, the installed one included.
const VERSION: u16 = 1001;

/// Preferences in a file that nothing is left of when it is closed.
pub(super) struct Pins(File);

impl Pins {
    /// The preferences for a batch; `None` where it needs none but the host's.
    pub(super) fn of(batch: &[Question], release: Option<&str>) -> Result<Option<Self>, Failure> {
        let ours = stanzas(batch, release);
        if ours.is_empty() {
            return Ok(None);
        }
        let file = write(&[hosts_own(Path::new("/etc/apt")), ours.into_bytes()].concat());
        let file = file.map_err(|error| {
            Failure::new(format!("apt-cache cannot be given pins in memory: {}", os_error(&error, None)))
        })?;
        Ok(Some(Self(file)))
    }

    /// The options that make apt read them in place of the host's.
    pub(super) fn options(&self) -> Vec<String> {
        let file = place(&self.0);
        vec![format!("Dir::Etc::Preferences={}", file.display()), "Dir::Etc::PreferencesParts=/dev/null".to_owned()]
    }
}

/// Where another process of this user finds an open file of ours.
fn place(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()))
}

fn write(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("preferences", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    // apt says nothing where the file is not there: it would answer without the pins.
    fs::metadata(place(&file))?;
    Ok(file)
}

fn stanzas(batch: &[Question], release: Option<&str>) -> String {
    // Nothing of that kind can be the name or version of a package, so no such pin could fit.
    let plain =
        |text: &str| !text.is_empty() && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    let mut text = String::new();
    for question in batch.iter().filter(|question| plain(&question.name)) {
        let pins = [
            release.map(|release| (format!("release {release}"), RELEASE)),
            question
                .version
                .as_ref()
                .filter(|version| plain(version))
                .map(|version| (format!("version {version}"), VERSION)),
        ];
        for (pin, priority) in pins.into_iter().flatten().filter(|(pin, _)| !pin.contains('\n')) {
            let _ = writeln!(text, "\nPackage: {}\nPin: {pin}\nPin-Priority: {priority}", question.name);
        }
    }
    text
}

/// The preferences that the host has, in the order in which apt reads them.
fn hosts_own(folder: &Path) -> Vec<u8> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder.join("preferences.d"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|file| file.file_name().and_then(OsStr::to_str).is_some_and(is_read) && file.is_file());
    files.sort_unstable();
    files.insert(0, folder.join("preferences"));
    let mut all = Vec::new();
    for bytes in files.into_iter().filter_map(|file| fs::read(file).ok()) {
        all.extend(bytes);
        all.extend(b"\n\n");
    }
    all
}

/// Whether apt reads a file of that name in preferences.d.
fn is_read(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    !name.starts_with('.')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-:.".contains(letter))
        && extension.is_none_or(|extension| extension == "pref")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, version: Option<&str>) -> Question {
        Question { name: name.to_owned(), version: version.map(str::to_owned) }
    }

    #[test]
    fn a_version_and_a_release_become_pins() {
        assert_eq!(
            stanzas(&[question("a", Some("1.*")), question("b", None)], Some("testing")),
            "\nPackage: a\nPin: release testing\nPin-Priority: 990\n\nPackage: a\nPin: version 1.*\nPin-Priority: \
             1001\n\nPackage: b\nPin: release testing\nPin-Priority: 990\n"
        );
        assert_eq!(stanzas(&[question("a", None)], None), "");
        assert_eq!(stanzas(&[question("a\nPackage: b", Some("1\n2")), question("c", Some("1\n2"))], None), "");
    }

    #[test]
    fn the_hosts_preferences_come_first_and_in_apts_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("preferences.d")).unwrap();
        for (name, text) in [
            ("preferences", "main"),
            ("preferences.d/20-b", "b"),
            ("preferences.d/10-a.pref", "a"),
            ("preferences.d/x.bak", "no"),
            ("preferences.d/.hidden", "no"),
            ("preferences.d/odd name", "no"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(String::from_utf8(hosts_own(folder.path())).unwrap(), "main\n\na\n\nb\n\n");
        assert!(hosts_own(Path::new("/no/such/folder")).is_empty());
    }

    #[test]
    fn pins_can_be_read_from_outside_while_they_are_held() {
        let pins = Pins::of(&[question("a", Some("1"))], None).unwrap().unwrap();
        let path = place(&pins.0);
        assert!(fs::read_to_string(&path).unwrap().ends_with("\nPackage: a\nPin: version 1\nPin-Priority: 1001\n"));
        drop(pins);
        assert!(fs::read_to_string(&path).is_err());
    }
}
