use serde_json::json;

use super::*;
use crate::testing::{call, check, run};

/// A folder with an archive, packed by the machine's own tar, and an empty folder to unpack into.
struct Packed {
    folder: tempfile::TempDir,
}

impl Packed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("in/top")).unwrap();
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(folder.path().join("in/top/one"), "one\n").unwrap();
        fs::write(folder.path().join("in/top/two"), "two\n").unwrap();
        let packed = Self { folder };
        let (archive, source) = (packed.path("a.tgz"), packed.path("in"));
        let tar = std::process::Command::new("tar").args(["-C", &source, "-czf", &archive, "top"]).status();
        assert!(tar.unwrap().success());
        packed
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn it_unpacks_once() {
    let packed = Packed::new();
    let arguments = json!({"src": packed.path("a.tgz"), "dest": packed.path("out"), "remote_src": true,
        "list_files": true});
    let outcome = run("unarchive", arguments.clone());
    assert_eq!(outcome.changed, Some(true), "{outcome:?}");
    assert_eq!(outcome.values["handler"], Data::from("TgzArchive"));
    assert_eq!(outcome.values["files"], Data::from(vec!["top/", "top/one", "top/two"]));
    assert_eq!(fs::read_to_string(packed.path("out/top/two")).unwrap(), "two\n");
    let outcome = run("unarchive", arguments);
    assert_eq!(outcome.changed, Some(false));
    assert!(!outcome.values.contains_key("extract_results"));
}

#[test]
fn what_the_control_node_sent_is_gone_afterwards_and_has_ansibles_name() {
    let packed = Packed::new();
    let bytes = fs::read(packed.path("a.tgz")).unwrap();
    let temporary = packed.path("temporary");
    fs::create_dir(&temporary).unwrap();
    let arguments = json!({"src": "source", "dest": packed.path("out"), "exclude": ["top/one"], "mode": "u=rwX,go="});
    let outcome = call("unarchive", arguments).content(&bytes).env("TMPDIR", &temporary).run();
    assert_eq!(outcome.changed, Some(true), "{outcome:?}");
    let source = outcome.values["src"].as_str().unwrap();
    assert!(source.contains("/.ansible/tmp/ansible-tmp-") && source.ends_with("/source"), "{source}");
    let cmd = protocol::arguments::python::str(&outcome.values["extract_results"]);
    assert!(cmd.contains(source) && !cmd.contains(".provision-"), "{cmd}");
    assert!(!Path::new(&packed.path("out/top/one")).exists());
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(packed.path("out/top/two")).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_unpacked_is_told() {
    let packed = Packed::new();
    fs::write(packed.path("text"), "no archive").unwrap();
    fs::write(packed.path("empty"), "").unwrap();
    let said = |src: &str, dest: &str| {
        run("unarchive", json!({"src": src, "dest": dest, "remote_src": true})).msg.unwrap_or_default()
    };
    let (out, missing) = (packed.path("out"), packed.path("missing"));
    assert_eq!(said(&missing, &out), format!("Source '{missing}' does not exist"));
    let (text, empty) = (packed.path("text"), packed.path("empty"));
    assert_eq!(said(&empty, &out), format!("Invalid archive '{empty}', the file is 0 bytes"));
    assert_eq!(said(&text, &missing), format!("Destination '{missing}' is not a directory"));
    assert!(said(&text, &out).starts_with(&format!("Failed to find handler for \"{text}\". Make sure")));
}

#[test]
fn tar_archives_are_skipped_in_check_mode() {
    let packed = Packed::new();
    let arguments = json!({"src": packed.path("a.tgz"), "dest": packed.path("out"), "remote_src": true});
    assert!(check("unarchive", arguments).skipped);
}
