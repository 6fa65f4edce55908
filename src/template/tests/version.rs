//! `version`: versions compared as setuptools' loose and strict ones, as semantic ones.
//!
//! Source: <https://semver.org>, Ansible documentation, "Comparing versions".

use std::cmp::Ordering;

use jinja::{Call, Environment, Error, Value};
use pyregex::{Flags, Regex};

use super::super::filters::{Result, flag, given, or_none};

pub(super) fn add(env: &mut Environment) {
    for name in ["version", "version_compare"] {
        env.add_test(name, compare);
    }
}

fn compare(call: &mut Call<'_>) -> Result<bool> {
    let [value, version, operator, strict, kind] =
        call.bind("version_compare", 2, ["value", "version", "operator", "strict", "version_type"])?;
    let (value, version) = (or_none(value), or_none(version));
    let (strict, kind) = (given(strict), given(kind));
    if strict.is_some() && kind.is_some() {
        return Err(Error::other("Cannot specify both 'strict' and 'version_type'"));
    }
    if !value.truthy()? {
        return Err(Error::other("Input version value cannot be empty"));
    }
    if !version.truthy()? {
        return Err(Error::other("Version parameter to compare against cannot be empty"));
    }
    let order: fn(&str, &str) -> Result<Ordering> = if flag(strict, false)? {
        strict_order
    } else {
        match kind.filter(|kind| kind.truthy().unwrap_or(true)) {
            None => loose_order,
            Some(kind) => match kind.to_str()?.as_str() {
                "loose" => loose_order,
                "strict" => strict_order,
                "semver" | "semantic" => semantic_order,
                "pep440" => pep440_order,
                other => {
                    return Err(Error::other(format!(
                        "Invalid version type ({other}). Must be one of 'loose', 'strict', 'semver', 'semantic', \
                         'pep440'"
                    )));
                }
            },
        }
    };
    let operator = operator.map_or_else(|| Ok("eq".to_owned()), |operator| operator.to_str())?;
    let wanted: fn(Ordering) -> bool = match operator.as_str() {
        "==" | "=" | "eq" => Ordering::is_eq,
        "<" | "lt" => Ordering::is_lt,
        "<=" | "le" => Ordering::is_le,
        ">" | "gt" => Ordering::is_gt,
        ">=" | "ge" => Ordering::is_ge,
        "!=" | "<>" | "ne" => Ordering::is_ne,
        other => {
            return Err(Error::other(format!(
                "Invalid operator type ({other}). Must be one of '==', '=', 'eq', '<', 'lt', '<=', 'le', '>', 'gt', \
                 '>=', 'ge', '!=', '<>', 'ne'"
            )));
        }
    };
    let order = order(&value.to_str()?, &version.to_str()?)
        .map_err(|error| Error::other(format!("Version comparison failed: {}", error.message)))?;
    Ok(wanted(order))
}

fn regex(pattern: &str) -> Result<Regex> {
    Regex::new(pattern, Flags::ASCII).map_err(|error| Error::other(error.to_string()))
}

/// Numbers and runs of small letters, and all between them but dots.
fn loose(version: &str) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    let mut rest = version;
    let kind = |letter: char| match letter {
        '0'..='9' => 0,
        'a'..='z' => 1,
        '.' => 2,
        _ => 3,
    };
    while let Some(first) = rest.chars().next() {
        let kind_of_run = kind(first);
        let end = rest.find(|letter| kind(letter) != kind_of_run).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        match kind_of_run {
            0 => parts.push(
                num_bigint::BigInt::parse_bytes(run.as_bytes(), 10).map_or_else(|| run.into(), Value::from_bigint),
            ),
            2 => {}
            _ => parts.push(run.into()),
        }
        rest = after;
    }
    Value::from(parts)
}

fn loose_order(left: &str, right: &str) -> Result<Ordering> {
    let (left, right) = (loose(left), loose(right));
    if left.equals(&right)? {
        return Ok(Ordering::Equal);
    }
    left.compare(&right)
}

fn number(text: Option<&str>) -> Value {
    text.and_then(|text| num_bigint::BigInt::parse_bytes(text.as_bytes(), 10)).map_or(Value::Int(0), Value::from_bigint)
}

