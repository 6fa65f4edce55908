//! `sort`, `unique`, `groupby`, `batch`, `slice`, `sum`, `min`, `max`, `reverse`, `dictsort`, `random`.

use std::{any::Any, collections::HashSet, fmt, hash::BuildHasher as _, rc::Rc};

use super::{Result, attribute_of, flag, fold, integer, only, size};
use crate::{
    Call, Environment, Error, Key, List, Object, Str, Value, methods,
    value::ops::{self, tuple},
};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("sort", sort);
    env.add_filter("unique", unique);
    env.add_filter("groupby", group_by);
    env.add_filter("batch", batch);
    env.add_filter("slice", slice);
    env.add_filter("sum", sum);
    env.add_filter("min", |call| extreme(call, "do_min", true));
    env.add_filter("max", |call| extreme(call, "do_max", false));
    env.add_filter("reverse", reverse);
    env.add_filter("dictsort", dict_sort);
    env.add_filter("random", random);
}

fn sort(call: &mut Call<'_>) -> Result<Value> {
    let [value, reverse, case_sensitive, attribute] =
        call.bind("do_sort", 1, ["value", "reverse", "case_sensitive", "attribute"])?;
    let (reverse, case_sensitive) = (flag(reverse, false)?, flag(case_sensitive, false)?);
    let attributes: Vec<Value> = match attribute {
        None => vec![Value::None],
        Some(Value::Str(names)) => names.split(',').map(Value::from).collect(),
        Some(other) => vec![other],
    };
    let mut keyed = Vec::new();
    for value in value.unwrap_or(Value::None).iterate()? {
        let mut parts = Vec::with_capacity(attributes.len());
        for attribute in &attributes {
            parts.push(fold(attribute_of(&value, attribute, None)?, case_sensitive));
        }
        let key = match parts.pop() {
            // One part alone compares as a list of it would.
            Some(part) if parts.is_empty() => part,
            Some(part) => {
                parts.push(part);
                tuple(parts)
            }
            None => Value::None,
        };
        keyed.push((key, value));
    }
    methods::sort(&mut keyed, reverse)?;
    Ok(Value::List(keyed.into_iter().map(|(_, value)| value).collect()))
}

#[expect(clippy::mutable_key_type, reason = "what can be a key cannot change: `Key::new` refuses the rest")]
fn unique(call: &mut Call<'_>) -> Result<Value> {
    let [value, case_sensitive, attribute] =
        call.bind("sync_do_unique", 1, ["value", "case_sensitive", "attribute"])?;
    let case_sensitive = flag(case_sensitive, false)?;
    let attribute = attribute.unwrap_or(Value::None);
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for value in value.unwrap_or(Value::None).iterate()? {
        let key = Key::new(fold(attribute_of(&value, &attribute, None)?, case_sensitive))?;
        if seen.insert(key) {
            out.push(value);
        }
    }
    Ok(Value::List(List::new(out)))
}

fn extreme(call: &mut Call<'_>, function: &str, least: bool) -> Result<Value> {
    let [value, case_sensitive, attribute] = call.bind(function, 1, ["value", "case_sensitive", "attribute"])?;
    let case_sensitive = flag(case_sensitive, false)?;
    let attribute = attribute.unwrap_or(Value::None);
    let mut best: Option<(Value, Value)> = None;
    for value in value.unwrap_or(Value::None).iterate()? {
        let key = fold(attribute_of(&value, &attribute, None)?, case_sensitive);
        let better = match &best {
            None => true,
            Some((known, _)) if least => key.order(known, "<")?.is_some_and(std::cmp::Ordering::is_lt),
            Some((known, _)) => key.order(known, ">")?.is_some_and(std::cmp::Ordering::is_gt),
        };
        if better {
            best = Some((key, value));
        }
    }
    Ok(best.map_or_else(|| Value::undefined("No aggregated item, sequence was empty."), |(_, value)| value))
}

