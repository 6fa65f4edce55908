//! What a path is, in Ansible's words, and the diff that begins with it.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use protocol::{Data, Map};

use super::attributes::AttributeDiff;

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathState {
    /// Nothing is there.
    Absent,
    /// A symbolic link, wherever it leads.
    Link,
    /// A folder.
    Directory,
    /// A file that has other names, too.
    Hard,
    /// A file, or anything else.
    File,
}

impl PathState {
    /// Looks.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match fs::symlink_metadata(path) {
            Err(_) => Self::Absent,
            Ok(metadata) if metadata.is_symlink() => Self::Link,
            Ok(metadata) if metadata.is_dir() => Self::Directory,
            Ok(metadata) if metadata.nlink() > 1 => Self::Hard,
            Ok(_) => Self::File,
        }
    }

    /// Ansible's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Link => "link",
            Self::Directory => "directory",
            Self::Hard => "hard",
            Self::File => "file",
        }
    }
}

/// The diff of a path that goes from one state to another.
#[must_use]
pub fn initial_diff(path: &str, wanted: &str, before: PathState) -> AttributeDiff {
    let mut diff = AttributeDiff::of(path);
    if before.name() != wanted {
        diff.set("state", before.name(), wanted);
        if wanted == "absent" && before == PathState::Directory {
            let mut folders = Vec::new();
            let mut files = Vec::new();
            walk(Path::new(path), &mut |entry, is_folder| {
                let text = entry.to_string_lossy().into_owned();
                if is_folder { folders.push(text) } else { files.push(text) }
            });
            let content =
                Map::from([("directories".to_owned(), Data::from(folders)), ("files".to_owned(), Data::from(files))]);
            diff.before.insert("path_content".to_owned(), Data::Map(content));
        }
    }
    diff
}

/// Visits all that is below a folder, each folder's own entries before what is below them, as Python's `os.walk` does:
/// links to folders are told as folders and not entered.
pub fn walk(folder: &Path, visit: &mut dyn FnMut(&Path, bool)) {
    let mut below: Vec<PathBuf> = Vec::new();
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            below.push(path);
        } else {
            files.push(path);
        }
    }
    for path in &below {
        visit(path, true);
    }
    for path in &files {
        visit(path, false);
    }
    for path in below {
        if !path.is_symlink() {
            walk(&path, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_for_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(at("file"), "").unwrap();
        fs::write(at("one"), "").unwrap();
        fs::hard_link(at("one"), at("two")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
        assert_eq!(PathState::of(&at("file")), PathState::File);
        assert_eq!(PathState::of(&at("two")), PathState::Hard);
        assert_eq!(PathState::of(&at("link")), PathState::Link);
        assert_eq!(PathState::of(&at("")), PathState::Directory);
        assert_eq!(PathState::of(&at("none")), PathState::Absent);
    }
}
