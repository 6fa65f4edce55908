//! kill -9 of the control node at points spread over the phases of a run: nothing of it is left on the host, no file is
//! partial, and the next run converges. And what becomes of the commands that ran.
//!
//! `PROVISION_TEST_KILL_POINTS` says how many points (5 where it is not set; `.ci/run --full` asks for 50).

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod commands;
mod points;
mod reference;
mod relay;
mod run;
mod state;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bench::Bench;
use points::{Phase, Point};
use reference::Reference;

/// After this the host must be clean.
const GRACE: Duration = Duration::from_secs(5);

/// Longer than the test: a command that runs for as long must be ended, it does not end by itself.
const LONG: &str = "3141";

/// After every so many points a further run must find nothing to change.
const FURTHER: u32 = 5;

mod hosts {
    use super::*;

    #[test]
    fn a_killed_control_node_leaves_nothing_behind() {
        let count: u32 =
            std::env::var("PROVISION_TEST_KILL_POINTS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
        let bench = Bench::start("kill");
        bench.write_playbook();
        let reference = Reference::of(&bench);
        let (mut wrong, mut journal) = (String::new(), format!("{}\n", reference.describe()));
        for point in points::spread(count) {
            let start = Instant::now();
            let found = meet(&bench, &reference, point);
            let _ = writeln!(journal, "{point}: {:.1} s", start.elapsed().as_secs_f64());
            if !found.is_empty() {
                let _ = writeln!(wrong, "{point} of {count}:\n{found}");
            }
            std::fs::write(bench.work.join("points"), format!("{journal}\n{wrong}")).expect("a journal");
        }
        assert!(wrong.is_empty(), "{wrong}");
    }

    #[test]
    fn a_command_ends_with_its_control_node_and_what_left_its_session_lives_on() {
        commands::try_cases();
    }

    #[test]
    fn a_job_in_the_background_lives_on_and_keeps_its_result() {
        commands::try_jobs();
    }
}

/// Kills a run there; what is wrong afterwards, in the grace and after the next run.
fn meet(bench: &Bench, reference: &Reference, point: Point) -> String {
    let trigger = reference.trigger(point);
    bench.reset(point.phase.copies(), point.phase.is_fresh());
    let passed = bench.relay.next_run(trigger.watch);
    // Only what comes after the command needs it to end.
    let seconds =
        if matches!(point.phase, Phase::Copy | Phase::Rename | Phase::SmallCopy | Phase::OtherHelper | Phase::End) {
            "0"
        } else {
            LONG
        };
    let mut run = bench.run("site.yml", trigger.way, seconds);
    let begin = match trigger.watch {
        Some(watch) => {
            passed.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{point}: never at {watch:?}"));
            Instant::now()
        }
        None => run.wait_for(trigger.after),
    };
    run.meet(trigger.before, begin + trigger.delay);
    run.kill();

    let mut wrong = String::new();
    let traces = bench.rest.wait_clean(bench.host(), GRACE, |_| false);
    let (partial, _) = bench.wholeness();
    for line in traces {
        let _ = writeln!(wrong, "  left after {GRACE:?}: {line}");
    }
    wrong.push_str(&indented("partial", &partial));
    bench.converge();
    let (_, not_new) = bench.wholeness();
    wrong.push_str(&indented("not converged by the next run", &not_new));
    for line in bench.rest.wait_clean(bench.host(), GRACE, |_| false) {
        let _ = writeln!(wrong, "  left by the next run: {line}");
    }
    if point.number % FURTHER == FURTHER - 1 {
        let changed = bench.converge();
        if changed > 0 {
            let _ = writeln!(wrong, "  a further run changed {changed} tasks' things");
        }
    }
    wrong
}

fn indented(what: &str, lines: &str) -> String {
    lines.lines().map(|line| format!("  {what}: {line}\n")).collect()
}
