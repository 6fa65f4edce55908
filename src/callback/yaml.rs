//! Results as YAML, as Ansible's `callback_result_format = yaml` prints them.

use std::{rc::Rc, str::FromStr};

use num_bigint::BigInt;
use protocol::Data;
use yaml::emit::{Item, Options, Value, emit};

/// What YAML takes for a line's end, beside `\r`.
const BREAKS: [char; 4] = ['\n', '\u{85}', '\u{2028}', '\u{2029}'];

/// The value as YAML, every line that is not blank indented by `prefix` spaces. `lossy` bends texts of several lines so
/// that they can be shown as blocks.
#[must_use]
pub(super) fn indented(value: &Data, lossy: bool, indent: Option<usize>, prefix: usize) -> String {
    let indent = indent.and_then(|indent| i64::try_from(indent).ok()).unwrap_or(2);
    let options = Options { indent, default_flow_style: Some(false), ..Options::to_yaml() };
    let text = emit(&item(value, lossy), &options);
    let pad = " ".repeat(prefix);
    text.split_inclusive('\n')
        .map(|line| if line.trim().is_empty() { line.to_owned() } else { format!("{pad}{line}") })
        .collect()
}

fn item(value: &Data, lossy: bool) -> Item {
    let value = match value {
        Data::Null => Value::Null,
        Data::Bool(value) => Value::Bool(*value),
        Data::Int(value) => Value::Int(*value),
        Data::BigInt(digits) => BigInt::from_str(digits)
            .map_or_else(|_| Value::Str(Rc::from(digits.as_str())), |value| Value::BigInt(Rc::new(value))),
        Data::Float(value) => Value::Float(*value),
        Data::Str(text) => string(text, lossy),
        Data::List(items) => Value::Sequence(items.iter().map(|value| item(value, lossy)).collect()),
        Data::Map(map) => {
            let entries = map.iter().map(|(key, value)| (string(key, lossy).into(), item(value, lossy)));
            Value::Mapping(entries.collect())
        }
    };
    value.into()
}

fn string(text: &str, lossy: bool) -> Value {
    if !text.contains(BREAKS) {
        return Value::Str(Rc::from(text));
    }
    if lossy { Value::Block(Rc::from(bent(text))) } else { Value::Block(Rc::from(text)) }
}

/// The text without what YAML cannot say in a block: tabs, special characters, spaces before a line's end.
fn bent(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for character in text.trim_end().chars() {
        match character {
            '\t' => {
                let width = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\n' | '\r' => {
                if character == '\n' {
                    strip_spaces(&mut out);
                    out.push(character);
                }
                column = 0;
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                strip_spaces(&mut out);
                out.push(character);
                column += 1;
            }
            ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'.. => {
                out.push(character);
                column += 1;
            }
            _ => column += 1,
        }
    }
    out
}

fn strip_spaces(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
}

#[cfg(test)]
mod tests {
    use protocol::Data;

    use super::{bent, indented};
    use crate::callback::testing::map;

    #[test]
    fn texts_of_several_lines_are_blocks() {
        let value = Data::Map(map(
            r#"{"c": "multi\n", "a": [1, {"b": "x\ny  \tz\n"}], "d": "", "e": null, "n": [[1, 2], [3]]}"#,
        ));
        insta::assert_snapshot!(indented(&value, true, Some(4), 4), @r"
            a:
            - 1
            -   b: |-
                    x
                    y       z
            c: |-
                multi
            d: ''
            e: null
            n:
            -   - 1
                - 2
            -   - 3
        ");
    }

    #[test]
    fn without_bending_what_no_block_can_say_is_quoted() {
        let value = Data::Map(map(r#"{"b": "x\ny  \tz\n", "c": "multi\n"}"#));
        insta::assert_snapshot!(indented(&value, false, None, 4), @r#"
        b: "x\ny  \tz\n"
        c: |
          multi
        "#);
    }

    #[test]
    fn bending_keeps_what_can_be_read() {
        assert_eq!(bent("a \t\nb\u{1b}[0m  \n\n"), "a\nb[0m");
    }
}
