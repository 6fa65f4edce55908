//! `basename`, `dirname`, `splitext`, `path_join`, `normpath`, `realpath`, `relpath`, `expanduser`, `expandvars`,
//! `commonpath`, `win_basename`, `win_dirname`, `win_splitdrive`.

use std::rc::Rc;

use jinja::{Environment, Error, Value};

use super::{Result, class, class_name, given, is_sequence, only, or_none};
use crate::accounts;

pub(super) fn add(env: &mut Environment) {
    env.add_filter("basename", |call| Ok(Value::from(split(&text(&only(call, "basename", "p")?)?).1)));
    env.add_filter("dirname", |call| Ok(Value::from(split(&text(&only(call, "dirname", "p")?)?).0)));
    env.add_filter("splitext", |call| {
        let path = text(&only(call, "splitext", "p")?)?;
        let (root, extension) = splitext(&path);
        Ok(Value::Tuple(Rc::from([Value::from(root), Value::from(extension)])))
    });
    add_more(env);
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

fn add_more(env: &mut Environment) {
    env.add_filter("normpath", |call| Ok(Value::from(normpath(&text(&only(call, "normpath", "path")?)?))));
    env.add_filter("realpath", |call| {
        let [path, _strict] = call.bind("realpath", 1, ["filename", "strict"])?;
        Ok(Value::from(realpath(&text(&or_none(path))?)))
    });
    env.add_filter("relpath", |call| {
        let [path, start] = call.bind("relpath", 1, ["path", "start"])?;
        let path = text(&or_none(path))?;
        if path.is_empty() {
            return Err(Error::value_error("no path specified"));
        }
        let start = given(start).map_or_else(|| Ok(".".to_owned()), |start| text(&start))?;
        Ok(Value::from(relpath(&absolute(&path), &absolute(&start))))
    });
    env.add_filter("expanduser", |call| Ok(Value::from(expand_user(text(&only(call, "expanduser", "path")?)?))));
    env.add_filter("expandvars", |call| Ok(Value::from(expand_vars(&text(&only(call, "expandvars", "path")?)?))));
    env.add_filter("commonpath", |call| {
        let paths = only(call, "commonpath", "paths")?;
        if !is_sequence(&paths) {
            let message = format!("|commonpath expects sequence, got {} instead.", class(&paths));
            return Err(Error::type_error(message));
        }
        let paths = paths.iterate()?.iter().map(text).collect::<Result<Vec<_>>>()?;
        common_path(&paths).map(Value::from).map_err(Error::value_error)
    });
    env.add_filter("win_basename", |call| Ok(Value::from(win_split(&text(&only(call, "basename", "p")?)?).1)));
    env.add_filter("win_dirname", |call| Ok(Value::from(win_split(&text(&only(call, "dirname", "p")?)?).0)));
    env.add_filter("win_splitdrive", |call| {
        let path = text(&only(call, "splitdrive", "p")?)?;
        let (drive, rest) = split_drive(&path);
        Ok(Value::Tuple(Rc::from([Value::from(drive), Value::from(rest)])))
    });
}

/// Python's `os.path.normpath`.
fn normpath(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let root = match path.bytes().take_while(|byte| *byte == b'/').count() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part != ".." || (root.is_empty() && parts.is_empty()) || parts.last() == Some(&"..") {
            parts.push(part);
        } else {
            parts.pop();
        }
    }
    let out = format!("{root}{}", parts.join("/"));
    if out.is_empty() { ".".to_owned() } else { out }
}

fn absolute(path: &str) -> String {
    let here = std::env::current_dir().map_or_else(|_| "/".to_owned(), |here| here.to_string_lossy().into_owned());
    normpath(&join(&[here, path.to_owned()]))
}

/// Links are followed as far as the path is there.
fn realpath(path: &str) -> String {
    let mut known = absolute_unnormalized(path);
    let mut missing: Vec<String> = Vec::new();
    loop {
        if let Ok(found) = std::fs::canonicalize(&known) {
            missing.push(found.to_string_lossy().into_owned());
            missing.reverse();
            return normpath(&join(&missing));
        }
        let (head, tail) = split(&known);
        if head == known {
            return absolute(path);
        }
        if !tail.is_empty() {
            missing.push(tail);
        }
        known = head;
    }
}

fn absolute_unnormalized(path: &str) -> String {
    let here = std::env::current_dir().map_or_else(|_| "/".to_owned(), |here| here.to_string_lossy().into_owned());
    join(&[here, path.to_owned()])
}

fn relpath(path: &str, start: &str) -> String {
    let parts =
        |path: &str| -> Vec<String> { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    let (path, start) = (parts(path), parts(start));
    let same = path.iter().zip(&start).take_while(|(left, right)| left == right).count();
    let mut out = vec!["..".to_owned(); start.len() - same];
    out.extend(path.into_iter().skip(same));
    if out.is_empty() { ".".to_owned() } else { out.join("/") }
}

fn home_of(user: &str) -> Option<String> {
    if user.is_empty()
        && let Ok(home) = std::env::var("HOME")
    {
        return Some(home);
    }
    let account = if user.is_empty() { accounts::own() } else { accounts::by_name(user) };
    account.map(|account| account.home)
}

fn expand_user(path: String) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path };
    let (user, after) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let Some(home) = home_of(user) else { return path };
    let out = format!("{}{after}", home.trim_end_matches('/'));
    if out.is_empty() { "/".to_owned() } else { out }
}

fn expand_vars(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let after = from.get(1..).unwrap_or_default();
        let (name, length) = if let Some(inner) = after.strip_prefix('{') {
            match inner.find('}') {
                Some(end) => (inner.get(..end).unwrap_or_default(), end + 3),
                None => ("", 1),
            }
        } else {
            let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
            (after.get(..end).unwrap_or_default(), end + 1)
        };
        match std::env::var(name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            _ => out.push_str(from.get(..length).unwrap_or_default()),
        }
        rest = from.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn common_path(paths: &[String]) -> std::result::Result<String, &'static str> {
    let Some(first) = paths.first() else { return Err("commonpath() arg is an empty sequence") };
    let rooted = first.starts_with('/');
    if paths.iter().any(|path| path.starts_with('/') != rooted) {
        return Err("Can't mix absolute and relative paths");
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let mut common = parts(first);
    for path in paths {
        let same = common.iter().zip(parts(path)).take_while(|(left, right)| *left == right).count();
        common.truncate(same);
    }
    Ok(format!("{}{}", if rooted { "/" } else { "" }, common.join("/")))
}

/// Python's `ntpath.splitdrive`: a letter with a colon, or a share.
fn split_drive(path: &str) -> (&str, &str) {
    let bytes = path.as_bytes();
    let slash = |at: usize| matches!(bytes.get(at), Some(b'/' | b'\\'));
    if slash(0) && slash(1) && !slash(2) {
        let Some(server) = (2..bytes.len()).find(|at| slash(*at)) else { return ("", path) };
        let share = (server + 1..bytes.len()).find(|at| slash(*at));
        if share == Some(server + 1) {
            return ("", path);
        }
        return path.split_at(share.unwrap_or(bytes.len()));
    }
    if bytes.get(1) == Some(&b':') { path.split_at(2) } else { ("", path) }
}

fn win_split(path: &str) -> (String, String) {
    let (drive, rest) = split_drive(path);
    let (head, tail) = rest.rfind(['/', '\\']).map_or(("", rest), |slash| rest.split_at(slash + 1));
    let bare = head.trim_end_matches(['/', '\\']);
    (format!("{drive}{}", if bare.is_empty() { head } else { bare }), tail.to_owned())
}
