//! `ini`: a value of an INI or properties file.
//!
//! Source: Ansible documentation, `ansible.builtin.ini` lookup; Python documentation, `configparser`.

use indexmap::IndexMap;
use jinja::{Error, Value};

use super::{Answer, Request, options::is_true};

const OPTIONS: [&str; 10] = [
    "type",
    "file",
    "section",
    "re",
    "encoding",
    "default",
    "case_sensitive",
    "allow_no_value",
    "allow_none",
    "interpolation",
];

type Section = IndexMap<String, Option<String>>;

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in request.terms.clone() {
        let term = term.to_str()?;
        let key = key(request, &term)?;
        let name = request.text("file")?.unwrap_or_else(|| "ansible.ini".to_owned());
        let Some(path) = request.find_or_warn(Some("files"), &Value::from(name.as_str()))? else {
            return Err(Error::other("Invalid filename None."));
        };
        let properties = request.text("type")?.as_deref() == Some("properties");
        let section = if properties {
            "java_properties".to_owned()
        } else {
            request.text("section")?.unwrap_or_else(|| "global".to_owned())
        };
        let text = request.read(&path)?;
        let text = if properties { format!("[java_properties]\n{text}") } else { text };
        let sections = parse(request, &text, &name)?;
        let defaults = sections.get("DEFAULT");
        let Some(of_section) = sections.get(&section).filter(|_| section != "DEFAULT") else {
            return Err(Error::value_error(format!(
                "No section {} in {}.",
                Value::from(section).repr()?,
                Value::from(name).repr()?
            )));
        };
        let mut merged = defaults.cloned().unwrap_or_default();
        merged.extend(of_section.clone());
        let interpolate = request.flag("interpolation", true);
        let shown = |value: &Option<String>| match value {
            None => Ok(Value::None),
            Some(text) if interpolate => expand(text, &merged, 0).map(Value::from),
            Some(text) => Ok(Value::from(text.as_str())),
        };
        if request.flag("re", false) {
            let regex = pyregex::Regex::new(key.as_str(), pyregex::Flags::default())
                .map_err(|error| Error::other(error.to_string()))?;
            for (name, value) in &merged {
                if regex.match_(name).map_err(|error| Error::other(error.to_string()))?.is_some() {
                    found.push(shown(value)?);
                }
            }
            continue;
        }
        let key = if request.flag("case_sensitive", false) { key } else { key.to_lowercase() };
        let value = match merged.get(&key) {
            Some(value) => shown(value)?,
            None => request.option("default").cloned().unwrap_or_else(|| Value::from("")),
        };
        match value {
            Value::None => {}
            Value::List(list) => found.extend(list.values()?),
            value => found.push(value),
        }
    }
    Ok(found)
}

