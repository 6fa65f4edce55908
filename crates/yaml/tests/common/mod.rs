//! What a document is, as Python's `repr` would print it (texts and floats marked, so that nothing is ambiguous).

use yaml::{Kind, Node, Options, Resolved, Source, Tag, load_one};

/// The answer to a document: its value, or PyYAML's error.
pub(crate) fn answer(bytes: &[u8]) -> String {
    match Source::from_bytes("<string>", bytes).and_then(|source| load_one(&source, &Options::files())) {
        Ok(loaded) => {
            let mut out = String::new();
            repr(&loaded.root(), &mut out);
            out
        }
        Err(error) => format!("ERR {}", error.python.replace('\n', "|")),
    }
}

fn repr(node: &Node, out: &mut String) {
    match &node.kind {
        Kind::Sequence(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                repr(item, out);
            }
            out.push(']');
        }
        Kind::Mapping(mapping) => {
            out.push('{');
            for (index, (key, value)) in mapping.entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                repr(key, out);
                if node.tag != Some(Tag::Set) {
                    out.push_str(": ");
                    repr(value, out);
                }
            }
            out.push('}');
        }
        Kind::Scalar(scalar) => {
            let text = match &scalar.value {
                Resolved::Null => "None".to_owned(),
                Resolved::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
                Resolved::Int(value) => value.to_string(),
                Resolved::BigInt(value) => value.to_string(),
                Resolved::Float(value) if value.is_nan() => "f(nan)".to_owned(),
                Resolved::Float(value) => format!("f({:016x})", value.to_bits()),
                Resolved::Str => format!("s{:?}", scalar.text),
                Resolved::Date(value) => value.repr(),
                Resolved::DateTime(value) => value.repr(),
                Resolved::Binary(value) => format!("b{value:?}"),
            };
            out.push_str(&text);
        }
    }
}
