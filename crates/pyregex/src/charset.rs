//! Sets of characters, Python's categories, and case folding.

use crate::tables::{DIGIT, FOLDS, WORD};

/// `\d`, `\s`, `\w` and their opposites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Category {
    kind: CategoryKind,
    negate: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CategoryKind {
    Digit,
    Space,
    Word,
}

impl Category {
    pub(crate) fn of(escape: char) -> Option<Self> {
        let kind = match escape.to_ascii_lowercase() {
            'd' => CategoryKind::Digit,
            's' => CategoryKind::Space,
            'w' => CategoryKind::Word,
            _ => return None,
        };
        Some(Self { kind, negate: escape.is_ascii_uppercase() })
    }

    fn contains(self, code: u32, unicode: bool) -> bool {
        let found = match self.kind {
            CategoryKind::Digit => is_digit(code, unicode),
            CategoryKind::Space => is_space(code, unicode),
            CategoryKind::Word => is_word(code, unicode),
        };
        found != self.negate
    }
}

fn within(table: &[(u32, u32)], code: u32) -> bool {
    let index = table.partition_point(|(_, last)| *last < code);
    table.get(index).is_some_and(|(first, _)| *first <= code)
}

fn ascii(code: u32) -> Option<u8> {
    u8::try_from(code).ok().filter(u8::is_ascii)
}

fn is_digit(code: u32, unicode: bool) -> bool {
    match ascii(code) {
        Some(byte) => byte.is_ascii_digit(),
        None => unicode && within(DIGIT, code),
    }
}

fn is_space(code: u32, unicode: bool) -> bool {
    match code {
        0x09..=0x0d | 0x20 => true,
        0x1c..=0x1f | 0x85 | 0xa0 | 0x1680 | 0x2000..=0x200a | 0x2028 | 0x2029 | 0x202f | 0x205f | 0x3000 => unicode,
        _ => false,
    }
}

/// Whether `\w` matches.
pub(crate) fn is_word(code: u32, unicode: bool) -> bool {
    match ascii(code) {
        Some(byte) => byte.is_ascii_alphanumeric() || byte == b'_',
        None => unicode && within(WORD, code),
    }
}

/// The small letter, by Unicode's simple mapping.
fn lower(code: u32, unicode: bool) -> u32 {
    match ascii(code) {
        Some(byte) => u32::from(byte.to_ascii_lowercase()),
        None if unicode => {
            char::from_u32(code).and_then(|character| character.to_lowercase().next()).map_or(code, u32::from)
        }
        None => code,
    }
}

/// What is equal where case is ignored has the same fold.
pub(crate) fn fold(code: u32, unicode: bool) -> u32 {
    if let Some(byte) = ascii(code)
        && !(unicode && matches!(byte, b'i' | b'I' | b's' | b'S'))
    {
        return u32::from(byte.to_ascii_lowercase());
    }
    match group(code).filter(|_| unicode) {
        Some(group) => group.first().copied().unwrap_or(code),
        None => lower(code, unicode),
    }
}

fn group(code: u32) -> Option<&'static [u32]> {
    FOLDS.iter().copied().find(|group| group.contains(&code))
}

/// One part of a set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Item {
    Char(u32),
    Range(u32, u32),
    Category(Category),
}

/// A set, ready to be asked.
#[derive(Debug, Clone)]
pub(crate) struct CharSet {
    /// The answers for the first 256 characters.
    low: [u64; 4],
    items: Vec<Item>,
    negate: bool,
    unicode: bool,
    ignore_case: bool,
}

impl CharSet {
    pub(crate) fn new(items: Vec<Item>, negate: bool, unicode: bool, ignore_case: bool) -> Self {
        let mut set = Self { low: [0; 4], items, negate, unicode, ignore_case };
        for code in 0..256u32 {
            if set.search(code)
                && let Some(word) = set.low.get_mut(code as usize / 64)
            {
                *word |= 1 << (code % 64);
            }
        }
        set
    }

    #[inline]
    pub(crate) fn contains(&self, code: u32) -> bool {
        match self.low.get(code as usize / 64) {
            Some(word) => word >> (code % 64) & 1 == 1,
            None => self.search(code),
        }
    }

    fn search(&self, code: u32) -> bool {
        let found = if self.ignore_case { self.any_case(code) } else { self.has(code) };
        found != self.negate
    }

    fn has(&self, code: u32) -> bool {
        self.items.iter().any(|item| match item {
            Item::Char(wanted) => *wanted == code,
            Item::Range(low, high) => (*low..=*high).contains(&code),
            Item::Category(category) => category.contains(code, self.unicode),
        })
    }

    fn any_case(&self, code: u32) -> bool {
        if self.has(code) {
            return true;
        }
        if self.unicode
            && let Some(group) = group(code)
        {
            return group.iter().any(|other| self.has(*other));
        }
        let small = lower(code, self.unicode);
        if self.has(small) {
            return true;
        }
        match ascii(small) {
            Some(byte) => self.has(u32::from(byte.to_ascii_uppercase())),
            None if self.unicode => {
                let mut upper = char::from_u32(small).into_iter().flat_map(char::to_uppercase);
                match (upper.next(), upper.next()) {
                    (Some(capital), None) => self.has(u32::from(capital)),
                    _ => false,
                }
            }
            None => false,
        }
    }
}
