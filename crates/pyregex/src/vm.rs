//! The matcher: instructions, a stack of what is still to be tried, and a log to undo registers.

use crate::{
    charset::{fold, is_word},
    compile::{Inst, Place, Program, Single, Start},
    error::Error,
    haystack::Haystack,
    parse::{Mode, UNLIMITED},
};

/// A register that holds nothing.
pub(crate) const NONE: usize = usize::MAX;

/// Ways tried from one starting place before the match is given up, and how many more for each byte of the text: what
/// is linear in the text never ends it, however long the text.
const MAX_STEPS: u64 = if cfg!(fuzzing) { 20_000 } else { 4_000_000 };
const MAX_STEPS_PER_BYTE: u64 = 64;
/// How many times the ways of one starting place a search may try from all of them together.
const MAX_STARTS: u64 = 100;
/// Ways kept to be tried later.
const MAX_FRAMES: usize = 8_000_000;

/// What a match must fulfil beside the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Begins anywhere from the given place on.
    Search,
    /// Begins at the given place.
    Here,
    /// Begins at the given place and ends where the text ends.
    Full,
}

#[derive(Debug)]
struct Frame {
    kind: FrameKind,
    position: usize,
    undo: usize,
}

#[derive(Debug)]
enum FrameKind {
    /// Go on at an instruction.
    Go(usize),
    /// A repeat of single characters gives one back, down to a place.
    Shrink { pc: usize, least: usize },
    /// A lazy repeat of single characters takes one more.
    Grow { pc: usize, left: u32 },
    /// A lazy loop takes another turn.
    Turn(usize),
}

pub(crate) struct Machine<'a, T: Haystack + ?Sized> {
    program: &'a Program,
    text: &'a T,
    slots: Vec<usize>,
    frames: Vec<Frame>,
    undo: Vec<(usize, usize)>,
    /// An empty match at this place does not count.
    not_empty_at: usize,
    full: bool,
    /// Ways tried so far, from all starting places of a search.
    steps: u64,
}

impl<'a, T: Haystack + ?Sized> Machine<'a, T> {
    pub(crate) fn new(program: &'a Program, text: &'a T) -> Self {
        Self {
            program,
            text,
            slots: vec![NONE; program.slots],
            frames: Vec::new(),
            undo: Vec::new(),
            not_empty_at: NONE,
            full: false,
            steps: 0,
        }
    }

    /// The captures of the next match from a place on; `must_advance`: not the empty one at that place.
    pub(crate) fn find(&mut self, from: usize, anchor: Anchor, must_advance: bool) -> Result<Option<&[usize]>, Error> {
        self.full = anchor == Anchor::Full;
        self.not_empty_at = if must_advance { from } else { NONE };
        self.steps = 0;
        let most_steps = MAX_STARTS * MAX_STEPS + MAX_STEPS_PER_BYTE * self.text.length() as u64;
        let mut start = from;
        loop {
            if anchor == Anchor::Search {
                match self.candidate(start, from) {
                    Some(found) => start = found,
                    None => return Ok(None),
                }
            }
            if let Some(end) = self.run(start)? {
                self.set(0, start);
                self.set(1, end);
                return Ok(Some(&self.slots));
            }
            if anchor != Anchor::Search {
                return Ok(None);
            }
            if self.steps > most_steps {
                return Err(Error::Limit(most_steps));
            }
            match self.text.next(start) {
                Some((_, next)) => start = next,
                None => return Ok(None),
            }
        }
    }

