//! How results are written on the screen: what is left out, and in which form the rest is shown.

use protocol::{Data, Map};

use super::options::{Options, ResultFormat};
use crate::{
    event::{ResultEvent, TaskInfo},
    python_json::{self, Style},
    python_repr,
};

/// What callbacks get of a result: without what the event already says.
#[must_use]
pub fn callback_values(result: &ResultEvent) -> Map {
    let debug = is_debug(&result.task);
    let hidden = |key: &str| key == "failed" || key == "skipped" || (debug && key == "invocation");
    result.values.iter().filter(|(key, _)| !hidden(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Leaves of `debug`'s result only what it was asked to show.
pub fn clean(values: &mut Map, task: &TaskInfo) {
    if !is_debug(task) {
        return;
    }
    if values.contains_key("msg") {
        values.retain(|key, _| {
            key.starts_with('_') || matches!(key.as_str(), "msg" | "exception" | "warnings" | "deprecations")
        });
    } else {
        const HIDDEN: [&str; 8] = [
            "changed",
            "failed",
            "skipped",
            "invocation",
            "skip_reason",
            "ansible_loop_var",
            "ansible_index_var",
            "ansible_loop",
        ];
        values.retain(|key, _| !HIDDEN.contains(&key.as_str()));
    }
}

fn is_debug(task: &TaskInfo) -> bool {
    task.short_action == "debug"
}

fn flag(values: &Map, key: &str) -> bool {
    values.get(key) == Some(&Data::Bool(true))
}

/// Whether a result's values are shown at all, `beyond` this many `-v`.
#[must_use]
pub fn is_verbose(values: &Map, options: &Options, beyond: u8) -> bool {
    (options.verbosity > beyond || flag(values, "_ansible_verbose_always"))
        && !flag(values, "_ansible_verbose_override")
}

/// The host as a result names it, with the one that did the work where it is another.
#[must_use]
pub fn host_label(result: &ResultEvent) -> String {
    let Some(delegate) = result.delegated.as_ref().filter(|delegate| **delegate != result.host) else {
        return result.host.to_string();
    };
    let address = result
        .values
        .get("_ansible_delegated_vars")
        .and_then(Data::as_map)
        .and_then(|vars| vars.get("ansible_host"))
        .and_then(Data::as_str)
        .filter(|address| *address != &**delegate);
    match address {
        Some(address) => format!("{} -> {delegate}({address})", result.host),
        None => format!("{} -> {delegate}", result.host),
    }
}

/// The item as a result names it.
#[must_use]
pub fn item_label(result: &ResultEvent) -> String {
    if result.values.get("_ansible_no_log").is_some_and(python_repr::truth) {
        return "(censored due to no_log)".to_owned();
    }
    result.label.as_ref().map_or_else(|| "None".to_owned(), python_repr::str)
}

/// A result's values as text: one line of JSON, or more where the operator or the action asked for it.
#[must_use]
pub fn results(values: &Map, indent: Option<usize>, options: &Options) -> String {
    let asked = values.get("_ansible_verbose_always").is_some_and(python_repr::truth)
        || (options.pretty_results.is_none() && options.result_format != ResultFormat::Json)
        || options.pretty_results == Some(true)
        || options.verbosity > 2;
    let indent = match (indent, options.pretty_results) {
        (_, Some(false)) => None,
        (None | Some(0), _) if asked => Some(4),
        _ => indent,
    };
    let mut shown = Map::new();
    for (key, value) in values {
        let hidden = key.starts_with("_ansible_")
            || (options.verbosity < 3 && matches!(key.as_str(), "invocation" | "diff"))
            || matches!(key.as_str(), "exception" | "warnings" | "deprecations");
        if !hidden {
            shown.insert(key.clone(), without_internal(value));
        }
    }
    match options.result_format {
        ResultFormat::Json => {
            python_json::dumps(&Data::Map(shown), Style { indent, sort_keys: true, ensure_ascii: false })
        }
        ResultFormat::Yaml => {
            let lossy = options.pretty_results != Some(false);
            for stream in ["stdout", "stderr"].into_iter().filter(|_| lossy) {
                let lines = format!("{stream}_lines");
                if shown.contains_key(stream) && shown.contains_key(&lines) {
                    shown.insert(lines, Data::from("<omitted>"));
                }
            }
            format!("\n{}", super::yaml::indented(&Data::Map(shown), lossy, indent, indent.unwrap_or(4)))
        }
    }
}

/// A value without the keys that are Ansible's own.
pub(super) fn without_internal(value: &Data) -> Data {
    match value {
        Data::Map(map) => Data::Map(
            map.iter()
                .filter(|(key, _)| !key.starts_with("_ansible_"))
                .map(|(key, value)| (key.clone(), without_internal(value)))
                .collect(),
        ),
        Data::List(items) => Data::List(items.iter().map(without_internal).collect()),
        other => other.clone(),
    }
}
