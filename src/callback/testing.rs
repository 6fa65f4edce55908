//! A recorded run for the tests of callbacks: what a playbook of many cases says, event by event.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use protocol::{Data, Map};

use super::{Callback, Screen};
use crate::{
    diagnostic::{ErrorChain, Link},
    event::{Event, HostTotals, PlayInfo, ResultEvent, Status, TaskInfo},
};

/// A writer whose text can be read afterwards.
#[derive(Clone, Default)]
pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs events through a callback; what came on standard output and error.
pub(crate) fn run<C: Callback>(make: impl FnOnce(Screen) -> C, events: &[Event]) -> (String, String) {
    let (out, err) = (Buffer::default(), Buffer::default());
    let mut callback = make(Screen::new(out.clone(), err.clone()));
    for event in events {
        callback.event(event);
    }
    (out.text(), err.text())
}

/// A map out of JSON.
pub(crate) fn map(json: &str) -> Map {
    match Data::from_json(serde_json::from_str(json).unwrap()) {
        Data::Map(map) => map,
        other => panic!("{other:?} is not a map"),
    }
}

/// A task of this name and action.
pub(crate) fn task(id: u64, name: &str, action: &str) -> TaskInfo {
    TaskInfo {
        id,
        name: name.to_owned(),
        own_name: None,
        role: None,
        action: action.to_owned(),
        short_action: action.to_owned(),
        path: format!("/p/site.yml:{id}"),
        handler: false,
        looped: false,
        check_mode: false,
        diff_mode: false,
        arguments: None,
    }
}

/// A result of `h1`; whether it changed is read from the values.
pub(crate) fn result(task: &TaskInfo, status: Status, values: &str) -> ResultEvent {
    let values = map(values);
    ResultEvent {
        task: Arc::new(task.clone()),
        host: Arc::from("h1"),
        delegated: None,
        status,
        changed: values.get("changed") == Some(&Data::Bool(true)),
        values,
        label: None,
        warnings: Vec::new(),
        deprecations: Vec::new(),
        error: None,
    }
}

/// The beginning of a task.
pub(crate) fn start(task: &TaskInfo) -> Event {
    Event::TaskStarted(Arc::new(task.clone()))
}

/// The end of a task.
pub(crate) fn end(task: &TaskInfo, status: Status, values: &str) -> Event {
    Event::Result(Box::new(result(task, status, values)))
}

/// The end of an item.
pub(crate) fn item(task: &TaskInfo, status: Status, label: Data, values: &str) -> Event {
    Event::ItemResult(Box::new(ResultEvent { label: Some(label), ..result(task, status, values) }))
}

