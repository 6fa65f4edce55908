//! `file`: a path is a file, a folder, a link, or nothing, and has these properties.

mod directory;
mod link;

use std::{fs, io::Read, path::Path};

use crate::{
    module::os_error_bytes,
    prelude::*,
    support::{
        attributes::AttributeDiff,
        file_state::{PathState, initial_diff},
        paths,
        times::{self, Stamp},
    },
};

/// What the path shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum State {
    /// Nothing: folders are removed with all that is in them.
    Absent,
    /// A folder; those above it are made, too.
    Directory,
    /// What it is: a file that is there, of which the properties are set.
    File,
    /// A hard link.
    Hard,
    /// A symbolic link.
    Link,
    /// A file, made empty where it is missing; its times are set.
    Touch,
}

/// Manage files and file properties.
///
/// Sets properties of files, links and folders, or removes them. Many other modules take the same properties: `copy`,
/// `template`, `lineinfile`.
#[derive(Debug, Arguments)]
pub struct FileArgs {
    /// What the path shall be; where it is not given, what is there, or `file`.
    state: Option<State>,
    /// The path.
    #[arg(required, aliases("dest", "name"))]
    path: PathArg,
    /// For the engine: the name to use within a folder.
    _original_basename: Option<String>,
    /// Set the properties on all that is in a folder, too.
    #[arg(default = false)]
    recurse: bool,
    /// Make links even to what is not there, and in the place of files.
    #[arg(default = false)]
    force: bool,
    /// Follow links, and work on what they lead to.
    #[arg(default = true)]
    follow: bool,
    /// For the engine: only look whether the file is binary.
    _diff_peek: Option<bool>,
    /// What a link leads to.
    src: Option<PathArg>,
    /// The modification time: `preserve`, `now`, or a time in `modification_time_format`.
    modification_time: Option<String>,
    /// The format of `modification_time`, as for strftime(3).
    #[arg(default = "%Y%m%d%H%M.%S")]
    modification_time_format: String,
    /// The access time: `preserve`, `now`, or a time in `access_time_format`.
    access_time: Option<String>,
    /// The format of `access_time`, as for strftime(3).
    #[arg(default = "%Y%m%d%H%M.%S")]
    access_time_format: String,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct File;

impl Module for File {
    type Args = FileArgs;
    const NAME: &'static str = "file";
    const EXAMPLES: &'static str = "\
- name: Make a folder
  ansible.builtin.file:
    path: /etc/some_directory
    state: directory
    mode: '0755'

- name: Make a link
  ansible.builtin.file:
    src: /file/to/link/to
    dest: /path/to/symlink
    owner: foo
    state: link

- name: Remove a file
  ansible.builtin.file:
    path: /etc/foo.txt
    state: absent
";

