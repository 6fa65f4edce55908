//! Hosts to run against: a group of systemd containers with sshd, started by tests/fleet and removed when dropped.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A running host.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    /// Its name, which is its host name too.
    pub(crate) name: String,
    /// The loopback address its sshd answers on, port 22.
    pub(crate) address: String,
    /// The container's id.
    pub(crate) id: String,
}

/// A group of hosts that live as long as this value.
#[derive(Debug)]
pub(crate) struct Fleet {
    group: String,
    /// The hosts, by name.
    pub(crate) hosts: Vec<Host>,
}

fn script() -> PathBuf {
    super::top().join("tests/fleet/fleet")
}

/// The name of a group that no other checkout on this machine uses, the same on each call.
pub(crate) fn group_of_this_checkout(name: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    super::top().hash(&mut hasher);
    format!("{name}-{:x}", hasher.finish())
}

impl Fleet {
    /// Starts fresh hosts; a spec is `name` with options as in tests/fleet/fleet.
    pub(crate) fn start(group: &str, specs: &[String]) -> Self {
        drop(Command::new(script()).args(["down", group]).stderr(Stdio::null()).status());
        let output =
            Command::new(script()).args(["up", group]).args(specs).output().expect("tests/fleet can be started");
        assert!(output.status.success(), "no hosts:\n{}", String::from_utf8_lossy(&output.stderr));
        let hosts = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| {
                let mut words = line.split(' ').map(str::to_owned);
                Some(Host { name: words.next()?, address: words.next()?, id: words.next()? })
            })
            .collect::<Vec<_>>();
        assert_eq!(hosts.len(), specs.len(), "every host of {specs:?} answers");
        Self { group: group.to_owned(), hosts }
    }

    /// An inventory of the group in INI form.
    pub(crate) fn inventory(&self) -> String {
        let output =
            Command::new(script()).args(["inventory", &self.group]).output().expect("tests/fleet can be started");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The host of that name.
    pub(crate) fn host(&self, name: &str) -> &Host {
        self.hosts.iter().find(|host| host.name == name).expect("a host of the group")
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if std::env::var_os("PROVISION_TEST_KEEP").is_none() {
            drop(Command::new(script()).args(["down", &self.group]).status());
        }
    }
}

impl Host {
    /// Runs a shell line as root in the host, past SSH.
    pub(crate) fn sh(&self, line: &str) -> Output {
        Command::new("docker").args(["exec", &self.id, "sh", "-c", line]).output().expect("docker can be started")
    }

    /// What a shell line prints; it must succeed.
    pub(crate) fn read(&self, line: &str) -> String {
        let output = self.sh(line);
        assert!(output.status.success(), "{}: {line}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The paths that are not as the image has them, less what a running system writes by itself.
    pub(crate) fn changed_paths(&self) -> Vec<String> {
        let output = Command::new("docker").args(["diff", &self.id]).output().expect("docker can be started");
        let mut paths: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| line.split_once(' ').map(|(_, path)| path.to_owned()))
            .filter(|path| !super::mask::is_noise(path))
            .collect();
        paths.sort();
        paths
    }
}
