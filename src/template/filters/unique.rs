//! `unique`: Jinja2's, and where that fails Ansible's own, which takes what cannot be hashed.

use std::rc::Rc;

use jinja::{Call, Environment, Error, Function, Kind, List, Value};

use super::{Result, collection::holds, flag, or_none};
use crate::template::Notice;

pub(super) fn add(env: &mut Environment) {
    if let Some(jinjas) = env.filter_function("unique") {
        env.add_filter("unique", move |call| unique(call, &jinjas));
    }
}

fn unique(call: &mut Call<'_>, jinjas: &Rc<Function>) -> Result<Value> {
    let [items, case_sensitive, attribute] = call.bind("unique", 1, ["a", "case_sensitive", "attribute"])?;
    let items = or_none(items);
    let fold = case_sensitive.as_ref().is_some_and(|value| matches!(value, Value::Bool(false)));
    let by_attribute = attribute.as_ref().map_or(Ok(false), Value::truthy)?;
    let args = vec![items.clone(), Value::Bool(flag(case_sensitive, false)?), or_none(attribute)];
    let error = match jinjas(&mut Call::new(call.state(), args, Vec::new())) {
        Ok(unique) => return Ok(unique),
        Err(error) if error.kind == Kind::Limit => return Err(error),
        Err(error) => error,
    };
    if fold || by_attribute {
        return Err(Error::other(format!(
            "Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not support the \
             parameters supplied: {}",
            error.message
        )));
    }
    if error.kind != Kind::Type {
        let message = "Falling back to Ansible unique filter as Jinja2 one failed.";
        Notice::error_as_warning(message, error.message).raise(call);
    }
    let mut kept: Vec<Value> = Vec::new();
    for item in items.iterate()? {
        if !holds(&kept, &item)? {
            kept.push(item);
        }
    }
    Ok(Value::List(List::new(kept)))
}
