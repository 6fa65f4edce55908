//! `find`: the files below some folders that fit.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use pyregex::{Flags, Regex};

use crate::{
    module::os_error,
    prelude::*,
    support::{
        accounts::{self, Group, User},
        checksum::Algorithm,
        mode, paths, times,
    },
};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum FileType {
    /// Anything.
    Any,
    /// Folders.
    Directory,
    /// Regular files.
    File,
    /// Links.
    Link,
}

/// Which time `age` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum AgeStamp {
    /// Last access.
    Atime,
    /// Last change of properties.
    Ctime,
    /// Last change of content.
    Mtime,
}

/// Return a list of files based on specific criteria.
///
/// All criteria must be met. It changes nothing.
#[derive(Debug, Arguments)]
pub struct FindArgs {
    /// The folders to look in.
    #[arg(required, aliases("name", "path"))]
    paths: Vec<PathArg>,
    /// Shell patterns, or regular expressions with `use_regex`, of which a name must match one.
    #[arg(default = [], aliases("pattern"))]
    patterns: Vec<String>,
    /// Patterns of which a name must match none.
    #[arg(aliases("exclude"))]
    excludes: Option<Vec<String>>,
    /// A regular expression that the beginning of a line must match (anywhere, with `read_whole_file`).
    contains: Option<String>,
    /// Match `contains` against the whole file.
    #[arg(default = false)]
    read_whole_file: bool,
    /// What is looked for.
    #[arg(default = "file")]
    file_type: FileType,
    /// Older than this: seconds, or with `m`, `h`, `d`, `w`; younger, if negative.
    age: Option<String>,
    /// Which time `age` means.
    #[arg(default = "mtime")]
    age_stamp: AgeStamp,
    /// Larger than this: bytes, or with `k`, `m`, `g`, `t`; smaller, if negative.
    size: Option<String>,
    /// Look in the folders below, too.
    #[arg(default = false)]
    recurse: bool,
    /// Take names that begin with a dot, too.
    #[arg(default = false)]
    hidden: bool,
    /// Follow links to folders.
    #[arg(default = false)]
    follow: bool,
    /// Tell each file's checksum.
    #[arg(default = false)]
    get_checksum: bool,
    /// The algorithm of the checksum.
    #[arg(default = "sha1", aliases("checksum", "checksum_algo"))]
    checksum_algorithm: Algorithm,
    /// Patterns are regular expressions.
    #[arg(default = false)]
    use_regex: bool,
    /// How deep to look, 1 for the folders themselves.
    depth: Option<i64>,
    /// The permissions that a file must have: octal or symbols.
    mode: Data,
    /// It must have exactly those; else one of them is enough.
    #[arg(default = true)]
    exact_mode: bool,
    /// The encoding of the files for `contains`.
    encoding: Option<String>,
    /// Stop after so many.
    limit: Option<i64>,
}

/// The module.
pub struct Find;

impl Module for Find {
    type Args = FindArgs;
    const NAME: &'static str = "find";
    const EXAMPLES: &'static str = "\
- name: Find all files older than 2 days and at least 1 megabyte in size
  ansible.builtin.find:
    paths: /tmp
    age: 2d
    size: 1m
    recurse: true
";

    fn run(args: FindArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let mut search = Search::new(&args, ctx)?;
        let mut msg = "All paths examined";
        let mut warned = false;
        for path in &args.paths {
            match search.look(path, ctx) {
                Ok(reached) => {
                    if reached {
                        msg = "Limit of matches reached";
                    }
                }
                Err(Trouble::Cancelled(failure)) => return Err(failure),
                Err(Trouble::Said(reason)) => {
                    ctx.warn(format!("Skipped '{}' path due to this access issue: {reason}\n", &**path));
                    search.skipped.insert(path.0.clone(), reason.into());
                    warned = true;
                }
            }
        }
        if warned || search.warned {
            msg = "Not all paths examined, check warnings for details";
        }
        let matched = i64::try_from(search.files.len()).unwrap_or(i64::MAX);
        Ok(Outcome::changed(false)
            .with("files", Data::List(search.files))
            .with_msg(msg)
            .with("matched", matched)
            .with("examined", search.examined)
            .with("skipped_paths", search.skipped))
    }
}

