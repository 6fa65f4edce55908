//! Files whose text is edited: read, written back in one step after validation, properties set, and told.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use protocol::{Data, Map, outcome::Diff};
use pyregex::{BytesRegex, Flags};

use super::{
    atomic::{self, Staged},
    attributes::{AttributeDiff, FileAttributes},
    command::Output,
    paths, shlex, text,
};
use crate::{
    Context, Failure,
    module::{os_error, strerror},
};

/// Runs the command of a `validate` option on a file.
///
/// # Errors
///
/// Where it has no `%s`, or cannot be run; what it answers is the caller's to judge.
pub fn run_validation(validate: &str, path: &str, ctx: &Context) -> Result<Output, Failure> {
    if !validate.contains("%s") {
        return Err(Failure::new(format!("validate must contain %s: {validate}")));
    }
    let words = shlex::split(&validate.replace("%s", path)).map_err(|reason| Failure::raised(reason, None))?;
    Ok(ctx.command(words.iter().map(|word| ctx.expand(word))).run()?)
}

/// A file's bytes; `None` where it is not there.
///
/// # Errors
///
/// Where it cannot be read.
pub fn read(path: &str) -> Result<Option<Vec<u8>>, Failure> {
    if !Path::new(path).exists() {
        return Ok(None);
    }
    fs::read(path).map(Some).map_err(|error| Failure::raised(&os_error(&error, Some(path)), None))
}

/// Makes the folder of a file that is to be made.
///
/// # Errors
///
/// The system's.
pub fn make_parent(path: &str) -> io::Result<()> {
    let folder = paths::dirname(path);
    if folder.is_empty() || Path::new(folder).exists() { Ok(()) } else { fs::create_dir_all(folder) }
}

/// A pattern over bytes.
///
/// # Errors
///
/// Python's words for what is none.
pub fn pattern(text: &str) -> Result<BytesRegex, Failure> {
    BytesRegex::new(text.as_bytes(), Flags::NONE).map_err(|error| Failure::raised(&error.to_string(), None))
}

/// Whether a pattern is found in a line.
///
/// # Errors
///
/// Where the search takes too long.
pub fn found(pattern: &BytesRegex, line: &[u8]) -> Result<bool, Failure> {
    pattern.is_match(line).map_err(|error| Failure::raised(&error.to_string(), None))
}

/// A change of a file's text, and what comes with it.
pub struct Edit<'a> {
    /// The file, as the user named it.
    pub path: &'a str,
    /// What is there.
    pub before: Option<&'a [u8]>,
    /// What comes.
    pub after: &'a [u8],
    /// The text changes.
    pub changed: bool,
    /// The check before it does.
    pub validate: Option<&'a str>,
    /// Properties to set.
    pub attributes: &'a FileAttributes,
}

impl Edit<'_> {
    /// Writes the text (not in check mode) and sets the properties; the message and `changed` grow by what those did.
    ///
    /// # Errors
    ///
    /// Ansible's words; the file is as it was.
    pub fn apply(&self, msg: &mut String, ctx: &Context) -> Result<(bool, AttributeDiff), Failure> {
        let mut diff = AttributeDiff::default();
        let mut differs = false;
        if self.changed && !ctx.check_mode {
            let target = paths::real(self.path);
            let mut staged = match Staged::beside(ctx, Path::new(&target)) {
                Ok(staged) => staged,
                Err(error) => return Err(atomic::not_writable(&target, &error)),
            };
            staged.write_all(self.after).map_err(|error| atomic::cannot_write(&target, &error))?;
            if let Some(validate) = self.validate.filter(|validate| !validate.is_empty()) {
                let output = run_validation(validate, &staged.path().to_string_lossy(), ctx)?;
                if !output.success() {
                    let (rc, error) = (output.rc, output.stderr_text());
                    return Err(Failure::new(format!("failed to validate: rc:{rc} error:{error}")));
                }
            }
            if Path::new(self.path).is_symlink() {
                // The text goes where the link leads; properties are those of the path that was given, as in Ansible.
                staged.replace(ctx, &target, &FileAttributes::default())?;
                differs = self.attributes.apply(ctx, self.path, Some(&mut diff))?;
            } else {
                differs = staged.replace_with_diff(ctx, &target, self.attributes, &mut diff)?;
            }
        } else if Path::new(self.path).exists() {
            differs = self.attributes.apply(ctx, self.path, Some(&mut diff))?;
        }
        if differs {
            if self.changed {
                msg.push_str(" and ");
            }
            msg.push_str("ownership, perms or SE linux context changed");
        }
        Ok((self.changed || differs, diff))
    }

    /// The change as diffs: of the content, and of the properties.
    #[must_use]
    pub fn content_diff(&self, ctx: &Context) -> Diff {
        let shown = |bytes: &[u8]| {
            if ctx.diff_mode { text::shown(bytes) } else { String::new() }
        };
        let header = Some(format!("{} (content)", self.path));
        Diff::Text {
            before_header: header.clone(),
            after_header: header,
            before: shown(self.before.unwrap_or_default()),
            after: shown(self.after),
        }
    }

    /// The diff of the properties.
    #[must_use]
    pub fn attribute_diff(&self, diff: AttributeDiff) -> Diff {
        let header = format!("{} (file attributes)", self.path);
        if diff == AttributeDiff::default() {
            let headers = ["before_header", "after_header"].map(|key| (key.to_owned(), Data::from(header.as_str())));
            return Diff::Keys(Map::from(headers));
        }
        Diff::State {
            before_header: Some(header.clone()),
            after_header: Some(header),
            before: diff.before,
            after: diff.after,
        }
    }
}

/// What `makedirs` failed with, in the words that `blockinfile` has for it.
#[must_use]
pub fn cannot_make_parent(path: &str, error: &io::Error) -> Failure {
    let folder = paths::dirname(path);
    let code = error.raw_os_error().unwrap_or(0);
    Failure::new(format!("Error creating {folder} Error code: {code} Error description: {}", strerror(error)))
}
