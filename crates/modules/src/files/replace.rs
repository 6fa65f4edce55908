//! `replace`: every match of a regular expression in a text file is replaced.

use std::{fs, path::Path};

use pyregex::{Flags, Regex};

use crate::{
    module::os_error,
    prelude::*,
    support::{
        backup,
        edit::Edit,
        text::{self, Encoding},
    },
};

/// Replace all instances of a particular string in a file using a back-referenced regular expression.
///
/// It is the user's part to see that a second run finds nothing more to replace.
#[derive(Debug, Arguments)]
pub struct ReplaceArgs {
    /// The file.
    #[arg(required, aliases("dest", "destfile", "name"))]
    path: PathArg,
    /// The regular expression; `^` and `$` match at lines.
    #[arg(required)]
    regexp: String,
    /// What takes the place of a match, with references to groups (`\\1`, `\\g<name>`).
    #[arg(default = "")]
    replace: String,
    /// Only what follows a match of this is looked at.
    after: Option<String>,
    /// Only what precedes a match of this is looked at.
    before: Option<String>,
    /// Keep the file that was there beside it.
    #[arg(default = false)]
    backup: bool,
    /// A command that says whether the new file is good, with `%s` for its path.
    validate: Option<String>,
    /// The file's encoding: `utf-8` or `latin-1`.
    #[arg(default = "utf-8")]
    encoding: String,
    #[arg(flatten)]
    attributes: FileAttributes,
}

/// The module.
pub struct Replace;

impl Module for Replace {
    type Args = ReplaceArgs;
    const NAME: &'static str = "replace";
    const EXAMPLES: &'static str = "\
- name: Replace old hostname with new hostname
  ansible.builtin.replace:
    path: /etc/hosts
    regexp: '(\\s+)old\\.host\\.name(\\s+.*)?$'
    replace: '\\1new.host.name\\2'
";

    fn run(args: ReplaceArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Observe.
        let path = &*args.path;
        if Path::new(path).is_dir() {
            return Err(Failure::new(format!("Path {path} is a directory !")).with("rc", 256));
        }
        if !Path::new(path).exists() {
            return Err(Failure::new(format!("Path {path} does not exist !")).with("rc", 257));
        }
        let Some(encoding) = Encoding::named(&args.encoding) else {
            return Err(Failure::raised(&format!("unknown encoding: {}", args.encoding), None));
        };
        let bytes = fs::read(path).map_err(|error| {
            let cause = os_error(&error, Some(path));
            Failure::raised(&format!("Unable to read the contents of '{path}'."), Some(&cause))
        })?;
        let contents = encoding.decode(&bytes);

        // Plan.
        let limits = args.limits();
        let section = match &limits {
            None => 0..contents.len(),
            Some(pattern) => {
                let compiled = compile(pattern, Flags::DOTALL)?;
                let number = compiled.group_index("subsection").unwrap_or(1);
                let found = compiled.search(&contents).map_err(|error| Failure::raised(&error.to_string(), None))?;
                match found.and_then(|found| found.span(number)) {
                    Some(span) => span,
                    None => {
                        let msg = format!("Pattern for before/after params did not match the given file: {pattern}");
                        return Ok(Outcome::changed(false).with("rc", 0).with_msg(msg));
                    }
                }
            }
        };
        let regexp = compile(&args.regexp, Flags::MULTILINE)?;
        let text = contents.get(section.clone()).unwrap_or_default();
        let (replaced, count) = regexp
            .sub(&args.replace, text, 0)
            .map_err(|error| Failure::new(format!("Unable to process replace due to error: {error}")))?;
        let changed = count > 0 && replaced != text;
        let after = format!(
            "{}{replaced}{}",
            contents.get(..section.start).unwrap_or_default(),
            contents.get(section.end..).unwrap_or_default()
        );
        let mut msg = if changed { format!("{count} replacements made") } else { String::new() };

        // Apply.
        let mut outcome = Outcome::default().with("rc", 0);
        if changed && ctx.diff_mode {
            outcome.diff.push(Diff::Text {
                before_header: Some(path.to_owned()),
                after_header: Some(path.to_owned()),
                before: text::shown_text(&contents),
                after: text::shown_text(&after),
            });
        }
        let new = encoding.encode_replacing(&after);
        if changed && !ctx.check_mode && args.backup {
            outcome.set("backup_file", backup::make(ctx, path)?);
        }
        let edit = Edit {
            path,
            before: Some(&bytes),
            after: &new,
            changed,
            validate: args.validate.as_deref(),
            attributes: &args.attributes,
        };
        let (changed, _) = edit.apply(&mut msg, ctx)?;
        outcome.changed = Some(changed);
        outcome.msg = Some(msg);
        Ok(outcome)
    }
}

impl ReplaceArgs {
    /// The pattern that finds the part of the file to look at.
    fn limits(&self) -> Option<String> {
        let filled = |text: &&String| !text.is_empty();
        match (self.after.as_ref().filter(filled), self.before.as_ref().filter(filled)) {
            (None, None) => None,
            (Some(after), Some(before)) => Some(format!("{after}(?P<subsection>.*?){before}")),
            (Some(after), None) => Some(format!("{after}(?P<subsection>.*)")),
            (None, Some(before)) => Some(format!("(?P<subsection>.*){before}")),
        }
    }
}

fn compile(pattern: &str, flags: Flags) -> Result<Regex, Failure> {
    Regex::new(pattern, flags).map_err(|error| Failure::raised(&error.to_string(), None))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    fn on(text: &[u8], mut arguments: serde_json::Value) -> (String, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, text).unwrap();
        arguments["path"] = json!(path);
        let outcome = run("replace", arguments);
        (outcome.msg.unwrap(), fs::read(&path).unwrap())
    }

    #[test]
    fn every_match_is_replaced_with_its_groups() {
        let (msg, after) = on(b"a=1\nb=2\n", json!({"regexp": r"^(\w)=(\d)$", "replace": r"\2=\1"}));
        assert_eq!((msg.as_str(), after.as_slice()), ("2 replacements made", b"1=a\n2=b\n".as_slice()));
        let (msg, _) = on(b"a\n", json!({"regexp": "z"}));
        assert_eq!(msg, "");
    }

    #[test]
    fn before_and_after_limit_the_part() {
        let arguments = json!({"regexp": "x", "replace": "y", "after": "begin", "before": "end"});
        assert_eq!(on(b"x begin x end x", arguments.clone()).1, b"x begin y end x");
        let (msg, _) = on(b"x", arguments);
        assert_eq!(msg, "Pattern for before/after params did not match the given file: begin(?P<subsection>.*?)end");
    }

    #[test]
    fn bytes_that_are_no_text_survive() {
        assert_eq!(on(b"\xff a", json!({"regexp": "a", "replace": "b"})).1, b"\xff b");
    }
}
