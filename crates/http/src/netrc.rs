//! `~/.netrc`: users and passwords by host.
//!
//! Source: <https://docs.python.org/3/library/netrc.html>.

use std::{
    collections::BTreeMap,
    fs,
    iter::Peekable,
    os::unix::fs::{MetadataExt, PermissionsExt},
    str::Chars,
};

use crate::error::Error;

/// The user and password for a host; `NETRC` names another file.
///
/// # Errors
///
/// The file is not one, or other users can read it.
pub(crate) fn login(environment: &BTreeMap<String, String>, host: &str) -> Result<Option<(String, String)>, Error> {
    let named = environment.get("NETRC");
    let Some(path) =
        named.cloned().or_else(|| Some(format!("{}/.netrc", environment.get("HOME")?.trim_end_matches('/'))))
    else {
        return Ok(None);
    };
    let Ok(bytes) = fs::read(&path) else { return Ok(None) };
    let entries = parse(&String::from_utf8_lossy(&bytes))
        .map_err(|(why, line)| Error::Other(format!("{why} ({path}, line {line})")))?;
    if named.is_none()
        && entries.iter().any(|entry| entry.login != "anonymous")
        && let Ok(metadata) = fs::metadata(&path)
    {
        let why = if metadata.uid() != rustix::process::getuid().as_raw() {
            "~/.netrc file owner does not match current user"
        } else if metadata.permissions().mode() & 0o077 != 0 {
            "~/.netrc access too permissive: access permissions must restrict access to only the owner"
        } else {
            ""
        };
        if !why.is_empty() {
            return Err(Error::Other(format!("{why} (None, line None)")));
        }
    }
    let of = |name: &str| entries.iter().rfind(|entry| entry.name == name);
    let found = of(host).or_else(|| of("default"));
    Ok(found
        .filter(|entry| !entry.login.is_empty() && !entry.password.is_empty())
        .map(|entry| (entry.login.clone(), entry.password.clone())))
}

#[derive(Debug, Default)]
pub(crate) struct Entry {
    name: String,
    login: String,
    password: String,
}

struct Lexer<'a> {
    letters: Peekable<Chars<'a>>,
    line: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<char> {
        let letter = self.letters.next();
        self.line += usize::from(letter == Some('\n'));
        letter
    }

    fn rest_of_line(&mut self) -> String {
        let mut line = String::new();
        while let Some(letter) = self.next() {
            line.push(letter);
            if letter == '\n' {
                break;
            }
        }
        line
    }

    /// The next word; empty at the end.
    fn word(&mut self) -> String {
        let is_blank = |letter: char| "\n\t\r ".contains(letter);
        while self.letters.peek().copied().is_some_and(is_blank) {
            self.next();
        }
        let mut word = String::new();
        let quoted = self.letters.peek() == Some(&'"');
        if quoted {
            self.next();
        }
        while let Some(letter) = self.next() {
            match letter {
                '"' if quoted => break,
                letter if !quoted && is_blank(letter) => break,
                '\\' => word.extend(self.next()),
                letter => word.push(letter),
            }
        }
        word
    }
}

/// All entries, or what is wrong and in which line.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, (String, usize)> {
    let mut lexer = Lexer { letters: text.chars().peekable(), line: 1 };
    let mut entries: Vec<Entry> = Vec::new();
    let mut word = lexer.word();
    while !word.is_empty() {
        let mut entry = Entry::default();
        match word.as_str() {
            comment if comment.starts_with('#') => {
                if comment.len() == 1 {
                    lexer.rest_of_line();
                }
                word = lexer.word();
                continue;
            }
            "macdef" => {
                lexer.word();
                loop {
                    match lexer.rest_of_line().as_str() {
                        "" => return Err(("Macro definition missing null line terminator.".to_owned(), lexer.line)),
                        "\n" => break,
                        _ => {}
                    }
                }
                word = lexer.word();
                continue;
            }
            "machine" => entry.name = lexer.word(),
            "default" => "default".clone_into(&mut entry.name),
            other => return Err((format!("bad toplevel token '{other}'"), lexer.line)),
        }
        if entry.name.is_empty() {
            return Err((format!("missing '{word}' name"), lexer.line));
        }
        loop {
            word = lexer.word();
            match word.as_str() {
                "" | "machine" | "default" | "macdef" => break,
                "login" | "user" => entry.login = lexer.word(),
                "password" => entry.password = lexer.word(),
                "account" => drop(lexer.word()),
                comment if comment.starts_with('#') => drop(lexer.rest_of_line()),
                other => return Err((format!("bad follower token '{other}'"), lexer.line)),
            }
        }
        entries.push(entry);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in ".{0,200}") {
            let _ = parse(&text);
        }
    }

    fn environment(path: &std::path::Path) -> BTreeMap<String, String> {
        BTreeMap::from([("NETRC".to_owned(), path.display().to_string())])
    }

    #[test]
    fn a_host_has_its_own_entry_or_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("netrc");
        let text = "machine a login me password \"p q\"\nmacdef m\nput x\n\n# c\ndefault login d\n  password x\n";
        fs::write(&path, text).unwrap();
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(login(&environment(&path), "a").unwrap(), pair("me", "p q"));
        assert_eq!(login(&environment(&path), "b").unwrap(), pair("d", "x"));
        assert_eq!(login(&environment(&folder.path().join("none")), "a").unwrap(), None);
    }

    #[test]
    fn what_is_no_entry_is_an_error_with_its_line() {
        assert_eq!(parse("machine a\nnonsense b").unwrap_err(), ("bad follower token 'nonsense'".to_owned(), 2));
    }

    #[test]
    fn the_users_own_file_is_for_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".netrc");
        fs::write(&path, "machine a login b password c").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let environment = BTreeMap::from([("HOME".to_owned(), folder.path().display().to_string())]);
        assert!(login(&environment, "a").unwrap_err().to_string().contains("too permissive"));
    }
}
