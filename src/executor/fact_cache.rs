//! The facts of hosts, kept from one run to the next: ansible-core's `jsonfile` cache, in its files.
//!
//! Source: Ansible documentation, "Cache plugins", `ansible.builtin.jsonfile`.

use std::{
    cell::RefCell,
    collections::HashMap,
    fs, io,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use protocol::{Data, Map, python_json};

use crate::diagnostic::Diagnostic;

/// A folder with a JSON file for each host, which ansible-core reads and writes as well.
#[derive(Debug)]
pub struct FactCache {
    folder: PathBuf,
    prefix: String,
    /// How long a file holds; `None`: for ever.
    lifetime: Option<Duration>,
    /// What files hold, as far as they were read or written in this run.
    known: RefCell<HashMap<String, Map>>,
}

/// How ansible-core 2.19 begins the names of files of this form.
const FORM: &str = "s1_";
/// Where in a file the facts are: JSON within JSON.
const PAYLOAD: &str = "__payload__";
/// The mode that ansible-core gives to its files.
const MODE: u32 = 0o640;

impl FactCache {
    /// A cache in a folder, which is made where it is not there. `lifetime` is in seconds; 0: for ever.
    ///
    /// # Errors
    ///
    /// The folder cannot be made, or not be written.
    pub fn open(folder: &Path, prefix: &str, lifetime: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // The one certain way to learn whether it can be written.
        drop(tempfile::tempfile_in(folder)?);
        Ok(Self {
            folder: folder.to_owned(),
            prefix: prefix.to_owned(),
            lifetime: (lifetime > 0).then(|| Duration::from_secs(lifetime)),
            known: RefCell::default(),
        })
    }

    /// The facts of a host, where there are some that still hold.
    ///
    /// # Errors
    ///
    /// The file cannot be read; one that holds no facts is taken away, so that the next run gathers them.
    pub fn load(&self, host: &str) -> Result<Option<Map>, Diagnostic> {
        if let Some(facts) = self.known.borrow().get(host) {
            return Ok(Some(facts.clone()));
        }
        let Some(path) = self.path(host) else { return Ok(None) };
        let shown = path.display();
        let unreadable = |error: &io::Error| {
            Diagnostic::error(format!("Error while accessing the cache file '{shown}': {error}"))
                .help("Make it readable, or delete it: facts are gathered again.")
        };
        if self.has_expired(&path) {
            return Ok(None);
        }
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&error)),
        };
        match read(&text) {
            Some(facts) => {
                self.known.borrow_mut().insert(host.to_owned(), facts.clone());
                Ok(Some(facts))
            }
            None => {
                fs::remove_file(&path).map_err(|error| unreadable(&error))?;
                Err(Diagnostic::error(format!(
                    "The cache file {shown} was corrupt, or did not otherwise contain valid data. \
                     It has been removed, so you can re-run your command now."
                )))
            }
        }
    }

    /// Keeps facts of a host beside those that are there.
    ///
    /// # Errors
    ///
    /// The file cannot be written; the one before stands as it was.
    pub fn add(&self, host: &str, facts: &Map) -> Result<(), Diagnostic> {
        let mut all = self.load(host)?.unwrap_or_default();
        for (name, value) in facts {
            all.insert(name.clone(), value.clone());
        }
        let facts = python_json::dumps(&Data::Map(all.clone()), python_json::Style::default());
        let file = Data::Map([(PAYLOAD.to_owned(), Data::Str(facts))].into_iter().collect());
        let text = python_json::dumps(&file, python_json::Style::default());
        self.known.borrow_mut().insert(host.to_owned(), all);
        let Some(path) = self.path(host) else { return Ok(()) };
        self.write(&path, &text).map_err(|error| {
            Diagnostic::warning(format!("The facts of {host} cannot be kept in '{}': {error}", path.display()))
        })
    }

    /// Forgets the facts of a host.
    pub fn forget(&self, host: &str) {
        self.known.borrow_mut().remove(host);
        if let Some(path) = self.path(host) {
            // That it is not there is just as well.
            let _ = fs::remove_file(path);
        }
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut file =
            tempfile::Builder::new().permissions(fs::Permissions::from_mode(MODE)).tempfile_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    /// Where the facts of a host are kept; a name that would lead out of the folder is kept nowhere.
    fn path(&self, host: &str) -> Option<PathBuf> {
        let name = format!("{}{FORM}{host}", self.prefix);
        (!name.contains('/') && !host.is_empty()).then(|| self.folder.join(name))
    }

    fn has_expired(&self, path: &Path) -> bool {
        let Some(lifetime) = self.lifetime else { return false };
        let Ok(written) = fs::metadata(path).and_then(|metadata| metadata.modified()) else { return false };
        SystemTime::now().duration_since(written).is_ok_and(|age| age > lifetime)
    }
}

