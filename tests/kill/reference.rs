//! How long the phases of an undisturbed run are, in time and in bytes; where a point lies in a run is measured by it.

use std::time::{Duration, Instant};

use crate::bench::{Bench, Way};
use crate::points::{Phase, Point};
use crate::relay::Watch;

/// Where a run is killed.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    /// How the host is reached.
    pub(crate) way: Way,
    /// The byte that is watched; without one, the event `after`.
    pub(crate) watch: Option<Watch>,
    /// The event that begins the phase.
    pub(crate) after: &'static str,
    /// The event that ends it: the kill comes then at the latest.
    pub(crate) before: &'static str,
    /// How long after its beginning.
    pub(crate) delay: Duration,
}

/// What undisturbed runs were like: one on a host without a helper, which copies all, and one with the helper cached.
#[derive(Debug)]
pub(crate) struct Reference {
    /// Bytes to the host until the first task's result, without and with a cached helper.
    fresh_bytes: u64,
    cached_bytes: u64,
    /// From all but the last of these bytes to that result.
    fresh_start: Duration,
    cached_start: Duration,
    /// Bytes to the host when the copy began, and when it was done, where the helper is cached.
    copy_bytes: (u64, u64),
    /// From all but the last of these bytes to the copy's result.
    rename: Duration,
    tasks: Vec<(&'static str, Duration)>,
}

/// The share of a phase's bytes that begins the next one; the rest follows within milliseconds.
const ALL_BUT_THE_LAST: f64 = 0.999;
/// The connection is up and the login done: half of the little that is sent where the helper is cached.
const LOGGED_IN: f64 = 0.5;

impl Reference {
    /// Watches two runs; the host is converged after them.
    pub(crate) fn of(bench: &Bench) -> Self {
        bench.reset(true, true);
        let fresh = Watched::run(bench);
        let fresh_bytes = fresh.bytes("result A folder");
        let copy_bytes = (fresh.bytes("host_started A large file"), fresh.bytes("result A large file"));
        let rename = fresh.since(bench, part(copy_bytes, ALL_BUT_THE_LAST), "result A large file");
        let fresh_start = fresh.since(bench, part((0, fresh_bytes), ALL_BUT_THE_LAST), "result A folder");
        bench.keep_as_new();
        let copy = fresh.between("host_started A large file", "result A large file");

        bench.reset(false, false);
        let cached = Watched::run(bench);
        let cached_bytes = cached.bytes("result A folder");
        let spared = fresh_bytes.saturating_sub(cached_bytes);
        let copy_bytes = (copy_bytes.0.saturating_sub(spared), copy_bytes.1.saturating_sub(spared));
        let cached_start = cached.since(bench, part((0, cached_bytes), LOGGED_IN), "result A folder");
        let task = |name: &'static str, begin: &str, end: &str| (name, cached.between(begin, end));
        let tasks = vec![
            ("A large file", copy),
            task("A template", "host_started A template", "result A template"),
            task("Lines", "host_started Lines", "result Lines"),
            task("A small file", "host_started A small file", "result A small file"),
            task("A download", "host_started A download", "result A download"),
        ];
        Self { fresh_bytes, cached_bytes, fresh_start, cached_start, copy_bytes, rename, tasks }
    }

    /// How to meet a point.
    pub(crate) fn trigger(&self, point: Point) -> Trigger {
        let Point { phase, fraction, .. } = point;
        let watched = |at: u64, hold: bool, before, length: Duration| Trigger {
            way: Way::Relayed,
            watch: Some(Watch { at, hold }),
            after: "",
            before,
            delay: length.mul_f64(fraction),
        };
        let event = |after, before, length: Duration| Trigger {
            way: Way::Direct,
            watch: None,
            after,
            before,
            delay: length.mul_f64(fraction),
        };
        let task = |name| self.tasks.iter().find(|task| task.0 == name).map_or(Duration::ZERO, |task| task.1);
        match phase {
            Phase::Connecting => watched(part((0, self.cached_bytes), fraction), true, "", Duration::ZERO),
            Phase::Upload => watched(part((self.cached_bytes, self.fresh_bytes), fraction), true, "", Duration::ZERO),
            Phase::FreshStart => {
                watched(part((0, self.fresh_bytes), ALL_BUT_THE_LAST), false, "result A folder", self.fresh_start)
            }
            Phase::CachedStart => {
                watched(part((0, self.cached_bytes), LOGGED_IN), false, "result A folder", self.cached_start)
            }
            Phase::Rename => {
                watched(part(self.copy_bytes, ALL_BUT_THE_LAST), false, "result A large file", self.rename)
            }
            Phase::Template => event("host_started A template", "result A template", task("A template")),
            Phase::Lines => event("host_started Lines", "result Lines", task("Lines")),
            // It takes five minutes in the run that is killed.
            Phase::Command => event("host_started A long command", "result A long command", Duration::from_secs(2)),
            Phase::Copy => event("host_started A large file", "result A large file", task("A large file")),
            Phase::SmallCopy => event("host_started A small file", "result A small file", task("A small file")),
            Phase::OtherHelper => event("host_started A download", "result A download", task("A download")),
            // About what closing takes.
            Phase::End => event("finish", "", Duration::from_millis(30)),
        }
    }

    /// The figures, for the report.
    pub(crate) fn describe(&self) -> String {
        format!("{self:?}")
    }
}

/// The point between two counts of bytes.
fn part((from, to): (u64, u64), fraction: f64) -> u64 {
    #[expect(clippy::cast_precision_loss, reason = "a place among fewer than 2^52 bytes")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between two counts")]
    let at = (from as f64 + (to.saturating_sub(from)) as f64 * fraction) as u64;
    at
}

/// A whole run through the relay: when each event came, and how much had been sent by then.
struct Watched(Vec<(String, Instant, u64)>);

impl Watched {
    fn run(bench: &Bench) -> Self {
        drop(bench.relay.next_run(None));
        let mut run = bench.run("site.yml", Way::Relayed, "0");
        let mut events = Vec::new();
        for what in [
            "result A folder",
            "host_started A template",
            "result A template",
            "host_started Lines",
            "result Lines",
            "host_started A large file",
            "result A large file",
            "host_started A small file",
            "result A small file",
            "host_started A download",
            "result A download",
        ] {
            let at = run.wait_for(what);
            events.push((what.to_owned(), at, bench.relay.sent()));
        }
        run.finish();
        Self(events)
    }

    fn event(&self, what: &str) -> &(String, Instant, u64) {
        self.0.iter().find(|event| event.0 == what).unwrap_or_else(|| panic!("{what:?} was watched"))
    }

    fn bytes(&self, what: &str) -> u64 {
        self.event(what).2
    }

    fn between(&self, begin: &str, end: &str) -> Duration {
        self.event(end).1.saturating_duration_since(self.event(begin).1)
    }

    /// The time from a byte to an event.
    fn since(&self, bench: &Bench, byte: u64, what: &str) -> Duration {
        let sent = bench.relay.time_of(byte).expect("so much was sent");
        self.event(what).1.saturating_duration_since(sent)
    }
}
