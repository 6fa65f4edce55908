//! The tree into instructions.

use crate::{
    charset::{CharSet, fold},
    flags::Flags,
    parse::{At, Mode, Node, Parsed},
};

/// A match of exactly one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Single {
    Char(u32),
    /// By its fold.
    Fold {
        folded: u32,
        unicode: bool,
    },
    /// Any but a line feed.
    Any,
    AnyAtAll,
    /// One of a set, by its index.
    Set(usize),
}

/// A place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    TextStart,
    LineStart,
    /// `$`: the end, or before a line feed that ends the text.
    End,
    LineEnd,
    TextEnd,
    Boundary {
        unicode: bool,
    },
    NonBoundary {
        unicode: bool,
    },
}

/// One instruction. `slot` is a register: captures first, then loop counters and the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inst {
    One(Single),
    Many {
        single: Single,
        min: u32,
        max: u32,
        mode: Mode,
    },
    At(Place),
    /// Go on here, and later there.
    Split {
        first: usize,
        second: usize,
    },
    Jump(usize),
    Save(usize),
    /// Sets a loop's two registers (count, place of the last turn).
    LoopStart {
        slot: usize,
    },
    Loop {
        slot: usize,
        min: u32,
        max: u32,
        lazy: bool,
        exit: usize,
    },
    AtomicStart {
        slot: usize,
    },
    AtomicEnd {
        slot: usize,
    },
    /// Keeps the place, so that [`Inst::LookEnd`] returns to it.
    LookStart {
        slot: usize,
    },
    LookEnd {
        slot: usize,
    },
    NotStart {
        slot: usize,
        after: usize,
    },
    NotEnd {
        slot: usize,
    },
    /// So many characters back.
    Back(u64),
    BackReference {
        group: usize,
        ignore_case: bool,
        unicode: bool,
    },
    /// Goes to `no` where the group did not match.
    IfGroup {
        group: usize,
        no: usize,
    },
    Match,
}

/// Where a match can begin.
#[derive(Debug, Clone)]
pub(crate) enum Start {
    Anywhere,
    Beginning,
    /// With these bytes.
    Literal(Vec<u8>),
    /// With one of these bytes.
    Bytes(Box<[bool; 256]>),
}

/// A program.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) insts: Vec<Inst>,
    pub(crate) sets: Vec<CharSet>,
    pub(crate) slots: usize,
    pub(crate) start: Start,
}

pub(crate) fn compile(parsed: &Parsed, is_text: bool) -> Program {
    let mut compiler = Compiler { insts: Vec::new(), sets: Vec::new(), slots: 2 * (parsed.groups + 1), is_text };
    compiler.seq(&parsed.body, parsed.flags);
    compiler.insts.push(Inst::Match);
    let start = compiler.start();
    Program { insts: compiler.insts, sets: compiler.sets, slots: compiler.slots, start }
}

struct Compiler {
    insts: Vec<Inst>,
    sets: Vec<CharSet>,
    slots: usize,
    is_text: bool,
}

impl Compiler {
    fn seq(&mut self, body: &[Node], flags: Flags) {
        for node in body {
            self.node(node, flags);
        }
    }

    fn here(&self) -> usize {
        self.insts.len()
    }

    fn emit(&mut self, inst: Inst) -> usize {
        self.insts.push(inst);
        self.insts.len() - 1
    }

    fn patch(&mut self, at: usize, inst: Inst) {
        if let Some(slot) = self.insts.get_mut(at) {
            *slot = inst;
        }
    }

    fn register(&mut self, count: usize) -> usize {
        let slot = self.slots;
        self.slots += count;
        slot
    }

