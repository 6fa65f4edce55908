//! `subelements`: dicts, each with the elements of a list inside of it.
//!
//! Source: Ansible documentation, `ansible.builtin.subelements` lookup.

use jinja::{Dict, Error, List, Value};

use super::{Answer, Request, options::is_true};

fn misused(why: &str) -> Error {
    Error::other(format!("subelements lookup expects a list of two or three items, {why}").trim_end().to_owned())
}

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let (elements, key, flags) = match request.terms.as_slice() {
        [elements, key] => (elements, key, None),
        [elements, key, flags] => (elements, key, Some(flags)),
        _ => return Err(misused("")),
    };
    let wrong = || misused("first a dict or a list, second a string pointing to the subkey");
    let Value::Str(key) = key else { return Err(wrong()) };
    let elements = match elements {
        Value::List(list) => list.values()?,
        Value::Dict(dict) if was_skipped(dict)? => return Ok(Vec::new()),
        Value::Dict(dict) => dict.values()?,
        _ => return Err(wrong()),
    };
    let skip_missing = match flags {
        None => false,
        Some(Value::Dict(flags)) => flags.get("skip_missing")?.is_some_and(|value| is_true(&value)),
        Some(_) => return Err(misused("the optional third item must be a dict with flags skip_missing")),
    };
    let path: Vec<&str> = key.split('.').collect();
    let mut found = Vec::new();
    for element in elements {
        let Value::Dict(dict) = &element else {
            return Err(Error::other(format!("subelements lookup expects a dictionary, got '{}'", element.to_str()?)));
        };
        if was_skipped(dict)? {
            continue;
        }
        let whole = copy(dict)?;
        let inner = take(&whole, &path, skip_missing)?;
        found.extend(inner.into_iter().map(|inner| Value::List(List::new(vec![Value::Dict(whole.clone()), inner]))));
    }
    Ok(found)
}

fn was_skipped(dict: &Dict) -> Result<bool, Error> {
    Ok(dict.get("skipped")?.is_some_and(|skipped| !matches!(skipped, Value::Bool(false))))
}

fn copy(dict: &Dict) -> Result<Dict, Error> {
    let copy = Dict::new();
    copy.update(dict)?;
    Ok(copy)
}

/// Takes the list at the path out of a dict, which is a copy; the dicts on the way are copied too.
fn take(whole: &Dict, path: &[&str], skip_missing: bool) -> Answer {
    let mut at = whole.clone();
    for (index, key) in path.iter().enumerate() {
        let Some(value) = at.get(key)? else {
            if skip_missing {
                return Ok(Vec::new());
            }
            return Err(Error::other(format!(
                "could not find '{key}' key in iterated item '{}'",
                Value::Dict(at.clone()).to_str()?
            )));
        };
        let last = index + 1 == path.len();
        match value {
            Value::List(list) if last => {
                at.remove(key);
                return list.values();
            }
            Value::Dict(dict) if !last => {
                let dict = copy(&dict)?;
                at.insert(*key, Value::Dict(dict.clone()));
                at = dict;
            }
            _ if !last && skip_missing => return Ok(Vec::new()),
            other => {
                let kind = if last { "list" } else { "dictionary" };
                let message = format!("the key {key} should point to a {kind}, got '{}'", other.to_str()?);
                return Err(Error::other(message));
            }
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{answer, refusal};

    #[test]
    fn each_inner_element_comes_with_its_dict() {
        assert_eq!(answer("q('subelements', [{'n': 1, 'k': [2, 3]}], 'k')"), "[[{'n': 1}, 2], [{'n': 1}, 3]]");
        assert_eq!(answer("q('subelements', [{'n': {'k': [2]}}], 'n.k')"), "[[{'n': {}}, 2]]");
        assert_eq!(answer("q('subelements', [{'n': 1}], 'k', {'skip_missing': true})"), "[]");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (expression, message) in [
            ("q('subelements', 1)", "subelements lookup expects a list of two or three items,"),
            ("q('subelements', [{'n': 1}], 'k')", "could not find 'k' key in iterated item '{'n': 1}'"),
            ("q('subelements', [{'k': 1}], 'k')", "the key k should point to a list, got '1'"),
        ] {
            assert_eq!(refusal(expression), format!("The lookup plugin 'subelements' failed: {message}"));
        }
    }
}
