//! The options.

use crate::prelude::*;

/// What is to be true of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum State {
    /// They are not there.
    Absent,
    /// What is needed to build them is there.
    #[choice("build-dep")]
    BuildDep,
    /// They are there, and broken dependencies are mended.
    Fixed,
    /// They are there in the latest version.
    Latest,
    /// They are there.
    Present,
}

/// How far an upgrade of all packages goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Upgrade {
    /// As `apt-get dist-upgrade`: packages may be removed.
    Dist,
    /// As `aptitude full-upgrade`, or `apt-get dist-upgrade` where there is no aptitude.
    Full,
    /// No upgrade.
    No,
    /// As `aptitude safe-upgrade`, or `apt-get upgrade --with-new-pkgs` where there is no aptitude.
    Safe,
    /// As `safe`.
    Yes,
}

/// Manages packages of Debian and its kin.
///
/// What is there is read from dpkg's database, what could be there from apt-cache(8); apt-get(8) is run where something
/// is to change. Nothing but apt itself is needed on the host.
///
/// With `update_cache`, `clean`, `autoclean` or `autoremove` alone, only that is done.
#[derive(Debug, Arguments)]
#[arguments(
    mutually_exclusive("deb", "package", "upgrade"),
    required_one_of("autoremove", "deb", "package", "update_cache", "upgrade")
)]
pub struct AptArgs {
    /// What is to be true of the packages.
    #[arg(default = "present")]
    pub(super) state: State,
    /// Get the lists of packages anew first.
    #[arg(aliases("update-cache"))]
    pub(super) update_cache: Option<bool>,
    /// How often to try to get the lists.
    #[arg(default = 5)]
    pub(super) update_cache_retries: i64,
    /// The longest pause between those tries, in seconds; pauses double up to it.
    #[arg(default = 12)]
    pub(super) update_cache_retry_max_delay: i64,
    /// Get the lists anew only where they are older than so many seconds; implies `update_cache`.
    #[arg(default = 0)]
    pub(super) cache_valid_time: i64,
    /// Remove the configuration, too.
    #[arg(default = false)]
    pub(super) purge: bool,
    /// The packages: `foo`, `foo=1.0`, `foo>=1.0`, with patterns in names (`foo*`) and versions (`foo=1.*`).
    #[arg(aliases("pkg", "name"))]
    pub(super) package: Option<Vec<String>>,
    /// Package files on the host to install, with commas between them.
    pub(super) deb: Option<PathArg>,
    /// The release that packages come from, where there are several (`apt-get -t`).
    #[arg(aliases("default-release"))]
    pub(super) default_release: Option<String>,
    /// Install what packages recommend; by default what the host's apt is set to.
    #[arg(aliases("install-recommends"))]
    pub(super) install_recommends: Option<bool>,
    /// Check neither signatures nor that packages are not downgraded (`apt-get --force-yes`).
    #[arg(default = false)]
    pub(super) force: bool,
    /// Upgrade all packages.
    #[arg(default = "no")]
    pub(super) upgrade: Upgrade,
    /// Options for dpkg, without dashes, with commas between them.
    #[arg(default = "force-confdef,force-confold")]
    pub(super) dpkg_options: String,
    /// Remove what was installed for other packages and is needed by none.
    #[arg(default = false)]
    pub(super) autoremove: bool,
    /// Remove downloaded packages that cannot be downloaded any more.
    #[arg(default = false)]
    pub(super) autoclean: bool,
    /// Fail rather than remove a package (`apt-get --no-remove`).
    #[arg(default = false)]
    pub(super) fail_on_autoremove: bool,
    /// What policy-rc.d answers while packages are installed: 101 starts no services.
    pub(super) policy_rc_d: Option<i64>,
    /// Only upgrade packages that are there.
    #[arg(default = false)]
    pub(super) only_upgrade: bool,
    /// Use apt-get where aptitude is there, too.
    #[arg(default = false)]
    pub(super) force_apt_get: bool,
    /// Remove all downloaded packages first.
    #[arg(default = false)]
    pub(super) clean: bool,
    /// Install packages though their origin cannot be checked.
    #[arg(default = false, aliases("allow-unauthenticated"))]
    pub(super) allow_unauthenticated: bool,
    /// Take an older version than the one that is there.
    #[arg(default = false, aliases("allow-downgrade", "allow_downgrades", "allow-downgrades"))]
    pub(super) allow_downgrade: bool,
    /// Change packages that are on hold.
    #[arg(default = false)]
    pub(super) allow_change_held_packages: bool,
    /// How many seconds to wait for another process that uses apt.
    #[arg(default = 60)]
    pub(super) lock_timeout: i64,
    /// Nothing is needed, so nothing is installed.
    #[arg(default = true)]
    #[expect(dead_code, reason = "the native module depends on nothing")]
    pub(super) auto_install_module_deps: bool,
}

impl AptArgs {
    /// dpkg's options as apt-get takes them, and how long to wait for a lock.
    pub(super) fn dpkg_words(&self) -> String {
        let options: Vec<String> =
            self.dpkg_options.split(',').map(|option| format!("-o \"Dpkg::Options::=--{option}\"")).collect();
        format!("{} -o DPkg::Lock::Timeout={}", options.join(" "), self.lock_timeout)
    }
}
