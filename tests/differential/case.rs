//! A case: a folder with what goes in, and a file `run` with the commands that both sides are given.

use std::path::{Path, PathBuf};

/// One case, as its `run` file says.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The folder's name.
    pub(crate) name: String,
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Hosts to start afresh for each side (`#! hosts: ...`); none: local connections only.
    pub(crate) hosts: Vec<String>,
    /// Other hosts of the same names for provision (`#! ours: ...`): twins that ansible-core could not work on.
    pub(crate) ours: Vec<String>,
    /// Whether standard error is compared too (`#! stderr`).
    pub(crate) stderr: bool,
    /// How many hosts at once (`#! forks: N`); 1 unless said, for then ansible-core's order of results has no chance in it.
    pub(crate) forks: u32,
    /// Paths below the work folder, or on the hosts, that are not compared (`#! ignore: ...`), by their beginning.
    pub(crate) ignore: Vec<String>,
    /// Shell lines, run one after the other in a copy of the folder.
    pub(crate) commands: Vec<String>,
}

impl Case {
    /// `local` where only this machine is needed, `hosts` where containers are.
    pub(crate) fn tier(&self) -> &'static str {
        if self.hosts.is_empty() { "local" } else { "hosts" }
    }

    fn read(folder: &Path) -> Self {
        let name = folder.file_name().expect("a folder has a name").to_string_lossy().into_owned();
        let path = folder.join("run");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut case = Self {
            name,
            folder: folder.to_owned(),
            hosts: Vec::new(),
            ours: Vec::new(),
            stderr: false,
            forks: 1,
            ignore: Vec::new(),
            commands: Vec::new(),
        };
        for line in text.lines().map(str::trim) {
            let Some(directive) = line.strip_prefix("#!") else {
                if !line.is_empty() && !line.starts_with('#') {
                    case.commands.push(line.to_owned());
                }
                continue;
            };
            let (key, value) = directive.split_once(':').unwrap_or((directive, ""));
            let words = value.split_whitespace().map(str::to_owned);
            match key.trim() {
                "hosts" => case.hosts = words.collect(),
                "forks" => case.forks = value.trim().parse().expect("a number of forks"),
                "ours" => case.ours = words.collect(),
                "stderr" => case.stderr = true,
                "ignore" => case.ignore = words.collect(),
                other => panic!("{}: unknown directive {other:?}", path.display()),
            }
        }
        assert!(!case.commands.is_empty(), "{}: no command", path.display());
        case
    }
}

/// Every case, by name.
pub(crate) fn all() -> Vec<Case> {
    let folder = crate::support::top().join("tests/differential/cases");
    let mut cases: Vec<Case> = std::fs::read_dir(&folder)
        .expect("the folder of the cases")
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| Case::read(&entry.path()))
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}
