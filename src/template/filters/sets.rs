//! `union`, `intersect`, `difference`, `symmetric_difference`.

use indexmap::IndexSet;
use jinja::{Call, Environment, Error, Key, List, Value};

use super::{Result, collection::holds, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("union", |call| apply(call, "union", union));
    env.add_filter("intersect", |call| apply(call, "intersect", intersect));
    env.add_filter("difference", |call| apply(call, "difference", difference));
    env.add_filter("symmetric_difference", |call| apply(call, "symmetric_difference", symmetric_difference));
}

type Items = Vec<Value>;

fn apply(call: &mut Call<'_>, name: &str, operation: fn(&[Value], &[Value]) -> Result<Items>) -> Result<Value> {
    let [a, b] = call.bind(name, 2, ["a", "b"])?;
    let elements = |value: Option<Value>| {
        let value = or_none(value);
        value.iterate().map_err(|error| match (&value, name) {
            (Value::Undefined(_), _) => error,
            // Python adds both once a set cannot be made of them.
            (_, "union") => Error::type_error("'NotImplementedType' object is not iterable"),
            _ => error,
        })
    };
    operation(&elements(a)?, &elements(b)?).map(|items| Value::List(List::new(items)))
}

/// The elements as a set in the order they first come; none where one of them cannot be hashed.
fn set(items: &[Value]) -> Option<IndexSet<Key>> {
    items.iter().map(|item| Key::new(item.clone()).ok()).collect()
}

fn values(keys: impl Iterator<Item = Key>) -> Items {
    keys.map(Key::into_value).collect()
}

fn unique(items: impl Iterator<Item = Value>) -> Result<Items> {
    let mut out = Vec::new();
    for item in items {
        if !holds(&out, &item)? {
            out.push(item);
        }
    }
    Ok(out)
}

fn pick(items: &[Value], others: &[Value], wanted: bool) -> Result<Items> {
    let mut out = Vec::new();
    for item in items {
        if holds(others, item)? == wanted {
            out.push(item.clone());
        }
    }
    Ok(out)
}

fn union(a: &[Value], b: &[Value]) -> Result<Items> {
    match (set(a), set(b)) {
        (Some(a), Some(b)) => Ok(values(a.into_iter().chain(b).collect::<IndexSet<_>>().into_iter())),
        _ => unique(a.iter().chain(b).cloned()),
    }
}

fn intersect(a: &[Value], b: &[Value]) -> Result<Items> {
    match (set(a), set(b)) {
        (Some(a), Some(b)) => Ok(values(a.into_iter().filter(|item| b.contains(item)))),
        _ => unique(pick(a, b, true)?.into_iter()),
    }
}

fn difference(a: &[Value], b: &[Value]) -> Result<Items> {
    match (set(a), set(b)) {
        (Some(a), Some(b)) => Ok(values(a.into_iter().filter(|item| !b.contains(item)))),
        _ => unique(pick(a, b, false)?.into_iter()),
    }
}

fn symmetric_difference(a: &[Value], b: &[Value]) -> Result<Items> {
    match (set(a), set(b)) {
        (Some(a), Some(b)) => Ok(values(a.symmetric_difference(&b).cloned())),
        _ => pick(&union(a, b)?, &intersect(a, b)?, false),
    }
}