fn strict(version: &str) -> Result<Value> {
    let pattern = regex(r"^(\d+)\.(\d+)(\.(\d+))?([ab](\d+))?$")?;
    let found = pattern.match_(version).map_err(|error| Error::other(error.to_string()))?;
    let Some(found) = found else { return Err(Error::value_error(format!("invalid version number '{version}'"))) };
    let before = match found.group(5) {
        Some(tag) => Value::from(vec![Value::from(tag.get(..1).unwrap_or_default()), number(found.group(6))]),
        // What is no pre-release comes after all of them.
        None => Value::from(vec![Value::from("z")]),
    };
    Ok(Value::from(vec![number(found.group(1)), number(found.group(2)), number(found.group(4)), before]))
}

fn strict_order(left: &str, right: &str) -> Result<Ordering> {
    strict(left)?.compare(&strict(right)?)
}

fn semantic(version: &str) -> Result<(Value, Option<Value>)> {
    let pattern = regex(
        r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$",
    )?;
    let found = pattern.match_(version).map_err(|error| Error::other(error.to_string()))?;
    let Some(found) = found else { return Err(Error::value_error(format!("invalid semantic version '{version}'"))) };
    let core = Value::from(vec![number(found.group(1)), number(found.group(2)), number(found.group(3))]);
    let before = found.group(4).map(|tags| {
        Value::List(
            tags.split('.')
                .map(|tag| {
                    // Numbers come before words.
                    if tag.bytes().all(|byte| byte.is_ascii_digit()) {
                        Value::from(vec![Value::Int(0), number(Some(tag))])
                    } else {
                        Value::from(vec![Value::Int(1), Value::from(tag)])
                    }
                })
                .collect(),
        )
    });
    Ok((core, before))
}

fn semantic_order(left: &str, right: &str) -> Result<Ordering> {
    let (left, right) = (semantic(left)?, semantic(right)?);
    Ok(match left.0.compare(&right.0)? {
        Ordering::Equal => match (&left.1, &right.1) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => left.compare(right)?,
        },
        order => order,
    })
}

/// Python's own versions.
///
/// Source: <https://peps.python.org/pep-0440/>.
fn pep440(version: &str) -> Result<Value> {
    let pattern = regex(
        r"^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|([-_.]?(?:post|rev|r)[-_.]?(\d+)?))?([-_.]?dev[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$",
    )?;
    let lower = version.to_lowercase();
    let found = pattern.match_(&lower).map_err(|error| Error::other(error.to_string()))?;
    let Some(found) = found else { return Err(Error::value_error(format!("Invalid version: '{version}'"))) };
    let mut release: Vec<Value> =
        found.group(2).unwrap_or_default().split('.').map(|part| number(Some(part))).collect();
    while release.len() > 1 && release.last().is_some_and(|last| last.as_int() == Some(0)) {
        release.pop();
    }
    let rank = |rank: i64, rest: Vec<Value>| Value::from([vec![Value::Int(rank)], rest].concat());
    let (post, dev) = (found.group(5).or(found.group(6)), found.group(8));
    let pre = match found.group(3) {
        Some(tag) => {
            let tag = match tag {
                "a" | "alpha" => "a",
                "b" | "beta" => "b",
                _ => "rc",
            };
            rank(1, vec![Value::from(tag), number(found.group(4))])
        }
        None if post.is_none() && dev.is_some() => rank(0, Vec::new()),
        None => rank(2, Vec::new()),
    };
    let post = match post {
        None => rank(0, Vec::new()),
        Some(_) => rank(1, vec![number(found.group(5).or(found.group(7)))]),
    };
    let dev = match dev {
        None => rank(1, Vec::new()),
        Some(_) => rank(0, vec![number(found.group(9))]),
    };
    let local = match found.group(10) {
        None => rank(0, Vec::new()),
        Some(local) => {
            let parts = local.split(['-', '_', '.']).map(|part| {
                if part.bytes().all(|byte| byte.is_ascii_digit()) {
                    rank(1, vec![number(Some(part))])
                } else {
                    rank(0, vec![Value::from(part)])
                }
            });
            rank(1, vec![Value::List(parts.collect())])
        }
    };
    Ok(Value::from(vec![number(found.group(1)), Value::from(release), pre, post, dev, local]))
}

fn pep440_order(left: &str, right: &str) -> Result<Ordering> {
    pep440(left)?.compare(&pep440(right)?)
}
