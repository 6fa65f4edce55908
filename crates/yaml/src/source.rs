//! A file's name and text, and positions in it.

use std::sync::Arc;

use crate::error::{Error, Report};

/// A place in a source: line and column, both from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The first character.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// From the first character of something to behind its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// Behind the last character.
    pub end: Position,
}

impl Span {
    /// A place of no length.
    #[must_use]
    pub fn at(position: Position) -> Self {
        Self { start: position, end: position }
    }

    /// Characters to underline: the length where the span is within one line, else 0.
    #[must_use]
    pub fn length(&self) -> u32 {
        if self.start.line == self.end.line { self.end.column.saturating_sub(self.start.column) } else { 0 }
    }
}

/// A text and what it is called. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

impl Source {
    /// A text under a name (a path as the user gave it, `<string>`). A byte order mark is taken off.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: &str) -> Self {
        Self { name: name.into(), text: Arc::from(text.strip_prefix('\u{feff}').unwrap_or(text)) }
    }

    /// A file's bytes under its name.
    ///
    /// # Errors
    ///
    /// The bytes are not UTF-8; the error points at the first that is not.
    pub fn from_bytes(name: impl Into<Arc<str>>, bytes: &[u8]) -> Result<Self, Error> {
        let name = name.into();
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                let good = String::from_utf8_lossy(good);
                let source = Self::new(name, &good);
                let position = source.position(good.len());
                let byte = bad.first().copied().unwrap_or_default();
                Err(Report::new(
                    &source,
                    Span::at(position),
                    format!("The file is not UTF-8: byte {byte:#04x} cannot be decoded."),
                )
                .label("this byte")
                .help("Save the file as UTF-8, or encode binary content with base64 (`!!binary`).")
                .into())
            }
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The text, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A line by its number from 1, without its line break; empty where there is no such line.
    #[must_use]
    pub fn line(&self, number: u32) -> &str {
        self.lines().nth(number.saturating_sub(1) as usize).unwrap_or("")
    }

    /// The position of a byte offset.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let mut position = Position::START;
        let mut carriage = false;
        for character in before.chars() {
            if is_break(character) {
                if !(carriage && character == '\n') {
                    position.line += 1;
                }
                position.column = 1;
            } else {
                position.column += 1;
            }
            carriage = character == '\r';
        }
        position
    }

    /// The byte offset of a position; the end of the text where it lies beyond.
    #[must_use]
    pub fn offset(&self, position: Position) -> usize {
        let Some(line) = self.lines().nth(position.line.saturating_sub(1) as usize) else { return self.text.len() };
        let start = line.as_ptr() as usize - self.text.as_ptr() as usize;
        let within = line.char_indices().nth(position.column.saturating_sub(1) as usize);
        start + within.map_or(line.len(), |(index, _)| index)
    }

    /// The lines as YAML 1.1 breaks them (line feed, carriage return, both, and Unicode's three).
    fn lines(&self) -> impl Iterator<Item = &str> {
        let mut rest = Some(&*self.text);
        std::iter::from_fn(move || {
            let text = rest?;
            let Some((index, character)) = text.char_indices().find(|(_, character)| is_break(*character)) else {
                rest = None;
                return Some(text);
            };
            let (line, tail) = text.split_at(index);
            let tail = tail.strip_prefix("\r\n").unwrap_or_else(|| tail.get(character.len_utf8()..).unwrap_or(""));
            rest = Some(tail);
            Some(line)
        })
    }
}

/// Whether YAML 1.1 ends a line here.
pub(crate) fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_offsets_are_each_others_inverse() {
        let source = Source::new("x", "a: ä\r\nb: c\n\nd");
        for (offset, _) in source.text().char_indices().filter(|(_, character)| *character != '\n') {
            assert_eq!(source.offset(source.position(offset)), offset);
        }
        assert_eq!(source.position(9), Position { line: 2, column: 3 });
        assert_eq!(source.line(2), "b: c");
        assert_eq!(source.line(9), "");
    }

    #[test]
    fn a_byte_that_is_not_utf_8_is_pointed_at() {
        let error = Source::from_bytes("x", b"a: 1\nb: \xff\n").unwrap_err();
        assert_eq!(error.span.start, Position { line: 2, column: 4 });
        assert!(error.message.contains("0xff"));
    }
}
