//! `match`, `search`, `regex`, `any`, `all`, `truthy`, `falsy`, `subset`, `superset`, `contains`, `nan`.

use std::collections::HashSet;

use jinja::{Call, Environment, Error, Key, Value};

use super::super::filters::{Result, flag, only, or_none, regex};

pub(super) fn add(env: &mut Environment) {
    env.add_test("match", |call| matches(call, "match"));
    env.add_test("search", |call| matches(call, "search"));
    env.add_test("regex", |call| matches(call, "regex"));
    env.add_test("any", |call| {
        for value in only(call, "any", "iterable")?.iterate()? {
            if value.truthy()? {
                return Ok(true);
            }
        }
        Ok(false)
    });
    env.add_test("all", |call| {
        for value in only(call, "all", "iterable")?.iterate()? {
            if !value.truthy()? {
                return Ok(false);
            }
        }
        Ok(true)
    });
    env.add_test("truthy", |call| truthy(call, "truthy"));
    env.add_test("falsy", |call| Ok(!truthy(call, "falsy")?));
    for name in ["subset", "issubset"] {
        env.add_test(name, |call| {
            let [a, b] = sets(call, "issubset")?;
            Ok(a.is_subset(&b))
        });
    }
    for name in ["superset", "issuperset"] {
        env.add_test(name, |call| {
            let [a, b] = sets(call, "issuperset")?;
            Ok(a.is_superset(&b))
        });
    }
    env.add_test("contains", |call| {
        let [container, value] = call.bind("contains", 2, ["seq", "value"])?;
        call.state().call_test("in", vec![or_none(value), or_none(container)], Vec::new())
    });
    for name in ["nan", "isnan"] {
        env.add_test(name, |call| {
            Ok(matches!(only(call, "isnotanumber", "x")?, Value::Float(number) if number.is_nan()))
        });
    }
}

fn matches(call: &mut Call<'_>, function: &str) -> Result<bool> {
    let (value, pattern, ignorecase, multiline, anchored) = if function == "regex" {
        let [value, pattern, ignorecase, multiline, kind] =
            call.bind(function, 0, ["value", "pattern", "ignorecase", "multiline", "match_type"])?;
        let kind = kind.map_or_else(|| Ok("search".to_owned()), |kind| kind.to_str())?;
        (value, pattern, ignorecase, multiline, kind)
    } else {
        let [value, pattern, ignorecase, multiline] =
            call.bind(function, 1, ["value", "pattern", "ignorecase", "multiline"])?;
        (value, pattern, ignorecase, multiline, function.to_owned())
    };
    let value = value.map_or_else(|| Ok(String::new()), |value| value.to_str())?;
    let pattern = pattern.unwrap_or_else(|| "".into());
    let regex = regex::compile(&pattern, flag(ignorecase, false)?, flag(multiline, false)?)?;
    let found = match anchored.as_str() {
        "match" => regex.match_(&value).map(|found| found.is_some()),
        "fullmatch" => regex.fullmatch(&value).map(|found| found.is_some()),
        "search" => regex.is_match(&value),
        other => {
            let message = format!("'str' object is not callable ('{other}')");
            return Err(Error::type_error(message));
        }
    };
    found.map_err(|error| regex::failed(&error))
}

fn truthy(call: &mut Call<'_>, function: &str) -> Result<bool> {
    let [value, convert] = call.bind(function, 1, ["value", "convert_bool"])?;
    let value = or_none(value);
    if flag(convert, false)? {
        match value.as_str().map(|text| text.to_lowercase()).as_deref().map(str::trim) {
            Some("y" | "yes" | "on" | "1" | "true" | "t") => return Ok(true),
            Some("n" | "no" | "off" | "0" | "false" | "f") => return Ok(false),
            _ => {}
        }
    }
    value.truthy()
}

fn sets(call: &mut Call<'_>, function: &str) -> Result<[HashSet<Key>; 2]> {
    let [a, b] = call.bind(function, 2, ["a", "b"])?;
    let set = |value: Option<Value>| or_none(value).iterate()?.into_iter().map(Key::new).collect::<Result<_>>();
    Ok([set(a)?, set(b)?])
}
