//! What can go wrong.

/// A pattern or replacement that cannot be used, or a match that takes too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Python's `re.error`, its text as Python prints it.
    #[error("{0}")]
    Pattern(String),
    /// Python's `IndexError` for a group that is not there.
    #[error("{0}")]
    Group(String),
    /// The match was given up; Python would go on for hours.
    #[error(
        "the pattern backtracks too much on this text (more than {0} steps); make it more specific, for example with \
         fewer nested repeats"
    )]
    Limit(u64),
}

impl Error {
    /// An error without a place.
    pub(crate) fn bare(message: impl Into<String>) -> Self {
        Self::Pattern(message.into())
    }

    /// An error at a place in the pattern, worded as Python's `re.error`.
    pub(crate) fn at(message: &str, pattern: &[char], position: usize) -> Self {
        let before = pattern.get(..position).unwrap_or(pattern);
        let mut text = format!("{message} at position {position}");
        if pattern.contains(&'\n') {
            let line = before.iter().filter(|character| **character == '\n').count() + 1;
            let column = before.iter().rev().take_while(|character| **character != '\n').count() + 1;
            text.push_str(&format!(" (line {line}, column {column})"));
        }
        Self::Pattern(text)
    }
}
