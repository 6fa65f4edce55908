//! A session: calls, their processes and files, jobs, and the end of it all.

use std::path::Path;

use modules::Bundle;
use protocol::{
    Data, Invocation,
    frame::{FromHelper, ToHelper},
    invocation::{Content, Job},
};

use crate::support::{Helper, invocation};

fn shell(line: &str) -> Invocation {
    invocation("shell", [("_raw_params", line)])
}

/// Waits until a file is there, which a process is about to make.
fn wait_for(path: &Path) {
    while !path.exists() {
        std::thread::yield_now();
    }
}

fn wait_for_end(pid: &str) {
    // A zombie that nobody has reaped yet has ended, too.
    let stat = Path::new("/proc").join(pid.trim()).join("stat");
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        std::thread::yield_now();
    }
}

#[test]
fn many_calls_are_in_flight_and_chained_ones_wait_for_success() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let mut helper = Helper::start(Bundle::Base);
    helper.run(1, None, shell(&format!("while ! test -e {}; do :; done; echo one", gate.display())));
    helper.run(2, Some(1), shell("echo two"));
    helper.run(3, None, shell("echo three"));
    assert_eq!(helper.done(3).values["stdout"], Data::from("three"));
    std::fs::write(&gate, "").unwrap();
    assert_eq!(helper.done(1).values["stdout"], Data::from("one"));
    assert_eq!(helper.done(2).values["stdout"], Data::from("two"));
    assert!(helper.hang_up());
}

#[test]
fn what_is_chained_to_a_failure_is_not_run() {
    let mut helper = Helper::start(Bundle::Base);
    helper.run(1, None, shell("exit 1"));
    helper.run(2, Some(1), shell("echo two"));
    helper.run(3, Some(2), shell("echo three"));
    assert!(helper.done(1).failed);
    assert_eq!(helper.receive(), FromHelper::NotRun { id: 2 });
    assert_eq!(helper.receive(), FromHelper::NotRun { id: 3 });
    helper.run(4, Some(1), shell("echo four"));
    assert_eq!(helper.receive(), FromHelper::NotRun { id: 4 });
}

#[test]
fn a_cancelled_command_ends_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let mut helper = Helper::start(Bundle::Base);
    helper.run(1, None, shell(&format!("sleep 3600 & echo $! >{0}.new; mv {0}.new {0}; wait", pid.display())));
    wait_for(&pid);
    helper.send(&ToHelper::Cancel { id: 1 });
    assert!(helper.done(1).failed);
    wait_for_end(&std::fs::read_to_string(&pid).unwrap());
    helper.run(2, None, invocation("ping", []));
    assert_eq!(helper.done(2).values["ping"], Data::from("pong"));
}

#[test]
fn the_end_of_the_input_ends_commands_that_do_not_want_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let mut helper = Helper::start(Bundle::Base);
    let line = format!("trap '' TERM; echo $$ >{0}.new; mv {0}.new {0}; while :; do sleep 1; done", pid.display());
    helper.run(1, None, shell(&line));
    wait_for(&pid);
    assert!(helper.hang_up());
    wait_for_end(&std::fs::read_to_string(&pid).unwrap());
}

#[test]
fn a_terminated_helper_takes_its_commands_along() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let mut helper = Helper::start(Bundle::Base);
    helper.run(1, None, shell(&format!("echo $$ >{0}.new; mv {0}.new {0}; sleep 3600", pid.display())));
    wait_for(&pid);
    let own = i32::try_from(helper.child.id()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(own).unwrap(), rustix::process::Signal::TERM).unwrap();
    assert_eq!(helper.child.wait().unwrap().code(), Some(128 + 15));
    wait_for_end(&std::fs::read_to_string(&pid).unwrap());
}

#[test]
fn content_that_stops_half_way_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    let mut helper = Helper::start(Bundle::Base);
    let mut copy = invocation("copy", [("dest", target.to_str().unwrap()), ("_original_basename", "target")]);
    copy.content = Some(Content::OnRequest { length: 1 << 20 });
    helper.run(1, None, copy);
    assert_eq!(helper.receive(), FromHelper::NeedContent { id: 1 });
    helper.send(&ToHelper::Content { id: 1, bytes: vec![b'x'; 1 << 16] });
    while folder.path().read_dir().unwrap().next().is_none() {
        std::thread::yield_now();
    }
    assert!(helper.hang_up());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn streamed_content_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    let mut helper = Helper::start(Bundle::Base);
    let mut copy = invocation("copy", [("dest", target.to_str().unwrap()), ("_original_basename", "target")]);
    copy.content = Some(Content::OnRequest { length: 3 << 16 });
    helper.run(1, None, copy);
    assert_eq!(helper.receive(), FromHelper::NeedContent { id: 1 });
    for byte in *b"abc" {
        helper.send(&ToHelper::Content { id: 1, bytes: vec![byte; 1 << 16] });
    }
    helper.send(&ToHelper::Content { id: 1, bytes: Vec::new() });
    let outcome = helper.done(1);
    assert_eq!(outcome.changed, Some(true), "{outcome:?}");
    let written = std::fs::read(&target).unwrap();
    assert_eq!((written.len(), written[0], written[3 << 15], written[(3 << 16) - 1]), (3 << 16, b'a', b'b', b'c'));
}

#[test]
fn a_job_outlives_its_helper_and_leaves_its_result() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let mut helper = Helper::start(Bundle::Base);
    let mut job = shell(&format!("while ! test -e {}; do sleep 0.01; done; echo done", gate.display()));
    job.job = Some(Job { id: "j1".into(), limit_seconds: 60, folder: folder.path().to_str().unwrap().into() });
    helper.run(1, None, job);
    let started = helper.done(1);
    assert_eq!(started.values["started"], Data::Bool(true), "{started:?}");
    assert!(helper.hang_up());
    std::fs::write(&gate, "").unwrap();

    let mut helper = Helper::start(Bundle::Base);
    let status = loop {
        let ask = invocation("async_status", [("jid", "j1"), ("_async_dir", folder.path().to_str().unwrap())]);
        helper.run(1, None, ask);
        let status = helper.done(1);
        if status.values["finished"] == Data::Bool(true) {
            break status;
        }
    };
    assert_eq!(status.values["stdout"], Data::from("done"));
    assert_eq!(status.changed, Some(true));
}
