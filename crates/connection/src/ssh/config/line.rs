//! A line of ssh_config: a keyword and its words.
//!
//! Source: ssh_config(5); quoting as in OpenSSH's argv_split.

/// A keyword and the rest of its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) keyword: &'a str,
    pub(crate) rest: &'a str,
}

/// Takes a line apart; `None` where there is nothing on it.
pub(crate) fn split(line: &str) -> Option<Line<'_>> {
    let line = line.trim_matches([' ', '\t', '\r', '\u{c}']);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find([' ', '\t', '=']).unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    let rest = rest.trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start_matches([' ', '\t']);
    Some(Line { keyword: keyword.trim_matches('"'), rest })
}

/// The words of a line: split at blanks, quoted by `"` or `'`, with `\` before a quote or a backslash; a `#` at the
/// start of a word ends the line.
pub(crate) fn words(rest: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut characters = rest.chars().peekable();
    loop {
        while characters.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        match characters.peek() {
            None | Some('#') => return Ok(words),
            Some(_) => {}
        }
        let (mut word, mut quote) = (String::new(), None);
        while let Some(&c) = characters.peek() {
            match (c, quote) {
                (' ' | '\t', None) => break,
                ('"' | '\'', None) => quote = Some(c),
                (_, Some(open)) if c == open => quote = None,
                ('\\', _) => {
                    characters.next();
                    match characters.peek() {
                        Some(&next) if matches!(next, '"' | '\'' | '\\') || (next == ' ' && quote.is_none()) => {
                            word.push(next)
                        }
                        _ => {
                            word.push('\\');
                            continue;
                        }
                    }
                }
                _ => word.push(c),
            }
            characters.next();
        }
        if quote.is_some() {
            return Err("a quotation is not closed".to_owned());
        }
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_is_followed_by_blanks_or_an_equals_sign() {
        for line in ["Port 22", "  Port=22", "Port = 22", "Port\t22 "] {
            assert_eq!(split(line), Some(Line { keyword: "Port", rest: "22" }), "{line}");
        }
        assert_eq!(split("  # Port 22"), None);
    }

    #[test]
    fn words_are_quoted_as_in_openssh() {
        assert_eq!(words(r#""a b" c\"d 'e"f' g\h # no"#).unwrap(), ["a b", "c\"d", "e\"f", r"g\h"]);
        assert_eq!(words("a#b").unwrap(), ["a#b"]);
        assert!(words("\"a").is_err());
    }
}
