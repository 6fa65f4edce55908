//! What is to be known of a host to reach it: plain settings, all typed.
//!
//! Sources: Ansible documentation, the pages of the connection plugins `ssh`, `local`, `community.docker.docker` and of
//! the become plugins `sudo` and `su`.

use std::{path::PathBuf, time::Duration};

use protocol::Secret;

/// A host and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// The inventory name, for messages.
    pub host: String,
    /// The way to it.
    pub kind: Kind,
    /// The shell that starts the helper and that the `raw` module's commands get (`ansible_shell_executable`).
    pub shell: String,
    /// Where the helper is kept, in a folder `provision-UID`, if it cannot be kept and run in the user's home folder.
    pub spare_folders: Vec<String>,
    /// The limit for connecting, logging in, opening a channel, and for each silence while the helper is started
    /// (`ansible_timeout`, `-T`).
    pub connect_timeout: Duration,
    /// How often a refused or broken connection is tried again (`ansible_ssh_retries`), with a pause of 1, 3, 7, 15 ...
    /// at most 30 seconds between the tries.
    pub retries: u32,
}

impl Target {
    /// A target with Ansible's defaults: `/bin/sh`, 10 seconds, no second try.
    #[must_use]
    pub fn new(host: impl Into<String>, kind: Kind) -> Self {
        Self {
            host: host.into(),
            kind,
            shell: "/bin/sh".to_owned(),
            spare_folders: ["/var/tmp", "/tmp", "/dev/shm"].map(str::to_owned).to_vec(),
            connect_timeout: Duration::from_secs(10),
            retries: 0,
        }
    }
}

/// The ways to a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// This machine: a child process.
    Local,
    /// Over SSH.
    Ssh(Box<SshSettings>),
    /// In a container, through the docker command.
    Docker(DockerSettings),
}

/// What `ansible_connection: ssh` takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SshSettings {
    /// `ansible_host`, the inventory name where that is not set: a name, an address, or an alias of `~/.ssh/config`.
    pub address: String,
    /// `ansible_port`; otherwise `~/.ssh/config`'s, otherwise 22.
    pub port: Option<u16>,
    /// `ansible_user`; otherwise `~/.ssh/config`'s, otherwise the user who runs this program.
    pub user: Option<String>,
    /// `ansible_password`: for the methods password and keyboard-interactive.
    pub password: Option<Secret>,
    /// `ansible_private_key_file`; where it is given, the default identities are not tried.
    pub private_key_files: Vec<PathBuf>,
    /// The passphrase of encrypted keys (`ansible_private_key_passphrase`).
    pub passphrase: Option<Secret>,
    /// What to do about host keys; `None`: as `StrictHostKeyChecking` in the options below or in `~/.ssh/config` says,
    /// and strict where they say nothing or `ask`.
    pub host_key_checking: Option<HostKeyChecking>,
    /// Files of known host keys instead of the configured ones; empty: as configured (`~/.ssh/known_hosts`,
    /// `~/.ssh/known_hosts2`, and their fellows in `/etc/ssh`).
    pub known_hosts_files: Vec<PathBuf>,
    /// Options in the words of the ssh command, already split into arguments (`ansible_ssh_args`,
    /// `ansible_ssh_common_args`, `ansible_ssh_extra_args`, in this order). One that is not understood is an error.
    pub options: Vec<String>,
    /// The configuration file instead of `~/.ssh/config` (and `/etc/ssh/ssh_config`); `none` in `-F none` reads none.
    pub config_file: Option<PathBuf>,
    /// Seconds between keepalives where nothing is configured; three without an answer end the connection.
    pub keepalive: Option<Duration>,
}

impl SshSettings {
    /// Settings that leave all but the address to the defaults.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            port: None,
            user: None,
            password: None,
            private_key_files: Vec::new(),
            passphrase: None,
            host_key_checking: None,
            known_hosts_files: Vec::new(),
            options: Vec::new(),
            config_file: None,
            keepalive: Some(Duration::from_secs(15)),
        }
    }
}

/// What to do about a host key that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostKeyChecking {
    /// Refuse it.
    Strict,
    /// Take it and remember it; a changed key is still refused.
    AcceptNew,
    /// Take any key, also a changed one (`host_key_checking = False`).
    Off,
}

/// What `ansible_connection: docker` takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DockerSettings {
    /// The container's name or id (`ansible_host`, otherwise the inventory name).
    pub container: String,
    /// The user in the container (`ansible_user`); otherwise the image's.
    pub user: Option<String>,
    /// The docker command (`docker`), looked up on `PATH`.
    pub command: String,
    /// Arguments before `exec` (`ansible_docker_extra_args`), already split.
    pub extra_args: Vec<String>,
}

impl DockerSettings {
    /// Settings that leave all but the container to the defaults.
    #[must_use]
    pub fn new(container: impl Into<String>) -> Self {
        Self { container: container.into(), user: None, command: "docker".to_owned(), extra_args: Vec::new() }
    }
}

/// Another user to work as.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Become {
    /// How.
    pub method: BecomeMethod,
    /// Who (`become_user`, `root` by default).
    pub user: String,
    /// The password that the method may ask for.
    pub password: Option<Secret>,
    /// The program instead of `sudo` or `su` (`become_exe`).
    pub exe: Option<String>,
    /// Options instead of the defaults (`become_flags`): for sudo `-H -S -n`, for su none. Not quoted: a shell splits it.
    pub flags: Option<String>,
}

impl Become {
    /// Becoming a user by sudo, without a password.
    #[must_use]
    pub fn sudo(user: impl Into<String>) -> Self {
        Self { method: BecomeMethod::Sudo, user: user.into(), password: None, exe: None, flags: None }
    }

    /// Becoming a user by su, without a password.
    #[must_use]
    pub fn su(user: impl Into<String>) -> Self {
        Self { method: BecomeMethod::Su, ..Self::sudo(user) }
    }
}

/// The ways to become another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BecomeMethod {
    /// sudo
    Sudo,
    /// su
    Su,
}

impl BecomeMethod {
    /// Ansible's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sudo => "sudo",
            Self::Su => "su",
        }
    }
}
