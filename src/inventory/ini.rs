//! INI inventories.
//!
//! `[group]`, `[group:vars]` and `[group:children]` sections; before the first one, `ungrouped`. See
//! <https://docs.ansible.com/ansible-core/2.19/collections/ansible/builtin/ini_inventory.html>.

use std::{borrow::Cow, rc::Rc, sync::Arc};

use indexmap::IndexMap;
use jinja::{Dict, Key, List, Origin, Str, Value};

use super::{
    Fault, address,
    data::{Data, Entity, UNGROUPED},
    literal::{self, Literal, Refusal},
    range, words,
};
use crate::{diagnostic::Span, python_repr::repr_float};

/// Reads a source; `path` is its name in errors and in the origin of values.
pub(super) fn read(data: &mut Data, path: &str, bytes: &[u8]) -> Result<(), Fault> {
    let text = String::from_utf8_lossy(bytes);
    if matches!(text, Cow::Owned(_)) && !only_comments(bytes) {
        data.notes.insert(format!(
            "File '{path}' could not be decoded as 'utf-8'. Invalid content has been escaped. This file must be UTF-8 \
             encoded."
        ));
    }
    let lines = lines(&text);
    let file: Rc<str> = Rc::from(path);
    let mut reader = Reader { data, file, line: 0, group: UNGROUPED, state: State::Hosts, pending: IndexMap::new() };
    for (index, line) in lines.iter().enumerate() {
        reader.line = u32::try_from(index + 1).unwrap_or(u32::MAX);
        reader.read(line.trim()).map_err(|fault| {
            let column = line.chars().take_while(|character| character.is_whitespace()).count() + 1;
            let length = line.trim().chars().count();
            fault.at(place(path, reader.line, column, length), "")
        })?;
    }
    reader.finish()
}

fn place(path: &str, line: u32, column: usize, length: usize) -> Span {
    let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
    Span { file: Arc::from(path), line, column: number(column), length: number(length) }
}

/// The lines of a text as Python's `splitlines` finds them.
fn lines(text: &str) -> Vec<String> {
    let breaks = ['\n', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}', '\r'];
    let text = text.replace("\r\n", "\n");
    let ended = text.strip_suffix(breaks).unwrap_or(&text);
    ended.split(breaks).map(str::to_owned).collect()
}

/// Whether what is not UTF-8 stands in comment lines only, where it harms nobody.
fn only_comments(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    lines.all(|line| line.starts_with(b"#") || line.starts_with(b";") || std::str::from_utf8(line).is_ok())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Hosts,
    Children,
    Vars,
}

/// A group that a section names before it is defined.
struct Pending {
    line: u32,
    /// The groups it is a child of; none: it has variables.
    parents: Vec<usize>,
}

struct Reader<'a> {
    data: &'a mut Data,
    file: Rc<str>,
    line: u32,
    group: usize,
    state: State,
    pending: IndexMap<String, Pending>,
}