/// Why a path was given up.
enum Trouble {
    Cancelled(Failure),
    Said(String),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Cancelled(failure)
    }
}

/// How names are matched.
enum Names {
    Shell(Vec<String>),
    Regex(Vec<Regex>),
}

impl Names {
    fn new(patterns: &[String], regex: bool) -> Result<Self, Failure> {
        if regex {
            let compiled = patterns.iter().map(|pattern| compile(pattern)).collect::<Result<_, _>>()?;
            Ok(Self::Regex(compiled))
        } else {
            Ok(Self::Shell(patterns.to_vec()))
        }
    }

    fn match_any(&self, name: &str) -> bool {
        match self {
            Self::Shell(patterns) => patterns.iter().any(|pattern| paths::fnmatch(name, pattern)),
            Self::Regex(patterns) => patterns.iter().any(|pattern| matches!(pattern.match_(name), Ok(Some(_)))),
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, Failure> {
    Regex::new(pattern, Flags::NONE).map_err(|error| Failure::raised(&error.to_string(), None))
}

/// One run of the module.
struct Search<'a> {
    args: &'a FindArgs,
    patterns: Names,
    excludes: Option<Names>,
    contains: Option<Regex>,
    age: Option<f64>,
    size: Option<i64>,
    mode: Option<u32>,
    now: f64,
    users: Vec<User>,
    groups: Vec<Group>,
    files: Vec<Data>,
    examined: i64,
    skipped: Map,
    warned: bool,
}

impl<'a> Search<'a> {
    fn new(args: &'a FindArgs, ctx: &mut Context) -> Result<Self, Failure> {
        let wanted_mode = match &args.mode {
            Data::Null => None,
            Data::Str(text) if text.is_empty() => None,
            Data::Str(text) => {
                let parsed = mode::parse(text, 0, false, mode::umask());
                Some(parsed.map_err(|error| Failure::raised(&error.details, None))? & mode::PERMISSIONS)
            }
            other => {
                let kind = protocol::arguments::python::type_name(other);
                return Err(Failure::new(format!(
                    "argument 'mode' is not a string and conversion is not allowed, value is of type {kind}"
                )));
            }
        };
        let everything = if args.use_regex { ".*" } else { "*" };
        let patterns = if args.patterns.is_empty() {
            ctx.show_argument("patterns", vec![everything]);
            vec![everything.to_owned()]
        } else {
            args.patterns.clone()
        };
        let refuse = |name: &str, text: &str| Failure::new(format!("failed to process {name}")).with(name, text);
        let age = args.age.as_deref().map(|text| {
            const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86400), ('w', 604_800)];
            scaled(text, &UNITS).ok_or_else(|| refuse("age", text))
        });
        let size = args.size.as_deref().map(|text| {
            const UNITS: [(char, i64); 5] = [('b', 1), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40)];
            scaled(text, &UNITS).ok_or_else(|| refuse("size", text))
        });
        let age = age.transpose()?;
        let size = size.transpose()?;
        if let Some(limit) = args.limit.filter(|limit| *limit <= 0) {
            return Err(Failure::new(format!("limit cannot be {limit} (use None for unlimited)")));
        }
        let excludes = args.excludes.as_deref().filter(|excludes| !excludes.is_empty());
        #[expect(clippy::cast_precision_loss, reason = "an age in seconds")]
        Ok(Self {
            args,
            patterns: Names::new(&patterns, args.use_regex)?,
            excludes: excludes.map(|excludes| Names::new(excludes, args.use_regex)).transpose()?,
            contains: args.contains.as_deref().map(compile).transpose()?,
            age: age.map(|age| age as f64),
            size,
            mode: wanted_mode,
            now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
            users: accounts::file_users(),
            groups: accounts::file_groups(),
            files: Vec::new(),
            examined: 0,
            skipped: Map::new(),
            warned: false,
        })
    }

    fn is_full(&self) -> bool {
        self.args.limit.is_some_and(|limit| i64::try_from(self.files.len()) == Ok(limit))
    }

    /// Looks below a path; true where the limit was reached.
    fn look(&mut self, path: &str, ctx: &mut Context) -> Result<bool, Trouble> {
        if !Path::new(path).is_dir() {
            return Err(Trouble::Said(format!("'{path}' is not a directory")));
        }
        let depth_of = |text: &str| i64::try_from(text.matches('/').count()).unwrap_or(i64::MAX);
        let base = depth_of(path.trim_end_matches('/')) + 1;
        // A stack, the next folder on top: parents before children, siblings in the order of the folder.
        let mut pending = vec![path.to_owned()];
        while let Some(folder) = pending.pop() {
            ctx.cancel.check()?;
            let (files, mut folders) = match self.list(&folder) {
                Ok(entries) => entries,
                Err(Trouble::Said(reason)) if reason.is_empty() => continue,
                Err(trouble) => return Err(trouble),
            };
            self.examined += i64::try_from(files.len() + folders.len()).unwrap_or(0);
            let mut too_deep = false;
            for name in files.iter().chain(&folders) {
                let full = paths::normalize(&paths::join(&folder, name));
                if self.args.depth.is_some_and(|depth| depth != 0 && depth_of(&full) - base + 1 > depth) {
                    too_deep = true;
                    continue;
                }
                if paths::basename(&full).starts_with('.') && !self.args.hidden {
                    continue;
                }
                self.judge(name, &full, ctx)?;
                if self.is_full() {
                    return Ok(true);
                }
            }
            if !self.args.recurse {
                break;
            }
            if too_deep {
                folders.clear();
            }
            for name in folders.iter().rev() {
                let below = paths::join(&folder, name);
                if self.args.follow || !Path::new(&below).is_symlink() {
                    pending.push(below);
                }
            }
        }
        Ok(false)
    }

    /// A folder's files and its folders (links to folders among them), in the order that the system has them.
    fn list(&mut self, folder: &str) -> Result<(Vec<String>, Vec<String>), Trouble> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let reason = os_error(&error, Some(folder));
                if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound) {
                    self.skipped.insert(folder.to_owned(), reason.into());
                    return Err(Trouble::Said(String::new()));
                }
                return Err(Trouble::Said(reason));
            }
        };
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = match entry.file_type() {
                Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
                Ok(kind) => kind.is_dir(),
                Err(_) => false,
            };
            if is_folder { folders.push(name) } else { files.push(name) }
        }
        Ok((files, folders))
    }

    /// Takes an entry that meets the criteria.
    fn judge(&mut self, name: &str, full: &str, ctx: &mut Context) -> Result<(), Trouble> {
        let metadata = match fs::symlink_metadata(full) {
            Ok(metadata) => metadata,
            Err(error) => {
                let reason = os_error(&error, Some(full));
                let quoted = protocol::arguments::python::repr_str(full);
                ctx.warn(format!("Skipped entry {quoted} due to access issue.: {reason}"));
                self.skipped.insert(full.to_owned(), reason.into());
                self.warned = true;
                return Ok(());
            }
        };
        let kind = metadata.file_type();
        let fits = match self.args.file_type {
            FileType::Any => true,
            FileType::Directory => kind.is_dir(),
            FileType::File => kind.is_file(),
            FileType::Link => kind.is_symlink(),
        };
        if !fits || !self.named(name) || !self.aged(&metadata) || !self.permitted(&metadata) {
            return Ok(());
        }
        let sized = kind.is_file() && matches!(self.args.file_type, FileType::Any | FileType::File);
        if sized && !self.sized(&metadata) {
            return Ok(());
        }
        if self.args.file_type == FileType::File && !self.has_content(full)? {
            return Ok(());
        }
        let mut entry = self.describe(full, &metadata);
        if sized && self.args.get_checksum {
            entry.insert("checksum".to_owned(), self.args.checksum_algorithm.of_file(full).ok().into());
        }
        self.files.push(Data::Map(entry));
        Ok(())
    }

    fn named(&self, name: &str) -> bool {
        self.patterns.match_any(name) && !self.excludes.as_ref().is_some_and(|excludes| excludes.match_any(name))
    }

    fn aged(&self, metadata: &fs::Metadata) -> bool {
        let Some(age) = self.age else { return true };
        let stamp = match self.args.age_stamp {
            AgeStamp::Atime => times::float(metadata.atime(), metadata.atime_nsec()),
            AgeStamp::Ctime => times::float(metadata.ctime(), metadata.ctime_nsec()),
            AgeStamp::Mtime => times::float(metadata.mtime(), metadata.mtime_nsec()),
        };
        if age >= 0.0 { self.now - stamp >= age } else { self.now - stamp <= age.abs() }
    }

    fn sized(&self, metadata: &fs::Metadata) -> bool {
        let length = i64::try_from(metadata.len()).unwrap_or(i64::MAX);
        match self.size {
            None => true,
            Some(size) if size >= 0 => length >= size,
            Some(size) => length <= size.saturating_abs(),
        }
    }

    fn permitted(&self, metadata: &fs::Metadata) -> bool {
        let has = metadata.mode() & mode::PERMISSIONS;
        match self.mode {
            None => true,
            Some(wanted) if self.args.exact_mode => has == wanted,
            Some(wanted) => has & wanted != 0,
        }
    }

    fn has_content(&self, path: &str) -> Result<bool, Trouble> {
        let Some(pattern) = &self.contains else { return Ok(true) };
        let Ok(bytes) = fs::read(path) else { return Ok(false) };
        let encoding = self.args.encoding.as_deref();
        let text = match encoding.map(str::to_lowercase).as_deref() {
            None | Some("utf-8" | "utf8") => String::from_utf8(bytes).map_err(|_| {
                let shown = encoding.unwrap_or("None (default determined by the Python built-in function \"open\")");
                Trouble::Said(format!(
                    "Failed to read the file {path} due to an encoding error. current encoding: {shown}"
                ))
            })?,
            Some("latin-1" | "latin1" | "iso-8859-1" | "ascii") => bytes.iter().map(|byte| char::from(*byte)).collect(),
            Some(other) => return Err(Trouble::Said(format!("unknown encoding: {other}"))),
        };
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let failed = |error: pyregex::Error| Trouble::Said(error.to_string());
        if self.args.read_whole_file {
            return pattern.is_match(&text).map_err(failed);
        }
        for line in text.split_inclusive('\n') {
            if pattern.match_(line).map_err(failed)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn describe(&self, path: &str, metadata: &fs::Metadata) -> Map {
        let kind = metadata.file_type();
        let bits = metadata.mode();
        let user = self.users.iter().find(|user| user.uid == metadata.uid()).map_or("", |user| &user.name);
        let group = self.groups.iter().find(|group| group.gid == metadata.gid()).map_or("", |group| &group.name);
        let mut entry = Map::new();
        let mut set = |key: &str, value: Data| entry.insert(key.to_owned(), value);
        set("path", path.into());
        set("mode", format!("{:04o}", bits & mode::PERMISSIONS).into());
        set("isdir", kind.is_dir().into());
        set("ischr", kind.is_char_device().into());
        set("isblk", kind.is_block_device().into());
        set("isreg", kind.is_file().into());
        set("isfifo", kind.is_fifo().into());
        set("islnk", kind.is_symlink().into());
        set("issock", kind.is_socket().into());
        set("uid", metadata.uid().into());
        set("gid", metadata.gid().into());
        set("size", metadata.size().into());
        set("inode", metadata.ino().into());
        set("dev", metadata.dev().into());
        set("nlink", metadata.nlink().into());
        set("atime", times::float(metadata.atime(), metadata.atime_nsec()).into());
        set("mtime", times::float(metadata.mtime(), metadata.mtime_nsec()).into());
        set("ctime", times::float(metadata.ctime(), metadata.ctime_nsec()).into());
        set("gr_name", group.into());
        set("pw_name", user.into());
        for (key, is_set) in mode::bits(bits) {
            set(key, is_set.into());
        }
        entry
    }
}

/// A number with an optional unit, times the unit.
fn scaled(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let text = text.to_lowercase();
    let (number, factor) = match units.iter().find(|(unit, _)| text.ends_with(*unit)) {
        Some((unit, factor)) => (text.strip_suffix(*unit)?, *factor),
        None => (text.as_str(), 1),
    };
    if !number.strip_prefix('-').unwrap_or(number).bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<i64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use serde_json::json;

    use super::*;
    use crate::testing::run;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("d/e")).unwrap();
        fs::write(at("a.log"), "one\ntwo\n").unwrap();
        fs::write(at(".hidden.log"), "").unwrap();
        fs::write(at("d/b.log"), "three\n").unwrap();
        fs::write(at("d/e/c.txt"), vec![b'x'; 3000]).unwrap();
        symlink("a.log", at("l")).unwrap();
        folder
    }

    fn names(mut arguments: serde_json::Value) -> Vec<String> {
        let folder = tree();
        arguments["paths"] = json!(folder.path());
        let outcome = run("find", arguments);
        let base = folder.path().to_str().unwrap();
        let mut names: Vec<String> = outcome.values["files"]
            .as_list()
            .unwrap()
            .iter()
            .map(|file| file.as_map().unwrap()["path"].as_str().unwrap())
            .map(|path| path.strip_prefix(base).unwrap().trim_start_matches('/').to_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn each_criterion_finds_its_files() {
        for (arguments, want) in [
            (json!({}), vec!["a.log"]),
            (json!({"hidden": true}), vec![".hidden.log", "a.log"]),
            (json!({"recurse": true}), vec!["a.log", "d/b.log", "d/e/c.txt"]),
            (json!({"recurse": true, "patterns": "*.log", "excludes": "a*"}), vec!["d/b.log"]),
            (json!({"recurse": true, "use_regex": true, "patterns": ["^[ab].log$"]}), vec!["a.log", "d/b.log"]),
            (json!({"recurse": true, "contains": "t"}), vec!["a.log", "d/b.log"]),
            (json!({"recurse": true, "contains": "wo"}), vec![]),
            (json!({"recurse": true, "contains": "wo", "read_whole_file": true}), vec!["a.log"]),
            (json!({"recurse": true, "size": "1k"}), vec!["d/e/c.txt"]),
            (json!({"recurse": true, "size": "-1k"}), vec!["a.log", "d/b.log"]),
            (json!({"recurse": true, "age": "1d"}), vec![]),
            (json!({"recurse": true, "age": "-1d"}), vec!["a.log", "d/b.log", "d/e/c.txt"]),
            (json!({"recurse": true, "depth": 2}), vec!["a.log", "d/b.log"]),
            (json!({"recurse": true, "file_type": "directory"}), vec!["d", "d/e"]),
            (json!({"file_type": "link"}), vec!["l"]),
            (json!({"file_type": "any"}), vec!["a.log", "d", "l"]),
        ] {
            assert_eq!(names(arguments.clone()), want, "{arguments}");
        }
    }

    #[test]
    fn modes_limit_and_counts() {
        let folder = tree();
        fs::set_permissions(folder.path().join("a.log"), fs::Permissions::from_mode(0o640)).unwrap();
        let matched = |arguments: serde_json::Value| run("find", arguments).values["matched"].clone();
        let path = folder.path();
        assert_eq!(matched(json!({"paths": path, "mode": "0640"})), Data::Int(1));
        assert_eq!(matched(json!({"paths": path, "mode": "o+r"})), Data::Int(0));
        assert_eq!(matched(json!({"paths": path, "mode": "g+r", "exact_mode": false})), Data::Int(1));
        let outcome = run("find", json!({"paths": path, "recurse": true, "limit": 1}));
        assert_eq!(outcome.msg.as_deref(), Some("Limit of matches reached"));
        assert_eq!(outcome.values["matched"], Data::Int(1));
        let outcome = run("find", json!({"paths": path}));
        assert_eq!(outcome.values["examined"], Data::Int(4));
    }

    #[test]
    fn a_path_that_is_no_folder_is_skipped_with_a_warning() {
        let outcome = run("find", json!({"paths": "/no/such"}));
        assert_eq!(outcome.msg.as_deref(), Some("Not all paths examined, check warnings for details"));
        assert_eq!(
            outcome.values["skipped_paths"].as_map().unwrap()["/no/such"],
            "'/no/such' is not a directory".into()
        );
        let want = "Skipped '/no/such' path due to this access issue: '/no/such' is not a directory\n";
        assert_eq!(outcome.warnings, [want]);
    }

    #[test]
    fn bad_numbers_are_refused() {
        let outcome = run("find", json!({"paths": "/tmp", "age": "soon"}));
        assert_eq!(outcome.msg.as_deref(), Some("failed to process age"));
        assert_eq!(outcome.values["age"], Data::from("soon"));
    }
}
