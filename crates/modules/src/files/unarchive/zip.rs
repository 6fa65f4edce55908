//! Archives that unzip reads.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
};

use super::{Archive, Compared, Job, Ran, directory, uncaught};
use crate::{
    Context, Failure,
    module::os_error,
    support::{
        accounts, mode, paths,
        times::{self, Stamp},
    },
};

/// An archive that unzip reads.
pub(super) struct Zip {
    /// zipinfo is missing, and unzip has to stand in for it.
    by_unzip: bool,
    unzip: String,
    zipinfo: String,
    excludes: Vec<String>,
    entries: directory::Entries,
    files: Vec<String>,
}

impl Zip {
    /// Sees whether unzip can list the archive; the inner error says why not.
    pub(super) fn open(job: &Job<'_>, by_unzip: bool) -> Result<Result<Self, String>, Failure> {
        let names = ["unzip", if by_unzip { "unzip" } else { "zipinfo" }];
        let [unzip, zipinfo] = names.map(|name| job.ctx.find_bin(name).ok_or(name));
        let (unzip, zipinfo) = match (unzip, zipinfo) {
            (Ok(unzip), Ok(zipinfo)) => (unzip, zipinfo),
            (unzip, zipinfo) => {
                let missing: Vec<&str> = [unzip.err(), zipinfo.err()].into_iter().flatten().collect();
                return Ok(Err(format!("Unable to find required '{}' binary in the path.", missing.join("' or '"))));
            }
        };
        let listed = job.execute(&[unzip.clone(), "-l".to_owned(), job.source.path.clone()], |command| command)?;
        if listed.rc != 0 {
            return Ok(Err(format!("Command \"{unzip}\" could not handle archive: {}", listed.err)));
        }
        if by_unzip {
            let said = job.execute(&[zipinfo.clone(), "-Zl".to_owned()], |command| command)?;
            if !said.out.to_lowercase().contains("zipinfo") {
                return Ok(Err(format!("Command \"unzip -Z\" could not handle archive: {}", said.err)));
            }
        }
        let excludes = job.args.exclude.clone();
        Ok(Ok(Self { by_unzip, unzip, zipinfo, excludes, entries: Vec::new(), files: Vec::new() }))
    }

    fn entries(&mut self, job: &Job<'_>) -> Result<&directory::Entries, Failure> {
        if self.entries.is_empty() {
            self.entries = directory::read(&job.source.path).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => uncaught(error.to_string()),
                _ => uncaught(os_error(&error, Some(&job.source.shown))),
            })?;
        }
        Ok(&self.entries)
    }

    fn crc(&mut self, job: &Job<'_>, path: &str) -> Result<u32, Failure> {
        let found = self.entries(job)?.iter().rev().find(|(name, _)| name == path).map(|(_, crc)| *crc);
        // What Python says of a key that is not there.
        found.ok_or_else(|| uncaught(protocol::arguments::python::repr_str(path)))
    }
}

