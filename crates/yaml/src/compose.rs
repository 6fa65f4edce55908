//! Events into nodes: anchors and aliases, tags, merge keys, duplicate keys, limits.

use std::{
    cell::Cell,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    error::{Error, Report, Warning, WarningKind},
    events::{Event, Events, LibyamlEvents},
    json,
    node::{Kind, Mapping, Node, Resolved, Scalar, Style, Tag},
    resolve::{self, Implicit, python_repr},
    source::{Position, Source, Span},
};

/// What to do with a key that stands twice in one mapping (`DUPLICATE_YAML_DICT_KEY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DuplicateKeys {
    /// Warn, and use the last value.
    #[default]
    Warn,
    /// Refuse the document.
    Error,
    /// Use the last value.
    Ignore,
}

/// How to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to do with a key that stands twice.
    pub duplicate_keys: DuplicateKeys,
    /// Try JSON first, as Ansible does for every file it loads (not for the filter `from_yaml`).
    pub json_first: bool,
    /// Know `!unsafe`, `!vault` and `!vault-encrypted`, as for files (not for the filter `from_yaml`).
    pub ansible_tags: bool,
    /// Containers within containers.
    pub max_depth: usize,
    /// Nodes of the document once every alias is followed: what refuses an alias bomb.
    pub max_nodes: u64,
}

impl Options {
    /// For playbooks, inventories and variables: Ansible's `DataLoader`.
    #[must_use]
    pub fn files() -> Self {
        Self {
            duplicate_keys: DuplicateKeys::Warn,
            json_first: true,
            ansible_tags: true,
            max_depth: 200,
            max_nodes: 20_000_000,
        }
    }

    /// For the filters `from_yaml` and `from_yaml_all`.
    #[must_use]
    pub fn filter() -> Self {
        Self { json_first: false, ansible_tags: false, ..Self::files() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::files()
    }
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The documents; an empty stream has none.
    pub documents: Vec<Node>,
    /// What is likely not meant, in the order in which it was found.
    pub warnings: Vec<Warning>,
}

impl Loaded {
    /// The first document; `null` at the start of the source where there is none, as Python's `None`.
    #[must_use]
    pub fn root(&self) -> Node {
        self.documents.first().cloned().unwrap_or_else(|| Node {
            kind: Kind::Scalar(Scalar { text: Rc::from(""), style: Style::Plain, value: Resolved::Null }),
            tag: None,
            span: Span::at(Position::START),
        })
    }
}

/// Reads all documents of a source.
///
/// # Errors
///
/// The source cannot be read, with place, cause and cure.
pub fn load_all(source: &Source, options: &Options) -> Result<Loaded, Error> {
    load(source, options, false)
}

/// Reads a source that must hold at most one document.
///
/// # Errors
///
/// The source cannot be read or holds a second document.
pub fn load_one(source: &Source, options: &Options) -> Result<Loaded, Error> {
    load(source, options, true)
}

fn load(source: &Source, options: &Options, single: bool) -> Result<Loaded, Error> {
    if options.json_first
        && let Some(root) = json::load(source, options.max_depth)
    {
        return Ok(Loaded { documents: vec![root], warnings: Vec::new() });
    }
    let mut terminated = String::new();
    let text = if source.text().ends_with('\n') {
        source.text()
    } else {
        terminated.reserve(source.text().len() + 1);
        terminated.push_str(source.text());
        terminated.push('\n');
        &terminated
    };
    let reached = Cell::new(Position::START);
    let run = || Composer::new(source, options, LibyamlEvents::new(source, text, &reached)).documents(single);
    // The parser is foreign code; should it panic, that is an error of this document and not the end of the run. It does
    // so at a comma right behind a tag (`[!!str, x]`), of which PyYAML's makes an empty value.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let place = Span::at(reached.get());
        Err(Report::new(source, place, "The YAML parser failed on what follows here (a defect of ours).")
            .help(
                "Put a blank between a tag and the comma behind it (`[!!str , x]`). If that is not it, please report it with \
                 the file; until then, JSON or other quoting gets around it.",
            )
            .into())
    })
}

struct Composer<'a, E> {
    source: &'a Source,
    options: &'a Options,
    events: E,
    anchors: HashMap<String, Anchor>,
    warnings: Vec<Warning>,
    nodes: u64,
}

