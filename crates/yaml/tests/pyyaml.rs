//! Documents and values whose answers PyYAML 6.0.3 with libyaml gave, and what must hold for any bytes.

mod common;
#[path = "common/emitted.rs"]
mod emitted;

use proptest::prelude::*;
use yaml::{
    DuplicateKeys, Kind, Options, Source, Tag, WarningKind,
    emit::{self, Item, Value},
    load_all, load_one,
};

fn fields(line: &str) -> Vec<String> {
    // The tables are JSON lists of texts, which the reader under test reads as well; its own unit is below.
    let source = Source::new("table", line);
    let root = load_one(&source, &Options::files()).unwrap().root();
    root.as_sequence().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_document_is_read_as_pyyaml_reads_it() {
    let mut wrong = Vec::new();
    for line in include_str!("data/load.jsonl").lines() {
        let [text, want] = <[String; 2]>::try_from(fields(line)).unwrap();
        let answer = common::answer(text.as_bytes());
        if answer != want {
            wrong.push(format!("{text:?}\n  answered {answer}\n  PyYAML   {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_value_is_printed_as_pyyaml_prints_it() {
    let mut wrong = Vec::new();
    for line in include_str!("data/emit.jsonl").lines() {
        let [options, json, want] = <[String; 3]>::try_from(fields(line)).unwrap();
        let answer = emitted::emitted(&options, &json).unwrap();
        if answer != want {
            wrong.push(format!("{options} {json}\n  printed {answer:?}\n  PyYAML  {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_object_that_comes_twice_gets_an_anchor() {
    let list = Item { value: Value::Sequence(vec![Value::Int(1).into(), Value::Int(2).into()]), identity: Some(7) };
    let entries = ["a", "b"].map(|key| (Value::Str(key.into()).into(), list.clone()));
    let root = Value::Mapping(entries.into()).into();
    assert_eq!(emit::emit(&root, &emit::Options::to_yaml()), "a: &id001 [1, 2]\nb: *id001\n");
}

#[test]
fn a_vault_is_printed_as_a_block_under_its_tag() {
    let entry = (Value::Str("a".into()).into(), Value::Vault("$ANSIBLE_VAULT;1.1;AES256\n3634\n".into()).into());
    let root = Value::Mapping(vec![entry]).into();
    let text = emit::emit(&root, &emit::Options::to_nice_yaml());
    assert_eq!(text, "a: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n    3634\n");
}

#[test]
fn several_documents_are_told_apart() {
    let documents = [Value::Int(1).into(), Value::Str("x\n\n".into()).into()];
    assert_eq!(emit::emit_all(&documents, &emit::Options::to_nice_yaml()), "1\n--- 'x\n\n\n    '\n");
    let text = load_all(&Source::new("x", "a\n---\nb\n--- {c: 1}\n"), &Options::files()).unwrap();
    assert_eq!(text.documents.len(), 3);
}

#[test]
fn tags_of_ansible_are_kept_and_unknown_ones_refused_at_their_place() {
    let root = load_one(&Source::new("x", "a: !unsafe b\nc: !vault |\n  x\n"), &Options::files()).unwrap().root();
    let mapping = root.as_mapping().unwrap();
    assert_eq!(mapping.get("a").unwrap().tag, Some(Tag::Unsafe));
    assert_eq!(mapping.get("c").unwrap().tag, Some(Tag::Vault));
    let error = load_one(&Source::new("x", "a:\n  b: !foo c\n"), &Options::files()).unwrap_err();
    assert_eq!((error.span.start.line, error.span.start.column), (2, 6));
    assert_eq!(error.message, "Could not determine a constructor for the tag '!foo'.");
    assert!(load_one(&Source::new("x", "a: !unsafe b"), &Options::filter()).is_err());
}

#[test]
fn keys_that_stand_twice_are_warned_about_refused_or_ignored() {
    let source = Source::new("x", "a: 1\nb: &b {c: 2}\na: 3\nd: {<<: *b, c: 4}\n");
    let loaded = load_one(&source, &Options::files()).unwrap();
    let warned: Vec<_> = loaded.warnings.iter().map(|warning| (&*warning.message, warning.span.start.line)).collect();
    assert_eq!(warned, [("Found duplicate mapping key 'c'.", 4), ("Found duplicate mapping key 'a'.", 3)]);
    assert!(loaded.warnings.iter().all(|warning| warning.kind == WarningKind::DuplicateKey));
    let strict = Options { duplicate_keys: DuplicateKeys::Error, ..Options::files() };
    let error = load_one(&Source::new("x", "a: 1\na: 3\n"), &strict).unwrap_err();
    assert_eq!((error.message.as_str(), error.span.start.line), ("Found duplicate mapping key 'a'.", 2));
    let quiet = Options { duplicate_keys: DuplicateKeys::Ignore, ..Options::files() };
    assert!(load_one(&source, &quiet).unwrap().warnings.is_empty());
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let alias = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
    }
    let error = load_one(&Source::new("x", &text), &Options::files()).unwrap_err();
    assert!(error.message.contains("aliases"), "{error}");
}

#[test]
fn what_nests_without_end_is_refused_and_needs_little_stack() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        assert!(load_one(&Source::new("x", &text), &Options::files()).is_err());
    }
}

#[test]
fn an_alias_shares_its_content_with_its_anchor() {
    let root = load_one(&Source::new("x", "- &a [1]\n- *a\n"), &Options::files()).unwrap().root();
    let [Kind::Sequence(first), Kind::Sequence(second)] =
        [0, 1].map(|index| root.as_sequence().unwrap()[index].kind.clone())
    else {
        panic!()
    };
    assert!(std::rc::Rc::ptr_eq(&first, &second));
}

#[test]
fn a_line_that_cannot_be_read_gets_its_cause_and_its_cure() {
    let cases = [
        ("a: {{ x }}\n", "This may be an issue with missing quotes around a template block.", (1, 4), "a: \"{{ x }}\""),
        (
            "- a: {{ x }} \"y\"\n",
            "This may be an issue with missing quotes around a template block.",
            (1, 6),
            "'{{ x }} \"y\"'",
        ),
        ("a: b: c\n", "Colons in unquoted values must be followed by a non-space character.", (1, 5), "a: \"b: c\""),
        ("a: \"b\" c\n", "Values starting with a quote must end with the same quote.", (1, 4), "a: '\"b\" c'"),
        ("a:\n\t- b\n", "Tabs are usually invalid in YAML.", (2, 1), "Indent with spaces."),
        ("a: @b\n", "While scanning for the next token found character that cannot start any token.", (1, 4), "quotes"),
        (
            "- a\nb: c\n",
            "While parsing a block collection did not find expected '-' indicator.",
            (2, 1),
            "indent this line",
        ),
    ];
    for (text, message, place, cure) in cases {
        let error = load_one(&Source::new("x", text), &Options::files()).unwrap_err();
        assert_eq!(error.message, message, "{text:?}");
        assert_eq!((error.span.start.line, error.span.start.column), place, "{text:?}");
        assert!(error.help.as_deref().unwrap_or("").contains(cure), "{text:?}: {:?}", error.help);
    }
}

#[test]
fn json_is_read_as_json_with_places() {
    let text = "{\n\t\"a\": 1e3, \"b\": [\"\\u00e4\\/\", null]}";
    let root = load_one(&Source::new("x", text), &Options::files()).unwrap().root();
    let list = root.as_mapping().unwrap().get("b").unwrap();
    let item = &list.as_sequence().unwrap()[0];
    assert_eq!((item.as_str(), item.span.start.line, item.span.start.column), (Some("ä/"), 2, 18));
    assert_eq!(common::answer(text.as_bytes()), "{s\"a\": f(408f400000000000), s\"b\": [s\"ä/\", None]}");
    let root = load_one(&Source::new("x", text), &Options::filter()).unwrap().root();
    assert_eq!(root.as_mapping().unwrap().get("a").unwrap().as_str(), Some("1e3"), "the filter reads YAML alone");
}

#[test]
fn errors_at_the_end_of_a_text_without_a_final_line_break_stand_where_pyyaml_puts_them() {
    let cases = [("a: 'b", (1, 6)), ("[1", (2, 1)), ("a: 1\nfoo", (3, 1)), ("- item\n!!int yes\n  ", (3, 3))];
    for (text, place) in cases {
        let error = load_one(&Source::new("x", text), &Options::filter()).unwrap_err();
        let wanted = format!("line {}, column {}", place.0, place.1);
        assert!(error.python.ends_with(&wanted), "{text:?}: {}", error.python);
    }
}

/// Where libyaml-safer 0.3 panics on what is well-formed (`[!!str, 2]`); the test below says what becomes of that.
fn has_comma_behind_a_tag(text: &str) -> bool {
    text.match_indices('!')
        .any(|(at, _)| text[at..].chars().take_while(|sign| !sign.is_whitespace()).any(|sign| sign == ','))
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = common::answer(&bytes);
    }

    #[test]
    fn no_text_of_yaml_signs_makes_it_panic(text in "[-a:?\\[\\]{},#&*!|>'\"%@` \t\n\r.0-9<=~é+]{0,48}") {
        prop_assume!(!has_comma_behind_a_tag(&text));
        let loaded = Source::from_bytes("x", text.as_bytes()).and_then(|source| load_all(&source, &Options::files()));
        if let Err(error) = loaded {
            prop_assert!(!error.message.contains("defect"), "{:?}: {}", text, error);
        }
    }
}

#[test]
fn where_the_parser_itself_fails_there_is_an_error_with_a_place() {
    let source = Source::new("f.yml", "a: 1\nb: [!!str, 2]\n");
    let error = load_one(&source, &Options::files()).unwrap_err();
    assert_eq!((error.span.start.line, error.span.start.column), (2, 5), "{}", error.message);
    assert!(error.help.as_deref().unwrap_or_default().contains("between a tag and the comma"));
}
