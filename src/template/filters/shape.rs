//! `extract`, `zip`, `zip_longest`, `subelements`, `product`, `permutations`, `combinations`, `split`,
//! `rekey_on_member`, `to_uuid`.

use std::rc::Rc;

use jinja::{Call, Dict, Environment, Error, Key, List, Value};
use sha1::Digest as _;

use super::{Result, flag, given, or_none};

/// The most tuples that a filter may make.
const MOST: usize = 10_000_000;

pub(super) fn add(env: &mut Environment) {
    env.add_filter("extract", extract);
    env.add_filter("zip", |call| zip(call, false));
    env.add_filter("zip_longest", |call| zip(call, true));
    env.add_filter("subelements", subelements);
    env.add_filter("product", product);
    env.add_filter("permutations", |call| choose(call, "permutations", false));
    env.add_filter("combinations", |call| choose(call, "combinations", true));
    env.add_filter("split", split);
    env.add_filter("rekey_on_member", rekey);
    env.add_filter("to_uuid", to_uuid);
}

fn tuple(values: Vec<Value>) -> Value {
    Value::Tuple(Rc::from(values))
}

fn tuples(rows: Vec<Vec<Value>>) -> Value {
    Value::List(rows.into_iter().map(tuple).collect())
}

fn defined_values(dict: &Dict) -> Result<Vec<Value>> {
    Ok(dict.defined_items()?.into_iter().map(|(_, value)| value).collect())
}

fn extract(call: &mut Call<'_>) -> Result<Value> {
    let [item, container, more] = call.bind("extract", 2, ["item", "container", "morekeys"])?;
    let mut keys = vec![or_none(item)];
    match given(more) {
        None => {}
        Some(Value::List(more)) => keys.extend(more.values()?),
        Some(other) => keys.push(other),
    }
    let mut value = or_none(container);
    for key in keys {
        value = jinja::item(&value, &key)?;
    }
    Ok(value)
}

fn zip(call: &mut Call<'_>, longest: bool) -> Result<Value> {
    let fill = if longest { call.take("fillvalue").unwrap_or(Value::None) } else { Value::None };
    let strict = !longest && flag(call.take("strict"), false)?;
    let columns = call.args.iter().map(Value::iterate).collect::<Result<Vec<_>>>()?;
    let lengths = columns.iter().map(Vec::len);
    let rows = if longest { lengths.max() } else { lengths.min() }.unwrap_or(0);
    if strict && let Some(index) = columns.iter().position(|column| column.len() != rows) {
        return Err(Error::value_error(format!("zip() argument {} is longer than argument 1", index + 1)));
    }
    Ok(tuples(
        (0..rows).map(|row| columns.iter().map(|column| column.get(row).unwrap_or(&fill).clone()).collect()).collect(),
    ))
}

fn subelements(call: &mut Call<'_>) -> Result<Value> {
    let [object, path, skip_missing] = call.bind("subelements", 2, ["obj", "subelements", "skip_missing"])?;
    let skip_missing = flag(skip_missing, false)?;
    let elements = match or_none(object) {
        Value::Dict(dict) => defined_values(&dict)?,
        list @ Value::List(_) => list.iterate()?,
        _ => return Err(Error::other("obj must be a list of dicts or a nested dict")),
    };
    let path: Vec<Value> = match or_none(path) {
        Value::List(path) => path.values()?,
        Value::Str(path) => path.split('.').map(Value::from).collect(),
        _ => return Err(Error::type_error("subelements must be a list or a string")),
    };
    let mut out = Vec::new();
    for element in elements {
        let mut values = element.clone();
        for step in &path {
            let Value::Dict(dict) = &values else {
                let (step, values) = (step.to_str()?, values.to_str()?);
                return Err(Error::type_error(format!("the key {step} should point to a dictionary, got '{values}'")));
            };
            match dict.get_key(&Key::new(step.clone())?)? {
                Some(found) => values = found,
                None if skip_missing => {
                    values = Value::from(Vec::new());
                    break;
                }
                None => {
                    let (step, values) = (step.repr()?, values.repr()?);
                    let message = format!("could not find {step} key in iterated item {values}");
                    return Err(Error::other(message).while_handling());
                }
            }
        }
        let Value::List(values) = &values else {
            let step = or_none(path.last().cloned()).repr()?;
            return Err(Error::type_error(format!("the key {step} should point to a list, got {}", values.repr()?)));
        };
        for value in values.values()? {
            out.push(vec![element.clone(), value]);
        }
    }
    Ok(tuples(out))
}

fn too_many() -> Error {
    Error::new(jinja::Kind::Limit, "the result would be too large")
}

fn product(call: &mut Call<'_>) -> Result<Value> {
    let repeat = call.take("repeat").and_then(|repeat| repeat.as_int()).unwrap_or(1);
    let columns = call.args.iter().map(Value::iterate).collect::<Result<Vec<_>>>()?;
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for _ in 0..repeat.clamp(0, 1000) {
        for column in &columns {
            if rows.len().saturating_mul(column.len()) > MOST {
                return Err(too_many());
            }
            rows = rows
                .iter()
                .flat_map(|row| column.iter().map(move |value| [row.as_slice(), std::slice::from_ref(value)].concat()))
                .collect();
        }
    }
    Ok(tuples(rows))
}

