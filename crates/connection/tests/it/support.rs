//! What the tests share: a place of their own, a server, a helper that stands in.

use std::{path::PathBuf, time::Duration};

use connection::{
    HelperBinary, HostKeyChecking, Kind, SshSettings, Target,
    testing::{Options, Server, helper_from},
};
use tempfile::TempDir;

/// A folder that is home to the server's commands and holds the client's files.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The server's options, with this place as home.
    pub(crate) fn options(&self) -> Options {
        Options {
            password: Some("open sesame".to_owned()),
            environment: vec![
                ("HOME".to_owned(), self.folder.path().to_str().unwrap().to_owned()),
                ("XDG_CACHE_HOME".to_owned(), String::new()),
            ],
            ..Options::default()
        }
    }

    /// Settings that know the server's key and the password, and read no file of this machine.
    pub(crate) fn settings(&self, server: &Server) -> SshSettings {
        let known = self.path("known_hosts");
        std::fs::write(&known, server.known_hosts_line()).unwrap();
        SshSettings {
            port: Some(server.address().port()),
            user: Some("tester".to_owned()),
            password: Some("open sesame".into()),
            known_hosts_files: vec![known],
            options: [
                "-F",
                "none",
                "-o",
                "IdentityAgent=none",
                "-o",
                "IdentityFile=none",
                "-o",
                "GlobalKnownHostsFile=none",
            ]
            .map(str::to_owned)
            .to_vec(),
            ..SshSettings::new("127.0.0.1")
        }
    }

    pub(crate) fn target(&self, server: &Server) -> Target {
        let spare = self.path("spare");
        std::fs::create_dir_all(&spare).unwrap();
        Target { spare_folders: vec![spare.to_str().unwrap().to_owned()], ..ssh(self.settings(server)) }
    }
}

pub(crate) fn ssh(settings: SshSettings) -> Target {
    Target { connect_timeout: Duration::from_secs(10), ..Target::new("web1", Kind::Ssh(Box::new(settings))) }
}

pub(crate) fn checking(mut settings: SshSettings, checking: HostKeyChecking) -> SshSettings {
    settings.host_key_checking = Some(checking);
    settings
}

/// Another helper: the same program with other bytes at its end, and so with another hash.
pub(crate) fn second_standin() -> HelperBinary {
    let first = standin_path();
    let copy = tempfile::NamedTempFile::new().unwrap();
    let mut bytes = std::fs::read(first).unwrap();
    bytes.extend_from_slice(b"web");
    std::fs::write(copy.path(), bytes).unwrap();
    HelperBinary { name: "web", ..helper_from(&copy.path().to_owned()).unwrap() }
}

/// The stand-in for the helper, which cargo builds beside the tests.
pub(crate) fn standin() -> HelperBinary {
    helper_from(&standin_path()).unwrap()
}

fn standin_path() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/standin")
}