    fn run(args: FileArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        let state = args.state_to_be(ctx)?;
        if ctx.check_mode && state.1 != State::Absent {
            args.attributes.warn_of_missing_accounts(ctx)?;
        }
        let (path, state) = state;
        if args._diff_peek.is_some() {
            let binary = looks_binary(&path);
            return Ok(Outcome::changed(false).with("path", path).with("appears_binary", binary));
        }
        let job = Job {
            path,
            src: args.src.map(|src| src.0),
            follow: args.follow,
            force: args.force,
            recurse: args.recurse,
            modification: stamp(args.modification_time.as_deref(), &args.modification_time_format, state, ctx),
            access: stamp(args.access_time.as_deref(), &args.access_time_format, state, ctx),
            attributes: args.attributes,
        };
        match state {
            State::Absent => job.absent(ctx),
            State::Directory => job.directory(ctx),
            State::File => job.file(ctx),
            State::Hard => job.hard_link(ctx),
            State::Link => job.symbolic_link(ctx),
            State::Touch => job.touch(ctx),
        }
    }
}

impl FileArgs {
    /// The path and state that the options come down to; both are shown among the arguments.
    fn state_to_be(&self, ctx: &mut Context) -> Result<(String, State), Failure> {
        let mut path = self.path.0.clone();
        if !matches!(self.state, Some(State::Link | State::Absent)) && Path::new(&path).is_dir() {
            let filled = |name: &&str| !name.is_empty();
            let source = self.src.as_deref().map(paths::basename);
            let name = self._original_basename.as_deref().filter(filled).or(source.filter(filled));
            if let Some(name) = name {
                path = paths::join(&path, name);
            }
        }
        let state = self.state.unwrap_or_else(|| match PathState::of(&path) {
            PathState::Absent if self.recurse => State::Directory,
            PathState::Absent | PathState::File => State::File,
            PathState::Directory => State::Directory,
            PathState::Hard => State::Hard,
            PathState::Link => State::Link,
        });
        ctx.show_argument("path", path.as_str());
        ctx.show_argument("state", state.name());
        let refuse = |msg: &str| Err(Failure::new(msg).with("path", path.as_str()));
        if self.recurse && state != State::Directory {
            return refuse("recurse option requires state to be 'directory'");
        }
        if self.src.as_deref().is_some_and(|src| !src.is_empty()) && !matches!(state, State::Link | State::Hard) {
            return refuse("src option requires state to be 'link' or 'hard'");
        }
        Ok((path, state))
    }
}

/// The option, or what Ansible takes where it is not given. A wrong one fails where the time is needed.
fn stamp(text: Option<&str>, format: &str, state: State, ctx: &Context) -> Result<Stamp, Failure> {
    let default = if state == State::Touch { "now" } else { "preserve" };
    Stamp::parse(text.unwrap_or(default), format, ctx.variable("TZ"))
}

fn looks_binary(path: &str) -> bool {
    let mut head = Vec::new();
    fs::File::open(path).is_ok_and(|file| file.take(8192).read_to_end(&mut head).is_ok()) && head.contains(&0)
}

/// What is to be done.
struct Job {
    path: String,
    src: Option<String>,
    follow: bool,
    force: bool,
    recurse: bool,
    modification: Result<Stamp, Failure>,
    access: Result<Stamp, Failure>,
    attributes: FileAttributes,
}

impl Job {
    fn stamps(&self) -> Result<(Stamp, Stamp), Failure> {
        Ok((self.modification.clone()?, self.access.clone()?))
    }

    /// The path that properties are set on: where links are followed, what they lead to.
    fn followed(&self) -> String {
        if self.follow && Path::new(&self.path).is_symlink() { paths::real(&self.path) } else { self.path.clone() }
    }

    /// Sets properties and times.
    fn set_properties(&self, ctx: &Context, path: &str, diff: &mut AttributeDiff) -> Result<bool, Failure> {
        let (modification, access) = self.stamps()?;
        let changed = self.attributes.apply(ctx, path, Some(diff))?;
        Ok(times::update(ctx, path, modification, access, Some(diff))? | changed)
    }

    fn absent(&self, ctx: &Context) -> Result<Outcome, Failure> {
        let path = self.path.as_str();
        let before = PathState::of(path);
        if before == PathState::Absent {
            return Ok(Outcome::changed(false).with("path", path).with("state", "absent"));
        }
        let diff = ctx.diff_mode.then(|| initial_diff(path, "absent", before));
        if !ctx.check_mode {
            if before == PathState::Directory {
                fs::remove_dir_all(path)
                    .map_err(|error| Failure::new(format!("rmtree failed: {}", os_error_bytes(&error, path))))?;
            } else {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        let cause = os_error_bytes(&error, path);
                        return Err(Failure::caused("Unlinking failed.", cause).with("path", path));
                    }
                    _ => {}
                }
            }
        }
        let mut outcome = Outcome::changed(true).with("path", path).with("state", "absent");
        outcome.diff.extend(diff.map(AttributeDiff::into_diff));
        Ok(outcome)
    }

    fn file(&self, ctx: &Context) -> Result<Outcome, Failure> {
        let mut path = self.path.clone();
        let mut before = PathState::of(&path);
        self.stamps()?;
        if self.follow && before == PathState::Link {
            path = paths::real(&path);
            before = PathState::of(&path);
        }
        if !matches!(before, PathState::File | PathState::Hard) {
            let state = before.name();
            return Err(Failure::new(format!("file ({path}) is {state}, cannot continue"))
                .with("path", path)
                .with("state", state));
        }
        let mut diff = initial_diff(&path, "file", before);
        let changed = self.set_properties(ctx, &path, &mut diff)?;
        Ok(with_diff(Outcome::changed(changed).with("path", path), diff, ctx))
    }

    fn touch(&self, ctx: &Context) -> Result<Outcome, Failure> {
        let path = self.path.as_str();
        let before = PathState::of(path);
        self.stamps()?;
        if before == PathState::Absent {
            if ctx.check_mode {
                return Ok(Outcome::changed(true).with("dest", path));
            }
            fs::OpenOptions::new().write(true).create(true).truncate(true).open(path).map_err(|error| {
                let cause = os_error_bytes(&error, path);
                Failure::caused("Error, could not touch target.", cause).with("path", path)
            })?;
        }
        let mut diff = initial_diff(path, "touch", before);
        let changed = self.set_properties(ctx, &self.followed(), &mut diff).inspect_err(|_| {
            if before == PathState::Absent {
                let _ = fs::remove_file(path);
            }
        })?;
        Ok(with_diff(Outcome::changed(changed).with("dest", path), diff, ctx))
    }
}

