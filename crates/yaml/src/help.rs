//! Causes and cures: what a line that cannot be read most likely was meant to say.
//!
//! The parser knows where it stopped, seldom why. The usual slips (a tab, a template without quotes, a colon in a
//! value, text behind a closing quote) are looked for in the line, in the order in which Ansible looks for them.

use crate::{
    error::{Error, Report},
    node::{Kind, Node},
    source::{Position, Source, Span},
};

/// An error of the parser, with the cause and the cure where the line shows them.
pub(crate) fn explain(source: &Source, context: Option<(&str, Position)>, problem: &str, position: Position) -> Error {
    let report = Report::marked(source, context, problem, position);
    let line = source.line(position.line);
    match diagnose(line) {
        Some(slip) => slip.apply(report, position.line, line).into(),
        None => match general_help(problem, line) {
            Some(help) => report.help(help).into(),
            None => report.into(),
        },
    }
}

/// A list or mapping as a mapping's key: nearly always a template without quotes.
pub(crate) fn unhashable(source: &Source, mapping: Span, key: &Node) -> Error {
    let context = Some(("while constructing a mapping", mapping.start));
    let report = Report::marked(source, context, "found unhashable key", key.span.start);
    let report = Report { span: key.span, ..report };
    let line = source.line(key.span.start.line);
    if let Some(slip) = diagnose(line) {
        return slip.apply(report, key.span.start.line, line).into();
    }
    let what = if matches!(key.kind, Kind::Mapping(_)) { "a mapping" } else { "a list" };
    report.label(format!("{what} cannot be a key")).help("Quote the value if it is a template or plain text.").into()
}

/// What is wrong with a line.
struct Slip<'a> {
    message: &'static str,
    label: &'static str,
    /// Byte offset in the line.
    offset: usize,
    /// Characters to underline.
    length: usize,
    cure: Cure<'a>,
}

enum Cure<'a> {
    Tab,
    Quote { value: &'a str },
}

impl Slip<'_> {
    fn apply(self, mut report: Report, number: u32, line: &str) -> Report {
        let before = line.get(..self.offset).unwrap_or("").chars().count();
        let column = u32::try_from(before).unwrap_or(0) + 1;
        let length = u32::try_from(self.length).unwrap_or(0);
        report.span =
            Span { start: Position { line: number, column }, end: Position { line: number, column: column + length } };
        report.message = self.message.to_owned();
        report.label = self.label.to_owned();
        report.help = Some(match self.cure {
            Cure::Tab => "Indent with spaces.".to_owned(),
            Cure::Quote { value } => {
                let start = line.trim_start().strip_suffix(value).unwrap_or("");
                format!("Quote the whole value:\n\n    {start}{}", quoted(value))
            }
        });
        report
    }
}

/// A text in the quotes that need least escaping.
fn quoted(value: &str) -> String {
    let value = value.trim_end();
    if !value.contains('"') && !value.contains('\\') {
        format!("\"{value}\"")
    } else {
        format!("'{}'", value.replace('\'', "''"))
    }
}

fn diagnose(line: &str) -> Option<Slip<'_>> {
    if let Some(offset) = line.find('\t') {
        return Some(Slip {
            message: "Tabs are usually invalid in YAML.",
            label: "a tab",
            offset,
            length: 1,
            cure: Cure::Tab,
        });
    }
    let value = value_of(line, false);
    if value.starts_with("{{") && value.contains("}}") {
        return Some(Slip {
            message: "This may be an issue with missing quotes around a template block.",
            label: "a template must stand in quotes",
            offset: line.len() - value.len(),
            length: value.trim_end().chars().count(),
            cure: Cure::Quote { value },
        });
    }
    colon(line).or_else(|| quotes(line))
}

fn colon(line: &str) -> Option<Slip<'_>> {
    if line.trim_start().starts_with(':') {
        return None;
    }
    let value = value_of(line, true);
    if value.is_empty() || is_one_quoted(value) {
        return None;
    }
    let at = value
        .match_indices(':')
        .map(|(index, _)| index)
        .find(|index| matches!(value.as_bytes().get(index + 1), None | Some(b' ')))?;
    Some(Slip {
        message: "Colons in unquoted values must be followed by a non-space character.",
        label: "this colon ends a key",
        offset: line.len() - value.len() + at,
        length: 1,
        cure: Cure::Quote { value },
    })
}

fn quotes(line: &str) -> Option<Slip<'_>> {
    let value = value_of(line, false);
    let first = value.chars().next().filter(|character| matches!(character, '"' | '\''))?;
    let last = value.chars().next_back()?;
    let (message, label) = if first != last {
        ("Values starting with a quote must end with the same quote.", "a quote opens the value here")
    } else if line.matches(first).count() > 2 {
        (
            "Values starting with a quote must end with the same quote, and not contain that quote.",
            "a quote opens the value here",
        )
    } else {
        return None;
    };
    let closed = value.get(1..).is_some_and(|rest| rest.contains(first));
    Some(Slip {
        message,
        label,
        offset: line.len() - value.len(),
        length: 1,
        // Text behind a closing quote: quote all of it. No closing quote at all: only the reader knows where it ends.
        cure: if closed { Cure::Quote { value } } else { Cure::Quote { value: value.get(1..).unwrap_or("") } },
    })
}

/// What stands behind a line's dashes and its first key.
fn value_of(line: &str, brackets_in_key: bool) -> &str {
    let mut rest = line.trim_start();
    while let Some(tail) = rest.strip_prefix('-').filter(|tail| tail.starts_with(' ')) {
        rest = tail.trim_start();
    }
    let in_key = |character: char| {
        character.is_alphanumeric()
            || character == '_'
            || character.is_whitespace()
            || (brackets_in_key && matches!(character, '[' | ']' | '{' | '}'))
    };
    let key_length = rest.find(|character| !in_key(character)).unwrap_or(rest.len());
    match rest.get(key_length..).and_then(|tail| tail.strip_prefix(':')) {
        Some(tail) if key_length > 0 && tail.starts_with(' ') => tail.trim_start(),
        _ => rest,
    }
}

/// `"..."` or `'...'` and nothing else.
fn is_one_quoted(value: &str) -> bool {
    let value = value.trim();
    ['"', '\''].iter().any(|quote| {
        value
            .strip_prefix(*quote)
            .and_then(|rest| rest.strip_suffix(*quote))
            .is_some_and(|inside| !inside.contains(*quote))
    })
}

/// Cures for what the line alone does not show.
fn general_help(problem: &str, line: &str) -> Option<&'static str> {
    let starts = |characters: &[char]| value_of(line, true).starts_with(characters);
    match problem {
        "found character that cannot start any token" if starts(&['@', '`', '%']) => {
            Some("A value cannot start with this character; put it in quotes.")
        }
        "did not find expected '-' indicator" => {
            Some("The lines above are a list; indent this line to belong to its last item, or write `- ` before it.")
        }
        "block sequence entries are not allowed in this context" => {
            Some("A list starts on a line of its own below its key; quote the value if a literal `-` is meant.")
        }
        "could not find expected ':'" => {
            Some("This line is neither `key: value` nor `- item`; check its indentation and colon.")
        }
        "did not find expected key" => Some("Check the indentation of this line against the lines above."),
        "found unexpected end of stream" => Some("A quote that was opened is never closed."),
        "found unknown escape character" => {
            Some("In double quotes a backslash starts an escape; double it, or use single quotes.")
        }
        "found undefined tag handle" => Some("Quote the value if a literal `!` is meant."),
        _ => None,
    }
}
