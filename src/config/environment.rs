//! The process's surroundings, read once and handed down.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

/// Environment variables, working directory and home.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// The variables. What is not UTF-8 is kept with replacement characters.
    pub vars: BTreeMap<String, String>,
    /// The working directory; empty where it cannot be read.
    pub cwd: PathBuf,
    /// The user's home: `HOME`, else as the user database has it.
    pub home: PathBuf,
}

impl Environment {
    /// The surroundings of this process.
    #[must_use]
    pub fn current() -> Self {
        let vars: BTreeMap<_, _> = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        Self {
            vars,
            cwd: std::env::current_dir().unwrap_or_default(),
            home: std::env::home_dir().unwrap_or_else(|| PathBuf::from("/")),
        }
    }

    /// A variable's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str)
    }

    /// An absolute path without `~`, `$VAR`, `.` and `..`, as Ansible's `unfrackpath` makes it; symbolic links stay.
    /// `base` is where relative paths start; a file stands for its directory, `None` for the working directory.
    #[must_use]
    pub fn resolve(&self, path: &str, base: Option<&Path>) -> PathBuf {
        let path = self.expand_user(&self.expand_vars(path));
        let base = match base {
            Some(base) if base.is_file() => base.parent().unwrap_or(base),
            Some(base) => base,
            None => &self.cwd,
        };
        normalize(&base.join(path))
    }

    /// `~` and `~/...` with the home put in; another user's home (`~name`) is left as it is.
    #[must_use]
    pub fn expand_user(&self, path: &str) -> String {
        match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                format!("{}{rest}", self.home.display().to_string().trim_end_matches('/'))
            }
            _ => path.to_owned(),
        }
    }

    /// `$NAME` and `${NAME}` with the variables put in; those that are not set stay as they are.
    #[must_use]
    pub fn expand_vars(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let (name, tail) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some(found) => found,
                None => {
                    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                    after.split_at(end)
                }
            };
            match self.get(name).filter(|_| !name.is_empty()) {
                Some(value) => {
                    out.push_str(value);
                    rest = tail;
                }
                None => {
                    out.push('$');
                    rest = after;
                }
            }
        }
        out + rest
    }
}

/// A path without `.`, `..` and doubled slashes, by its text alone (`os.path.normpath`).
#[must_use]
pub fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment {
            vars: [("NAME", "web"), ("DIR", "/srv/a")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            cwd: "/work".into(),
            home: "/home/me".into(),
        }
    }

    #[test]
    fn paths_are_resolved_without_touching_links() {
        for (path, want) in [
            ("~/x/../y", "/home/me/y"),
            ("~", "/home/me"),
            ("~other/x", "/work/~other/x"),
            ("./a//b/.", "/work/a/b"),
            ("../../..", "/"),
            ("$DIR/${NAME}s", "/srv/a/webs"),
            ("$NAMES/$", "/work/$NAMES/$"),
        ] {
            assert_eq!(environment().resolve(path, None), Path::new(want), "{path}");
        }
        assert_eq!(environment().resolve("roles", Some(Path::new("/etc"))), Path::new("/etc/roles"));
    }
}
