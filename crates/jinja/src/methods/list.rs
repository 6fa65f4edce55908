//! Methods of lists and tuples.

use std::cmp::Ordering;

use super::{Result, integer, positional};
use crate::{Call, Error, Kind, List, Value, value::ops};

pub(super) const NAMES: &[&str] =
    &["append", "extend", "insert", "pop", "remove", "clear", "index", "count", "sort", "reverse", "copy"];

pub(super) const TUPLE_NAMES: &[&str] = &["index", "count"];

pub(super) fn call(list: &List, name: &str, call: &mut Call<'_>) -> Result<Value> {
    match name {
        "append" => {
            let [value] = positional(call, "list.append", 1)?;
            list.push(value.unwrap_or(Value::None));
            Ok(Value::None)
        }
        "extend" => {
            let [values] = positional(call, "list.extend", 1)?;
            list.extend(values.unwrap_or(Value::None).iterate()?);
            Ok(Value::None)
        }
        "insert" => {
            let [at, value] = positional(call, "insert", 2)?;
            let at = integer(&at.unwrap_or(Value::None))?;
            let len = list.len();
            let from_end = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
            let at = if at < 0 { len.saturating_sub(from_end) } else { from_end };
            list.insert(at, value.unwrap_or(Value::None));
            Ok(Value::None)
        }
        "pop" => {
            let [at] = positional(call, "pop", 0)?;
            let at = at.map_or(Ok(-1), |at| integer(&at))?;
            if list.is_empty() {
                return Err(Error::new(Kind::Index, "pop from empty list"));
            }
            let at = ops::index(list.len(), at).ok_or_else(|| Error::new(Kind::Index, "pop index out of range"))?;
            Ok(list.remove(at)?.unwrap_or(Value::None))
        }
        "remove" => {
            let [value] = positional(call, "list.remove", 1)?;
            let at = find(&list.values()?, &value.unwrap_or(Value::None), 0, usize::MAX)?
                .ok_or_else(|| Error::value_error("list.remove(x): x not in list"))?;
            list.remove(at)?;
            Ok(Value::None)
        }
        "clear" => {
            let [] = positional(call, "list.clear", 0)?;
            list.clear();
            Ok(Value::None)
        }
        "copy" => {
            let [] = positional(call, "list.copy", 0)?;
            Ok(Value::List(List::new(list.values()?)))
        }
        "reverse" => {
            let [] = positional(call, "list.reverse", 0)?;
            let mut values = list.values()?;
            values.reverse();
            list.replace(values);
            Ok(Value::None)
        }
        "sort" => {
            if !call.args.is_empty() {
                return Err(Error::type_error("sort() takes no positional arguments"));
            }
            let reverse = call.take("reverse").map_or(Ok(false), |reverse| reverse.truthy())?;
            let key = call.take("key").filter(|key| !key.is_none());
            if let Some((name, _)) = call.kwargs.first() {
                return Err(Error::type_error(format!("'{name}' is an invalid keyword argument for sort()")));
            }
            let mut keyed = Vec::with_capacity(list.len());
            for value in list.values()? {
                let sort_by = match &key {
                    Some(key) => call.state().call(key, vec![value.clone()], Vec::new())?,
                    None => value.clone(),
                };
                keyed.push((sort_by, value));
            }
            sort(&mut keyed, reverse)?;
            list.replace(keyed.into_iter().map(|(_, value)| value).collect());
            Ok(Value::None)
        }
        "index" => index(&list.values()?, call, |value| Ok(format!("{} is not in list", value.repr()?))),
        // ansible-core's lists count only elements that were read before.
        "count" => count(&list.resolved_values(), call, "list.count"),
        name => Err(unknown("list", name)),
    }
}

pub(super) fn call_tuple(items: &[Value], name: &str, call: &mut Call<'_>) -> Result<Value> {
    match name {
        "index" => index(items, call, |_| Ok("tuple.index(x): x not in tuple".to_owned())),
        "count" => count(items, call, "tuple.count"),
        name => Err(unknown("tuple", name)),
    }
}

pub(super) fn unknown(type_name: &str, name: &str) -> Error {
    Error::new(Kind::Attribute, format!("'{type_name}' object has no attribute '{name}'"))
}

fn find(values: &[Value], wanted: &Value, start: usize, stop: usize) -> Result<Option<usize>> {
    for (at, value) in values.iter().enumerate().take(stop).skip(start) {
        if value.is_same(wanted) || value.equals(wanted)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn index(values: &[Value], call: &mut Call<'_>, message: impl Fn(&Value) -> Result<String>) -> Result<Value> {
    let [wanted, start, stop] = positional(call, "index", 1)?;
    let wanted = wanted.unwrap_or(Value::None);
    let bound = |value: Option<Value>, default: usize| -> Result<usize> {
        let Some(value) = value else { return Ok(default) };
        let at = integer(&value)?;
        let from_end = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        Ok(if at < 0 { values.len().saturating_sub(from_end) } else { from_end })
    };
    match find(values, &wanted, bound(start, 0)?, bound(stop, usize::MAX)?)? {
        Some(at) => Ok(Value::from(at)),
        None => Err(Error::value_error(message(&wanted)?)),
    }
}

fn count(values: &[Value], call: &mut Call<'_>, function: &str) -> Result<Value> {
    let [wanted] = positional(call, function, 1)?;
    let wanted = wanted.unwrap_or(Value::None);
    let mut count = 0_i64;
    for value in values {
        count += i64::from(value.is_same(&wanted) || value.equals(&wanted)?);
    }
    Ok(Value::Int(count))
}

/// Sorts by keys, keeping the order of equal ones, as Python's sort does.
///
/// # Errors
///
/// Two keys have no order.
pub(crate) fn sort<T>(keyed: &mut Vec<(Value, T)>, reverse: bool) -> Result<()> {
    let mut failed = None;
    let mut numbered: Vec<(usize, (Value, T))> = keyed.drain(..).enumerate().collect();
    numbered.sort_by(|left, right| {
        if failed.is_some() {
            return Ordering::Equal;
        }
        // Python asks whether the later one is less; reversing keeps equal ones in order.
        let swapped = left.0 > right.0;
        let (earlier, later) = if swapped { (right, left) } else { (left, right) };
        let order = match later.1.0.order(&earlier.1.0, "<") {
            Ok(Some(Ordering::Less)) => Ordering::Greater,
            Ok(Some(Ordering::Greater)) => Ordering::Less,
            Ok(_) => Ordering::Equal,
            Err(error) => {
                failed = Some(error);
                Ordering::Equal
            }
        };
        let order = if reverse { order.reverse() } else { order };
        if swapped { order.reverse() } else { order }
    });
    keyed.extend(numbered.into_iter().map(|(_, keyed)| keyed));
    failed.map_or(Ok(()), Err)
}
