//! `union`, `intersect`, `difference`, `symmetric_difference`.

use indexmap::IndexSet;
use jinja::{Call, Environment, Error, Key, Kind, List, Value};

use super::{Result, collection::holds, or_none, python_set::PythonSet};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("union", |call| apply(call, "union", union));
    env.add_filter("intersect", |call| apply(call, "intersect", intersect));
    env.add_filter("difference", |call| apply(call, "difference", difference));
    env.add_filter("symmetric_difference", |call| apply(call, "symmetric_difference", symmetric_difference));
}

type Items = Vec<Value>;

fn apply(call: &mut Call<'_>, name: &str, operation: fn(&[Value], &[Value]) -> Result<Items>) -> Result<Value> {
    let [a, b] = call.bind(name, 2, ["a", "b"])?;
    let (a, b) = (or_none(a), or_none(b));
    // Where no sets can be made, Python goes on with lists, and fails there.
    let refused = |error: Error, message: String| match error.kind {
        Kind::Undefined | Kind::Limit => error,
        _ => Error::type_error(message).while_handling(),
    };
    let left = a.iterate().map_err(|error| {
        let kind = if name == "union" { "NotImplementedType" } else { a.type_name() };
        refused(error, format!("'{kind}' object is not iterable"))
    })?;
    let right = b.iterate().map_err(|error| {
        let kind = b.type_name();
        refused(
            error,
            match name {
                "union" => format!("can only concatenate list (not \"{kind}\") to list"),
                _ => format!("argument of type '{kind}' is not iterable"),
            },
        )
    })?;
    operation(&left, &right).map(|items| Value::List(List::new(items)))
}

/// What is left where the elements can be hashed: in the order of Python's sets if that is the same in every run, else
/// in the order in which the elements come first. None where they cannot be hashed.
fn hashed(
    a: &[Value],
    b: &[Value],
    ordered: fn(&PythonSet, &PythonSet) -> PythonSet,
    wanted: fn(in_a: bool, in_b: bool) -> bool,
) -> Option<Items> {
    if let (Some(a), Some(b)) = (PythonSet::new(a), PythonSet::new(b)) {
        return Some(ordered(&a, &b).into_values());
    }
    let set = |items: &[Value]| items.iter().map(|item| Key::new(item.clone()).ok()).collect::<Option<IndexSet<Key>>>();
    let (a, b) = (set(a)?, set(b)?);
    let all: IndexSet<&Key> = a.iter().chain(&b).collect();
    let kept = all.into_iter().filter(|item| wanted(a.contains(*item), b.contains(*item)));
    Some(kept.map(|item| item.value().clone()).collect())
}

fn unique_of(items: impl Iterator<Item = Value>) -> Result<Items> {
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
    match hashed(a, b, PythonSet::union, |_, _| true) {
        Some(items) => Ok(items),
        None => unique_of(a.iter().chain(b).cloned()),
    }
}

fn intersect(a: &[Value], b: &[Value]) -> Result<Items> {
    match hashed(a, b, PythonSet::intersection, |in_a, in_b| in_a && in_b) {
        Some(items) => Ok(items),
        None => unique_of(pick(a, b, true)?.into_iter()),
    }
}

fn difference(a: &[Value], b: &[Value]) -> Result<Items> {
    match hashed(a, b, PythonSet::difference, |in_a, in_b| in_a && !in_b) {
        Some(items) => Ok(items),
        None => unique_of(pick(a, b, false)?.into_iter()),
    }
}

fn symmetric_difference(a: &[Value], b: &[Value]) -> Result<Items> {
    match hashed(a, b, PythonSet::symmetric_difference, |in_a, in_b| in_a != in_b) {
        Some(items) => Ok(items),
        None => pick(&union(a, b)?, &intersect(a, b)?, false),
    }
}
