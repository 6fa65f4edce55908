//! The differential case `everything` keeps its name: what it must use at least once, it uses.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use yaml::{Node, Options, Source, load_all};

/// The keywords of plays, blocks, tasks and roles that the first playbooks of a user are made of.
const KEYWORDS: &[&str] = &[
    "always",
    "any_errors_fatal",
    "async",
    "become",
    "become_method",
    "become_user",
    "block",
    "changed_when",
    "check_mode",
    "delegate_facts",
    "delegate_to",
    "dependencies",
    "diff",
    "environment",
    "failed_when",
    "force_handlers",
    "gather_facts",
    "gather_subset",
    "handlers",
    "hosts",
    "ignore_errors",
    "ignore_unreachable",
    "listen",
    "loop",
    "loop_control",
    "max_fail_percentage",
    "module_defaults",
    "name",
    "no_log",
    "notify",
    "poll",
    "post_tasks",
    "pre_tasks",
    "register",
    "remote_user",
    "rescue",
    "retries",
    "roles",
    "run_once",
    "serial",
    "strategy",
    "tags",
    "tasks",
    "throttle",
    "until",
    "vars",
    "vars_files",
    "vars_prompt",
    "when",
    "with_items",
];

/// Modules and actions.
const MODULES: &[&str] = &[
    "add_host",
    "apt",
    "assert",
    "blockinfile",
    "command",
    "copy",
    "debug",
    "fail",
    "fetch",
    "file",
    "find",
    "get_url",
    "group",
    "group_by",
    "import_playbook",
    "import_role",
    "import_tasks",
    "include_role",
    "include_tasks",
    "include_vars",
    "lineinfile",
    "meta",
    "package",
    "pause",
    "ping",
    "raw",
    "script",
    "service",
    "set_fact",
    "setup",
    "shell",
    "slurp",
    "stat",
    "systemd",
    "tempfile",
    "template",
    "uri",
    "user",
    "wait_for",
    "wait_for_connection",
];

#[test]
fn everything_uses_every_keyword_and_every_module() {
    let mut used = BTreeSet::new();
    for path in yaml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/cases/everything")) {
        let text = std::fs::read_to_string(&path).expect("a file of the case");
        if text.starts_with("$ANSIBLE_VAULT") {
            continue;
        }
        let source = Source::new(path.display().to_string(), &text);
        let loaded = load_all(&source, &Options::files()).unwrap_or_else(|error| panic!("{error:?}"));
        for document in &loaded.documents {
            keys(document, &mut used);
        }
    }
    let missing: Vec<_> = KEYWORDS.iter().chain(MODULES).filter(|name| !used.contains(**name)).collect();
    assert!(missing.is_empty(), "the case uses none of {missing:?}");
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of the case").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            found.push(path);
        }
    }
    found
}

fn keys(node: &Node, found: &mut BTreeSet<String>) {
    if let Some(mapping) = node.as_mapping() {
        for (key, value) in &mapping.entries {
            found.extend(key.as_str().map(str::to_owned));
            keys(value, found);
        }
    }
    for item in node.as_sequence().unwrap_or_default() {
        keys(item, found);
    }
}
