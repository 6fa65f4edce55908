//! Python's `re`: its syntax, its semantics, its error texts.
//!
//! A backtracking matcher of our own. No engine in Rust has Python's semantics (what `$` means before a final line
//! feed, `[[]`, empty matches, octal escapes, possessive repeats, case folding, ...), and one that delegates to
//! automata weighs more than all the rest of the program on the hosts. What Python would run on forever ends here with
//! [`Error::Limit`].
//!
//! - `tokenizer`, `parse`: a pattern into a tree, with Python's errors.
//! - `charset`: sets, categories, case folding.
//! - `compile`: the tree into instructions.
//! - `vm`: the matcher.
//! - `template`: replacement texts.
//!
//! Two types: [`Regex`] for text and [`BytesRegex`] for bytes (modules that edit files of unknown encoding).

mod charset;
mod compile;
mod error;
mod flags;
mod haystack;
mod parse;
mod pattern;
mod tables;
mod template;
mod tokenizer;
mod vm;

pub use error::Error;
pub use flags::Flags;
pub use haystack::Haystack;
pub use pattern::{BytesRegex, Match, Matches, Pattern, Regex, escape, escape_bytes};