struct Anchor {
    /// `None` while the node is being composed.
    node: Option<(Node, u64)>,
    span: Span,
}

impl<'a, E: Events> Composer<'a, E> {
    fn new(source: &'a Source, options: &'a Options, events: E) -> Self {
        Self { source, options, events, anchors: HashMap::new(), warnings: Vec::new(), nodes: 0 }
    }

    fn documents(mut self, single: bool) -> Result<Loaded, Error> {
        let mut documents: Vec<Node> = Vec::new();
        let mut first = None;
        loop {
            let (event, span) = self.events.next()?;
            match event {
                Event::StreamEnd => return Ok(Loaded { documents, warnings: self.warnings }),
                Event::DocumentStart => {
                    if single && let (Some(_), Some(root)) = (first, documents.first()) {
                        return Err(Report::marked(
                            self.source,
                            Some(("expected a single document in the stream", root.span.start)),
                            "but found another document",
                            span.start,
                        )
                        .help("Put each document into a file of its own.")
                        .into());
                    }
                    first = Some(span);
                    self.anchors.clear();
                    let root = self.next_node(0)?;
                    documents.push(root);
                }
                _ => {}
            }
        }
    }

    fn next_node(&mut self, depth: usize) -> Result<Node, Error> {
        let (event, span) = self.events.next()?;
        self.node(event, span, depth)
    }

    fn marked(&self, context: Option<(&str, Position)>, problem: &str, position: Position) -> Report {
        Report::marked(self.source, context, problem, position)
    }

    fn node(&mut self, event: Event, span: Span, depth: usize) -> Result<Node, Error> {
        self.nodes += 1;
        if self.nodes > self.options.max_nodes {
            let limit = self.options.max_nodes;
            let message = format!("The document grows beyond {limit} nodes once its aliases are followed.");
            return Err(Report::new(self.source, span, message).label("this alias").into());
        }
        if depth > self.options.max_depth {
            let message = format!("The document nests deeper than {} levels.", self.options.max_depth);
            return Err(Report::new(self.source, span, message).into());
        }
        let before = self.nodes;
        let (anchor, node) = match event {
            Event::Alias(name) => return self.alias(&name, span),
            Event::Scalar { anchor, tag, text, implicit, style } => {
                self.open_anchor(anchor.as_deref(), span)?;
                (anchor, self.scalar(tag.as_deref(), text, implicit, style, span)?)
            }
            Event::SequenceStart { anchor, tag } => {
                self.open_anchor(anchor.as_deref(), span)?;
                (anchor, self.sequence(tag.as_deref(), span, depth)?)
            }
            Event::MappingStart { anchor, tag } => {
                self.open_anchor(anchor.as_deref(), span)?;
                (anchor, self.mapping(tag.as_deref(), span, depth)?)
            }
            _ => return Err(self.marked(None, "expected a node", span.start).into()),
        };
        if let Some(name) = anchor {
            let weight = self.nodes - before + 1;
            self.anchors.insert(name, Anchor { node: Some((node.clone(), weight)), span });
        }
        Ok(node)
    }

    fn open_anchor(&mut self, name: Option<&str>, span: Span) -> Result<(), Error> {
        let Some(name) = name else { return Ok(()) };
        if let Some(first) = self.anchors.get(name) {
            let mut report = self.marked(
                Some(("found duplicate anchor; first occurrence", first.span.start)),
                "second occurrence",
                span.start,
            );
            report.label = format!("`&{name}` again");
            return Err(report.help("Give one of the two anchors another name.").into());
        }
        self.anchors.insert(name.to_owned(), Anchor { node: None, span });
        Ok(())
    }

    fn alias(&mut self, name: &str, span: Span) -> Result<Node, Error> {
        match self.anchors.get(name) {
            None => {
                let report = self.marked(None, "found undefined alias", span.start);
                let help =
                    format!("There is no `&{name}` before this place; quote the value if a literal `*` is meant.");
                Err(Report { span, ..report }.help(help).into())
            }
            Some(Anchor { node: None, span: anchor }) => {
                let message = format!("The alias `*{name}` stands inside the node that it refers to.");
                let mut report = Report::new(self.source, span, message).label("this alias");
                report.context = Some((*anchor, "its anchor".into()));
                Err(report.help("A value cannot contain itself; write it out once.").into())
            }
            Some(Anchor { node: Some((node, weight)), .. }) => {
                self.nodes += weight;
                Ok(node.clone())
            }
        }
    }

