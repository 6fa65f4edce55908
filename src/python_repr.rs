//! Values as Python's `str` and `repr` write them: loop labels on the screen, text that a template prints.

use protocol::Data;

use crate::python_json::float_repr;

/// `str(value)`: text as it is, everything else as [`repr`].
#[must_use]
pub fn str(value: &Data) -> String {
    match value {
        Data::Str(text) => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`.
#[must_use]
pub fn repr(value: &Data) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// Whether Python takes the value as true.
#[must_use]
pub fn truth(value: &Data) -> bool {
    match value {
        Data::Null => false,
        Data::Bool(value) => *value,
        Data::Int(number) => *number != 0,
        Data::BigInt(_) => true,
        Data::Float(number) => *number != 0.0,
        Data::Str(text) => !text.is_empty(),
        Data::List(items) => !items.is_empty(),
        Data::Map(map) => !map.is_empty(),
    }
}

fn write(out: &mut String, value: &Data) {
    match value {
        Data::Null => out.push_str("None"),
        Data::Bool(true) => out.push_str("True"),
        Data::Bool(false) => out.push_str("False"),
        Data::Int(number) => out.push_str(&number.to_string()),
        Data::BigInt(digits) => out.push_str(digits),
        Data::Float(number) => out.push_str(&float_repr(*number)),
        Data::Str(text) => quote(out, text),
        Data::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(out, item);
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                quote(out, key);
                out.push_str(": ");
                write(out, item);
            }
            out.push('}');
        }
    }
}

fn quote(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(character);
            }
            _ if printable(character) => out.push(character),
            _ => {
                let code = u32::from(character);
                out.push_str(&match code {
                    0..=0xff => format!("\\x{code:02x}"),
                    0x100..=0xffff => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
        }
    }
    out.push(quote);
}

/// Whether Python prints the character in a `repr`: not the categories "other" and "separator", but the space.
/// Unassigned characters are taken as printable.
fn printable(character: char) -> bool {
    let other = character.is_control()
        || matches!(u32::from(character),
            0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x8e2 | 0x180e | 0x200b..=0x200f | 0x202a..=0x202e
            | 0x2060..=0x206f | 0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xfffe..=0xffff | 0xe0000..);
    character == ' ' || !(other || character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use protocol::{Data, Map};

    use super::{repr, str, truth};

    #[test]
    fn text_stands_alone_in_str_and_quoted_inside() {
        assert_eq!(str(&Data::from("a b")), "a b");
        let mut map = Map::new();
        map.insert("a".to_owned(), Data::List(vec![Data::from(1), Data::Null, Data::from(true), Data::from(1.5)]));
        map.insert("it's".to_owned(), Data::from("say \"it's\""));
        assert_eq!(str(&Data::Map(map)), r#"{'a': [1, None, True, 1.5], "it's": 'say "it\'s"'}"#);
    }

    #[test]
    fn what_does_not_print_is_escaped_as_python_does() {
        assert_eq!(
            repr(&Data::from("a\n\t\u{1b}\u{7f}é\u{a0}\u{200b}日\u{10ffff}\\")),
            r"'a\n\t\x1b\x7fé\xa0\u200b日\U0010ffff\\'"
        );
    }

    #[test]
    fn empty_things_are_false() {
        for value in [Data::Null, Data::from(0), Data::from(""), Data::List(vec![]), Data::from(0.0)] {
            assert!(!truth(&value), "{value:?}");
        }
        assert!(truth(&Data::from("0")));
    }
}
