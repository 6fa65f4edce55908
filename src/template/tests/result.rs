//! How a task went: `failed`, `success`, `changed`, `skipped`, `unreachable`, `finished`, ...

use jinja::{Call, Dict, Environment, Error, Value};

use super::super::filters::{Result, only};
use crate::template::Notice;

pub(super) fn add(env: &mut Environment) {
    for name in ["failed", "failure"] {
        env.add_test(name, |call| holds(call, "failed", "failed"));
    }
    for name in ["succeeded", "success", "successful"] {
        env.add_test(name, |call| Ok(!holds(call, "success", "failed")?));
    }
    env.add_test("unreachable", |call| holds(call, "unreachable", "unreachable"));
    env.add_test("reachable", |call| Ok(!holds(call, "reachable", "unreachable")?));
    for name in ["skipped", "skip"] {
        env.add_test(name, |call| holds(call, "skipped", "skipped"));
    }
    for name in ["changed", "change"] {
        env.add_test(name, changed);
    }
    for name in ["started", "finished"] {
        env.add_test(name, move |call| {
            match result(call, name, name)?.get(name)? {
                Some(value) => value.truthy(),
                // What is no async task has started and is finished.
                None => {
                    let message = format!("The '{name}' test expects an async task, but a non-async task was tested");
                    Notice::warning(message).raise(call);
                    Ok(true)
                }
            }
        });
    }
    env.add_test("timedout", |call| match result(call, "timedout", "timedout")?.get("timedout")? {
        Some(timedout) if timedout.truthy()? => match &timedout {
            Value::Dict(dict) => dict.get("period")?.map_or(Ok(false), |period| period.truthy()),
            other => {
                let name = other.type_name();
                Err(Error::new(jinja::Kind::Attribute, format!("'{name}' object has no attribute 'get'")))
            }
        },
        _ => Ok(false),
    });
}

fn result(call: &mut Call<'_>, function: &str, test: &str) -> Result<Dict> {
    match only(call, function, "result")? {
        Value::Dict(dict) => Ok(dict),
        Value::Object(object) if object.is_mapping() => match object.finalize()? {
            Some(Value::Dict(dict)) => Ok(dict),
            _ => Ok(Dict::new()),
        },
        _ => Err(Error::other(format!("The '{test}' test expects a dictionary"))),
    }
}

fn holds(call: &mut Call<'_>, function: &str, key: &str) -> Result<bool> {
    result(call, function, key)?.get(key)?.map_or(Ok(false), |value| value.truthy())
}

fn changed(call: &mut Call<'_>) -> Result<bool> {
    let result = result(call, "changed", "changed")?;
    if let Some(changed) = result.get("changed")? {
        return changed.truthy();
    }
    // Some modules give a list of results and nothing of their own.
    if let Some(Value::List(results)) = result.get("results")? {
        let results = results.values()?;
        match results.first() {
            None => return Err(Error::new(jinja::Kind::Index, "list index out of range")),
            Some(Value::Dict(_)) => {}
            Some(_) => return Ok(false),
        }
        for item in results {
            if let Value::Dict(item) = item
                && item.get("changed")?.map_or(Ok(false), |value| value.truthy())?
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
