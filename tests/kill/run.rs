//! A control node at work, followed by its events.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than any run takes.
const DEADLINE: Duration = Duration::from_secs(120);

/// One event of `--output json`.
#[derive(Debug)]
pub(crate) struct Sign {
    /// When it was read.
    pub(crate) at: Instant,
    /// The event, and the task's name where it is one of a task: `result A template`.
    pub(crate) what: String,
    /// All of it.
    pub(crate) event: Value,
}

/// A control node; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Run {
    child: Child,
    signs: Receiver<Sign>,
    seen: Vec<Sign>,
}

impl Run {
    /// Starts the command, which must say `--output json`.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("provision can be started");
        let output = child.stdout.take().expect("a pipe");
        let (tell, signs) = channel();
        std::thread::spawn(move || {
            let mut names = std::collections::HashMap::new();
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The last line of a killed run may be cut.
                let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
                let kind = event["event"].as_str().unwrap_or_default().to_owned();
                let task = event["task"].as_u64();
                if let (Some(task), "task") = (task, kind.as_str()) {
                    names.insert(task, event["name"].as_str().unwrap_or_default().to_owned());
                }
                let what = task.and_then(|task| names.get(&task)).map_or(kind.clone(), |name| format!("{kind} {name}"));
                if tell.send(Sign { at: Instant::now(), what, event }).is_err() {
                    break;
                }
            }
        });
        Self { child, signs, seen: Vec::new() }
    }

    /// Waits for an event; when it was. The run must come to it.
    pub(crate) fn wait_for(&mut self, what: &str) -> Instant {
        let end = Instant::now() + DEADLINE;
        self.meet(what, end).unwrap_or_else(|| panic!("the run never came to {what:?}\n{}", self.told()))
    }

    /// Waits for an event until then, and no longer than the run lasts.
    pub(crate) fn meet(&mut self, what: &str, until: Instant) -> Option<Instant> {
        loop {
            if let Some(sign) = self.seen.iter().find(|sign| sign.what == what) {
                return Some(sign.at);
            }
            match self.signs.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(sign) => self.seen.push(sign),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("SIGKILL can be sent");
        self.child.wait().expect("the killed process is collected");
    }

    /// Lets it end, well; its events.
    pub(crate) fn finish(mut self) -> Vec<Sign> {
        self.wait_for("finish");
        let status = self.child.wait().expect("provision ends");
        assert!(status.success(), "{status}\n{}", self.told());
        std::mem::take(&mut self.seen)
    }

    /// What it said so far, for a message.
    fn told(&mut self) -> String {
        drop(self.child.kill());
        let mut text: String = self.seen.iter().map(|sign| format!("{}\n", sign.event)).collect();
        if let Some(mut stderr) = self.child.stderr.take() {
            drop(stderr.read_to_string(&mut text));
        }
        text
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How many tasks changed something on that host.
pub(crate) fn changed(signs: &[Sign], host: &str) -> Option<u64> {
    signs.iter().find(|sign| sign.what == "finish").and_then(|sign| sign.event["hosts"][host]["changed"].as_u64())
}
