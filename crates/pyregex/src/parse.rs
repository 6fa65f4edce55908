//! A pattern into a tree, with Python's errors at Python's positions.

use std::collections::HashMap;

use crate::{
    charset::{Category, Item},
    error::Error,
    flags::Flags,
    tokenizer::{Token, Tokenizer, is_identifier, repr},
};

/// As many as there are.
pub(crate) const UNLIMITED: u32 = u32::MAX;

/// A sequence.
pub(crate) type Seq = Vec<Node>;

/// What a pattern is made of. Characters are numbers, since escapes can name surrogates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Literal(u32),
    Any,
    Set {
        negate: bool,
        items: Vec<Item>,
    },
    At(At),
    Branch(Vec<Seq>),
    Group {
        index: Option<usize>,
        add: Flags,
        del: Flags,
        body: Seq,
    },
    Repeat {
        min: u32,
        max: u32,
        mode: Mode,
        body: Seq,
    },
    Atomic(Seq),
    /// `behind`: how many characters, where it looks back.
    Look {
        behind: Option<u64>,
        negate: bool,
        body: Seq,
    },
    BackReference(usize),
    Conditional {
        group: usize,
        yes: Seq,
        no: Option<Seq>,
    },
}

/// How a repeat takes what it can get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Greedy,
    Lazy,
    Possessive,
}

/// Places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// `^`
    Beginning,
    /// `\A`
    BeginningOfString,
    /// `$`
    End,
    /// `\Z`
    EndOfString,
    /// `\b`
    Boundary,
    /// `\B`
    NonBoundary,
}

/// A parsed pattern.
pub(crate) struct Parsed {
    pub(crate) body: Seq,
    pub(crate) flags: Flags,
    /// Groups, the whole match not counted.
    pub(crate) groups: usize,
    pub(crate) names: Vec<(String, usize)>,
}

/// Nesting beyond this is refused, so that the stack holds.
const MAX_NESTING: usize = 200;

pub(crate) fn parse(pattern: Vec<char>, flags: Flags, is_text: bool) -> Result<Parsed, Error> {
    let source = Tokenizer::new(pattern)?;
    let mut parser = Parser {
        source,
        is_text,
        flags,
        names: HashMap::new(),
        widths: vec![None],
        lookbehind_groups: None,
        conditional_positions: Vec::new(),
    };
    let body = parser.alternatives(flags.contains(Flags::VERBOSE), 0)?;
    parser.fix_flags()?;
    if parser.source.next.is_some() {
        return Err(parser.source.error("unbalanced parenthesis", 0));
    }
    for (group, position) in &parser.conditional_positions {
        if *group >= parser.widths.len() {
            return Err(Error::at(&format!("invalid group reference {group}"), &parser.source.pattern, *position));
        }
    }
    parser.check_lookbehinds(&body)?;
    Ok(Parsed { body, flags: parser.flags, groups: parser.widths.len() - 1, names: parser.names.into_iter().collect() })
}

struct Parser {
    source: Tokenizer,
    is_text: bool,
    flags: Flags,
    names: HashMap<String, usize>,
    /// The width of each group; `None` while it is open.
    widths: Vec<Option<(u64, u64)>>,
    lookbehind_groups: Option<usize>,
    conditional_positions: Vec<(usize, usize)>,
}

const SPECIAL: &str = ".\\[{()*+?^$|";
const HEX: fn(char) -> bool = |character| character.is_ascii_hexdigit();
const OCTAL: fn(char) -> bool = |character| matches!(character, '0'..='7');
const DIGIT: fn(char) -> bool = |character| character.is_ascii_digit();

impl Parser {
    fn alternatives(&mut self, mut verbose: bool, nested: usize) -> Result<Seq, Error> {
        if nested > MAX_NESTING {
            return Err(self.source.error("the pattern nests too deep", 0));
        }
        let mut items: Vec<Seq> = Vec::new();
        loop {
            items.push(self.sequence(verbose, nested + 1, nested == 0 && items.is_empty())?);
            if !self.source.take('|')? {
                break;
            }
            if nested == 0 {
                verbose = self.flags.contains(Flags::VERBOSE);
            }
        }
        if items.len() == 1 {
            return Ok(items.pop().unwrap_or_default());
        }
        Ok(vec![Node::Branch(items)])
    }