    /// A scalar anywhere but as a mapping's key, where `<<` and `=` have a meaning.
    fn scalar(
        &mut self,
        tag: Option<&str>,
        text: String,
        implicit: bool,
        style: Style,
        span: Span,
    ) -> Result<Node, Error> {
        let by_text = || resolve::implicit(&text);
        let (kind, kept) = match tag.map(short_tag) {
            None | Some("!") => (if implicit { by_text() } else { Implicit::Str }, None),
            Some("!!str" | "!!python/unicode") => (Implicit::Str, None),
            Some("!!int") => (Implicit::Int, None),
            Some("!!float") => (Implicit::Float, None),
            Some("!!bool") => (Implicit::Bool, None),
            Some("!!null") => (Implicit::Null, None),
            Some("!!timestamp") => (Implicit::Timestamp, None),
            Some("!!binary") => return self.binary(&text, style, span),
            Some("!unsafe") if self.options.ansible_tags => (by_text(), Some(Tag::Unsafe)),
            Some(name @ ("!vault" | "!vault-encrypted")) if self.options.ansible_tags => {
                if by_text() != Implicit::Str {
                    return Err(self.vault_needs_text(name, span));
                }
                self.deprecated_vault(name, span);
                (Implicit::Str, Some(Tag::Vault))
            }
            Some("!!seq" | "!!omap" | "!!pairs") => return Err(self.unexpected("sequence", "scalar", span)),
            Some("!!map" | "!!set" | "!!python/dict") => return Err(self.unexpected("mapping", "scalar", span)),
            Some(_) => return Err(self.unknown_tag(tag.unwrap_or_default(), span)),
        };
        let value =
            resolve::construct(kind, &text).map_err(|problem| self.not_constructed(kind, &text, problem, span))?;
        Ok(Node { kind: Kind::Scalar(Scalar { text: Rc::from(text), style, value }), tag: kept, span })
    }

    fn binary(&self, text: &str, style: Style, span: Span) -> Result<Node, Error> {
        if let Some((index, character)) = text.chars().enumerate().find(|(_, character)| !character.is_ascii()) {
            let code = u32::from(character);
            let shown = match code {
                0..=0xff => format!("\\x{code:02x}"),
                0x100..=0xffff => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            };
            let problem = format!(
                "failed to convert base64 data into ascii: 'ascii' codec can't encode character '{shown}' in position \
                 {index}: ordinal not in range(128)"
            );
            return Err(self.marked(None, &problem, span.start).into());
        }
        let bytes = decode_base64(text).map_err(|problem| {
            Error::from(self.marked(None, &format!("failed to decode base64 data: {problem}"), span.start))
        })?;
        let value = Resolved::Binary(Rc::from(bytes));
        Ok(Node { kind: Kind::Scalar(Scalar { text: Rc::from(text), style, value }), tag: None, span })
    }

    fn sequence(&mut self, tag: Option<&str>, start: Span, depth: usize) -> Result<Node, Error> {
        let kept = match tag.map(short_tag) {
            None | Some("!" | "!!seq") => None,
            Some("!unsafe") if self.options.ansible_tags => Some(Tag::Unsafe),
            Some(name @ ("!!omap" | "!!pairs")) => {
                let help = if name == "!!omap" {
                    "Use a standard mapping instead, as key order is always preserved."
                } else {
                    "Use a standard mapping instead."
                };
                self.deprecated(format!("Use of the YAML `{name}` tag is deprecated."), help, start);
                Some(Tag::Pairs)
            }
            Some(name @ ("!vault" | "!vault-encrypted")) if self.options.ansible_tags => {
                return Err(self.vault_needs_text(name, start));
            }
            Some(name) => return Err(self.wrong_collection_tag(name, tag, "sequence", start)),
        };
        let mut items = Vec::new();
        let end = loop {
            let (event, span) = self.events.next()?;
            if matches!(event, Event::SequenceEnd) {
                break span.end;
            }
            let item = self.node(event, span, depth + 1)?;
            if kept == Some(Tag::Pairs) {
                self.check_pair(&item, tag.map(short_tag) == Some("!!omap"), start)?;
            }
            items.push(item);
        };
        let span = Span { start: start.start, end };
        Ok(Node { kind: Kind::Sequence(Rc::from(items)), tag: kept, span })
    }

