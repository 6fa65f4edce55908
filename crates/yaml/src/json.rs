//! JSON documents: Ansible tries JSON before YAML on every file it loads, which differs in numbers (`1e3`), escapes
//! and tabs.

use std::rc::Rc;

use num_bigint::BigInt;

use crate::{
    node::{Kind, Mapping, Node, Resolved, Scalar, Style},
    source::{Position, Source, Span},
};

/// The document, if all of the text is one JSON value as Python's `json.loads` has it (`NaN` and `Infinity` too);
/// `None` leaves it to the YAML parser, errors included.
pub(crate) fn load(source: &Source, max_depth: usize) -> Option<Node> {
    let text = source.text();
    let first = text.trim_start_matches(WHITESPACE).as_bytes().first()?;
    if !matches!(first, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I') {
        return None;
    }
    let mut reader = Reader { text, offset: 0, line: 1, line_start: 0, depth_left: max_depth };
    reader.blanks();
    let root = reader.value()?;
    reader.blanks();
    (reader.offset == text.len()).then_some(root)
}

const WHITESPACE: [char; 4] = [' ', '\t', '\n', '\r'];

struct Reader<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
    line_start: usize,
    depth_left: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn blanks(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.line_start = self.offset + 1;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => return,
            }
            self.offset += 1;
        }
    }

    fn position(&self) -> Position {
        let column = self.text.get(self.line_start..self.offset).map_or(0, |line| line.chars().count());
        Position { line: self.line, column: u32::try_from(column).unwrap_or(0) + 1 }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.offset += 1)
    }

    fn value(&mut self) -> Option<Node> {
        let start = self.position();
        let kind = match self.peek()? {
            b'{' => self.nested(Self::object)?,
            b'[' => self.nested(Self::array)?,
            b'"' => {
                let text = self.string()?;
                Kind::Scalar(Scalar { text: Rc::from(text), style: Style::DoubleQuoted, value: Resolved::Str })
            }
            _ => self.plain()?,
        };
        Some(Node { kind, tag: None, span: Span { start, end: self.position() } })
    }

    fn nested(&mut self, read: impl Fn(&mut Self) -> Option<Kind>) -> Option<Kind> {
        self.depth_left = self.depth_left.checked_sub(1)?;
        self.offset += 1;
        self.blanks();
        let kind = read(self)?;
        self.depth_left += 1;
        Some(kind)
    }

    fn array(&mut self) -> Option<Kind> {
        let mut items = Vec::new();
        if self.take(b']').is_none() {
            loop {
                self.blanks();
                items.push(self.value()?);
                self.blanks();
                if self.take(b',').is_none() {
                    self.take(b']')?;
                    break;
                }
            }
        }
        Some(Kind::Sequence(Rc::from(items)))
    }

    fn object(&mut self) -> Option<Kind> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut seen = std::collections::HashMap::new();
        if self.take(b'}').is_none() {
            loop {
                self.blanks();
                if self.peek()? != b'"' {
                    return None;
                }
                let key = self.value()?;
                self.blanks();
                self.take(b':')?;
                self.blanks();
                let value = self.value()?;
                let name = key.as_scalar().map(|scalar| Rc::clone(&scalar.text))?;
                match seen.get(&name).and_then(|index: &usize| entries.get_mut(*index)) {
                    Some((_, slot)) => *slot = value,
                    None => {
                        seen.insert(name, entries.len());
                        entries.push((key, value));
                    }
                }
                self.blanks();
                if self.take(b',').is_none() {
                    self.take(b'}')?;
                    break;
                }
            }
        }
        Some(Kind::Mapping(Rc::new(Mapping { entries })))
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let stop = rest.find(|character: char| matches!(character, '"' | '\\') || character < ' ')?;
            out.push_str(rest.get(..stop)?);
            self.offset += stop + 1;
            match rest.as_bytes().get(stop)? {
                b'"' => return Some(out),
                b'\\' => out.push(self.escape()?),
                _ => return None, // Python's decoder is strict: no control characters
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.offset += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                if (0xd800..0xdc00).contains(&unit) {
                    // Python keeps a lone surrogate, which no text of ours can hold.
                    self.take(b'\\')?;
                    self.take(b'u')?;
                    let low = self.hex().filter(|low| (0xdc00..0xe000).contains(low))?;
                    char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?
                } else {
                    char::from_u32(unit)?
                }
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.offset += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn plain(&mut self) -> Option<Kind> {
        let rest = self.rest();
        let end =
            rest.find(|character: char| !matches!(character, '-' | '+' | '.' | 'a'..='z' | 'A'..='Z' | '0'..='9'));
        let word = rest.get(..end.unwrap_or(rest.len()))?;
        let value = match word {
            "null" => Resolved::Null,
            "true" => Resolved::Bool(true),
            "false" => Resolved::Bool(false),
            "NaN" => Resolved::Float(f64::NAN),
            "Infinity" => Resolved::Float(f64::INFINITY),
            "-Infinity" => Resolved::Float(f64::NEG_INFINITY),
            _ => number(word)?,
        };
        self.offset += word.len();
        Some(Kind::Scalar(Scalar { text: Rc::from(word), style: Style::Plain, value }))
    }
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`
fn number(word: &str) -> Option<Resolved> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let whole_fits = digits(unsigned) && (unsigned == "0" || !unsigned.starts_with('0'));
    if !whole_fits || !fraction.is_none_or(digits) || !exponent.is_none_or(digits) {
        return None;
    }
    if fraction.is_some() || exponent.is_some() {
        return word.parse().ok().map(Resolved::Float);
    }
    match word.parse() {
        Ok(value) => Some(Resolved::Int(value)),
        Err(_) => BigInt::parse_bytes(word.as_bytes(), 10).map(|value| Resolved::BigInt(Rc::new(value))),
    }
}
