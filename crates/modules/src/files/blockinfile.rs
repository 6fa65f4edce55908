//! `blockinfile`: a block of lines between two markers is in a text file, or is not.

use std::path::Path;

use pyregex::BytesRegex;

use crate::{
    prelude::*,
    support::{
        backup,
        edit::{self, Edit, found},
    },
};

/// Whether the block shall be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum State {
    /// No.
    Absent,
    /// Yes.
    Present,
}

/// Insert/update/remove a text block surrounded by marker lines.
///
/// The markers say which block is meant, so each block of a file needs markers of its own.
#[derive(Debug, Arguments)]
#[arguments(mutually_exclusive("insertbefore", "insertafter"))]
pub struct BlockinfileArgs {
    /// The file.
    #[arg(required, aliases("dest", "destfile", "name"))]
    path: PathArg,
    /// Whether the block shall be there.
    #[arg(default = "present")]
    state: State,
    /// The marker lines; `{mark}` is replaced by `marker_begin` and `marker_end`.
    #[arg(default = "# {mark} ANSIBLE MANAGED BLOCK")]
    marker: String,
    /// The text between the markers; nothing removes the block.
    #[arg(default = "", aliases("content"))]
    block: String,
    /// Where a new block goes: after the last line that this regular expression finds, or at `EOF`.
    insertafter: Option<String>,
    /// Where a new block goes: before the last line that this regular expression finds, or at `BOF`.
    insertbefore: Option<String>,
    /// Make the file where it is missing.
    #[arg(default = false)]
    create: bool,
    /// Keep the file that was there beside it.
    #[arg(default = false)]
    backup: bool,
    /// A command that says whether the new file is good, with `%s` for its path.
    validate: Option<String>,
    /// What `{mark}` is in the opening marker.
    #[arg(default = "BEGIN")]
    marker_begin: String,
    /// What `{mark}` is in the closing marker.
    #[arg(default = "END")]
    marker_end: String,
    /// Put an empty line after the block.
    #[arg(default = false)]
    append_newline: bool,
    /// Put an empty line before the block.
    #[arg(default = false)]
    prepend_newline: bool,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct Blockinfile;

impl Module for Blockinfile {
    type Args = BlockinfileArgs;
    const NAME: &'static str = "blockinfile";
    const EXAMPLES: &'static str = "\
- name: Insert/Update a configuration block
  ansible.builtin.blockinfile:
    path: /etc/ssh/sshd_config
    block: |
      Match User ansible-agent
      PasswordAuthentication no
";

    fn run(args: BlockinfileArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Observe.
        let path = &*args.path;
        if Path::new(path).is_dir() {
            return Err(Failure::new(format!("Path {path} is a directory !")).with("rc", 256));
        }
        let original = edit::read(path)?;
        if original.is_none() {
            if !args.create {
                return Err(Failure::new(format!("Path {path} does not exist !")).with("rc", 257));
            }
            if !ctx.check_mode {
                edit::make_parent(path).map_err(|error| edit::cannot_make_parent(path, &error))?;
            }
            if args.state == State::Absent {
                return Ok(Outcome::changed(false).with_msg(format!("File {path} not present")));
            }
        }

        // Plan.
        let block = args.block_lines();
        let after = args.edited(original.as_deref().unwrap_or_default(), &block)?;
        let (msg, changed) = match &original {
            Some(original) if *original == after => ("", false),
            None => ("File created", true),
            Some(_) if block.is_empty() => ("Block removed", true),
            Some(_) => ("Block inserted", true),
        };

        // Apply.
        let edit = Edit {
            path,
            before: original.as_deref(),
            after: &after,
            changed,
            validate: args.validate.as_deref(),
            attributes: &args.attributes,
        };
        let content_diff = edit.content_diff(ctx);
        if ctx.check_mode && original.is_none() {
            let mut outcome = Outcome::changed(changed).with_msg(msg);
            outcome.diff.push(content_diff);
            return Ok(outcome);
        }
        let mut saved = None;
        if changed && !ctx.check_mode && args.backup && original.is_some() {
            saved = Some(backup::make(ctx, path)?);
        }
        let mut msg = msg.to_owned();
        let (changed, attribute_diff) = edit.apply(&mut msg, ctx)?;
        let mut outcome = Outcome::changed(changed).with_msg(msg);
        outcome.diff = vec![content_diff, edit.attribute_diff(attribute_diff)];
        if let Some(saved) = saved {
            outcome.set("backup_file", saved);
        }
        Ok(outcome)
    }
}

impl BlockinfileArgs {
    fn markers(&self) -> [Vec<u8>; 2] {
        [&self.marker_begin, &self.marker_end]
            .map(|mark| format!("{}\n", self.marker.replace("{mark}", mark)).into_bytes())
    }