    fn check_pair(&self, item: &Node, ordered: bool, start: Span) -> Result<(), Error> {
        let context = if ordered { "while constructing an ordered map" } else { "while constructing pairs" };
        let problem = match &item.kind {
            Kind::Mapping(mapping) if mapping.entries.len() == 1 => return Ok(()),
            Kind::Mapping(mapping) => {
                format!("expected a single mapping item, but found {} items", mapping.entries.len())
            }
            Kind::Sequence(_) => "expected a mapping of length 1, but found sequence".into(),
            Kind::Scalar(_) => "expected a mapping of length 1, but found scalar".into(),
        };
        Err(self.marked(Some((context, start.start)), &problem, item.span.start).into())
    }

    fn mapping(&mut self, tag: Option<&str>, start: Span, depth: usize) -> Result<Node, Error> {
        let kept = match tag.map(short_tag) {
            None | Some("!" | "!!map" | "!!python/dict") => None,
            Some("!!set") => Some(Tag::Set),
            Some("!unsafe") if self.options.ansible_tags => Some(Tag::Unsafe),
            Some(name @ ("!vault" | "!vault-encrypted")) if self.options.ansible_tags => {
                return Err(self.vault_needs_text(name, start));
            }
            Some(name) => return Err(self.wrong_collection_tag(name, tag, "mapping", start)),
        };
        let mut own = Vec::new();
        let mut merged = Vec::new();
        let end = loop {
            let (event, span) = self.events.next()?;
            let key = match event {
                Event::MappingEnd => break span.end,
                Event::Scalar { anchor: None, tag: None, ref text, implicit: true, .. } if text == "<<" => {
                    let value = self.next_node(depth + 1)?;
                    self.merge(&value, start, &mut merged)?;
                    continue;
                }
                Event::Scalar { anchor, tag: None, text, implicit: true, style } if text == "=" => {
                    self.node(Event::Scalar { anchor, tag: None, text, implicit: false, style }, span, depth + 1)?
                }
                event => self.node(event, span, depth + 1)?,
            };
            if !matches!(key.kind, Kind::Scalar(_)) {
                return Err(crate::help::unhashable(self.source, start, &key));
            }
            let value = self.next_node(depth + 1)?;
            own.push((key, value));
        };
        let entries = if merged.is_empty() {
            own
        } else {
            merged.append(&mut own);
            merged
        };
        let entries = self.unique(entries)?;
        let span = Span { start: start.start, end };
        Ok(Node { kind: Kind::Mapping(Rc::new(Mapping { entries })), tag: kept, span })
    }

