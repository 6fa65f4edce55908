//! Where a run is killed: points spread over its phases, and over the time or the bytes of each. The choice depends on
//! nothing but how many there are.

use std::fmt;

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The helper is not cached: it is being sent.
    Upload,
    /// The content of a large file is being sent.
    Copy,
    /// A long command runs.
    Command,
    /// The helper has been sent: it is stored and started by sudo, and does its first task.
    FreshStart,
    /// From the first byte to the first task, with a cached helper.
    Connecting,
    /// The last bytes of the large file have been sent: it is synced and renamed.
    Rename,
    /// The cached helper is verified and started by sudo.
    CachedStart,
    /// A template takes a file's place.
    Template,
    /// A line is added.
    Lines,
    /// A small file is copied.
    SmallCopy,
    /// A helper with another bundle of modules is started by sudo, and downloads a file.
    OtherHelper,
    /// All tasks are done: the connection is closed.
    End,
}

/// The phases, and how many of fifty points each gets.
const PHASES: [(Phase, u32); 12] = [
    (Phase::Upload, 7),
    (Phase::Copy, 7),
    (Phase::Command, 5),
    (Phase::FreshStart, 5),
    (Phase::Connecting, 5),
    (Phase::Rename, 4),
    (Phase::CachedStart, 4),
    (Phase::Template, 4),
    (Phase::Lines, 3),
    (Phase::SmallCopy, 2),
    (Phase::OtherHelper, 2),
    (Phase::End, 2),
];

impl Phase {
    /// Whether it is one of a host that has no helper yet.
    pub(crate) fn is_fresh(self) -> bool {
        matches!(self, Self::Upload | Self::FreshStart)
    }

    /// Whether the large file is copied in the run that is killed.
    pub(crate) fn copies(self) -> bool {
        matches!(self, Self::Copy | Self::Rename)
    }
}

/// A point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// Its number, from 0.
    pub(crate) number: u32,
    /// Where it lies.
    pub(crate) phase: Phase,
    /// How much of the phase has passed, above 0 and below 1.
    pub(crate) fraction: f64,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "point {} ({:?}, {} of it)", self.number, self.phase, self.fraction)
    }
}

/// That many points. Each phase gets its share as early as it can, so that a few points meet as many phases.
pub(crate) fn spread(count: u32) -> Vec<Point> {
    let total: u32 = PHASES.iter().map(|(_, share)| share).sum();
    let mut given = PHASES.map(|_| 0_u32);
    (0..count)
        .map(|number| {
            let owed = |index: usize| {
                i64::from(PHASES[index].1) * i64::from(number + 1) - i64::from(given[index]) * i64::from(total)
            };
            // The first of equals.
            let next = (0..PHASES.len()).rev().max_by_key(|index| owed(*index)).expect("there are phases");
            given[next] += 1;
            Point { number, phase: PHASES[next].0, fraction: halves(given[next]) }
        })
        .collect()
}

/// The nth number of 1/2, 1/4, 3/4, 1/8, 5/8 ...: however many there are, they are spread evenly (van der Corput).
fn halves(nth: u32) -> f64 {
    let bits = u32::BITS - nth.leading_zeros();
    f64::from(nth.reverse_bits() >> (u32::BITS - bits)) / f64::from(1_u32 << bits)
}

#[test]
fn fifty_points_meet_each_phase_as_often_as_it_says_and_five_meet_five() {
    let points = spread(50);
    for (phase, share) in PHASES {
        let met: Vec<f64> = points.iter().filter(|point| point.phase == phase).map(|point| point.fraction).collect();
        assert_eq!(met.len(), share as usize, "{phase:?}");
        assert!(met.iter().all(|fraction| *fraction > 0.0 && *fraction < 1.0), "{met:?}");
    }
    let first: Vec<Phase> = spread(5).iter().map(|point| point.phase).collect();
    assert_eq!(first, [Phase::Upload, Phase::Copy, Phase::Command, Phase::FreshStart, Phase::Connecting]);
}
