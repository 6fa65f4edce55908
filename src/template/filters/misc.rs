//! `bool`, `ternary`, `mandatory`, `type_debug`.

use jinja::{Call, Environment, Error, Value};

use super::{Result, only, or_none};
use crate::template::Notice;

pub(super) fn add(env: &mut Environment) {
    env.add_filter("bool", to_bool);
    env.add_filter_seeing_undefined("ternary", ternary);
    env.add_filter_seeing_undefined("mandatory", mandatory);
    env.add_filter_seeing_undefined("type_debug", type_debug);
}

fn to_bool(call: &mut Call<'_>) -> Result<Value> {
    let value = only(call, "to_bool", "value")?;
    let text = match &value {
        Value::Str(text) => text.to_lowercase(),
        Value::Bool(_) | Value::Int(_) | Value::BigInt(_) => value.to_str()?.to_lowercase(),
        _ => String::new(),
    };
    match text.as_str() {
        "yes" | "on" | "true" | "1" => return Ok(Value::Bool(true)),
        "no" | "off" | "false" | "0" => return Ok(Value::Bool(false)),
        _ => {}
    }
    // Only what equals 1 is true, as of old.
    let result = value.as_float() == Some(1.0);
    let (shown, kind) = (value.repr()?, value.type_name());
    let result_shown = if result { "True" } else { "False" };
    Notice::deprecated(format!("The `bool` filter coerced invalid value {shown} ({kind}) to {result_shown}."), "2.23")
        .raise(call);
    Ok(Value::Bool(result))
}

fn ternary(call: &mut Call<'_>) -> Result<Value> {
    let [value, yes, no, none] = call.bind("ternary", 3, ["value", "true_val", "false_val", "none_val"])?;
    let value = or_none(value);
    if value.is_none()
        && let Some(none) = none.filter(|none| !none.is_none())
    {
        return Ok(none);
    }
    Ok(or_none(if value.truthy()? { yes } else { no }))
}

fn mandatory(call: &mut Call<'_>) -> Result<Value> {
    let [value, message] = call.bind("mandatory", 1, ["a", "msg"])?;
    match or_none(value) {
        Value::Undefined(undefined) if undefined.cause.is_none() => match message {
            Some(Value::Undefined(undefined)) => Err(undefined.error()),
            Some(message) if !message.is_none() => Err(Error::other(message.to_str()?)),
            _ => {
                let name = match &undefined.name {
                    Some(name) => format!("{} ", Value::from(name.as_ref()).repr()?),
                    None => String::new(),
                };
                Err(Error::other(format!("Mandatory variable {name}not defined.")))
            }
        },
        value => Ok(value),
    }
}

fn type_debug(call: &mut Call<'_>) -> Result<Value> {
    let value = only(call, "type_debug", "obj")?;
    Ok(Value::from(match &value {
        Value::Undefined(undefined) if undefined.cause.is_some() => "CapturedExceptionMarker",
        Value::Undefined(_) => "UndefinedMarker",
        other => other.type_name(),
    }))
}
