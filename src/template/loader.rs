//! Where templates that are included, imported or extended come from.

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
};

use jinja::{Error, Loader, error::Kind};

use crate::python_repr::repr;

/// Finds templates in the folders of the file that is rendered, or in the playbook's where a playbook's own text is.
///
/// Source: Jinja2's `FileSystemLoader`, <https://jinja.palletsprojects.com/en/stable/api/#loaders>.
#[derive(Debug, Default)]
pub struct FileLoader {
    search: RefCell<Vec<PathBuf>>,
}

impl FileLoader {
    /// Sets the folders; returns those before.
    pub fn set_search_path(&self, search: Vec<PathBuf>) -> Vec<PathBuf> {
        self.search.replace(search)
    }
}

/// A template's name as a path below a folder; none where it would climb out.
fn inside(name: &str) -> Option<PathBuf> {
    let pieces = name.split('/').filter(|piece| !piece.is_empty() && *piece != ".");
    pieces.map(|piece| (piece != "..").then_some(Path::new(piece))).collect()
}

impl Loader for FileLoader {
    fn load(&self, name: &str, _parent: Option<&str>) -> Result<(String, String), Error> {
        let not_found = |message: String| Error::new(Kind::TemplateNotFound, message);
        let Some(inside) = inside(name) else { return Err(not_found(name.to_owned())) };
        let search = self.search.borrow();
        let Some(path) = search.iter().map(|folder| folder.join(&inside)).find(|path| path.is_file()) else {
            let folders: Vec<String> = search.iter().map(|folder| repr(&folder.display().to_string().into())).collect();
            let plural = if folders.len() == 1 { "path" } else { "paths" };
            let name = repr(&name.into());
            return Err(not_found(format!("{name} not found in search {plural}: {}", folders.join(", "))));
        };
        let text = fs::read_to_string(&path).map_err(|error| Error::other(format!("{}: {error}", path.display())))?;
        Ok((text, path.display().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(loader: &FileLoader, name: &str) -> String {
        loader.load(name, None).unwrap_err().message
    }

    #[test]
    fn a_template_is_found_below_the_first_folder_that_has_it_and_never_outside() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        for (path, text) in [(&one, "1"), (&two, "2")] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("a.j2"), text).unwrap();
        }
        let loader = FileLoader::default();
        loader.set_search_path(vec![one.clone()]);
        assert_eq!(refusal(&loader, "b.j2"), format!("'b.j2' not found in search path: '{}'", one.display()));
        loader.set_search_path(vec![two.clone(), one.clone()]);
        assert_eq!(loader.load("./a.j2", None).unwrap().0, "2");
        assert_eq!(loader.load("/a.j2", None).unwrap().0, "2");
        assert_eq!(refusal(&loader, "../one/a.j2"), "../one/a.j2");
        assert_eq!(
            refusal(&loader, "b.j2"),
            format!("'b.j2' not found in search paths: '{}', '{}'", two.display(), one.display())
        );
    }
}
