//! `--output json`: a run as one JSON object a line, for other programs. The form is described in docs/output.md; its
//! version is [`SCHEMA`].

use std::io::Write;

use protocol::{Data, Map};

use super::{Callback, dump};
use crate::{
    diagnostic::{ErrorChain, Origin},
    event::{Event, HostTotals, ResultEvent, Status, TaskInfo},
    python_json::{self, Style},
    python_repr,
};

/// The version of the form. Keys are added without a change of it; none is taken away or gets another meaning.
pub const SCHEMA: i64 = 1;

/// Writes events as they come. When the reader goes away the run goes on in silence.
pub struct Events {
    out: Box<dyn Write + Send>,
    clock: fn() -> String,
    gone: bool,
}

impl Events {
    /// Writes to `out`; `clock` says the time in RFC 3339.
    pub fn new(out: impl Write + Send + 'static, clock: fn() -> String) -> Self {
        let mut events = Self { out: Box::new(out), clock, gone: false };
        events.write(
            "start",
            object([("schema", Data::from(SCHEMA)), ("version", Data::from(env!("CARGO_PKG_VERSION")))]),
        );
        events
    }

    fn write(&mut self, kind: &str, mut object: Map) {
        if self.gone {
            return;
        }
        object.shift_insert(0, "event".to_owned(), Data::from(kind));
        object.shift_insert(1, "time".to_owned(), Data::from((self.clock)()));
        let style = Style { indent: None, sort_keys: false, ensure_ascii: false };
        let mut line = python_json::dumps(&Data::Map(object), style);
        line.push('\n');
        self.gone = self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush()).is_err();
    }

    fn result(&mut self, kind: &str, result: &ResultEvent, more: Option<(&str, Data)>) {
        let mut object = result_object(result);
        if let Some((key, value)) = more {
            object.insert(key.to_owned(), value);
        }
        self.write(kind, object);
    }
}

