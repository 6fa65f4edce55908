//! Reads ssh_config files for one host: `Host`, `Match` and `Include` decide which lines count; the first value wins.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{
    expand::{self, Tokens},
    line, words,
    words::Use,
};
use crate::{
    environment::Environment,
    ssh::pattern::{self, Verdict},
};

/// How deep files may include each other, as in OpenSSH.
const DEPTH: usize = 16;

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) words: Vec<String>,
    pub(crate) place: String,
}

/// What the files and options say, by keyword in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    values: HashMap<&'static str, Vec<Value>>,
}

impl Settings {
    /// The first value's first word.
    pub(crate) fn first(&self, keyword: &str) -> Option<&str> {
        self.value(keyword)?.words.first().map(String::as_str)
    }

    /// The value that counts.
    pub(crate) fn value(&self, keyword: &str) -> Option<&Value> {
        self.values.get(keyword)?.first()
    }

    /// The words of all values.
    pub(crate) fn all(&self, keyword: &str) -> impl Iterator<Item = &str> {
        self.values.get(keyword).into_iter().flatten().flat_map(|value| value.words.iter().map(String::as_str))
    }
}

/// The reader of one host's settings.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    /// The name as the user gave it.
    pub(crate) original: &'a str,
    pub(crate) environment: &'a Environment,
    pub(crate) settings: Settings,
    /// The second reading, in which `Match final` holds.
    pub(crate) last: bool,
    /// There is a `Match final`, so a second reading is needed.
    pub(crate) wants_last: bool,
}

