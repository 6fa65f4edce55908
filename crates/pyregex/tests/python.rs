//! Every case of the table, with Python 3.11's answer, and no panic on anything.

mod common;

use proptest::prelude::*;
use pyregex::{BytesRegex, Error, Flags, Regex};

#[test]
fn every_case_is_answered_as_python_answers_it() {
    let mut wrong = Vec::new();
    for line in include_str!("data/cases.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let answer = common::answer_case(&case);
        if answer != case["want"] {
            wrong.push(format!("{case}\n   answered {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases differ from Python:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_pattern_that_would_run_for_ever_is_given_up_with_an_error() {
    let regex = Regex::new("(a+)+$", Flags::NONE).unwrap();
    assert!(matches!(regex.search(&format!("{}b", "a".repeat(64))), Err(Error::Limit(_))));
}

#[test]
fn a_repeat_over_a_long_text_needs_no_deep_stack() {
    let text = "ab".repeat(500_000);
    let found = Regex::new("(?:ab|c)*", Flags::NONE).unwrap().fullmatch(&text).unwrap();
    assert_eq!(found.unwrap().end(), text.len());
}

#[test]
fn bytes_that_are_no_text_are_matched_and_kept() {
    let regex = BytesRegex::new(b"\\w+\xff", Flags::NONE).unwrap();
    let (out, count) = regex.sub(b"<\\g<0>>", b"\xfea_1\xff\n", 0).unwrap();
    assert_eq!((&out[..], count), (&b"\xfe<a_1\xff>\n"[..], 1));
}

proptest! {
    #[test]
    fn no_pattern_panics(pattern in "[ab(|)*+?{},0-3\\\\\\[\\]^$.<>=!:PinsxZé-]{0,24}", text in "[abé\n]{0,12}") {
        if let Ok(regex) = Regex::new(&pattern, Flags::NONE) {
            let _ = regex.sub("<\\g<0>>", &text, 0);
            let _ = regex.split(&text, 0);
        }
        let _ = BytesRegex::new(pattern.as_bytes(), Flags::IGNORECASE).map(|regex| regex.findall(text.as_bytes()).map(|found| found.len()));
    }
}
