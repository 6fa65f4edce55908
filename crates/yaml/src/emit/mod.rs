//! Values into text, as PyYAML's C emitter (libyaml) prints them: what Ansible's `to_yaml` and `to_nice_yaml` give.
//!
//! - `represent`: values into nodes with tags, styles and anchors, as PyYAML's SafeRepresenter and serializer do.
//! - `analyze`: which styles a text allows.
//! - `write`: nodes into text, as libyaml's emitter does.

mod analyze;
mod represent;
mod write;

use std::rc::Rc;

use num_bigint::BigInt;

use crate::date::{Date, DateTime};

/// A value to print.
#[derive(Debug, Clone)]
pub struct Item {
    /// The value.
    pub value: Value,
    /// Which object it is, where that is known: an object that comes twice gets an anchor and aliases.
    pub identity: Option<usize>,
}

/// Kinds of values.
#[derive(Debug, Clone)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A larger integer.
    BigInt(Rc<BigInt>),
    /// A double.
    Float(f64),
    /// Text.
    Str(Rc<str>),
    /// Text that is printed as a block (`|`) where YAML can say it so.
    Block(Rc<str>),
    /// `!!binary`
    Bytes(Rc<[u8]>),
    /// A date.
    Date(Date),
    /// A date and time.
    DateTime(DateTime),
    /// A vault's envelope, printed as `!vault |`.
    Vault(Rc<str>),
    /// A list.
    Sequence(Vec<Item>),
    /// A mapping.
    Mapping(Vec<(Item, Item)>),
}

impl From<Value> for Item {
    fn from(value: Value) -> Self {
        Self { value, identity: None }
    }
}

/// How to print; the names are those of Python's `yaml.dump`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Spaces a level; what is not 2 to 9 means 2.
    pub indent: i64,
    /// Where long lines are folded; negative: nowhere; what is not more than two levels means 80.
    pub width: i64,
    /// `[...]` and `{...}` everywhere, nowhere, or (`None`) around what has only plain scalars.
    pub default_flow_style: Option<bool>,
    /// A style for all scalars: `'`, `"`, `|` or `>`.
    pub default_style: Option<char>,
    /// Sort mappings by their keys, where the keys have an order.
    pub sort_keys: bool,
    /// Print letters beyond ASCII as they are.
    pub allow_unicode: bool,
    /// Begin with `---`.
    pub explicit_start: bool,
    /// End with `...`.
    pub explicit_end: bool,
    /// The line break.
    pub line_break: LineBreak,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineBreak {
    /// `\n`
    #[default]
    LineFeed,
    /// `\r`
    CarriageReturn,
    /// `\r\n`
    Both,
}

impl Options {
    /// Ansible's `to_yaml`.
    #[must_use]
    pub fn to_yaml() -> Self {
        Self {
            indent: 2,
            width: 80,
            default_flow_style: None,
            default_style: None,
            sort_keys: true,
            allow_unicode: true,
            explicit_start: false,
            explicit_end: false,
            line_break: LineBreak::LineFeed,
        }
    }

    /// Ansible's `to_nice_yaml`.
    #[must_use]
    pub fn to_nice_yaml() -> Self {
        Self { indent: 4, default_flow_style: Some(false), ..Self::to_yaml() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::to_yaml()
    }
}

/// The text of one document.
#[must_use]
pub fn emit(root: &Item, options: &Options) -> String {
    emit_all(std::slice::from_ref(root), options)
}

/// The text of several documents.
#[must_use]
pub fn emit_all(documents: &[Item], options: &Options) -> String {
    let mut writer = write::Writer::new(options);
    for (index, document) in documents.iter().enumerate() {
        let node = represent::document(document, options);
        writer.document(&node, index == 0);
    }
    writer.finish()
}
