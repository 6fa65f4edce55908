//! YAML 1.1 as PyYAML reads and writes it, with a source position on every node.
//!
//! A tour, in the order in which data goes:
//!
//! - [`source`]: a file's name and text, and positions in it.
//! - `events`: the parser behind a small trait (today libyaml-safer).
//! - `json`: JSON documents, which Ansible reads before it tries YAML.
//! - `compose`: events into [`Node`]s: anchors, merge keys, duplicate keys, tags, limits.
//! - `resolve`: what a scalar is: `yes` a boolean, `0644` an integer, `2001-01-01` a date.
//! - [`node`]: what comes out.
//! - [`error`]: what is wrong, where, and the cure.
//! - [`emit`]: values back into text, as PyYAML's C emitter prints it.

mod compose;
pub mod date;
pub mod emit;
pub mod error;
mod events;
mod help;
mod json;
pub mod node;
mod resolve;
pub mod source;

pub use compose::{DuplicateKeys, Loaded, Options, load_all, load_one};
pub use date::{Date, DateTime};
pub use error::{Error, Warning, WarningKind};
pub use node::{Kind, Mapping, Node, Resolved, Scalar, Style, Tag};
pub use source::{Position, Source, Span};
