//! `fileglob`: the files that a pattern means, as Python's `glob` finds them.
//!
//! Source: <https://docs.python.org/3/library/glob.html>.

use std::{fs, path::Path};

use jinja::{Environment, Error, List, Value};

use super::{class_name, only};
use crate::inventory::glob::matches;

pub(super) fn add(env: &mut Environment) {
    env.add_filter("fileglob", |call| {
        let pattern = only(call, "fileglob", "pathname")?;
        let Value::Str(pattern) = &pattern else {
            let name = class_name(&pattern);
            return Err(Error::type_error(match pattern {
                Value::List(_) | Value::Dict(_) | Value::Tuple(_) => {
                    format!("expected str, bytes or os.PathLike object, not {name}")
                }
                _ => format!("'{name}' object is not subscriptable"),
            }));
        };
        let found = glob(pattern).into_iter().filter(|path| Path::new(path).is_file());
        Ok(Value::List(found.map(Value::from).collect::<List>()))
    });
}

fn has_magic(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Python's `os.path.split`, of which the folder keeps no slash at its end unless it is the root.
fn split(path: &str) -> (&str, &str) {
    let (head, tail) = path.rfind('/').map_or(("", path), |slash| path.split_at(slash + 1));
    let bare = head.trim_end_matches('/');
    (if bare.is_empty() { head } else { bare }, tail)
}

fn join(folder: &str, name: &str) -> String {
    let slash = if folder.is_empty() || folder.ends_with('/') { "" } else { "/" };
    format!("{folder}{slash}{name}")
}

fn glob(pattern: &str) -> Vec<String> {
    let (folder, name) = split(pattern);
    if !has_magic(pattern) {
        let there = if name.is_empty() { Path::new(folder).is_dir() } else { is_there(pattern) };
        return if there { vec![pattern.to_owned()] } else { Vec::new() };
    }
    let folders = if has_magic(folder) { glob(folder) } else { vec![folder.to_owned()] };
    folders.iter().flat_map(|folder| inside(folder, name)).collect()
}

fn is_there(path: &str) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// What of a folder has that name; hidden files only if the pattern asks for them.
fn inside(folder: &str, name: &str) -> Vec<String> {
    if !has_magic(name) {
        let path = join(folder, name);
        let there = if name.is_empty() { Path::new(folder).is_dir() } else { is_there(&path) };
        return if there { vec![path] } else { Vec::new() };
    }
    let entries = fs::read_dir(if folder.is_empty() { "." } else { folder }).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|found| (name.starts_with('.') || !found.starts_with('.')) && matches(name, found))
        .map(|found| join(folder, &found))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_may_stand_in_any_part_of_the_path() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().display().to_string();
        for (folder, file) in [("one", "a.conf"), ("one", ".hidden.conf"), ("two", "b.conf"), ("two", "b.txt")] {
            fs::create_dir_all(place.path().join(folder)).unwrap();
            fs::write(place.path().join(folder).join(file), "").unwrap();
        }
        let found = |pattern: &str| {
            let mut found = glob(&join(&root, pattern));
            found.sort();
            found.iter().map(|path| path.trim_start_matches(&root).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("*/*.conf"), ["/one/a.conf", "/two/b.conf"]);
        assert_eq!(found("one/.*"), ["/one/.hidden.conf"]);
        assert_eq!(found("t?o/b.[ct]*"), ["/two/b.conf", "/two/b.txt"]);
        assert_eq!(found("*/a.conf"), ["/one/a.conf"]);
        assert_eq!(found("two/b.txt"), ["/two/b.txt"]);
        assert_eq!(found("nope/*"), [""; 0]);
    }
}
