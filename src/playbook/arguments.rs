//! `key=value` arguments in one line of text, as Ansible splits them: at blanks, but not within quotes or Jinja blocks.
//!
//! Source: Ansible documentation, "Free-form modules" and "YAML syntax"; behaviour settled by running ansible-core.

/// Options of `command` and its kin that are taken out of free-form text.
const FREE_FORM_OPTIONS: [&str; 8] =
    ["creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline", "strip_empty_ends"];

/// What is wrong with a line of arguments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// A quote or a Jinja block is not closed.
    #[error("failed at splitting arguments, either an unbalanced jinja2 block or quotes: {0}")]
    Unbalanced(String),
    /// `\N{...}` is not done yet, or an escape names no character.
    #[error("the escape {0} in arguments cannot be decoded")]
    Escape(String),
}

/// Options by name in the order in which they came, and the rest as free-form text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyValues {
    /// `key=value` pairs; the last of equal keys, at the place of the first.
    pub options: Vec<(String, String)>,
    /// Words that are no pairs, joined as they were written; `None` where there are none.
    pub raw: Option<String>,
}

/// Splits a line of arguments. With `free_form` (the text is a command) only the options that `command` has are taken
/// out, and all else stays as it was written.
///
/// # Errors
///
/// Quotes or Jinja blocks that are not closed, escapes that name no character.
pub fn parse_kv(text: &str, free_form: bool) -> Result<KeyValues, SplitError> {
    let mut found = KeyValues::default();
    let mut raw: Vec<String> = Vec::new();
    for word in split_args(text)? {
        let decoded = decode_escapes(&word)?;
        if !decoded.contains('=') {
            raw.push(word);
            continue;
        }
        let Some(position) = unescaped_equals(&decoded) else {
            raw.push(decoded.replace("\\=", "="));
            continue;
        };
        let (key, value) =
            (decoded.get(..position).unwrap_or_default(), decoded.get(position + 1..).unwrap_or_default());
        if free_form && !FREE_FORM_OPTIONS.contains(&key) {
            raw.push(word);
            continue;
        }
        let (key, value) = (key.trim().to_owned(), unquote(value.trim()).to_owned());
        match found.options.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => found.options.push((key, value)),
        }
    }
    if !raw.is_empty() {
        found.raw = Some(join_args(&raw));
    }
    Ok(found)
}

/// The first `=` that is neither the first character nor behind a backslash.
fn unescaped_equals(word: &str) -> Option<usize> {
    let bytes = word.as_bytes();
    (1..bytes.len()).find(|&index| bytes.get(index) == Some(&b'=') && bytes.get(index - 1) != Some(&b'\\'))
}

/// Takes a pair of quotes off.
#[must_use]
pub fn unquote(text: &str) -> &str {
    let mut characters = text.chars();
    let (first, last) = (characters.next(), characters.next_back());
    let before_last = characters.next_back();
    match (first, last) {
        (Some(quote @ ('"' | '\'')), Some(end)) if quote == end && before_last.or(first) != Some('\\') => {
            text.get(1..text.len() - 1).unwrap_or_default()
        }
        _ => text,
    }
}

/// Joins what [`split_args`] split, line breaks kept.
#[must_use]
pub fn join_args(words: &[String]) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Splits at blanks and line breaks, keeping together what quotes and Jinja blocks hold together. Line breaks stay at
/// the end of the words before them.
///
/// # Errors
///
/// Quotes or Jinja blocks that are not closed.
pub fn split_args(text: &str) -> Result<Vec<String>, SplitError> {
    let mut splitter = Splitter::default();
    let lines: Vec<&str> = text.split('\n').collect();
    for (number, line) in lines.iter().enumerate() {
        let continued = splitter.line(line);
        if lines.len() > 1 && number + 1 != lines.len() && !continued {
            splitter.append("\n");
        }
    }
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if splitter.depths != [0; 3] || splitter.quote.is_some() {
        return Err(SplitError::Unbalanced(text.to_owned()));
    }
    Ok(splitter.words)
}

/// Jinja's pairs of delimiters.
const PAIRS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

#[derive(Default)]
struct Splitter {
    words: Vec<String>,
    quote: Option<char>,
    depths: [usize; 3],
}

impl Splitter {
    /// Writes on at the end of the last word.
    fn append(&mut self, text: &str) {
        match self.words.last_mut() {
            Some(word) => word.push_str(text),
            None => self.words.push(text.to_owned()),
        }
    }

    /// Takes one line; whether it ends in a backslash that continues it.
    fn line(&mut self, line: &str) -> bool {
        let mut continued = false;
        for (index, token) in line.split(' ').enumerate() {
            if token.is_empty() && index != 0 {
                self.append(" ");
                continue;
            }
            if token == "\\" && self.quote.is_none() {
                continued = true;
                continue;
            }
            self.token(token, index == 0);
        }
        continued
    }