impl Archive for Zip {
    fn name(&self) -> &'static str {
        if self.by_unzip { "ZipZArchive" } else { "ZipArchive" }
    }

    fn files(&mut self, job: &Job<'_>) -> Result<Vec<String>, Failure> {
        if self.files.is_empty() {
            let (excludes, includes) = (self.excludes.clone(), &job.args.include);
            let mut files = Vec::new();
            for (name, _) in self.entries(job)? {
                let times = match includes.is_empty() {
                    true => usize::from(!excludes.iter().any(|pattern| paths::fnmatch(name, pattern))),
                    // Once for each that it matches, as Ansible lists it.
                    false => includes.iter().filter(|pattern| paths::fnmatch(name, pattern)).count(),
                };
                files.extend(std::iter::repeat_n(name.clone(), times));
            }
            self.files = files;
        }
        Ok(self.files.clone())
    }

    fn compare(&mut self, job: &Job<'_>) -> Result<Compared, Failure> {
        let mut argv = vec![self.zipinfo.clone()];
        if self.by_unzip {
            argv.push("-Zl".to_owned());
        }
        argv.extend(["-T", "-s", &job.source.path].map(str::to_owned));
        if !self.excludes.is_empty() {
            argv.push("-x".to_owned());
            argv.extend(self.excludes.iter().cloned());
        }
        argv.extend(job.args.include.iter().cloned());
        let listed = job.execute(&argv, |command| command)?;
        let owners = Owners::of(job);
        let mut compared = Compared { same: listed.rc == 0, diff: String::new() };
        for line in listed.out.lines() {
            let Some(entry) = Entry::parse(line)? else { continue };
            if self.excludes.iter().any(|path| path == entry.path) {
                continue;
            }
            match self.difference(job, &owners, &entry)? {
                Difference::None => {}
                Difference::Newer => self.excludes.push(entry.path.to_owned()),
                Difference::Some(itemized) => {
                    compared.same = false;
                    compared.diff.push_str(&format!("{itemized} {}\n", entry.path));
                }
            }
        }
        Ok(compared)
    }

    fn unpack(&self, job: &Job<'_>) -> Result<Ran, Failure> {
        let mut argv = vec![self.unzip.clone(), "-o".to_owned()];
        argv.extend(job.args.extra_opts.iter().cloned());
        argv.push(job.source.path.clone());
        if !self.excludes.is_empty() {
            argv.push("-x".to_owned());
            argv.extend(self.excludes.iter().cloned());
        }
        argv.extend(job.args.include.iter().cloned());
        argv.extend(["-d".to_owned(), job.dest.clone()]);
        job.execute(&argv, |command| command)
    }
}

/// How a path differs from the archive's.
enum Difference {
    /// Not at all.
    None,
    /// It is younger and is left alone.
    Newer,
    /// So, in the letters of rsync's `--itemize-changes`.
    Some(String),
}

impl Zip {
    fn difference(&mut self, job: &Job<'_>, owners: &Owners, entry: &Entry<'_>) -> Result<Difference, Failure> {
        let kind = entry.file_type();
        let place = paths::join(&job.dest, entry.path);
        let Ok(there) = fs::symlink_metadata(&place) else {
            return Ok(Difference::Some(format!(">{kind}++++++.??")));
        };
        let same_kind = match kind {
            'd' => there.is_dir(),
            'L' => there.is_symlink(),
            _ => there.is_file(),
        };
        if !same_kind {
            return Ok(Difference::Some(format!("c{kind}++++++.??")));
        }
        // Content, size, time, mode, owner.
        let mut letters = ['.'; 5];
        let mut differs = false;
        let mut note = |index: usize, letter: char| {
            differs = true;
            if let Some(slot) = letters.get_mut(index) {
                *slot = letter;
            }
        };
        if there.is_file() {
            let packed = entry.time(job.ctx);
            let has = times::float(there.mtime(), there.mtime_nsec());
            if job.args.keep_newer {
                if packed > has {
                    note(2, 't');
                } else if packed < has {
                    return Ok(Difference::Newer);
                }
            } else if packed != has {
                note(2, 't');
            }
            if entry.size != there.size() {
                note(1, 's');
            }
            let crc = crc_of(&place).map_err(|error| uncaught(crate::module::os_error_bytes(&error, &place)))?;
            if crc != self.crc(job, entry.path)? {
                note(0, 'c');
            }
        }
        if kind != 'L' && entry.mode(job, &there)? != there.mode() & mode::PERMISSIONS {
            note(3, 'p');
        }
        if owners.user_differs(job.ctx, &there, entry.path)? {
            note(4, 'o');
        }
        if owners.group_differs(job.ctx, &there, entry.path)? {
            note(4, 'g');
        }
        let letters: String = letters.iter().collect();
        Ok(if differs { Difference::Some(format!(".{kind}{letters}..??")) } else { Difference::None })
    }
}

/// A line of zipinfo's list.
struct Entry<'a> {
    /// What it is: `d`, `l`, `-`, `?`.
    kind: char,
    permissions: &'a str,
    size: u64,
    /// `20240131.235959`
    time: &'a str,
    path: &'a str,
}

