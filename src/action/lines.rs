//! `stdout_lines` and `stderr_lines`: what Ansible adds to the results of what was run on a host.

use protocol::{Data, Map};

/// Adds the lines of both outputs where a result has the outputs.
pub(super) fn add(values: &mut Map) {
    for (text, lines) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        let content = match values.get(text) {
            Some(Data::Str(content)) => content.as_str(),
            Some(Data::Null) => "",
            _ => continue,
        };
        if !values.contains_key(lines) {
            let split = python_lines(content).into_iter().map(Data::from).collect();
            values.insert(lines.to_owned(), Data::List(split));
        }
    }
}

/// Python's `str.splitlines()`.
fn python_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|letter| {
            matches!(
                letter,
                '\n' | '\r' | '\x0b' | '\x0c' | '\x1c' | '\x1d' | '\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
            )
        });
        match end {
            None => {
                lines.push(rest);
                rest = "";
            }
            Some(at) => {
                let (line, tail) = rest.split_at(at);
                lines.push(line);
                let width = if tail.starts_with("\r\n") { 2 } else { tail.chars().next().map_or(1, char::len_utf8) };
                rest = tail.get(width..).unwrap_or_default();
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::python_lines;

    #[test]
    fn lines_are_split_as_python_splits_them() {
        assert_eq!(python_lines("a\nb\r\nc\n"), ["a", "b", "c"]);
        assert_eq!(python_lines("\n\n"), ["", ""]);
        assert_eq!(python_lines("a\u{2028}b"), ["a", "b"]);
        assert!(python_lines("").is_empty());
    }
}