/// A run with a result of each kind.
pub(crate) fn run_of_many_cases() -> Vec<Event> {
    let failed = Status::Failed { ignored: false };
    let ignored = Status::Failed { ignored: true };
    let debug = task(1, "say", "debug");
    let command = TaskInfo { looped: true, ..task(2, "command", "command") };
    let fail = task(3, "base : refuse", "fail");
    let copy = TaskInfo { diff_mode: true, ..task(4, "copy", "copy") };
    let include = task(5, "include_tasks", "include_tasks");
    let retry = TaskInfo { own_name: Some("wait".to_owned()), ..task(6, "base : wait", "command") };
    let job = task(7, "job", "command");
    let handler = TaskInfo { handler: true, ..task(8, "restart", "debug") };
    let secret = TaskInfo { looped: true, ..task(9, "secret", "command") };
    let error = ErrorChain::new(Link::new("Task failed: Action failed: no"));
    let mut refused = result(&fail, ignored, r#"{"changed": false, "failed": true, "msg": "no"}"#);
    refused.error = Some(error.clone());
    refused.warnings.push(ErrorChain::new(Link::new("mind the gap")));
    let mut delegated = result(&job, Status::Ok, r#"{"changed": true, "ansible_job_id": "j1.2"}"#);
    delegated.delegated = Some(Arc::from("h2"));
    delegated.values.insert("_ansible_delegated_vars".to_owned(), Data::Map(map(r#"{"ansible_host": "10.0.0.2"}"#)));
    vec![
        Event::PlaybookStarted { path: "/p/site.yml".to_owned() },
        Event::PlayStarted(PlayInfo { name: "First".to_owned(), check_mode: false, strategy: "linear".to_owned() }),
        start(&debug),
        end(&debug, Status::Ok, r#"{"msg": "hé", "changed": false, "_ansible_verbose_always": true}"#),
        start(&command),
        item(
            &command,
            Status::Ok,
            Data::Map(map(r#"{"a": 1}"#)),
            r#"{"changed": true, "cmd": ["true"], "invocation": {"module_args": {}}, "item": {"a": 1}}"#,
        ),
        item(&command, Status::Skipped, Data::from("b"), r#"{"changed": false, "skipped": true, "item": "b"}"#),
        item(&command, failed, Data::from(3), r#"{"changed": true, "failed": true, "rc": 1, "item": 3}"#),
        end(&command, ignored, r#"{"changed": true, "msg": "One or more items failed", "results": []}"#),
        start(&fail),
        Event::Result(Box::new(refused)),
        end(&fail, Status::Skipped, r#"{"changed": false, "skipped": true, "skip_reason": "x"}"#),
        end(&fail, Status::Unreachable { ignored: false }, r#"{"changed": false, "msg": "gone", "unreachable": true}"#),
        start(&copy),
        end(
            &copy,
            Status::Ok,
            r#"{"changed": true, "diff": [{"before": "", "after": "a\nb", "after_header": "/f"}], "dest": "/f"}"#,
        ),
        start(&include),
        Event::Included {
            path: "/p/inc.yml".to_owned(),
            hosts: vec![Arc::from("h1"), Arc::from("h2")],
            label: Some(Data::from(1)),
        },
        end(&include, Status::Ok, r#"{"include": "inc.yml"}"#),
        start(&retry),
        Event::Retry { result: Box::new(result(&retry, failed, r#"{"attempts": 1, "retries": 4, "rc": 1}"#)), left: 3 },
        end(&retry, Status::Ok, r#"{"changed": false, "attempts": 2, "rc": 0}"#),
        start(&job),
        Event::JobPolled {
            result: Box::new(result(&job, Status::Ok, r#"{"ansible_job_id": "j1.2", "started": 1, "finished": 0}"#)),
        },
        Event::JobEnded { result: Box::new(delegated.clone()), failed: false },
        Event::Result(Box::new(delegated)),
        start(&secret),
        item(
            &secret,
            failed,
            Data::from("hush"),
            r#"{"censored": "hidden", "changed": true, "_ansible_no_log": true}"#,
        ),
        Event::Notified { handler: "restart".to_owned(), host: Arc::from("h1") },
        start(&handler),
        end(
            &handler,
            Status::Ok,
            r#"{"x": [1, {"b": null, "a": []}], "changed": false, "_ansible_verbose_always": true}"#,
        ),
        Event::Verbose { level: 3, host: Some(Arc::from("h1")), message: "ESTABLISH".to_owned() },
        Event::Error(error),
        Event::PlayStarted(PlayInfo { name: " ".to_owned(), check_mode: true, strategy: "free".to_owned() }),
        Event::NoHostsMatched,
        Event::NoHostsRemaining,
        Event::Finished {
            totals: vec![
                HostTotals { host: "h2".to_owned(), ok: 1, ..HostTotals::default() },
                HostTotals {
                    host: "h1".to_owned(),
                    ok: 12,
                    changed: 3,
                    failed: 1,
                    ignored: 2,
                    ..HostTotals::default()
                },
            ],
            custom_stats: map(r#"{"h1": {"n": 1}, "_run": {"total": [1, 2]}}"#),
        },
    ]
}
