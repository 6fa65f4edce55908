//! Values into nodes: tags, styles, order and anchors.

use std::{borrow::Cow, cmp::Ordering, collections::HashMap};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use num_bigint::BigInt;

use super::{Item, Options, Value};
use crate::resolve::{Implicit, implicit};

/// A node, ready to be written.
pub(super) struct Node<'a> {
    pub(super) anchor: Option<String>,
    pub(super) content: Content<'a>,
}

pub(super) enum Content<'a> {
    /// A node that was written already, by its anchor.
    Alias(String),
    Scalar(Scalar<'a>),
    Sequence {
        items: Vec<Node<'a>>,
        flow: bool,
    },
    Mapping {
        entries: Vec<(Node<'a>, Node<'a>)>,
        flow: bool,
    },
}

pub(super) struct Scalar<'a> {
    pub(super) text: Cow<'a, str>,
    /// As it is printed, `!vault` or `!!binary`; `None` where the text alone says what it is.
    pub(super) tag: Option<&'static str>,
    /// A plain scalar of this text is read as this value.
    pub(super) plain_implicit: bool,
    /// A quoted scalar of this text is read as this value.
    pub(super) quoted_implicit: bool,
    pub(super) style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

pub(super) fn document<'a>(root: &'a Item, options: &Options) -> Node<'a> {
    let mut anchors = Anchors::default();
    anchors.visit(root, options);
    let mut representer = Representer { options, anchors: anchors.names, written: HashMap::new() };
    representer.node(root)
}

/// Which objects come more than once. PyYAML numbers them in the order in which they come again.
#[derive(Default)]
struct Anchors {
    names: HashMap<usize, Option<String>>,
    last: usize,
}

impl Anchors {
    fn visit(&mut self, item: &Item, options: &Options) {
        if let Some(identity) = item.identity {
            match self.names.get_mut(&identity) {
                Some(name) => {
                    if name.is_none() {
                        self.last += 1;
                        *name = Some(format!("id{:03}", self.last));
                    }
                    return;
                }
                None => {
                    self.names.insert(identity, None);
                }
            }
        }
        match &item.value {
            Value::Sequence(items) => items.iter().for_each(|item| self.visit(item, options)),
            Value::Mapping(entries) => {
                for (key, value) in ordered(entries, options) {
                    self.visit(key, options);
                    self.visit(value, options);
                }
            }
            _ => {}
        }
    }
}

struct Representer<'o> {
    options: &'o Options,
    anchors: HashMap<usize, Option<String>>,
    /// Whether an object was written, and whether it counts as a plain scalar (for the choice of flow style).
    written: HashMap<usize, bool>,
}

