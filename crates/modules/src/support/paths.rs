//! Paths: `~` and variables, absolute and real ones, executables, patterns.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::accounts;

/// Python's `expanduser(expandvars(text))`: unknown variables and users stay as they are.
#[must_use]
pub fn expand(text: &str, environment: &BTreeMap<String, String>) -> String {
    expand_user(&expand_variables(text, environment), environment)
}

/// `$NAME` and `${NAME}` replaced where the variable is set.
#[must_use]
pub fn expand_variables(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, length) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (after.get(..end).unwrap_or_default(), end)
            }
        };
        match environment.get(name) {
            Some(value) if !name.is_empty() => {
                out.push_str(value);
                rest = after.get(length..).unwrap_or_default();
            }
            _ => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn expand_user(text: &str, environment: &BTreeMap<String, String>) -> String {
    let Some(after) = text.strip_prefix('~') else { return text.to_owned() };
    let (user, rest) = after.find('/').map_or((after, ""), |slash| after.split_at(slash));
    let home = if user.is_empty() {
        match environment.get("HOME") {
            Some(home) => Some(home.clone()),
            None => accounts::file_user_by_id(rustix::process::getuid().as_raw()).map(|user| user.home),
        }
    } else {
        accounts::file_user_by_name(user).map(|user| user.home)
    };
    let Some(home) = home else { return text.to_owned() };
    let joined = format!("{}{rest}", home.trim_end_matches('/'));
    if joined.is_empty() { "/".to_owned() } else { joined }
}

/// Python's `get_bin_path`: these folders, PATH, then the folders of administrators; the first executable file.
///
/// # Errors
///
/// Ansible's words, with the folders that were searched.
pub fn find_bin(name: &str, folders: &[&str], path: &str) -> Result<String, String> {
    let mut search: Vec<&str> = folders.iter().copied().filter(|folder| Path::new(folder).exists()).collect();
    search.extend(path.split(':'));
    for folder in ["/sbin", "/usr/sbin", "/usr/local/sbin"] {
        if !search.contains(&folder) && Path::new(folder).exists() {
            search.push(folder);
        }
    }
    for folder in search.iter().filter(|folder| !folder.is_empty()) {
        let candidate =
            if name.starts_with('/') { name.to_owned() } else { format!("{}/{name}", folder.trim_end_matches('/')) };
        let executable = fs::metadata(&candidate)
            .is_ok_and(|metadata| !metadata.is_dir() && metadata.permissions().mode() & 0o111 != 0);
        if executable {
            return Ok(candidate);
        }
    }
    Err(format!("Failed to find required executable \"{name}\" in paths: {}", search.join(":")))
}

/// The folder that Python's `tempfile` takes.
#[must_use]
pub fn temporary_folder(environment: &BTreeMap<String, String>) -> String {
    ["TMPDIR", "TEMP", "TMP"]
        .into_iter()
        .filter_map(|name| environment.get(name).map(String::as_str))
        .chain(["/tmp", "/var/tmp", "/usr/tmp"])
        .find(|folder| Path::new(folder).is_dir())
        .unwrap_or(".")
        .to_owned()
}

/// Python's `normpath`: `.` and `..` and double slashes worked out by the letters alone.
#[must_use]
pub fn normalize(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    // POSIX leaves two leading slashes alone, and so does Python.
    let root = if path.starts_with("//") && !path.starts_with("///") {
        "//"
    } else if path.starts_with('/') {
        "/"
    } else {
        ""
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            other => parts.push(other),
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() { ".".to_owned() } else { joined }
}

/// Python's `abspath`.
#[must_use]
pub fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        return normalize(path);
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    normalize(&format!("{}/{path}", here.display()))
}

/// Python's `realpath`: links followed as far as the path exists.
#[must_use]
pub fn real(path: &str) -> String {
    let absolute = absolute(path);
    if let Ok(real) = fs::canonicalize(&absolute) {
        return real.to_string_lossy().into_owned();
    }
    resolve(&absolute, 0)
}

/// Follows links in a path of which the end may be missing.
fn resolve(path: &str, depth: usize) -> String {
    let mut resolved = String::from("/");
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    while let Some(part) = parts.next() {
        let next = format!("{}/{part}", resolved.trim_end_matches('/'));
        match fs::read_link(&next) {
            Ok(target) if depth < 40 => {
                let target = target.to_string_lossy();
                let rest = parts.by_ref().collect::<Vec<_>>().join("/");
                let base = if target.starts_with('/') { String::new() } else { resolved.clone() };
                return resolve(&normalize(&format!("{base}/{target}/{rest}")), depth + 1);
            }
            _ => resolved = next,
        }
    }
    resolved
}

/// Python's `dirname`.
#[must_use]
pub fn dirname(path: &str) -> &str {
    match path.rfind('/') {
        None => "",
        Some(slash) => {
            let head = path.get(..=slash).unwrap_or_default();
            let trimmed = head.trim_end_matches('/');
            if trimmed.is_empty() { head } else { trimmed }
        }
    }
}

/// Python's `basename`.
#[must_use]
pub fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Python's `os.path.join` of two.
#[must_use]
pub fn join(base: &str, name: &str) -> String {
    if name.starts_with('/') || base.is_empty() {
        name.to_owned()
    } else if base.ends_with('/') {
        format!("{base}{name}")
    } else {
        format!("{base}/{name}")
    }
}

/// Whether anything matches a shell pattern (`*`, `?`, `[...]`), as Python's `glob` sees it; relative patterns begin in
/// `folder`.
#[must_use]
pub fn glob_any(pattern: &str, folder: Option<&str>) -> bool {
    let base = if pattern.starts_with('/') { "/" } else { folder.unwrap_or(".") };
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    !pattern.is_empty() && glob_from(Path::new(base), &parts)
}

fn glob_from(base: &Path, parts: &[&str]) -> bool {
    let Some((part, rest)) = parts.split_first() else { return fs::symlink_metadata(base).is_ok() };
    if !part.contains(['*', '?', '[']) {
        return glob_from(&base.join(part), rest);
    }
    let Ok(entries) = fs::read_dir(base) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        (!name.starts_with('.') || part.starts_with('.')) && fnmatch(&name, part) && glob_from(&base.join(&*name), rest)
    })
}

