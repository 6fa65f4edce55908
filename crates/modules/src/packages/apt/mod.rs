//! `apt`: packages of Debian and its kin are there, or are not there.

mod arguments;
mod cache;
mod cleanup;
mod deb;
mod host;
mod install;
mod manual;
mod policy_rc_d;
mod prepared;
mod remove;
mod spec;
mod tool;
mod update;
mod upgrade;

use std::time::Instant;

pub use arguments::{AptArgs, State, Upgrade};

use crate::prelude::*;
use cleanup::Cleanup;
use host::Host;
use install::Installation;

/// What apt-get says where there was nothing to do.
const NOTHING_CHANGED: &str = "\n0 upgraded, 0 newly installed, 0 to remove";

/// The module.
pub struct Apt;

impl Module for Apt {
    type Args = AptArgs;
    const NAME: &'static str = "apt";
    const EXAMPLES: &'static str = "\
- name: Install a package, with lists of packages that are at most an hour old
  ansible.builtin.apt:
    name: nginx
    cache_valid_time: 3600

- name: Have the latest of some packages, one of them in a version of its own
  ansible.builtin.apt:
    name: [curl, 'postgresql-15=15.*']
    state: latest

- name: Remove a package with its configuration and what nothing else needs
  ansible.builtin.apt:
    name: apache2
    state: absent
    purge: true
    autoremove: true
";

    fn run(args: AptArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let started = Instant::now();
        let given = args.package.as_deref().unwrap_or_default();
        let deb = args.deb.as_deref().filter(|deb| !deb.is_empty());
        let alone = given.is_empty() && args.upgrade == Upgrade::No && deb.is_none();
        if args.clean {
            let cleaned = cleanup::clean(ctx)?;
            if alone {
                return Ok(cleaned);
            }
        }
        if args.upgrade == Upgrade::No {
            ctx.show_argument("upgrade", Data::Null);
        }
        if let Some(release) = args.default_release.as_deref().filter(|release| !release.is_empty()) {
            cache::check_release(ctx, release)?;
        }
        let refreshed = update::refresh(ctx, &args, started)?;
        let cache_keys = |outcome: Outcome| {
            outcome.with("cache_updated", refreshed.updated).with("cache_update_time", refreshed.time)
        };
        if alone && (args.update_cache == Some(true) || args.cache_valid_time != 0) {
            return Ok(cache_keys(Outcome::changed(refreshed.updated)));
        }
        if args.upgrade != Upgrade::No {
            return upgrade::upgrade(ctx, &args, args.upgrade);
        }
        if let Some(deb) = deb {
            if args.state != State::Present {
                return Err(Failure::new("deb only supports state=present"));
            }
            return deb::install(ctx, &args, deb);
        }

        let packages: Vec<String> =
            given.iter().filter(|name| *name != "*").map(|name| name.trim().to_owned()).collect();
        if args.state == State::Latest && packages.len() < given.len() {
            if !packages.is_empty() {
                let msg = "unable to install additional packages when upgrading all installed packages";
                return Err(Failure::new(msg));
            }
            return upgrade::upgrade(ctx, &args, Upgrade::Yes);
        }
        if let Some(package) = packages.iter().find(|package| package.matches('=').count() > 1) {
            return Err(Failure::new(format!("invalid package spec: {package}")));
        }
        if packages.is_empty() {
            if args.autoclean {
                return Cleanup::Autoclean.run(ctx, &args);
            }
            if args.autoremove {
                return Cleanup::Autoremove.run(ctx, &args);
            }
        }
        let mut host = Host::observe(args.default_release.as_deref())?;
        match args.state {
            State::Absent => remove::remove(ctx, &args, &mut host, &packages),
            _ => Ok(cache_keys(Installation::of(&args).run(ctx, &mut host, &packages)?)),
        }
    }
}

#[cfg(test)]
mod tests;
