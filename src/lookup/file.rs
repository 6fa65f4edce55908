//! `file` and `unvault`: what files of the control node say; those that are encrypted are opened.
//!
//! Source: Ansible documentation, the lookups `ansible.builtin.file` and `ansible.builtin.unvault`.

use std::path::Path;

use jinja::{Error, Value};

use super::{Answer, Request};

impl Request<'_> {
    /// A file's text; an encrypted one is opened.
    pub(super) fn read(&self, path: &Path) -> Result<String, Error> {
        let shown = path.display();
        let bytes = std::fs::read(path).map_err(|error| {
            Error::other(format!("an error occurred while trying to read the file '{shown}': {error}"))
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::other(format!("the file '{shown}' cannot be read: it is not UTF-8")))?;
        if !text.starts_with("$ANSIBLE_VAULT;") {
            return Ok(text);
        }
        let Some(decrypt) = &self.registry.decrypt else {
            return Err(Error::other("Attempting to decrypt but no vault secrets found."));
        };
        decrypt.decrypt(&text).map_err(Error::other)
    }
}

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        let inaccessible =
            |why: &str| Error::other(format!("Unable to access the file {}: {why}", term.repr().unwrap_or_default()));
        let Some(path) = request.find(Some("files"), term)? else {
            return Err(inaccessible("File not found. Use -vvvvv to see paths searched."));
        };
        let text = request.read(&path).map_err(|error| inaccessible(&error.message))?;
        let mut text = text.as_str();
        if request.flag("lstrip", false) {
            text = text.trim_start();
        }
        if request.flag("rstrip", true) {
            text = text.trim_end();
        }
        found.push(Value::from(text));
    }
    Ok(found)
}

pub(super) fn unvault(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        let Some(path) = request.find_or_warn(Some("files"), term)? else {
            return Err(Error::other(format!("Unable to find file matching \"{}\"", term.to_str()?)));
        };
        found.push(Value::from(request.read(&path)?));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{Place, refusal};

    #[test]
    fn files_of_the_play_are_read_without_the_space_at_their_end() {
        let place = Place::with(&[("files/a.txt", " content \n\n"), ("b.txt", "beside\n")]);
        assert_eq!(place.answer("lookup('file', 'a.txt')"), "' content'");
        assert_eq!(place.answer("lookup('file', 'a.txt', rstrip=false)"), "' content \\n\\n'");
        assert_eq!(place.answer("lookup('file', 'a.txt', lstrip=true)"), "'content'");
        assert_eq!(place.answer("lookup('file', 'a.txt', 'b.txt')"), "' content,beside'");
        assert_eq!(place.answer("lookup('unvault', 'b.txt')"), "'beside\\n'");
    }

    #[test]
    fn what_was_read_is_not_a_template() {
        let place = Place::with(&[("files/a.txt", "{{ web }}")]);
        assert_eq!(place.answer("lookup('file', 'a.txt')"), "'{{ web }}'");
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_that_errors_can_silence() {
        assert_eq!(
            refusal("lookup('file', 'nope')"),
            "The lookup plugin 'file' failed: Unable to access the file 'nope': File not found. Use -vvvvv to see paths searched."
        );
        let place = Place::with(&[]);
        assert_eq!(place.answer("lookup('file', 'nope', errors='ignore')"), "None");
        assert_eq!(place.answer("q('file', 'nope', errors='ignore')"), "[]");
    }
}