/// The key of a term; `key section=x file=y` sets options on its way.
fn key(request: &mut Request<'_>, term: &str) -> Result<String, Error> {
    if !term.contains('=') && !term.trim().contains(' ') {
        return Ok(term.to_owned());
    }
    // A word without `=` belongs to what stands before it.
    let mut parts: Vec<String> = Vec::new();
    for word in term.split_whitespace() {
        let starts = OPTIONS.iter().any(|name| word.contains(&format!("{name}=")));
        match parts.last_mut() {
            Some(last) if !starts => {
                last.push(' ');
                last.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
    }
    let mut key = None;
    for part in &parts {
        match part.split_once('=') {
            Some((_, value)) if value.contains('=') => {
                let all: Vec<Value> = parts.iter().map(|part| Value::from(part.as_str())).collect();
                return Err(Error::value_error(format!(
                    "Could not use {} from {}.: too many values to unpack (expected 2)",
                    Value::from(part.as_str()).repr()?,
                    Value::List(jinja::List::new(all)).repr()?
                )));
            }
            Some((name, value)) if OPTIONS.contains(&name) => request.set(name, Value::from(value)),
            Some((name, _)) => {
                return Err(Error::other(format!("{} is not a valid option.", Value::from(name).repr()?)));
            }
            None => key = key.or_else(|| Some(part.clone())),
        }
    }
    key.ok_or_else(|| {
        Error::value_error(format!("No key to look up was provided as first term within string inline options: {term}"))
    })
}

/// Sections by name, keys in lower case unless they are asked for as written.
fn parse(request: &Request<'_>, text: &str, name: &str) -> Result<IndexMap<String, Section>, Error> {
    let case_sensitive = request.flag("case_sensitive", false);
    let allow_no_value = request.option("allow_no_value").or_else(|| request.option("allow_none")).is_some_and(is_true);
    let mut sections: IndexMap<String, Section> = IndexMap::new();
    let mut at: Option<String> = None;
    let mut key: Option<String> = None;
    let mut indent = 0;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with(['#', ';']) {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        if let (Some(section), Some(known)) = (&at, &key)
            && (trimmed.is_empty() || depth > indent)
        {
            // A line that stands further in goes on with the value before it.
            if let Some(Some(value)) = sections.get_mut(section).and_then(|section| section.get_mut(known)) {
                value.push('\n');
                value.push_str(trimmed);
            }
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        indent = depth;
        if let Some((section, _)) = trimmed.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            sections.entry(section.to_owned()).or_default();
            at = Some(section.to_owned());
            key = None;
            continue;
        }
        let Some(section) = &at else {
            let shown = Value::from(format!("{line}\n")).repr()?;
            return Err(Error::other(format!(
                "File contains no section headers.\nfile: '<???>', line: {}\n{shown}",
                number + 1
            )));
        };
        let (written, value) = match trimmed.find(['=', ':']).and_then(|at| trimmed.split_at_checked(at)) {
            Some((key, value)) => (key.trim(), Some(value.get(1..).unwrap_or_default().trim().to_owned())),
            None if allow_no_value => (trimmed, None),
            None => {
                let shown = Value::from(format!("{line}\n")).repr()?;
                return Err(Error::other(format!(
                    "Source contains parsing errors: '<???>'\n\t[line {:2}]: {shown}",
                    number + 1
                )));
            }
        };
        let written = if case_sensitive { written.to_owned() } else { written.to_lowercase() };
        let of_section = sections.entry(section.clone()).or_default();
        if of_section.insert(written.clone(), value).is_some() {
            return Err(Error::value_error(format!(
                "Duplicate option in {}.: While reading from '<???>' [line {:2}]: option {} in section {} already exists",
                Value::from(name).repr()?,
                number + 1,
                Value::from(written).repr()?,
                Value::from(section.as_str()).repr()?
            )));
        }
        key = Some(written);
    }
    for value in sections.values_mut().flat_map(IndexMap::values_mut).flatten() {
        let end = value.trim_end().len();
        value.truncate(end);
    }
    Ok(sections)
}

/// `%(name)s` with the section's value put in; `%%` is a percent sign.
fn expand(text: &str, values: &Section, depth: u8) -> Result<String, Error> {
    if depth > 10 {
        return Err(Error::other("Recursion limit exceeded in value substitution"));
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(tail) = after.strip_prefix('%') {
            out.push('%');
            rest = tail;
            continue;
        }
        let Some((name, tail)) = after.strip_prefix('(').and_then(|inner| inner.split_once(")s")) else {
            let shown = Value::from(format!("%{after}")).repr()?;
            return Err(Error::other(format!("'%' must be followed by '%' or '(', found: {shown}")));
        };
        let Some(value) = values.get(&name.to_lowercase()) else {
            return Err(Error::other(format!("Bad value substitution: the key '{name}' is not there")));
        };
        out.push_str(&expand(value.as_deref().unwrap_or_default(), values, depth + 1)?);
        rest = tail;
    }
    Ok(out + rest)
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{Place, refusal};

    fn place() -> Place {
        Place::with(&[
            ("users.ini", "[global]\nUser=me\nlong = a\n  b\n[prod]\nuser: %(n)s!\nn=root ; it\nuser2=x\n"),
            ("app.properties", "user.name = me\n"),
        ])
    }

    #[test]
    fn values_are_found_by_section_and_key() {
        assert_eq!(place().answer("lookup('ini', 'user', file='users.ini')"), "'me'");
        assert_eq!(place().answer("lookup('ini', 'user section=prod file=users.ini')"), "'root ; it!'");
        assert_eq!(place().answer("lookup('ini', 'long', file='users.ini')"), "'a\\nb'");
        assert_eq!(place().answer("lookup('ini', 'nope', file='users.ini', default='d')"), "'d'");
        assert_eq!(
            place().answer("q('ini', 'user.*', section='prod', file='users.ini', re=true)"),
            "['root ; it!', 'x']"
        );
        assert_eq!(place().answer("lookup('ini', 'user.name type=properties file=app.properties')"), "'me'");
    }

    #[test]
    fn what_is_not_there_is_named() {
        assert_eq!(
            place().refusal("lookup('ini', 'a', file='users.ini', section='x')"),
            "The lookup plugin 'ini' failed: No section 'x' in 'users.ini'."
        );
        assert_eq!(
            refusal("lookup('ini', 'a file=nope.ini')"),
            "The lookup plugin 'ini' failed: Invalid filename None."
        );
    }
}