    /// The next place where a match can begin.
    fn candidate(&self, start: usize, from: usize) -> Option<usize> {
        let rest = self.text.bytes().get(start..)?;
        match &self.program.start {
            Start::Anywhere => Some(start),
            Start::Beginning => (start == 0 || start == from).then_some(start),
            Start::Bytes(bytes) => {
                let ahead = rest.iter().position(|byte| bytes.get(usize::from(*byte)).copied().unwrap_or(true))?;
                Some(start + ahead)
            }
            Start::Literal(literal) => {
                let first = *literal.first()?;
                let mut offset = 0;
                loop {
                    let tail = rest.get(offset..)?;
                    let ahead = tail.iter().position(|byte| *byte == first)?;
                    if tail.get(ahead..)?.starts_with(literal) {
                        return Some(start + offset + ahead);
                    }
                    offset += ahead + 1;
                }
            }
        }
    }

    fn get(&self, slot: usize) -> usize {
        self.slots.get(slot).copied().unwrap_or(NONE)
    }

    fn set(&mut self, slot: usize, value: usize) {
        if let Some(place) = self.slots.get_mut(slot) {
            if !self.frames.is_empty() && *place != value {
                self.undo.push((slot, *place));
            }
            *place = value;
        }
    }

    fn push(&mut self, kind: FrameKind, position: usize) -> Result<(), Error> {
        if self.frames.len() >= MAX_FRAMES {
            return Err(Error::Limit(MAX_FRAMES as u64));
        }
        self.frames.push(Frame { kind, position, undo: self.undo.len() });
        Ok(())
    }

    /// The end of a match that begins at a place.
    fn run(&mut self, start: usize) -> Result<Option<usize>, Error> {
        self.slots.fill(NONE);
        self.frames.clear();
        self.undo.clear();
        let most_steps = MAX_STEPS + MAX_STEPS_PER_BYTE * self.text.length() as u64;
        let mut steps = 0u64;
        let (mut pc, mut position) = (0, start);
        let program = self.program;
        loop {
            let Some(inst) = program.insts.get(pc) else { return Ok(None) };
            if matches!(inst, Inst::Match) {
                let refused = (position == self.not_empty_at && start == position)
                    || (self.full && position != self.text.length());
                if !refused {
                    return Ok(Some(position));
                }
            } else if let Some((next, place)) = self.step(inst, pc, position)? {
                (pc, position) = (next, place);
                continue;
            }
            steps += 1;
            self.steps += 1;
            if steps > most_steps {
                return Err(Error::Limit(most_steps));
            }
            match self.backtrack() {
                Some(next) => (pc, position) = next,
                None => return Ok(None),
            }
        }
    }

