//! What is on a host and may not be there.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use crate::support::fleet::Host;

/// A host at rest: what belongs to it.
#[derive(Debug)]
pub(crate) struct Rest {
    processes: HashSet<String>,
    folders: HashSet<String>,
    allowed: Vec<&'static str>,
}

/// What a look at a host found beyond what belongs there, one line each.
pub(crate) type Traces = BTreeSet<String>;

impl Rest {
    /// The host as it is now; paths that a run may make or change are `allowed`.
    pub(crate) fn of(host: &Host, allowed: &[&'static str]) -> Self {
        host.read("mkdir -p /reference && touch /reference/mark");
        let processes = look(host).into_iter().filter_map(|line| identity(&line)).collect();
        let folders = host.read("find / \\( -path /proc -o -path /sys \\) -prune -o -type d -print");
        Self { processes, folders: folders.lines().map(str::to_owned).collect(), allowed: allowed.to_vec() }
    }

    /// Sets the mark: what is older than now is no trace.
    pub(crate) fn mark(host: &Host) {
        // Times of files are as coarse as the kernel's tick: what comes next must be younger than the mark.
        host.read("touch /reference/mark; until touch /reference/after && [ /reference/after -nt /reference/mark ]; do :; done");
    }

    /// Processes and paths that do not belong to the host.
    pub(crate) fn traces(&self, host: &Host) -> Traces {
        look(host).into_iter().filter(|line| !self.belongs(line)).collect()
    }

    /// Looks until there are no traces but those that `may_stay`, or the time is over; the rest.
    pub(crate) fn wait_clean(&self, host: &Host, within: Duration, may_stay: impl Fn(&str) -> bool) -> Traces {
        let start = Instant::now();
        loop {
            let late = start.elapsed() >= within;
            let mut traces = self.traces(host);
            traces.retain(|line| !may_stay(line));
            if traces.is_empty() || late {
                return traces;
            }
        }
    }

    fn belongs(&self, line: &str) -> bool {
        if let Some(identity) = identity(line) {
            return self.processes.contains(&identity);
        }
        let Some((kind, path)) = line.split_once(' ') else { return false };
        match kind {
            "d" => self.folders.contains(path) || self.allowed.contains(&path) || is_the_systems(path),
            _ => self.allowed.contains(&path) || is_cached_helper(path) || is_the_systems(path),
        }
    }
}

fn look(host: &Host) -> Vec<String> {
    host.read(include_str!("state.sh")).lines().map(str::to_owned).collect()
}

/// A process by id and name: `process PID USER ARGS` without the user.
fn identity(line: &str) -> Option<String> {
    let mut words = line.strip_prefix("process ")?.splitn(3, ' ');
    let (pid, _, args) = (words.next()?, words.next()?, words.next()?);
    Some(format!("{pid} {args}"))
}

/// Below the folder that the helper is cached in, under the name that its hash gives it.
fn is_cached_helper(path: &str) -> bool {
    let name = path.strip_prefix("/root/.cache/provision/").or(path.strip_prefix("/home/deploy/.cache/provision/"));
    name.and_then(|name| name.strip_prefix("helper-")?.split_once('-'))
        .is_some_and(|(_bundle, digest)| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What systemd and the login programs write by themselves, and the terminals of the kernel.
fn is_the_systems(path: &str) -> bool {
    ["/run/systemd/", "/run/log/journal/", "/run/utmp", "/run/motd.dynamic", "/dev/pts/", "/var/lib/systemd/"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
}
