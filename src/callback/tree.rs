//! Ansible's `tree` callback: each host's result in a file of a folder (`ansible --tree`).

use std::{fs, io, path::PathBuf};

use protocol::arguments::python::repr_str;

use super::{Callback, Options, Screen, dump};
use crate::{
    diagnostic::{ErrorChain, Link},
    event::{Event, ResultEvent, Status},
};

/// Writes results into files that are named as the hosts.
pub struct Tree {
    folder: PathBuf,
    screen: Screen,
    options: Options,
}

impl Tree {
    /// Writes into the folder, which is made when the first result is there; what goes wrong is told on the screen.
    #[must_use]
    pub fn new(folder: PathBuf, mut screen: Screen, options: Options) -> Self {
        let message =
            "The tree callback plugin is deprecated. This feature will be removed from ansible-core version 2.23.";
        screen.deprecation(&ErrorChain::new(Link::new(message)), &options);
        Self { folder, screen, options }
    }

    fn write(&mut self, result: &ResultEvent) {
        if let Err(error) = fs::create_dir_all(&self.folder) {
            let folder = repr_str(&self.folder.display().to_string());
            self.warn(format!("Unable to access or create the configured directory {folder}."), &error);
        }
        let path = self.folder.join(&*result.host);
        let text = dump::results(&dump::callback_values(result), None, &self.options);
        if let Err(error) = fs::write(&path, text) {
            self.warn(format!("Unable to write to {}'s file.", repr_str(&result.host)), &error);
        }
    }

    fn warn(&mut self, message: String, error: &io::Error) {
        let chain = ErrorChain::new(Link::new(modules::module::os_error(error, None))).caused(Link::new(message));
        self.screen.warning(&chain, &self.options);
    }
}

impl Callback for Tree {
    fn event(&mut self, event: &Event) {
        if let Event::Result(result) = event
            && result.status != Status::Skipped
        {
            self.write(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::testing;

    #[test]
    fn each_host_has_a_file_with_its_result_as_json() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::new(folder.path().join("out"), Screen::new(io::sink(), io::sink()), Options::default());
        for event in testing::run_of_many_cases() {
            tree.event(&event);
        }
        let files: Vec<_> = fs::read_dir(folder.path().join("out")).unwrap().flatten().collect();
        assert!(!files.is_empty());
        for file in files {
            let text = fs::read_to_string(file.path()).unwrap();
            let result: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(result.is_object(), "{text}");
        }
    }
}