    /// One instruction: where to go on, or `None` where it does not match.
    #[inline]
    fn step(&mut self, inst: &Inst, pc: usize, position: usize) -> Result<Option<(usize, usize)>, Error> {
        Ok(match inst {
            Inst::One(single) => self.one(*single, position).map(|next| (pc + 1, next)),
            Inst::Many { single, min, max, mode } => {
                self.many(*single, (*min, *max), *mode, pc, position)?.map(|next| (pc + 1, next))
            }
            Inst::At(place) => self.at(*place, position).then_some((pc + 1, position)),
            Inst::Split { first, second } => {
                self.push(FrameKind::Go(*second), position)?;
                Some((*first, position))
            }
            Inst::Jump(target) => Some((*target, position)),
            Inst::Save(slot) => {
                self.set(*slot, position);
                Some((pc + 1, position))
            }
            Inst::LoopStart { slot } => {
                self.set(*slot, 0);
                self.set(slot + 1, NONE);
                Some((pc + 1, position))
            }
            Inst::Loop { slot, min, max, lazy, exit } => {
                let count = self.get(*slot);
                if count < *min as usize {
                    self.set(*slot, count + 1);
                    // The place is of use only behind the obligatory turns.
                    return Ok(Some((pc + 1, position)));
                }
                if *lazy {
                    self.push(FrameKind::Turn(pc), position)?;
                    Some((*exit, position))
                } else if self.may_turn(*slot, count, *max, position) {
                    self.push(FrameKind::Go(*exit), position)?;
                    self.turn(*slot, count, position);
                    Some((pc + 1, position))
                } else {
                    Some((*exit, position))
                }
            }
            Inst::AtomicStart { slot } => {
                let height = self.frames.len();
                self.set(*slot, height);
                Some((pc + 1, position))
            }
            Inst::AtomicEnd { slot } => {
                self.frames.truncate(self.get(*slot));
                Some((pc + 1, position))
            }
            Inst::LookStart { slot } => {
                let height = self.frames.len();
                self.set(*slot, height);
                self.set(slot + 1, position);
                Some((pc + 1, position))
            }
            Inst::LookEnd { slot } => {
                let place = self.get(slot + 1);
                self.frames.truncate(self.get(*slot));
                Some((pc + 1, place))
            }
            Inst::NotStart { slot, after } => {
                let height = self.frames.len();
                self.set(*slot, height);
                self.push(FrameKind::Go(*after), position)?;
                Some((pc + 1, position))
            }
            Inst::NotEnd { slot } => {
                // What was not to match did: give up, its own way out included, but undo what it set.
                let height = self.get(*slot);
                if let Some(frame) = self.frames.get(height) {
                    let mark = frame.undo;
                    self.restore(mark);
                }
                self.frames.truncate(height);
                None
            }
            Inst::Back(count) => {
                let mut place = position;
                for _ in 0..*count {
                    match self.text.previous(place) {
                        Some((_, before)) => place = before,
                        None => return Ok(None),
                    }
                }
                Some((pc + 1, place))
            }
            Inst::BackReference { group, ignore_case, unicode } => {
                self.back_reference(*group, *ignore_case, *unicode, position).map(|next| (pc + 1, next))
            }
            Inst::IfGroup { group, no } => {
                let matched = self.get(2 * group) != NONE && self.get(2 * group + 1) != NONE;
                Some((if matched { pc + 1 } else { *no }, position))
            }
            Inst::Match => None,
        })
    }

    fn may_turn(&self, slot: usize, count: usize, max: u32, position: usize) -> bool {
        (max == UNLIMITED || count < max as usize) && self.get(slot + 1) != position
    }

    fn turn(&mut self, slot: usize, count: usize, position: usize) {
        self.set(slot, count + 1);
        self.set(slot + 1, position);
    }

    fn restore(&mut self, mark: usize) {
        while self.undo.len() > mark {
            if let Some((slot, value)) = self.undo.pop()
                && let Some(place) = self.slots.get_mut(slot)
            {
                *place = value;
            }
        }
    }

    /// The next way that is left.
    fn backtrack(&mut self) -> Option<(usize, usize)> {
        loop {
            let frame = self.frames.last_mut()?;
            let (mark, position) = (frame.undo, frame.position);
            match &mut frame.kind {
                FrameKind::Go(pc) => {
                    let pc = *pc;
                    self.frames.pop();
                    self.restore(mark);
                    return Some((pc, position));
                }
                FrameKind::Shrink { pc, least } => {
                    let (pc, least) = (*pc, *least);
                    let shorter = self.shrink(pc, position, least);
                    match shorter {
                        Some(place) if place > least => {
                            if let Some(frame) = self.frames.last_mut() {
                                frame.position = place;
                            }
                        }
                        _ => {
                            self.frames.pop();
                        }
                    }
                    if let Some(place) = shorter {
                        self.restore(mark);
                        return Some((pc + 1, place));
                    }
                }
                FrameKind::Grow { pc, left } => {
                    let (pc, remaining) = (*pc, left.saturating_sub(1));
                    *left = remaining;
                    let single = match self.program.insts.get(pc) {
                        Some(Inst::Many { single, .. }) => *single,
                        _ => return None,
                    };
                    let next = self.one(single, position);
                    match next {
                        Some(place) if remaining > 0 => {
                            if let Some(frame) = self.frames.last_mut() {
                                frame.position = place;
                            }
                        }
                        _ => {
                            self.frames.pop();
                        }
                    }
                    if let Some(place) = next {
                        self.restore(mark);
                        return Some((pc + 1, place));
                    }
                }
                FrameKind::Turn(pc) => {
                    let pc = *pc;
                    self.frames.pop();
                    self.restore(mark);
                    if let Some(Inst::Loop { slot, max, .. }) = self.program.insts.get(pc) {
                        let count = self.get(*slot);
                        if self.may_turn(*slot, count, *max, position) {
                            self.turn(*slot, count, position);
                            return Some((pc + 1, position));
                        }
                    }
                }
            }
        }
    }

