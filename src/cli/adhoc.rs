//! One task without a playbook: `provision exec`, `ansible`.

use std::sync::Arc;

use protocol::{Data, Map};

use super::options::ExecOptions;
use crate::{
    callback::Callback,
    diagnostic::{ErrorChain, Origin},
    event::Event,
    playbook::arguments::parse_kv,
    python_repr,
};

/// The name of the playbook that is made of the task.
pub const ADHOC: &str = "<adhoc>";

/// Actions whose arguments are a command.
const FREE_FORM: [&str; 6] = ["command", "shell", "script", "raw", "win_command", "win_shell"];

/// The task as a playbook; JSON is YAML.
#[must_use]
pub fn playbook(options: &ExecOptions) -> String {
    let mut task = serde_json::Map::new();
    let module = &options.module;
    match json(&options.arguments) {
        Some(arguments) => task.insert(module.clone(), serde_json::Value::Object(arguments)),
        None if options.arguments.is_empty() => task.insert("action".to_owned(), module.as_str().into()),
        None => task.insert("action".to_owned(), format!("{module} {}", options.arguments).into()),
    };
    task.insert("timeout".to_owned(), options.run.config.task_timeout.into());
    if options.background > 0 {
        task.insert("async".to_owned(), options.background.into());
        task.insert("poll".to_owned(), options.poll.into());
    }
    let play = serde_json::json!([{
        "name": "Ansible Ad-Hoc",
        "hosts": options.pattern,
        "gather_facts": false,
        "tasks": [task],
    }]);
    play.to_string()
}

/// Arguments that are given as a JSON object.
fn json(arguments: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    let object = arguments.starts_with('{') && arguments.ends_with('}');
    object.then(|| serde_json::from_str(arguments.trim()).ok()).flatten()
}

/// The task as ansible-core shows it where it failed.
fn shown(options: &ExecOptions) -> String {
    let arguments = match json(&options.arguments) {
        Some(object) => Data::from_json(serde_json::Value::Object(object)),
        None => {
            let short = options.module.rsplit('.').next().unwrap_or(&options.module);
            let split = parse_kv(&options.arguments, FREE_FORM.contains(&short)).unwrap_or_default();
            let mut map: Map = split.options.into_iter().map(|(key, value)| (key, Data::from(value))).collect();
            if let Some(raw) = split.raw {
                map.insert("_raw_params".to_owned(), Data::from(raw));
            }
            Data::Map(map)
        }
    };
    let task = [
        ("action", Data::from(options.module.as_str())),
        ("args", arguments),
        ("timeout", Data::from(options.run.config.task_timeout)),
        ("async_val", Data::from(options.background)),
        ("poll", Data::from(options.poll)),
    ];
    python_repr::repr(&Data::Map(task.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

/// Hears a run of one task: errors name the task instead of a place in a playbook that nobody wrote.
pub struct Adhoc<C> {
    inner: C,
    origin: Origin,
}

impl<C: Callback> Adhoc<C> {
    /// Hands events on to `inner`.
    pub fn new(inner: C, options: &ExecOptions) -> Self {
        let origin = Origin::Named { name: format!("<adhoc '{}' task>", options.module), value: shown(options) };
        Self { inner, origin }
    }

    fn rename(&self, chain: &mut ErrorChain) {
        for link in &mut chain.links {
            if matches!(&link.origin, Some(Origin::File(span)) if span.file.ends_with(ADHOC)) {
                link.origin = Some(self.origin.clone());
            }
        }
    }
}

impl<C: Callback> Callback for Adhoc<C> {
    fn event(&mut self, event: &Event) {
        let Event::Result(result) = event else { return self.inner.event(event) };
        let mut result = result.clone();
        if let Some(error) = &mut result.error {
            self.rename(error);
        }
        for warning in result.warnings.iter_mut().chain(&mut result.deprecations) {
            self.rename(warning);
        }
        let mut task = (*result.task).clone();
        task.path.clear();
        result.task = Arc::new(task);
        self.inner.event(&Event::Result(result));
    }
}