/// The facts in a file; nothing where it has another form.
fn read(text: &[u8]) -> Option<Map> {
    let file: serde_json::Value = serde_json::from_slice(text).ok()?;
    let facts = serde_json::from_str(file.get(PAYLOAD)?.as_str()?).ok()?;
    match plain(Data::from_json(facts)) {
        Data::Map(facts) => Some(facts),
        _ => None,
    }
}

/// A value without what ansible-core notes beside it: where it was written, whether it is a template. Facts of an earlier
/// run are data, whoever wrote them.
fn plain(value: Data) -> Data {
    match value {
        Data::List(items) => Data::List(items.into_iter().map(plain).collect()),
        Data::Map(mut map) if map.contains_key("__ansible_type") => {
            let kept = ["value", "iso8601", "ciphertext"].into_iter().find_map(|key| map.shift_remove(key));
            kept.map_or(Data::Null, plain)
        }
        Data::Map(map) => Data::Map(map.into_iter().map(|(key, value)| (key, plain(value))).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Map {
        match serde_json::from_str(text).map(Data::from_json) {
            Ok(Data::Map(map)) => map,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_next_run_knows_what_this_one_learned_as_ansible_core_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = FactCache::open(&folder.path().join("made"), "", 60).unwrap();
        first.add("web1", &facts(r#"{"ansible_distribution": "Debian", "ansible_x": [1, "ü"]}"#)).unwrap();
        first.add("web1", &facts(r#"{"ansible_distribution": "Devuan"}"#)).unwrap();
        let path = folder.path().join("made/s1_web1");
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            r#"{"__payload__": "{\"ansible_distribution\": \"Devuan\", \"ansible_x\": [1, \"\\u00fc\"]}"}"#
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        let second = FactCache::open(&folder.path().join("made"), "", 60).unwrap();
        assert_eq!(second.load("web1").unwrap().unwrap().len(), 2);
        second.forget("web1");
        assert!(second.load("web1").unwrap().is_none() && !path.exists());
    }

    #[test]
    fn what_ansible_core_kept_is_plain_data() {
        let folder = tempfile::tempdir().unwrap();
        let payload = r#"{"kept": {"value": 1, "tags": [{"path": "/p.yml", "__ansible_type": "Origin"}],
            "__ansible_type": "_AnsibleTaggedInt"}, "list": [{"value": "{{ x }}", "tags": [], "__ansible_type": "_AnsibleTaggedStr"}]}"#;
        let file = serde_json::json!({ "__payload__": payload }).to_string();
        fs::write(folder.path().join("facts_s1_web1"), file).unwrap();
        let cache = FactCache::open(folder.path(), "facts_", 0).unwrap();
        assert_eq!(cache.load("web1").unwrap().unwrap(), facts(r#"{"kept": 1, "list": ["{{ x }}"]}"#));
    }

    #[test]
    fn old_facts_do_not_hold_unless_they_hold_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("s1_web1")).unwrap();
        (&file).write_all(br#"{"__payload__": "{}"}"#).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(120)).unwrap();
        assert!(FactCache::open(folder.path(), "", 60).unwrap().load("web1").unwrap().is_none());
        assert!(FactCache::open(folder.path(), "", 0).unwrap().load("web1").unwrap().is_some());
    }

    #[test]
    fn a_file_that_holds_no_facts_is_taken_away_and_said() {
        let folder = tempfile::tempdir().unwrap();
        for broken in ["{", "[1]", "", "\u{0}", "{}", r#"{"__payload__": "[1]"}"#, r#"{"__payload__": 1}"#] {
            fs::write(folder.path().join("s1_web1"), broken).unwrap();
            let said = FactCache::open(folder.path(), "", 0).unwrap().load("web1").unwrap_err();
            assert!(said.message.contains("was corrupt"), "{said:?}");
            assert!(!folder.path().join("s1_web1").exists());
        }
    }

    #[test]
    fn the_name_of_a_host_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FactCache::open(&folder.path().join("in"), "", 0).unwrap();
        for name in ["../out", "a/b", ""] {
            cache.add(name, &facts(r#"{"a": 1}"#)).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(folder.path().join("in")).unwrap().count(), 0);
    }
}
