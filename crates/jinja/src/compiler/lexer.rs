//! Splits a template into tokens, with Jinja2's whitespace control.

use std::{borrow::Cow, collections::VecDeque};

use num_bigint::BigInt;
use num_traits::Num;

use super::unescape::unescape;
use crate::{Error, Value, environment::Options, error::Kind};

/// A token and the line it starts on.
#[derive(Debug, Clone)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Tok<'s>,
    pub(crate) line: usize,
}

/// What a token is.
#[derive(Debug, Clone)]
pub(crate) enum Tok<'s> {
    /// Text between tags.
    Data(Cow<'s, str>),
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name(&'s str),
    Text(Cow<'s, str>),
    Integer(Value),
    Float(f64),
    /// An operator, by its characters.
    Op(&'static str),
    End,
}

impl Tok<'_> {
    /// Jinja2's description of the token in its errors.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Data(_) => "template data / text".to_owned(),
            Self::VariableBegin => "begin of print statement".to_owned(),
            Self::VariableEnd => "end of print statement".to_owned(),
            Self::BlockBegin => "begin of statement block".to_owned(),
            Self::BlockEnd => "end of statement block".to_owned(),
            Self::Name(name) => (*name).to_owned(),
            Self::Text(_) => "string".to_owned(),
            Self::Integer(_) => "integer".to_owned(),
            Self::Float(_) => "float".to_owned(),
            Self::Op(op) => (*op).to_owned(),
            Self::End => "end of template".to_owned(),
        }
    }
}

const OPERATORS: [&str; 25] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Root,
    Block,
    Variable,
    LineStatement,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Block,
    Variable,
    Comment,
    LineStatement,
    LineComment,
}

/// Splits a source into tokens, one at a time.
pub(crate) struct Lexer<'s> {
    source: &'s str,
    options: &'s Options,
    /// The start strings, longest first, as Jinja2 tries them.
    starts: Vec<(&'s str, Start)>,
    first: [bool; 256],
    pos: usize,
    line: usize,
    mode: Mode,
    balance: Vec<&'static str>,
    line_starting: bool,
    ready: VecDeque<Token<'s>>,
}

/// Python's `str.isspace()` of one character.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// The source as Jinja2 reads it: all newlines `\n`, and the last one dropped unless it is to be kept.
pub(crate) fn normalize<'s>(source: &'s str, options: &Options) -> Cow<'s, str> {
    let mut text = Cow::Borrowed(source);
    if source.contains('\r') {
        text = Cow::Owned(source.replace("\r\n", "\n").replace('\r', "\n"));
    }
    if !options.keep_trailing_newline && text.ends_with('\n') {
        match &mut text {
            Cow::Borrowed(text) => *text = text.get(..text.len() - 1).unwrap_or(text),
            Cow::Owned(text) => {
                text.pop();
            }
        }
    }
    text
}

impl<'s> Lexer<'s> {
    /// A lexer of a normalized source; `expression` starts inside of `{{`.
    pub(crate) fn new(source: &'s str, options: &'s Options, expression: bool) -> Self {
        let mut starts: Vec<(&'s str, Start)> = vec![
            (options.comment_start_string.as_str(), Start::Comment),
            (options.block_start_string.as_str(), Start::Block),
            (options.variable_start_string.as_str(), Start::Variable),
        ];
        starts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let mut first = [false; 256];
        for (text, _) in &starts {
            if let Some(byte) = text.as_bytes().first()
                && let Some(slot) = first.get_mut(usize::from(*byte))
            {
                *slot = true;
            }
        }
        Self {
            source,
            options,
            starts,
            first,
            pos: 0,
            line: 1,
            mode: if expression { Mode::Variable } else { Mode::Root },
            balance: Vec::new(),
            line_starting: true,
            ready: VecDeque::new(),
        }
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Token<'s>, Error> {
        loop {
            if let Some(token) = self.ready.pop_front() {
                return Ok(token);
            }
            if self.mode == Mode::Root {
                if self.pos >= self.source.len() {
                    return Ok(Token { kind: Tok::End, line: self.line });
                }
                self.root()?;
            } else if let Some(token) = self.inside()? {
                return Ok(token);
            }
        }
    }

