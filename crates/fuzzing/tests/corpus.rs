//! Every file of `fuzz/corpus` through its target, on the stack that the program has there.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    panic::catch_unwind,
    path::{Path, PathBuf},
    thread,
};

use fuzzing::{TARGETS, Target};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(name)
}

/// The names in a folder, without extensions.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.flatten().map(|entry| entry.path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

fn files(target: &Target) -> Vec<PathBuf> {
    let folder = folder("corpus").join(target.name);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Says what comes next, past what the test harness holds back: an overflow of the stack ends the process, and what was
/// said last is the culprit.
fn say(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}

/// What became of a target's files: those that it panicked on.
fn replay(target: &'static Target) -> Vec<String> {
    let run = move || {
        let fails = |file: &PathBuf| {
            say(&file.display().to_string());
            let data = fs::read(file).unwrap();
            catch_unwind(|| (target.run)(&data)).is_err()
        };
        files(target).iter().filter(|file| fails(file)).map(|file| file.display().to_string()).collect()
    };
    thread::Builder::new().stack_size(target.stack).spawn(run).unwrap().join().unwrap()
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&folder("corpus")), targets);
    assert_eq!(names(&folder("fuzz_targets")), targets);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for target in TARGETS {
        assert!(!files(target).is_empty(), "{} has no corpus", target.name);
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{} is not built", target.name);
        let source = fs::read_to_string(folder("fuzz_targets").join(target.name).with_extension("rs")).unwrap();
        assert!(source.contains(&format!("fuzzing::{}(", target.name)), "{} runs another target", target.name);
    }
    let dictionaries = names(&folder("dictionaries"));
    assert!(dictionaries.is_subset(&targets), "a dictionary is for a target: {dictionaries:?}");
}

/// What nests in the texts that the targets read: what opens it, again and again.
const OPENERS: &[(&str, &[&str])] = &[
    ("ansible_filters", &["(", "[", "{1:", "not ", "-", "1 if t else ", "d.a|", "'[' | from_json | "]),
    ("host_pattern", &["[", "[a:a]", "!", "~(", "a:"]),
    ("http_fields", &["Digest ", "macdef ", "machine a "]),
    ("inventory_ini", &["h a=[", "[a:a]", "h a={1:", "h a=-"]),
    ("inventory_yaml", &["[", "{a: {children: ", "- ", "? "]),
    (
        "jinja_expression",
        &["(", "[", "{1:", "not ", "-", "+", "1 if t else ", "1**", "s.a(", "l[", "1<", "1~", "i|abs(", "t and "],
    ),
    (
        "jinja_template",
        &[
            "{% if t %}",
            "{{ (",
            "{{ [",
            "{% for x in [",
            "{% macro m() %}",
            "{% block b %}",
            "{% call m(",
            "{#",
            "{% raw %}",
        ],
    ),
    ("key_values", &["{{ ", "{% ", "\"", "\\"]),
    ("module_support", &["[", "{\"a\":", "u+r,", "\\", "'"]),
    ("pki_plan", &["[", "{a: ", "- ", "roles:\n  - "]),
    ("pki_transcript", &["[", "{\"event\":"]),
    ("playbook", &["[", "[{hosts: h, tasks: [{block: ", "- block: ", "- "]),
    ("pyregex", &["(", "(?:", "(?=", "(?<=", "[", "a|", "(?i:", "a**", "(?(1)"]),
    ("ssh_config", &["Match host ", "Host ", "\"", "ProxyJump a,"]),
    ("url", &["http://[", "../", "//", "?", "a@"]),
    ("yaml", &["[", "{", "{a: ", "- ", "? ", "!!str ", "&a ", "{\"a\":", "[[1],"]),
];

/// How often: 300 bytes of stack for each are more than there is.
const DEPTH: usize = 30_000;

#[test]
fn nesting_without_end_is_no_end_of_the_stack() {
    for (name, openers) in OPENERS {
        let target = TARGETS.iter().find(|target| target.name == *name).unwrap();
        for opener in *openers {
            say(&format!("{name}: {opener} without end"));
            let text = opener.repeat(DEPTH);
            let run = move || (target.run)(text.as_bytes());
            thread::Builder::new().stack_size(target.stack).spawn(run).unwrap().join().unwrap();
        }
    }
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let target = TARGETS.iter().find(|target| target.name == stringify!($name)).unwrap();
                let failed = replay(target);
                assert!(failed.is_empty(), "{} fails on {failed:#?}", target.name);
            }
        )*

        #[test]
        fn every_target_is_replayed() {
            let replayed = [$(stringify!($name)),*];
            let targets: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(replayed.as_slice(), targets);
        }
    };
}

mod replay {
    use super::{TARGETS, replay};

    replays! {
        ansible_filters config frames host_pattern http_fields http_response inventory_ini inventory_yaml
        jinja_expression jinja_template key_values known_hosts module_support pki_certificate pki_log pki_manifest
        pki_pem pki_plan pki_request pki_revocation_list pki_sealed pki_share pki_transcript pki_witness playbook pyregex
        ssh_config url vault yaml
    }
}
