//! A machine with a store, an identity and the program.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::support::pki::{Answer, answer};

pub(super) const NOW: &str = "2026-11-25T19:00:00Z";

/// A folder with an identity and a store.
pub(super) struct Desk {
    pub(super) folder: tempfile::TempDir,
    pub(super) recipient: String,
}

impl Desk {
    /// An identity, and no store yet.
    pub(super) fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut desk = Self { folder, recipient: String::new() };
        let made = desk.run(&["identity", "identity", "--format", "json"]);
        desk.recipient = made.says(0, &[]).json()["recipient"].as_str().unwrap().to_owned();
        desk
    }

    /// A rehearsal store with its chain, at [`NOW`].
    pub(super) fn new() -> Self {
        let desk = Self::bare();
        desk.init(&["--rehearsal", "--chain", "--clock", NOW]).says(0, &["rehearsal", "trust it nowhere"]);
        desk
    }

    pub(super) fn init(&self, more: &[&str]) -> Answer {
        let mut arguments = vec!["init", "pki", "--organization", "Example", "--country", "DE"];
        arguments.extend(["--url", "http://pki.example.org/", "--dns", "example.org", "--ip", "10.0.0.0/8"]);
        arguments.extend(["--recipient", &self.recipient]);
        arguments.extend(more);
        self.run(&arguments)
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
        command.arg("pki").args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Answer {
        answer(&mut self.command(arguments))
    }

    /// With the rehearsal's clock.
    pub(super) fn at(&self, time: &str, arguments: &[&str]) -> Answer {
        self.run(&[arguments, &["--clock", time]].concat())
    }

    /// With the rehearsal's clock at [`NOW`] and the identity.
    pub(super) fn signed(&self, arguments: &[&str]) -> Answer {
        self.at(NOW, &[arguments, &["--identity", "identity"]].concat())
    }

    /// A key and a certificate of that service, in files of its name.
    pub(super) fn issue(&self, service: &str, more: &[&str]) -> Answer {
        let (key, out) = (format!("{service}.key"), format!("{service}.pem"));
        self.signed(&[&["issue", service, "--key-out", &key, "--out", &out], more].concat())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The audit log, a value a line.
    pub(super) fn log(&self) -> Vec<Value> {
        self.read("pki/log.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(super) fn openssl(&self, arguments: &[&str]) -> (bool, String) {
        let said = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output().unwrap();
        let words = [said.stdout, said.stderr].concat();
        (said.status.success(), String::from_utf8_lossy(&words).into_owned())
    }
}
