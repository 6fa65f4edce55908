//! Python literals in INI inventories, as `ast.literal_eval` reads them.
//!
//! See <https://docs.python.org/3/library/ast.html#ast.literal_eval> and
//! <https://docs.python.org/3/reference/lexical_analysis.html#literals>.

use num_bigint::BigInt;

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    None,
    Bool(bool),
    Int(BigInt),
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    Str(String),
    Bytes(Vec<u8>),
    List(Vec<Literal>),
    Tuple(Vec<Literal>),
    /// In the order in which the elements were written, each once.
    Set(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
    Ellipsis,
}

impl Literal {
    /// Python's name of its type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Complex(..) => "complex",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Set(_) => "set",
            Self::Dict(_) => "dict",
            Self::Ellipsis => "ellipsis",
        }
    }
}

/// Why a text is no literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Python does not read it as one; it is a plain text.
    Other,
    /// Python reads it, and then finds that an element of a set or a key of a dict can be none: the type's name.
    Unhashable(&'static str),
}

/// Deeper nesting is refused by Python's own parser.
const DEPTH: usize = 200;
/// Python refuses to read longer integers.
const DIGITS: usize = 4300;

/// Reads a literal; a comment may follow it.
pub(crate) fn parse(text: &str) -> Result<Literal, Refusal> {
    let mut parser = Parser { rest: text, depth: 0, unhashable: None };
    parser.blank();
    let first = parser.element()?;
    let value = if parser.skip(',') { Literal::Tuple(parser.more(first, None)?) } else { first };
    if !parser.rest.is_empty() && !parser.rest.starts_with('#') {
        return Err(Refusal::Other);
    }
    match parser.unhashable {
        Some(name) => Err(Refusal::Unhashable(name)),
        None => Ok(value),
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
    /// Told at the end: a syntax error further on comes first.
    unhashable: Option<&'static str>,
}

type Parsed<T> = Result<T, Refusal>;

impl<'a> Parser<'a> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\u{c}']);
    }

    /// Takes a character and the blanks after it.
    fn skip(&mut self, character: char) -> bool {
        match self.rest.strip_prefix(character) {
            Some(rest) => {
                self.rest = rest;
                self.blank();
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, character: char) -> Parsed<()> {
        if self.skip(character) { Ok(()) } else { Err(Refusal::Other) }
    }

    /// A sign, a number, a sum that is a complex number, or anything in itself.
    fn element(&mut self) -> Parsed<Literal> {
        let left = if self.rest.starts_with(['+', '-']) {
            let minus = self.rest.starts_with('-');
            let _ = self.skip('-') || self.skip('+');
            signed(self.atom()?, minus)?
        } else {
            self.atom()?
        };
        if !self.rest.starts_with(['+', '-']) {
            return Ok(left);
        }
        let minus = self.rest.starts_with('-');
        let _ = self.skip('-') || self.skip('+');
        let real = match left {
            Literal::Int(number) => float(&number),
            Literal::Float(number) => number,
            _ => return Err(Refusal::Other),
        };
        match self.atom()? {
            Literal::Complex(more, imaginary) if minus => Ok(Literal::Complex(real - more, -imaginary)),
            Literal::Complex(more, imaginary) => Ok(Literal::Complex(real + more, imaginary)),
            _ => Err(Refusal::Other),
        }
    }

    fn atom(&mut self) -> Parsed<Literal> {
        let value = match self.rest.chars().next().ok_or(Refusal::Other)? {
            '(' | '[' | '{' => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(Refusal::Other);
                }
                let value = self.bracketed()?;
                self.depth -= 1;
                value
            }
            '.' if self.rest.starts_with("...") => {
                self.rest = self.rest.trim_start_matches('.');
                Literal::Ellipsis
            }
            '0'..='9' | '.' => self.number()?,
            '\'' | '"' => self.strings()?,
            first if first.is_alphabetic() || first == '_' => self.word()?,
            _ => return Err(Refusal::Other),
        };
        self.blank();
        Ok(value)
    }

    fn bracketed(&mut self) -> Parsed<Literal> {
        if self.skip('(') {
            if self.skip(')') {
                return Ok(Literal::Tuple(Vec::new()));
            }
            let first = self.element()?;
            let value = if self.skip(',') { Literal::Tuple(self.more(first, Some(')'))?) } else { first };
            self.expect(')')?;
            return Ok(value);
        }
        if self.skip('[') {
            if self.skip(']') {
                return Ok(Literal::List(Vec::new()));
            }
            let first = self.element()?;
            let items = if self.skip(',') { self.more(first, Some(']'))? } else { vec![first] };
            self.expect(']')?;
            return Ok(Literal::List(items));
        }
        self.expect('{')?;
        if self.skip('}') {
            return Ok(Literal::Dict(Vec::new()));
        }
        let first = self.element()?;
        if self.skip(':') {
            return self.dict(first);
        }
        let items = if self.skip(',') { self.more(first, Some('}'))? } else { vec![first] };
        self.expect('}')?;
        let mut set = Vec::new();
        for item in items {
            self.hash(&item);
            if !set.iter().any(|other| same(other, &item)) {
                set.push(item);
            }
        }
        Ok(Literal::Set(set))
    }

    fn dict(&mut self, first: Literal) -> Parsed<Literal> {
        let mut entries: Vec<(Literal, Literal)> = Vec::new();
        let mut key = first;
        loop {
            self.hash(&key);
            let value = self.element()?;
            match entries.iter_mut().find(|(other, _)| same(other, &key)) {
                Some(entry) => entry.1 = value,
                None => entries.push((key, value)),
            }
            let comma = self.skip(',');
            if self.skip('}') {
                return Ok(Literal::Dict(entries));
            }
            if !comma {
                return Err(Refusal::Other);
            }
            key = self.element()?;
            self.expect(':')?;
        }
    }

    /// What follows the first element and its comma, up to what closes it.
    fn more(&mut self, first: Literal, close: Option<char>) -> Parsed<Vec<Literal>> {
        let mut items = vec![first];
        loop {
            let end = match close {
                Some(close) => self.rest.starts_with(close),
                None => self.rest.is_empty() || self.rest.starts_with('#'),
            };
            if end {
                return Ok(items);
            }
            items.push(self.element()?);
            if !self.skip(',') {
                return Ok(items);
            }
        }
    }

    fn hash(&mut self, value: &Literal) {
        if let Some(name) = unhashable(value) {
            self.unhashable.get_or_insert(name);
        }
    }

    /// A name, or a string with a prefix.
    fn word(&mut self) -> Parsed<Literal> {
        let end = self.rest.find(|character: char| !(character.is_alphanumeric() || character == '_'));
        let (name, tail) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if tail.starts_with(['\'', '"']) {
            return self.strings();
        }
        self.rest = tail;
        match name {
            "None" => Ok(Literal::None),
            "True" => Ok(Literal::Bool(true)),
            "False" => Ok(Literal::Bool(false)),
            "set" => {
                self.blank();
                self.expect('(')?;
                self.expect(')')?;
                Ok(Literal::Set(Vec::new()))
            }
            _ => Err(Refusal::Other),
        }
    }

    fn number(&mut self) -> Parsed<Literal> {
        let bytes = self.rest.as_bytes();
        let radix = match bytes {
            [b'0', b'x' | b'X', ..] => 16,
            [b'0', b'o' | b'O', ..] => 8,
            [b'0', b'b' | b'B', ..] => 2,
            _ => 10,
        };
        if radix != 10 {
            let body = self.rest.get(2..).unwrap_or_default();
            let end = body.find(|character: char| !(character.is_alphanumeric() || character == '_'));
            let (digits, tail) = body.split_at(end.unwrap_or(body.len()));
            self.rest = tail;
            // One underscore may stand after the prefix too.
            let digits = ungrouped(digits.strip_prefix('_').unwrap_or(digits))?;
            return BigInt::parse_bytes(digits.as_bytes(), radix).map(Literal::Int).ok_or(Refusal::Other);
        }
        let whole = self.digits()?;
        let mut text = whole.clone();
        let mut is_float = false;
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            let fraction = self.digits()?;
            if whole.is_empty() && fraction.is_empty() {
                return Err(Refusal::Other);
            }
            text = format!("{}.{fraction}", if whole.is_empty() { "0" } else { &whole });
            is_float = true;
        }
        if let Some(rest) = self.rest.strip_prefix(['e', 'E']) {
            let (sign, rest) = match rest.strip_prefix(['+', '-']) {
                Some(tail) => (rest.get(..1).unwrap_or_default(), tail),
                None => ("", rest),
            };
            self.rest = rest;
            let exponent = self.digits()?;
            if exponent.is_empty() {
                return Err(Refusal::Other);
            }
            text = format!("{text}e{sign}{exponent}");
            is_float = true;
        }
        let imaginary = self.rest.strip_prefix(['j', 'J']);
        self.rest = imaginary.unwrap_or(self.rest);
        if self.rest.starts_with(|character: char| character.is_alphanumeric() || character == '_') {
            return Err(Refusal::Other);
        }
        if is_float || imaginary.is_some() {
            let number: f64 = text.parse().map_err(|_| Refusal::Other)?;
            return Ok(if imaginary.is_some() { Literal::Complex(0.0, number) } else { Literal::Float(number) });
        }
        // `0644` is an error in Python, `000` is not.
        if text.len() > DIGITS || (text.starts_with('0') && text.bytes().any(|digit| digit != b'0')) {
            return Err(Refusal::Other);
        }
        BigInt::parse_bytes(text.as_bytes(), 10).map(Literal::Int).ok_or(Refusal::Other)
    }

    /// Decimal digits with single underscores between them, which are dropped; may be none.
    fn digits(&mut self) -> Parsed<String> {
        let end = self.rest.find(|character: char| !(character.is_ascii_digit() || character == '_'));
        let (digits, tail) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = tail;
        if digits.is_empty() { Ok(String::new()) } else { ungrouped(digits) }
    }

    /// Strings that stand side by side are one.
    fn strings(&mut self) -> Parsed<Literal> {
        let mut whole = self.string()?;
        loop {
            self.blank();
            let end = self.rest.find(['\'', '"']).filter(|end| {
                *end <= 2 && self.rest.get(..*end).is_some_and(|prefix| prefix.chars().all(|c| c.is_ascii_alphabetic()))
            });
            if end.is_none() {
                return Ok(whole);
            }
            match (&mut whole, self.string()?) {
                (Literal::Str(text), Literal::Str(more)) => text.push_str(&more),
                (Literal::Bytes(bytes), Literal::Bytes(more)) => bytes.extend(more),
                _ => return Err(Refusal::Other),
            }
        }
    }

    fn string(&mut self) -> Parsed<Literal> {
        let at = self.rest.find(['\'', '"']).ok_or(Refusal::Other)?;
        let (prefix, body) = self.rest.split_at(at);
        let (raw, bytes) = match prefix.to_ascii_lowercase().as_str() {
            "" | "u" => (false, false),
            "r" => (true, false),
            "b" => (false, true),
            "br" | "rb" => (true, true),
            _ => return Err(Refusal::Other),
        };
        let quote = body.get(..1).unwrap_or_default();
        let triple = quote.repeat(3);
        let delimiter = if body.starts_with(&triple) { triple.as_str() } else { quote };
        let inside = body.get(delimiter.len()..).unwrap_or_default();
        let mut end = 0;
        loop {
            let rest = inside.get(end..).ok_or(Refusal::Other)?;
            if rest.starts_with(delimiter) {
                break;
            }
            let mut characters = rest.chars();
            let character = characters.next().ok_or(Refusal::Other)?;
            end += character.len_utf8();
            if character == '\\' {
                end += characters.next().ok_or(Refusal::Other)?.len_utf8();
            }
        }
        let (content, tail) = inside.split_at(end);
        self.rest = tail.get(delimiter.len()..).unwrap_or_default();
        if bytes && !content.is_ascii() {
            return Err(Refusal::Other);
        }
        let text = if raw { content.to_owned() } else { unescape(content, bytes)? };
        if bytes {
            // Each character of the text is one byte.
            let bytes = text.chars().map(|character| u8::try_from(u32::from(character)));
            return bytes.collect::<Result<_, _>>().map(Literal::Bytes).map_err(|_| Refusal::Other);
        }
        Ok(Literal::Str(text))
    }
}