impl Reader<'_> {
    /// Takes one setting, from a file or from the command line.
    pub(crate) fn set(&mut self, keyword: &str, rest: &str, place: &str) -> Result<(), String> {
        let written = keyword;
        let Some((keyword, usage)) = words::lookup(keyword) else {
            let ignored = self.settings.first("ignoreunknown").unwrap_or_default().split(',').map(str::to_owned);
            if pattern::list(ignored.collect::<Vec<_>>().iter().map(String::as_str), keyword) == Verdict::Yes {
                return Ok(());
            }
            return Err(format!("{place}: {keyword} is no option of ssh that is known here"));
        };
        let wrong = |reason: String| format!("{place}: {written}: {reason}");
        let found = match usage {
            Use::Ignored => return Ok(()),
            Use::Line => vec![rest.to_owned()],
            Use::First | Use::All | Use::Refused(_) => line::words(rest).map_err(wrong)?,
        };
        let Some(first) = found.first().filter(|first| !first.is_empty()) else {
            return Err(wrong("a value is missing".to_owned()));
        };
        if let Use::Refused(harmless) = usage {
            return if harmless.iter().any(|word| first.eq_ignore_ascii_case(word)) {
                Ok(())
            } else {
                Err(wrong(format!("\"{rest}\" changes where or how ssh connects, and is not done here yet")))
            };
        }
        // Of the two ways through another host, the one that is named first counts.
        let other = match keyword {
            "proxyjump" => "proxycommand",
            "proxycommand" => "proxyjump",
            _ => "",
        };
        if self.settings.values.contains_key(other) {
            return Ok(());
        }
        let values = self.settings.values.entry(keyword).or_default();
        if values.is_empty() || (usage == Use::All && !values.iter().any(|value| value.words == found)) {
            values.push(Value { words: found, place: place.to_owned() });
        }
        Ok(())
    }

    /// Reads a file; one that does not exist is empty unless it `must` exist.
    pub(crate) fn file(&mut self, path: &Path, system: bool, must: bool) -> Result<(), String> {
        self.included(path, system, must, 0)
    }

    fn included(&mut self, path: &Path, system: bool, must: bool, depth: usize) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("{}: files that include each other go too deep", path.display()));
        }
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(_) if !must && (depth > 0 || !path.exists()) => return Ok(()),
            Err(error) => return Err(format!("Can't open user config file {}: {error}", path.display())),
        };
        self.text(&String::from_utf8_lossy(&bytes), path, system, depth)
    }

    /// Takes the text of a file.
    pub(super) fn text(&mut self, text: &str, path: &Path, system: bool, depth: usize) -> Result<(), String> {
        let mut active = true;
        for (index, text) in text.lines().enumerate() {
            let Some(line) = line::split(text) else { continue };
            let place = format!("{}:{}", path.display(), index.saturating_add(1));
            match line.keyword.to_ascii_lowercase().as_str() {
                "host" => {
                    let patterns = line::words(line.rest).map_err(|reason| format!("{place}: {reason}"))?;
                    active = pattern::list(patterns.iter().map(String::as_str), self.original) == Verdict::Yes;
                }
                "match" => active = self.matches(line.rest, &place)?,
                "include" if active => {
                    for name in line::words(line.rest).map_err(|reason| format!("{place}: {reason}"))? {
                        for file in self.include_files(&name, system) {
                            self.included(&file, system, false, depth.saturating_add(1))?;
                        }
                    }
                }
                "include" => {}
                _ if active => self.set(line.keyword, line.rest, &place)?,
                // What does not count is still looked at for words that are not known, as OpenSSH does.
                _ if words::lookup(line.keyword).is_none() && self.settings.value("ignoreunknown").is_none() => {
                    return Err(format!("{place}: {} is no option of ssh that is known here", line.keyword));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether all criteria of a `Match` line hold.
    fn matches(&mut self, rest: &str, place: &str) -> Result<bool, String> {
        let rest = line::words(rest).map_err(|reason| format!("{place}: {reason}"))?;
        // Both `user bob` and `user=bob` are written.
        let mut rest = rest.into_iter().flat_map(|word| match word.split_once('=') {
            Some((criterion, value)) => vec![criterion.to_owned(), value.to_owned()],
            None => vec![word],
        });
        let mut holds = true;
        let mut criteria = 0_usize;
        while let Some(criterion) = rest.next() {
            criteria = criteria.saturating_add(1);
            let (negated, name) = match criterion.strip_prefix('!') {
                Some(name) => (true, name.to_ascii_lowercase()),
                None => (false, criterion.to_ascii_lowercase()),
            };
            let user = || self.settings.first("user").unwrap_or(&self.environment.user).to_owned();
            let text = match name.as_str() {
                "all" => {
                    return if criteria == 1 || (criteria == 2 && holds) {
                        Ok(holds && !negated)
                    } else {
                        Err(format!("{place}: \"all\" stands with no other criterion"))
                    };
                }
                "final" => {
                    self.wants_last = true;
                    holds &= self.last != negated;
                    continue;
                }
                "canonical" => {
                    // Names are not canonicalized here; the last reading counts as canonical, as in OpenSSH.
                    holds &= self.last != negated;
                    continue;
                }
                "host" => self.host_name(),
                "originalhost" => self.original.to_owned(),
                "user" => user(),
                "localuser" => self.environment.user.clone(),
                "tagged" => self.settings.first("tag").unwrap_or_default().to_owned(),
                "exec" | "localnetwork" | "version" | "sessiontype" | "command" => {
                    let _ = rest.next();
                    if holds {
                        return Err(format!("{place}: \"Match {name}\" is not done here yet"));
                    }
                    continue;
                }
                _ => return Err(format!("{place}: \"{criterion}\" is no criterion of Match that is known here")),
            };
            let Some(patterns) = rest.next() else {
                return Err(format!("{place}: Match {name}: a pattern is missing"));
            };
            holds &= (pattern::list(patterns.split(','), &text) == Verdict::Yes) != negated;
        }
        if criteria == 0 {
            return Err(format!("{place}: Match without a criterion"));
        }
        Ok(holds)
    }

    /// The host's name as far as it is known while the files are read.
    fn host_name(&self) -> String {
        match self.settings.first("hostname") {
            Some(name) => expand::tokens(name, &Tokens { host: self.original, ..Tokens::default() })
                .unwrap_or_else(|_| name.to_owned()),
            None => self.original.to_owned(),
        }
    }

    /// The files that an `Include` names, in the order of their names.
    fn include_files(&self, name: &str, system: bool) -> Vec<PathBuf> {
        let name = expand::home(name, self.environment);
        let base = if system { PathBuf::from("/etc/ssh") } else { self.environment.home.join(".ssh") };
        glob(&base.join(name))
    }
}

/// The paths that match a pattern with `*` and `?` in its parts.
fn glob(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let text = part.as_os_str().to_string_lossy();
        if !text.contains(['*', '?']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let mut next = Vec::new();
        for folder in found {
            let names = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
            let hidden = text.starts_with('.');
            next.extend(
                names
                    .filter(|name| {
                        let name = name.to_string_lossy();
                        name.starts_with('.') == hidden && pattern::matches(&text, &name)
                    })
                    .map(|name| folder.join(name)),
            );
        }
        next.sort();
        found = next;
    }
    found
}
