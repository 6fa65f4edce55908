//! A pattern's tokens: a character, or a backslash with the character behind it.

use crate::error::Error;

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Char(char),
    Escape(char),
}

impl Token {
    fn length(self) -> usize {
        match self {
            Self::Char(_) => 1,
            Self::Escape(_) => 2,
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::Char(character) => character.to_string(),
            Self::Escape(character) => format!("\\{character}"),
        }
    }
}

pub(crate) struct Tokenizer {
    pub(crate) pattern: Vec<char>,
    index: usize,
    pub(crate) next: Option<Token>,
}

impl Tokenizer {
    pub(crate) fn new(pattern: Vec<char>) -> Result<Self, Error> {
        let mut tokenizer = Self { pattern, index: 0, next: None };
        tokenizer.advance()?;
        Ok(tokenizer)
    }

    fn advance(&mut self) -> Result<(), Error> {
        self.next = match self.pattern.get(self.index) {
            None => None,
            Some('\\') => match self.pattern.get(self.index + 1) {
                Some(character) => Some(Token::Escape(*character)),
                None => {
                    let last = self.pattern.len() - 1;
                    return Err(Error::at("bad escape (end of pattern)", &self.pattern, last));
                }
            },
            Some(character) => Some(Token::Char(*character)),
        };
        self.index += self.next.map_or(0, Token::length);
        Ok(())
    }

    pub(crate) fn get(&mut self) -> Result<Option<Token>, Error> {
        let this = self.next;
        self.advance()?;
        Ok(this)
    }

    pub(crate) fn take(&mut self, character: char) -> Result<bool, Error> {
        let found = self.next == Some(Token::Char(character));
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// The next token, if it is a plain character that passes the test.
    pub(crate) fn next_if(&mut self, test: impl Fn(char) -> bool) -> Result<Option<char>, Error> {
        match self.next {
            Some(Token::Char(character)) if test(character) => {
                self.advance()?;
                Ok(Some(character))
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn get_while(&mut self, most: usize, test: impl Fn(char) -> bool) -> Result<String, Error> {
        let mut text = String::new();
        for _ in 0..most {
            match self.next_if(&test)? {
                Some(character) => text.push(character),
                None => break,
            }
        }
        Ok(text)
    }

    pub(crate) fn get_until(&mut self, terminator: char, name: &str) -> Result<String, Error> {
        let mut text = String::new();
        loop {
            match self.get()? {
                None if text.is_empty() => return Err(self.error(&format!("missing {name}"), 0)),
                None => {
                    let message = format!("missing {terminator}, unterminated name");
                    return Err(self.error(&message, text.chars().count()));
                }
                Some(Token::Char(character)) if character == terminator => {
                    if text.is_empty() {
                        return Err(self.error(&format!("missing {name}"), 1));
                    }
                    return Ok(text);
                }
                Some(token) => text.push_str(&token.text()),
            }
        }
    }

    pub(crate) fn tell(&self) -> usize {
        self.index - self.next.map_or(0, Token::length)
    }

    pub(crate) fn seek(&mut self, index: usize) -> Result<(), Error> {
        self.index = index;
        self.advance()
    }

    /// An error `back` characters before the place reached.
    pub(crate) fn error(&self, message: &str, back: usize) -> Error {
        Error::at(message, &self.pattern, self.tell().saturating_sub(back))
    }
}

/// Python's `repr` of a name.
pub(crate) fn repr(name: &str) -> String {
    let quote = if name.contains('\'') && !name.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for character in name.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(character);
            }
            _ if character.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push(quote);
    out
}

/// Python's `str.isidentifier`, near enough for names of groups.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || character == '_')
}