fn choose(call: &mut Call<'_>, function: &str, sorted: bool) -> Result<Value> {
    let [iterable, r] = call.bind(function, if sorted { 2 } else { 1 }, ["iterable", "r"])?;
    let values = or_none(iterable).iterate()?;
    let count = match given(r) {
        None => values.len(),
        Some(r) => match r.as_int() {
            Some(r) => usize::try_from(r).map_err(|_| Error::value_error("r must be non-negative"))?,
            None => return Err(Error::type_error("Expected int as r")),
        },
    };
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    if count > values.len() {
        rows.clear();
    } else {
        for _ in 0..count {
            let mut next = Vec::new();
            for row in &rows {
                let first = if sorted { row.last().map_or(0, |last| last + 1) } else { 0 };
                for index in (first..values.len()).filter(|index| sorted || !row.contains(index)) {
                    next.push([row.as_slice(), &[index]].concat());
                }
                if next.len() > MOST {
                    return Err(too_many());
                }
            }
            rows = next;
        }
    }
    Ok(tuples(rows.into_iter().map(|row| row.iter().filter_map(|at| values.get(*at).cloned()).collect()).collect()))
}

fn split(call: &mut Call<'_>) -> Result<Value> {
    let [text, separator, most] = call.bind("split", 1, ["self", "sep", "maxsplit"])?;
    let text = or_none(text);
    let Value::Str(text) = &text else {
        let name = super::class_name(&text);
        return Err(Error::type_error(format!(
            "descriptor 'split' for 'str' objects doesn't apply to a '{name}' object"
        )));
    };
    let most = most.and_then(|most| most.as_int()).and_then(|most| usize::try_from(most).ok());
    let parts: Vec<Value> = match given(separator) {
        Some(Value::Str(separator)) if separator.is_empty() => return Err(Error::value_error("empty separator")),
        Some(Value::Str(separator)) => match most {
            Some(most) => text.splitn(most.saturating_add(1), separator.as_str()).map(Value::from).collect(),
            None => text.split(separator.as_str()).map(Value::from).collect(),
        },
        Some(other) => {
            return Err(Error::type_error(format!("must be str or None, not {}", super::class_name(&other))));
        }
        None => {
            let mut parts = Vec::new();
            let mut rest = text.trim_start();
            while !rest.is_empty() {
                if most == Some(parts.len()) {
                    parts.push(Value::from(rest.trim_end()));
                    break;
                }
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                parts.push(Value::from(word));
                rest = after.trim_start();
            }
            parts
        }
    };
    Ok(Value::List(List::new(parts)))
}

fn rekey(call: &mut Call<'_>) -> Result<Value> {
    let [data, key, duplicates] = call.bind("rekey_on_member", 2, ["data", "key", "duplicates"])?;
    let (key, duplicates) = (or_none(key), duplicates.unwrap_or_else(|| "error".into()));
    let overwrite = match duplicates.as_str() {
        Some("error") => false,
        Some("overwrite") => true,
        _ => {
            let said = duplicates.repr()?;
            return Err(Error::other(format!("duplicates parameter to rekey_on_member has unknown value {said}")));
        }
    };
    let items = match or_none(data) {
        Value::Dict(dict) => defined_values(&dict)?,
        value if value.is_iterable() && !matches!(value, Value::Str(_) | Value::Bytes(_)) => value.iterate()?,
        _ => return Err(Error::other("Type is not a valid list, set, or dict")),
    };
    let out = Dict::new();
    for item in items {
        let Value::Dict(dict) = &item else { return Err(Error::other("List item is not a valid dict")) };
        let Some(found) = dict.get_key(&Key::new(key.clone())?)? else {
            return Err(Error::other(format!("Key {} was not found.", key.repr()?)));
        };
        let found = Key::new(found)?;
        if !overwrite && out.contains_key(&found) {
            let said = found.value().repr()?;
            return Err(Error::other(format!("Key {said} is not unique, cannot convert to dict.")));
        }
        out.insert(found, item);
    }
    Ok(Value::Dict(out))
}

/// A UUID of version 5 (RFC 9562) in Ansible's name space.
fn to_uuid(call: &mut Call<'_>) -> Result<Value> {
    let [text, namespace] = call.bind("to_uuid", 1, ["string", "namespace"])?;
    let namespace = namespace.map_or_else(|| Ok("361E6D51-FAEC-444A-9079-341386DA8E2E".to_owned()), |n| n.to_str())?;
    let digits = namespace.replace("urn:", "").replace("uuid:", "");
    let digits = digits.trim_matches(['{', '}']).replace('-', "");
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32).ok_or_else(|| {
        Error::other(format!("Invalid value '{namespace}' for 'namespace': badly formed hexadecimal UUID string"))
            .while_handling()
    })?;
    let mut hash = sha1::Sha1::new();
    hash.update(number.to_be_bytes());
    hash.update(or_none(text).to_str()?.as_bytes());
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    let number = u128::from_be_bytes(bytes) & !(0xf_u128 << 76) & !(0x3_u128 << 62) | 5_u128 << 76 | 2_u128 << 62;
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    Ok(Value::from([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")))
}
