//! A pattern into a tree, with Python's errors at Python's positions.

mod escape;
mod flags;
mod set;
mod width;

use std::collections::HashMap;

use crate::{
    charset::Item,
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
}

fn is_plain_group(node: &Node) -> bool {
    matches!(node, Node::Group { index: None, add: Flags::NONE, del: Flags::NONE, .. })
}