    /// One character less, further back where the character that must follow is known.
    fn shrink(&self, pc: usize, from: usize, least: usize) -> Option<usize> {
        let wanted = match self.program.insts.get(pc + 1) {
            Some(Inst::One(Single::Char(code))) => Some(*code),
            _ => None,
        };
        let mut place = from;
        while place > least {
            place = self.text.previous(place)?.1;
            match wanted {
                Some(code) if self.text.next(place).is_none_or(|(found, _)| found != code) => {}
                _ => return Some(place),
            }
        }
        None
    }

    #[inline]
    fn one(&self, single: Single, position: usize) -> Option<usize> {
        let (code, next) = self.text.next(position)?;
        single.matches(code, &self.program.sets).then_some(next)
    }

    fn many(
        &mut self,
        single: Single,
        (min, max): (u32, u32),
        mode: Mode,
        pc: usize,
        start: usize,
    ) -> Result<Option<usize>, Error> {
        let mut position = start;
        for _ in 0..min {
            match self.one(single, position) {
                Some(next) => position = next,
                None => return Ok(None),
            }
        }
        let left = if max == UNLIMITED { u32::MAX } else { max - min };
        if mode == Mode::Lazy {
            if left > 0 {
                self.push(FrameKind::Grow { pc, left }, position)?;
            }
            return Ok(Some(position));
        }
        let least = position;
        let mut count = 0;
        while max == UNLIMITED || count < left {
            match self.one(single, position) {
                Some(next) => position = next,
                None => break,
            }
            count += 1;
        }
        if mode == Mode::Greedy && position > least {
            self.push(FrameKind::Shrink { pc, least }, position)?;
        }
        Ok(Some(position))
    }

    fn at(&self, place: Place, position: usize) -> bool {
        let length = self.text.length();
        let feed_at = |place: usize| self.text.bytes().get(place) == Some(&b'\n');
        match place {
            Place::TextStart => position == 0,
            Place::LineStart => position == 0 || feed_at(position - 1),
            Place::TextEnd => position == length,
            Place::End => position == length || (position + 1 == length && feed_at(position)),
            Place::LineEnd => position == length || feed_at(position),
            // In Python 3.11 neither matches in an empty text.
            Place::Boundary { unicode } => length > 0 && self.is_boundary(position, unicode),
            Place::NonBoundary { unicode } => length > 0 && !self.is_boundary(position, unicode),
        }
    }

    fn is_boundary(&self, position: usize, unicode: bool) -> bool {
        let before = self.text.previous(position).is_some_and(|(code, _)| is_word(code, unicode));
        let after = self.text.next(position).is_some_and(|(code, _)| is_word(code, unicode));
        before != after
    }

    fn back_reference(&self, group: usize, ignore_case: bool, unicode: bool, position: usize) -> Option<usize> {
        let (start, end) = (self.get(2 * group), self.get(2 * group + 1));
        if start == NONE || end == NONE {
            return None;
        }
        let (mut here, mut there) = (position, start);
        while there < end {
            let (wanted, behind) = self.text.next(there)?;
            let (found, next) = self.text.next(here)?;
            let equal = if ignore_case { fold(wanted, unicode) == fold(found, unicode) } else { wanted == found };
            if !equal {
                return None;
            }
            (here, there) = (next, behind);
        }
        Some(here)
    }
}
