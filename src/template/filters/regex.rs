//! `regex_replace`, `regex_search`, `regex_findall`, `regex_escape`.

use std::rc::Rc;

use jinja::{Call, Environment, Error, Value};
use pyregex::{Flags, Regex};

use super::{Result, flag, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("regex_replace", replace);
    env.add_filter("regex_search", search);
    env.add_filter("regex_findall", find_all);
    env.add_filter("regex_escape", escape);
}

pub(in crate::template) fn failed(error: &pyregex::Error) -> Error {
    Error::value_error(error.to_string())
}

/// A pattern with Ansible's two switches.
pub(in crate::template) fn compile(pattern: &Value, ignorecase: bool, multiline: bool) -> Result<Regex> {
    let Value::Str(pattern) = pattern else {
        return Err(Error::type_error("first argument must be string or compiled pattern"));
    };
    let mut flags = Flags::NONE;
    if ignorecase {
        flags |= Flags::IGNORECASE;
    }
    if multiline {
        flags |= Flags::MULTILINE;
    }
    Regex::new(pattern, flags).map_err(|error| failed(&error))
}

fn text(value: Option<Value>) -> Result<String> {
    match value {
        None => Ok(String::new()),
        Some(value) => value.to_str(),
    }
}

fn replace(call: &mut Call<'_>) -> Result<Value> {
    let [value, pattern, replacement, ignorecase, multiline, count, mandatory] = call.bind(
        "regex_replace",
        0,
        ["value", "pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"],
    )?;
    let value = text(value)?;
    let pattern = pattern.unwrap_or_else(|| "".into());
    let regex = compile(&pattern, flag(ignorecase, false)?, flag(multiline, false)?)?;
    let number = |value: Option<Value>| value.and_then(|value| value.as_int()).unwrap_or(0);
    let (count, mandatory) = (number(count), number(mandatory));
    let (out, replaced) = if count < 0 {
        (value.clone(), 0)
    } else {
        let most = usize::try_from(count).unwrap_or(0);
        regex.sub(&text(replacement)?, &value, most).map_err(|error| failed(&error))?
    };
    if mandatory != 0 && i64::try_from(replaced).ok() != Some(mandatory) {
        return Err(Error::other(format!(
            "'{}' should match {mandatory} times, but matches {count} times in '{value}'",
            pattern.to_str()?
        )));
    }
    Ok(Value::from(out))
}

fn find_all(call: &mut Call<'_>) -> Result<Value> {
    let [value, pattern, multiline, ignorecase] =
        call.bind("regex_findall", 2, ["value", "regex", "multiline", "ignorecase"])?;
    let value = text(value)?;
    let regex = compile(&or_none(pattern), flag(ignorecase, false)?, flag(multiline, false)?)?;
    let found = regex.findall(&value).map_err(|error| failed(&error))?;
    Ok(Value::List(
        found
            .into_iter()
            .map(|groups| match groups.as_slice() {
                [one] => Value::from(*one),
                groups => Value::Tuple(groups.iter().map(|group| Value::from(*group)).collect::<Rc<[Value]>>()),
            })
            .collect(),
    ))
}

/// A group of a match as `regex_search` is asked for it.
enum Group {
    Name(String),
    Number(i64),
}

fn group(argument: &Value) -> Result<Group> {
    let unmatched = || Error::new(jinja::Kind::Attribute, "'NoneType' object has no attribute 'group'");
    let Value::Str(argument) = argument else {
        let name = argument.type_name();
        return Err(Error::new(jinja::Kind::Attribute, format!("'{name}' object has no attribute 'startswith'")));
    };
    if let Some(rest) = argument.strip_prefix("\\g") {
        let name = rest.strip_prefix('<').ok_or_else(unmatched)?;
        let word: String = name.chars().take_while(|letter| !letter.is_whitespace()).collect();
        let (name, _) = word.rsplit_once('>').filter(|(name, _)| !name.is_empty()).ok_or_else(unmatched)?;
        return Ok(Group::Name(name.to_owned()));
    }
    let Some(rest) = argument.strip_prefix('\\') else { return Err(Error::other("Unknown argument")) };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().map(Group::Number).map_err(|_| unmatched())
}

fn search(call: &mut Call<'_>) -> Result<Value> {
    let value = call.first("regex_search", "value")?.to_str()?;
    let pattern = call.first("regex_search", "regex")?;
    let groups = call.args.drain(..).map(|argument| group(&argument)).collect::<Result<Vec<_>>>()?;
    let (ignorecase, multiline) = (flag(call.take("ignorecase"), false)?, flag(call.take("multiline"), false)?);
    let regex = compile(&pattern, ignorecase, multiline)?;
    let Some(found) = regex.search(&value).map_err(|error| failed(&error))? else { return Ok(Value::None) };
    if groups.is_empty() {
        return Ok(Value::from(found.as_part()));
    }
    let no_group = || Error::new(jinja::Kind::Index, "no such group");
    let mut out = Vec::with_capacity(groups.len());
    for group in groups {
        let index = match group {
            Group::Name(name) => regex.group_index(&name).ok_or_else(no_group)?,
            Group::Number(number) => {
                usize::try_from(number).ok().filter(|number| *number <= regex.groups()).ok_or_else(no_group)?
            }
        };
        out.push(Value::from(found.group(index).map(Value::from)));
    }
    Ok(Value::from(out))
}

fn escape(call: &mut Call<'_>) -> Result<Value> {
    let [value, kind] = call.bind("regex_escape", 1, ["string", "re_type"])?;
    let value = text(value)?;
    let kind = kind.map_or(Ok("python".to_owned()), |kind| kind.to_str())?;
    match kind.as_str() {
        "python" => Ok(Value::from(pyregex::escape(&value))),
        "posix_basic" => {
            let mut out = String::with_capacity(value.len());
            for letter in value.chars() {
                if matches!(letter, ']' | '.' | '[' | '^' | '$' | '*' | '\\') {
                    out.push('\\');
                }
                out.push(letter);
            }
            Ok(Value::from(out))
        }
        "posix_extended" => Err(Error::other(format!("Regex type ({kind}) not yet implemented"))),
        _ => Err(Error::other(format!("Invalid regex type ({kind})"))),
    }
}
