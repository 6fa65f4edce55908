//! `combine`, `dict2items`, `items2dict`, `flatten`.

use jinja::{Call, Dict, Environment, Error, Key, List, Value};

use super::{Result, class, class_name, flag, is_sequence, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("combine", combine);
    env.add_filter("dict2items", dict_to_items);
    env.add_filter("items2dict", items_to_dict);
    env.add_filter("flatten", flatten);
}

/// How `combine` joins lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendRp,
    PrependRp,
}

fn combine(call: &mut Call<'_>) -> Result<Value> {
    let recursive = flag(call.take("recursive"), false)?;
    let list_merge = call.take("list_merge");
    if !call.kwargs.is_empty() {
        return Err(Error::other("'recursive' and 'list_merge' are the only valid keyword arguments"));
    }
    let mut dictionaries = Vec::new();
    flatten_into(&call.args, Some(1), true, &mut dictionaries)?;
    let Some(mut result) = dictionaries.pop() else { return Ok(Value::Dict(Dict::new())) };
    while let Some(lower) = dictionaries.pop() {
        let merge = match list_merge.as_ref().map(|merge| merge.as_str().unwrap_or_default()) {
            None | Some("replace") => ListMerge::Replace,
            Some("keep") => ListMerge::Keep,
            Some("append") => ListMerge::Append,
            Some("prepend") => ListMerge::Prepend,
            Some("append_rp") => ListMerge::AppendRp,
            Some("prepend_rp") => ListMerge::PrependRp,
            Some(_) => {
                return Err(Error::other(
                    "merge_hash: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', \
                     'append_rp' or 'prepend_rp'",
                ));
            }
        };
        let (Some(low), Some(high)) = (mapping(&lower)?, mapping(&result)?) else {
            return Err(Error::other(format!(
                "failed to combine variables, expected dicts but got a '{}' and a '{}'.",
                class_name(&lower),
                class_name(&result)
            )));
        };
        result = Value::Dict(merge_hash(&low, &high, recursive, merge)?);
    }
    Ok(result)
}

fn mapping(value: &Value) -> Result<Option<Dict>> {
    Ok(match value {
        Value::Dict(dict) => Some(dict.clone()),
        Value::Object(object) if object.is_mapping() => match object.finalize()? {
            Some(Value::Dict(dict)) => Some(dict),
            _ => None,
        },
        _ => None,
    })
}

fn merge_hash(low: &Dict, high: &Dict, recursive: bool, list_merge: ListMerge) -> Result<Dict> {
    let merged = Dict::with_capacity(low.len() + high.len());
    // A high one that equals the low one keeps its own order.
    let same = low.len() == high.len() && Value::Dict(low.clone()) == Value::Dict(high.clone());
    if !low.is_empty() && !same {
        for (key, value) in low.defined_items()? {
            merged.insert(Key::new(key)?, value);
        }
    }
    for (key, value) in high.defined_items()? {
        let key = Key::new(key)?;
        let value = match merged.get_key(&key)? {
            Some(known) => join(known, value, recursive, list_merge)?,
            None => value,
        };
        merged.insert(key, value);
    }
    Ok(merged)
}

fn join(low: Value, high: Value, recursive: bool, list_merge: ListMerge) -> Result<Value> {
    match (&low, &high) {
        (Value::Dict(low), Value::Dict(high)) if recursive => {
            Ok(Value::Dict(merge_hash(low, high, recursive, list_merge)?))
        }
        (Value::List(low_items), Value::List(high_items)) => {
            let absent = || -> Result<Vec<Value>> {
                let mut kept = Vec::new();
                let present = high_items.values()?;
                for item in low_items.values()? {
                    if !holds(&present, &item)? {
                        kept.push(item);
                    }
                }
                Ok(kept)
            };
            let (first, second) = match list_merge {
                ListMerge::Replace => return Ok(high),
                ListMerge::Keep => return Ok(low),
                ListMerge::Append => (low_items.values()?, high_items.values()?),
                ListMerge::Prepend => (high_items.values()?, low_items.values()?),
                ListMerge::AppendRp => (absent()?, high_items.values()?),
                ListMerge::PrependRp => (high_items.values()?, absent()?),
            };
            Ok(Value::List(first.into_iter().chain(second).collect()))
        }
        _ => Ok(high),
    }
}