fn group_by(call: &mut Call<'_>) -> Result<Value> {
    // ansible-core's lists refuse to hand out what is undefined here, so the default is never used.
    let [value, attribute, _default, case_sensitive] =
        call.bind("sync_do_groupby", 2, ["value", "attribute", "default", "case_sensitive"])?;
    let attribute = attribute.unwrap_or(Value::None);
    let case_sensitive = flag(case_sensitive, false)?;
    let mut keyed = Vec::new();
    for value in value.unwrap_or(Value::None).iterate()? {
        let key = attribute_of(&value, &attribute, None)?;
        if let Value::Undefined(undefined) = &key {
            return Err(undefined.error());
        }
        keyed.push((fold(key.clone(), case_sensitive), (key, value)));
    }
    methods::sort(&mut keyed, false)?;
    let mut groups: Vec<(Value, Value, Vec<Value>)> = Vec::new();
    for (folded, (key, value)) in keyed {
        match groups.last_mut() {
            Some((known, _, values)) if known.equals(&folded)? => values.push(value),
            _ => groups.push((folded, key, vec![value])),
        }
    }
    let groups = groups
        .into_iter()
        .map(|(_, grouper, list)| Value::object(Group { grouper, list: Value::List(List::new(list)) }));
    Ok(Value::List(groups.collect()))
}

/// A group: a tuple whose parts have names.
struct Group {
    grouper: Value,
    list: Value,
}

impl Group {
    fn pair(&self) -> Value {
        tuple(vec![self.grouper.clone(), self.list.clone()])
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.pair(), f)
    }
}

