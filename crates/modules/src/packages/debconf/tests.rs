//! Answers that are there and that are set, with programs in debconf's place.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::testing::{Call, call, programs};

/// A debconf with a text, a truth, a choice and a password, which notes what it is told.
fn debconf() -> TempDir {
    programs(&[
        (
            "debconf-show",
            "printf '* p/text: here\\n  p/truth: true\\n* p/many: b, a\\n* p/secret: (password omitted)\\n'",
        ),
        ("debconf-get-selections", "printf 'p\\tp/secret\\tpassword\\told\\n'"),
        ("debconf-set-selections", "echo \"options $*\" >>\"$HERE/told\"; cat >>\"$HERE/told\"; echo done"),
    ])
}

fn answer(programs: &TempDir, question: &str, kind: &str, value: Value) -> Call {
    let arguments = json!({"name": "p", "question": question, "vtype": kind, "value": value});
    call("debconf", arguments).with_programs(programs)
}

#[test]
fn without_a_question_all_are_shown() {
    let outcome = call("debconf", json!({"name": "p"})).with_programs(&debconf()).run();
    assert_eq!(outcome.changed, Some(false));
    let want = "{'p/text': 'here', 'p/truth': 'true', 'p/many': 'b, a', 'p/secret': '(password omitted)'}";
    assert_eq!(protocol::arguments::python::str(&outcome.values["current"]), want);
}

#[test]
fn an_answer_that_is_there_is_left_alone() {
    let programs = debconf();
    for (question, kind, value) in [
        ("p/text", "string", json!("here")),
        ("p/truth", "boolean", json!(true)),
        ("p/truth", "boolean", json!("True")),
        ("p/many", "multiselect", json!(["a", "b"])),
        ("p/many", "multiselect", json!("b, a")),
        ("p/secret", "password", json!("old")),
    ] {
        let outcome = answer(&programs, question, kind, value).run();
        assert_eq!((outcome.failed, outcome.changed), (false, Some(false)), "{question}");
    }
    assert!(!programs.path().join("told").exists());
}

#[test]
fn another_answer_is_told_with_its_kind() {
    let programs = debconf();
    let told = programs.path().join("told");
    assert_eq!(answer(&programs, "p/many", "multiselect", json!(["c", "a"])).check().run().changed, Some(true));
    assert!(!told.exists());
    let outcome = answer(&programs, "p/many", "multiselect", json!(["c", "a"])).run();
    assert_eq!(outcome.msg.as_deref(), Some("done\n"));
    assert_eq!(protocol::arguments::python::str(&outcome.values["current"]), "{'p/many': 'a, c'}");
    assert_eq!(protocol::arguments::python::str(&outcome.values["previous"]), "{'p/many': 'b, a'}");
    assert_eq!(fs::read_to_string(told).unwrap(), "options \np p/many multiselect a, c\n");
}

#[test]
fn a_new_question_shows_all_others_as_they_were() {
    let programs = debconf();
    let arguments = json!({"name": "p", "question": "p/new", "vtype": "select", "value": "x", "unseen": true});
    let outcome = call("debconf", arguments).with_programs(&programs).run();
    let Some(Diff::State { before, after, .. }) = outcome.diff.first() else { panic!("no states") };
    assert_eq!((before.len(), before["p/new"].clone(), after["p/new"].clone()), (5, "".into(), "x".into()));
    let told = fs::read_to_string(programs.path().join("told")).unwrap();
    assert_eq!(told, "options -u\np p/new select x\n");
}

#[test]
fn a_password_that_is_another_is_set() {
    let programs = debconf();
    assert_eq!(answer(&programs, "p/secret", "password", json!("new")).run().changed, Some(true));
    let told = fs::read_to_string(programs.path().join("told")).unwrap();
    assert!(told.ends_with("p p/secret password new\n"), "{told}");
}