impl<'a> Entry<'a> {
    /// None where the line speaks of no file.
    fn parse(line: &'a str) -> Result<Option<Self>, Failure> {
        let Some([permissions, _, _, size, _, _, time, path]) = fields(line) else { return Ok(None) };
        let mut letters = permissions.chars();
        let Some(kind) = letters.next().filter(|kind| "dl-?".contains(*kind)) else { return Ok(None) };
        let permissions = letters.as_str();
        let known = permissions.chars().all(|letter| "rwxstah-".contains(letter));
        if !matches!(permissions.len(), 6 | 7 | 9) || !known || time.len() != 15 {
            return Ok(None);
        }
        let size = size.parse().map_err(|_| {
            let size = protocol::arguments::python::repr_str(size);
            uncaught(format!("invalid literal for int() with base 10: {size}"))
        })?;
        Ok(Some(Self { kind, permissions, size, time, path }))
    }

    fn file_type(&self) -> char {
        match (self.path.ends_with('/'), self.kind) {
            (true, _) | (_, 'd') => 'd',
            (_, 'l') => 'L',
            _ => 'f',
        }
    }

    /// When it was changed, in seconds since 1970.
    fn time(&self, ctx: &Context) -> f64 {
        let parse = |text: &str| Stamp::parse(text, "%Y%m%d.%H%M%S", ctx.variable("TZ")).ok();
        let year: u32 = self.time.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
        let given = match year {
            0..1980 => None,
            1980..=2107 => parse(self.time),
            _ => parse("21071231.235959"),
        };
        // The first moment that a zip archive can tell.
        match given.or_else(|| parse("19800101.000000")) {
            Some(Stamp::At(seconds)) => seconds,
            _ => 0.0,
        }
    }

    /// The mode that it shall have.
    fn mode(&self, job: &Job<'_>, there: &Metadata) -> Result<u32, Failure> {
        let attributes = &job.args.attributes;
        if protocol::arguments::python::truth(&attributes.mode)
            && let Some(mode) = attributes.wanted_mode(self.path, there.mode() & mode::PERMISSIONS, there.is_dir())?
        {
            return Ok(mode);
        }
        // Archives made elsewhere have the permissions of FAT, which the umask makes ours.
        let is_folder = self.path.ends_with('/');
        let of_fat = match (self.permissions.len(), self.permissions) {
            (6, _) if is_folder => Some("rwxrwxrwx"),
            (6, "rwx---") | (7, "rwxa---") => Some("rwxrwxrwx"),
            (6 | 7, _) => Some("rw-rw-rw-"),
            _ => None,
        };
        let letters = of_fat.unwrap_or(self.permissions);
        if !is_unix_mode(letters) {
            return Err(uncaught(format!("ZIP info perm format incorrect, {letters}")));
        }
        let umask = if of_fat.is_some() && self.kind != '?' { mode::umask() } else { 0 };
        let bits = letters.chars().fold(0, |bits, letter| bits << 1 | u32::from("rwxst".contains(letter)));
        Ok(bits & !umask)
    }
}

/// Whether it is a mode as `ls` writes it.
fn is_unix_mode(letters: &str) -> bool {
    letters.len() == 9
        && letters.as_bytes().chunks(3).all(|triple| match triple {
            [read, write, execute] => b"r-".contains(read) && b"w-".contains(write) && b"SsTtx-".contains(execute),
            _ => false,
        })
}

/// Eight fields, the last of which may hold blanks.
fn fields(line: &str) -> Option<[&str; 8]> {
    let mut rest = line.trim_start();
    let mut found = [""; 8];
    let (last, front) = found.split_last_mut()?;
    for slot in front {
        let (field, tail) = rest.split_once(char::is_whitespace)?;
        *slot = field;
        rest = tail.trim_start();
    }
    *last = rest;
    (!rest.is_empty()).then_some(found)
}

/// Who unpacks, and whose files shall be.
struct Owners {
    is_root: bool,
    runs: (Option<String>, u32),
    runs_group: (Option<String>, u32),
    groups: Vec<u32>,
    user: (Option<String>, u32),
    group: (Option<String>, u32),
}

