//! Nodes into values.

use std::{collections::HashMap, rc::Rc};

use jinja::{Dict, Key, List, Origin, Str, Value};
use yaml::{Kind, Node, Resolved, Tag};

use super::{DateTimeValue, DateValue, Vaulted};

/// Whether the text of a document may be templated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The operator wrote it.
    Trusted,
    /// It is data (what a host sent, what a filter parsed).
    Untrusted,
}

/// A node as a value. `file` is what the places of its texts name; without it they have none.
///
/// An alias gives the same list or dict as its anchor, as in Python.
#[must_use]
pub fn value(node: &Node, file: Option<&Rc<str>>, trust: Trust) -> Value {
    Converter { file, shared: HashMap::new() }.value(node, trust)
}

struct Converter<'a> {
    file: Option<&'a Rc<str>>,
    /// Containers that more than one node refers to, by where they lie in memory.
    shared: HashMap<(*const (), bool), Value>,
}

impl Converter<'_> {
    fn value(&mut self, node: &Node, trust: Trust) -> Value {
        let trust = if node.tag == Some(Tag::Unsafe) { Trust::Untrusted } else { trust };
        let (address, aliased) = match &node.kind {
            Kind::Scalar(scalar) => return self.scalar(node, scalar, trust),
            Kind::Sequence(items) => (Rc::as_ptr(items).cast::<()>(), Rc::strong_count(items) > 1),
            Kind::Mapping(mapping) => (Rc::as_ptr(mapping).cast::<()>(), Rc::strong_count(mapping) > 1),
        };
        let key = (address, trust == Trust::Trusted);
        if aliased && let Some(known) = self.shared.get(&key) {
            return known.clone();
        }
        let value = self.container(node, trust);
        match (&value, self.origin(node)) {
            (Value::List(list), Some(origin)) => list.set_origin(origin),
            (Value::Dict(dict), Some(origin)) => dict.set_origin(origin),
            _ => {}
        }
        if aliased {
            self.shared.insert(key, value.clone());
        }
        value
    }

    fn container(&mut self, node: &Node, trust: Trust) -> Value {
        match &node.kind {
            Kind::Scalar(scalar) => self.scalar(node, scalar, trust),
            Kind::Sequence(items) if node.tag == Some(Tag::Pairs) => items
                .iter()
                .filter_map(|item| item.as_mapping()?.entries.first())
                .map(|(key, item)| Value::from(vec![self.value(key, trust), self.value(item, trust)]))
                .collect::<List>()
                .into(),
            Kind::Sequence(items) => items.iter().map(|item| self.value(item, trust)).collect::<List>().into(),
            // A set in a variable becomes a list in Ansible.
            Kind::Mapping(mapping) if node.tag == Some(Tag::Set) => {
                mapping.entries.iter().map(|(key, _)| self.value(key, trust)).collect::<List>().into()
            }
            Kind::Mapping(mapping) => {
                let dict = Dict::with_capacity(mapping.entries.len());
                for (key, item) in &mapping.entries {
                    // The composer lets only scalars through, which can all be hashed.
                    if let Ok(key) = Key::new(self.value(key, trust)) {
                        dict.insert(key, self.value(item, trust));
                    }
                }
                dict.into()
            }
        }
    }

    fn origin(&self, node: &Node) -> Option<Origin> {
        let start = node.span.start;
        self.file.map(|file| Origin { file: Rc::clone(file), line: start.line, column: start.column })
    }

    fn scalar(&self, node: &Node, scalar: &yaml::Scalar, trust: Trust) -> Value {
        match &scalar.value {
            Resolved::Null => Value::None,
            Resolved::Bool(value) => Value::Bool(*value),
            Resolved::Int(value) => Value::Int(*value),
            Resolved::BigInt(value) => Value::BigInt(Rc::clone(value)),
            Resolved::Float(value) => Value::Float(*value),
            Resolved::Date(date) => Value::object(DateValue(*date)),
            Resolved::DateTime(time) => Value::object(DateTimeValue(*time)),
            Resolved::Binary(bytes) => Value::Bytes(Rc::clone(bytes)),
            Resolved::Str if node.tag == Some(Tag::Vault) => {
                Value::object(Vaulted::new(Rc::clone(&scalar.text), self.origin(node)))
            }
            Resolved::Str => {
                let text = Rc::clone(&scalar.text);
                Value::Str(match (trust, self.origin(node)) {
                    (Trust::Trusted, origin) => Str::trusted(text, origin),
                    (Trust::Untrusted, None) => Str::new(text),
                    (Trust::Untrusted, origin) => {
                        Str::new(text).with_tags(jinja::Tags { origin, ..jinja::Tags::default() })
                    }
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use yaml::{Options, Source, load_one};

    use super::*;

    fn read(text: &str) -> Value {
        let root = load_one(&Source::new("vars.yml", text), &Options::files()).unwrap().root();
        value(&root, Some(&Rc::from("vars.yml")), Trust::Trusted)
    }

    fn get(value: &Value, key: &str) -> Value {
        value.as_dict().unwrap().get(key).unwrap().unwrap()
    }

    #[test]
    fn what_the_operator_wrote_may_be_templated_and_knows_its_place() {
        let Value::Str(text) = get(&read("a: 1\nb: '{{ a }}'\n"), "b") else { panic!() };
        assert!(text.is_trusted());
        let origin = text.origin().unwrap();
        assert_eq!((&*origin.file, origin.line, origin.column), ("vars.yml", 2, 4));
    }

    #[test]
    fn nothing_below_unsafe_is_ever_templated() {
        let root = read("a: !unsafe\n  b: ['{{ x }}', {c: '{{ x }}'}]\n");
        let list = get(&get(&root, "a"), "b");
        let items = list.as_list().unwrap().values().unwrap();
        let Some(Value::Str(text)) = items.first() else { panic!() };
        assert!(!text.is_trusted());
        let Value::Str(text) = get(&items[1], "c") else { panic!() };
        assert!(!text.is_trusted());
    }

    #[test]
    fn an_alias_shares_its_list_and_an_unsafe_anchor_stays_unsafe() {
        let root = read("a: &x [1]\nb: *x\nc: &y !unsafe ['{{ z }}']\nd: *y\n");
        assert!(get(&root, "a").as_list().unwrap().ptr_eq(get(&root, "b").as_list().unwrap()));
        let Some(Value::Str(text)) = get(&root, "d").as_list().unwrap().get(0).unwrap() else { panic!() };
        assert!(!text.is_trusted());
    }

    #[test]
    fn keys_keep_their_types() {
        assert_eq!(
            read("{1: a, 1.5: b, null: c, yes: d, 2001-01-01: e}").repr().unwrap(),
            "{1: 'd', 1.5: 'b', None: 'c', datetime.date(2001, 1, 1): 'e'}"
        );
    }

    #[test]
    fn pairs_are_a_list_of_lists() {
        assert_eq!(read("!!omap [a: 1, b: 2]").repr().unwrap(), "[['a', 1], ['b', 2]]");
    }
}
