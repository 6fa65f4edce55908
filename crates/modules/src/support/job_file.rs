//! The file in which a background job (`async`) keeps its state and result: JSON, as Ansible's own jobs write it.

use std::{fs, io, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use protocol::{Data, Map, Outcome, outcome::Diff};
use serde_json::{Number, Value};

/// What is written.
pub enum Record<'a> {
    /// The job runs.
    Started {
        /// Its id.
        id: &'a str,
    },
    /// It ended.
    Finished {
        /// What came of it.
        outcome: &'a Outcome,
        /// Its arguments, for `invocation`.
        arguments: Map,
    },
    /// It ran longer than allowed.
    TimedOut {
        /// Its process id.
        child: u32,
    },
}

/// Writes a job's file in one step; only its user may read it.
///
/// # Errors
///
/// What the system says.
pub fn write(path: &Path, record: Record<'_>) -> io::Result<()> {
    let map = match record {
        Record::Started { id } => Map::from([
            ("started".to_owned(), Data::Bool(true)),
            ("finished".to_owned(), Data::Bool(false)),
            ("ansible_job_id".to_owned(), Data::from(id)),
        ]),
        Record::Finished { outcome, arguments } => {
            let mut map = to_map(outcome);
            let invocation = Map::from([("module_args".to_owned(), Data::Map(arguments))]);
            map.insert("invocation".to_owned(), Data::Map(invocation));
            map
        }
        Record::TimedOut { child } => Map::from([
            ("msg".to_owned(), Data::from("Timeout exceeded")),
            ("failed".to_owned(), Data::Bool(true)),
            ("child_pid".to_owned(), Data::from(child)),
        ]),
    };
    let temporary = path.with_extension("tmp");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(to_json(Data::Map(map)).to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// A result as the map that Ansible's modules print.
#[must_use]
pub fn to_map(outcome: &Outcome) -> Map {
    let mut map = outcome.values.clone();
    let mut set = |key: &str, value: Data| map.insert(key.to_owned(), value);
    if let Some(changed) = outcome.changed {
        set("changed", changed.into());
    }
    if outcome.failed {
        set("failed", true.into());
    }
    if outcome.skipped {
        set("skipped", true.into());
    }
    if let Some(msg) = outcome.message() {
        set("msg", msg.into());
    }
    if let Some(cause) = &outcome.cause {
        set("exception", cause.as_str().into());
    }
    if let Some(facts) = &outcome.facts {
        set("ansible_facts", facts.clone().into());
    }
    if !outcome.diff.is_empty() {
        set("diff", Data::List(outcome.diff.iter().map(Diff::to_data).collect()));
    }
    if !outcome.warnings.is_empty() {
        set("warnings", outcome.warnings.clone().into());
    }
    map
}

/// A result from the map that Ansible's modules print; other keys become values.
#[must_use]
pub fn from_map(mut map: Map) -> Outcome {
    let mut outcome = Outcome::default();
    let mut flag = |key: &str| map.shift_remove(key).and_then(|value| value.as_bool());
    outcome.changed = flag("changed");
    outcome.failed = flag("failed").unwrap_or(false);
    outcome.skipped = flag("skipped").unwrap_or(false);
    outcome.msg = map.shift_remove("msg").and_then(|value| value.as_str().map(str::to_owned));
    outcome.cause = map.shift_remove("exception").and_then(|value| value.as_str().map(str::to_owned));
    outcome.facts = map.shift_remove("ansible_facts").and_then(|value| value.as_map().cloned());
    let texts = |value: Option<Data>| -> Vec<String> {
        let items = value.and_then(|value| value.as_list().map(<[Data]>::to_vec)).unwrap_or_default();
        items.iter().map(protocol::arguments::python::str).collect()
    };
    outcome.warnings = texts(map.shift_remove("warnings"));
    outcome.deprecations = texts(map.shift_remove("deprecations"));
    outcome.diff = match map.shift_remove("diff") {
        Some(Data::List(items)) => items.into_iter().filter_map(diff_from_data).collect(),
        Some(other) => diff_from_data(other).into_iter().collect(),
        None => Vec::new(),
    };
    outcome.values = map;
    outcome
}

fn diff_from_data(data: Data) -> Option<Diff> {
    let Data::Map(map) = data else { return None };
    if let Some(Data::Str(text)) = map.get("prepared") {
        return Some(Diff::Prepared(text.clone()));
    }
    let header = |key: &str| map.get(key).and_then(Data::as_str).map(str::to_owned);
    let (before_header, after_header) = (header("before_header"), header("after_header"));
    match (map.get("before").cloned(), map.get("after").cloned()) {
        (Some(Data::Map(before)), Some(Data::Map(after))) => {
            Some(Diff::State { before_header, after_header, before, after })
        }
        (Some(Data::Str(before)), Some(Data::Str(after))) => {
            Some(Diff::Text { before_header, after_header, before, after })
        }
        _ => Some(Diff::Keys(map)),
    }
}

/// Data as JSON.
#[must_use]
pub fn to_json(data: Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(value) => Value::Bool(value),
        Data::Int(number) => Value::Number(number.into()),
        Data::BigInt(digits) => {
            digits.parse::<u64>().map_or_else(|_| Value::String(digits), |number| Value::Number(number.into()))
        }
        Data::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Data::Str(text) => Value::String(text),
        Data::List(items) => Value::Array(items.into_iter().map(to_json).collect()),
        Data::Map(map) => Value::Object(map.into_iter().map(|(key, value)| (key, to_json(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_reads_back_from_its_map() {
        let mut outcome = Outcome::changed(true).with_msg("done").with("rc", 0);
        outcome.warnings.push("careful".to_owned());
        outcome.cause = Some("[Errno 2]".to_owned());
        outcome.diff.push(Diff::Text {
            before_header: None,
            after_header: Some("x".to_owned()),
            before: "a".to_owned(),
            after: "b".to_owned(),
        });
        assert_eq!(from_map(to_map(&outcome)), outcome);
    }
}