    /// The entries that `<<: value` brings, in PyYAML's order: those of the last mapping of a list first, so that the
    /// first mapping wins.
    fn merge(&mut self, value: &Node, start: Span, merged: &mut Vec<(Node, Node)>) -> Result<(), Error> {
        let context = Some(("while constructing a mapping", start.start));
        match &value.kind {
            Kind::Mapping(mapping) => merged.extend(mapping.entries.iter().cloned()),
            Kind::Sequence(items) => {
                let mut mappings = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let Kind::Mapping(mapping) = &item.kind else {
                        let problem = format!("expected a mapping for merging, but found {}", item.kind.id());
                        return Err(self.marked(context, &problem, item.span.start).into());
                    };
                    mappings.push(mapping);
                }
                merged.extend(mappings.into_iter().rev().flat_map(|mapping| mapping.entries.iter().cloned()));
            }
            Kind::Scalar(_) => {
                let problem = "expected a mapping or list of mappings for merging, but found scalar";
                return Err(self.marked(context, problem, value.span.start).into());
            }
        }
        self.nodes += merged.len() as u64 * 2;
        Ok(())
    }

    /// Python's dict: a key stands where it came first and has the value that came last.
    fn unique(&mut self, entries: Vec<(Node, Node)>) -> Result<Vec<(Node, Node)>, Error> {
        let few = entries.len() <= 12;
        if few && !has_duplicates(&entries) {
            return Ok(entries);
        }
        let mut seen: HashMap<Key, usize> = HashMap::with_capacity(entries.len());
        let mut unique: Vec<(Node, Node)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(hashed) = Key::of(&key) else {
                unique.push((key, value));
                continue;
            };
            match seen.get(&hashed).and_then(|index| unique.get_mut(*index)) {
                None => {
                    seen.insert(hashed, unique.len());
                    unique.push((key, value));
                }
                Some((first, slot)) => {
                    *slot = value;
                    let first = first.span;
                    self.duplicate(&key, first)?;
                }
            }
        }
        Ok(unique)
    }

    fn duplicate(&mut self, key: &Node, first: Span) -> Result<(), Error> {
        let shown = key.as_scalar().map(|scalar| repr(&scalar.value, &scalar.text)).unwrap_or_default();
        let message = format!("Found duplicate mapping key {shown}.");
        match self.options.duplicate_keys {
            DuplicateKeys::Ignore => {}
            DuplicateKeys::Error => {
                let problem = format!("Found duplicate mapping key {shown}");
                let mut report = Report { span: key.span, ..self.marked(None, &problem, key.span.start) };
                report.message = message;
                report.label = "again here".into();
                report.context = Some((first, "first here".into()));
                return Err(report.help("Remove one of the two.").into());
            }
            DuplicateKeys::Warn => {
                let help = Some("Using last defined value only.");
                let warning = Warning { kind: WarningKind::DuplicateKey, message, span: key.span, help };
                if !self.warnings.contains(&warning) {
                    self.warnings.push(warning);
                }
            }
        }
        Ok(())
    }

    fn deprecated(&mut self, message: String, help: &'static str, span: Span) {
        self.warnings.push(Warning { kind: WarningKind::Deprecation, message, span, help: Some(help) });
    }

    fn deprecated_vault(&mut self, name: &str, span: Span) {
        if name == "!vault-encrypted" {
            let message = "Use of the YAML `!vault-encrypted` tag is deprecated.".to_owned();
            self.deprecated(message, "Use the `!vault` tag instead.", span);
        }
    }

    fn vault_needs_text(&self, name: &str, span: Span) -> Error {
        let mut report =
            self.marked(None, &format!("the {} tag requires a string value", python_repr(name)), span.start);
        report.label = "not a string".into();
        report.help("Write the envelope as a block: `key: !vault |`, and `$ANSIBLE_VAULT;...` indented below.").into()
    }

    fn unexpected(&self, wanted: &str, found: &str, span: Span) -> Error {
        self.marked(None, &format!("expected a {wanted} node, but found {found}"), span.start).into()
    }

    fn wrong_collection_tag(&self, name: &str, tag: Option<&str>, found: &str, span: Span) -> Error {
        match name {
            "!!str" | "!!python/unicode" | "!!int" | "!!float" | "!!bool" | "!!null" | "!!timestamp" | "!!binary" => {
                self.unexpected("scalar", found, span)
            }
            "!!seq" | "!!omap" | "!!pairs" => self.unexpected("sequence", found, span),
            "!!map" | "!!set" | "!!python/dict" => self.unexpected("mapping", found, span),
            _ => self.unknown_tag(tag.unwrap_or_default(), span),
        }
    }

    fn unknown_tag(&self, tag: &str, span: Span) -> Error {
        let problem = format!("could not determine a constructor for the tag {}", python_repr(tag));
        let mut report = self.marked(None, &problem, span.start);
        report.label = "this tag is not known".into();
        report
            .help("Quote the value if a literal `!` is meant; known are `!vault`, `!unsafe` and YAML's own tags.")
            .into()
    }

    fn not_constructed(&self, kind: Implicit, text: &str, problem: String, span: Span) -> Error {
        let (marked, label) = match kind {
            Implicit::Merge | Implicit::Value => (true, "this has a meaning only as a mapping's key".to_owned()),
            Implicit::Timestamp => (false, "read as a date".to_owned()),
            Implicit::Int => (false, "read as an integer".to_owned()),
            Implicit::Float => (false, "read as a float".to_owned()),
            Implicit::Bool => (false, "read as a boolean".to_owned()),
            _ => (false, String::new()),
        };
        let report =
            if marked { self.marked(None, &problem, span.start) } else { Report::new(self.source, span, problem) };
        Report { span, ..report }.label(label).help(format!("Quote it if text is meant: '{}'", text.trim())).into()
    }
}

