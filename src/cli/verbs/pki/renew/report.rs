//! What came of each certificate: a line as it happens, and all of it at the end.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use pki::store::Holder;
use protocol::Data;
use serde_json::{Map, Value, json};

use crate::{
    callback::{Callback, Options, Screen},
    cli::{exit, verbs::pki::form::Done},
    event::{Event, ResultEvent, Status},
    python_json::{self, Style},
};

/// The exit code of a certificate that a service could not take: the old one is in use again.
const ROLLED_BACK: u8 = 5;
/// The exit codes of failures, gravest first.
const GRAVITY: [u8; 6] = [ROLLED_BACK, 4, 3, 2, 6, 7];

/// What came of all of them.
#[derive(Debug, Default)]
pub(super) struct Report {
    certificates: Vec<Value>,
    hosts: BTreeSet<String>,
    codes: BTreeSet<u8>,
    served: Vec<(Holder, bool)>,
    renewed: usize,
    due: usize,
    kept: usize,
    waiting: usize,
    failed: usize,
}

impl Report {
    /// Nothing was looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// Whether something of that host was looked at.
    pub(super) fn has_seen(&self, host: &str) -> bool {
        self.hosts.contains(host)
    }

    /// Whether a failure ended the run: one of a service that could not take its certificate does.
    pub(super) fn has_stopped(&self) -> bool {
        self.codes.contains(&ROLLED_BACK)
    }

    /// Whether services present what they should, where that was seen.
    pub(super) fn served(&self) -> &[(Holder, bool)] {
        &self.served
    }

    /// All of it, and the exit code.
    pub(super) fn done(self, not_tried: BTreeSet<String>, dry: bool) -> Done {
        let mut parts = Vec::new();
        let counted = [
            (self.renewed, "renewed"),
            (self.due, "due"),
            (self.waiting, "waiting after a failure"),
            (self.kept, "not due"),
            (self.failed, "failed"),
        ];
        for (count, what) in counted.into_iter().filter(|(count, _)| *count > 0) {
            parts.push(format!("{count} {what}"));
        }
        let mut text = format!("{}: {}", if dry { "nothing was changed" } else { "done" }, parts.join(", "));
        let not_tried: Vec<_> = not_tried.into_iter().collect();
        if !not_tried.is_empty() {
            text.push_str(&format!("\nnot tried after the failure: {}", not_tried.join(", ")));
        }
        let json = json!({
            "certificates": self.certificates, "renewed": self.renewed, "due": self.due, "waiting": self.waiting,
            "kept": self.kept, "failed": self.failed, "not_tried": not_tried,
        });
        let code = GRAVITY.into_iter().find(|code| self.codes.contains(code)).unwrap_or(exit::OK);
        Done { text, json, code }
    }

    /// Takes one result; what is to be shown of it.
    fn take(&mut self, result: &ResultEvent) -> Option<String> {
        let host = result.host.to_string();
        let text = |name: &str| result.values.get(name).and_then(Data::as_str);
        let label = match &result.label {
            Some(Data::Str(label)) => label.clone(),
            _ => host.clone(),
        };
        let name = text("holder").unwrap_or(&label).to_owned();
        let (state, code) = match result.status {
            Status::Skipped => return None,
            Status::Unreachable { .. } => ("unreachable", 7),
            Status::Failed { .. } => (
                "failed",
                match text("kind") {
                    Some("rolled_back") => ROLLED_BACK,
                    Some("failed") => 4,
                    Some("refused") => 3,
                    Some("locked") => 6,
                    Some("io" | "host") => 7,
                    _ => 2,
                },
            ),
            Status::Ok => (text("state").unwrap_or("kept"), exit::OK),
        };
        self.hosts.insert(host.clone());
        if let (Some(Data::Bool(matches)), Ok(holder)) = (result.values.get("matches"), Holder::parse(&name)) {
            self.served.push((holder, *matches));
        }
        let reasons = reasons(result);
        let why = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
        let problem = text("msg").unwrap_or_default();
        let line = match state {
            "renewed" => {
                self.renewed += 1;
                let served = if text("served").is_some() { ", served" } else { "" };
                let (serial, end) = (text("serial").unwrap_or_default(), text("not_after").unwrap_or_default());
                format!("{name}: renewed{why}\n  serial {serial}, until {end}{served}")
            }
            "activated" => {
                self.renewed += 1;
                format!("{name}: reloaded{why}")
            }
            "differs" => {
                self.due += 1;
                format!("{name}: to be reloaded{why}")
            }
            "due" => {
                self.due += 1;
                format!("{name}: due{why}")
            }
            "waiting" => {
                self.waiting += 1;
                format!("{name}: waits until {}{why}", text("next_try").unwrap_or_default())
            }
            "failed" => {
                self.failed += 1;
                self.codes.insert(code);
                let back = match (code, text("rollback_problem")) {
                    (ROLLED_BACK, None) if result.values.get("rolled_back") != Some(&Data::Bool(true)) => {
                        ". It could not be rolled back".to_owned()
                    }
                    (ROLLED_BACK, None) => ". The old certificate is in use again.".to_owned(),
                    (ROLLED_BACK, Some(problem)) if result.values.get("rolled_back") != Some(&Data::Bool(true)) => {
                        format!(". It could not be rolled back: {problem}")
                    }
                    (ROLLED_BACK, Some(problem)) => {
                        format!(". The old certificate is back in place, but the service did not take it: {problem}")
                    }
                    (_, Some(problem)) => format!(". It could not be rolled back: {problem}"),
                    _ => String::new(),
                };
                let said = match text("said").unwrap_or_default() {
                    "" => String::new(),
                    said => format!("\n  {}", said.replace('\n', "\n  ")),
                };
                format!("{name}: FAILED: {problem}{back}{said}")
            }
            "unreachable" => {
                self.failed += 1;
                self.codes.insert(code);
                format!("{name}: host {host} cannot be reached: {problem}")
            }
            _ => {
                self.kept += 1;
                format!("{name}: not due, to be renewed from {}", text("renew_due").unwrap_or_default())
            }
        };
        self.certificates.push(self.object(result, &name, &host, state, code));
        Some(line)
    }

