//! The lists of sources of a host: read, changed and written back.
//!
//! Source: sources.list(5).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use indexmap::{IndexMap, IndexSet};

use super::line::Line;
use crate::{
    module::os_error,
    prelude::*,
    support::{atomic, paths},
};

/// The list that is always read.
const MAIN: &str = "/etc/apt/sources.list";
/// The folder of the others.
const FOLDER: &str = "/etc/apt/sources.list.d";

/// The lists by their files.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    files: IndexMap<String, Vec<Numbered>>,
    /// Where links lead: the file behind them is written, and the link stays.
    links: IndexMap<String, PathBuf>,
    /// Files that are made now.
    new: IndexSet<String>,
}

/// A line with the number that it had when its file was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Numbered {
    number: usize,
    line: Line,
}

impl Sources {
    /// Reads the host's lists.
    ///
    /// # Errors
    ///
    /// One of them cannot be read.
    pub(super) fn read() -> Result<Self, Failure> {
        let mut sources = Self::default();
        if Path::new(MAIN).is_file() {
            sources.load(MAIN)?;
        }
        let entries = fs::read_dir(FOLDER).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || !name.ends_with(".list") {
                continue;
            }
            let file = format!("{FOLDER}/{name}");
            if let Ok(target) = fs::read_link(&file) {
                sources.links.insert(file.clone(), Path::new(FOLDER).join(target));
            }
            sources.load(&file)?;
        }
        Ok(sources)
    }

    fn load(&mut self, file: &str) -> Result<(), Failure> {
        let bytes = fs::read(file).map_err(|error| Failure::raised(&os_error(&error, Some(file)), None))?;
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let lines = if bytes.is_empty() { Vec::new() } else { text.split(|byte| *byte == b'\n').collect() };
        let numbered = |(number, line): (usize, &[u8])| Numbered { number, line: Line::parse(line) };
        self.files.insert(file.to_owned(), lines.into_iter().enumerate().map(numbered).collect());
        Ok(())
    }

    /// Whether a source is there and not commented out.
    pub(super) fn has(&self, source: &[u8]) -> bool {
        let mut lines = self.files.values().flatten().map(|numbered| &numbered.line);
        lines.any(|line| line.valid && line.enabled && line.source == source)
    }

    /// Adds a source: where it is there, commented out or not, it is made to hold there.
    pub(super) fn add(&mut self, source: &[u8], file: &str) {
        let mut found = false;
        for numbered in self.files.values_mut().flatten() {
            if numbered.line.valid && numbered.line.source == source {
                numbered.line.enabled = true;
                found = true;
            }
        }
        if found {
            return;
        }
        let file = if file.contains('/') { file.to_owned() } else { paths::normalize(&format!("{FOLDER}/{file}")) };
        let lines = self.files.entry(file.clone()).or_default();
        lines.push(Numbered { number: lines.len(), line: Line::new(source.to_vec()) });
        self.new.insert(file);
    }

    /// Removes a source.
    ///
    /// As in Ansible, the line after one that is removed is not looked at, and later ones are taken by the numbers that
    /// they had: of lines that are alike and follow one another every other one stays.
    ///
    /// # Errors
    ///
    /// Python's words where such a number is beyond the end.
    pub(super) fn remove(&mut self, source: &[u8]) -> Result<(), &'static str> {
        for lines in self.files.values_mut() {
            let mut at = 0;
            while let Some(numbered) = lines.get(at) {
                at += 1;
                if numbered.line.valid && numbered.line.enabled && numbered.line.source == source {
                    let number = numbered.number;
                    if number >= lines.len() {
                        return Err("pop index out of range");
                    }
                    lines.remove(number);
                }
            }
        }
        Ok(())
    }

    /// What the files hold, or are to hold; a file without lines is none.
    pub(super) fn contents(&self) -> IndexMap<&str, Vec<u8>> {
        let files = self.files.iter().filter(|(_, lines)| !lines.is_empty());
        files
            .map(|(file, lines)| {
                let mut bytes = Vec::new();
                lines.iter().for_each(|numbered| numbered.line.write(&mut bytes));
                (file.as_str(), bytes)
            })
            .collect()
    }

    /// Writes all files, and removes those without lines.
    ///
    /// # Errors
    ///
    /// One of them cannot be written.
    pub(super) fn save(&self, ctx: &Context) -> Result<(), Failure> {
        for (file, bytes) in self.contents() {
            let target = self.links.get(file).map_or(Path::new(file), PathBuf::as_path);
            if let Some(folder) = Path::new(file).parent() {
                fs::create_dir_all(folder).map_err(|error| raised(&error, &folder.to_string_lossy()))?;
            }
            atomic::write(ctx, &target.to_string_lossy(), &bytes, &FileAttributes::default())?;
        }
        for (file, _) in self.files.iter().filter(|(_, lines)| lines.is_empty()) {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(raised(&error, file)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives the files that were made the mode, if there is one.
    ///
    /// # Errors
    ///
    /// The mode is none.
    pub(super) fn set_mode(&self, ctx: &Context, mode: &Data) -> Result<(), Failure> {
        let attributes = FileAttributes { mode: mode.clone(), ..FileAttributes::default() };
        self.new.iter().try_for_each(|file| attributes.apply(ctx, file, None).map(|_| ()))
    }
}

fn raised(error: &io::Error, path: &str) -> Failure {
    Failure::raised(&os_error(error, Some(path)), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Sources {
        let lines = text.lines().enumerate();
        let lines = lines.map(|(number, line)| Numbered { number, line: Line::parse(line.as_bytes()) }).collect();
        Sources { files: IndexMap::from([("/x.list".to_owned(), lines)]), ..Sources::default() }
    }

    fn text(sources: &Sources) -> String {
        String::from_utf8(sources.contents().values().flatten().copied().collect()).unwrap()
    }

    #[test]
    fn a_source_that_is_there_is_made_to_hold_and_else_gets_a_file() {
        let mut there = sources("# deb a ./\n# deb b ./");
        there.add(b"deb a ./", "new.list");
        assert_eq!(text(&there), "deb a ./\n# deb b ./\n");
        assert!(there.has(b"deb a ./") && !there.has(b"deb b ./"));
        there.add(b"deb c ./", "new.list");
        assert_eq!(there.contents()["/etc/apt/sources.list.d/new.list"], b"deb c ./\n");
    }

    #[test]
    fn a_source_is_removed_and_of_twins_every_other_one_stays() {
        let mut there = sources("deb a ./\ndeb b ./");
        assert_eq!(there.remove(b"deb b ./"), Ok(()));
        assert_eq!(text(&there), "deb a ./\n");
        let mut twins = sources("deb a ./\ndeb a ./\n# deb a ./");
        assert_eq!(twins.remove(b"deb a ./"), Ok(()));
        assert_eq!(text(&twins), "deb a ./\n# deb a ./\n");
        let mut apart = sources("deb a ./\ndeb b ./\ndeb a ./");
        assert_eq!(apart.remove(b"deb a ./"), Err("pop index out of range"));
        let mut last = sources("deb a ./");
        assert_eq!(last.remove(b"deb a ./"), Ok(()));
        assert!(last.contents().is_empty());
    }
}
