//! One side of a comparison: a copy of the case, fresh hosts, the commands run one after the other.

use crate::case::Case;
use crate::support::fleet::Fleet;
use crate::support::mask::mask;
use crate::{order, support, tree};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What one command did, masked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
}

/// What one side did, masked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transcript {
    pub(crate) steps: Vec<Step>,
    /// The work folder after the last command.
    pub(crate) files: String,
    /// Each host after the last command.
    pub(crate) hosts: Vec<String>,
}

/// Runs the case with the commands found in `bin`. `letter` keeps the two sides apart and their paths equally long.
pub(crate) fn run(case: &Case, letter: char, bin: &Path) -> Transcript {
    let scratch = support::scratch(&format!("differential/{}/{letter}", case.name));
    let (work, home) = (scratch.join("work"), scratch.join("home"));
    copy_tree(&case.folder, &work);
    std::fs::create_dir_all(&home).expect("a home");
    let others = letter == 'b' && !case.ours.is_empty() && std::env::var_os("PROVISION_TEST_SELF").is_none();
    let specs = if others { &case.ours } else { &case.hosts };
    let fleet = (!specs.is_empty()).then(|| Fleet::start(&format!("{}-{letter}", case.name), specs));
    if let Some(fleet) = &fleet {
        let inventory = fleet.inventory() + "ansible_python_interpreter=/usr/bin/python3\n";
        std::fs::write(work.join("fleet.ini"), inventory).expect("an inventory of the hosts");
    }
    let places = [
        (work.to_string_lossy().into_owned(), "WORK"),
        (home.to_string_lossy().into_owned(), "HOME"),
        (scratch.to_string_lossy().into_owned(), "SCRATCH"),
    ];
    let steps: Vec<Step> = case
        .commands
        .iter()
        .map(|command| {
            let output = support::clean_command("sh", bin, &home)
                .args(["-c", command])
                .env("ANSIBLE_FORKS", case.forks.to_string())
                .env("ANSIBLE_PIPELINING", "1")
                .current_dir(&work)
                .output()
                .expect("a shell can be started");
            let stdout = mask(&String::from_utf8_lossy(&output.stdout), &places);
            Step {
                command: command.clone(),
                stdout: if case.forks > 1 { order::by_host(&stdout) } else { stdout },
                stderr: mask(&String::from_utf8_lossy(&output.stderr), &places),
                code: output.status.code().unwrap_or(-1),
            }
        })
        .collect();
    // For a look by hand.
    let shown = steps
        .iter()
        .map(|s| format!("$ {}\n{}exit {}\nstandard error:\n{}\n", s.command, s.stdout, s.code, s.stderr))
        .collect::<String>();
    drop(std::fs::write(scratch.join("transcript"), shown));
    let mut ignore = case.ignore.clone();
    ignore.push("fleet.ini".to_owned());
    let files = mask(&tree::local(&work, &ignore), &places);
    let hosts = fleet
        .iter()
        .flat_map(|fleet| &fleet.hosts)
        .map(|host| mask(&tree::host(host, &case.ignore), &places))
        .collect();
    Transcript { steps, files, hosts }
}

fn copy_tree(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp can be started");
    assert!(status.success(), "{} could not be copied", from.display());
}

/// The reference's transcript, kept until the case, the hosts' recipe or this harness changes.
pub(crate) fn reference(case: &Case, bin: &Path) -> Transcript {
    let path = kept(case, bin);
    if let Some(transcript) = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        return transcript;
    }
    let transcript = run(case, 'a', bin);
    let bytes = serde_json::to_vec(&transcript).expect("a transcript is plain data");
    drop(std::fs::create_dir_all(path.parent().expect("a folder")));
    drop(std::fs::write(&path, bytes));
    transcript
}

fn kept(case: &Case, bin: &Path) -> PathBuf {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    let recipe = [
        include_str!("side.rs"),
        include_str!("order.rs"),
        include_str!("tree.rs"),
        include_str!("../support/mask.rs"),
        include_str!("../support/mod.rs"),
        include_str!("../fleet/images"),
        include_str!("../fleet/host-setup"),
    ];
    for part in recipe {
        hash.update(part);
    }
    hash.update(bin.to_string_lossy().as_bytes());
    hash.update(case.folder.to_string_lossy().as_bytes());
    hash.update(tree::local(&case.folder, &[]));
    let hex = hash.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential-reference").join(format!("{}-{}", case.name, &hex[..16]))
}
