//! A ceremony whose machine loses power: what is left of its record says so, and nothing was signed that is not on record.

use std::{collections::BTreeMap, path::PathBuf};

use pki::{
    Error,
    ceremony::{
        custody::Custody,
        verify::{self, Wanted},
    },
    certificate::Certificate,
    crl::RevocationList,
    key::KeyKind,
    request::SigningRequest,
    seal::Identity,
    store::Files,
};
use serde_json::Value;

use crate::support::{
    key,
    meeting::{Brought, Desk, MadeRoot, Table, settings, sha256},
    memory::{Loss, Memory},
};

/// The SHA-256 of what each announcement of a transcript, or of as much of it as can be read, is about.
fn announced(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<String> {
    let transcript = files.get(&PathBuf::from("transcript.jsonl")).cloned().unwrap_or_default();
    let lines = transcript.split(|byte| *byte == b'\n').map_while(|line| serde_json::from_slice::<Value>(line).ok());
    lines.filter_map(|line| line["to_be_signed"].as_str().map(str::to_owned)).collect()
}

/// The SHA-256 of what was signed in each certificate and list that came out whole.
fn signed(files: &BTreeMap<PathBuf, Vec<u8>>, outputs: &[&str]) -> Vec<String> {
    let whole = |name: &&str| {
        let text = std::str::from_utf8(files.get(&PathBuf::from(name))?).ok()?;
        let certificate = Certificate::from_pem(text).map(|made| sha256(made.to_be_signed()));
        certificate.or_else(|_| RevocationList::from_pem(text).map(|made| sha256(made.to_be_signed()))).ok()
    };
    outputs.iter().filter_map(whole).collect()
}

/// Runs that ceremony, and has the power go at every point of it.
fn loses_power(table: &Table, brought: Brought<'_>, outputs: &[&str]) {
    let run = |files: &Memory| table.run_on(files, brought, &Desk::new(), &mut table.people());
    let verify = |files: &Memory| {
        verify::record(&|name| Ok(files.read(name.as_ref()).unwrap()), &Wanted::unwitnessed()).map(|held| held.head)
    };
    let calls = {
        let files = Memory::default();
        run(&files).unwrap();
        verify(&files).unwrap();
        files.calls()
    };
    assert!(calls > 20, "{calls} calls");
    let losses = [Loss::Everything, Loss::Nothing].into_iter().chain((0..20).map(Loss::Some));
    let (mut whole, mut orphans) = (0, 0);
    for point in 0..=calls {
        let files = Memory::default();
        files.power_for(point);
        let outcome = run(&files);
        assert_eq!(outcome.is_ok(), point >= calls, "power for {point} calls");
        for loss in losses.clone() {
            let left = files.after(loss);
            let place = format!("power for {point} calls, {loss:?}");
            let before = left.files();
            let announced = announced(&before);
            for one in signed(&before, outputs) {
                assert!(announced.contains(&one), "{place}: signed, and not on record");
            }
            orphans += usize::from(announced.len() > signed(&before, outputs).len());
            match verify(&left) {
                Ok(head) => {
                    assert!(outcome.as_ref().map_or(true, |outcome| outcome.head == head), "{place}");
                    whole += 1;
                }
                Err(Error::Failed(findings)) => {
                    assert!(outcome.is_err(), "{place}: what was said to be whole is not: {findings:?}");
                    let object = findings[0].object.as_str();
                    let a_file = object.starts_with("transcript line ") || object.contains('.');
                    assert!(a_file, "{place}: what is missing is named: {findings:?}");
                }
                Err(other) => panic!("{place}: {other}"),
            }
            // In the same folder nothing is written over; where nothing is left it is a new one.
            let again = run(&left);
            assert_eq!(again.is_ok(), before.is_empty(), "{place}: {again:?}");
            let after = left.files();
            if !before.is_empty() {
                assert!(matches!(again, Err(Error::Refused(_))), "{place}: {again:?}");
                assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "{place}");
            }
        }
        // In a new folder it is done as if nothing had been.
        let files = Memory::default();
        let again = run(&files).unwrap();
        assert_eq!(verify(&files).unwrap(), again.head);
    }
    assert!(whole > 22 && orphans > 0, "{whole} whole, {orphans} announced and not there");
}

#[test]
fn after_a_power_loss_at_any_point_a_new_root_is_on_record_or_verification_names_what_is_missing() {
    let identity = Identity::generate();
    let table = Table::root(Custody::Recipients(vec![identity.recipient()]));
    let brought = Brought { identities: std::slice::from_ref(&identity), ..Brought::default() };
    loses_power(&table, brought, &["root.pem", "root.crl.pem"]);
}

#[test]
fn after_a_power_loss_at_any_point_an_intermediate_is_on_record_or_verification_names_what_is_missing() {
    let root = MadeRoot::new();
    let subject = settings().subject("Example Services CA 1");
    let request = SigningRequest::build(&subject, None, key(KeyKind::P384)).unwrap();
    let table = root.intermediate(&request);
    let file = root.key();
    let brought = Brought { key: Some(&file), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    loses_power(&table, brought, &["intermediate.pem"]);
}
