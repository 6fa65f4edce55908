//! What becomes of a running command when its control node is killed: what docs/operations.md promises, case by case.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::bench::{Bench, Way};
use crate::state::Rest;
use crate::support::{self, fleet::Host};
use crate::{GRACE, LONG};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A task whose control node is killed while its processes run. Each process is a `sleep` of a length of its own.
struct Case {
    name: &'static str,
    /// The task, in YAML's flow form. A long `sleep` is one that never ends by itself.
    task: &'static str,
    /// The lengths of those that end with the control node.
    end: &'static [&'static str],
    /// The lengths of those that live on.
    stay: &'static [&'static str],
}

const CASES: [Case; 9] = [
    Case { name: "a command", task: "{command: sleep 31410}", end: &["31410"], stay: &[] },
    Case {
        name: "a command that ignores what asks it to end",
        task: r#"{shell: 'trap "" HUP INT TERM; sleep 31411; sleep 31412'}"#,
        end: &["31411"],
        stay: &[],
    },
    Case {
        name: "a command with children in the background",
        task: "{shell: 'sleep 31413 & (sleep 31414 & sleep 31415) & wait'}",
        end: &["31413", "31414", "31415"],
        stay: &[],
    },
    Case {
        name: "children that ignore what asks them to end, of a parent that obeys",
        task: r#"{shell: '(trap "" HUP INT TERM; sleep 31416) & sleep 31417'}"#,
        end: &["31416", "31417"],
        stay: &[],
    },
    Case {
        name: "a child in a session of its own",
        task: "{shell: 'setsid sleep 31418 & sleep 31419'}",
        end: &["31419"],
        stay: &["31418"],
    },
    Case { name: "a script", task: "{script: long.sh}", end: &["31420"], stay: &[] },
    Case {
        name: "a command that was given an input",
        task: "{command: {cmd: sh -c 'cat; sleep 31421', stdin: text}}",
        end: &["31421"],
        stay: &[],
    },
    Case { name: "a raw command", task: "{raw: sleep 31422}", end: &["31422"], stay: &[] },
    Case {
        name: "a raw command's child in a session of its own",
        task: "{raw: 'setsid sleep 31423 </dev/null >/dev/null 2>&1 & sleep 31424'}",
        end: &["31424"],
        stay: &["31423"],
    },
];