    fn node(&mut self, node: &Node, flags: Flags) {
        if let Some(single) = self.single(node, flags) {
            self.emit(Inst::One(single));
            return;
        }
        match node {
            Node::Literal(_) | Node::Any | Node::Set { .. } => {}
            Node::At(at) => {
                let place = self.place(*at, flags);
                self.emit(Inst::At(place));
            }
            Node::Branch(items) => self.branch(items, flags),
            Node::Group { index, add, del, body } => {
                if let Some(index) = index {
                    self.emit(Inst::Save(2 * index));
                }
                self.seq(body, flags.combine(*add, *del));
                if let Some(index) = index {
                    self.emit(Inst::Save(2 * index + 1));
                }
            }
            Node::Repeat { min, max, mode, body } => self.repeat(*min, *max, *mode, body, flags),
            Node::Atomic(body) => {
                let slot = self.register(1);
                self.emit(Inst::AtomicStart { slot });
                self.seq(body, flags);
                self.emit(Inst::AtomicEnd { slot });
            }
            Node::Look { behind, negate, body } => self.look(*behind, *negate, body, flags),
            Node::BackReference(group) => {
                let ignore_case = flags.contains(Flags::IGNORECASE);
                let unicode = self.unicode(flags);
                self.emit(Inst::BackReference { group: *group, ignore_case, unicode });
            }
            Node::Conditional { group, yes, no } => {
                let test = self.emit(Inst::IfGroup { group: *group, no: 0 });
                self.seq(yes, flags);
                let mut target = self.here();
                if let Some(no) = no {
                    let jump = self.emit(Inst::Jump(0));
                    target = self.here();
                    self.seq(no, flags);
                    let end = self.here();
                    self.patch(jump, Inst::Jump(end));
                }
                self.patch(test, Inst::IfGroup { group: *group, no: target });
            }
        }
    }

    fn unicode(&self, flags: Flags) -> bool {
        self.is_text && !flags.contains(Flags::ASCII)
    }

    /// The node as a match of one character.
    fn single(&mut self, node: &Node, flags: Flags) -> Option<Single> {
        let unicode = self.unicode(flags);
        let ignore_case = flags.contains(Flags::IGNORECASE);
        match node {
            Node::Literal(code) if ignore_case => {
                let folded = fold(*code, unicode);
                let caseless = folded == *code && !has_case(*code, unicode);
                Some(if caseless { Single::Char(*code) } else { Single::Fold { folded, unicode } })
            }
            Node::Literal(code) => Some(Single::Char(*code)),
            Node::Any if flags.contains(Flags::DOTALL) => Some(Single::AnyAtAll),
            Node::Any => Some(Single::Any),
            Node::Set { negate, items } => {
                self.sets.push(CharSet::new(items.clone(), *negate, unicode, ignore_case));
                Some(Single::Set(self.sets.len() - 1))
            }
            Node::Branch(branches) => {
                // `a|b|[cd]` is a set.
                let mut items = Vec::new();
                for branch in branches {
                    match branch.as_slice() {
                        [Node::Literal(code)] => items.push(crate::charset::Item::Char(*code)),
                        [Node::Set { negate: false, items: more }] => items.extend(more.iter().copied()),
                        _ => return None,
                    }
                }
                self.sets.push(CharSet::new(items, false, unicode, ignore_case));
                Some(Single::Set(self.sets.len() - 1))
            }
            _ => None,
        }
    }

    fn place(&self, at: At, flags: Flags) -> Place {
        let multiline = flags.contains(Flags::MULTILINE);
        let unicode = self.unicode(flags);
        match at {
            At::Beginning if multiline => Place::LineStart,
            At::Beginning | At::BeginningOfString => Place::TextStart,
            At::End if multiline => Place::LineEnd,
            At::End => Place::End,
            At::EndOfString => Place::TextEnd,
            At::Boundary => Place::Boundary { unicode },
            At::NonBoundary => Place::NonBoundary { unicode },
        }
    }

