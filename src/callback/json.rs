//! The stdout callback `ansible.posix.json`: one JSON document when the run is over.

use protocol::{Data, Map};

use super::{Callback, Options, Screen, events, screen::Stream};
use crate::{
    event::{Event, ResultEvent, Status, TaskInfo},
    python_json::{self, Style},
};

/// Gathers a run and prints it at its end. What stands on standard error otherwise stays there.
pub struct Json {
    screen: Screen,
    options: Options,
    clock: fn() -> String,
    plays: Vec<Entry>,
}

/// A play with its tasks, or a task with its hosts.
struct Entry {
    head: Map,
    start: String,
    end: Option<String>,
    id: u64,
    tasks: Vec<Entry>,
    hosts: Map,
}

impl Entry {
    fn new(head: Map, id: u64, now: String) -> Self {
        Self { head, start: now, end: None, id, tasks: Vec::new(), hosts: Map::new() }
    }

    fn head(&self) -> Data {
        let mut duration = Map::from([("start".to_owned(), Data::from(self.start.as_str()))]);
        if let Some(end) = &self.end {
            duration.insert("end".to_owned(), Data::from(end.as_str()));
        }
        let mut head = self.head.clone();
        head.insert("duration".to_owned(), Data::Map(duration));
        Data::Map(head)
    }
}

impl Json {
    /// Prints on the screen; `clock` says the time in ISO 8601.
    #[must_use]
    pub fn new(screen: Screen, options: Options, clock: fn() -> String) -> Self {
        Self { screen, options, clock, plays: Vec::new() }
    }

    fn task(&mut self, task: &TaskInfo) {
        let now = (self.clock)();
        let head = Map::from([
            ("id".to_owned(), Data::from(task.id.to_string())),
            ("name".to_owned(), Data::from(task.name.as_str())),
            ("path".to_owned(), Data::from(task.path.as_str())),
        ]);
        if let Some(play) = self.plays.last_mut() {
            play.tasks.push(Entry::new(head, task.id, now));
        }
    }

    fn result(&mut self, result: &ResultEvent) {
        let now = (self.clock)();
        let known = |play: &Entry| play.tasks.iter().any(|task| task.id == result.task.id);
        if !self.plays.last().is_some_and(known) {
            self.task(&result.task);
        }
        let mut values = super::dump::callback_values(result);
        match result.status {
            Status::Ok => {}
            Status::Failed { .. } => {
                values.insert("failed".to_owned(), Data::Bool(true));
            }
            Status::Skipped => {
                values.insert("skipped".to_owned(), Data::Bool(true));
            }
            Status::Unreachable { .. } => {
                values.insert("unreachable".to_owned(), Data::Bool(true));
            }
        }
        values.insert("action".to_owned(), Data::from(result.task.action.as_str()));
        let values = super::dump::without_internal(&Data::Map(values));
        if let Some(play) = self.plays.last_mut() {
            play.end = Some(now.clone());
            if let Some(task) = play.tasks.iter_mut().rev().find(|task| task.id == result.task.id) {
                task.end = Some(now);
                task.hosts.insert(result.host.to_string(), values);
            }
        }
    }

    fn document(&self, stats: Map, custom: &Map) -> Data {
        let plays = self.plays.iter().map(|play| {
            let tasks = play.tasks.iter().map(|task| {
                let hosts = Data::Map(task.hosts.clone());
                Data::Map(Map::from([("hosts".to_owned(), hosts), ("task".to_owned(), task.head())]))
            });
            let tasks = Data::List(tasks.collect());
            Data::Map(Map::from([("play".to_owned(), play.head()), ("tasks".to_owned(), tasks)]))
        });
        let mut by_host = custom.clone();
        let run = by_host.shift_remove("_run").unwrap_or_else(|| Data::Map(Map::new()));
        Data::Map(Map::from([
            ("plays".to_owned(), Data::List(plays.collect())),
            ("stats".to_owned(), Data::Map(stats)),
            ("custom_stats".to_owned(), Data::Map(by_host)),
            ("global_custom_stats".to_owned(), run),
        ]))
    }
}

impl Callback for Json {
    fn event(&mut self, event: &Event) {
        match event {
            Event::PlayStarted(play) => {
                let id = self.plays.len() as u64;
                let head = Map::from([
                    ("id".to_owned(), Data::from(id.to_string())),
                    ("name".to_owned(), Data::from(play.name.as_str())),
                ]);
                let now = (self.clock)();
                self.plays.push(Entry::new(head, id, now));
            }
            Event::TaskStarted(task) => self.task(task),
            Event::Result(result) => self.result(result),
            Event::Finished { totals, custom_stats } => {
                let document = self.document(events::totals(totals), custom_stats);
                let style = Style { indent: Some(4), sort_keys: true, ensure_ascii: true };
                self.screen.display(&python_json::dumps(&document, style), None, Stream::Out);
            }
            Event::Warning(_) | Event::Deprecation(_) | Event::Error(_) => {
                self.screen.common(event, &self.options);
            }
            Event::PlaybookStarted { .. }
            | Event::NoHostsMatched
            | Event::NoHostsRemaining
            | Event::HostStarted { .. }
            | Event::ItemResult(_)
            | Event::Retry { .. }
            | Event::JobPolled { .. }
            | Event::JobEnded { .. }
            | Event::Included { .. }
            | Event::Notified { .. }
            | Event::Verbose { .. }
            | Event::RetryFile { .. }
            | Event::Prompt(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Json;
    use crate::callback::{
        Options,
        testing::{run, run_of_many_cases},
    };

    #[test]
    fn the_document_has_plays_tasks_hosts_and_stats() {
        let clock = || "2026-01-02T03:04:05.000006Z".to_owned();
        let (out, err) = run(|screen| Json::new(screen, Options::default(), clock), &run_of_many_cases());
        let document: serde_json::Value = serde_json::from_str(&out).unwrap();
        let first = &document["plays"][0];
        assert_eq!(first["play"]["name"], "First");
        assert_eq!(first["tasks"][0]["task"]["name"], "say");
        assert_eq!(first["tasks"][0]["hosts"]["h1"]["msg"], "hé");
        assert_eq!(first["tasks"][0]["hosts"]["h1"]["action"], "debug");
        assert_eq!(first["tasks"][1]["hosts"]["h1"]["failed"], true);
        assert_eq!(document["stats"]["h1"]["failures"], 1);
        assert_eq!(document["custom_stats"]["h1"]["n"], 1);
        assert_eq!(document["global_custom_stats"]["total"][1], 2);
        assert!(err.starts_with("[ERROR]: Task failed"), "{err}");
    }
}