fn with_diff(mut outcome: Outcome, diff: AttributeDiff, ctx: &Context) -> Outcome {
    if ctx.diff_mode {
        outcome.diff.push(diff.into_diff());
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;
    use crate::testing::{check, run};

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn touch_makes_a_file_and_a_second_touch_sets_its_times() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let outcome = run("file", json!({"path": path, "state": "touch", "mode": "0640"}));
        assert_eq!((outcome.changed, mode(&path)), (Some(true), 0o640));
        assert_eq!(outcome.values["dest"], Data::from(path.to_str().unwrap()));
        assert_eq!(outcome.values["mode"], Data::from("0640"));
        assert_eq!(run("file", json!({"path": path, "state": "touch"})).changed, Some(true));
        let kept = json!({"path": path, "state": "touch", "modification_time": "preserve", "access_time": "preserve"});
        assert_eq!(run("file", kept).changed, Some(false));
    }

    #[test]
    fn a_times_format_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let at =
            json!({"path": path, "state": "touch", "modification_time": "200001010000.00", "access_time": "preserve"});
        assert!(!run("file", at.clone()).failed);
        assert_eq!(run("file", at).changed, Some(false));
        let bad = run("file", json!({"path": path, "modification_time": "soon"}));
        assert_eq!(
            bad.msg.unwrap(),
            "Error while obtaining timestamp for time soon using format %Y%m%d%H%M.%S: time data 'soon' does not match \
             format '%Y%m%d%H%M.%S'"
        );
    }

    #[test]
    fn check_mode_says_what_would_change_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        assert_eq!(check("file", json!({"path": path, "state": "touch"})).changed, Some(true));
        assert!(!path.exists());
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let outcome = check("file", json!({"path": path, "mode": "u=rwx,go="}));
        assert_eq!((outcome.changed, mode(&path)), (Some(true), 0o644));
        let path = path.to_str().unwrap();
        let mut want = AttributeDiff::of(path);
        want.set("mode", "0644", "0700");
        assert_eq!(outcome.diff, [want.into_diff()]);
    }

    #[test]
    fn a_folder_and_all_in_it_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d");
        fs::create_dir_all(path.join("e")).unwrap();
        fs::write(path.join("e/f"), "").unwrap();
        let outcome = run("file", json!({"path": path, "state": "absent"}));
        assert_eq!((outcome.changed, path.exists()), (Some(true), false));
        assert_eq!(outcome.values["state"], Data::from("absent"));
        assert_eq!(run("file", json!({"path": path, "state": "absent"})).changed, Some(false));
    }

    #[test]
    fn a_file_that_is_not_there_cannot_have_properties() {
        let outcome = run("file", json!({"path": "/no/such/file", "mode": "0600"}));
        assert_eq!(outcome.msg.as_deref(), Some("file (/no/such/file) is absent, cannot continue"));
        assert_eq!(outcome.values["state"], Data::from("absent"));
    }

    #[test]
    fn options_that_do_not_fit_are_refused() {
        let outcome = run("file", json!({"path": "/tmp", "state": "touch", "recurse": true}));
        assert_eq!(outcome.msg.as_deref(), Some("recurse option requires state to be 'directory'"));
        let outcome = run("file", json!({"path": "/no", "src": "/x", "state": "file"}));
        assert_eq!(outcome.msg.as_deref(), Some("src option requires state to be 'link' or 'hard'"));
    }

    #[test]
    fn missing_owners_are_failures_and_in_check_mode_warnings() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = json!({"path": folder.path(), "owner": "nobody-of-that-name"});
        let outcome = run("file", arguments);
        assert_eq!(outcome.msg.as_deref(), Some("chown failed: failed to look up user nobody-of-that-name"));
        let arguments = json!({"path": folder.path().join("x"), "state": "touch", "group": "no-such-group"});
        let outcome = check("file", arguments);
        assert_eq!(
            outcome.warnings,
            ["failed to look up group no-such-group. Create group up to this point in real play"]
        );
    }
}
