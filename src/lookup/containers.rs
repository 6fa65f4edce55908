//! `items`, `list`, `dict`, `together`, `nested`, `indexed_items`: what is there already, arranged.
//!
//! Source: Ansible documentation, the lookups of `ansible.builtin` by these names.

use jinja::{Dict, Error, List, Value};

use super::{Answer, Request};

/// One level of lists taken away.
fn flatten(terms: &[Value]) -> Answer {
    let mut flat = Vec::new();
    for term in terms {
        match term {
            Value::List(list) => flat.extend(list.values()?),
            Value::Tuple(values) => flat.extend(values.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Ok(flat)
}

fn list_of(values: Vec<Value>) -> Value {
    Value::List(List::new(values))
}

pub(super) fn items(request: &mut Request<'_>) -> Answer {
    flatten(&request.terms)
}

#[expect(clippy::unnecessary_wraps, reason = "all lookups have one form")]
pub(super) fn list(request: &mut Request<'_>) -> Answer {
    Ok(std::mem::take(&mut request.terms))
}

pub(super) fn dict(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        let Value::Dict(dict) = term else {
            let message = format!(
                "the 'dict' lookup plugin expects a dictionary, got '{}' of type {})",
                term.to_str()?,
                python_type(term, request.action.is_some()),
            );
            return Err(Error::other(message));
        };
        for (key, value) in dict.items()? {
            let pair = Dict::new();
            pair.insert("key", key);
            pair.insert("value", value);
            found.push(Value::Dict(pair));
        }
    }
    Ok(found)
}

/// The type as ansible-core's message shows it: its own subclasses of Python's.
fn python_type(value: &Value, in_loop: bool) -> String {
    match value {
        Value::List(_) => {
            "<class 'ansible._internal._templating._lazy_containers._AnsibleLazyTemplateList'>".to_owned()
        }
        Value::Int(_) | Value::Float(_) | Value::Str(_) if in_loop => {
            let name = value.type_name();
            let (first, rest) = name.split_at(1);
            format!("<class 'ansible.module_utils._internal._datatag._AnsibleTagged{}{rest}'>", first.to_uppercase())
        }
        other => format!("<class '{}'>", other.type_name()),
    }
}

pub(super) fn indexed_items(request: &mut Request<'_>) -> Answer {
    let items = flatten(&request.terms)?;
    Ok((0i64..).zip(items).map(|(index, item)| list_of(vec![Value::Int(index), item])).collect())
}

pub(super) fn together(request: &mut Request<'_>) -> Answer {
    if request.terms.is_empty() {
        return Err(Error::other("with_together requires at least one element in each list"));
    }
    let columns = request.terms.iter().map(Value::iterate).collect::<Result<Vec<_>, _>>()?;
    let rows = columns.iter().map(Vec::len).max().unwrap_or_default();
    let mut found = Vec::new();
    for row in 0..rows {
        let row: Vec<Value> = columns.iter().map(|column| column.get(row).cloned().unwrap_or(Value::None)).collect();
        found.push(list_of(flatten(&row)?));
    }
    Ok(found)
}

pub(super) fn nested(request: &mut Request<'_>) -> Answer {
    let Some((first, rest)) = request.terms.split_first() else {
        return Err(Error::other("with_nested requires at least one element in the nested list"));
    };
    let mut rows = first.iterate()?;
    for term in rest {
        let right = term.iterate()?;
        let mut next = Vec::new();
        for row in &rows {
            for value in &right {
                next.push(list_of(flatten(&[row.clone(), value.clone()])?));
            }
        }
        rows = next;
    }
    rows.iter().map(|row| row.iterate().and_then(|row| flatten(&row)).map(list_of)).collect()
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{answer, refusal};

    #[test]
    fn items_lose_one_level_of_lists() {
        assert_eq!(answer("q('items', [1, [2]], 3)"), "[1, [2], 3]");
    }

    #[test]
    fn a_dict_becomes_keys_and_values() {
        assert_eq!(answer("q('dict', {'a': 1})"), "[{'key': 'a', 'value': 1}]");
        assert_eq!(answer("lookup('dict', {'a': 1})"), "{'key': 'a', 'value': 1}");
        assert!(refusal("q('dict', [1])").starts_with(
            "The lookup plugin 'dict' failed: the 'dict' lookup plugin expects a dictionary, got '[1]' of type"
        ));
    }

    #[test]
    fn lists_are_walked_side_by_side_or_each_with_each() {
        assert_eq!(answer("q('together', [1, 2], [3])"), "[[1, 3], [2, None]]");
        assert_eq!(answer("q('nested', [1, 2], [3, 4])"), "[[1, 3], [1, 4], [2, 3], [2, 4]]");
        assert_eq!(answer("q('nested', [1], [2], [3, 4])"), "[[1, 2, 3], [1, 2, 4]]");
        assert_eq!(answer("q('ansible.builtin.indexed_items', [7, 8])"), "[[0, 7], [1, 8]]");
        assert_eq!(
            refusal("q('nested')"),
            "The lookup plugin 'nested' failed: with_nested requires at least one element in the nested list"
        );
    }
}
