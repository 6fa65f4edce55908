//! A disk in memory that loses power: what was not synced may be there, be there in part, or not be there.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    rc::Rc,
};

use pki::store::{Files, Links, Locking};

/// What a power loss leaves of that which was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing of it.
    Everything,
    /// All of it.
    Nothing,
    /// Each name and each file's content by chance, contents in part too, with that seed.
    Some(u64),
}

#[derive(Debug, Clone, Default)]
struct Content {
    synced: Vec<u8>,
    written: Vec<u8>,
}

#[derive(Debug, Clone, Default)]
struct Disk {
    contents: Vec<Content>,
    /// Names as programs see them, and as the disk has them: of each its content's place.
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
}

/// The disk; its clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    disk: Rc<RefCell<Disk>>,
    /// Calls until the power goes; none left means that every call fails.
    left: Rc<Cell<Option<u64>>>,
    calls: Rc<Cell<u64>>,
    locked: Rc<Cell<bool>>,
}

/// The lock; given back when dropped.
#[derive(Debug)]
pub(crate) struct Held(Rc<Cell<bool>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Memory {
    /// The power goes after that many more calls.
    pub(crate) fn power_for(&self, calls: u64) {
        self.left.set(Some(calls));
    }

    /// Its files, as programs see them.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let disk = self.disk.borrow();
        disk.names.iter().map(|(name, place)| (name.clone(), disk.contents[*place].written.clone())).collect()
    }

    /// How many calls were made.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// What another machine finds on this disk.
    pub(crate) fn after(&self, loss: Loss) -> Self {
        let disk = self.disk.borrow();
        let mut chance = match loss {
            Loss::Some(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            _ => 1,
        };
        let mut draw = |below: u64| {
            // xorshift64
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % below
        };
        let mut left = Disk { folders: disk.folders.clone(), ..Disk::default() };
        let everything: BTreeSet<_> = disk.names.keys().chain(disk.synced_names.keys()).collect();
        for name in everything {
            let kept = match loss {
                Loss::Everything => disk.synced_names.get(name),
                Loss::Nothing => disk.names.get(name),
                Loss::Some(_) => {
                    if draw(2) == 0 {
                        disk.synced_names.get(name)
                    } else {
                        disk.names.get(name)
                    }
                }
            };
            if let Some(place) = kept {
                left.names.insert(name.clone(), *place);
            }
        }
        left.synced_names = left.names.clone();
        left.contents = disk
            .contents
            .iter()
            .map(|content| {
                let kept = match loss {
                    Loss::Everything => content.synced.clone(),
                    Loss::Nothing => content.written.clone(),
                    Loss::Some(_) => partly(content, &mut draw),
                };
                Content { synced: kept.clone(), written: kept }
            })
            .collect();
        Self { disk: Rc::new(RefCell::new(left)), ..Self::default() }
    }

    fn call(&self) -> io::Result<()> {
        self.calls.set(self.calls.get() + 1);
        match self.left.get() {
            Some(0) => Err(io::Error::other("the power is off")),
            Some(left) => {
                self.left.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn content<T>(&self, path: &Path, with: impl FnOnce(&mut Content) -> T) -> io::Result<T> {
        let mut disk = self.disk.borrow_mut();
        let place = *disk.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(with(&mut disk.contents[place]))
    }
}

/// Before where a link leads, in its content.
const LINK: &[u8] = b"\0link\0";

impl Links for Memory {
    fn link(&self, target: &Path, path: &Path) -> io::Result<()> {
        let content = [LINK, target.as_os_str().as_encoded_bytes()].concat();
        self.create(path, &content)?;
        // A file system writes a link's target with its name.
        self.content(path, |content| content.synced = content.written.clone())
    }

    fn read_link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let Some(content) = self.read(path)? else { return Ok(None) };
        let target = content.strip_prefix(LINK).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Some(PathBuf::from(String::from_utf8(target.to_vec()).map_err(io::Error::other)?)))
    }
}

/// What was synced, and of what came after a part: cut, or with a hole of zeros.
fn partly(content: &Content, draw: &mut impl FnMut(u64) -> u64) -> Vec<u8> {
    let common = content.synced.iter().zip(&content.written).take_while(|(one, other)| one == other).count();
    match draw(4) {
        0 => content.synced.clone(),
        1 => content.written.clone(),
        2 => {
            let extra = (content.written.len() - common) as u64;
            content.written[..common + draw(extra + 1) as usize].to_vec()
        }
        _ => {
            let mut holed = content.written.clone();
            let extra = (content.written.len() - common) as u64;
            let end = common + draw(extra + 1) as usize;
            holed[common..end].fill(0);
            holed
        }
    }
}

impl Files for Memory {
    type Lock = Held;

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.content(path, |content| content.written.clone()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.call()?;
        let mut disk = self.disk.borrow_mut();
        if disk.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let place = disk.contents.len();
        disk.contents.push(Content { synced: Vec::new(), written: bytes.to_vec() });
        disk.names.insert(path.to_owned(), place);
        Ok(())
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.call()?;
        self.content(path, |content| content.written.extend(bytes))
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.call()?;
        self.content(path, |content| content.written.truncate(length as usize))
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        self.content(path, |content| content.synced = content.written.clone())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        let mut disk = self.disk.borrow_mut();
        let inside = |name: &PathBuf| name.parent() == Some(path);
        let now: Vec<_> =
            disk.names.iter().filter(|(name, _)| inside(name)).map(|(name, place)| (name.clone(), *place)).collect();
        disk.synced_names.retain(|name, _| !inside(name));
        disk.synced_names.extend(now);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call()?;
        let mut disk = self.disk.borrow_mut();
        let place = disk.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        disk.names.insert(to.to_owned(), place);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        self.disk.borrow_mut().names.remove(path);
        Ok(())
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        self.disk.borrow_mut().folders.insert(path.to_owned());
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<Locking<Held>> {
        if self.locked.replace(true) {
            return Ok(Locking::Theirs("another test".to_owned()));
        }
        Ok(Locking::Ours(Held(self.locked.clone())))
    }
}
