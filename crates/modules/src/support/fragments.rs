//! A file made of the files of a folder (`assemble`).

use std::{fs, io, path::Path};

use pyregex::Regex;

use super::escapes;

/// Which files, and what stands between them.
#[derive(Debug, Clone, Copy)]
pub struct Fragments<'a> {
    /// What stands between two of them, with escapes.
    pub delimiter: Option<&'a str>,
    /// Only files whose names this finds something in.
    pub pattern: Option<&'a Regex>,
    /// Leave out names that begin with a dot.
    pub ignore_hidden: bool,
    /// A line ends after the delimiter even where the delimiter ends in one already.
    pub always_new_line: bool,
}

impl Fragments<'_> {
    /// Puts the files of a folder together, in the order of their names; `read` gets the content of each.
    ///
    /// # Errors
    ///
    /// That of `read`, or of what cannot be listed or searched for, as `failed` words it.
    pub fn assemble<E>(
        &self,
        folder: &Path,
        failed: impl Fn(String) -> E,
        mut read: impl FnMut(&Path) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let unreadable =
            |error: io::Error| failed(crate::module::os_error(&error, Some(&folder.display().to_string())));
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            names.push(entry.map_err(unreadable)?.file_name());
        }
        names.sort();
        let mut delimiter = self.delimiter.filter(|text| !text.is_empty()).map(|text| text.as_bytes().to_vec());
        let mut assembled: Vec<u8> = Vec::new();
        let mut is_first = true;
        for name in names {
            let path = folder.join(&name);
            let name = name.to_string_lossy();
            if let Some(pattern) = self.pattern
                && !pattern.is_match(&name).map_err(|error| failed(error.to_string()))?
            {
                continue;
            }
            if !path.is_file() || self.ignore_hidden && name.starts_with('.') {
                continue;
            }
            let content = read(&path)?;
            if !is_first {
                if !assembled.ends_with(b"\n") {
                    assembled.push(b'\n');
                }
                if let Some(delimiter) = &mut delimiter {
                    // Once more for each, as Ansible does: an escaped backslash is an escape the next time.
                    *delimiter = escapes::decode(delimiter);
                    assembled.extend_from_slice(delimiter);
                    if self.always_new_line || !delimiter.ends_with(b"\n") {
                        assembled.push(b'\n');
                    }
                }
            }
            is_first = false;
            assembled.extend_from_slice(&content);
        }
        Ok(assembled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembled(files: &[(&str, &str)], fragments: Fragments<'_>) -> String {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        fs::create_dir(folder.path().join("folder")).unwrap();
        let bytes = fragments.assemble(folder.path(), |why| why, |path| fs::read(path).map_err(|why| why.to_string()));
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    const PLAIN: Fragments<'_> =
        Fragments { delimiter: None, pattern: None, ignore_hidden: false, always_new_line: false };

    #[test]
    fn files_follow_in_the_order_of_their_names_each_on_a_line_of_its_own() {
        let files = [("b", "two"), ("a", "one"), (".c", "hidden\n")];
        assert_eq!(assembled(&files, PLAIN), "hidden\none\ntwo");
        assert_eq!(assembled(&files, Fragments { ignore_hidden: true, ..PLAIN }), "one\ntwo");
    }

    #[test]
    fn a_delimiter_stands_between_them_alone() {
        let files = [("a", "one\n"), ("b", "two\n")];
        let with = |delimiter| Fragments { delimiter: Some(delimiter), ..PLAIN };
        assert_eq!(assembled(&files, with("#")), "one\n#\ntwo\n");
        assert_eq!(assembled(&files, with(r"#\n")), "one\n#\ntwo\n");
        assert_eq!(assembled(&files, Fragments { always_new_line: true, ..with(r"#\n") }), "one\n#\n\ntwo\n");
    }

    #[test]
    fn a_pattern_chooses() {
        let pattern = Regex::new(r"\.conf$", pyregex::Flags::default()).unwrap();
        let files = [("a.conf", "one\n"), ("b.bak", "two\n")];
        assert_eq!(assembled(&files, Fragments { pattern: Some(&pattern), ..PLAIN }), "one\n");
    }
}
