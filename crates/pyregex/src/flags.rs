//! Flags of a pattern.

use std::ops::{BitOr, BitOrAssign};

/// Flags of a pattern, as Python's `re.I | re.M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Flags(u16);

impl Flags {
    /// None.
    pub const NONE: Self = Self(0);
    /// `re.I`: letters match in either case.
    pub const IGNORECASE: Self = Self(2);
    /// `re.M`: `^` and `$` match at every line.
    pub const MULTILINE: Self = Self(8);
    /// `re.S`: `.` matches a line feed too.
    pub const DOTALL: Self = Self(16);
    /// `re.U`: the default for text.
    pub(crate) const UNICODE: Self = Self(32);
    /// `re.X`: blanks and comments in the pattern are skipped.
    pub const VERBOSE: Self = Self(64);
    /// `re.A`: `\w`, `\d`, `\s`, `\b` and case know ASCII only.
    pub const ASCII: Self = Self(256);
    /// `(?L)`, for bytes; here it means ASCII, as in the C locale.
    pub(crate) const LOCALE: Self = Self(4);
    const TYPES: Self = Self(256 | 32 | 4);

    /// Whether all of `other` is set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn is_type(self) -> bool {
        self.intersects(Self::TYPES)
    }

    pub(crate) fn types(self) -> Self {
        Self(self.0 & Self::TYPES.0)
    }

    /// The flags inside `(?add-del:...)`.
    pub(crate) fn combine(self, add: Self, del: Self) -> Self {
        let base = if add.is_type() { self.0 & !Self::TYPES.0 } else { self.0 };
        Self((base | add.0) & !del.0)
    }

    pub(crate) fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'i' => Self::IGNORECASE,
            'L' => Self::LOCALE,
            'm' => Self::MULTILINE,
            's' => Self::DOTALL,
            'x' => Self::VERBOSE,
            'a' => Self::ASCII,
            'u' => Self::UNICODE,
            _ => return None,
        })
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