    fn fail(&self, message: impl Into<String>) -> Error {
        let mut error = Error::new(Kind::Syntax, message);
        error.line = self.line;
        error
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.pos..).unwrap_or("")
    }

    fn advance(&mut self, bytes: usize) {
        let text = self.rest().get(..bytes).unwrap_or_else(|| self.rest());
        self.line += count_newlines(text);
        if let Some(last) = text.as_bytes().last() {
            self.line_starting = *last == b'\n';
        }
        self.pos += text.len();
    }

    fn data(&self, text: &'s str) -> Cow<'s, str> {
        match self.options.newline_sequence.as_str() {
            "\n" => Cow::Borrowed(text),
            other if text.contains('\n') => Cow::Owned(text.replace('\n', other)),
            _ => Cow::Borrowed(text),
        }
    }

    /// The next start of a tag at or after a place: where, its length, what.
    fn find_start(&self, from: usize) -> Option<(usize, usize, Start)> {
        let bytes = self.source.as_bytes();
        let lines = self.options.line_statement_prefix.is_some() || self.options.line_comment_prefix.is_some();
        let mut at = from;
        while at < bytes.len() {
            if lines && let Some((len, start)) = self.line_prefix(at) {
                return Some((at, len, start));
            }
            let byte = bytes.get(at).copied().unwrap_or(0);
            if self.first.get(usize::from(byte)).copied().unwrap_or(false)
                && let Some(rest) = self.source.get(at..)
            {
                for (text, start) in &self.starts {
                    if rest.starts_with(text) {
                        return Some((at, text.len(), *start));
                    }
                }
            }
            at += 1;
        }
        None
    }

    /// A line statement's or comment's prefix, with the blanks before it.
    fn line_prefix(&self, at: usize) -> Option<(usize, Start)> {
        let rest = self.source.get(at..)?;
        let before = self.source.get(..at)?.chars().next_back();
        let at_line = before.is_none_or(|c| c == '\n');
        let mut found = Vec::new();
        if let Some(prefix) = &self.options.line_statement_prefix
            && at_line
        {
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\x0b']).len();
            if rest.get(blank..)?.starts_with(prefix.as_str()) {
                found.push((prefix.len(), blank + prefix.len(), Start::LineStatement));
            }
        }
        if let Some(prefix) = &self.options.line_comment_prefix
            && (at_line || before.is_some_and(|c| !is_space(c)))
        {
            let blank = rest.len() - rest.trim_start_matches(|c| is_space(c) && c != '\r' && c != '\n').len();
            if rest.get(blank..)?.starts_with(prefix.as_str()) {
                found.push((prefix.len(), blank + prefix.len(), Start::LineComment));
            }
        }
        found.into_iter().max_by_key(|(prefix, ..)| *prefix).map(|(_, len, start)| (len, start))
    }

    /// Text up to the next tag, and the tag's start.
    fn root(&mut self) -> Result<(), Error> {
        let Some((at, len, start)) = self.find_start(self.pos) else {
            let text = self.rest();
            self.ready.push_back(Token { kind: Tok::Data(self.data(text)), line: self.line });
            self.advance(text.len());
            return Ok(());
        };
        let text = self.source.get(self.pos..at).unwrap_or("");
        let after = self.source.get(at + len..).unwrap_or("");
        let sign = after.chars().next().filter(|c| matches!(c, '-' | '+'));
        let kept = self.strip_before(text, sign, start != Start::Variable);
        if !kept.is_empty() {
            self.ready.push_back(Token { kind: Tok::Data(self.data(kept)), line: self.line });
        }
        self.advance(text.len());
        let begin = len + usize::from(sign.is_some());
        if start == Start::Block
            && let Some(raw) = self.raw_begin(begin)
        {
            self.advance(begin + raw);
            return self.raw();
        }
        let line = self.line;
        self.advance(begin);
        match start {
            Start::Block => {
                self.mode = Mode::Block;
                self.ready.push_back(Token { kind: Tok::BlockBegin, line });
            }
            Start::Variable => {
                self.mode = Mode::Variable;
                self.ready.push_back(Token { kind: Tok::VariableBegin, line });
            }
            Start::LineStatement => {
                self.mode = Mode::LineStatement;
                self.ready.push_back(Token { kind: Tok::BlockBegin, line });
            }
            Start::LineComment => {
                let text = self.rest();
                self.advance(text.find('\n').unwrap_or(text.len()));
            }
            Start::Comment => self.comment()?,
        }
        Ok(())
    }

    fn strip_before(&self, text: &'s str, sign: Option<char>, lstrip: bool) -> &'s str {
        match sign {
            Some('-') => text.trim_end_matches(is_space),
            Some(_) => text,
            None if lstrip && self.options.lstrip_blocks => {
                let start = text.rfind('\n').map_or(0, |at| at + 1);
                let blank = text.get(start..).is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_space));
                if blank && (start > 0 || self.line_starting) { text.get(..start).unwrap_or(text) } else { text }
            }
            None => text,
        }
    }

    /// How long `raw %}` is after the start of a block, if it stands there.
    fn raw_begin(&self, begin: usize) -> Option<usize> {
        let rest = self.rest().get(begin..)?;
        let name = rest.trim_start_matches(is_space).strip_prefix("raw")?;
        let end = name.trim_start_matches(is_space);
        let close = self.options.block_end_string.as_str();
        let after = match end.strip_prefix('-').and_then(|end| end.strip_prefix(close)) {
            Some(after) => after.trim_start_matches(is_space),
            None => end.strip_prefix(close)?,
        };
        Some(rest.len() - after.len())
    }

    fn raw(&mut self) -> Result<(), Error> {
        let rest = self.rest();
        let open = self.options.block_start_string.as_str();
        let mut from = 0;
        while let Some(found) = rest.get(from..).and_then(|rest| rest.find(open)) {
            let at = from + found;
            let mut tag = rest.get(at + open.len()..).unwrap_or("");
            let sign = tag.chars().next().filter(|c| matches!(c, '-' | '+'));
            if sign.is_some() {
                tag = tag.get(1..).unwrap_or("");
            }
            let after = tag
                .trim_start_matches(is_space)
                .strip_prefix("endraw")
                .and_then(|end| self.block_end(end.trim_start_matches(is_space)));
            if let Some(after) = after {
                let text = rest.get(..at).unwrap_or("");
                let kept = self.strip_before(text, sign, true);
                if !kept.is_empty() {
                    self.ready.push_back(Token { kind: Tok::Data(self.data(kept)), line: self.line });
                }
                self.advance(rest.len() - after);
                return Ok(());
            }
            from = at + 1;
            while !rest.is_char_boundary(from) {
                from += 1;
            }
        }
        if rest.is_empty() {
            return Ok(());
        }
        Err(self.fail("Missing end of raw directive"))
    }

    /// How many bytes are left after a block's end that stands at the start of `text`.
    fn block_end(&self, text: &str) -> Option<usize> {
        self.tag_end(text, &self.options.block_end_string, true)
    }

    fn tag_end(&self, text: &str, close: &str, trim: bool) -> Option<usize> {
        if trim && let Some(after) = text.strip_prefix('+').and_then(|text| text.strip_prefix(close)) {
            return Some(after.len());
        }
        if let Some(after) = text.strip_prefix('-').and_then(|text| text.strip_prefix(close)) {
            return Some(after.trim_start_matches(is_space).len());
        }
        let after = text.strip_prefix(close)?;
        if trim && self.options.trim_blocks {
            return Some(after.strip_prefix('\n').unwrap_or(after).len());
        }
        Some(after.len())
    }

    fn comment(&mut self) -> Result<(), Error> {
        let rest = self.rest();
        let close = self.options.comment_end_string.as_str();
        // The sign before the end belongs to the end, so the comment's text stops before it.
        for (at, _) in rest.char_indices() {
            if let Some(after) = rest.get(at..).and_then(|text| self.tag_end(text, close, true)) {
                self.advance(rest.len() - after);
                return Ok(());
            }
        }
        if rest.is_empty() {
            return Ok(());
        }
        Err(self.fail("Missing end of comment tag"))
    }

    /// A token inside of a tag; `None` where only blanks were read.
    fn inside(&mut self) -> Result<Option<Token<'s>>, Error> {
        let rest = self.rest();
        let line = self.line;
        if self.balance.is_empty() {
            let end = match self.mode {
                Mode::Block => self.block_end(rest).map(|after| (after, Tok::BlockEnd)),
                Mode::Variable => {
                    self.tag_end(rest, &self.options.variable_end_string, false).map(|after| (after, Tok::VariableEnd))
                }
                Mode::LineStatement => line_end(rest).map(|after| (after, Tok::BlockEnd)),
                Mode::Root => None,
            };
            if let Some((after, kind)) = end {
                self.advance(rest.len() - after);
                self.mode = Mode::Root;
                return Ok(Some(Token { kind, line }));
            }
        }
        let Some(c) = rest.chars().next() else {
            return Ok(Some(Token { kind: Tok::End, line }));
        };
        if is_space(c) {
            let after = rest.trim_start_matches(is_space);
            self.advance(rest.len() - after.len());
            return Ok(None);
        }
        let (kind, len) = if c.is_ascii_digit() {
            self.number(rest)?
        } else if c == '_' || c.is_alphanumeric() {
            let len = rest.find(|c: char| c != '_' && !is_word(c)).unwrap_or(rest.len());
            let name = rest.get(..len).unwrap_or("");
            if !is_identifier(name) {
                return Err(self.fail("Invalid character in identifier"));
            }
            (Tok::Name(name), len)
        } else if c == '"' || c == '\'' {
            self.text(rest, c)?
        } else {
            self.operator(rest)?
        };
        self.advance(len);
        Ok(Some(Token { kind, line }))
    }

    fn operator(&mut self, rest: &str) -> Result<(Tok<'s>, usize), Error> {
        let Some(op) =
            OPERATORS.iter().find(|op| rest.starts_with(**op)).copied().or(rest.starts_with(';').then_some(";"))
        else {
            let c = rest.chars().next().unwrap_or(' ');
            let at = self.source.get(..self.pos).unwrap_or("").chars().count();
            let shown = Value::from(c.to_string()).repr().unwrap_or_default();
            return Err(self.fail(format!("unexpected char {shown} at {at}")));
        };
        match op {
            "{" => self.balance.push("}"),
            "(" => self.balance.push(")"),
            "[" => self.balance.push("]"),
            "}" | ")" | "]" => match self.balance.pop() {
                None => return Err(self.fail(format!("unexpected '{op}'"))),
                Some(expected) if expected != op => {
                    return Err(self.fail(format!("unexpected '{op}', expected '{expected}'")));
                }
                Some(_) => {}
            },
            _ => {}
        }
        Ok((Tok::Op(op), op.len()))
    }

    fn number(&self, rest: &str) -> Result<(Tok<'s>, usize), Error> {
        let after_dot = self.pos > 0 && self.source.as_bytes().get(self.pos - 1) == Some(&b'.');
        if !after_dot && let Some(len) = float_len(rest.as_bytes()) {
            let digits: String = rest.get(..len).unwrap_or("").replace('_', "");
            let number = digits.parse().map_err(|_| self.fail(format!("invalid number {digits}")))?;
            return Ok((Tok::Float(number), len));
        }
        let (radix, start, len) = integer_len(rest.as_bytes());
        let digits: String = rest.get(start..len).unwrap_or("").replace('_', "");
        let value = match i64::from_str_radix(&digits, radix) {
            Ok(number) => Value::Int(number),
            // Python refuses integers of more digits.
            Err(_) if radix == 10 && digits.len() > 4300 => {
                let count = digits.len();
                let message = format!(
                    "Exceeds the limit (4300 digits) for integer string conversion: value has {count} digits; use sys.set_int_max_str_digits() to increase the limit"
                );
                return Err(self.fail(message));
            }
            Err(_) => match BigInt::from_str_radix(&digits, radix) {
                Ok(number) => Value::from_bigint(number),
                Err(_) => return Err(self.fail(format!("invalid number {digits}"))),
            },
        };
        Ok((Tok::Integer(value), len))
    }

    fn text(&self, rest: &'s str, quote: char) -> Result<(Tok<'s>, usize), Error> {
        let mut chars = rest.char_indices().skip(1);
        let mut escaped = false;
        while let Some((at, c)) = chars.next() {
            if c == quote {
                let body = rest.get(1..at).unwrap_or("");
                let body = self.data(body);
                // Backslashes are doubled in what is printed, so that each stands for itself.
                let doubled = self.options.escape_backslashes && self.mode == Mode::Variable;
                let text = if escaped && !doubled {
                    Cow::Owned(unescape(&body).map_err(|message| self.fail(message))?)
                } else {
                    body
                };
                return Ok((Tok::Text(text), at + 1));
            }
            if c == '\\' {
                escaped = true;
                chars.next();
            }
        }
        let at = self.source.get(..self.pos).unwrap_or("").chars().count();
        let shown = Value::from(quote.to_string()).repr().unwrap_or_default();
        Err(self.fail(format!("unexpected char {shown} at {at}")))
    }
}