impl Object for Group {
    fn type_name(&self) -> &str {
        "GroupTuple"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String> {
        self.pair().repr()
    }

    fn len(&self) -> Option<usize> {
        Some(2)
    }

    fn is_sequence(&self) -> bool {
        true
    }

    fn values(&self) -> Result<Option<Vec<Value>>> {
        Ok(Some(vec![self.grouper.clone(), self.list.clone()]))
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        Ok(match name {
            "grouper" => Some(self.grouper.clone()),
            "list" => Some(self.list.clone()),
            _ => None,
        })
    }

    fn item(&self, key: &Value) -> Result<Option<Value>> {
        Ok(match key.as_int() {
            Some(0 | -2) => Some(self.grouper.clone()),
            Some(1 | -1) => Some(self.list.clone()),
            _ => None,
        })
    }

    fn equals(&self, other: &Value) -> Option<Result<bool>> {
        let other = match other.downcast::<Self>() {
            Some(group) => group.pair(),
            None => other.clone(),
        };
        Some(self.pair().equals(&other))
    }

    fn compare(&self, other: &Value) -> Option<Result<Option<std::cmp::Ordering>>> {
        let other = match other.downcast::<Self>() {
            Some(group) => group.pair(),
            None => other.clone(),
        };
        Some(self.pair().order(&other, "<"))
    }

    fn is_known(&self) -> bool {
        false
    }

    fn finalize(&self) -> Result<Option<Value>> {
        Ok(Some(self.pair()))
    }
}

fn batch(call: &mut Call<'_>) -> Result<Value> {
    let [value, count, fill] = call.bind("do_batch", 2, ["value", "linecount", "fill_with"])?;
    let count = integer(count, 0)?;
    let fill = fill.filter(|fill| !fill.is_none());
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for value in value.unwrap_or(Value::None).iterate()? {
        match rows.last_mut() {
            Some(row) if i64::try_from(row.len()).unwrap_or(i64::MAX) != count => row.push(value),
            // A first row that is full before it began is handed out empty.
            None if count == 0 => rows.extend([Vec::new(), vec![value]]),
            _ => rows.push(vec![value]),
        }
    }
    if let (Some(row), Some(fill)) = (rows.last_mut(), fill) {
        let count = size(count)?;
        while row.len() < count {
            row.push(fill.clone());
        }
    }
    Ok(Value::List(rows.into_iter().map(Value::from).collect()))
}

fn slice(call: &mut Call<'_>) -> Result<Value> {
    let [value, slices, fill] = call.bind("sync_do_slice", 2, ["value", "slices", "fill_with"])?;
    let values = value.unwrap_or(Value::None).iterate()?;
    let slices = integer(slices, 0)?;
    if slices == 0 {
        return Err(Error::new(crate::Kind::ZeroDivision, "integer division or modulo by zero"));
    }
    let slices = size(slices)?;
    let fill = fill.filter(|fill| !fill.is_none());
    let mut out = Vec::with_capacity(slices);
    let mut start = 0;
    for number in 0..slices {
        let extra = number < values.len() % slices;
        let end = start + values.len() / slices + usize::from(extra);
        let mut part = values.get(start..end).unwrap_or_default().to_vec();
        if !extra && let Some(fill) = &fill {
            part.push(fill.clone());
        }
        out.push(Value::from(part));
        start = end;
    }
    Ok(Value::List(List::new(out)))
}

fn sum(call: &mut Call<'_>) -> Result<Value> {
    let [value, attribute, start] = call.bind("sync_do_sum", 1, ["iterable", "attribute", "start"])?;
    let attribute = attribute.unwrap_or(Value::None);
    let mut total = start.unwrap_or(Value::Int(0));
    let values = value.unwrap_or(Value::None).iterate()?;
    match total {
        Value::Str(_) => return Err(Error::type_error("sum() can't sum strings [use ''.join(seq) instead]")),
        Value::Bytes(_) => return Err(Error::type_error("sum() can't sum bytes [use b''.join(seq) instead]")),
        _ => {}
    }
    for value in values {
        total = ops::add(&total, &attribute_of(&value, &attribute, None)?)?;
    }
    Ok(total)
}

fn reverse(call: &mut Call<'_>) -> Result<Value> {
    let value = only(call, "do_reverse", "value")?;
    if let Value::Str(text) = &value {
        let reversed: String = text.chars().rev().collect();
        return Ok(if text.is_markup() { Value::Str(Str::markup(reversed)) } else { Value::from(reversed) });
    }
    if !value.is_iterable() {
        let cause = Error::type_error(format!("'{}' object is not iterable", value.type_name()));
        return Err(Error::other("argument must be iterable").because_of(cause.while_handling()));
    }
    let mut values = value.iterate()?;
    values.reverse();
    Ok(Value::List(List::new(values)))
}

fn dict_sort(call: &mut Call<'_>) -> Result<Value> {
    let [value, case_sensitive, by, reverse] =
        call.bind("do_dictsort", 1, ["value", "case_sensitive", "by", "reverse"])?;
    let case_sensitive = flag(case_sensitive, false)?;
    let reverse = flag(reverse, false)?;
    let by_value = match by {
        None => false,
        Some(Value::Str(by)) if &*by == "key" => false,
        Some(Value::Str(by)) if &*by == "value" => true,
        Some(_) => return Err(Error::other("You can only sort by either \"key\" or \"value\"")),
    };
    let value = value.unwrap_or(Value::None);
    let items = match &value {
        Value::Dict(dict) => dict.defined_items()?,
        Value::Object(object) if object.is_mapping() => {
            let keys = object.values()?.unwrap_or_default();
            let item = |key: Value| object.item(&key).map(|item| (key, item.unwrap_or(Value::None)));
            keys.into_iter().map(item).collect::<Result<_>>()?
        }
        other => {
            let name = other.type_name();
            let message = format!("'{name}' object has no attribute 'items'");
            return Err(Error::new(crate::Kind::Attribute, message));
        }
    };
    let mut keyed: Vec<_> = items
        .into_iter()
        .map(|(key, value)| {
            let sort_by = if by_value { value.clone() } else { key.clone() };
            (fold(sort_by, case_sensitive), tuple(vec![key, value]))
        })
        .collect();
    methods::sort(&mut keyed, reverse)?;
    Ok(Value::List(keyed.into_iter().map(|(_, pair)| pair).collect()))
}

fn random(call: &mut Call<'_>) -> Result<Value> {
    let value = only(call, "do_random", "seq")?;
    let len = value.len()?;
    if len == 0 {
        return Ok(Value::undefined("No random item, sequence was empty."));
    }
    let index = below(len);
    match &value {
        Value::Dict(_) => Err(Error::new(crate::Kind::Key, index.to_string())),
        value => crate::access::item(value, &Value::from(index)),
    }
}

/// A number below a limit, by the randomness that every hash map of Rust starts with.
pub(crate) fn below(limit: usize) -> usize {
    let state = std::hash::RandomState::new();
    let random = state.hash_one(Rc::as_ptr(&Rc::new(0_u8)) as usize);
    usize::try_from(random % u64::try_from(limit.max(1)).unwrap_or(u64::MAX)).unwrap_or(0)
}