/// Digits without the single underscores between them.
fn ungrouped(digits: &str) -> Parsed<String> {
    if digits.is_empty() || digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return Err(Refusal::Other);
    }
    Ok(digits.replace('_', ""))
}

fn signed(value: Literal, minus: bool) -> Parsed<Literal> {
    Ok(match value {
        Literal::Int(number) => Literal::Int(if minus { -number } else { number }),
        Literal::Float(number) => Literal::Float(if minus { -number } else { number }),
        Literal::Complex(real, imaginary) if minus => Literal::Complex(-real, -imaginary),
        Literal::Complex(real, imaginary) => Literal::Complex(real, imaginary),
        _ => return Err(Refusal::Other),
    })
}

fn float(number: &BigInt) -> f64 {
    num_traits::ToPrimitive::to_f64(number).unwrap_or(f64::NAN)
}

/// Backslash escapes; unknown ones stay as they are.
fn unescape(content: &str, bytes: bool) -> Parsed<String> {
    let mut out = String::new();
    let mut rest = content;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let escape = after.chars().next().ok_or(Refusal::Other)?;
        let tail = after.get(escape.len_utf8()..).unwrap_or_default();
        let (character, tail) = match escape {
            '\\' | '\'' | '"' => (escape, tail),
            'a' => ('\u{7}', tail),
            'b' => ('\u{8}', tail),
            'f' => ('\u{c}', tail),
            'n' => ('\n', tail),
            'r' => ('\r', tail),
            't' => ('\t', tail),
            'v' => ('\u{b}', tail),
            'x' => code(tail, 2)?,
            'u' if !bytes => code(tail, 4)?,
            'U' if !bytes => code(tail, 8)?,
            // `\N{NAME}` needs the names of all characters; such a text stays as it is written.
            'N' if !bytes => return Err(Refusal::Other),
            '0'..='7' => {
                let length = after.bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
                let (digits, tail) = after.split_at(length);
                let value = u32::from_str_radix(digits, 8).map_err(|_| Refusal::Other)?;
                let value = if bytes { value & 0xff } else { value };
                (char::from_u32(value).ok_or(Refusal::Other)?, tail)
            }
            other => {
                out.push('\\');
                (other, tail)
            }
        };
        out.push(character);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn code(text: &str, length: usize) -> Parsed<(char, &str)> {
    let digits = text.get(..length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let value = u32::from_str_radix(digits.ok_or(Refusal::Other)?, 16).map_err(|_| Refusal::Other)?;
    Ok((char::from_u32(value).ok_or(Refusal::Other)?, text.get(length..).unwrap_or_default()))
}

fn unhashable(value: &Literal) -> Option<&'static str> {
    match value {
        Literal::List(_) => Some("list"),
        Literal::Set(_) => Some("set"),
        Literal::Dict(_) => Some("dict"),
        Literal::Tuple(items) => items.iter().find_map(unhashable),
        _ => None,
    }
}

/// Python's equality as far as keys go: `1 == 1.0 == True`.
fn same(one: &Literal, other: &Literal) -> bool {
    let number = |value: &Literal| match value {
        Literal::Bool(value) => Some(f64::from(u8::from(*value))),
        Literal::Int(value) => Some(float(value)),
        Literal::Float(value) => Some(*value),
        _ => None,
    };
    match (one, other) {
        (Literal::Int(one), Literal::Int(other)) => one == other,
        _ => match (number(one), number(other)) {
            #[expect(clippy::float_cmp, reason = "Python compares them so")]
            (Some(one), Some(other)) => one == other,
            _ => one == other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(number: i64) -> Literal {
        Literal::Int(number.into())
    }

    fn text(text: &str) -> Literal {
        Literal::Str(text.to_owned())
    }

    #[test]
    fn literals_are_read_as_python_reads_them() {
        for (source, want) in [
            ("1", int(1)),
            ("-1", int(-1)),
            ("+ 1_000", int(1000)),
            ("0x_1f", int(31)),
            ("0o17", int(15)),
            ("000", int(0)),
            ("(5)", int(5)),
            ("8080 # port", int(8080)),
            ("1.", Literal::Float(1.0)),
            (".5e1", Literal::Float(5.0)),
            ("1e3", Literal::Float(1000.0)),
            ("1+2j", Literal::Complex(1.0, 2.0)),
            ("True", Literal::Bool(true)),
            ("None", Literal::None),
            ("...", Literal::Ellipsis),
            ("'a' \"b\"", text("ab")),
            (r#""a\n\x41\u00e9\101\q" # c"#, text("a\nAéA\\q")),
            (r"r'\n'", text(r"\n")),
            (r#""""a"b""""#, text("a\"b")),
            (r"b'\xff'", Literal::Bytes(vec![255])),
            ("[1, 'a', [],]", Literal::List(vec![int(1), text("a"), Literal::List(vec![])])),
            ("1, 2", Literal::Tuple(vec![int(1), int(2)])),
            ("1,", Literal::Tuple(vec![int(1)])),
            ("()", Literal::Tuple(vec![])),
            ("{1, 1.0, 2}", Literal::Set(vec![int(1), int(2)])),
            ("set()", Literal::Set(vec![])),
            ("{'a': 1, 'a': 2, }", Literal::Dict(vec![(text("a"), int(2))])),
            ("{}", Literal::Dict(vec![])),
        ] {
            assert_eq!(parse(source), Ok(want), "{source}");
        }
    }

    #[test]
    fn everything_else_is_plain_text() {
        for source in [
            "",
            "foo",
            "true",
            "no",
            "0644",
            "1.2.3.4",
            "1abc",
            "--1",
            "-True",
            "1 + 2",
            "1 2",
            "'a",
            "f'a'",
            "'a' b'b'",
            "[1, foo]",
            "{{ foo }}",
            "{'a': 1, **b}",
            "dict(a=1)",
            "a.b",
            "'a'.upper()",
            "[1",
            "1__0",
            "_1",
            "0x",
            "'\\N{BULLET}'",
            "/usr/bin/python",
            "-o ControlMaster=auto",
            "é",
            "[*a]",
            "1if 1else 2",
        ] {
            assert_eq!(parse(source), Err(Refusal::Other), "{source}");
        }
    }

    #[test]
    fn what_cannot_be_an_element_of_a_set_is_told_apart() {
        assert_eq!(parse("{{ 1 }}"), Err(Refusal::Unhashable("set")));
        assert_eq!(parse("{[1]: 2}"), Err(Refusal::Unhashable("list")));
        assert_eq!(parse("{(1, {}): 2}"), Err(Refusal::Unhashable("dict")));
        assert_eq!(parse("{{ 'a' | upper }}"), Err(Refusal::Other));
    }
}
