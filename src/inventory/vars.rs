//! Variables of hosts and groups, and how one set goes over another.

use std::rc::Rc;

use indexmap::IndexMap;
use jinja::{Dict, Key, Value};

/// Variables in the order in which they were set.
pub type Vars = IndexMap<Rc<str>, Value>;

/// Sets a variable; where dicts are merged, a dict goes into a dict.
pub(super) fn set(vars: &mut Vars, name: &str, value: Value, merge: bool) {
    let value = match (vars.get(name), &value) {
        (Some(Value::Dict(old)), Value::Dict(new)) if merge => Value::Dict(merge_dicts(old, new)),
        _ => value,
    };
    vars.insert(Rc::from(name), value);
}

/// Whether templates can name a variable so.
pub(super) fn is_valid_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !matches!(name, "true" | "false" | "none" | "True" | "False" | "None" | "not")
}

/// Variables over others: those of the same name are replaced, or with `merge` (`hash_behaviour = merge`) dicts are
/// merged in depth.
pub fn combine(under: &mut Vars, over: &Vars, merge: bool) {
    for (name, value) in over {
        let value = match (under.get(name), value) {
            (Some(Value::Dict(old)), Value::Dict(new)) if merge => Value::Dict(merge_dicts(old, new)),
            _ => value.clone(),
        };
        under.insert(Rc::clone(name), value);
    }
}

/// A new dict of both, the second's values winning; dicts inside are merged likewise, lists are replaced. Neither is
/// changed, and no template is rendered.
#[must_use]
pub fn merge_dicts(under: &Dict, over: &Dict) -> Dict {
    let merged = Dict::new();
    for (key, value) in under.raw_items() {
        insert(&merged, key, value);
    }
    for (key, value) in over.raw_items() {
        let Ok(found) = Key::try_from(key.clone()) else { continue };
        let old = merged.get_key(&found).ok().flatten();
        let value = match (old, &value) {
            (Some(Value::Dict(old)), Value::Dict(new)) => Value::Dict(merge_dicts(&old, new)),
            _ => value,
        };
        merged.insert(found, value);
    }
    merged
}

fn insert(dict: &Dict, key: Value, value: Value) {
    // What is a key of a dict can be one of another.
    if let Ok(key) = Key::try_from(key) {
        dict.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict(entries: &[(&str, Value)]) -> Value {
        let dict = Dict::new();
        for (key, value) in entries {
            dict.insert(*key, value.clone());
        }
        Value::Dict(dict)
    }

    fn vars(value: Value) -> Vars {
        Vars::from([(Rc::from("x"), value)])
    }

    #[test]
    fn a_dict_replaces_another_unless_dicts_are_merged() {
        let under = vars(dict(&[("a", Value::Int(1)), ("b", dict(&[("c", Value::Int(2))]))]));
        let over = vars(dict(&[("b", dict(&[("d", Value::Int(3))]))]));
        let both = |merge| {
            let mut under = under.clone();
            combine(&mut under, &over, merge);
            under["x"].repr().unwrap()
        };
        assert_eq!(both(false), "{'b': {'d': 3}}");
        assert_eq!(both(true), "{'a': 1, 'b': {'c': 2, 'd': 3}}");
        assert_eq!(under["x"].repr().unwrap(), "{'a': 1, 'b': {'c': 2}}");
    }
}
