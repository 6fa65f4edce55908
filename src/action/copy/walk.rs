//! What a folder of the control node holds, sorted into files, folders and links.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// What a folder holds, with names relative to the place it is copied to.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Files: where their content is, and their name.
    pub(super) files: Vec<(PathBuf, String)>,
    /// Folders' names.
    pub(super) folders: Vec<String>,
    /// Links: what they lead to, and their name.
    pub(super) links: Vec<(String, String)>,
}

impl Tree {
    /// Looks through a folder. `prefix` is put before names; `follow` takes links for what they lead to, but for those
    /// that lead nowhere or to a folder around them.
    ///
    /// # Errors
    ///
    /// A folder cannot be read.
    pub(super) fn of(folder: &Path, prefix: &str, follow: bool) -> io::Result<Self> {
        let mut tree = Self::default();
        let metadata = fs::metadata(folder)?;
        tree.walk(folder, prefix, follow, &mut vec![(metadata.dev(), metadata.ino())])?;
        Ok(tree)
    }

    fn walk(&mut self, folder: &Path, prefix: &str, follow: bool, around: &mut Vec<(u64, u64)>) -> io::Result<()> {
        let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut below = Vec::new();
        for entry in entries {
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let is_link = entry.file_type()?.is_symlink();
            let metadata = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                Err(_) if is_link => {
                    self.link(&path, name)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let identity = (metadata.dev(), metadata.ino());
            match (is_link, metadata.is_dir()) {
                (true, is_folder) if !follow || (is_folder && around.contains(&identity)) => self.link(&path, name)?,
                (true, false) if !metadata.is_file() => self.link(&path, name)?,
                (true, false) => self.files.push((fs::canonicalize(&path)?, name)),
                (false, false) => self.files.push((path, name)),
                (_, true) => {
                    let real = if is_link { fs::canonicalize(&path)? } else { path };
                    below.push((real, name, identity));
                }
            }
        }
        for (path, name, identity) in below {
            self.folders.push(name.clone());
            around.push(identity);
            self.walk(&path, &format!("{name}/"), follow, around)?;
            around.pop();
        }
        Ok(())
    }

    fn link(&mut self, path: &Path, name: String) -> io::Result<()> {
        self.links.push((fs::read_link(path)?.to_string_lossy().into_owned(), name));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_but_for_those_that_lead_nowhere_or_around() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("sub/empty")).unwrap();
        fs::write(at("one"), "").unwrap();
        symlink("../one", at("sub/to_one")).unwrap();
        symlink("..", at("sub/up")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        let tree = Tree::of(folder.path(), "t/", true).unwrap();
        let names: Vec<_> = tree.files.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["t/one", "t/sub/to_one"]);
        assert_eq!(tree.folders, ["t/sub", "t/sub/empty"]);
        let links = [("nowhere", "t/dangling"), ("..", "t/sub/up")];
        assert_eq!(tree.links, links.map(|(to, name)| (to.to_owned(), name.to_owned())));
        let unfollowed = Tree::of(folder.path(), "", false).unwrap();
        assert_eq!((unfollowed.files.len(), unfollowed.links.len()), (1, 3));
    }
}
