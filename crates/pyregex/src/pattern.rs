//! Patterns and what they find.

use std::{ops::Range, rc::Rc};

use crate::{
    compile::{Program, compile},
    error::Error,
    flags::Flags,
    haystack::Haystack,
    parse::parse,
    template::{self, Piece},
    vm::{Anchor, Machine, NONE},
};

/// A pattern for text.
pub type Regex = Pattern<str>;

/// A pattern for bytes; classes and case know ASCII only.
pub type BytesRegex = Pattern<[u8]>;

/// A compiled pattern, as Python's `re.compile` gives it. [`Regex`] and [`BytesRegex`] are what is used.
#[derive(Debug)]
pub struct Pattern<T: Haystack + ?Sized> {
    program: Program,
    groups: usize,
    names: Vec<(String, usize)>,
    kind: std::marker::PhantomData<fn(&T)>,
}

/// A match. Positions are byte offsets.
#[derive(Debug, Clone)]
pub struct Match<'t, T: Haystack + ?Sized> {
    text: &'t T,
    slots: Rc<[usize]>,
}

impl<T: Haystack + ?Sized> Pattern<T> {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// [`Error::Pattern`] with the text of Python's `re.error`.
    pub fn new(pattern: &T, flags: Flags) -> Result<Self, Error> {
        let parsed = parse(pattern.characters(), flags, T::IS_TEXT)?;
        let program = compile(&parsed, T::IS_TEXT);
        Ok(Self { program, groups: parsed.groups, names: parsed.names, kind: std::marker::PhantomData })
    }

    /// How many groups there are, the whole match not counted.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The number of a named group.
    #[must_use]
    pub fn group_index(&self, name: &str) -> Option<usize> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, group)| *group)
    }

    /// The named groups, in the order of their numbers.
    #[must_use]
    pub fn group_names(&self) -> Vec<(&str, usize)> {
        let mut names: Vec<_> = self.names.iter().map(|(name, group)| (name.as_str(), *group)).collect();
        names.sort_by_key(|(_, group)| *group);
        names
    }

    fn find<'t>(&self, text: &'t T, anchor: Anchor) -> Result<Option<Match<'t, T>>, Error> {
        let mut machine = Machine::new(&self.program, text);
        let found = machine.find(0, anchor, false)?;
        Ok(found.map(|slots| self.found(text, slots)))
    }

    fn found<'t>(&self, text: &'t T, slots: &[usize]) -> Match<'t, T> {
        let captures = slots.get(..2 * (self.groups + 1)).unwrap_or(slots);
        Match { text, slots: Rc::from(captures) }
    }

    /// The first match anywhere (`re.search`).
    ///
    /// # Errors
    ///
    /// [`Error::Limit`].
    pub fn search<'t>(&self, text: &'t T) -> Result<Option<Match<'t, T>>, Error> {
        self.find(text, Anchor::Search)
    }

    /// A match at the start (`re.match`).
    ///
    /// # Errors
    ///
    /// [`Error::Limit`].
    pub fn match_<'t>(&self, text: &'t T) -> Result<Option<Match<'t, T>>, Error> {
        self.find(text, Anchor::Here)
    }

    /// A match of all of the text (`re.fullmatch`).
    ///
    /// # Errors
    ///
    /// [`Error::Limit`].
    pub fn fullmatch<'t>(&self, text: &'t T) -> Result<Option<Match<'t, T>>, Error> {
        self.find(text, Anchor::Full)
    }

    /// Whether there is a match anywhere.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`].
    pub fn is_match(&self, text: &T) -> Result<bool, Error> {
        Ok(Machine::new(&self.program, text).find(0, Anchor::Search, false)?.is_some())
    }

    /// All matches that do not overlap (`re.finditer`); an error ends them.
    pub fn find_iter<'r, 't>(&'r self, text: &'t T) -> Matches<'r, 't, T> {
        Matches { pattern: self, text, position: 0, must_advance: false, ended: false }
    }

    /// All matches (`re.findall`): for each the whole match where the pattern has no group, else its groups, those that
    /// did not match as nothing. (Python gives a string, not a tuple, for one group.)
    ///
    /// # Errors
    ///
    /// [`Error::Limit`].
    pub fn findall<'t>(&self, text: &'t T) -> Result<Vec<Vec<&'t T>>, Error> {
        self.find_iter(text)
            .map(|found| {
                let found = found?;
                let nothing = text.part(0, 0);
                Ok(match self.groups {
                    0 => vec![found.as_part()],
                    groups => (1..=groups).map(|group| found.group(group).unwrap_or(nothing)).collect(),
                })
            })
            .collect()
    }

    /// Replaces matches by a template with `\1` and `\g<name>` (`re.subn`): at most `count`, all where that is 0.
    /// Returns the text and how many were replaced.
    ///
    /// # Errors
    ///
    /// The template is not one, or [`Error::Limit`].
    pub fn sub(&self, replacement: &T, text: &T, count: usize) -> Result<(T::Owned, usize), Error> {
        let pieces = template::parse(replacement, self.groups, &self.names)?;
        self.sub_with(text, count, |found, out| expand(&pieces, found, out))
    }

    /// Replaces matches by what a function appends.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`].
    pub fn sub_with<'t>(
        &self,
        text: &'t T,
        count: usize,
        mut replace: impl FnMut(&Match<'t, T>, &mut T::Owned),
    ) -> Result<(T::Owned, usize), Error> {
        let mut out = T::empty();
        let (mut end, mut replaced) = (0, 0);
        for found in self.find_iter(text) {
            let found = found?;
            T::append(&mut out, text.part(end, found.start()));
            replace(&found, &mut out);
            end = found.end();
            replaced += 1;
            if replaced == count {
                break;
            }
        }
        T::append(&mut out, text.part(end, text.length()));
        Ok((out, replaced))
    }

    /// What a match makes of a template (`Match.expand`).
    ///
    /// # Errors
    ///
    /// The template is not one.
    pub fn expand(&self, template: &T, found: &Match<'_, T>) -> Result<T::Owned, Error> {
        let pieces = template::parse(template, self.groups, &self.names)?;
        let mut out = T::empty();
        expand(&pieces, found, &mut out);
        Ok(out)
    }

    /// The text between matches, with the groups of each match in between (`re.split`): at most `most` splits, all
    /// where that is 0. `None` stands for a group that did not match.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`].
    pub fn split<'t>(&self, text: &'t T, most: usize) -> Result<Vec<Option<&'t T>>, Error> {
        let mut parts = Vec::new();
        let mut end = 0;
        for (index, found) in self.find_iter(text).enumerate() {
            let found = found?;
            parts.push(Some(text.part(end, found.start())));
            parts.extend((1..=self.groups).map(|group| found.group(group)));
            end = found.end();
            if index + 1 == most {
                break;
            }
        }
        parts.push(Some(text.part(end, text.length())));
        Ok(parts)
    }
}

