//! Processors, from `/proc/cpuinfo`, counted as Ansible counts them.

use indexmap::IndexMap;

use super::{gathering::Gathering, read};
use crate::prelude::*;

/// `processor`, `processor_*`, `flags`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let Some(text) = read::content("/proc/cpuinfo") else { return };
    let is_xen = read::exists("/proc/xen")
        || read::lines("/sys/hypervisor/type").first().is_some_and(|line| line.trim() == "xen");
    let facts = facts(&text, gathering.text("architecture"), is_xen);
    gathering.extend(facts);
    if let Ok(set) = rustix::thread::sched_getaffinity(None) {
        gathering.set("processor_nproc", set.count());
    }
}

/// What the lines tell.
#[derive(Default)]
struct Seen {
    names: Vec<String>,
    flags: Option<Vec<String>>,
    vendors: i64,
    models: i64,
    processors: i64,
    /// Cores of each socket. What comes before the first `physical id` belongs to a socket without a number.
    sockets: IndexMap<Option<String>, i64>,
    /// Threads by number of core, likewise.
    cores: IndexMap<Option<String>, i64>,
    /// A guest of Xen that knows it: its kernel shows but one core.
    paravirtual: bool,
    /// s390x: processors, and threads a core.
    main_frame: (i64, i64),
    /// SPARC: processors at work.
    active: Option<i64>,
}

impl Seen {
    fn read(text: &str, is_xen: bool) -> Self {
        let mut seen = Self::default();
        let (mut socket, mut core) = (None, None);
        for line in text.lines() {
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            let (key, value) = (key.trim(), value.trim());
            let number = || value.parse::<i64>().unwrap_or(1);
            match key {
                "flags" => {
                    seen.paravirtual |= is_xen && !value.contains("vme");
                    seen.flags = Some(value.split_whitespace().map(str::to_owned).collect());
                }
                "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" | "processor" => {
                    seen.names.push(value.to_owned());
                    seen.vendors += i64::from(key == "vendor_id");
                    seen.models += i64::from(key == "model name");
                    seen.processors += i64::from(key == "processor");
                }
                "physical id" => {
                    socket = Some(value.to_owned());
                    seen.sockets.entry(socket.clone()).or_insert(1);
                }
                "core id" => {
                    core = Some(value.to_owned());
                    // Ansible looks among the sockets here.
                    if !seen.sockets.contains_key(&core) {
                        seen.cores.insert(core.clone(), 1);
                    }
                }
                "cpu cores" => {
                    seen.sockets.insert(socket.clone(), number());
                }
                "siblings" => {
                    seen.cores.insert(core.clone(), number());
                }
                "# processors" => seen.main_frame.0 = number(),
                "max thread id" => seen.main_frame.1 = number() + 1,
                "ncpus active" => seen.active = Some(number()),
                _ => {}
            }
        }
        seen
    }

    /// The number of processors where no socket is told.
    fn count(&self, architecture: &str) -> i64 {
        if ["armv", "aarch", "ppc"].iter().any(|prefix| architecture.starts_with(prefix)) {
            return self.processors;
        }
        if self.vendors > 0 && self.vendors == self.models {
            return self.vendors;
        }
        self.active.unwrap_or_else(|| i64::try_from(self.names.len()).unwrap_or(0))
    }
}

fn facts(text: &str, architecture: &str, is_xen: bool) -> Map {
    let seen = Seen::read(text, is_xen);
    let count = seen.count(architecture);
    let (count, cores, threads, all, usable) = if architecture == "s390x" {
        let (all, threads) = seen.main_frame;
        (1, rounded(all, threads), threads, all, all)
    } else if seen.paravirtual {
        (count, count, 1, count, count)
    } else {
        let sockets = if seen.sockets.is_empty() { count } else { i64::try_from(seen.sockets.len()).unwrap_or(count) };
        let cores = seen.sockets.values().next().copied().filter(|cores| *cores > 0).unwrap_or(1);
        let threads = rounded(seen.cores.values().next().copied().unwrap_or(1), cores);
        (sockets, cores, threads, threads * sockets * cores, seen.processors)
    };
    let mut facts = Map::new();
    facts.insert("processor".to_owned(), seen.names.into());
    if let Some(flags) = seen.flags {
        facts.insert("flags".to_owned(), flags.into());
    }
    for (name, value) in [
        ("count", count),
        ("cores", cores),
        ("threads_per_core", threads),
        ("vcpus", all),
        // But for the processors that the module may run on, which replace it where the kernel tells them.
        ("nproc", usable),
    ] {
        facts.insert(format!("processor_{name}"), value.into());
    }
    facts
}

/// Python's `round(a / b)`: halves go to the even neighbour.
fn rounded(a: i64, b: i64) -> i64 {
    if b == 0 {
        return 0;
    }
    let (whole, rest) = (a / b, a % b);
    match (2 * rest).cmp(&b) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole % 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(facts: &Map) -> [i64; 4] {
        ["count", "cores", "threads_per_core", "vcpus"]
            .map(|name| facts[&format!("processor_{name}")].as_int().unwrap_or_default())
    }

    #[test]
    fn processors_are_counted_by_socket_core_and_thread() {
        let processor = |number: u8, core: u8| {
            format!(
                "processor: {number}\nvendor_id: V\nmodel name: M\nphysical id: 0\nsiblings: 4\ncore id: {core}\ncpu cores: 2\n\n"
            )
        };
        let text: String = (0..4).map(|number| processor(number, number / 2)).collect();
        let facts = facts(&text, "x86_64", false);
        assert_eq!(said(&facts), [1, 2, 2, 4]);
        assert_eq!(facts["processor"].as_list().map(<[Data]>::len), Some(12));
    }

    #[test]
    fn a_processor_without_topology_counts_itself() {
        let facts = facts("processor : 0\nBogoMIPS : 50\n\nprocessor : 1\n", "aarch64", false);
        assert_eq!(said(&facts), [2, 1, 1, 2]);
    }

    #[test]
    fn a_guest_of_xen_has_a_core_for_each_processor() {
        let one = "processor: 0\nvendor_id: V\nmodel name: M\nsiblings: 1\ncpu cores: 1\nflags: fpu\n";
        assert_eq!(said(&facts(&one.repeat(2), "x86_64", true)), [2, 2, 1, 2]);
        assert_eq!(said(&facts(&one.repeat(2), "x86_64", false)), [1, 1, 1, 1]);
    }

    #[test]
    fn a_main_frame_has_one_processor_with_cores() {
        let facts = facts("vendor_id : IBM/S390\n# processors : 4\nmax thread id : 1\n", "s390x", false);
        assert_eq!(said(&facts), [1, 2, 2, 4]);
    }
}