/// Tries every case, without and with another user.
pub(crate) fn try_cases() {
    let bench = Bench::start("kill-commands");
    std::fs::write(bench.work.join("long.sh"), "#!/bin/sh\nsleep 31420\n").expect("a script");
    let mut wrong = String::new();
    for (case, become_) in CASES.iter().flat_map(|case| [(case, false), (case, true)]) {
        let found = try_case(&bench, case, become_);
        if !found.is_empty() {
            let _ = writeln!(wrong, "{}, become: {become_}\n{found}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Tries jobs that are waited for and jobs that are not.
pub(crate) fn try_jobs() {
    let bench = Bench::start("kill-jobs");
    let mut wrong = String::new();
    for (poll, become_) in [(0, false), (0, true), (1, false), (1, true)] {
        let found = try_job(&bench, poll, become_);
        if !found.is_empty() {
            let _ = writeln!(wrong, "poll: {poll}, become: {become_}\n{found}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_local_command_ends_with_its_control_node() {
    let work = support::scratch("kill-local");
    let bin = support::provision_bin(&work);
    // A length that no other process on this machine has.
    let length = format!("{LONG}.{}", std::process::id());
    let mut command = support::clean_command("provision", &bin, &work);
    command.args(["exec", "localhost", "-i", "localhost,", "-c", "local", "-m", "command", "--output", "json"]);
    command.args(["-a", &format!("sleep {length}")]).current_dir(&work);
    let run = crate::run::Run::start(command);
    let running = || {
        let output = std::process::Command::new("ps").args(["-e", "-o", "args="]).output().expect("ps is there");
        String::from_utf8_lossy(&output.stdout).lines().any(|args| args == format!("sleep {length}"))
    };
    assert!(eventually(PATIENCE, running), "the command runs");
    run.kill();
    assert!(eventually(GRACE, || !running()), "the command ended with its control node");
}

/// Kills a run in the middle of the task; what is not as promised.
fn try_case(bench: &Bench, case: &Case, become_: bool) -> String {
    let host = bench.host();
    play(bench, &[case.task.to_owned()], become_);
    Rest::mark(host);
    let run = bench.run("case.yml", Way::Direct, LONG);
    let sleeps = |length: &&str| format!("sleep {length}");
    let begun = || {
        let found = bench.rest.traces(host);
        case.end.iter().chain(case.stay).map(sleeps).all(|sleep| found.iter().any(|line| line.ends_with(&sleep)))
    };
    assert!(eventually(PATIENCE, begun), "{}: the command runs", case.name);
    run.kill();
    let stays = |line: &str| case.stay.iter().map(sleeps).any(|sleep| line.ends_with(&sleep));
    let mut wrong = String::new();
    for line in bench.rest.wait_clean(host, GRACE, stays) {
        let _ = writeln!(wrong, "  left after {GRACE:?}: {line}");
    }
    let left = bench.rest.traces(host);
    for sleep in case.stay.iter().map(sleeps) {
        if !left.iter().any(|line| line.ends_with(&sleep)) {
            let _ = writeln!(wrong, "  ended, and was to live on: {sleep}");
        }
    }
    end(host, &left);
    wrong
}

/// Kills a run while a job waits for a file; what is not as promised.
fn try_job(bench: &Bench, poll: u32, become_: bool) -> String {
    let host = bench.host();
    let home = if become_ { "/root" } else { "/home/deploy" };
    host.read("rm -rf /reference/go /root/.ansible_async /home/deploy/.ansible_async");
    let job =
        format!("{{shell: 'until [ -e /reference/go ]; do sleep 0.1; done; echo finished', async: 300, poll: {poll}}}");
    play(bench, &[job, "{command: sleep 31430}".to_owned()], become_);
    Rest::mark(host);
    let run = bench.run("case.yml", Way::Direct, LONG);
    let waits = |line: &str| line.contains("until [ -e /reference/go ]");
    let begun = || {
        let found = bench.rest.traces(host);
        found.iter().any(|line| waits(line)) && (poll > 0 || found.iter().any(|line| line.ends_with("sleep 31430")))
    };
    assert!(eventually(PATIENCE, begun), "the job runs");
    run.kill();
    // The job: its own process of the helper, its shell and that one's short sleeps, its file.
    let its = |line: &str| {
        waits(line) || line.ends_with(" job") || line.ends_with("sleep 0.1") || line.contains("/.ansible_async")
    };
    let mut wrong = String::new();
    for line in bench.rest.wait_clean(host, GRACE, its) {
        let _ = writeln!(wrong, "  left after {GRACE:?}: {line}");
    }
    if !bench.rest.traces(host).iter().any(|line| waits(line)) {
        wrong.push_str("  the job ended with its control node\n");
    }
    host.read("touch /reference/go");
    let result = || {
        let file = host.read(&format!("cat {home}/.ansible_async/* 2>/dev/null; true"));
        serde_json::from_str::<serde_json::Value>(&file).unwrap_or_default()
    };
    if !eventually(GRACE, || result()["stdout"] == "finished") {
        let _ = writeln!(wrong, "  the job's result was not kept: {}", result());
    }
    for line in bench.rest.wait_clean(host, GRACE, |line| line.contains("/.ansible_async")) {
        let _ = writeln!(wrong, "  left after the job's end: {line}");
    }
    wrong
}

/// Writes a play of these tasks.
fn play(bench: &Bench, tasks: &[String], become_: bool) {
    let tasks: String = tasks.iter().map(|task| format!("    - {task}\n")).collect();
    let text = format!("- hosts: all\n  gather_facts: false\n  become: {become_}\n  tasks:\n{tasks}");
    std::fs::write(bench.work.join("case.yml"), text).expect("a playbook");
}

/// Ends what lives on.
fn end(host: &Host, traces: &crate::state::Traces) {
    for line in traces {
        if let Some(pid) = line.strip_prefix("process ").and_then(|rest| rest.split(' ').next()) {
            // It may have ended by itself.
            host.sh(&format!("kill -9 {pid}"));
        }
    }
}

/// Asks until the answer is yes or the time is over.
fn eventually(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        let late = start.elapsed() >= within;
        if holds() {
            return true;
        }
        if late {
            return false;
        }
    }
}