/// Python's `item in items`.
pub(super) fn holds(items: &[Value], item: &Value) -> Result<bool> {
    for known in items {
        if known.is_same(item) || known.equals(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn names(key: Option<Value>, value: Option<Value>) -> Result<(Value, Value)> {
    Ok((key.unwrap_or_else(|| "key".into()), value.unwrap_or_else(|| "value".into())))
}

fn dict_to_items(call: &mut Call<'_>) -> Result<Value> {
    let [dict, key_name, value_name] =
        call.bind("dict_to_list_of_dict_key_value_elements", 1, ["mydict", "key_name", "value_name"])?;
    let given = or_none(dict);
    let Some(dict) = mapping(&given)? else {
        return Err(Error::type_error(format!("dict2items requires a dictionary, got {} instead.", class(&given))));
    };
    let (key_name, value_name) = names(key_name, value_name)?;
    let items = List::new(Vec::with_capacity(dict.len()));
    for (key, value) in dict.defined_items()? {
        let item = Dict::with_capacity(2);
        item.insert(Key::new(key_name.clone())?, key);
        item.insert(Key::new(value_name.clone())?, value);
        items.push(Value::Dict(item));
    }
    Ok(Value::List(items))
}

fn items_to_dict(call: &mut Call<'_>) -> Result<Value> {
    let [list, key_name, value_name] =
        call.bind("list_of_dict_key_value_elements_to_dict", 1, ["mylist", "key_name", "value_name"])?;
    let list = or_none(list);
    if !is_sequence(&list) {
        return Err(Error::type_error(format!("items2dict requires a list, got {} instead.", class(&list))));
    }
    let (key_name, value_name) = names(key_name, value_name)?;
    let (key_key, value_key) = (Key::new(key_name.clone())?, Key::new(value_name.clone())?);
    let out = Dict::new();
    for item in list.iterate()? {
        let Some(item) = mapping(&item)? else {
            let message = format!("items2dict requires a list of dictionaries, got {} instead.", list.to_str()?);
            return Err(Error::type_error(message).while_handling());
        };
        let (Some(key), Some(value)) = (item.get_key(&key_key)?, item.get_key(&value_key)?) else {
            return Err(Error::type_error(format!(
                "items2dict requires each dictionary in the list to contain the keys '{}' and '{}', got {} instead.",
                key_name.to_str()?,
                value_name.to_str()?,
                list.to_str()?
            ))
            .while_handling());
        };
        if let Value::Undefined(undefined) = &key {
            return Err(undefined.error());
        }
        let Ok(key) = Key::new(key) else {
            let message = format!("items2dict requires a list of dictionaries, got {} instead.", list.to_str()?);
            return Err(Error::type_error(message).while_handling());
        };
        out.insert(key, value);
    }
    Ok(Value::Dict(out))
}

fn flatten(call: &mut Call<'_>) -> Result<Value> {
    let [list, levels, skip_nulls] = call.bind("flatten", 1, ["mylist", "levels", "skip_nulls"])?;
    let levels = match levels {
        None | Some(Value::None) => None,
        Some(levels) => Some(levels.as_int().ok_or_else(|| {
            let name = levels.type_name();
            Error::type_error(format!("'>=' not supported between instances of '{name}' and 'int'"))
        })?),
    };
    let mut out = Vec::new();
    flatten_into(&or_none(list).iterate()?, levels, flag(skip_nulls, true)?, &mut out)?;
    Ok(Value::List(List::new(out)))
}

fn flatten_into(values: &[Value], levels: Option<i64>, skip_nulls: bool, out: &mut Vec<Value>) -> Result<()> {
    for value in values {
        if let Value::Undefined(undefined) = value {
            return Err(undefined.error());
        }
        if skip_nulls && (value.is_none() || matches!(value.as_str(), Some("None" | "null"))) {
            continue;
        }
        if is_sequence(value) && levels.is_none_or(|levels| levels >= 1) {
            flatten_into(&value.iterate()?, levels.map(|levels| levels - 1), skip_nulls, out)?;
        } else {
            out.push(value.clone());
        }
    }
    Ok(())
}
