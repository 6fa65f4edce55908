//! `lineinfile`: one line of a text file is there, or is not.

use pyregex::{BytesRegex, Match};

use crate::{
    module::os_error_bytes,
    prelude::*,
    support::{
        backup,
        edit::{self, Edit, found},
        paths,
    },
};

/// Whether the line shall be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum State {
    /// No.
    Absent,
    /// Yes.
    Present,
}

/// Manage lines in text files.
///
/// Makes sure that a line is in a file, or replaces the one that a regular expression finds. For many lines use
/// `blockinfile`, `replace` or `template`.
#[derive(Debug, Arguments)]
#[arguments(
    mutually_exclusive("insertbefore", "insertafter"),
    mutually_exclusive("regexp", "search_string"),
    mutually_exclusive("backrefs", "search_string")
)]
pub struct LineinfileArgs {
    /// The file.
    #[arg(required, aliases("dest", "destfile", "name"))]
    path: PathArg,
    /// Whether the line shall be there.
    #[arg(default = "present")]
    state: State,
    /// The regular expression that finds the line; the last one it finds is replaced.
    #[arg(aliases("regex"))]
    regexp: Option<String>,
    /// The text that finds the line, taken as it is.
    search_string: Option<String>,
    /// The line.
    #[arg(aliases("value"))]
    line: Option<String>,
    /// Where the line is added: after the last line that this regular expression finds, or at `EOF`.
    insertafter: Option<String>,
    /// Where the line is added: before the last line that this regular expression finds, or at `BOF`.
    insertbefore: Option<String>,
    /// `line` has references to groups of `regexp`; without a match nothing changes.
    #[arg(default = false)]
    backrefs: bool,
    /// Make the file where it is missing.
    #[arg(default = false)]
    create: bool,
    /// Keep the file that was there beside it.
    #[arg(default = false)]
    backup: bool,
    /// Take the first match in place of the last.
    #[arg(default = false)]
    firstmatch: bool,
    /// A command that says whether the new file is good, with `%s` for its path.
    validate: Option<String>,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct Lineinfile;

impl Module for Lineinfile {
    type Args = LineinfileArgs;
    const NAME: &'static str = "lineinfile";
    const EXAMPLES: &'static str = "\
- name: Ensure SELinux is set to enforcing mode
  ansible.builtin.lineinfile:
    path: /etc/selinux/config
    regexp: '^SELINUX='
    line: SELINUX=enforcing

- name: Remove a user from sudoers
  ansible.builtin.lineinfile:
    path: /etc/sudoers
    state: absent
    regexp: '^%wheel'
";

    fn run(args: LineinfileArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        args.warn_of_empty_pattern(ctx);
        let path = &*args.path;
        if std::path::Path::new(path).is_dir() {
            return Err(Failure::new(format!("Path {path} is a directory !")).with("rc", 256));
        }
        match args.state {
            State::Present => present(&args, ctx),
            State::Absent => absent(&args, ctx),
        }
    }
}

impl LineinfileArgs {
    fn warn_of_empty_pattern(&self, ctx: &mut Context) {
        let name = match (self.regexp.as_deref(), self.search_string.as_deref()) {
            (Some(""), _) => "regular expression",
            (_, Some("")) => "search string",
            _ => return,
        };
        let cure = if self.regexp.as_deref() == Some("") {
            " If this is desired, use '^' to match every line in the file and avoid this warning."
        } else {
            ""
        };
        ctx.warn(format!(
            "The {name} is an empty string, which will match every line in the file. This may have unintended \
             consequences, such as replacing the last line in the file rather than appending.{cure}"
        ));
    }

    fn edit<'a>(&'a self, before: Option<&'a [u8]>, after: &'a [u8], changed: bool) -> Edit<'a> {
        Edit {
            path: &self.path,
            before,
            after,
            changed,
            validate: self.validate.as_deref(),
            attributes: &self.attributes,
        }
    }
}

