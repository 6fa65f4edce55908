//! The parser, behind a small trait, so that another can take its place.

use std::cell::Cell;

use libyaml_safer as libyaml;

use crate::{
    error::{Error, Report},
    node::Style,
    source::{Position, Source, Span},
};

/// What the parser met.
#[derive(Debug)]
pub(crate) enum Event {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(String),
    Scalar {
        anchor: Option<String>,
        tag: Option<String>,
        text: String,
        /// A plain scalar without a tag: what it is depends on its text.
        implicit: bool,
        style: Style,
    },
    SequenceStart {
        anchor: Option<String>,
        tag: Option<String>,
    },
    SequenceEnd,
    MappingStart {
        anchor: Option<String>,
        tag: Option<String>,
    },
    MappingEnd,
}

/// A parser: one event after the other, ending with [`Event::StreamEnd`].
pub(crate) trait Events {
    /// The next event and its place.
    fn next(&mut self) -> Result<(Event, Span), Error>;
}

/// [`Events`] of libyaml-safer.
pub(crate) struct LibyamlEvents<'a> {
    source: &'a Source,
    parser: libyaml::Parser<&'a [u8]>,
    unterminated: Option<Unterminated<'a>>,
    /// Where the last event ended.
    reached: &'a Cell<Position>,
}

/// A text whose last line had no line break until one was appended: the parser panics on some such texts, so it never
/// sees one, and what the break adds to a block scalar is taken off again.
struct Unterminated<'a> {
    last_line: &'a str,
    end_line: u64,
}

impl<'a> LibyamlEvents<'a> {
    /// `text` is the source's text, with a line break at its end; `reached` is told how far the parser came.
    pub(crate) fn new(source: &'a Source, text: &'a str, reached: &'a Cell<Position>) -> Self {
        let mut parser = libyaml::Parser::new();
        parser.set_input(text.as_bytes());
        parser.set_encoding(libyaml::Encoding::Utf8);
        let unterminated = (text.len() != source.text().len()).then(|| {
            let last_line = source.text().rsplit(crate::source::is_break).next().unwrap_or("");
            let end = source.position(source.text().len());
            Unterminated { last_line, end_line: u64::from(end.line) }
        });
        Self { source, parser, unterminated, reached }
    }

    fn error(&self, error: &libyaml::Error) -> Error {
        match (error.kind(), error.problem_mark()) {
            (libyaml::ErrorKind::Scanner | libyaml::ErrorKind::Parser, Some(mark)) => {
                let context = error.context_mark().and_then(|place| Some((error.context()?, position(place))));
                let place = match (&self.unterminated, error.kind()) {
                    // The scanner stopped behind the line break that was appended: that is the end of the text itself. But a
                    // key on the last line that has no colon is noticed one line further, with or without the break.
                    (Some(unterminated), libyaml::ErrorKind::Scanner)
                        if mark.line >= unterminated.end_line
                            && (error.problem() != "could not find expected ':'"
                                || error.context_mark().is_some_and(|key| key.line + 1 < unterminated.end_line)) =>
                    {
                        self.source.position(self.source.text().len())
                    }
                    _ => position(mark),
                };
                crate::help::explain(self.source, context, error.problem(), place)
            }
            _ => self.reader_error(error),
        }
    }

    /// A character that YAML does not allow: the parser says neither its place nor itself, so both are found here.
    fn reader_error(&self, error: &libyaml::Error) -> Error {
        let text = self.source.text();
        let Some((offset, character)) = text.char_indices().find(|(_, character)| !is_allowed(*character)) else {
            return Report::new(self.source, Span::at(Position::START), format!("{error}.")).into();
        };
        let code = u32::from(character);
        let message = format!("unacceptable character #x{code:04x}: control characters are not allowed");
        Report::new(self.source, Span::at(self.source.position(offset)), format!("{message}."))
            .label(format!("U+{code:04X}"))
            .help("Remove the character, or write it as an escape in a double-quoted string, such as \"\\x1b\".")
            .python(format!("{message}\n  in \"<unicode string>\", position {offset}"))
            .into()
    }
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{85}' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        || character >= '\u{10000}'
}

fn position(mark: libyaml::Mark) -> Position {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX - 1) + 1;
    Position { line: number(mark.line), column: number(mark.column) }
}

impl Events for LibyamlEvents<'_> {
    fn next(&mut self) -> Result<(Event, Span), Error> {
        let event = match self.parser.parse() {
            Ok(event) => event,
            Err(error) => return Err(self.error(&error)),
        };
        let span = Span { start: position(event.start_mark), end: position(event.end_mark) };
        self.reached.set(span.end);
        let end_line = event.end_mark.line;
        let event = match event.data {
            libyaml::EventData::StreamStart { .. } => Event::StreamStart,
            libyaml::EventData::StreamEnd => Event::StreamEnd,
            libyaml::EventData::DocumentStart { .. } => Event::DocumentStart,
            libyaml::EventData::DocumentEnd { .. } => Event::DocumentEnd,
            libyaml::EventData::Alias { anchor } => Event::Alias(anchor),
            libyaml::EventData::Scalar { anchor, tag, mut value, plain_implicit, style, .. } => {
                let style = match style {
                    libyaml::ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    libyaml::ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    libyaml::ScalarStyle::Literal => Style::Literal,
                    libyaml::ScalarStyle::Folded => Style::Folded,
                    _ => Style::Plain,
                };
                if let (Some(unterminated), Style::Literal | Style::Folded) = (&self.unterminated, style) {
                    unterminated.restore(&mut value, end_line);
                }
                Event::Scalar { anchor, tag, text: value, implicit: plain_implicit, style }
            }
            libyaml::EventData::SequenceStart { anchor, tag, .. } => Event::SequenceStart { anchor, tag },
            libyaml::EventData::SequenceEnd => Event::SequenceEnd,
            libyaml::EventData::MappingStart { anchor, tag, .. } => Event::MappingStart { anchor, tag },
            libyaml::EventData::MappingEnd => Event::MappingEnd,
        };
        Ok((event, span))
    }
}

impl Unterminated<'_> {
    /// Takes the appended line break off a block scalar that reaches the end of the text.
    fn restore(&self, value: &mut String, end_line: u64) {
        if end_line != self.end_line || !value.ends_with('\n') {
            return;
        }
        let body = value.get(..value.len() - 1).unwrap_or("");
        let last = body.rsplit('\n').next().unwrap_or("");
        let last_line_is_blank = self.last_line.chars().all(|character| matches!(character, ' ' | '\t'));
        let appended = if last_line_is_blank {
            // Blanks beyond the indentation are content; an empty last line stands only where all breaks are kept.
            last.is_empty() || (last.trim_matches([' ', '\t']).is_empty() && self.last_line.ends_with(last))
        } else {
            true
        };
        if appended {
            value.pop();
        }
    }
}
