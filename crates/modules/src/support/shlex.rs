//! Shell words as Python's `shlex` splits and quotes them.

/// Python's `shlex.split(text)`: POSIX rules, no comments.
///
/// # Errors
///
/// Python's words: `No closing quotation`, `No escaped character`.
pub fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => {
                let escaped = characters.next().ok_or("No escaped character")?;
                word.get_or_insert_default().push(escaped);
            }
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next().ok_or("No closing quotation")? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next().ok_or("No closing quotation")? {
                        '"' => break,
                        '\\' => match characters.next().ok_or("No escaped character")? {
                            escaped @ ('"' | '\\') => word.push(escaped),
                            other => {
                                word.push('\\');
                                word.push(other);
                            }
                        },
                        inner => word.push(inner),
                    }
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Python's `shlex.quote(text)`.
#[must_use]
pub fn quote(text: &str) -> String {
    let safe = |character: char| character.is_ascii_alphanumeric() || "_@%+=:,./-".contains(character);
    if !text.is_empty() && text.chars().all(safe) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\"'\"'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_python_splits_them() {
        for (text, want) in [
            ("a 'b c' d\\ e", vec!["a", "b c", "d e"]),
            (r#""a\"b" "c\n" ''"#, vec!["a\"b", "c\\n", ""]),
            ("a#b # c", vec!["a#b", "#", "c"]),
            ("x'y'z", vec!["xyz"]),
        ] {
            assert_eq!(split(text).unwrap(), want, "{text}");
        }
        assert_eq!(split("'a"), Err("No closing quotation"));
        assert_eq!(split("a\\"), Err("No escaped character"));
    }

    #[test]
    fn quoting_leaves_plain_words_alone() {
        assert_eq!(quote("a/b-c"), "a/b-c");
        assert_eq!(quote("it's"), r#"'it'"'"'s'"#);
        assert_eq!(quote(""), "''");
    }
}