impl Representer<'_> {
    fn node<'a>(&mut self, item: &'a Item) -> Node<'a> {
        let name = item.identity.and_then(|identity| self.anchors.get(&identity).cloned()).flatten();
        if let (Some(identity), Some(name)) = (item.identity, &name) {
            if self.written.contains_key(&identity) {
                return Node { anchor: None, content: Content::Alias(name.clone()) };
            }
            self.written.insert(identity, true);
        }
        Node { anchor: name, content: self.content(item) }
    }

    fn content<'a>(&mut self, item: &'a Item) -> Content<'a> {
        match &item.value {
            Value::Sequence(items) => {
                let all_plain = items.iter().all(|item| self.is_plain_scalar(item));
                let items = items.iter().map(|item| self.node(item)).collect();
                Content::Sequence { items, flow: self.options.default_flow_style.unwrap_or(all_plain) }
            }
            Value::Mapping(entries) => {
                let all_plain =
                    entries.iter().all(|(key, value)| self.is_plain_scalar(key) && self.is_plain_scalar(value));
                let entries =
                    ordered(entries, self.options).into_iter().map(|(key, value)| (self.node(key), self.node(value)));
                Content::Mapping {
                    entries: entries.collect(),
                    flow: self.options.default_flow_style.unwrap_or(all_plain),
                }
            }
            value => Content::Scalar(self.scalar(value)),
        }
    }

    /// Whether PyYAML counts a node as one that fits into `[...]`: a scalar without a style of its own.
    fn is_plain_scalar(&self, item: &Item) -> bool {
        match item.value {
            Value::Sequence(_) | Value::Mapping(_) | Value::Bytes(_) | Value::Vault(_) | Value::Block(_) => false,
            _ => self.options.default_style.is_none(),
        }
    }

    fn scalar<'a>(&self, value: &'a Value) -> Scalar<'a> {
        let (text, kind): (Cow<'a, str>, Implicit) = match value {
            Value::Null => ("null".into(), Implicit::Null),
            Value::Bool(true) => ("true".into(), Implicit::Bool),
            Value::Bool(false) => ("false".into(), Implicit::Bool),
            Value::Int(value) => (value.to_string().into(), Implicit::Int),
            Value::BigInt(value) => (value.to_string().into(), Implicit::Int),
            Value::Float(value) => (float(*value).into(), Implicit::Float),
            Value::Date(date) => (date.to_string().into(), Implicit::Timestamp),
            Value::DateTime(time) => (time.to_string().into(), Implicit::Timestamp),
            Value::Str(text) | Value::Block(text) => (Cow::Borrowed(&**text), Implicit::Str),
            Value::Bytes(bytes) => return tagged("!!binary", base64_lines(bytes).into()),
            Value::Vault(envelope) => return tagged("!vault", Cow::Borrowed(&**envelope)),
            Value::Sequence(_) | Value::Mapping(_) => ("".into(), Implicit::Str),
        };
        let plain_implicit = implicit(&text) == kind;
        let quoted_implicit = kind == Implicit::Str;
        let tag = if plain_implicit || quoted_implicit { None } else { Some(kind.tag()) };
        let style = match self.options.default_style {
            _ if matches!(value, Value::Block(_)) => Style::Literal,
            Some('\'') => Style::SingleQuoted,
            Some('"') => Style::DoubleQuoted,
            Some('|') => Style::Literal,
            Some('>') => Style::Folded,
            _ => Style::Plain,
        };
        Scalar { text, tag, plain_implicit, quoted_implicit, style }
    }
}

impl Implicit {
    fn tag(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Merge => "!!merge",
            Self::Value => "!!value",
            Self::Str => "!!str",
        }
    }
}

fn tagged<'a>(tag: &'static str, text: Cow<'a, str>) -> Scalar<'a> {
    Scalar { text, tag: Some(tag), plain_implicit: false, quoted_implicit: false, style: Style::Literal }
}

/// Python's `base64.encodebytes`: lines of 76.
fn base64_lines(bytes: &[u8]) -> String {
    bytes.chunks(57).map(|chunk| STANDARD.encode(chunk) + "\n").collect()
}

/// Python's `repr` of a float, in YAML's words.
fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".into();
    }
    if value.is_infinite() {
        return (if value > 0.0 { ".inf" } else { "-.inf" }).into();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}{point}e{sign}{:02}", exponent.abs())
}

/// The entries in the order in which they are printed: Python's `sorted`, or as they are where keys cannot be compared.
fn ordered<'a>(entries: &'a [(Item, Item)], options: &Options) -> Vec<(&'a Item, &'a Item)> {
    let mut list: Vec<(&Item, &Item)> = entries.iter().map(|(key, value)| (key, value)).collect();
    let comparable = list.iter().zip(list.iter().skip(1)).all(|(left, right)| compare(left.0, right.0).is_some())
        && list.iter().all(|(key, _)| list.first().is_none_or(|(first, _)| compare(key, first).is_some()));
    if options.sort_keys && comparable {
        list.sort_by(|left, right| compare(left.0, right.0).unwrap_or(Ordering::Equal));
    }
    list
}

fn compare(left: &Item, right: &Item) -> Option<Ordering> {
    match (&left.value, &right.value) {
        (Value::Str(left) | Value::Block(left), Value::Str(right) | Value::Block(right)) => Some(left.cmp(right)),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::DateTime(left), Value::DateTime(right)) => (left.offset_minutes.is_some()
            == right.offset_minutes.is_some())
        .then(|| left.isoformat(' ').cmp(&right.isoformat(' '))),
        (left, right) => match (integer(left), integer(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => real(left)?.partial_cmp(&real(right)?).or(Some(Ordering::Equal)),
        },
    }
}

fn integer(value: &Value) -> Option<BigInt> {
    match value {
        Value::Bool(value) => Some(BigInt::from(u8::from(*value))),
        Value::Int(value) => Some(BigInt::from(*value)),
        Value::BigInt(value) => Some((**value).clone()),
        _ => None,
    }
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        other => integer(other)?.to_string().parse().ok(),
    }
}
