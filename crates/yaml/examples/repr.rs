//! Reads documents (hexadecimal, one a line) and prints what each is, as Python's `repr`: for comparison with PyYAML.
#![expect(clippy::print_stdout, reason = "a command-line tool")]

use std::io::BufRead;

use yaml::{Kind, Node, Options, Resolved, Source, Tag, load_one};

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let bytes: Vec<u8> = (0..line.len() / 2)
            .filter_map(|index| u8::from_str_radix(line.get(index * 2..index * 2 + 2)?, 16).ok())
            .collect();
        let answer = Source::from_bytes("<string>", &bytes).and_then(|source| load_one(&source, &Options::files()));
        match answer {
            Ok(loaded) => {
                let mut out = String::new();
                repr(&loaded.root(), &mut out);
                println!("{out}");
            }
            Err(error) => println!("ERR {}", error.python.replace('\n', "|")),
        }
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
                Resolved::Float(value) => format!("{value:?}f"),
                Resolved::Str => format!("s{:?}", scalar.text),
                Resolved::Date(value) => value.repr(),
                Resolved::DateTime(value) => value.repr(),
                Resolved::Binary(value) => format!("b{value:?}"),
            };
            out.push_str(&text);
        }
    }
}