/// Without a hash map, for the mappings of a few keys that documents are made of.
fn has_duplicates(entries: &[(Node, Node)]) -> bool {
    entries.iter().enumerate().any(|(index, (key, _))| {
        entries.iter().take(index).any(|(earlier, _)| match (key.as_str(), earlier.as_str()) {
            (Some(key), Some(earlier)) => key == earlier,
            (None, None) => true, // settled by the hash map
            _ => false,
        })
    })
}

impl Kind {
    fn id(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "scalar",
            Self::Sequence(_) => "sequence",
            Self::Mapping(_) => "mapping",
        }
    }
}

/// A scalar as Python's dict sees a key: `1 == 1.0 == True`.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Null,
    Int(i64),
    Float(u64),
    Text(Rc<str>),
    Other(String),
}

impl Key {
    /// `None`: equal to no other key.
    fn of(node: &Node) -> Option<Self> {
        let scalar = node.as_scalar()?;
        if node.tag == Some(Tag::Vault) {
            return None;
        }
        Some(match &scalar.value {
            Resolved::Null => Self::Null,
            Resolved::Bool(value) => Self::Int(i64::from(*value)),
            Resolved::Int(value) => Self::Int(*value),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "checked by the round trip"
            )]
            Resolved::Float(value) if (*value as i64) as f64 == *value => Self::Int(*value as i64),
            Resolved::Float(value) if value.is_nan() => return None,
            Resolved::Float(value) => Self::Float(value.to_bits()),
            Resolved::Str => Self::Text(Rc::clone(&scalar.text)),
            Resolved::BigInt(value) => Self::Other(format!("int {value}")),
            Resolved::Date(value) => Self::Other(format!("date {value}")),
            Resolved::DateTime(value) => Self::Other(format!("datetime {value}")),
            Resolved::Binary(value) => Self::Other(format!("bytes {value:?}")),
        })
    }
}

/// Python's `repr` of a scalar.
fn repr(value: &Resolved, text: &str) -> String {
    match value {
        Resolved::Null => "None".into(),
        Resolved::Bool(true) => "True".into(),
        Resolved::Bool(false) => "False".into(),
        Resolved::Int(value) => value.to_string(),
        Resolved::BigInt(value) => value.to_string(),
        Resolved::Float(value) => format!("{value:?}"),
        Resolved::Str => python_repr(text),
        Resolved::Date(value) => value.repr(),
        Resolved::DateTime(value) => value.repr(),
        Resolved::Binary(_) => format!("b{}", python_repr(text)),
    }
}

/// A tag with YAML's own prefix written `!!`.
fn short_tag(tag: &str) -> &str {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        None => tag,
        Some("str") => "!!str",
        Some("int") => "!!int",
        Some("float") => "!!float",
        Some("bool") => "!!bool",
        Some("null") => "!!null",
        Some("timestamp") => "!!timestamp",
        Some("binary") => "!!binary",
        Some("seq") => "!!seq",
        Some("map") => "!!map",
        Some("set") => "!!set",
        Some("omap") => "!!omap",
        Some("pairs") => "!!pairs",
        Some("python/unicode") => "!!python/unicode",
        Some("python/dict") => "!!python/dict",
        Some(_) => tag,
    }
}

/// Python's `base64.decodebytes`: what is not of the alphabet is skipped.
fn decode_base64(text: &str) -> Result<Vec<u8>, String> {
    let mut digits: Vec<u8> = Vec::with_capacity(text.len());
    let mut padding = 0;
    for byte in text.bytes() {
        match byte {
            b'=' => {
                padding += 1;
                if digits.len() % 4 >= 2 && digits.len() % 4 + padding >= 4 {
                    break;
                }
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                padding = 0;
                digits.push(byte);
            }
            _ => {}
        }
    }
    match digits.len() % 4 {
        0 => {}
        1 => {
            return Err(format!(
                "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
                digits.len()
            ));
        }
        rest if rest + padding < 4 => return Err("Incorrect padding".into()),
        rest => digits.resize(digits.len() + 4 - rest, b'='),
    }
    STANDARD.decode(&digits).or_else(|_| {
        base64::engine::GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
        )
        .decode(&digits)
        .map_err(|error| error.to_string())
    })
}
