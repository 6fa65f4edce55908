//! Where templates that are included, imported or extended come from.

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
};

use jinja::{Error, Loader, error::Kind};

/// Finds templates in the folders of the task that renders.
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

impl Loader for FileLoader {
    fn load(&self, name: &str, parent: Option<&str>) -> Result<(String, String), Error> {
        let _ = parent;
        let climbs = Path::new(name).components().any(|part| part == std::path::Component::ParentDir);
        let search = self.search.borrow();
        let found =
            (!climbs).then(|| search.iter().map(|folder| folder.join(name)).find(|path| path.is_file())).flatten();
        let Some(path) = found else {
            let folders: Vec<String> = search.iter().map(|folder| format!("'{}'", folder.display())).collect();
            let plural = if folders.len() == 1 { "" } else { "s" };
            let message = format!("'{name}' not found in search path{plural}: {}", folders.join(", "));
            return Err(Error::new(Kind::TemplateNotFound, message));
        };
        let text = fs::read_to_string(&path).map_err(|error| Error::other(format!("{}: {error}", path.display())))?;
        Ok((text, path.display().to_string()))
    }
}
