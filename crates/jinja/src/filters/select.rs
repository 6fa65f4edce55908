//! `map`, `select`, `reject`, `selectattr`, `rejectattr`.

use super::{Result, attribute_of};
use crate::{Call, Environment, Error, List, Value};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("map", map);
    env.add_filter("select", |call| select(call, true, false));
    env.add_filter("reject", |call| select(call, false, false));
    env.add_filter("selectattr", |call| select(call, true, true));
    env.add_filter("rejectattr", |call| select(call, false, true));
}

fn map(call: &mut Call<'_>) -> Result<Value> {
    let value = call.first("do_map", "value")?;
    if !value.truthy()? {
        return Ok(Value::List(List::new(Vec::new())));
    }
    let values = value.elements()?;
    let mut out = Vec::with_capacity(values.len());
    if call.args.is_empty()
        && let Some(attribute) = call.take("attribute")
    {
        let default = call.take("default").filter(|default| !default.is_none());
        if let Some((name, _)) = call.kwargs.first() {
            return Err(Error::other(format!("Unexpected keyword argument '{name}'")));
        }
        for value in &values {
            out.push(attribute_of(value, &attribute, default.as_ref())?);
        }
        return Ok(Value::List(List::new(out)));
    }
    if call.args.is_empty() {
        return Err(Error::other("map requires a filter argument"));
    }
    let name = call.args.remove(0);
    let Value::Str(name) = &name else {
        return Err(Error::other(format!("No filter named {}.", name.repr()?)));
    };
    for value in values {
        let mut args = Vec::with_capacity(call.args.len() + 1);
        args.push(value);
        args.extend(call.args.iter().cloned());
        out.push(call.state().call_filter(name, args, call.kwargs.clone())?);
    }
    Ok(Value::List(List::new(out)))
}

fn select(call: &mut Call<'_>, keep: bool, by_attribute: bool) -> Result<Value> {
    let function = match (keep, by_attribute) {
        (true, false) => "do_select",
        (false, false) => "do_reject",
        (true, true) => "do_selectattr",
        (false, true) => "do_rejectattr",
    };
    let value = call.first(function, "value")?;
    let mut out = Vec::new();
    if !value.truthy()? {
        return Ok(Value::List(List::new(out)));
    }
    let attribute = if by_attribute {
        if call.args.is_empty() {
            return Err(Error::other("Missing parameter for attribute name"));
        }
        Some(call.args.remove(0))
    } else {
        None
    };
    let test = if call.args.is_empty() { None } else { Some(call.args.remove(0)) };
    for value in value.elements()? {
        let looked_at = match &attribute {
            Some(attribute) => attribute_of(&value, attribute, None)?,
            None => value.clone(),
        };
        let passed = match &test {
            None => looked_at.truthy()?,
            Some(Value::Str(test)) => {
                let mut args = Vec::with_capacity(call.args.len() + 1);
                args.push(looked_at);
                args.extend(call.args.iter().cloned());
                call.state().call_test(test, args, call.kwargs.clone())?
            }
            Some(other) => return Err(Error::other(format!("No test named {}.", other.repr()?))),
        };
        if passed == keep {
            out.push(value);
        }
    }
    Ok(Value::List(List::new(out)))
}