fn object<const N: usize>(entries: [(&str, Data); N]) -> Map {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn result_object(result: &ResultEvent) -> Map {
    let (status, ignored) = match result.status {
        Status::Ok => (if result.changed { "changed" } else { "ok" }, false),
        Status::Failed { ignored } => ("failed", ignored),
        Status::Skipped => ("skipped", false),
        Status::Unreachable { ignored } => ("unreachable", ignored),
    };
    let mut map = object([
        ("task", number(result.task.id)),
        ("host", Data::from(&*result.host)),
        ("status", Data::from(status)),
        ("ignored", Data::from(ignored)),
    ]);
    let mut put = |key: &str, value: Option<Data>| {
        if let Some(value) = value {
            map.insert(key.to_owned(), value);
        }
    };
    put("delegated_to", result.delegated.as_deref().map(Data::from));
    let secret = result.values.get("_ansible_no_log").is_some_and(python_repr::truth);
    put("item", if secret { Some(Data::from(dump::item_label(result))) } else { result.label.clone() });
    put("error", result.error.as_ref().map(chain));
    put("warnings", texts(&result.warnings));
    put("deprecations", texts(&result.deprecations));
    let mut values = dump::without_internal(&Data::Map(result.values.clone()));
    if let Data::Map(values) = &mut values {
        // They stand beside the values already, with more to them.
        for key in ["exception", "warnings", "deprecations"] {
            values.shift_remove(key);
        }
    }
    put("result", Some(values));
    map
}

fn texts(chains: &[ErrorChain]) -> Option<Data> {
    (!chains.is_empty()).then(|| Data::List(chains.iter().map(|chain| Data::from(chain.brief())).collect()))
}

/// An error: its message, and the places it names, from the task down to the cause.
fn chain(chain: &ErrorChain) -> Data {
    let mut places: Vec<Data> = Vec::new();
    for link in &chain.links {
        if let Some(Origin::File(span)) = &link.origin {
            let place = Data::Map(object([
                ("file", Data::from(&*span.file)),
                ("line", Data::from(span.line)),
                ("column", Data::from(span.column)),
            ]));
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    let mut map = object([("message", Data::from(chain.brief())), ("places", Data::List(places))]);
    if let Some(help) = chain.links.iter().find_map(|link| link.help.as_deref()) {
        map.insert("help".to_owned(), Data::from(help));
    }
    Data::Map(map)
}

fn number(id: u64) -> Data {
    Data::from(id)
}

fn task(task: &TaskInfo) -> Map {
    object([
        ("task", number(task.id)),
        ("name", Data::from(task.name.as_str())),
        ("action", Data::from(task.action.as_str())),
        ("path", Data::from(task.path.as_str())),
        ("handler", Data::from(task.handler)),
        ("loop", Data::from(task.looped)),
        ("check_mode", Data::from(task.check_mode)),
    ])
}

/// The counts of a host, with ansible-core's names.
pub(super) fn totals(totals: &[HostTotals]) -> Map {
    let mut sorted: Vec<&HostTotals> = totals.iter().collect();
    sorted.sort_by(|one, two| one.host.cmp(&two.host));
    sorted
        .into_iter()
        .map(|host| {
            let counts = object([
                ("ok", number(host.ok)),
                ("changed", number(host.changed)),
                ("unreachable", number(host.unreachable)),
                ("failures", number(host.failed)),
                ("skipped", number(host.skipped)),
                ("rescued", number(host.rescued)),
                ("ignored", number(host.ignored)),
            ]);
            (host.host.clone(), Data::Map(counts))
        })
        .collect()
}

impl Callback for Events {
    fn event(&mut self, event: &Event) {
        match event {
            Event::PlaybookStarted { path } => self.write("playbook", object([("path", Data::from(path.as_str()))])),
            Event::PlayStarted(play) => self.write(
                "play",
                object([
                    ("name", Data::from(play.name.as_str())),
                    ("strategy", Data::from(play.strategy.as_str())),
                    ("check_mode", Data::from(play.check_mode)),
                ]),
            ),
            Event::NoHostsMatched => self.write("no_hosts_matched", Map::new()),
            Event::NoHostsRemaining => self.write("no_hosts_remaining", Map::new()),
            Event::TaskStarted(info) => self.write("task", task(info)),
            Event::HostStarted { task, host } => {
                self.write("host_started", object([("task", number(task.id)), ("host", Data::from(&**host))]));
            }
            Event::Result(result) => self.result("result", result, None),
            Event::ItemResult(result) => self.result("item", result, None),
            Event::Retry { result, left } => self.result("retry", result, Some(("left", Data::from(*left)))),
            Event::JobPolled { result } => self.result("job_polled", result, None),
            Event::JobEnded { result, failed } => {
                self.result("job_ended", result, Some(("job_failed", Data::from(*failed))));
            }
            Event::Included { path, hosts, label } => {
                let hosts = hosts.iter().map(|host| Data::from(&**host)).collect();
                let mut map = object([("path", Data::from(path.as_str())), ("hosts", Data::List(hosts))]);
                if let Some(label) = label {
                    map.insert("item".to_owned(), label.clone());
                }
                self.write("included", map);
            }
            Event::Notified { handler, host } => self
                .write("notified", object([("handler", Data::from(handler.as_str())), ("host", Data::from(&**host))])),
            Event::Warning(warning) => self.write("warning", object([("error", chain(warning))])),
            Event::Deprecation(deprecation) => self.write("deprecation", object([("error", chain(deprecation))])),
            Event::Error(error) => self.write("error", object([("error", chain(error))])),
            Event::Verbose { level, host, message } => {
                let mut map =
                    object([("level", Data::from(i64::from(*level))), ("message", Data::from(message.as_str()))]);
                if let Some(host) = host {
                    map.insert("host".to_owned(), Data::from(&**host));
                }
                self.write("verbose", map);
            }
            Event::RetryFile { path } => self.write("retry_file", object([("path", Data::from(path.as_str()))])),
            Event::Prompt(text) => self.write("prompt", object([("message", Data::from(text.as_str()))])),
            Event::Finished { totals: hosts, custom_stats } => self.write(
                "finish",
                object([("hosts", Data::Map(totals(hosts))), ("custom_stats", Data::Map(custom_stats.clone()))]),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Events;
    use crate::callback::{
        Callback,
        testing::{Buffer, run_of_many_cases},
    };

    #[test]
    fn each_event_is_one_line_of_json() {
        let out = Buffer::default();
        let mut events = Events::new(out.clone(), || "2026-01-02T03:04:05Z".to_owned());
        for event in run_of_many_cases() {
            events.event(&event);
        }
        for line in out.text().lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value["event"].is_string() && value["time"].is_string(), "{line}");
        }
        insta::assert_snapshot!(out.text());
    }

    #[test]
    fn the_item_of_a_secret_task_is_not_told() {
        let out = Buffer::default();
        let mut events = Events::new(out.clone(), String::new);
        run_of_many_cases().iter().for_each(|event| events.event(event));
        assert!(!out.text().contains("hush"), "{}", out.text());
    }

    #[test]
    fn ansibles_own_keys_are_left_out() {
        let out = Buffer::default();
        let mut events = Events::new(out.clone(), String::new);
        run_of_many_cases().iter().for_each(|event| events.event(event));
        assert!(!out.text().contains("_ansible_"), "{}", out.text());
    }
}