    /// The block with its markers; none where it is to be absent.
    fn block_lines(&self) -> Vec<Vec<u8>> {
        if self.state == State::Absent || self.block.is_empty() {
            return Vec::new();
        }
        let [begin, end] = self.markers();
        let mut text = self.block.clone().into_bytes();
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        let mut lines = vec![begin];
        lines.extend(split_lines(&text));
        lines.push(end);
        lines
    }

    fn edited(&self, original: &[u8], block: &[Vec<u8>]) -> Result<Vec<u8>, Failure> {
        let anchor = self.anchor()?;
        let mut lines = split_lines(original);
        let [begin, end] = self.markers();
        let begin = lines.iter().rposition(|line| *line == begin);
        let end = lines.iter().rposition(|line| *line == end);
        let mut at = match (begin, end) {
            (Some(begin), Some(end)) => {
                let (first, last) = (begin.min(end), begin.max(end));
                lines.drain(first..=last);
                first
            }
            _ => self.insertion_point(anchor.as_ref(), original, &lines)?,
        };
        if let Some(before) = at.checked_sub(1).and_then(|index| lines.get_mut(index))
            && !before.ends_with(b"\n")
        {
            before.push(b'\n');
        }
        let blank = b"\n".to_vec();
        let present = self.state == State::Present;
        if self.prepend_newline && present && at > 0 && lines.get(at - 1) != Some(&blank) {
            lines.insert(at, blank.clone());
            at += 1;
        }
        lines.splice(at..at, block.iter().cloned());
        let next = at + block.len();
        if self.append_newline && present && lines.get(next).is_some_and(|line| *line != blank) {
            lines.insert(next, blank);
        }
        Ok(lines.concat())
    }

    /// The pattern beside whose line a new block goes, and its text; none where it goes to an end of the file.
    fn anchor(&self) -> Result<Option<(BytesRegex, &str)>, Failure> {
        let text = match (self.insertafter.as_deref(), self.insertbefore.as_deref()) {
            (Some("EOF"), _) | (None, None | Some("BOF")) => return Ok(None),
            (Some(text), _) | (None, Some(text)) => text,
        };
        Ok(Some((edit::pattern(text)?, text)))
    }