fn count_newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn line_end(rest: &str) -> Option<usize> {
    // `\s*(\n|$)`: blanks, which may go over lines, as long as a line ends after them.
    let blank = rest.len() - rest.trim_start_matches(is_space).len();
    if blank == rest.len() {
        return Some(0);
    }
    let newline = rest.get(..blank)?.rfind('\n')?;
    Some(rest.len() - newline - 1)
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic()) && chars.all(is_word)
}

/// `(\d+_)*\d+`
fn digits_len(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    let mut end = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' => {
                at += 1;
                end = at;
            }
            b'_' if at == end && at > from && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => at += 1,
            _ => break,
        }
    }
    end - from
}

fn float_len(bytes: &[u8]) -> Option<usize> {
    let whole = digits_len(bytes, 0);
    let mut len = whole;
    let mut float = false;
    if bytes.get(len) == Some(&b'.') {
        let fraction = digits_len(bytes, len + 1);
        if fraction > 0 {
            len += 1 + fraction;
            float = true;
        }
    }
    if bytes.get(len).is_some_and(|byte| matches!(byte, b'e' | b'E')) {
        let sign = usize::from(bytes.get(len + 1).is_some_and(|byte| matches!(byte, b'+' | b'-')));
        let exponent = digits_len(bytes, len + 1 + sign);
        if exponent > 0 {
            len += 1 + sign + exponent;
            float = true;
        }
    }
    float.then_some(len)
}

/// An integer's radix, where its digits start and where it ends.
fn integer_len(bytes: &[u8]) -> (u32, usize, usize) {
    let run = |from: usize, fits: fn(&u8) -> bool| {
        let mut at = from;
        loop {
            let digit = at + usize::from(bytes.get(at) == Some(&b'_'));
            if bytes.get(digit).is_some_and(fits) { at = digit + 1 } else { return at }
        }
    };
    if bytes.first() == Some(&b'0') {
        type Fits = fn(&u8) -> bool;
        let radix: Option<(u32, Fits)> = match bytes.get(1) {
            Some(b'x' | b'X') => Some((16, u8::is_ascii_hexdigit)),
            Some(b'o' | b'O') => Some((8, |byte| (b'0'..=b'7').contains(byte))),
            Some(b'b' | b'B') => Some((2, |byte| matches!(byte, b'0' | b'1'))),
            _ => None,
        };
        if let Some((radix, fits)) = radix {
            let end = run(2, fits);
            if end > 2 {
                return (radix, 2, end);
            }
        }
        return (10, 0, run(1, |byte| *byte == b'0'));
    }
    (10, 0, run(1, u8::is_ascii_digit))
}