impl Owners {
    fn of(job: &Job<'_>) -> Self {
        let ctx = job.ctx;
        let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
        let user = |uid: u32| (accounts::user_by_id(ctx, uid).map(|user| user.name), uid);
        let group = |gid: u32| (accounts::group_by_id(ctx, gid).map(|group| group.name), gid);
        let attributes = &job.args.attributes;
        let wanted_user = attributes.owner.as_deref().filter(|name| !name.is_empty()).and_then(|name| {
            let by_id = || name.parse().ok().and_then(|uid| accounts::user_by_id(ctx, uid));
            accounts::user_by_name(ctx, name).or_else(by_id).map(|user| (Some(user.name), user.uid))
        });
        let wanted_group = attributes.group.as_deref().filter(|name| !name.is_empty()).and_then(|name| {
            let by_id = || name.parse().ok().and_then(|gid| accounts::group_by_id(ctx, gid));
            accounts::group_by_name(ctx, name).or_else(by_id).map(|group| (Some(group.name), group.gid))
        });
        let groups = rustix::process::getgroups().unwrap_or_default();
        Self {
            is_root: uid == 0,
            groups: groups.into_iter().map(|group| group.as_raw()).collect(),
            user: wanted_user.unwrap_or_else(|| user(uid)),
            group: wanted_group.unwrap_or_else(|| group(gid)),
            runs: user(uid),
            runs_group: group(gid),
        }
    }

    /// The name of who unpacks, or the number where there is none.
    fn who(&self) -> String {
        self.runs.0.clone().unwrap_or_else(|| self.runs.1.to_string())
    }

    fn user_differs(&self, ctx: &Context, there: &Metadata, path: &str) -> Result<bool, Failure> {
        if !self.is_root && self.user != self.runs {
            let wanted = self.user.0.clone().unwrap_or_else(|| self.user.1.to_string());
            let who = self.who();
            return Err(uncaught(format!("Cannot change ownership of {path} to {wanted}, as user {who}")));
        }
        Ok(match accounts::user_by_id(ctx, there.uid()) {
            Some(user) => Some(user.name) != self.user.0,
            None => there.uid() != self.user.1,
        })
    }

    fn group_differs(&self, ctx: &Context, there: &Metadata, path: &str) -> Result<bool, Failure> {
        if !self.is_root && self.group != self.runs_group && !self.groups.contains(&self.group.1) {
            let wanted = self.group.0.clone().unwrap_or_else(|| self.group.1.to_string());
            let who = self.who();
            return Err(uncaught(format!("Cannot change group ownership of {path} to {wanted}, as user {who}")));
        }
        Ok(match accounts::group_by_id(ctx, there.gid()) {
            Some(group) => Some(group.name) != self.group.0,
            None => there.gid() != self.group.1,
        })
    }
}

/// The CRC-32 of a file's content.
fn crc_of(path: &str) -> io::Result<u32> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 64 * 1024];
    let mut crc = !0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(!crc);
        }
        crc = buffer.iter().take(count).fold(crc, |crc, byte| step(crc, *byte));
    }
}

/// One byte more. The polynomial is that of RFC 1952, section 8, reflected.
fn step(crc: u32, byte: u8) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    let [low, ..] = crc.to_le_bytes();
    crc >> 8 ^ TABLE.get(usize::from(low ^ byte)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_a_file_is_that_of_zip() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"123456789").unwrap();
        assert_eq!(crc_of(file.path().to_str().unwrap()).unwrap(), 0xcbf4_3926);
    }

    #[test]
    fn a_line_of_zipinfo_is_a_file_with_blanks_in_its_name() {
        let line = "-rwxr-x---  3.0 unx       12 tx stor 20240131.235958 a b/c  d";
        let entry = Entry::parse(line).unwrap().unwrap();
        assert_eq!((entry.kind, entry.permissions, entry.size, entry.path), ('-', "rwxr-x---", 12, "a b/c  d"));
        for other in ["Archive:  x.zip", "2 files, 24 bytes uncompressed, 24 bytes compressed:  0.0%", ""] {
            assert!(Entry::parse(other).unwrap().is_none(), "{other}");
        }
    }
}
