//! `basename`, `dirname`, `splitext`, `path_join`.

use std::rc::Rc;

use jinja::{Environment, Error, Value};

use super::{Result, class, class_name, is_sequence, only};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("basename", |call| Ok(Value::from(split(&text(&only(call, "basename", "p")?)?).1)));
    env.add_filter("dirname", |call| Ok(Value::from(split(&text(&only(call, "dirname", "p")?)?).0)));
    env.add_filter("splitext", |call| {
        let path = text(&only(call, "splitext", "p")?)?;
        let (root, extension) = splitext(&path);
        Ok(Value::Tuple(Rc::from([Value::from(root), Value::from(extension)])))
    });
    env.add_filter("path_join", |call| {
        let paths = only(call, "path_join", "paths")?;
        if let Value::Str(_) = &paths {
            return Ok(paths);
        }
        if !is_sequence(&paths) {
            let message = format!("|path_join expects string or sequence, got {} instead.", class(&paths));
            return Err(Error::type_error(message));
        }
        let parts = paths.iterate()?;
        let parts = parts.iter().map(text).collect::<Result<Vec<_>>>()?;
        if parts.is_empty() {
            return Err(Error::type_error("join() missing 1 required positional argument: 'a'"));
        }
        Ok(Value::from(join(&parts)))
    });
}

/// A path; Python refuses what is none.
pub(super) fn text(value: &Value) -> Result<String> {
    match value {
        Value::Undefined(undefined) => Err(undefined.error()),
        Value::Str(text) => Ok(text.as_str().to_owned()),
        other => {
            let name = class_name(other);
            Err(Error::type_error(format!("expected str, bytes or os.PathLike object, not {name}")))
        }
    }
}

/// Python's `os.path.split`.
fn split(path: &str) -> (String, String) {
    let (head, tail) = path.rfind('/').map_or(("", path), |slash| path.split_at(slash + 1));
    let bare = head.trim_end_matches('/');
    ((if bare.is_empty() { head } else { bare }).to_owned(), tail.to_owned())
}

/// Python's `os.path.splitext`: leading dots begin no extension.
fn splitext(path: &str) -> (&str, &str) {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let name = path.get(start..).unwrap_or_default();
    let dots = name.len() - name.trim_start_matches('.').len();
    match name.rfind('.') {
        Some(dot) if dot >= dots => path.split_at(start + dot),
        _ => (path, ""),
    }
}

/// Python's `os.path.join`.
fn join(parts: &[String]) -> String {
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index == 0 || part.starts_with('/') {
            out.clone_from(part);
        } else {
            if !out.is_empty() && !out.ends_with('/') {
                out.push('/');
            }
            out.push_str(part);
        }
    }
    out
}