    /// The index of the line before which a new block goes.
    fn insertion_point(
        &self,
        anchor: Option<&(BytesRegex, &str)>,
        original: &[u8],
        lines: &[Vec<u8>],
    ) -> Result<usize, Failure> {
        let after = self.insertafter.is_some();
        let Some((anchor, text)) = anchor else {
            let at_the_beginning = !after && self.insertbefore.is_some();
            return Ok(if at_the_beginning { 0 } else { lines.len() });
        };
        let mut place = None;
        if is_multiline(text) {
            let found = anchor.search(original).map_err(|error| Failure::raised(&error.to_string(), None))?;
            place = found.map(|found| {
                let end = if after { found.end() } else { found.start() };
                original.get(..end).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count()
            });
        } else {
            for (index, line) in lines.iter().enumerate() {
                if found(anchor, line)? {
                    place = Some(index);
                }
            }
        }
        Ok(place.map_or(lines.len(), |index| index + usize::from(after)).min(lines.len()))
    }
}

/// Whether a pattern sets the flag `m` for itself.
fn is_multiline(pattern: &str) -> bool {
    pattern
        .strip_prefix("(?")
        .and_then(|rest| rest.split_once(')'))
        .is_some_and(|(flags, _)| flags.contains('m') && flags.chars().all(|flag| "aiLmsux".contains(flag)))
}

/// Lines with their ends, split as Python splits bytes: at `\n`, `\r` and `\r\n`.
fn split_lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut line = Vec::new();
    let mut rest = bytes.iter().peekable();
    while let Some(byte) = rest.next() {
        line.push(*byte);
        match byte {
            b'\r' if rest.peek() == Some(&&b'\n') => {}
            b'\r' | b'\n' => lines.push(std::mem::take(&mut line)),
            _ => {}
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use crate::testing::{check, run};

    const BLOCK: &str = "# BEGIN ANSIBLE MANAGED BLOCK\nx\n# END ANSIBLE MANAGED BLOCK\n";

    fn on(text: &str, mut arguments: serde_json::Value) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, text).unwrap();
        arguments["path"] = json!(path);
        let outcome = run("blockinfile", arguments);
        assert_eq!(outcome.changed, Some(fs::read_to_string(&path).unwrap() != text), "{outcome:?}");
        (outcome.msg.unwrap(), fs::read_to_string(&path).unwrap())
    }

    #[test]
    fn blocks_are_inserted_updated_and_removed() {
        let old = BLOCK.replace('x', "old");
        for (text, arguments, msg, after) in [
            ("a\n".to_owned(), json!({"block": "x"}), "Block inserted", format!("a\n{BLOCK}")),
            ("a".to_owned(), json!({"block": "x\n"}), "Block inserted", format!("a\n{BLOCK}")),
            (format!("a\n{old}b\n"), json!({"content": "x"}), "Block inserted", format!("a\n{BLOCK}b\n")),
            (format!("a\n{BLOCK}b\n"), json!({"block": "x"}), "", format!("a\n{BLOCK}b\n")),
            (format!("a\n{BLOCK}b\n"), json!({"state": "absent"}), "Block removed", "a\nb\n".to_owned()),
            (format!("a\n{BLOCK}b\n"), json!({"block": ""}), "Block removed", "a\nb\n".to_owned()),
            (
                "a\nb\n".to_owned(),
                json!({"block": "x", "insertbefore": "BOF"}),
                "Block inserted",
                format!("{BLOCK}a\nb\n"),
            ),
            (
                "a\nb\n".to_owned(),
                json!({"block": "x", "insertafter": "^a"}),
                "Block inserted",
                format!("a\n{BLOCK}b\n"),
            ),
            (
                "a\nb\n".to_owned(),
                json!({"block": "x", "insertbefore": "^b"}),
                "Block inserted",
                format!("a\n{BLOCK}b\n"),
            ),
            (
                "a\nb\nc\n".to_owned(),
                json!({"block": "x", "insertafter": "(?m)^a\\nb"}),
                "Block inserted",
                format!("a\nb\n{BLOCK}c\n"),
            ),
            (
                "a\nb\n".to_owned(),
                json!({"block": "x", "insertafter": "^a", "prepend_newline": true, "append_newline": true}),
                "Block inserted",
                format!("a\n\n{BLOCK}\nb\n"),
            ),
        ] {
            assert_eq!(on(&text, arguments.clone()), (msg.to_owned(), after), "{text:?} {arguments}");
        }
    }

    #[test]
    fn a_missing_file_is_made_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let outcome = run("blockinfile", json!({"path": path, "block": "x"}));
        assert_eq!(outcome.msg.unwrap(), format!("Path {} does not exist !", path.display()));
        let arguments = json!({"path": path, "block": "x", "create": true});
        assert_eq!(check("blockinfile", arguments.clone()).msg.as_deref(), Some("File created"));
        assert!(!path.exists());
        assert_eq!(run("blockinfile", arguments).msg.as_deref(), Some("File created"));
        assert_eq!(fs::read_to_string(&path).unwrap(), BLOCK);
    }
}