fn expand<T: Haystack + ?Sized>(pieces: &[Piece<T::Owned>], found: &Match<'_, T>, out: &mut T::Owned) {
    for piece in pieces {
        match piece {
            Piece::Literal(text) => T::append(out, std::borrow::Borrow::borrow(text)),
            Piece::Group(group) => {
                if let Some(part) = found.group(*group) {
                    T::append(out, part);
                }
            }
        }
    }
}

/// The matches of a text, one after the other.
#[derive(Debug)]
pub struct Matches<'r, 't, T: Haystack + ?Sized> {
    pattern: &'r Pattern<T>,
    text: &'t T,
    position: usize,
    must_advance: bool,
    ended: bool,
}

impl<'t, T: Haystack + ?Sized> Iterator for Matches<'_, 't, T> {
    type Item = Result<Match<'t, T>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let mut machine = Machine::new(&self.pattern.program, self.text);
        match machine.find(self.position, Anchor::Search, self.must_advance) {
            Ok(Some(slots)) => {
                let found = self.pattern.found(self.text, slots);
                self.position = found.end();
                self.must_advance = found.end() == found.start();
                Some(Ok(found))
            }
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}

impl<'t, T: Haystack + ?Sized> Match<'t, T> {
    /// Where a group matched; group 0 is the whole match.
    #[must_use]
    pub fn span(&self, group: usize) -> Option<Range<usize>> {
        let start = self.slots.get(2 * group).copied().filter(|place| *place != NONE)?;
        let end = self.slots.get(2 * group + 1).copied().filter(|place| *place != NONE)?;
        Some(start..end)
    }

    /// What a group matched; group 0 is the whole match.
    #[must_use]
    pub fn group(&self, group: usize) -> Option<&'t T> {
        self.span(group).map(|span| self.text.part(span.start, span.end))
    }

    /// What the whole pattern matched.
    #[must_use]
    pub fn as_part(&self) -> &'t T {
        self.text.part(self.start(), self.end())
    }

    /// Where the match begins.
    #[must_use]
    pub fn start(&self) -> usize {
        self.slots.first().copied().unwrap_or(0)
    }

    /// Where the match ends.
    #[must_use]
    pub fn end(&self) -> usize {
        self.slots.get(1).copied().unwrap_or(0)
    }
}

const SPECIAL: &str = "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}";

/// A pattern that matches a text as it is (`re.escape`).
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if SPECIAL.contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// A pattern that matches bytes as they are (`re.escape`).
#[must_use]
pub fn escape_bytes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if SPECIAL.as_bytes().contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}
