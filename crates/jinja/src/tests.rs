//! Jinja2's own tests: `value is name`.

use crate::{Call, Environment, Error, Value, render::nothing::Nothing, value::ops};

type Result<T> = std::result::Result<T, Error>;

/// Adds them all.
pub(crate) fn add(env: &mut Environment) {
    env.add_test_seeing_undefined("defined", |call| defined(call, "test_defined"));
    env.add_test_seeing_undefined("undefined", |call| Ok(!defined(call, "test_undefined")?));
    simple(env, "none", |value| Ok(value.is_none()));
    simple(env, "boolean", |value| Ok(matches!(value, Value::Bool(_))));
    simple(env, "true", |value| Ok(matches!(value, Value::Bool(true))));
    simple(env, "false", |value| Ok(matches!(value, Value::Bool(false))));
    simple(env, "integer", |value| Ok(matches!(value, Value::Int(_) | Value::BigInt(_))));
    simple(env, "float", |value| Ok(matches!(value, Value::Float(_))));
    simple(env, "number", |value| Ok(value.is_number()));
    simple(env, "string", |value| Ok(matches!(value, Value::Str(_))));
    simple(env, "mapping", |value| Ok(value.is_mapping()));
    simple(env, "iterable", |value| Ok(value.is_iterable()));
    simple(env, "callable", |value| Ok(value.is_callable()));
    simple(env, "escaped", |value| Ok(matches!(value, Value::Str(text) if text.is_markup())));
    simple(env, "sequence", |value| {
        Ok(match value {
            Value::Str(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_) | Value::Dict(_) => true,
            Value::Object(object) => object.is_sequence() || object.is_mapping(),
            _ => false,
        })
    });
    simple(env, "lower", |value| {
        let text = value.to_str()?;
        Ok(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase))
    });
    simple(env, "upper", |value| {
        let text = value.to_str()?;
        Ok(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase))
    });
    simple(env, "odd", |value| ops::rem(value, &Value::Int(2))?.equals(&Value::Int(1)));
    simple(env, "even", |value| ops::rem(value, &Value::Int(2))?.equals(&Value::Int(0)));
    env.add_test("divisibleby", |call| {
        let [value, number] = both(call, "test_divisibleby", ["value", "num"])?;
        ops::rem(&value, &number)?.equals(&Value::Int(0))
    });
    env.add_test("sameas", |call| {
        let [value, other] = both(call, "test_sameas", ["value", "other"])?;
        Ok(value.is_same(&other))
    });
    env.add_test("in", |call| {
        let [value, container] = both(call, "test_in", ["value", "seq"])?;
        ops::contains(&container, &value)
    });
    env.add_test("filter", |call| {
        let [name] = call.bind("test_filter", 1, ["value"])?;
        Ok(name.as_ref().and_then(Value::as_str).is_some_and(|name| call.state().environment().has_filter(name)))
    });
    env.add_test("test", |call| {
        let [name] = call.bind("test_test", 1, ["value"])?;
        Ok(name.as_ref().and_then(Value::as_str).is_some_and(|name| call.state().environment().has_test(name)))
    });
    env.add_test("eq", |call| {
        let [left, right] = both(call, "eq", ["a", "b"])?;
        left.equals(&right)
    });
    env.add_test("ne", |call| {
        let [left, right] = both(call, "ne", ["a", "b"])?;
        Ok(!left.equals(&right)?)
    });
    order(env, "lt", "<", std::cmp::Ordering::is_lt);
    order(env, "le", "<=", std::cmp::Ordering::is_le);
    order(env, "gt", ">", std::cmp::Ordering::is_gt);
    order(env, "ge", ">=", std::cmp::Ordering::is_ge);
    for (alias, name) in [
        ("==", "eq"),
        ("equalto", "eq"),
        ("!=", "ne"),
        ("<", "lt"),
        ("lessthan", "lt"),
        ("<=", "le"),
        (">", "gt"),
        ("greaterthan", "gt"),
        (">=", "ge"),
    ] {
        env.alias_test(alias, name);
    }
}

/// What failed is neither defined nor undefined: asking is that error.
fn defined(call: &mut Call<'_>, function: &str) -> Result<bool> {
    let [value] = call.bind(function, 1, ["value"])?;
    match value {
        Some(Value::Undefined(undefined)) if undefined.cause.is_some() => Err(undefined.error()),
        Some(value) => Ok(!value.is_undefined() && value.downcast::<Nothing>().is_none()),
        None => Ok(true),
    }
}

fn simple(env: &mut Environment, name: &'static str, test: impl Fn(&Value) -> Result<bool> + 'static) {
    env.add_test(name, move |call| {
        if let ([value], []) = (call.args.as_slice(), call.kwargs.as_slice()) {
            return test(value);
        }
        let [value] = call.bind(&format!("test_{name}"), 1, ["value"])?;
        test(&value.unwrap_or(Value::None))
    });
}

fn both(call: &mut Call<'_>, function: &str, names: [&str; 2]) -> Result<[Value; 2]> {
    let plain = matches!(function, "eq" | "ne" | "lt" | "le" | "gt" | "ge");
    if plain && (call.args.len() != 2 || !call.kwargs.is_empty()) {
        let given = call.args.len();
        return Err(Error::type_error(format!("{function} expected 2 arguments, got {given}")));
    }
    let [left, right] = call.bind(function, 2, names)?;
    Ok([left.unwrap_or(Value::None), right.unwrap_or(Value::None)])
}

fn order(env: &mut Environment, name: &'static str, op: &'static str, fits: fn(std::cmp::Ordering) -> bool) {
    env.add_test(name, move |call| {
        let [left, right] = both(call, name, ["a", "b"])?;
        Ok(left.order(&right, op)?.is_some_and(fits))
    });
}
