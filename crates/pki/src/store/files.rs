//! The few things a store does with files, as a trait: a test puts one in that loses what was not synced.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown, fchown, symlink},
    path::{Path, PathBuf},
};

/// O_NOFOLLOW of open(2).
const NOFOLLOW: i32 = if cfg!(any(target_arch = "arm", target_arch = "aarch64")) { 0o100_000 } else { 0o400_000 };
/// As much of a lock's file is read.
const LONGEST_HOLDER: u64 = 1024;

/// Files below one folder, all of them private to their owner. Paths are relative to that folder; the empty one is the folder
/// itself. Nothing is on the disk before its file, and for a name its folder, was synced.
pub trait Files {
    /// What is held while the store is open.
    type Lock;

    /// The whole of a file; none if there is no such file.
    ///
    /// # Errors
    ///
    /// The file system.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;

    /// A new file with that content.
    ///
    /// # Errors
    ///
    /// There is one already; the file system.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// More at the end of a file that is there.
    ///
    /// # Errors
    ///
    /// The file system.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to that length.
    ///
    /// # Errors
    ///
    /// The file system.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Waits until a file's content is on the disk.
    ///
    /// # Errors
    ///
    /// The file system; then nothing is known of what was written.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Waits until the names in a folder are on the disk.
    ///
    /// # Errors
    ///
    /// The file system.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Gives a file another name, in place of what has it.
    ///
    /// # Errors
    ///
    /// The file system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; none there is no error.
    ///
    /// # Errors
    ///
    /// The file system.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// A folder; one there already is no error.
    ///
    /// # Errors
    ///
    /// The file system.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// A lock that other processes see.
    ///
    /// # Errors
    ///
    /// The file system.
    fn lock(&self, path: &Path) -> io::Result<Locking<Self::Lock>>;
}

/// Files among which there are links.
pub trait Links: Files {
    /// A new symbolic link that leads to `target`, a path relative to the link's folder.
    ///
    /// # Errors
    ///
    /// The name is taken; the file system.
    fn link(&self, target: &Path, path: &Path) -> io::Result<()>;

    /// Where a symbolic link leads; none if there is nothing of that name.
    ///
    /// # Errors
    ///
    /// It is no link; the file system.
    fn read_link(&self, path: &Path) -> io::Result<Option<PathBuf>>;
}

/// What became of a lock that was asked for.
#[derive(Debug)]
pub enum Locking<L> {
    /// It is ours for as long as this lives.
    Ours(L),
    /// Another process has it: what it says of itself, if anything.
    Theirs(String),
}

/// A lock on this machine, given back when dropped or when the process ends in whatever way.
#[derive(Debug)]
pub struct SystemLock(File);

impl Drop for SystemLock {
    fn drop(&mut self) {
        // So that who comes next never reads of a holder that is gone. Nothing is lost if it cannot be done.
        let _ = self.0.set_len(0);
    }
}

/// Files on this machine: mode 0600, folders 0700, unless they are made for somebody.
#[derive(Debug, Clone)]
pub struct SystemFiles {
    root: PathBuf,
    holder: String,
    owner: Owner,
}

/// Whose new files are, and who may do what with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The user's number; none leaves it to be ours.
    pub user: Option<u32>,
    /// The group's number; none leaves it to be ours.
    pub group: Option<u32>,
    /// The mode of files; folders may be searched by whoever may read them.
    pub mode: u32,
}

impl Owner {
    fn folder_mode(self) -> u32 {
        0o700 | self.mode | (self.mode & 0o444) >> 2
    }
}

impl SystemFiles {
    /// Below that folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn new(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::DirBuilder::new().mode(0o700).recursive(true).create(&root)?;
        Ok(Self::at_folder(root))
    }

    /// Below that folder as it is, or is not.
    #[must_use]
    pub fn at_folder(root: impl Into<PathBuf>) -> Self {
        let owner = Owner { user: None, group: None, mode: 0o600 };
        Self { root: root.into(), holder: format!("process {}", std::process::id()), owner }
    }

    /// What is said to others while the lock is ours: who it is and since when.
    #[must_use]
    pub fn held_by(self, holder: String) -> Self {
        Self { holder, ..self }
    }

    /// The same, but new files and folders belong to somebody.
    #[must_use]
    pub fn made_for(self, owner: Owner) -> Self {
        Self { owner, ..self }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }
}

impl Files for SystemFiles {
    type Lock = SystemLock;

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.at(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.at(path))?;
        let Owner { user, group, mode } = self.owner;
        // Before there is anything to read in it; the owner first, for a change of owner takes bits of the mode away.
        if user.is_some() || group.is_some() {
            fchown(&file, user, group)?;
        }
        if mode != 0o600 {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        file.write_all(bytes)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().append(true).open(self.at(path))?.write_all(bytes)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.at(path))?.set_len(length)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(self.at(path))?.sync_all()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(self.at(path))?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(self.at(path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let path = self.at(path);
        let (Owner { user, group, .. }, mode) = (self.owner, self.owner.folder_mode());
        fs::DirBuilder::new().mode(0o700).recursive(true).create(&path)?;
        if user.is_some() || group.is_some() {
            chown(&path, user, group)?;
        }
        if mode != 0o700 {
            fs::set_permissions(&path, Permissions::from_mode(mode))?;
        }
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Locking<SystemLock>> {
        let path = self.at(path);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            // A link here would have another file emptied.
            .custom_flags(NOFOLLOW)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                file.write_all(self.holder.as_bytes())?;
                Ok(Locking::Ours(SystemLock(file)))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.take(LONGEST_HOLDER).read_to_string(&mut holder)?;
                Ok(Locking::Theirs(holder))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Links for SystemFiles {
    fn link(&self, target: &Path, path: &Path) -> io::Result<()> {
        symlink(target, self.at(path))
    }

    fn read_link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        match fs::read_link(self.at(path)) {
            Ok(target) => Ok(Some(target)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
