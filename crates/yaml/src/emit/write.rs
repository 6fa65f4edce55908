//! Nodes into text, in the ways of libyaml's emitter.

use super::{
    LineBreak, Options,
    analyze::{Analysis, analyze, is_printable},
    represent::{Content, Node, Scalar, Style},
};
use crate::source::is_break;

/// A key longer than this many bytes is written behind `? `.
const LONGEST_SIMPLE_KEY: usize = 128;

pub(super) struct Writer<'o> {
    options: &'o Options,
    out: String,
    best_indent: usize,
    best_width: usize,
    column: usize,
    /// `None` outside of all collections.
    indent: Option<usize>,
    flow_level: usize,
    /// The last character was a blank.
    whitespace: bool,
    /// Nothing but indentation and indicators (`-`, `?`, `:`) stands on the line.
    indention: bool,
    /// The last scalar keeps its line breaks, so that only `...` ends it.
    open_ended: bool,
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    /// A key, or a value that follows one.
    Mapping,
    SimpleKey,
}

impl<'o> Writer<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        let best_indent = usize::try_from(options.indent).ok().filter(|indent| (2..=9).contains(indent)).unwrap_or(2);
        let best_width = match usize::try_from(options.width) {
            Err(_) => usize::MAX,
            Ok(width) if width <= best_indent * 2 => 80,
            Ok(width) => width,
        };
        Self {
            options,
            out: String::new(),
            best_indent,
            best_width,
            column: 0,
            indent: None,
            flow_level: 0,
            whitespace: true,
            indention: true,
            open_ended: false,
        }
    }

    pub(super) fn document(&mut self, root: &Node<'_>, first: bool) {
        self.open_ended = false;
        if self.options.explicit_start || !first {
            self.write_indent();
            self.indicator("---", true, false, false);
        }
        self.node(root, Place::Root);
        self.write_indent();
        if self.options.explicit_end {
            self.indicator("...", true, false, false);
            self.open_ended = false;
            self.write_indent();
        }
    }

    pub(super) fn finish(mut self) -> String {
        if self.open_ended {
            self.indicator("...", true, false, false);
            self.write_indent();
        }
        self.out
    }

    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push_str(match self.options.line_break {
            LineBreak::LineFeed => "\n",
            LineBreak::CarriageReturn => "\r",
            LineBreak::Both => "\r\n",
        });
        self.column = 0;
    }

    /// A line break of the text itself.
    fn write_break(&mut self, character: char) {
        if character == '\n' {
            self.put_break();
        } else {
            self.out.push(character);
            self.column = 0;
        }
    }

    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, needs_blank: bool, is_blank: bool, is_indention: bool) {
        if needs_blank && !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = is_blank;
        self.indention = self.indention && is_indention;
    }

    fn increase_indent(&mut self, flow: bool, indentless: bool) -> Option<usize> {
        let before = self.indent;
        self.indent = match before {
            None => Some(if flow { self.best_indent } else { 0 }),
            Some(indent) if indentless => Some(indent),
            Some(indent) => Some(indent + self.best_indent),
        };
        before
    }

    fn node(&mut self, node: &Node<'_>, place: Place) {
        if let Some(anchor) = &node.anchor {
            self.indicator("&", true, false, false);
            self.name(anchor);
        }
        match &node.content {
            Content::Alias(anchor) => {
                self.indicator("*", true, false, false);
                self.name(anchor);
                if place == Place::SimpleKey {
                    self.put(' ');
                }
            }
            Content::Scalar(scalar) => self.scalar(scalar, place),
            Content::Sequence { items, flow } => {
                if self.flow_level > 0 || *flow || items.is_empty() {
                    self.flow_sequence(items);
                } else {
                    self.block_sequence(items, place);
                }
            }
            Content::Mapping { entries, flow } => {
                if self.flow_level > 0 || *flow || entries.is_empty() {
                    self.flow_mapping(entries);
                } else {
                    self.block_mapping(entries);
                }
            }
        }
    }

    fn name(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = false;
        self.indention = false;
    }

    fn flow_sequence(&mut self, items: &[Node<'_>]) {
        self.indicator("[", true, true, false);
        let before = self.increase_indent(true, false);
        self.flow_level += 1;
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.indicator(",", false, false, false);
            }
            if self.column > self.best_width {
                self.write_indent();
            }
            self.node(item, Place::Item);
        }
        self.flow_level -= 1;
        self.indent = before;
        self.indicator("]", false, false, false);
    }

    fn flow_mapping(&mut self, entries: &[(Node<'_>, Node<'_>)]) {
        self.indicator("{", true, true, false);
        let before = self.increase_indent(true, false);
        self.flow_level += 1;
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                self.indicator(",", false, false, false);
            }
            if self.column > self.best_width {
                self.write_indent();
            }
            if self.is_simple_key(key) {
                self.node(key, Place::SimpleKey);
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, false);
                self.node(key, Place::Mapping);
                if self.column > self.best_width {
                    self.write_indent();
                }
                self.indicator(":", true, false, false);
            }
            self.node(value, Place::Mapping);
        }
        self.flow_level -= 1;
        self.indent = before;
        self.indicator("}", false, false, false);
    }

    fn block_sequence(&mut self, items: &[Node<'_>], place: Place) {
        let in_mapping = matches!(place, Place::Mapping | Place::SimpleKey);
        let before = self.increase_indent(false, in_mapping && !self.indention);
        for item in items {
            self.write_indent();
            self.indicator("-", true, false, true);
            self.node(item, Place::Item);
        }
        self.indent = before;
    }

    fn block_mapping(&mut self, entries: &[(Node<'_>, Node<'_>)]) {
        let before = self.increase_indent(false, false);
        for (key, value) in entries {
            self.write_indent();
            if self.is_simple_key(key) {
                self.node(key, Place::SimpleKey);
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, true);
                self.node(key, Place::Mapping);
                self.write_indent();
                self.indicator(":", true, false, true);
            }
            self.node(value, Place::Mapping);
        }
        self.indent = before;
    }

    fn is_simple_key(&self, key: &Node<'_>) -> bool {
        let anchor = key.anchor.as_ref().map_or(0, String::len);
        let length = match &key.content {
            Content::Alias(name) => name.len(),
            Content::Scalar(scalar) => {
                if scalar.text.contains(is_break) {
                    return false;
                }
                anchor + scalar.tag.map_or(0, str::len) + scalar.text.len()
            }
            Content::Sequence { items, .. } if items.is_empty() => anchor,
            Content::Mapping { entries, .. } if entries.is_empty() => anchor,
            _ => return false,
        };
        length <= LONGEST_SIMPLE_KEY
    }

    fn scalar(&mut self, scalar: &Scalar<'_>, place: Place) {
        let analysis = analyze(&scalar.text, self.options.allow_unicode);
        let simple_key = place == Place::SimpleKey;
        let (style, tag) = self.choose(scalar, analysis, simple_key);
        if let Some(tag) = tag {
            if !self.whitespace {
                self.put(' ');
            }
            self.name(tag);
        }
        let before = self.increase_indent(true, false);
        match style {
            Style::Plain => self.plain(&scalar.text, !simple_key),
            Style::SingleQuoted => self.single_quoted(&scalar.text, !simple_key),
            Style::DoubleQuoted => self.double_quoted(&scalar.text, !simple_key),
            Style::Literal => self.literal(&scalar.text),
            Style::Folded => self.folded(&scalar.text),
        }
        self.indent = before;
    }

    fn choose(&self, scalar: &Scalar<'_>, analysis: Analysis, simple_key: bool) -> (Style, Option<&'static str>) {
        let in_flow = self.flow_level > 0;
        let mut style = scalar.style;
        if simple_key && analysis.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain {
            let allowed = if in_flow { analysis.flow_plain } else { analysis.block_plain };
            let empty = scalar.text.is_empty() && (in_flow || simple_key);
            if !allowed || empty || (scalar.tag.is_none() && !scalar.plain_implicit) {
                style = Style::SingleQuoted;
            }
        }
        if style == Style::SingleQuoted && !analysis.single_quoted {
            style = Style::DoubleQuoted;
        }
        if matches!(style, Style::Literal | Style::Folded) && (!analysis.block || in_flow || simple_key) {
            style = Style::DoubleQuoted;
        }
        let tag = match scalar.tag {
            None if !scalar.quoted_implicit && style != Style::Plain => Some("!"),
            tag => tag,
        };
        (style, tag)
    }

    fn plain(&mut self, text: &str, allow_breaks: bool) {
        if !self.whitespace && (!text.is_empty() || self.flow_level > 0) {
            self.put(' ');
        }
        let (mut spaces, mut breaks) = (false, false);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == ' ' {
                if allow_breaks && !spaces && self.column > self.best_width && characters.peek() != Some(&' ') {
                    self.write_indent();
                } else {
                    self.put(character);
                }
                spaces = true;
            } else if is_break(character) {
                if !breaks && character == '\n' {
                    self.put_break();
                }
                self.write_break(character);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(character);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.indicator("'", true, false, false);
        let (mut spaces, mut breaks, mut first) = (false, false, true);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character == ' ' {
                let folds = allow_breaks
                    && !spaces
                    && self.column > self.best_width
                    && !first
                    && characters.peek().is_some_and(|next| *next != ' ');
                if folds {
                    self.write_indent();
                } else {
                    self.put(character);
                }
                spaces = true;
            } else if is_break(character) {
                if !breaks && character == '\n' {
                    self.put_break();
                }
                self.write_break(character);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if character == '\'' {
                    self.put('\'');
                }
                self.put(character);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
            first = false;
        }
        if breaks {
            self.write_indent();
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn double_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.indicator("\"", true, false, false);
        let (mut spaces, mut first) = (false, true);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let escaped = !is_printable(character)
                || (!self.options.allow_unicode && !character.is_ascii())
                || is_break(character)
                || matches!(character, '"' | '\\');
            if escaped {
                self.escape(character);
                spaces = false;
            } else if character == ' ' {
                let folds =
                    allow_breaks && !spaces && self.column > self.best_width && !first && characters.peek().is_some();
                if folds {
                    self.write_indent();
                    if characters.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(character);
                }
                spaces = true;
            } else {
                self.put(character);
                spaces = false;
            }
            first = false;
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, character: char) {
        let code = u32::from(character);
        let text = match character {
            '\0' => "0".to_owned(),
            '\u{7}' => "a".to_owned(),
            '\u{8}' => "b".to_owned(),
            '\t' => "t".to_owned(),
            '\n' => "n".to_owned(),
            '\u{b}' => "v".to_owned(),
            '\u{c}' => "f".to_owned(),
            '\r' => "r".to_owned(),
            '\u{1b}' => "e".to_owned(),
            '"' | '\\' => character.to_string(),
            '\u{85}' => "N".to_owned(),
            '\u{a0}' => "_".to_owned(),
            '\u{2028}' => "L".to_owned(),
            '\u{2029}' => "P".to_owned(),
            _ if code <= 0xff => format!("x{code:02X}"),
            _ if code <= 0xffff => format!("u{code:04X}"),
            _ => format!("U{code:08X}"),
        };
        self.put('\\');
        self.out.push_str(&text);
        self.column += text.len();
    }

    fn block_hints(&mut self, text: &str) {
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            let hint = self.best_indent.to_string();
            self.indicator(&hint, false, false, false);
        }
        self.open_ended = false;
        let mut from_end = text.chars().rev();
        match (from_end.next(), from_end.next()) {
            (Some(last), before) if is_break(last) => {
                if before.is_none_or(is_break) {
                    self.indicator("+", false, false, false);
                    self.open_ended = true;
                }
            }
            _ => self.indicator("-", false, false, false),
        }
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        self.block_hints(text);
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for character in text.chars() {
            if is_break(character) {
                self.write_break(character);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(character);
                self.indention = false;
                breaks = false;
            }
        }
    }

    fn folded(&mut self, text: &str) {
        self.indicator(">", true, false, false);
        self.block_hints(text);
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let (mut breaks, mut leading_spaces) = (true, true);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if is_break(character) {
                if !breaks && !leading_spaces && character == '\n' {
                    let next = characters.clone().find(|next| !is_break(*next));
                    if next.is_some_and(|next| !matches!(next, ' ' | '\t')) {
                        self.put_break();
                    }
                }
                self.write_break(character);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                    leading_spaces = matches!(character, ' ' | '\t');
                }
                if !breaks && character == ' ' && characters.peek() != Some(&' ') && self.column > self.best_width {
                    self.write_indent();
                } else {
                    self.put(character);
                }
                self.indention = false;
                breaks = false;
            }
        }
    }
}
