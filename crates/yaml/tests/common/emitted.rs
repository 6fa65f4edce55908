//! Prints a JSON document as YAML.

use yaml::{
    Kind, Node, Resolved, Source,
    emit::{Item, Options, Value, emit},
    load_one,
};

/// The YAML text of a JSON document whose keys are JSON texts themselves. `options` are indent, width, flow (`n`one,
/// `t`rue, `f`alse), sort, unicode, start, style, with commas between.
pub(crate) fn emitted(options: &str, json: &str) -> Option<String> {
    let mut words = options.split(',');
    let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let (indent, width) = (number(), number());
    let mut flag = || words.next().unwrap_or("f").chars().next();
    let options = Options {
        indent,
        width,
        default_flow_style: match flag() {
            Some('n') => None,
            other => Some(other == Some('t')),
        },
        sort_keys: flag() == Some('t'),
        allow_unicode: flag() == Some('t'),
        explicit_start: flag() == Some('t'),
        default_style: flag().filter(|style| *style != '-'),
        ..Options::to_yaml()
    };
    let loaded = load_one(&Source::new("<string>", json), &yaml::Options::files()).ok()?;
    Some(emit(&item(&loaded.root()), &options))
}

fn item(node: &Node) -> Item {
    match &node.kind {
        Kind::Sequence(items) => Value::Sequence(items.iter().map(item).collect()),
        Kind::Mapping(mapping) => {
            // Keys are JSON texts themselves, so that any scalar can be a key.
            Value::Mapping(mapping.entries.iter().map(|(key, value)| (key_item(key), item(value))).collect())
        }
        Kind::Scalar(scalar) => match &scalar.value {
            Resolved::Null => Value::Null,
            Resolved::Bool(value) => Value::Bool(*value),
            Resolved::Int(value) => Value::Int(*value),
            Resolved::BigInt(value) => Value::BigInt(value.clone()),
            Resolved::Float(value) => Value::Float(*value),
            _ => Value::Str(scalar.text.clone()),
        },
    }
    .into()
}

fn key_item(key: &Node) -> Item {
    let text = key.as_str().unwrap_or("");
    load_one(&Source::new("<key>", text), &yaml::Options::files()).map_or(Value::Null.into(), |key| item(&key.root()))
}
