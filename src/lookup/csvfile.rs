//! `csvfile`: a column of the row that starts with a key.
//!
//! Source: Ansible documentation, `ansible.builtin.csvfile` lookup; RFC 4180.

use jinja::{Error, Kind, Value};

use super::{Answer, Request, options::integer};
use crate::playbook::arguments::parse_kv;

const OPTIONS: [&str; 6] = ["col", "keycol", "default", "delimiter", "file", "encoding"];

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let keyless = || Error::other("Search key is required but was not found");
    if request.terms.is_empty() {
        return Err(keyless());
    }
    let mut found = Vec::new();
    for term in request.terms.clone() {
        let pairs = parse_kv(&term.to_str()?, false).map_err(|error| Error::other(error.to_string()))?;
        for (name, value) in pairs.options {
            if OPTIONS.contains(&name.as_str()) {
                request.set(&name, Value::from(value));
            } else {
                return Err(Error::value_error(format!("'{name}' is not a valid option")));
            }
        }
        let key = pairs.raw.ok_or_else(keyless)?;
        found.extend(column(request, &key)?);
    }
    Ok(found)
}

fn column(request: &Request<'_>, key: &str) -> Result<Option<Value>, Error> {
    let delimiter = match request.text("delimiter")?.as_deref() {
        None | Some("TAB" | "\t" | "\\t") => '\t',
        Some(text) => {
            let mut letters = text.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => letter,
                _ => return Err(Error::type_error("\"delimiter\" must be a 1-character string")),
            }
        }
    };
    let number = |name: &str, default: i64| match request.option(name) {
        Some(value) if !value.is_none() => integer("csvfile", name, value),
        _ => Ok(default),
    };
    let (col, keycol) = (number("col", 1)?, number("keycol", 0)?);
    let name = request.text("file")?.unwrap_or_else(|| "ansible.csv".to_owned());
    let Some(path) = request.find_or_warn(Some("files"), &Value::from(name))? else {
        return Err(Error::type_error("expected str, bytes or os.PathLike object, not NoneType"));
    };
    let text = request.read(&path)?;
    for row in rows(&text, delimiter).iter().filter(|row| !row.is_empty()) {
        let cell = |index: i64| {
            let length = i64::try_from(row.len()).unwrap_or(i64::MAX);
            let index = if index < 0 { index + length } else { index };
            let cell = usize::try_from(index).ok().and_then(|index| row.get(index));
            cell.ok_or_else(|| Error::new(Kind::Index, "list index out of range"))
        };
        if cell(keycol)? == key {
            return Ok(Some(Value::from(cell(col)?.as_str())));
        }
    }
    Ok(request.option("default").filter(|value| !value.is_none()).cloned())
}

/// Rows of cells; a cell in quotes may hold anything, a quote in it is doubled.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let (mut quoted, mut fresh) = (false, true);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if fresh => quoted = true,
            '\n' | '\r' if !quoted => {
                if letter == '\r' && letters.peek() == Some(&'\n') {
                    letters.next();
                }
                if !row.is_empty() || !fresh {
                    row.push(std::mem::take(&mut cell));
                }
                rows.push(std::mem::take(&mut row));
                fresh = true;
                continue;
            }
            letter if letter == delimiter && !quoted => {
                row.push(std::mem::take(&mut cell));
                fresh = true;
                continue;
            }
            letter => cell.push(letter),
        }
        fresh = false;
    }
    if !row.is_empty() || !fresh {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{Place, refusal};

    #[test]
    fn a_column_is_found_by_its_rows_key() {
        let place = Place::with(&[("files/e.csv", "Li,3,\"a, \"\"b\"\"\"\nNa,11,x\n"), ("ansible.csv", "a\tb\n")]);
        assert_eq!(place.answer("lookup('csvfile', 'Li file=e.csv delimiter=, col=2')"), "'a, \"b\"'");
        assert_eq!(place.answer("lookup('csvfile', 'Na', file='e.csv', delimiter=',')"), "'11'");
        assert_eq!(place.answer("lookup('csvfile', 'K', file='e.csv', delimiter=',', default='?')"), "'?'");
        assert_eq!(place.answer("lookup('csvfile', 'a')"), "'b'");
    }

    #[test]
    fn no_key_and_no_file_are_errors() {
        assert_eq!(
            refusal("lookup('csvfile')"),
            "The lookup plugin 'csvfile' failed: Search key is required but was not found"
        );
        assert_eq!(
            refusal("lookup('csvfile', 'a file=nope.csv')"),
            "The lookup plugin 'csvfile' failed: expected str, bytes or os.PathLike object, not NoneType"
        );
    }
}