    fn branch(&mut self, items: &[Vec<Node>], flags: Flags) {
        let mut jumps = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if index + 1 == items.len() {
                self.seq(item, flags);
                break;
            }
            let split = self.emit(Inst::Jump(0));
            self.seq(item, flags);
            jumps.push(self.emit(Inst::Jump(0)));
            let second = self.here();
            self.patch(split, Inst::Split { first: split + 1, second });
        }
        let end = self.here();
        for jump in jumps {
            self.patch(jump, Inst::Jump(end));
        }
    }

    fn repeat(&mut self, min: u32, max: u32, mode: Mode, body: &[Node], flags: Flags) {
        if max == 0 {
            return;
        }
        if let [node] = body
            && let Some(single) = self.single(node, flags)
        {
            self.emit(Inst::Many { single, min, max, mode });
            return;
        }
        if (min, max) == (0, 1) && mode != Mode::Possessive {
            let split = self.emit(Inst::Jump(0));
            self.seq(body, flags);
            let (inside, end) = (split + 1, self.here());
            let (first, second) = if mode == Mode::Lazy { (end, inside) } else { (inside, end) };
            self.patch(split, Inst::Split { first, second });
            return;
        }
        let possessive = mode == Mode::Possessive;
        let outer = possessive.then(|| self.register(2));
        if let Some(slot) = outer {
            self.emit(Inst::AtomicStart { slot });
        }
        let slot = self.register(2);
        self.emit(Inst::LoopStart { slot });
        let head = self.emit(Inst::Jump(0));
        // As in Python each turn of a possessive repeat is final by itself.
        if let Some(outer) = outer {
            self.emit(Inst::AtomicStart { slot: outer + 1 });
        }
        self.seq(body, flags);
        if let Some(outer) = outer {
            self.emit(Inst::AtomicEnd { slot: outer + 1 });
        }
        self.emit(Inst::Jump(head));
        let exit = self.here();
        self.patch(head, Inst::Loop { slot, min, max, lazy: mode == Mode::Lazy, exit });
        if let Some(slot) = outer {
            self.emit(Inst::AtomicEnd { slot });
        }
    }

    fn look(&mut self, behind: Option<u64>, negate: bool, body: &[Node], flags: Flags) {
        let slot = self.register(2);
        let start = self.emit(Inst::LookStart { slot });
        if let Some(width) = behind {
            self.emit(Inst::Back(width));
        }
        self.seq(body, flags);
        if negate {
            self.emit(Inst::NotEnd { slot });
            let after = self.here();
            self.patch(start, Inst::NotStart { slot, after });
        } else {
            self.emit(Inst::LookEnd { slot });
        }
    }

    fn start(&self) -> Start {
        let mut literal = Vec::new();
        for inst in &self.insts {
            match inst {
                Inst::Save(_) => {}
                Inst::At(Place::TextStart) if literal.is_empty() => return Start::Beginning,
                Inst::One(Single::Char(code)) => match char::from_u32(*code) {
                    Some(character) if self.is_text => {
                        literal.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    Some(_) => literal.extend(u8::try_from(*code).ok()),
                    None => break,
                },
                Inst::One(single) if literal.is_empty() => return self.first_bytes(*single),
                Inst::Many { single, min: 1.., .. } if literal.is_empty() => return self.first_bytes(*single),
                _ => break,
            }
        }
        if literal.is_empty() { Start::Anywhere } else { Start::Literal(literal) }
    }

    fn first_bytes(&self, single: Single) -> Start {
        let limit: u32 = if self.is_text { 0x80 } else { 0x100 };
        let mut bytes = [self.is_text; 256]; // every byte of a longer character may begin one that matches
        for (byte, slot) in (0..limit).zip(bytes.iter_mut()) {
            *slot = single.matches(byte, &self.sets);
        }
        if bytes.iter().all(|byte| *byte) { Start::Anywhere } else { Start::Bytes(Box::new(bytes)) }
    }
}

fn has_case(code: u32, unicode: bool) -> bool {
    match char::from_u32(code) {
        Some(character) if character.is_ascii() => character.is_ascii_alphabetic(),
        Some(character) if unicode => {
            fold(code, true) != code || !character.to_uppercase().eq([character]) || character.is_lowercase()
        }
        _ => false,
    }
}

impl Single {
    #[inline]
    pub(crate) fn matches(self, code: u32, sets: &[CharSet]) -> bool {
        match self {
            Self::Char(wanted) => wanted == code,
            Self::Fold { folded, unicode } => fold(code, unicode) == folded,
            Self::Any => code != u32::from('\n'),
            Self::AnyAtAll => true,
            Self::Set(index) => sets.get(index).is_some_and(|set| set.contains(code)),
        }
    }
}