/// Lines with their ends, split at line feeds alone.
fn lines_of(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

fn bare(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default()
}

fn contains(line: &[u8], text: &[u8]) -> bool {
    text.is_empty() || line.windows(text.len()).any(|window| window == text)
}

/// Where the line goes.
enum Plan {
    Nothing,
    Replace(usize, Vec<u8>),
    Insert(usize),
    Append,
}

fn present(args: &LineinfileArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    // Observe.
    if args.backrefs && args.regexp.is_none() {
        return Err(Failure::new("regexp is required with backrefs=true"));
    }
    let Some(line) = args.line.as_deref() else { return Err(Failure::new("line is required with state=present")) };
    let path = &*args.path;
    let original = edit::read(path)?;
    if original.is_none() {
        if !args.create {
            return Err(Failure::new(format!("Destination {path} does not exist !")).with("rc", 257));
        }
        if !ctx.check_mode {
            edit::make_parent(path).map_err(|error| {
                let folder = paths::dirname(path);
                Failure::new(format!("Error creating {folder} ({})", os_error_bytes(&error, folder)))
            })?;
        }
    }

    // Plan.
    let bytes = original.clone().unwrap_or_default();
    let lines = lines_of(&bytes);
    let plan = plan(args, line.as_bytes(), &lines)?;
    let with_end = [line.as_bytes(), b"\n"].concat();
    let mut new: Vec<Vec<u8>> = lines.iter().map(|line| line.to_vec()).collect();
    let (mut msg, changed) = match plan {
        Plan::Nothing => (String::new(), false),
        Plan::Replace(index, line) => {
            if let Some(slot) = new.get_mut(index) {
                *slot = line;
            }
            ("line replaced".to_owned(), true)
        }
        Plan::Insert(index) => {
            end_last_line(&mut new, index);
            new.insert(index.min(new.len()), with_end);
            ("line added".to_owned(), true)
        }
        Plan::Append => {
            let count = new.len();
            end_last_line(&mut new, count);
            new.push(with_end);
            ("line added".to_owned(), true)
        }
    };

    // Apply.
    let after = new.concat();
    let edit = args.edit(original.as_deref(), &after, changed);
    let content_diff = edit.content_diff(ctx);
    let mut saved = String::new();
    if changed && !ctx.check_mode && args.backup && original.is_some() {
        saved = backup::make(ctx, path)?;
    }
    if ctx.check_mode && original.is_none() {
        let mut outcome = Outcome::changed(changed).with_msg(msg).with("backup", saved);
        outcome.diff.push(content_diff);
        return Ok(outcome);
    }
    let (changed, attribute_diff) = edit.apply(&mut msg, ctx)?;
    let mut outcome = Outcome::changed(changed).with_msg(msg).with("backup", saved);
    outcome.diff = vec![content_diff, edit.attribute_diff(attribute_diff)];
    Ok(outcome)
}

/// What is put after the last line needs that line to end.
fn end_last_line(lines: &mut [Vec<u8>], index: usize) {
    if index == lines.len()
        && let Some(last) = lines.last_mut()
        && !matches!(last.last(), Some(b'\n' | b'\r'))
    {
        last.push(b'\n');
    }
}

/// The line that a search found, and the match where it was by a regular expression.
struct Hit<'t> {
    index: usize,
    groups: Option<Match<'t, [u8]>>,
}

fn plan(args: &LineinfileArgs, line: &[u8], lines: &[&[u8]]) -> Result<Plan, Failure> {
    let insert_after = match (&args.insertafter, &args.insertbefore) {
        (None, None) => Some("EOF"),
        (after, _) => after.as_deref(),
    };
    let insert_before = args.insertbefore.as_deref();
    let anchor = match (insert_after, insert_before) {
        (Some(after), _) if after != "BOF" && after != "EOF" => Some(edit::pattern(after)?),
        (_, Some(before)) if before != "BOF" => Some(edit::pattern(before)?),
        _ => None,
    };
    let regexp = args.regexp.as_deref().map(edit::pattern).transpose()?;
    let hit = find_line(args, regexp.as_ref(), lines)?;

    if let Some(hit) = hit {
        let new = match (&regexp, &hit.groups) {
            (Some(regexp), Some(groups)) if args.backrefs => {
                regexp.expand(line, groups).map_err(|error| Failure::raised(&error.to_string(), None))?
            }
            _ => line.to_vec(),
        };
        return Ok(replace_unless_same(lines, hit.index, new));
    }

    // No match: an equal line is enough; otherwise the place is looked for.
    let mut exact = None;
    let mut place = None;
    for (number, current) in lines.iter().enumerate() {
        if bare(current) == line {
            exact = Some(number);
        } else if let Some(anchor) = &anchor
            && found(anchor, current)?
        {
            place = Some(if insert_after.is_some_and(|after| !after.is_empty()) { number + 1 } else { number });
            if args.firstmatch {
                break;
            }
        }
    }
    if let Some(index) = exact {
        return Ok(replace_unless_same(lines, index, line.to_vec()));
    }
    if args.backrefs {
        return Ok(Plan::Nothing);
    }
    if insert_before == Some("BOF") || insert_after == Some("BOF") {
        return Ok(Plan::Insert(0));
    }
    let Some(index) = place.filter(|_| insert_after != Some("EOF")) else { return Ok(Plan::Append) };
    let neighbour = if lines.len() == index { index.checked_sub(1) } else { Some(index) };
    let same = neighbour.and_then(|neighbour| lines.get(neighbour)).is_some_and(|current| bare(current) == line);
    if insert_after.is_some_and(|after| !after.is_empty()) && same {
        return Ok(Plan::Nothing);
    }
    Ok(Plan::Insert(index))
}

