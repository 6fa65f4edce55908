//! The package managers: their names, their programs, and what each tells.

use super::{apk, apt, pacman, pkg, pkg_info, portage, rpm};
use crate::{
    facts,
    prelude::*,
    support::command::{CommandError, Output},
};

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    /// Alpine's.
    Apk,
    /// Debian's.
    Apt,
    /// Arch Linux's.
    Pacman,
    /// FreeBSD's.
    Pkg,
    /// OpenBSD's.
    PkgInfo,
    /// Gentoo's.
    Portage,
    /// Fedora's.
    Rpm,
}

/// Why a manager's packages are not known.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The operator is told, and the next manager is asked.
    Told(String),
    /// The module cannot go on.
    Fatal(Failure),
}

impl From<CommandError> for Trouble {
    fn from(error: CommandError) -> Self {
        Self::Fatal(error.into())
    }
}

impl Trouble {
    /// Ansible's words for a program that failed.
    pub(super) fn of(output: &Output) -> Self {
        Self::Told(format!("Unable to list packages rc={} : {}", output.rc, output.stderr_text()))
    }
}

/// All of them in the order of their names, which is that of `auto`.
const ALL: [Manager; 7] =
    [Manager::Apk, Manager::Apt, Manager::Pacman, Manager::Pkg, Manager::PkgInfo, Manager::Portage, Manager::Rpm];

/// Other names, in Ansible's order.
const ALIASES: [(&str, Manager); 7] = [
    ("dnf", Manager::Rpm),
    ("dnf5", Manager::Rpm),
    ("yum", Manager::Rpm),
    ("zypper", Manager::Rpm),
    ("pkg5", Manager::Pkg),
    ("pkgng", Manager::Pkg),
    ("openbsd_pkg", Manager::PkgInfo),
];

impl Manager {
    /// Its name, which is the `source` of its packages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::Apt => "apt",
            Self::Pacman => "pacman",
            Self::Pkg => "pkg",
            Self::PkgInfo => "pkg_info",
            Self::Portage => "portage",
            Self::Rpm => "rpm",
        }
    }

    /// The names of all, then their other names.
    pub(super) fn all_names() -> impl Iterator<Item = &'static str> {
        ALL.into_iter().map(Self::name).chain(ALIASES.into_iter().map(|(alias, _)| alias))
    }

    /// The manager of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let alias = || ALIASES.into_iter().find(|(alias, _)| *alias == name).map(|(_, manager)| manager);
        ALL.into_iter().find(|manager| manager.name() == name).or_else(alias)
    }

    /// Its program; otherwise what Ansible says where it cannot ask this manager.
    pub(super) fn find(self, ctx: &Context) -> Result<String, String> {
        match self {
            // These two Ansible asks by their Python libraries.
            Self::Apt => {
                let program = ["apt", "apt-get", "aptitude"].iter().find_map(|name| ctx.find_bin(name));
                program.ok_or_else(|| missing_library("apt", ctx))
            }
            Self::Rpm => ctx.find_bin("rpm").ok_or_else(|| missing_library("rpm", ctx)),
            Self::Portage => require("qlist", ctx),
            Self::Apk | Self::Pacman | Self::Pkg | Self::PkgInfo => require(self.name(), ctx),
        }
    }

    /// The installed packages: what is told of each, `name` and `version` among it.
    ///
    /// # Errors
    ///
    /// They cannot be listed, or the list cannot be read.
    pub(super) fn installed(self, program: &str, ctx: &Context) -> Result<Vec<Map>, Trouble> {
        match self {
            Self::Apk => apk::installed(program, ctx),
            Self::Apt => apt::installed(ctx),
            Self::Pacman => pacman::installed(program, ctx),
            Self::Pkg => pkg::installed(program, ctx),
            Self::PkgInfo => pkg_info::installed(program, ctx),
            Self::Portage => portage::installed(program, ctx),
            Self::Rpm => rpm::installed(program, ctx),
        }
    }
}

fn require(name: &str, ctx: &Context) -> Result<String, String> {
    ctx.require_bin(name).map_err(|failure| failure.msg())
}

/// Ansible's words where a library is missing; those for a program where there is no Python that could have it.
fn missing_library(name: &str, ctx: &Context) -> String {
    let Some(python) = facts::python_program(ctx) else {
        return require(name, ctx).err().unwrap_or_default();
    };
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!(
        "Failed to import the required Python library ({name}) on {node}'s Python {python}. Please read the module \
         documentation and install it in the appropriate location. If the required library is installed, but Ansible is \
         using the wrong Python interpreter, please consult the documentation on ansible_python_interpreter"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_other_names_are_known_in_the_order_of_auto() {
        let names: Vec<&str> = Manager::all_names().collect();
        let want = "apk apt pacman pkg pkg_info portage rpm dnf dnf5 yum zypper pkg5 pkgng openbsd_pkg";
        assert_eq!(names.join(" "), want);
        assert!(names.iter().all(|name| Manager::named(name).is_some()));
        assert_eq!(Manager::named("yum"), Some(Manager::Rpm));
        assert_eq!(Manager::named("nix"), None);
    }
}
