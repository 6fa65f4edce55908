//! YAML and JSON documents.

use std::path::Path;

use jinja::Value;
use provision::yaml::{Document, dump};
use yaml::{Options, Source, emit};

/// Reads documents as files and as the filter do, and prints what was read.
pub fn yaml(data: &[u8]) {
    if super::ends_libfuzzer(data) {
        return;
    }
    if let Ok(document) = Document::from_bytes(Path::new("fuzz.yml"), data, &Options::files()) {
        let _ = document.value().repr();
    }
    let Ok(source) = Source::from_bytes("fuzz.yml", data) else { return };
    match yaml::load_all(&source, &Options::filter()) {
        Ok(loaded) => {
            for document in &loaded.documents {
                let end = source.offset(document.span.end);
                assert!(end <= source.text().len(), "a node stands in its file");
            }
        }
        Err(error) => assert!(!error.message.is_empty(), "an error says what is wrong"),
    }
    let Some(value) = read(data) else { return };
    // Printed and read again it prints the same: what is lost (places, comments, styles) is lost the first time.
    let Ok(printed) = dump(&value, &emit::Options::to_yaml()) else { return };
    let Some(again) = read(printed.as_bytes()) else { panic!("what was printed cannot be read: {printed}") };
    assert_eq!(dump(&again, &emit::Options::to_yaml()).ok().as_ref(), Some(&printed), "it prints the same");
}

fn read(data: &[u8]) -> Option<Value> {
    Document::from_bytes(Path::new("fuzz.yml"), data, &Options::filter()).ok().map(|document| document.value())
}
