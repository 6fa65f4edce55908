//! `setup`: gathers what a host is.

use std::{collections::BTreeSet, time::Duration};

use super::{
    date_time, distribution, gathering::Gathering, hardware, initiators, local, network, platform, programs, python,
    system, virtual_machine,
};
use crate::{prelude::*, support::paths};

/// Gathers facts about remote hosts.
///
/// Plays run it at their start, unless they say `gather_facts: false`. It changes nothing. Facts whose source a host does
/// not have are left out.
#[derive(Debug, Arguments)]
pub struct SetupArgs {
    /// The kinds of facts to gather: `all`, `min`, or kinds by name; `!` before a name leaves a kind out.
    #[arg(default = ["all"])]
    gather_subset: Vec<String>,
    /// How long a single source may take, in seconds.
    #[arg(default = 10)]
    gather_timeout: i64,
    /// Return only facts with such names (shell wildcards), with or without `ansible_` before them.
    #[arg(default = [])]
    filter: Vec<String>,
    /// The folder of local facts: `*.fact` files, JSON or INI, or programs that print such.
    #[arg(default = "/etc/ansible/facts.d")]
    fact_path: PathArg,
}

/// Seconds; what 0 stands for, too.
const DEFAULT_TIMEOUT: i64 = 10;

/// The module.
pub struct Setup;

/// A kind of facts.
struct Collector {
    name: &'static str,
    /// Other names for it: facts that it gives.
    ids: &'static [&'static str],
    /// Always gathered, unless `!min`.
    minimal: bool,
    requires: &'static [&'static str],
    collect: fn(&mut Gathering<'_>),
}

const fn kind(name: &'static str, minimal: bool, collect: fn(&mut Gathering<'_>)) -> Collector {
    Collector { name, ids: &[], minimal, requires: &[], collect }
}

impl Collector {
    const fn ids(mut self, ids: &'static [&'static str]) -> Self {
        self.ids = ids;
        self
    }

    const fn requires(mut self, requires: &'static [&'static str]) -> Self {
        self.requires = requires;
        self
    }
}

/// All kinds, those that others need first.
static COLLECTORS: &[Collector] = &[
    kind("platform", true, platform::platform).ids(&[
        "system",
        "kernel",
        "kernel_version",
        "machine",
        "python_version",
        "architecture",
        "machine_id",
    ]),
    kind("distribution", true, distribution::collect).ids(&[
        "distribution_version",
        "distribution_release",
        "distribution_major_version",
        "os_family",
    ]),
    kind("lsb", true, system::lsb),
    kind("selinux", true, system::selinux),
    kind("apparmor", true, system::apparmor),
    kind("chroot", false, system::chroot).ids(&["is_chroot"]),
    kind("fips", true, system::fips),
    kind("python", true, python::collect),
    kind("caps", true, system::caps).ids(&["system_capabilities", "system_capabilities_enforced"]),
    kind("pkg_mgr", true, system::pkg_mgr).requires(&["distribution"]),
    kind("service_mgr", true, system::service_mgr).requires(&["platform", "distribution"]),
    kind("cmdline", true, system::cmdline),
    kind("date_time", true, date_time::collect),
    kind("env", true, platform::env),
    kind("loadavg", false, system::loadavg),
    kind("ssh_pub_keys", true, system::ssh_pub_keys).ids(&[
        "ssh_host_pub_keys",
        "ssh_host_key_dsa_public",
        "ssh_host_key_rsa_public",
        "ssh_host_key_ecdsa_public",
        "ssh_host_key_ed25519_public",
    ]),
    kind("user", true, platform::user).ids(&[
        "user_id",
        "user_uid",
        "user_gid",
        "user_gecos",
        "user_dir",
        "user_shell",
        "real_user_id",
        "effective_user_id",
        "effective_group_ids",
    ]),
    kind("systemd", false, system::systemd),
    kind("virtual", false, virtual_machine::collect).ids(&[
        "virtualization_type",
        "virtualization_role",
        "virtualization_tech_guest",
        "virtualization_tech_host",
    ]),
    kind("hardware", false, hardware::collect)
        .ids(&["processor", "processor_cores", "processor_count", "mounts", "devices"])
        .requires(&["platform"]),
    kind("dns", true, system::dns),
    kind("network", false, network::collect)
        .ids(&["interfaces", "default_ipv4", "default_ipv6", "all_ipv4_addresses", "all_ipv6_addresses"])
        .requires(&["distribution", "platform"]),
    kind("fibre_channel_wwn", false, initiators::fibre_channel),
    kind("iscsi", false, initiators::iscsi),
    kind("nvme", false, initiators::nvme),
    kind("local", true, local::collect),
    kind("facter", false, programs::facter).ids(&["facter"]),
    kind("ohai", false, programs::ohai),
];

impl Module for Setup {
    type Args = SetupArgs;
    const NAME: &'static str = "setup";
    const EXAMPLES: &'static str = "\
- name: Gather what is quick to find out, and the network
  ansible.builtin.setup:
    gather_subset:
      - '!all'
      - network
";