/// Python's `fnmatchcase`.
#[must_use]
pub fn fnmatch(name: &str, pattern: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    matches_from(&name, &pattern)
}

fn matches_from(name: &[char], pattern: &[char]) -> bool {
    // The classic two-pointer walk: on a mismatch, the last star takes one more character.
    let (mut at, mut in_pattern) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < name.len() {
        let step = match pattern.get(in_pattern) {
            Some('*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => match class(pattern.get(in_pattern..).unwrap_or_default(), name.get(at).copied()) {
                Some((true, length)) => Some(length),
                Some((false, _)) => None,
                None => (name.get(at) == Some(&'[')).then_some(1),
            },
            Some(character) => (name.get(at) == Some(character)).then_some(1),
            None => None,
        };
        match (step, star) {
            (Some(length), _) => {
                at += 1;
                in_pattern += length;
            }
            (None, Some((star_pattern, star_at))) => {
                star = Some((star_pattern, star_at + 1));
                at = star_at + 1;
                in_pattern = star_pattern + 1;
            }
            (None, None) => return false,
        }
    }
    pattern.get(in_pattern..).is_some_and(|rest| rest.iter().all(|character| *character == '*'))
}

/// Whether a `[...]` at the pattern's beginning takes the character, and its length; `None` where it is not closed.
fn class(pattern: &[char], character: Option<char>) -> Option<(bool, usize)> {
    let character = character?;
    let negated = pattern.get(1) == Some(&'!');
    let first = if negated { 2 } else { 1 };
    let close = (first + 1..pattern.len()).find(|index| pattern.get(*index) == Some(&']'))?;
    let members = pattern.get(first..close)?;
    let mut taken = false;
    let mut index = 0;
    while let Some(member) = members.get(index) {
        match (members.get(index + 1), members.get(index + 2)) {
            (Some('-'), Some(last)) => {
                taken |= (*member..=*last).contains(&character);
                index += 3;
            }
            _ => {
                taken |= *member == character;
                index += 1;
            }
        }
    }
    Some((taken != negated, close + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_homes_are_expanded_and_unknown_ones_left() {
        let environment =
            BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned()), ("A".to_owned(), "x".to_owned())]);
        for (text, want) in [
            ("~/f", "/home/me/f"),
            ("~", "/home/me"),
            ("$A/${A}b/$B/${B}$", "x/xb/$B/${B}$"),
            ("~nobody-of-that-name/x", "~nobody-of-that-name/x"),
            ("a~b", "a~b"),
        ] {
            assert_eq!(expand(text, &environment), want);
        }
    }

    #[test]
    fn paths_are_normalised_as_python_does() {
        for (path, want) in [("/a//b/./c/..", "/a/b"), ("a/../..", ".."), ("", "."), ("/..", "/"), ("//a", "//a")] {
            assert_eq!(normalize(path), want);
        }
        assert_eq!((dirname("/a"), dirname("a/b"), dirname("/a/b/")), ("/", "a", "/a/b"));
    }

    #[test]
    fn patterns_match_as_pythons_fnmatch() {
        for (name, pattern, want) in [
            ("a.conf", "*.conf", true),
            ("a.conf", "?.c*f", true),
            ("b7", "[a-c][!0-6]", true),
            ("b5", "[a-c][!0-6]", false),
            ("[x", "[x", true),
            ("abcbd", "a*b?", true),
        ] {
            assert_eq!(fnmatch(name, pattern), want, "{name} {pattern}");
        }
    }

    #[test]
    fn a_missing_executable_is_named_with_the_folders() {
        let error = find_bin("no-such-tool", &[], "/nowhere:/bin").unwrap_err();
        assert!(error.starts_with("Failed to find required executable \"no-such-tool\" in paths: /nowhere:/bin"));
    }
}
