//! `ansible.cfg` as Python's `configparser` reads it.
//!
//! Sections, `key = value` or `key: value`, keys without regard to case, values that go on over indented lines,
//! comment lines with `#` or `;`, and ` ;` after which a line is comment. See
//! <https://docs.python.org/3/library/configparser.html#supported-ini-file-structure>.

/// One setting of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) section: String,
    /// In lower case.
    pub(super) key: String,
    pub(super) value: String,
    /// From 1.
    pub(super) line: u32,
}

/// What is wrong with the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// From 1.
    pub(super) line: u32,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Reads the file's text. Values of the section `DEFAULT` hold for every section.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut reader = Reader::default();
    for (index, raw) in text.lines().enumerate() {
        reader.line(raw, u32::try_from(index + 1).unwrap_or(u32::MAX))?;
    }
    reader.finish();
    Ok(reader.entries)
}

#[derive(Default)]
struct Reader {
    entries: Vec<Entry>,
    sections: Vec<String>,
    /// The entry that indented lines go on with.
    open: Option<Open>,
}

struct Open {
    entry: Entry,
    lines: Vec<String>,
    indent: usize,
}

impl Reader {
    fn line(&mut self, raw: &str, line: u32) -> Result<(), Fault> {
        let indent = raw.chars().take_while(|character| character.is_whitespace()).count();
        let whole_comment = raw.trim_start().starts_with(['#', ';']);
        let content = if whole_comment { "" } else { without_comment(raw).trim() };
        if content.is_empty() {
            // A blank line may stand inside a value; a comment line ends nothing.
            if let Some(open) = self.open.as_mut().filter(|_| !whole_comment && raw.trim().is_empty()) {
                open.lines.push(String::new());
            }
            return Ok(());
        }
        if let Some(open) = self.open.as_mut().filter(|open| indent > open.indent) {
            open.lines.push(content.to_owned());
            return Ok(());
        }
        self.finish();
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')).map(|(name, _)| name) {
            return self.section(name, line);
        }
        let Some(section) = self.sections.last().cloned() else {
            return Err(Fault {
                line,
                message: "File contains no section headers".to_owned(),
                help: "begin the file with a section, such as [defaults]",
            });
        };
        let Some((key, value)) = content.split_once(['=', ':']).filter(|(key, _)| !key.trim().is_empty()) else {
            return Err(Fault {
                line,
                message: format!("'{content}' is neither a section nor a setting"),
                help: "write `key = value`; a value that goes on over more lines has them indented",
            });
        };
        let key = key.trim().to_lowercase();
        if let Some(first) = self.entries.iter().find(|entry| entry.section == section && entry.key == key) {
            return Err(Fault {
                line,
                message: format!("option '{key}' in section '{section}' already exists, see line {}", first.line),
                help: "keep one of the two",
            });
        }
        let entry = Entry { section, key, value: String::new(), line };
        self.open = Some(Open { entry, lines: vec![value.trim().to_owned()], indent });
        Ok(())
    }

    fn section(&mut self, name: &str, line: u32) -> Result<(), Fault> {
        if name != "DEFAULT" && self.sections.iter().any(|known| known == name) {
            return Err(Fault {
                line,
                message: format!("section '{name}' already exists"),
                help: "put the settings of both under one header",
            });
        }
        self.sections.push(name.to_owned());
        Ok(())
    }

    fn finish(&mut self) {
        if let Some(open) = self.open.take() {
            let value = open.lines.join("\n").trim_end().to_owned();
            self.entries.push(Entry { value, ..open.entry });
        }
    }
}

/// The part of a line before ` ;` (or all of it, where the semicolon stands inside a word).
fn without_comment(line: &str) -> &str {
    let end = line.char_indices().find(|(at, character)| {
        *character == ';' && line.get(..*at).is_some_and(|before| before.ends_with(char::is_whitespace))
    });
    end.and_then(|(at, _)| line.get(..at)).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String, u32)> {
        let entries = parse(text).unwrap();
        entries.into_iter().map(|entry| (entry.section, entry.key, entry.value, entry.line)).collect()
    }

    #[test]
    fn sections_keys_comments_and_long_values() {
        let text = "# top\n[defaults]\nForks = 10 ; many\nroles_path: a:b\n; no\nlist = a,\n   b,\n\n   c\nurl = a;b # c\n\
                    empty =\n[ssh_connection]\nssh_args = -o A=b\n";
        let own = |section: &str, key: &str, value: &str, line| (section.into(), key.into(), value.into(), line);
        assert_eq!(
            read(text),
            [
                own("defaults", "forks", "10", 3),
                own("defaults", "roles_path", "a:b", 4),
                own("defaults", "list", "a,\nb,\n\nc", 6),
                own("defaults", "url", "a;b # c", 10),
                own("defaults", "empty", "", 11),
                own("ssh_connection", "ssh_args", "-o A=b", 13),
            ]
        );
    }

    #[test]
    fn faults_name_the_line() {
        let fault = |text: &str| parse(text).map_err(|fault| (fault.line, fault.message)).unwrap_err();
        assert_eq!(fault("forks = 5\n"), (1, "File contains no section headers".to_owned()));
        assert_eq!(fault("[a]\nx=1\nX=2\n"), (3, "option 'x' in section 'a' already exists, see line 2".to_owned()));
        assert_eq!(fault("[a]\n[b]\n[a]\n"), (3, "section 'a' already exists".to_owned()));
        assert_eq!(fault("[a]\nforks\n"), (2, "'forks' is neither a section nor a setting".to_owned()));
    }
}
