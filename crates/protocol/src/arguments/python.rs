//! Values as Python writes them: `str()`, `repr()` and type names, for messages and for coercions to text.

use std::fmt::Write as _;

use crate::Data;

/// The name of the value's Python type: `str`, `NoneType`, `dict`.
#[must_use]
pub fn type_name(value: &Data) -> &'static str {
    match value {
        Data::Null => "NoneType",
        Data::Bool(_) => "bool",
        Data::Int(_) | Data::BigInt(_) => "int",
        Data::Float(_) => "float",
        Data::Str(_) => "str",
        Data::List(_) => "list",
        Data::Map(_) => "dict",
    }
}

/// Python's `left == right`: numbers of all types compare with each other, and booleans are numbers.
#[must_use]
pub fn equal(left: &Data, right: &Data) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "what is lost makes no difference that a table could mean")]
    let number = |value: &Data| match value {
        Data::Bool(value) => Some(f64::from(u8::from(*value))),
        Data::Int(value) => Some(*value as f64),
        Data::Float(value) => Some(*value),
        _ => None,
    };
    match (left, right) {
        (Data::Int(left), Data::Int(right)) => left == right,
        (Data::List(left), Data::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Data::Map(left), Data::Map(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| equal(left, right)))
        }
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => left == right,
            _ => left == right,
        },
    }
}

/// Python's `str(value)`.
#[must_use]
pub fn str(value: &Data) -> String {
    match value {
        Data::Str(text) => text.clone(),
        other => repr(other),
    }
}

/// Python's `repr(value)`.
#[must_use]
pub fn repr(value: &Data) -> String {
    let mut out = String::new();
    write_repr(&mut out, value);
    out
}

fn write_repr(out: &mut String, value: &Data) {
    match value {
        Data::Null => out.push_str("None"),
        Data::Bool(true) => out.push_str("True"),
        Data::Bool(false) => out.push_str("False"),
        Data::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Data::BigInt(digits) => out.push_str(digits),
        Data::Float(number) => out.push_str(&repr_float(*number)),
        Data::Str(text) => out.push_str(&repr_str(text)),
        Data::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_repr(out, item);
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(&repr_str(key));
                out.push_str(": ");
                write_repr(out, item);
            }
            out.push('}');
        }
    }
}

/// Python's `repr` of a float: the shortest digits that read back, in scientific notation below 1e-4 and from 1e16.
#[must_use]
pub fn repr_float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{number}");
    if plain.contains('.') { plain } else { plain + ".0" }
}

/// Python's `repr` of a text: single quotes unless only those are inside, what does not print escaped.
#[must_use]
pub fn repr_str(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            character if character == quote => {
                out.push('\\');
                out.push(character);
            }
            character if printable(character) => out.push(character),
            character => {
                let code = u32::from(character);
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push(quote);
    out
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

/// What a Python literal says (`ast.literal_eval`): texts, numbers, lists, tuples (as lists), dictionaries with text
/// keys, `True`, `False` and `None`; `None` where it is no such literal.
#[must_use]
pub fn literal(text: &str) -> Option<Data> {
    let mut rest = text.trim();
    let value = parse_literal(&mut rest, 0)?;
    rest.trim().is_empty().then_some(value)
}

fn parse_literal(rest: &mut &str, depth: usize) -> Option<Data> {
    if depth > 64 {
        return None;
    }
    *rest = rest.trim_start();
    match rest.chars().next()? {
        quote @ ('\'' | '"') => parse_text(rest, quote).map(Data::Str),
        '[' => parse_items(rest, ']', depth).map(Data::List),
        '(' => parse_items(rest, ')', depth).map(Data::List),
        '{' => {
            *rest = rest.get(1..)?;
            let mut map = crate::Map::new();
            loop {
                *rest = rest.trim_start();
                if let Some(after) = rest.strip_prefix('}') {
                    *rest = after;
                    return Some(Data::Map(map));
                }
                let key = str(&parse_literal(rest, depth + 1)?);
                *rest = rest.trim_start().strip_prefix(':')?;
                map.insert(key, parse_literal(rest, depth + 1)?);
                *rest = rest.trim_start();
                match rest.strip_prefix(',') {
                    Some(after) => *rest = after,
                    None if rest.starts_with('}') => {}
                    None => return None,
                }
            }
        }
        _ => {
            let end = rest
                .find(|character: char| !character.is_alphanumeric() && !matches!(character, '.' | '-' | '+' | '_'))
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            *rest = after;
            match word {
                "True" => Some(Data::Bool(true)),
                "False" => Some(Data::Bool(false)),
                "None" => Some(Data::Null),
                _ if word.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) => {
                    word.parse().map(Data::Int).or_else(|_| word.parse().map(Data::Float)).ok()
                }
                _ => None,
            }
        }
    }
}

fn parse_items(rest: &mut &str, close: char, depth: usize) -> Option<Vec<Data>> {
    *rest = rest.get(1..)?;
    let mut items = Vec::new();
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(close) {
            *rest = after;
            return Some(items);
        }
        items.push(parse_literal(rest, depth + 1)?);
        *rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None if rest.starts_with(close) => {}
            None => return None,
        }
    }
}

fn parse_text(rest: &mut &str, quote: char) -> Option<String> {
    let mut out = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => {
                *rest = rest.get(at + 1..)?;
                return Some(out);
            }
            '\\' => match characters.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                kept @ ('\\' | '\'' | '"') => out.push(kept),
                other => {
                    out.push('\\');
                    out.push(other);
                }
            },
            _ => out.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (number, want) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
        ] {
            assert_eq!(repr_float(number), want);
        }
    }

    #[test]
    fn texts_choose_their_quotes_as_python_does() {
        assert_eq!(repr_str("a'b"), "\"a'b\"");
        assert_eq!(repr_str("a'b\"c"), "'a\\'b\"c'");
        assert_eq!(repr_str("tab\tnul\0"), "'tab\\tnul\\x00'");
    }

    #[test]
    fn text_stands_alone_in_str_and_quoted_inside() {
        assert_eq!(str(&Data::from("a b")), "a b");
        let mut map = crate::Map::new();
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