    fn token(&mut self, token: &str, first: bool) {
        let was_quoted = self.quote.is_some();
        self.quote = quote_after(token, self.quote);
        let quoted = self.quote.is_some();
        let within = self.depths != [0; 3];
        let mut taken = true;
        if quoted && !was_quoted && !within {
            self.words.push(token.to_owned());
        } else if within || quoted || was_quoted {
            if !first {
                self.append(" ");
            }
            self.append(token);
        } else {
            taken = false;
        }
        for (depth, (open, close)) in self.depths.iter_mut().zip(PAIRS) {
            let before = *depth;
            *depth = (*depth + token.matches(open).count()).saturating_sub(token.matches(close).count());
            if *depth != before && !taken {
                self.words.push(token.to_owned());
                taken = true;
            }
        }
        if !taken && !token.is_empty() && self.depths == [0; 3] {
            self.words.push(token.to_owned());
        }
    }
}

/// The quote that is open behind a token.
fn quote_after(token: &str, mut open: Option<char>) -> Option<char> {
    let mut before = None;
    for character in token.chars() {
        if matches!(character, '"' | '\'') && before != Some('\\') {
            match open {
                Some(quote) if quote == character => open = None,
                Some(_) => {}
                None => open = Some(character),
            }
        }
        before = Some(character);
    }
    open
}

/// Python's escapes, where they are whole; any other backslash stays.
fn decode_escapes(text: &str) -> Result<String, SplitError> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let (decoded, length) = decode_one(tail)?;
        match decoded {
            Some(character) => out.push(character),
            None => out.push('\\'),
        }
        rest = tail.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

/// The character of the escape that a text begins with and the escape's length; none: the backslash is no escape.
fn decode_one(text: &str) -> Result<(Option<char>, usize), SplitError> {
    let hex = |digits: usize| -> Result<(Option<char>, usize), SplitError> {
        let Some(code) = text.get(2..2 + digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
        else {
            return Ok((None, 1));
        };
        let character = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        match character {
            Some(character) => Ok((Some(character), 2 + digits)),
            None => Err(SplitError::Escape(text.get(..2 + digits).unwrap_or_default().to_owned())),
        }
    };
    Ok(match text.as_bytes().get(1) {
        Some(b'U') => hex(8)?,
        Some(b'u') => hex(4)?,
        Some(b'x') => hex(2)?,
        Some(b'N') => match text.strip_prefix("\\N{").and_then(|name| name.find('}')) {
            Some(end) if end > 0 => {
                return Err(SplitError::Escape(text.get(..end + 4).unwrap_or_default().to_owned()));
            }
            _ => (None, 1),
        },
        Some(b'\\') => (Some('\\'), 2),
        Some(b'\'') => (Some('\''), 2),
        Some(b'"') => (Some('"'), 2),
        Some(b'a') => (Some('\u{7}'), 2),
        Some(b'b') => (Some('\u{8}'), 2),
        Some(b'f') => (Some('\u{c}'), 2),
        Some(b'n') => (Some('\n'), 2),
        Some(b'r') => (Some('\r'), 2),
        Some(b't') => (Some('\t'), 2),
        Some(b'v') => (Some('\u{b}'), 2),
        _ => (None, 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kv(text: &str) -> (Vec<(String, String)>, Option<String>) {
        let found = parse_kv(text, false).unwrap();
        (found.options, found.raw)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn pairs_are_split_at_blanks_but_not_in_quotes_or_templates() {
        assert_eq!(
            kv(r#"src=a dest="b c" mode={{ the | mode }} x='y "z"'"#),
            (pairs(&[("src", "a"), ("dest", "b c"), ("mode", "{{ the | mode }}"), ("x", r#"y "z""#)]), None)
        );
    }

    #[test]
    fn a_command_keeps_its_text_and_gives_up_its_own_options_only() {
        let found = parse_kv("echo a=b  \"c  d\" chdir=/tmp creates='/x y'", true).unwrap();
        assert_eq!(found.raw.as_deref(), Some("echo a=b  \"c  d\""));
        assert_eq!(found.options, pairs(&[("chdir", "/tmp"), ("creates", "/x y")]));
    }

    #[test]
    fn lines_and_continuations_are_kept_as_ansible_keeps_them() {
        assert_eq!(split_args("a b\nc \\\n d").unwrap(), ["a", "b\n", "c", "d"].map(str::to_owned));
        assert_eq!(join_args(&split_args("echo 'a\n b'\nc").unwrap()), "echo 'a\n b'\nc");
    }

    #[test]
    fn escapes_are_decoded_in_pairs() {
        assert_eq!(kv(r"msg=a\tb\x41 c\=d").0, pairs(&[("msg", "a\tbA")]));
        assert_eq!(kv(r"c\=d").1.as_deref(), Some("c=d"));
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        assert_eq!(
            parse_kv("a={{ b", false).unwrap_err().to_string(),
            "failed at splitting arguments, either an unbalanced jinja2 block or quotes: a={{ b"
        );
        assert!(parse_kv("a='b", false).is_err());
    }
}