    fn run(args: SetupArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let subsets = if args.gather_subset.is_empty() { vec!["all".to_owned()] } else { args.gather_subset };
        let selected = select(&subsets).map_err(Failure::new)?;
        let seconds = if args.gather_timeout == 0 { DEFAULT_TIMEOUT } else { args.gather_timeout };
        let timeout = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let mut gathering = Gathering::new(ctx, timeout, args.fact_path.to_string());
        for collector in COLLECTORS.iter().filter(|collector| selected.contains(collector.name)) {
            gathering.ctx.cancel.check()?;
            (collector.collect)(&mut gathering);
            if let Some(failure) = gathering.failure.take() {
                return Err(failure);
            }
        }
        let mut facts = gathering.into_facts();
        facts.insert("gather_subset".to_owned(), subsets.into());
        facts.insert("module_setup".to_owned(), true.into());
        if !args.filter.is_empty() {
            facts.retain(|name, _| args.filter.iter().any(|pattern| matches(name, pattern)));
        }
        Ok(Outcome { facts: Some(facts), ..Outcome::changed(false) })
    }
}

/// Whether a fact's name is one that `filter` asks for.
fn matches(name: &str, pattern: &str) -> bool {
    pattern.is_empty()
        || paths::fnmatch(name, pattern)
        || (!["ansible_", "facter", "ohai"].iter().any(|prefix| pattern.starts_with(prefix))
            && paths::fnmatch(name, &format!("ansible_{pattern}")))
}

/// The names of kinds that `gather_subset` asks for.
fn select(subsets: &[String]) -> Result<BTreeSet<&'static str>, String> {
    let valid: BTreeSet<&'static str> =
        COLLECTORS.iter().flat_map(|collector| collector.ids.iter().copied().chain([collector.name])).collect();
    let minimal: BTreeSet<&'static str> =
        COLLECTORS.iter().filter(|collector| collector.minimal).map(|collector| collector.name).collect();
    let known = |name: &str| valid.iter().copied().find(|valid| *valid == name);

    let mut added = minimal.clone();
    let mut excluded = BTreeSet::new();
    let mut explicit = BTreeSet::new();
    for subset in subsets {
        match subset.as_str() {
            "min" => added.extend(&minimal),
            "all" => added.extend(&valid),
            "!min" => excluded.extend(&minimal),
            "!all" => excluded.extend(valid.difference(&minimal).copied()),
            name if name.starts_with('!') => {
                let Some(name) = known(name.trim_start_matches('!')) else { continue };
                excluded.insert(name);
                let collector = COLLECTORS.iter().find(|collector| collector.name == name);
                excluded.extend(collector.into_iter().flat_map(|collector| collector.ids));
            }
            name => {
                let Some(name) = known(name) else {
                    let options: Vec<&str> = valid.iter().copied().collect();
                    return Err(format!(
                        "Bad subset '{name}' given to Ansible. gather_subset options allowed: all, {}",
                        options.join(", ")
                    ));
                };
                explicit.insert(name);
                added.insert(name);
            }
        }
    }
    added.retain(|name| explicit.contains(name) || !excluded.contains(name));

    let mut selected = BTreeSet::new();
    for collector in COLLECTORS {
        if added.contains(collector.name) || collector.ids.iter().any(|id| added.contains(id)) {
            selected.insert(collector.name);
            selected.extend(collector.requires);
        }
    }
    Ok(selected)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    fn selected(subsets: &[&str]) -> BTreeSet<&'static str> {
        let subsets: Vec<String> = subsets.iter().map(|subset| (*subset).to_owned()).collect();
        select(&subsets).unwrap()
    }

    #[test]
    fn subsets_add_and_leave_out() {
        assert!(selected(&["all"]).contains("hardware"));
        assert!(!selected(&["!all"]).contains("hardware"));
        assert!(selected(&["!all"]).contains("distribution"));
        assert_eq!(selected(&["!all", "!min", "chroot"]), BTreeSet::from(["chroot"]));
        assert_eq!(selected(&["!all", "!min", "pkg_mgr"]), BTreeSet::from(["distribution", "pkg_mgr"]));
        assert!(!selected(&["!hardware"]).contains("hardware"));
    }

    #[test]
    fn an_unknown_subset_is_refused_with_those_that_there_are() {
        let error = select(&["bogus".to_owned()]).unwrap_err();
        assert!(
            error.starts_with("Bad subset 'bogus' given to Ansible. gather_subset options allowed: all, ")
                && error.contains("apparmor")
        );
    }

    #[test]
    fn facts_are_gathered_with_their_prefix() {
        let outcome = run("setup", json!({}));
        let facts = outcome.facts.unwrap();
        for name in ["distribution", "os_family", "kernel", "hostname", "fqdn", "pkg_mgr", "service_mgr", "memtotal_mb"]
        {
            assert!(facts.contains_key(&format!("ansible_{name}")), "{name} is missing");
        }
        assert_eq!(facts["ansible_system"], Data::from("Linux"));
        assert_eq!(facts["module_setup"], Data::Bool(true));
        assert_eq!(outcome.changed, Some(false));
    }

    #[test]
    fn a_filter_leaves_only_what_it_names() {
        let facts = run("setup", json!({"filter": ["ansible_os_*", "kernel"]})).facts.unwrap();
        let names: BTreeSet<&str> = facts.keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["ansible_kernel", "ansible_os_family"]));
    }
}
