//! dpkg's database: the packages it knows, and the architectures of the host.
//!
//! Source: dpkg(1), "Information about packages"; dpkg-query(1), `${db:Status-Status}`.

use std::{
    collections::HashMap,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use super::control::{Stanza, stanzas};

/// Where dpkg keeps it.
const FOLDER: &str = "/var/lib/dpkg";

/// What dpkg's status file says.
#[derive(Debug)]
pub struct Database {
    folder: PathBuf,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    by_name: HashMap<String, Vec<usize>>,
    native: String,
    foreign: Vec<String>,
}

/// A package that dpkg knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its architecture; `all` where any will do.
    pub architecture: String,
    /// Its version; empty where it never was there.
    pub version: String,
    /// `installed`, `config-files`, `half-configured` ...
    pub state: String,
    stanza: Range<usize>,
}

impl Entry {
    /// It is there and configured.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        self.state == "installed"
    }

    /// Some of it is there beyond its configuration: apt takes its version for the current one.
    #[must_use]
    pub fn is_current(&self) -> bool {
        !matches!(self.state.as_str(), "not-installed" | "config-files")
    }
}

impl Database {
    /// Reads the host's database.
    ///
    /// # Errors
    ///
    /// The status file cannot be read.
    pub fn read() -> io::Result<Self> {
        Self::read_in(Path::new(FOLDER))
    }

    /// Reads the database in another folder.
    ///
    /// # Errors
    ///
    /// The status file cannot be read.
    pub fn read_in(folder: &Path) -> io::Result<Self> {
        let bytes = fs::read(folder.join("status"))?;
        let architectures = fs::read(folder.join("arch")).unwrap_or_default();
        Ok(Self::new(folder, bytes, &String::from_utf8_lossy(&architectures)))
    }

    fn new(folder: &Path, bytes: Vec<u8>, architectures: &str) -> Self {
        let entries: Vec<Entry> = stanzas(&bytes).filter_map(|range| entry(&bytes, range)).collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            by_name.entry(entry.name.clone()).or_default().push(index);
        }
        // dpkg is always of the host's own architecture.
        let own = entries.iter().find(|entry| entry.name == "dpkg").map(|entry| entry.architecture.clone());
        let mut listed = architectures.lines().map(str::trim).filter(|line| !line.is_empty());
        let native = own.or_else(|| listed.clone().next().map(str::to_owned)).unwrap_or_default();
        let foreign = listed.by_ref().filter(|name| *name != native).map(str::to_owned).collect();
        Self { folder: folder.to_owned(), bytes, entries, by_name, native, foreign }
    }

    /// All packages, in the order of the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The host's architecture.
    #[must_use]
    pub fn native(&self) -> &str {
        &self.native
    }

    /// Other architectures whose packages the host takes.
    #[must_use]
    pub fn foreign(&self) -> &[String] {
        &self.foreign
    }

    /// A package as apt names it: `name` for the host's architecture, `name:architecture` for another.
    #[must_use]
    pub fn find(&self, package: &str) -> Option<&Entry> {
        let (name, architecture) = self.split(package);
        self.by_name.get(name)?.iter().filter_map(|index| self.entries.get(*index)).find(|entry| {
            entry.architecture == architecture || (entry.architecture == "all" && architecture == self.native)
        })
    }

    /// Parts a package's name into name and architecture.
    fn split<'a>(&'a self, package: &'a str) -> (&'a str, &'a str) {
        match package.rsplit_once(':') {
            Some((name, "all" | "native")) => (name, &self.native),
            Some((name, architecture)) => (name, architecture),
            None => (package, &self.native),
        }
    }

    /// A package's name as apt shows it: without the host's own architecture.
    #[must_use]
    pub fn shown_name(&self, package: &str) -> String {
        match self.split(package) {
            (name, architecture) if architecture == self.native => name.to_owned(),
            (name, architecture) => format!("{name}:{architecture}"),
        }
    }

    /// All that dpkg has about a package.
    #[must_use]
    pub fn stanza(&self, entry: &Entry) -> Stanza<'_> {
        Stanza::new(self.bytes.get(entry.stanza.clone()).unwrap_or_default())
    }

    /// Whether dpkg has a list of files of a package: it does until the package is purged.
    #[must_use]
    pub fn has_files(&self, package: &str) -> bool {
        let (name, architecture) = self.split(package);
        let info = self.folder.join("info");
        [self.shown_name(package), format!("{name}:{architecture}")]
            .iter()
            .any(|name| info.join(format!("{name}.list")).is_file())
    }
}

fn entry(bytes: &[u8], range: Range<usize>) -> Option<Entry> {
    let stanza = Stanza::new(bytes.get(range.clone())?);
    let text = |name: &str| stanza.field(name).map(std::borrow::Cow::into_owned);
    let status = text("Status").unwrap_or_default();
    Some(Entry {
        name: text("Package").filter(|name| !name.is_empty())?,
        architecture: text("Architecture").unwrap_or_default(),
        version: text("Version").unwrap_or_default(),
        state: status.split_ascii_whitespace().nth(2).unwrap_or("not-installed").to_owned(),
        stanza: range,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &[u8] = b"\
Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.21

Package: both
Status: install ok installed
Architecture: i386
Version: 1

Package: both
Status: deinstall ok config-files
Architecture: amd64
Version: 2

Package: data
Status: install ok half-configured
Architecture: all
Version: 3
";

    fn database() -> Database {
        Database::new(Path::new("/nowhere"), STATUS.to_vec(), "amd64\ni386\n")
    }

    #[test]
    fn a_name_alone_is_the_hosts_own_package() {
        let database = database();
        assert_eq!(database.native(), "amd64");
        assert_eq!(database.foreign(), ["i386"]);
        let version = |name: &str| database.find(name).map(|entry| entry.version.as_str());
        assert_eq!(version("both"), Some("2"));
        assert_eq!(version("both:amd64"), Some("2"));
        assert_eq!(version("both:i386"), Some("1"));
        assert_eq!(version("data"), Some("3"));
        assert_eq!(version("data:amd64"), Some("3"));
        assert_eq!(version("data:i386"), None);
        assert_eq!(version("none"), None);
        assert_eq!(database.shown_name("both:amd64"), "both");
        assert_eq!(database.shown_name("both:i386"), "both:i386");
    }

    #[test]
    fn states_say_what_is_there() {
        let database = database();
        let state = |name: &str| database.find(name).map(|entry| (entry.is_installed(), entry.is_current()));
        assert_eq!(state("dpkg"), Some((true, true)));
        assert_eq!(state("both"), Some((false, false)));
        assert_eq!(state("data"), Some((false, true)));
    }

    #[test]
    fn a_broken_file_is_read_as_far_as_it_goes() {
        let bytes =
            b"\xff\xff\nPackage:\n\nStatus: install ok installed\n\nPackage: x\nStatus: \xff\n\nPackage: y".to_vec();
        let database = Database::new(Path::new("/nowhere"), bytes, "");
        let names: Vec<&str> = database.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["x", "y"]);
        assert!(database.entries().iter().all(|entry| !entry.is_current()));
        assert_eq!(database.find("z"), None);
    }

    #[test]
    fn lists_of_files_are_found_with_and_without_the_architecture() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("info")).unwrap();
        for name in ["plain", "multi:amd64"] {
            fs::write(folder.path().join(format!("info/{name}.list")), "/.\n").unwrap();
        }
        fs::write(folder.path().join("status"), STATUS).unwrap();
        let database = Database::read_in(folder.path()).unwrap();
        assert!(database.has_files("plain") && database.has_files("multi") && !database.has_files("none"));
    }
}
