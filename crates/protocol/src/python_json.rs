//! JSON text exactly as Python's `json.dumps` writes it.

use crate::{Data, arguments::python::repr_float};

/// How `json.dumps` is asked to write.
///
/// See <https://docs.python.org/3/library/json.html#json.dumps>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Spaces a level, each element on its own line; `None`: all on one line.
    pub indent: Option<usize>,
    /// Keys in the order of their code points instead of the order in which they were set.
    pub sort_keys: bool,
    /// Everything beyond ASCII as `\uXXXX`.
    pub ensure_ascii: bool,
}

impl Default for Style {
    /// `json.dumps(value)`: one line, keys as they come, ASCII only.
    fn default() -> Self {
        Self { indent: None, sort_keys: false, ensure_ascii: true }
    }
}

impl Style {
    /// `json.dumps(value, indent=4, sort_keys=True)`: what `ansible-inventory` and most of Ansible's screens use.
    #[must_use]
    pub fn pretty() -> Self {
        Self { indent: Some(4), sort_keys: true, ensure_ascii: true }
    }
}

/// The JSON text of a value.
#[must_use]
pub fn dumps(value: &Data, style: Style) -> String {
    let mut out = String::new();
    write(&mut out, value, style, 0);
    out
}

fn write(out: &mut String, value: &Data, style: Style, level: usize) {
    match value {
        Data::Null => out.push_str("null"),
        Data::Bool(true) => out.push_str("true"),
        Data::Bool(false) => out.push_str("false"),
        Data::Int(number) => out.push_str(&number.to_string()),
        Data::BigInt(digits) => out.push_str(digits),
        Data::Float(number) => out.push_str(&float(*number)),
        Data::Str(text) => string(out, text, style.ensure_ascii),
        Data::List(items) if items.is_empty() => out.push_str("[]"),
        Data::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, style, level, index);
                write(out, item, style, level + 1);
            }
            close(out, style, level);
            out.push(']');
        }
        Data::Map(map) if map.is_empty() => out.push_str("{}"),
        Data::Map(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            if style.sort_keys {
                entries.sort_by_key(|(key, _)| *key);
            }
            out.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                separate(out, style, level, index);
                string(out, key, style.ensure_ascii);
                out.push_str(": ");
                write(out, item, style, level + 1);
            }
            close(out, style, level);
            out.push('}');
        }
    }
}

/// What stands before an element. Python drops the space after the comma where there is an indent.
fn separate(out: &mut String, style: Style, level: usize, index: usize) {
    match style.indent {
        Some(width) => {
            if index > 0 {
                out.push(',');
            }
            newline(out, width * (level + 1));
        }
        None if index > 0 => out.push_str(", "),
        None => {}
    }
}

fn close(out: &mut String, style: Style, level: usize) {
    if let Some(width) = style.indent {
        newline(out, width * level);
    }
}

fn newline(out: &mut String, spaces: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', spaces));
}

fn string(out: &mut String, text: &str, ensure_ascii: bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..'\u{20}' => unit(out, character as u16),
            ' '..='~' => out.push(character),
            _ if ensure_ascii => {
                let mut units = [0; 2];
                for code in character.encode_utf16(&mut units) {
                    unit(out, *code);
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn unit(out: &mut String, code: u16) {
    out.push_str(&format!("\\u{code:04x}"));
}

/// A double as Python's `json` writes it: `repr`, and JavaScript's names for what JSON cannot say.
fn float(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        repr_float(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Map;

    fn sample() -> Data {
        let mut inner = Map::new();
        inner.insert("z".into(), Data::List(vec![1.into(), Data::Float(1.5)]));
        inner.insert("a".into(), Data::List(vec![]));
        let mut map = Map::new();
        map.insert("b".into(), Data::Map(inner));
        map.insert("a".into(), Data::Map(Map::new()));
        Data::Map(map)
    }

    #[test]
    fn one_line_by_default_with_keys_as_they_come() {
        assert_eq!(dumps(&sample(), Style::default()), r#"{"b": {"z": [1, 1.5], "a": []}, "a": {}}"#);
    }

    #[test]
    fn pretty_sorts_keys_and_leaves_empty_containers_on_one_line() {
        let want = "{\n    \"a\": {},\n    \"b\": {\n        \"a\": [],\n        \"z\": [\n            1,\n            \
                    1.5\n        ]\n    }\n}";
        assert_eq!(dumps(&sample(), Style::pretty()), want);
    }

    #[test]
    fn text_is_escaped_as_python_escapes_it() {
        let text = Data::from("\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}é😀");
        assert_eq!(dumps(&text, Style::default()), r#""\"\\/\b\f\n\r\t\u0001\u007f\u00e9\ud83d\ude00""#);
        let plain = Style { ensure_ascii: false, ..Style::default() };
        assert_eq!(dumps(&text, plain), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u{7f}é😀\"");
    }

    #[test]
    fn floats_are_written_as_repr_writes_them() {
        for (number, want) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1.25e-7, "1.25e-07"),
            (123_456_789.123, "123456789.123"),
        ] {
            assert_eq!(dumps(&Data::Float(number), Style::default()), want);
        }
        assert_eq!(dumps(&Data::Float(f64::NAN), Style::default()), "NaN");
        assert_eq!(dumps(&Data::Float(f64::NEG_INFINITY), Style::default()), "-Infinity");
    }
}