    fn object(&self, result: &ResultEvent, name: &str, host: &str, state: &str, code: u8) -> Value {
        let mut object = Map::new();
        object.insert("holder".to_owned(), name.into());
        object.insert("host".to_owned(), host.into());
        object.insert("state".to_owned(), state.into());
        object.insert("changed".to_owned(), result.changed.into());
        for key in ["serial", "not_after", "renew_due", "names", "reasons", "previous", "served", "matches", "next_try"]
        {
            if let Some(value) = result.values.get(key) {
                object.insert(key.to_owned(), json_of(value));
            }
        }
        if code != exit::OK {
            let mut failure = Map::new();
            failure.insert("code".to_owned(), code.into());
            for key in ["msg", "kind", "step", "said", "rolled_back", "rollback_problem"] {
                if let Some(value) = result.values.get(key) {
                    let key = if key == "msg" { "message" } else { key };
                    failure.insert(key.to_owned(), json_of(value));
                }
            }
            object.insert("failure".to_owned(), failure.into());
        }
        object.into()
    }
}

fn json_of(value: &Data) -> Value {
    serde_json::from_str(&python_json::dumps(value, Style::default())).unwrap_or_default()
}

fn reasons(result: &ResultEvent) -> Vec<String> {
    let Some(Data::List(reasons)) = result.values.get("reasons") else { return Vec::new() };
    let text = |one: &Data| match one {
        Data::Map(one) => one.get("text").and_then(Data::as_str).map(str::to_owned),
        _ => None,
    };
    reasons.iter().filter_map(text).collect()
}

/// Hears the run.
pub(super) struct Collector {
    report: Arc<Mutex<Report>>,
    screen: Option<Screen>,
    options: Options,
}

impl Collector {
    /// Shows lines on that screen, if there is one.
    pub(super) fn new(report: Arc<Mutex<Report>>, screen: Option<Screen>, options: Options) -> Self {
        Self { report, screen, options }
    }

    fn take(&mut self, result: &ResultEvent, whole: bool) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        // Of a loop its items were heard already; what went wrong before the first item is heard here alone.
        if whole && report.has_seen(&result.host) {
            return;
        }
        let line = report.take(result);
        if let (Some(screen), Some(line)) = (&mut self.screen, line) {
            screen.line(&line, "");
            for warning in &result.warnings {
                screen.warning(warning, &self.options);
            }
        }
    }
}

impl Callback for Collector {
    fn event(&mut self, event: &Event) {
        match event {
            Event::ItemResult(result) => self.take(result, false),
            Event::Result(result) if !matches!(result.status, Status::Ok | Status::Skipped) => self.take(result, true),
            Event::Error(error) | Event::Warning(error) => {
                if let Some(screen) = &mut self.screen {
                    screen.warning(error, &self.options);
                }
            }
            _ => {}
        }
    }
}
