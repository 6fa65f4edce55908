//! A line in words, as Python's `shlex.split(line, comments=True)` splits it.

/// The words of a line: quotes and backslashes as in a shell, everything from `#` on dropped, also inside a word.
///
/// # Errors
///
/// `No closing quotation` and `No escaped character`, as Python has them.
pub(super) fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    // `None`: between words.
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' => break,
            '\'' | '"' => quoted(character, &mut characters, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(characters.next().ok_or("No escaped character")?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(quote: char, characters: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), &'static str> {
    loop {
        match characters.next().ok_or("No closing quotation")? {
            character if character == quote => return Ok(()),
            '\\' if quote == '"' => match characters.next().ok_or("No escaped character")? {
                escaped @ ('"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            other => word.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_python_splits_them() {
        for (line, want) in [
            ("a  b=c\td", vec!["a", "b=c", "d"]),
            (r#"a b="c d" e='f "g"' h"#, vec!["a", "b=c d", r#"e=f "g""#, "h"]),
            (r#"a "b\"c\\d\n" 'e\f'"#, vec!["a", r#"b"c\d\n"#, r"e\f"]),
            (r"a\ b", vec!["a b"]),
            ("a b # c", vec!["a", "b"]),
            ("a b=c#d", vec!["a", "b=c"]),
            ("a '' b", vec!["a", "", "b"]),
            ("# all", vec![]),
        ] {
            assert_eq!(split(line).unwrap(), want, "{line}");
        }
        assert_eq!(split("a 'b"), Err("No closing quotation"));
        assert_eq!(split(r"a b\"), Err("No escaped character"));
    }
}
