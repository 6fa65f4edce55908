//! `state: present`, `latest`, `build-dep`, `fixed`.

use super::{
    arguments::{AptArgs, State},
    host::{Host, Installable},
    manual, policy_rc_d, prepared,
    spec::{Relation, Spec},
    tool::{self, word},
};
use crate::prelude::*;

/// How packages are installed.
pub(super) struct Installation<'a> {
    pub(super) state: State,
    pub(super) default_release: Option<&'a str>,
    pub(super) install_recommends: Option<bool>,
    pub(super) force: bool,
    pub(super) dpkg_words: String,
    pub(super) autoremove: bool,
    pub(super) fail_on_autoremove: bool,
    pub(super) only_upgrade: bool,
    pub(super) allow_unauthenticated: bool,
    pub(super) allow_downgrade: bool,
    pub(super) allow_change_held_packages: bool,
    pub(super) policy_rc_d: Option<i64>,
}

impl<'a> Installation<'a> {
    /// The task's way.
    pub(super) fn of(args: &'a AptArgs) -> Self {
        Self {
            state: args.state,
            default_release: args.default_release.as_deref().filter(|release| !release.is_empty()),
            force: args.force,
            autoremove: args.autoremove,
            only_upgrade: args.only_upgrade,
            ..Self::of_dependencies(args)
        }
    }

    /// The way of what a package file needs: no option about the task's own packages counts.
    pub(super) fn of_dependencies(args: &'a AptArgs) -> Self {
        Self {
            state: State::Present,
            default_release: None,
            install_recommends: args.install_recommends,
            force: false,
            dpkg_words: args.dpkg_words(),
            autoremove: false,
            fail_on_autoremove: args.fail_on_autoremove,
            only_upgrade: false,
            allow_unauthenticated: args.allow_unauthenticated,
            allow_downgrade: args.allow_downgrade,
            allow_change_held_packages: args.allow_change_held_packages,
            policy_rc_d: args.policy_rc_d,
        }
    }

    /// Installs packages. A failed outcome is one that the caller still has to say something about.
    ///
    /// # Errors
    ///
    /// There is no such package, or apt cannot be asked.
    pub(super) fn run(&self, ctx: &mut Context, host: &mut Host, packages: &[String]) -> Result<Outcome, Failure> {
        let packages = host.expand(ctx, packages, false)?;
        let building = self.state == State::BuildDep;
        let (wanted, names) = if building {
            (packages.iter().map(|package| format!("'{package}'")).collect(), Vec::new())
        } else {
            match self.wanted(ctx, host, &packages)? {
                Ok(wanted) => wanted,
                Err(outcome) => return Ok(outcome),
            }
        };
        let outcome = if wanted.is_empty() { Outcome::changed(false) } else { self.apt_get(ctx, &wanted)? };
        if !building && !ctx.check_mode {
            manual::mark(ctx, &names)?;
        }
        Ok(outcome)
    }

    /// What to tell apt-get to install, quoted, and the names of all packages that were asked for.
    #[expect(clippy::type_complexity, reason = "an inner error is a result that the caller completes")]
    fn wanted(
        &self,
        ctx: &Context,
        host: &mut Host,
        packages: &[String],
    ) -> Result<Result<(Vec<String>, Vec<String>), Outcome>, Failure> {
        let latest = self.state == State::Latest;
        let specs: Vec<Spec<'_>> = packages.iter().map(|package| Spec::parse(package)).collect();
        host.prepare(ctx, &specs, latest)?;
        let (mut wanted, mut names) = (Vec::new(), Vec::new());
        for (package, spec) in packages.iter().zip(&specs) {
            names.push(spec.name.to_owned());
            let standing = host.standing(ctx, spec, latest)?;
            if !standing.installed && self.only_upgrade {
                continue;
            }
            let Some(installable) = standing.installable else {
                if !standing.as_asked {
                    return Ok(Err(Outcome::failure(format!("no available installation candidate for {package}"))));
                }
                continue;
            };
            let asked_version = spec.version.map(|(_, version)| version).filter(|version| !version.is_empty());
            if !standing.installed || latest || !standing.as_asked {
                wanted.push(match (installable, asked_version) {
                    (Installable::Version(version), _) => format!("'{}={version}'", spec.name),
                    (Installable::Provider, Some(version)) => format!("'{}={version}'", spec.name),
                    (Installable::Provider, None) => format!("'{}'", spec.name),
                });
            } else if let Some((Relation::Matches, version)) = spec.version {
                // It is there, and so is a later version that matches the same pattern: apt is left to choose.
                wanted.push(format!("'{}={version}'", spec.name));
            }
        }
        Ok(Ok((wanted, names)))
    }

    fn apt_get(&self, ctx: &Context, wanted: &[String]) -> Result<Outcome, Failure> {
        let line = self.line(&ctx.require_bin("apt-get")?, wanted, ctx.check_mode);
        let output = policy_rc_d::with_policy(ctx, self.policy_rc_d, || tool::run_line(ctx, &line))?;
        if !output.success() {
            return Ok(tool::failure(format!("'{line}' failed: {}", output.stderr_text()), &output).into_outcome());
        }
        let text = output.stdout_text();
        let changed = self.state != State::BuildDep || !text.contains(super::NOTHING_CHANGED);
        Ok(tool::outcome(changed, &output, prepared::diff(ctx, &text)))
    }

    /// The command line, as Ansible writes it: it is part of the message where it fails.
    fn line(&self, program: &str, wanted: &[String], check_mode: bool) -> String {
        let (dpkg, packages) = (&self.dpkg_words, wanted.join(" "));
        let only_upgrade = word(self.only_upgrade, "--only-upgrade");
        let fixed = word(self.state == State::Fixed, "--fix-broken");
        let force = word(self.force, "--force-yes");
        let autoremove = word(self.autoremove, "--auto-remove");
        let no_remove = word(self.fail_on_autoremove, "--no-remove");
        let check = word(check_mode, "--simulate");
        let mut line = if self.state == State::BuildDep {
            format!("{program} -y {dpkg} {only_upgrade} {fixed} {force} {no_remove} {check} build-dep {packages}")
        } else {
            format!(
                "{program} -y {dpkg} {only_upgrade} {fixed} {force} {autoremove} {no_remove} {check} install {packages}"
            )
        };
        if let Some(release) = self.default_release {
            line.push_str(&format!(" -t '{release}'"));
        }
        line.push_str(match self.install_recommends {
            Some(false) => " -o APT::Install-Recommends=no",
            Some(true) => " -o APT::Install-Recommends=yes",
            None => "",
        });
        line.push_str(word(self.allow_unauthenticated, " --allow-unauthenticated"));
        line.push_str(word(self.allow_downgrade, " --allow-downgrades"));
        line.push_str(word(self.allow_change_held_packages, " --allow-change-held-packages"));
        line
    }
}