fn find_line<'t>(
    args: &LineinfileArgs,
    regexp: Option<&BytesRegex>,
    lines: &[&'t [u8]],
) -> Result<Option<Hit<'t>>, Failure> {
    let mut hit = None;
    for (index, current) in lines.iter().enumerate() {
        let groups = match regexp {
            Some(regexp) => regexp.search(current).map_err(|error| Failure::raised(&error.to_string(), None))?,
            None => None,
        };
        let by_text = args.search_string.as_deref().is_some_and(|text| contains(current, text.as_bytes()));
        if groups.is_some() || by_text {
            hit = Some(Hit { index, groups });
            if args.firstmatch {
                break;
            }
        }
    }
    Ok(hit)
}

fn replace_unless_same(lines: &[&[u8]], index: usize, mut new: Vec<u8>) -> Plan {
    if !new.ends_with(b"\n") {
        new.push(b'\n');
    }
    if lines.get(index).is_some_and(|current| **current == *new) { Plan::Nothing } else { Plan::Replace(index, new) }
}

fn absent(args: &LineinfileArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
    if args.regexp.is_none() && args.search_string.is_none() && args.line.is_none() {
        return Err(Failure::new("one of line, search_string, or regexp is required with state=absent"));
    }
    let path = &*args.path;
    let Some(bytes) = edit::read(path)? else {
        return Ok(Outcome::changed(false).with_msg("file not present"));
    };
    let regexp = args.regexp.as_deref().map(edit::pattern).transpose()?;
    let mut kept = Vec::new();
    let mut removed: i64 = 0;
    for current in lines_of(&bytes) {
        let matches = match (&regexp, &args.search_string, &args.line) {
            (Some(regexp), ..) => found(regexp, current)?,
            (None, Some(text), _) => contains(current, text.as_bytes()),
            (None, None, line) => line.as_deref().is_some_and(|line| bare(current) == line.as_bytes()),
        };
        if matches {
            removed += 1;
        } else {
            kept.extend_from_slice(current);
        }
    }
    let edit = args.edit(Some(&bytes), &kept, removed > 0);
    let content_diff = edit.content_diff(ctx);
    let mut saved = String::new();
    if removed > 0 && !ctx.check_mode && args.backup {
        saved = backup::make(ctx, path)?;
    }
    let mut msg = if removed > 0 { format!("{removed} line(s) removed") } else { String::new() };
    let (changed, attribute_diff) = edit.apply(&mut msg, ctx)?;
    let mut outcome = Outcome::changed(changed).with("found", removed).with_msg(msg).with("backup", saved);
    outcome.diff = vec![content_diff, edit.attribute_diff(attribute_diff)];
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt};

    use serde_json::json;

    use super::*;
    use crate::testing::{check, run};

    /// Runs the module on a file with that text; the message and the text after it come back.
    fn on(text: &str, mut arguments: serde_json::Value) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, text).unwrap();
        arguments["path"] = json!(path);
        let outcome = run("lineinfile", arguments);
        assert_eq!(outcome.changed, Some(fs::read_to_string(&path).unwrap() != text), "{outcome:?}");
        (outcome.msg.unwrap(), fs::read_to_string(&path).unwrap())
    }

    #[test]
    fn lines_are_replaced_added_and_left_alone() {
        for (text, arguments, msg, after) in [
            ("a\nb\n", json!({"line": "c"}), "line added", "a\nb\nc\n"),
            ("a\nb", json!({"line": "c"}), "line added", "a\nb\nc\n"),
            ("a\nb\n", json!({"line": "b"}), "", "a\nb\n"),
            ("x=1\nx=2\n", json!({"regexp": "^x=", "line": "x=3"}), "line replaced", "x=1\nx=3\n"),
            ("x=1\nx=2\n", json!({"regexp": "^x=", "line": "x=3", "firstmatch": true}), "line replaced", "x=3\nx=2\n"),
            ("a.b\naxb\n", json!({"search_string": "a.b", "line": "c"}), "line replaced", "c\naxb\n"),
            ("a\nb\nc\n", json!({"insertafter": "^b", "line": "d"}), "line added", "a\nb\nd\nc\n"),
            ("a\nb", json!({"insertafter": "^b", "line": "d"}), "line added", "a\nb\nd\n"),
            ("a\nb\nd\n", json!({"insertafter": "^b", "line": "d"}), "", "a\nb\nd\n"),
            ("a\nb\n", json!({"insertbefore": "^b", "line": "d"}), "line added", "a\nd\nb\n"),
            ("a\nb\n", json!({"insertbefore": "BOF", "line": "d"}), "line added", "d\na\nb\n"),
            ("a\n", json!({"insertafter": "^nothing", "line": "d"}), "line added", "a\nd\n"),
            (
                "k = 1\n",
                json!({"regexp": r"^(\w+) = \d", "line": r"\1 = 2", "backrefs": true}),
                "line replaced",
                "k = 2\n",
            ),
            ("z\n", json!({"regexp": r"^(\w+) = \d", "line": r"\1 = 2", "backrefs": true}), "", "z\n"),
            ("a\nb\na\n", json!({"state": "absent", "line": "a"}), "2 line(s) removed", "b\n"),
            ("a1\nb\n", json!({"state": "absent", "regexp": "^a"}), "1 line(s) removed", "b\n"),
        ] {
            assert_eq!(on(text, arguments.clone()), (msg.to_owned(), after.to_owned()), "{text:?} {arguments}");
        }
    }

    #[test]
    fn a_missing_file_is_made_only_when_asked_and_with_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d/f");
        let outcome = run("lineinfile", json!({"path": path, "line": "a"}));
        assert_eq!(outcome.msg.unwrap(), format!("Destination {} does not exist !", path.display()));
        assert_eq!(outcome.values["rc"], Data::Int(257));
        let arguments = json!({"path": path, "line": "a", "create": true, "mode": "0600"});
        assert_eq!(check("lineinfile", arguments.clone()).changed, Some(true));
        assert!(!folder.path().join("d").exists());
        let outcome = run("lineinfile", arguments);
        assert_eq!(outcome.msg.as_deref(), Some("line added and ownership, perms or SE linux context changed"));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_diff_has_content_and_properties() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "a\n").unwrap();
        let outcome = check("lineinfile", json!({"path": path, "line": "b"}));
        let header = Some(format!("{} (content)", path.display()));
        let content = Diff::Text {
            before_header: header.clone(),
            after_header: header,
            before: "a\n".to_owned(),
            after: "a\nb\n".to_owned(),
        };
        assert_eq!(outcome.diff.first(), Some(&content));
        assert!(matches!(outcome.diff.get(1), Some(Diff::Keys(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\n");
    }

    #[test]
    fn what_does_not_validate_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "a\n").unwrap();
        let outcome = run("lineinfile", json!({"path": path, "line": "b", "validate": "grep -q zzz %s"}));
        assert_eq!(outcome.msg.as_deref(), Some("failed to validate: rc:1 error:"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "a\n").unwrap();
        std::os::unix::fs::symlink("real", at("l")).unwrap();
        run("lineinfile", json!({"path": at("l"), "line": "b"}));
        assert!(at("l").is_symlink());
        assert_eq!(fs::read_to_string(at("real")).unwrap(), "a\nb\n");
    }
}
