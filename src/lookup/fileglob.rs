//! `fileglob`: files that match a pattern.
//!
//! Source: Ansible documentation, `ansible.builtin.fileglob` lookup.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jinja::{Error, Value};

use super::{Answer, Request};
use crate::inventory::glob;

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        let Value::Str(text) = term else {
            let message = format!("expected str, bytes or os.PathLike object, not {}", term.type_name());
            return Err(Error::type_error(message));
        };
        let (folder, pattern) = text.rsplit_once('/').map_or((None, text.as_str()), |(folder, pattern)| {
            (Some(if folder.is_empty() { "/" } else { folder }), pattern)
        });
        let folders: Vec<PathBuf> = match folder {
            Some(folder) => request.find_or_warn(Some("files"), &Value::from(folder))?.into_iter().collect(),
            None => request.search_path()?.into_iter().flat_map(|path| [path.join("files"), path]).collect(),
        };
        if let Some(files) = folders.iter().map(|folder| files(folder, pattern)).find(|files| !files.is_empty()) {
            found.extend(files.iter().map(|path| Value::from(path.display().to_string())));
        }
    }
    Ok(found)
}

/// The files of a folder whose names match, in the folder's order; hidden ones only if the pattern asks for them.
fn files(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    if !pattern.contains(['*', '?', '[']) {
        return Some(folder.join(pattern)).filter(|path| path.is_file()).into_iter().collect();
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            (pattern.starts_with('.') || !name.starts_with('.')) && glob::matches(pattern, &name)
        })
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::Place;

    #[test]
    fn the_first_folder_with_a_match_gives_the_files() {
        let place = Place::with(&[("files/a.txt", ""), ("files/.h.txt", ""), ("b.txt", ""), ("sub/c.txt", "")]);
        assert_eq!(place.answer("q('fileglob', '*.txt')"), "['PLACE/files/a.txt']");
        assert_eq!(place.answer("q('fileglob', 'sub/*')"), "['PLACE/sub/c.txt']");
        assert_eq!(place.answer("q('fileglob', '*.nope')"), "[]");
    }
}