    fn sequence(&mut self, mut verbose: bool, nested: usize, first: bool) -> Result<Seq, Error> {
        let mut out: Seq = Vec::new();
        while let Some(this) = self.source.next {
            if matches!(this, Token::Char('|' | ')')) {
                break;
            }
            self.source.get()?;
            let character = match this {
                Token::Escape(escape) => {
                    let node = self.escape(escape)?;
                    out.push(node);
                    continue;
                }
                Token::Char(character) => character,
            };
            if verbose {
                if matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}') {
                    continue;
                }
                if character == '#' {
                    while !matches!(self.source.get()?, None | Some(Token::Char('\n'))) {}
                    continue;
                }
            }
            match character {
                '[' => out.push(self.set()?),
                '*' | '+' | '?' | '{' => self.repeat(character, &mut out)?,
                '.' => out.push(Node::Any),
                '^' => out.push(Node::At(At::Beginning)),
                '$' => out.push(Node::At(At::End)),
                '(' => {
                    if self.group(&mut out, verbose, nested, first)? {
                        verbose = self.flags.contains(Flags::VERBOSE);
                    }
                }
                _ => {
                    debug_assert!(!SPECIAL.contains(character));
                    out.push(Node::Literal(u32::from(character)));
                }
            }
        }
        // As Python: groups that only group are unpacked.
        if out.iter().any(is_plain_group) {
            let mut flat = Vec::with_capacity(out.len());
            for node in out {
                match node {
                    Node::Group { index: None, add: Flags::NONE, del: Flags::NONE, body } => flat.extend(body),
                    node => flat.push(node),
                }
            }
            return Ok(flat);
        }
        Ok(out)
    }

    fn numeric_escape(&mut self, kind: char, digits: usize) -> Result<u32, Error> {
        let text = self.source.get_while(digits, HEX)?;
        let length = text.len() + 2;
        if text.len() != digits {
            return Err(self.source.error(&format!("incomplete escape \\{kind}{text}"), length));
        }
        let code = u32::from_str_radix(&text, 16).unwrap_or(u32::MAX);
        if code > 0x0010_ffff {
            return Err(self.source.error(&format!("bad escape \\{kind}{text}"), length));
        }
        Ok(code)
    }

    /// Escapes that mean a character, the same within a set and without; `None` where it is none of them.
    fn common_escape(&mut self, escape: char) -> Result<Option<u32>, Error> {
        Ok(Some(match escape {
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            '\\' => u32::from('\\'),
            'x' => self.numeric_escape('x', 2)?,
            'u' if self.is_text => self.numeric_escape('u', 4)?,
            'U' if self.is_text => self.numeric_escape('U', 8)?,
            'N' if self.is_text => {
                return Err(self.source.error("named characters (\\N{...}) are not supported", 2));
            }
            _ => return Ok(None),
        }))
    }

    fn octal(&mut self, text: &str) -> Result<u32, Error> {
        let code = u32::from_str_radix(text, 8).unwrap_or(0);
        if code > 0o377 {
            let message = format!("octal escape value \\{text} outside of range 0-0o377");
            return Err(self.source.error(&message, text.len() + 1));
        }
        Ok(code)
    }

    fn plain_escape(&mut self, escape: char) -> Result<u32, Error> {
        if escape.is_ascii_alphabetic() {
            return Err(self.source.error(&format!("bad escape \\{escape}"), 2));
        }
        Ok(u32::from(escape))
    }

    fn escape(&mut self, escape: char) -> Result<Node, Error> {
        let at = match escape {
            'A' => At::BeginningOfString,
            'b' => At::Boundary,
            'B' => At::NonBoundary,
            'Z' => At::EndOfString,
            _ => {
                if let Some(category) = Category::of(escape) {
                    return Ok(Node::Set { negate: false, items: vec![Item::Category(category)] });
                }
                if let Some(code) = self.common_escape(escape)? {
                    return Ok(Node::Literal(code));
                }
                if escape == '0' {
                    let rest = self.source.get_while(2, OCTAL)?;
                    return Ok(Node::Literal(u32::from_str_radix(&format!("0{rest}"), 8).unwrap_or(0)));
                }
                if escape.is_ascii_digit() {
                    return self.octal_or_reference(escape);
                }
                return self.plain_escape(escape).map(Node::Literal);
            }
        };
        Ok(Node::At(at))
    }

    fn octal_or_reference(&mut self, first: char) -> Result<Node, Error> {
        let mut text = first.to_string();
        if let Some(second) = self.source.next_if(DIGIT)? {
            text.push(second);
            if OCTAL(first)
                && OCTAL(second)
                && let Some(third) = self.source.next_if(OCTAL)?
            {
                text.push(third);
                return self.octal(&text).map(Node::Literal);
            }
        }
        let group: usize = text.parse().unwrap_or(usize::MAX);
        if group < self.widths.len() {
            if !self.is_closed(group) {
                return Err(self.source.error("cannot refer to an open group", text.len() + 1));
            }
            self.check_lookbehind_group(group)?;
            return Ok(Node::BackReference(group));
        }
        Err(self.source.error(&format!("invalid group reference {group}"), text.len()))
    }

    fn is_closed(&self, group: usize) -> bool {
        self.widths.get(group).is_some_and(Option::is_some)
    }

    fn check_lookbehind_group(&self, group: usize) -> Result<(), Error> {
        if let Some(first) = self.lookbehind_groups {
            if !self.is_closed(group) {
                return Err(self.source.error("cannot refer to an open group", 0));
            }
            if group >= first {
                return Err(self.source.error("cannot refer to group defined in the same lookbehind subpattern", 0));
            }
        }
        Ok(())
    }

    fn set(&mut self) -> Result<Node, Error> {
        let here = self.source.tell() - 1;
        let negate = self.source.take('^')?;
        let mut items: Vec<Item> = Vec::new();
        loop {
            let this = self.set_token(here)?;
            if this == Token::Char(']') && !items.is_empty() {
                break;
            }
            let item = self.set_item(this)?;
            if !self.source.take('-')? {
                items.push(item);
                continue;
            }
            let that = self.set_token(here)?;
            if that == Token::Char(']') {
                items.push(item);
                items.push(Item::Char(u32::from('-')));
                break;
            }
            // Python measures what it read before the escape was completed.
            let (this, that_text) = (this.text(), that.text());
            let end = self.set_item(that)?;
            match (item, end) {
                (Item::Char(low), Item::Char(high)) if low <= high => items.push(Item::Range(low, high)),
                _ => {
                    let back = this.chars().count() + 1 + that_text.chars().count();
                    return Err(self.source.error(&format!("bad character range {this}-{that_text}"), back));
                }
            }
        }
        let mut unique: Vec<Item> = Vec::with_capacity(items.len());
        for item in items {
            if !unique.contains(&item) {
                unique.push(item);
            }
        }
        match unique.as_slice() {
            [Item::Char(code)] if !negate => Ok(Node::Literal(*code)),
            _ => Ok(Node::Set { negate, items: unique }),
        }
    }

    fn set_token(&mut self, here: usize) -> Result<Token, Error> {
        match self.source.get()? {
            Some(token) => Ok(token),
            None => Err(self.source.error("unterminated character set", self.source.tell() - here)),
        }
    }

    fn set_item(&mut self, token: Token) -> Result<Item, Error> {
        let escape = match token {
            Token::Char(character) => return Ok(Item::Char(u32::from(character))),
            Token::Escape(escape) => escape,
        };
        if let Some(category) = Category::of(escape) {
            return Ok(Item::Category(category));
        }
        if escape == 'b' {
            return Ok(Item::Char(8));
        }
        if let Some(code) = self.common_escape(escape)? {
            return Ok(Item::Char(code));
        }
        if OCTAL(escape) {
            let rest = self.source.get_while(2, OCTAL)?;
            return self.octal(&format!("{escape}{rest}")).map(Item::Char);
        }
        if escape.is_ascii_digit() {
            return Err(self.source.error(&format!("bad escape \\{escape}"), 2));
        }
        self.plain_escape(escape).map(Item::Char)
    }

    fn repeat(&mut self, this: char, out: &mut Seq) -> Result<(), Error> {
        let here = self.source.tell();
        let (min, max) = match this {
            '?' => (0, 1),
            '*' => (0, UNLIMITED),
            '+' => (1, UNLIMITED),
            _ => match self.interval(here)? {
                Some(limits) => limits,
                None => {
                    out.push(Node::Literal(u32::from(this)));
                    return Ok(());
                }
            },
        };
        let back = self.source.tell() - here + 1;
        match out.last() {
            None | Some(Node::At(_)) => return Err(self.source.error("nothing to repeat", back)),
            Some(Node::Repeat { .. }) => return Err(self.source.error("multiple repeat", back)),
            Some(_) => {}
        }
        let mode = if self.source.take('?')? {
            Mode::Lazy
        } else if self.source.take('+')? {
            Mode::Possessive
        } else {
            Mode::Greedy
        };
        let body = match out.pop() {
            Some(Node::Group { index: None, add: Flags::NONE, del: Flags::NONE, body }) => body,
            node => node.into_iter().collect(),
        };
        out.push(Node::Repeat { min, max, mode, body });
        Ok(())
    }

    /// `{m,n}`; `None` where the brace is a literal.
    fn interval(&mut self, here: usize) -> Result<Option<(u32, u32)>, Error> {
        if self.source.next == Some(Token::Char('}')) {
            return Ok(None);
        }
        let low = self.source.get_while(usize::MAX, DIGIT)?;
        let high = if self.source.take(',')? { self.source.get_while(usize::MAX, DIGIT)? } else { low.clone() };
        if !self.source.take('}')? {
            self.source.seek(here)?;
            return Ok(None);
        }
        let number = |text: &str| match text.parse::<u32>() {
            Ok(value) if value < UNLIMITED => Ok(value),
            _ => Err(Error::bare("the repetition number is too large")),
        };
        let min = if low.is_empty() { 0 } else { number(&low)? };
        let max = if high.is_empty() { UNLIMITED } else { number(&high)? };
        if max < min {
            let back = self.source.tell() - here;
            return Err(self.source.error("min repeat greater than max repeat", back));
        }
        Ok(Some((min, max)))
    }

    /// What begins with `(`; true where it was a set of global flags.
    fn group(&mut self, out: &mut Seq, verbose: bool, nested: usize, first: bool) -> Result<bool, Error> {
        let start = self.source.tell() - 1;
        let (mut capture, mut atomic) = (true, false);
        let mut name = None;
        let (mut add, mut del) = (Flags::NONE, Flags::NONE);
        if self.source.take('?')? {
            let character = self.group_character()?;
            match character {
                'P' => {
                    if self.source.take('<')? {
                        let found = self.source.get_until('>', "group name")?;
                        self.check_name(&found)?;
                        name = Some(found);
                    } else if self.source.take('=')? {
                        let node = self.named_reference()?;
                        out.push(node);
                        return Ok(false);
                    } else {
                        let other = self.group_character()?;
                        return Err(self.source.error(&format!("unknown extension ?P{other}"), 3));
                    }
                }
                ':' => capture = false,
                '#' => loop {
                    if self.source.next.is_none() {
                        let back = self.source.tell() - start;
                        return Err(self.source.error("missing ), unterminated comment", back));
                    }
                    if self.source.get()? == Some(Token::Char(')')) {
                        return Ok(false);
                    }
                },
                '=' | '!' | '<' => {
                    let node = self.look(character, verbose, nested, start)?;
                    out.push(node);
                    return Ok(false);
                }
                '(' => {
                    let node = self.conditional(verbose, nested, start)?;
                    out.push(node);
                    return Ok(false);
                }
                '>' => (capture, atomic) = (false, true),
                _ if character == '-' || character == 't' || Flags::of(character).is_some() => {
                    match self.inline_flags(character)? {
                        None => {
                            if !first || !out.is_empty() {
                                let back = self.source.tell() - start;
                                let message = "global flags not at the start of the expression";
                                return Err(self.source.error(message, back));
                            }
                            return Ok(true);
                        }
                        Some(flags) => (add, del) = flags,
                    }
                    capture = false;
                }
                _ => return Err(self.source.error(&format!("unknown extension ?{character}"), 2)),
            }
        }
        let index = if capture { Some(self.open_group(name)?) } else { None };
        let verbose = (verbose || add.contains(Flags::VERBOSE)) && !del.contains(Flags::VERBOSE);
        let body = self.alternatives(verbose, nested + 1)?;
        self.close(start)?;
        if let Some(index) = index {
            let width = self.width(&body);
            if let Some(slot) = self.widths.get_mut(index) {
                *slot = Some(width);
            }
        }
        out.push(if atomic { Node::Atomic(body) } else { Node::Group { index, add, del, body } });
        Ok(false)
    }

    fn group_character(&mut self) -> Result<char, Error> {
        match self.source.get()? {
            None => Err(self.source.error("unexpected end of pattern", 0)),
            Some(Token::Char(character)) => Ok(character),
            Some(token @ Token::Escape(_)) => {
                Err(self.source.error(&format!("unknown extension ?{}", token.text()), 3))
            }
        }
    }

    fn close(&mut self, start: usize) -> Result<(), Error> {
        if self.source.take(')')? {
            return Ok(());
        }
        Err(self.source.error("missing ), unterminated subpattern", self.source.tell() - start))
    }

    fn check_name(&self, name: &str) -> Result<(), Error> {
        if is_identifier(name) {
            return Ok(());
        }
        let back = name.chars().count() + 1;
        Err(self.source.error(&format!("bad character in group name {}", repr(name)), back))
    }

    fn open_group(&mut self, name: Option<String>) -> Result<usize, Error> {
        let index = self.widths.len();
        self.widths.push(None);
        if let Some(name) = name {
            if let Some(earlier) = self.names.get(&name) {
                let message =
                    format!("redefinition of group name {} as group {index}; was group {earlier}", repr(&name));
                return Err(self.source.error(&message, name.chars().count() + 1));
            }
            self.names.insert(name, index);
        }
        Ok(index)
    }

    fn named_reference(&mut self) -> Result<Node, Error> {
        let name = self.source.get_until(')', "group name")?;
        self.check_name(&name)?;
        let back = name.chars().count() + 1;
        let Some(group) = self.names.get(&name).copied() else {
            return Err(self.source.error(&format!("unknown group name {}", repr(&name)), back));
        };
        if !self.is_closed(group) {
            return Err(self.source.error("cannot refer to an open group", back));
        }
        self.check_lookbehind_group(group)?;
        Ok(Node::BackReference(group))
    }

    fn look(&mut self, character: char, verbose: bool, nested: usize, start: usize) -> Result<Node, Error> {
        let behind = character == '<';
        let mut kind = character;
        let outer = self.lookbehind_groups;
        if behind {
            kind = self.group_character()?;
            if !matches!(kind, '=' | '!') {
                return Err(self.source.error(&format!("unknown extension ?<{kind}"), 3));
            }
            if outer.is_none() {
                self.lookbehind_groups = Some(self.widths.len());
            }
        }
        let body = self.alternatives(verbose, nested + 1)?;
        if behind && outer.is_none() {
            self.lookbehind_groups = None;
        }
        self.close(start)?;
        let behind = behind.then(|| self.width(&body).0);
        Ok(Node::Look { behind, negate: kind == '!', body })
    }

    fn conditional(&mut self, verbose: bool, nested: usize, start: usize) -> Result<Node, Error> {
        let name = self.source.get_until(')', "group name")?;
        let back = name.chars().count() + 1;
        let group = if is_identifier(&name) {
            match self.names.get(&name) {
                Some(group) => *group,
                None => return Err(self.source.error(&format!("unknown group name {}", repr(&name)), back)),
            }
        } else {
            let Ok(group) = name.trim().trim_start_matches('+').parse::<usize>() else {
                return Err(self.source.error(&format!("bad character in group name {}", repr(&name)), back));
            };
            if group == 0 {
                return Err(self.source.error("bad group number", back));
            }
            let position = self.source.tell() - back;
            self.conditional_positions.push((group, position));
            group
        };
        self.check_lookbehind_group(group)?;
        if nested > MAX_NESTING {
            return Err(self.source.error("the pattern nests too deep", 0));
        }
        let yes = self.sequence(verbose, nested + 1, false)?;
        let no = if self.source.take('|')? {
            let no = self.sequence(verbose, nested + 1, false)?;
            if self.source.next == Some(Token::Char('|')) {
                return Err(self.source.error("conditional backref with more than two branches", 0));
            }
            Some(no)
        } else {
            None
        };
        self.close(start)?;
        Ok(Node::Conditional { group, yes, no })
    }

    /// `(?i)` gives `None` (global), `(?i-s:` the flags that are added and taken away.
    fn inline_flags(&mut self, first: char) -> Result<Option<(Flags, Flags)>, Error> {
        let (mut add, mut del) = (Flags::NONE, Flags::NONE);
        let mut character = first;
        if character != '-' {
            loop {
                let flag = Flags::of(character).unwrap_or(Flags::NONE);
                if self.is_text && character == 'L' {
                    return Err(self.source.error("bad inline flags: cannot use 'L' flag with a str pattern", 0));
                }
                if !self.is_text && character == 'u' {
                    return Err(self.source.error("bad inline flags: cannot use 'u' flag with a bytes pattern", 0));
                }
                add |= flag;
                if flag.is_type() && add.types() != flag {
                    return Err(self.source.error("bad inline flags: flags 'a', 'u' and 'L' are incompatible", 0));
                }
                character = self.flag_character("missing -, : or )")?;
                if matches!(character, ')' | '-' | ':') {
                    break;
                }
                self.check_flag(character, "missing -, : or )")?;
            }
        }
        if character == ')' {
            self.flags |= add;
            return Ok(None);
        }
        if character == '-' {
            character = self.flag_character("missing flag")?;
            self.check_flag(character, "missing flag")?;
            loop {
                let flag = Flags::of(character).unwrap_or(Flags::NONE);
                if flag.is_type() {
                    return Err(self.source.error("bad inline flags: cannot turn off flags 'a', 'u' and 'L'", 0));
                }
                del |= flag;
                character = self.flag_character("missing :")?;
                if character == ':' {
                    break;
                }
                self.check_flag(character, "missing :")?;
            }
        }
        if add.intersects(del) {
            return Err(self.source.error("bad inline flags: flag turned on and off", 1));
        }
        Ok(Some((add, del)))
    }

    fn flag_character(&mut self, missing: &str) -> Result<char, Error> {
        match self.source.get()? {
            None => Err(self.source.error(missing, 0)),
            Some(Token::Char(character)) => Ok(character),
            Some(Token::Escape(_)) => Err(self.source.error(missing, 2)),
        }
    }

    fn check_flag(&self, character: char, missing: &str) -> Result<(), Error> {
        if Flags::of(character).is_some() || character == 't' {
            return Ok(());
        }
        Err(self.source.error(if character.is_alphabetic() { "unknown flag" } else { missing }, 1))
    }

    fn fix_flags(&mut self) -> Result<(), Error> {
        if self.is_text {
            if !self.flags.contains(Flags::ASCII) {
                self.flags |= Flags::UNICODE;
            } else if self.flags.contains(Flags::UNICODE) {
                return Err(Error::bare("ASCII and UNICODE flags are incompatible"));
            }
        } else if self.flags.contains(Flags::LOCALE) && self.flags.contains(Flags::ASCII) {
            return Err(Error::bare("ASCII and LOCALE flags are incompatible"));
        }
        Ok(())
    }

    /// The fewest and the most characters that a sequence matches.
    fn width(&self, body: &[Node]) -> (u64, u64) {
        body.iter().fold((0u64, 0u64), |(low, high), node| {
            let (least, most) = self.node_width(node);
            (low.saturating_add(least), high.saturating_add(most))
        })
    }

    fn node_width(&self, node: &Node) -> (u64, u64) {
        let either = |one: (u64, u64), other: (u64, u64)| (one.0.min(other.0), one.1.max(other.1));
        match node {
            Node::Literal(_) | Node::Any | Node::Set { .. } => (1, 1),
            Node::At(_) | Node::Look { .. } => (0, 0),
            Node::Branch(items) => items.iter().map(|item| self.width(item)).reduce(either).unwrap_or((0, 0)),
            Node::Group { body, .. } | Node::Atomic(body) => self.width(body),
            Node::Repeat { min, max, body, .. } => {
                let (least, most) = self.width(body);
                let high = if *max == UNLIMITED && most > 0 { u64::MAX } else { most.saturating_mul(u64::from(*max)) };
                (least.saturating_mul(u64::from(*min)), high)
            }
            Node::BackReference(group) => self.widths.get(*group).copied().flatten().unwrap_or((0, 0)),
            Node::Conditional { yes, no, .. } => {
                either(self.width(yes), no.as_ref().map_or((0, 0), |no| self.width(no)))
            }
        }
    }

    /// What looks behind must know how far.
    fn check_lookbehinds(&self, body: &[Node]) -> Result<(), Error> {
        for node in body {
            match node {
                Node::Look { behind, body, .. } => {
                    self.check_lookbehinds(body)?;
                    let (least, most) = self.width(body);
                    if behind.is_some() && least != most {
                        return Err(Error::bare("look-behind requires fixed-width pattern"));
                    }
                }
                Node::Branch(items) => items.iter().try_for_each(|item| self.check_lookbehinds(item))?,
                Node::Group { body, .. } | Node::Atomic(body) | Node::Repeat { body, .. } => {
                    self.check_lookbehinds(body)?
                }
                Node::Conditional { yes, no, .. } => {
                    self.check_lookbehinds(yes)?;
                    no.iter().try_for_each(|no| self.check_lookbehinds(no))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_plain_group(node: &Node) -> bool {
    matches!(node, Node::Group { index: None, add: Flags::NONE, del: Flags::NONE, .. })
}
