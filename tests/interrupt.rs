//! SIGINT: the run ends with ansible-core's exit code, wherever it stands, and takes what it started with it.

mod support;

use std::{
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// A run that stands at a task which would take a minute.
struct Run {
    child: Child,
    folder: PathBuf,
}

impl Run {
    /// Starts it, and waits until the file `started` says that the task runs.
    fn at(name: &str, task: &str) -> Self {
        let folder = support::scratch(name);
        let bin = support::provision_bin(&folder);
        let playbook = format!("- hosts: localhost\n  gather_facts: false\n  tasks:\n    - {task}\n");
        std::fs::write(folder.join("site.yml"), playbook).expect("a playbook");
        let child = support::clean_command("ansible-playbook", &bin, &folder)
            .arg("site.yml")
            .current_dir(&folder)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("said")).expect("a file"))
            .spawn()
            .expect("provision can be started");
        let run = Self { child, folder };
        wait_until("the task has begun", || !read(&run.folder.join("started")).is_empty());
        run
    }

    fn interrupt(&mut self) -> (Option<i32>, String) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).expect("a signal can be sent");
        let mut code = None;
        wait_until("the run has ended", || {
            code = self.child.try_wait().expect("the run can be asked");
            code.is_some()
        });
        (code.and_then(|code| code.code()), read(&self.folder.join("said")))
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(40);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 40 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_command_that_runs_ends_with_the_run() {
    let mut run = Run::at(
        "interrupt_command",
        "shell: echo $$ > started; exec sleep 60\n      args: {chdir: '{{ playbook_dir }}'}",
    );
    let sleeping: i32 = read(&run.folder.join("started")).trim().parse().expect("a process id");
    let (code, said) = run.interrupt();
    assert_eq!(code, Some(99), "{said}");
    assert!(said.contains("User interrupted execution"), "{said}");
    let sleeping = Pid::from_raw(sleeping).expect("a process id");
    wait_until("the command is gone", || test_kill_process(sleeping).is_err());
}

#[test]
fn a_lookup_that_waits_does_not_hold_the_run() {
    let mut run = Run::at(
        "interrupt_lookup",
        "debug: msg=\"{{ lookup('pipe', 'cd ' ~ playbook_dir ~ '; echo x > started; exec sleep 30') }}\"",
    );
    let (code, said) = run.interrupt();
    assert_eq!(code, Some(99), "{said}");
    assert!(said.contains("User interrupted execution"), "{said}");
}