impl Reader<'_> {
    fn read(&mut self, line: &str) -> Result<(), Fault> {
        if line.is_empty() || line.starts_with(['#', ';']) {
            return Ok(());
        }
        if let Some((name, kind)) = section(line) {
            return self.section(name, kind);
        }
        if line.starts_with('[') && line.ends_with(']') {
            return Err(failed(format!(
                "Invalid section entry: '{line}'. Please make sure that there are no spaces in the section entry, and \
                 that there are no other invalid characters"
            ))
            .help("write [GROUP], [GROUP:vars] or [GROUP:children]"));
        }
        match self.state {
            State::Hosts => self.host(line),
            State::Vars => self.variable(line),
            State::Children => self.child(line),
        }
    }

    fn section(&mut self, name: &str, kind: Option<&str>) -> Result<(), Fault> {
        let name = self.data.safe_name(name);
        self.state = match kind {
            None | Some("hosts") => State::Hosts,
            Some("children") => State::Children,
            Some("vars") => State::Vars,
            Some(kind) => {
                return Err(failed(format!("Section [{name}:{kind}] has unknown type: {kind}"))
                    .help("known types are hosts, children and vars"));
            }
        };
        if !self.data.groups.contains_key(name.as_str()) && self.state == State::Vars {
            let pending = Pending { line: self.line, parents: Vec::new() };
            self.pending.entry(name.clone()).or_insert(pending);
        }
        self.group = self.data.add_group(&name)?;
        if self.state != State::Vars
            && let Some(pending) = self.pending.shift_remove(&name)
        {
            for parent in pending.parents {
                self.data.add_child(parent, self.group).map_err(named)?;
            }
        }
        Ok(())
    }

    fn host(&mut self, line: &str) -> Result<(), Fault> {
        let words = words::split(line).map_err(|cause| {
            failed(format!("Error parsing host definition '{line}': {cause}")).help(
                "quotes and backslashes mean what they mean in a shell; put the value in the other kind of quotes",
            )
        })?;
        let mut words = words.into_iter();
        let pattern = words.next().unwrap_or_default();
        let (hosts, port) = expand(&pattern).map_err(named)?;
        if pattern.trim_end().ends_with(':') && port.is_none() {
            return Err(failed(format!(
                "Invalid host pattern '{pattern}' supplied, ending in ':' is not allowed, this character is reserved to \
                 provide a port."
            )));
        }
        if hosts.iter().any(|host| host.trim() == "---") {
            return Err(failed(format!(
                "Invalid host pattern '{pattern}' supplied, '---' is normally a sign this is a YAML file."
            ))
            .help("name the file with the extension .yml"));
        }
        let mut variables = Vec::new();
        for word in words {
            let Some((name, value)) = word.split_once('=') else {
                return Err(failed(format!("Expected key=value host variable assignment, got: {word}"))
                    .help("a value with spaces is put in quotes; a second host begins a line of its own"));
            };
            variables.push((Rc::from(name), self.value(value)?));
        }
        self.data.populate(&hosts, Some(self.group), port, &variables).map_err(named)
    }

    fn variable(&mut self, line: &str) -> Result<(), Fault> {
        let Some((name, value)) = line.split_once('=') else {
            return Err(
                failed(format!("Expected key=value, got: {line}")).help("in a :vars section every line is NAME=VALUE")
            );
        };
        let value = self.value(value.trim())?;
        self.data.set_variable(Entity::Group(self.group), name.trim(), value).map_err(named)
    }

    fn child(&mut self, line: &str) -> Result<(), Fault> {
        let name = without_comment(line);
        if name.is_empty() || name.contains([':', ']']) || name.contains(char::is_whitespace) {
            return Err(failed(format!("Expected group name, got: {line}"))
                .help("in a :children section every line is the name of a group"));
        }
        match self.data.groups.get_index_of(name) {
            Some(child) => self.data.add_child(self.group, child).map(drop).map_err(named),
            None => {
                let (line, group) = (self.line, self.group);
                let pending = || Pending { line, parents: Vec::new() };
                self.pending.entry(name.to_owned()).or_insert_with(pending).parents.push(group);
                Ok(())
            }
        }
    }

    /// Sections that name a group nobody defines.
    fn finish(self) -> Result<(), Fault> {
        let Some((name, pending)) = self.pending.first() else { return Ok(()) };
        let fault = match pending.parents.last().and_then(|parent| self.data.groups.get_index(*parent)) {
            Some((parent, _)) => failed(format!("Section [{parent}:children] includes undefined group '{name}'.")),
            None => failed(format!("Section [{name}:vars] not valid for undefined group '{name}'.")),
        };
        Err(fault
            .help(format!("define the group with a section [{name}], which may be empty"))
            .at(place(&self.file, pending.line, 1, 0), ""))
    }

    /// A Python literal, or the text itself.
    fn value(&self, text: &str) -> Result<Value, Fault> {
        match literal::parse(text) {
            Ok(literal) => Ok(self.convert(literal)),
            Err(Refusal::Other) => Ok(self.text(text)),
            Err(Refusal::Unhashable(name)) => Err(failed(format!("unhashable type: '{name}'")).help(format!(
                "Python reads {text} as a set or dict that cannot be; put the value in quotes twice: \"'...'\""
            ))),
        }
    }

    fn text(&self, text: &str) -> Value {
        let origin = Origin { file: Rc::clone(&self.file), line: self.line, column: 0 };
        Value::Str(Str::trusted(text, Some(origin)))
    }

    /// Tuples and sets become lists; what has no JSON becomes text.
    fn convert(&self, literal: Literal) -> Value {
        match literal {
            Literal::None => Value::None,
            Literal::Bool(value) => Value::Bool(value),
            Literal::Int(number) => Value::from_bigint(number),
            Literal::Float(number) => Value::Float(number),
            Literal::Complex(real, imaginary) => self.text(&complex(real, imaginary)),
            Literal::Str(text) => self.text(&text),
            Literal::Bytes(bytes) => Value::Str(Str::from(String::from_utf8_lossy(&bytes).into_owned())),
            Literal::Ellipsis => self.text("..."),
            Literal::List(items) | Literal::Tuple(items) | Literal::Set(items) => {
                Value::List(items.into_iter().map(|item| self.convert(item)).collect::<List>())
            }
            Literal::Dict(entries) => {
                let dict = Dict::new();
                for (key, value) in entries {
                    let key = match key {
                        // Only values may be templates.
                        Literal::Str(text) => Value::Str(Str::from(text)),
                        other => self.convert(other),
                    };
                    if let Ok(key) = Key::try_from(key) {
                        dict.insert(key, self.convert(value));
                    }
                }
                Value::Dict(dict)
            }
        }
    }
}

/// Ansible puts the reader's name before what is wrong.
fn failed(message: impl Into<String>) -> Fault {
    named(Fault::new(message))
}

fn named(mut fault: Fault) -> Fault {
    if !fault.message.starts_with("Failed to parse inventory") {
        fault.message = format!("Failed to parse inventory: {}", fault.message);
    }
    fault
}

/// `[NAME]` or `[NAME:KIND]`, a comment may follow.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let (inside, after) = line.strip_prefix('[')?.split_once(']')?;
    if !after.trim_start().is_empty() && !after.trim_start().starts_with('#') {
        return None;
    }
    let (name, kind) = match inside.split_once(':') {
        Some((name, kind)) => (name, Some(kind)),
        None => (inside, None),
    };
    let word = |kind: &str| !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || c == '_');
    (!name.is_empty() && !name.contains(char::is_whitespace) && kind.is_none_or(word)).then_some((name, kind))
}

/// A name without the comment after it; the comment needs no blank before it.
fn without_comment(line: &str) -> &str {
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if rest.is_empty() || rest.trim_start().starts_with('#') { name } else { line }
}

/// The hosts that a pattern with ranges stands for, and their port.
pub(super) fn expand(pattern: &str) -> Result<(Vec<String>, Option<i64>), Fault> {
    let (host, port) = match address::parse(pattern) {
        Some(address) => (address.host, address.port),
        None => (pattern.to_owned(), None),
    };
    Ok((range::expand(&host)?, port))
}

/// Python's `str()` of a complex number.
fn complex(real: f64, imaginary: f64) -> String {
    let short = |number: f64| {
        let text = repr_float(number);
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    };
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", short(imaginary));
    }
    let sign = if imaginary.is_sign_negative() { "" } else { "+" };
    format!("({}{sign}{}j)", short(real), short(imaginary))
}
