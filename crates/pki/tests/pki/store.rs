//! The store: what it keeps, what it refuses, and that no power loss makes it forget a signature.

use std::{cell::RefCell, path::Path, rc::Rc};

use pki::{
    Error,
    certificate::Certificate,
    clock::{DAY, FixedClock, Moment, SystemClock},
    crl::{Issuing, ListTerms, ListToBeSigned, Reason},
    issue::ToBeSigned,
    key::{KeyKind, PrivateKey, PublicKey},
    profile::Role,
    signature::Signature,
    signer::Signer,
    store::{Event, Files, Kind, State, Store, SystemFiles, verify_log},
};

use crate::support::{
    Tiers,
    memory::{Loss, Memory},
};

fn rehearsal(files: Memory, tiers: &Tiers) -> Store<Memory, FixedClock> {
    Store::create(files, FixedClock(tiers.now), Kind::Rehearsal).unwrap()
}

fn log_of(files: &impl Files) -> Vec<u8> {
    files.read(Path::new("log.jsonl")).unwrap().unwrap()
}

/// A signer that remembers what it signed, as a power loss does not.
struct Remembering<'a> {
    key: &'a PrivateKey,
    signed: Rc<RefCell<Vec<Vec<u8>>>>,
}

impl Signer for Remembering<'_> {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(self, message: &[u8]) -> Result<Signature, Error> {
        self.signed.borrow_mut().push(message.to_vec());
        Signer::sign(self.key, message)
    }
}

#[test]
fn what_was_issued_is_found_again_and_a_serial_is_given_once() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    let draft = tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]);
    let mut store = rehearsal(files.clone(), &tiers);
    let made = store.issue(draft.clone(), &tiers.intermediate_key).unwrap();
    let refusal = store.issue(draft, &tiers.intermediate_key).unwrap_err();
    assert_eq!(refusal.findings()[0].field, "serialNumber");
    let wrong_key =
        store.issue(tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]), &tiers.root_key).unwrap_err();
    assert_eq!(wrong_key.findings()[0].field, "signatureAlgorithm");
    drop(store);
    let store = Store::open(files, FixedClock(tiers.now)).unwrap();
    assert_eq!(store.index().iter().count(), 1, "a mistaken key leaves no orphan");
    let serial = made.serial().unwrap();
    assert_eq!(store.certificate(&serial).unwrap(), made);
    assert_eq!(store.index().get(&serial).unwrap().state, State::Valid);
}

#[test]
fn a_revoked_certificate_is_on_the_next_list_and_numbers_only_grow() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    let mut store = rehearsal(files, &tiers);
    let made =
        store.issue(tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]), &tiers.intermediate_key).unwrap();
    store.revoke(&made.serial().unwrap(), Reason::Superseded).unwrap();
    store.revoke(&made.serial().unwrap(), Reason::KeyCompromise).unwrap();
    let entries = store.revoked_by(&made.issuer().to_string());
    assert_eq!(
        entries.iter().map(|entry| entry.reason).collect::<Vec<_>>(),
        [Reason::Superseded],
        "the first revocation holds"
    );
    let draft = |number| {
        let terms = ListTerms { number, this_update: tiers.now };
        ListToBeSigned::build(&tiers.intermediate, Issuing::Intermediate, &terms, &entries, None).unwrap()
    };
    let list = store.publish(draft(1), &tiers.intermediate_key).unwrap();
    assert_eq!(list.entries().unwrap(), entries);
    let refusal = store.publish(draft(1), &tiers.intermediate_key).unwrap_err();
    assert_eq!(refusal.findings()[0].field, "cRLNumber");
    store.publish(draft(2), &tiers.intermediate_key).unwrap();
}

#[test]
fn a_store_for_production_takes_the_machines_clock_only_and_one_that_has_gone_back_is_refused() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    let refusal = Store::create(files, FixedClock(tiers.now), Kind::Production).unwrap_err();
    assert!(refusal.to_string().contains("this clock is one of tests"), "{refusal}");
    let files = Memory::default();
    drop(Store::create(files.clone(), SystemClock, Kind::Production).unwrap());
    assert!(Store::open(files, FixedClock(tiers.now)).is_err());
    let files = Memory::default();
    drop(rehearsal(files.clone(), &tiers));
    let year_ago = FixedClock(tiers.now.before(365 * DAY).unwrap());
    let mut store = Store::open(files.clone(), year_ago).unwrap();
    let before = log_of(&files);
    let refusal =
        store.issue(tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]), &tiers.intermediate_key).unwrap_err();
    assert!(refusal.to_string().contains("time does not go back"), "{refusal}");
    assert_eq!(log_of(&files), before, "nothing was announced and nothing signed");
}

#[test]
fn two_at_once_are_one_and_a_locked_out_one() {
    let folder = tempfile::tempdir().unwrap();
    let files = SystemFiles::new(folder.path().join("pki")).unwrap();
    let store = Store::create(files.clone(), SystemClock, Kind::Production).unwrap();
    assert!(matches!(Store::open(files.clone(), SystemClock), Err(Error::Locked { .. })));
    drop(store);
    Store::open(files, SystemClock).unwrap();
}

#[test]
fn on_a_real_disk_everything_is_private_and_found_again() {
    use std::os::unix::fs::PermissionsExt;
    let now = pki::clock::Clock::now(&SystemClock).unwrap();
    let (tiers, folder) = (Tiers::at(now), tempfile::tempdir().unwrap());
    let files = SystemFiles::new(folder.path().join("pki")).unwrap();
    let mut store = Store::create(files.clone(), SystemClock, Kind::Production).unwrap();
    let made =
        store.issue(tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]), &tiers.intermediate_key).unwrap();
    drop(store);
    let store = Store::open(files, SystemClock).unwrap();
    assert_eq!(store.certificate(&made.serial().unwrap()).unwrap(), made);
    let mut open = vec![folder.path().join("pki")];
    while let Some(path) = open.pop() {
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", path.display());
        if metadata.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

#[test]
fn any_byte_of_the_log_that_is_changed_and_any_line_that_is_moved_is_named() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    let mut store = rehearsal(files.clone(), &tiers);
    store.issue(tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]), &tiers.intermediate_key).unwrap();
    let log = log_of(&files);
    let (records, head) = verify_log(&log).unwrap();
    assert_eq!((records.len(), head.as_str()), (3, store.head()));
    for at in 0..log.len() {
        let mut changed = log.clone();
        changed[at] ^= 1;
        let line = log[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        let problem = verify_log(&changed).unwrap_err().to_string();
        assert!(problem.contains(&format!("log.jsonl line {line}")), "byte {at}: {problem}");
    }
    let lines: Vec<_> = log.split_inclusive(|byte| *byte == b'\n').collect();
    assert!(verify_log(&[lines[1], lines[0], lines[2]].concat()).unwrap_err().to_string().contains("line 1"));
    assert!(verify_log(&[lines[0], lines[2]].concat()).unwrap_err().to_string().contains("line 2"));
    assert!(verify_log(&log[..log.len() - 1]).unwrap_err().to_string().contains("line 3"));
    // A cut at a line's end leaves a whole chain: only its head tells.
    assert_ne!(verify_log(&log[..log.len() - lines[2].len()]).unwrap().1, head);
}

#[test]
fn a_log_that_was_changed_in_the_middle_is_not_opened() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    drop(rehearsal(files.clone(), &tiers));
    let mut store = Store::open(files.clone(), FixedClock(tiers.now)).unwrap();
    store.record_refusal(&Error::Locked { object: "x".to_owned(), holder: "y".to_owned() }).unwrap();
    drop(store);
    let changed = String::from_utf8(log_of(&files)).unwrap().replace("rehearsal", "production");
    files.truncate(Path::new("log.jsonl"), 0).unwrap();
    files.append(Path::new("log.jsonl"), changed.as_bytes()).unwrap();
    let problem = Store::open(files, SystemClock).unwrap_err().to_string();
    assert!(problem.contains("log.jsonl line 1: hash: its hash is not that of its text"), "{problem}");
}

/// Two certificates, a revocation, a list, a third certificate.
fn work(
    store: &mut Store<Memory, FixedClock>,
    tiers: &Tiers,
    drafts: &[ToBeSigned],
    signed: &Rc<RefCell<Vec<Vec<u8>>>>,
) -> Done {
    let signer = || Remembering { key: &tiers.intermediate_key, signed: signed.clone() };
    let mut done = Done::default();
    let mut run = || {
        done.issued.push(store.issue(drafts[0].clone(), signer())?);
        done.issued.push(store.issue(drafts[1].clone(), signer())?);
        store.revoke(&done.issued[0].serial()?, Reason::KeyCompromise)?;
        done.revoked = true;
        let entries = store.revoked_by(&tiers.intermediate.certificate().subject().to_string());
        let terms = ListTerms { number: 1, this_update: tiers.now };
        let draft = ListToBeSigned::build(&tiers.intermediate, Issuing::Intermediate, &terms, &entries, None)?;
        store.publish(draft, signer())?;
        done.listed = true;
        done.issued.push(store.issue(drafts[2].clone(), signer())?);
        Ok::<_, Error>(())
    };
    done.whole = run().is_ok();
    done
}

/// What the caller was told had been done.
#[derive(Default)]
struct Done {
    issued: Vec<Certificate>,
    revoked: bool,
    listed: bool,
    whole: bool,
}

#[test]
fn after_a_power_loss_at_any_point_each_signature_is_completed_or_listed_as_an_orphan() {
    let tiers = Tiers::new();
    let drafts: Vec<_> = (0..3).map(|_| tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"])).collect();
    let whole = {
        let files = Memory::default();
        let mut store = rehearsal(files.clone(), &tiers);
        let before = files.calls();
        assert!(work(&mut store, &tiers, &drafts, &Rc::default()).whole);
        files.calls() - before
    };
    assert!(whole > 30, "{whole} calls");
    let losses: Vec<_> = [Loss::Everything, Loss::Nothing].into_iter().chain((0..20).map(Loss::Some)).collect();
    let (mut orphans, mut completed) = (0, 0);
    for point in 0..=whole {
        let files = Memory::default();
        let signed = Rc::default();
        let mut store = rehearsal(files.clone(), &tiers);
        files.power_for(point);
        let done = work(&mut store, &tiers, &drafts, &signed);
        assert_eq!(done.whole, point == whole);
        for (loss, again) in losses.iter().flat_map(|loss| [None, Some(0), Some(1), Some(2)].map(|again| (loss, again)))
        {
            let mut left = files.after(*loss);
            let place = format!("power for {point} calls, {loss:?}, then for {again:?}");
            if let Some(calls) = again {
                // The power goes a second time, while the store recovers.
                left.power_for(calls);
                let _ = Store::open(left.clone(), FixedClock(tiers.now));
                left = left.after(*loss);
            }
            let store =
                Store::open(left.clone(), FixedClock(tiers.now)).unwrap_or_else(|error| panic!("{place}: {error}"));
            // What the caller was told is there.
            for certificate in &done.issued {
                assert_eq!(&store.certificate(&certificate.serial().unwrap()).unwrap(), certificate, "{place}");
            }
            let revoked = |serial| matches!(store.index().get(serial).unwrap().state, State::Revoked { .. });
            assert!(!done.revoked || revoked(&done.issued[0].serial().unwrap()), "{place}");
            let issuer = tiers.intermediate.certificate().subject().to_string();
            assert!(!done.listed || store.index().list_number(&issuer) == 1, "{place}");
            // Whatever was signed is known, and nothing is left open.
            for bytes in signed.borrow().iter() {
                let Some(draft) = drafts.iter().find(|draft| draft.bytes() == bytes.as_slice()) else { continue };
                let serial = pki::serial::Serial::try_from(draft.tbs().serial_number()).unwrap();
                match &store.index().get(&serial).unwrap_or_else(|| panic!("{place}: signed and forgotten")).state {
                    State::Valid | State::Revoked { .. } => {
                        store.certificate(&serial).unwrap();
                        completed += u32::from(done.issued.iter().all(|made| made.serial().unwrap() != serial));
                    }
                    State::Orphan => orphans += 1,
                    State::Announced => panic!("{place}: {serial} is left open"),
                }
            }
            // The log chains, and the store works on.
            drop(store);
            verify_log(&log_of(&left)).unwrap();
            let mut store = Store::open(left, FixedClock(tiers.now)).unwrap();
            let orphan = store.index().orphans().next().cloned();
            if let Some(orphan) = orphan {
                store.revoke(&orphan, Reason::Unspecified).unwrap();
            }
            store.record_refusal(&Error::Locked { object: "x".to_owned(), holder: "y".to_owned() }).unwrap();
        }
    }
    assert!(orphans > 0 && completed > 0, "{orphans} orphans, {completed} completed at restart");
}

#[test]
fn of_many_at_once_each_is_kept_completed_or_an_orphan_after_a_power_loss_at_any_point() {
    let tiers = Tiers::new();
    let drafts: Vec<_> = (0..3).map(|_| (None, tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]))).collect();
    let made = |files: &Memory| {
        let mut store = Store::open(files.clone(), FixedClock(tiers.now))?;
        store.issue_all(drafts.clone(), &tiers.intermediate_key)
    };
    let files = Memory::default();
    drop(rehearsal(files.clone(), &tiers));
    let before = files.calls();
    let certificates = made(&files).unwrap();
    let whole = files.calls() - before;
    assert!(whole < 20, "{whole} calls: the log is waited for twice, not six times");
    let twice = [drafts[0].clone(), drafts[0].clone()].to_vec();
    let mut store = rehearsal(Memory::default(), &tiers);
    let refusal = store.issue_all(twice, &tiers.intermediate_key).unwrap_err();
    assert_eq!(refusal.findings()[0].field, "serialNumber", "nor twice in one go");
    let (mut orphans, mut completed) = (0, 0);
    for point in 0..=whole {
        for loss in [Loss::Everything, Loss::Nothing].into_iter().chain((0..20).map(Loss::Some)) {
            let files = Memory::default();
            drop(rehearsal(files.clone(), &tiers));
            files.power_for(point);
            let told = made(&files).is_ok();
            let left = files.after(loss);
            let place = format!("power for {point} calls, {loss:?}");
            let store = Store::open(left, FixedClock(tiers.now)).unwrap_or_else(|error| panic!("{place}: {error}"));
            for certificate in &certificates {
                let serial = certificate.serial().unwrap();
                match store.index().get(&serial).map(|issued| &issued.state) {
                    Some(State::Valid) => {
                        assert_eq!(&store.certificate(&serial).unwrap(), certificate, "{place}");
                        completed += u32::from(!told);
                    }
                    Some(State::Orphan) if !told => orphans += 1,
                    None if !told => {}
                    other => panic!("{place}: {serial} is {other:?}"),
                }
            }
        }
    }
    assert!(orphans > 0 && completed > 0, "{orphans} orphans, {completed} completed at restart");
}

#[test]
fn a_full_disk_leaves_a_log_that_chains_and_a_store_that_works_when_there_is_room() {
    let tiers = Tiers::new();
    let draft = tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]);
    let files = Memory::default();
    let mut store = rehearsal(files.clone(), &tiers);
    files.power_for(0);
    assert!(matches!(store.issue(draft.clone(), &tiers.intermediate_key), Err(Error::Io { .. })));
    files.power_for(u64::MAX);
    assert!(
        matches!(store.issue(draft.clone(), &tiers.intermediate_key), Err(Error::Io { .. })),
        "until it is opened anew"
    );
    drop(store);
    let mut store = Store::open(files.clone(), FixedClock(tiers.now)).unwrap();
    store.issue(draft, &tiers.intermediate_key).unwrap();
    let (records, _) = verify_log(&log_of(&files)).unwrap();
    assert!(matches!(records[1].event, Event::Intent { .. }));
}

#[test]
fn a_log_cut_at_any_length_is_refused_or_cut_back_to_whole_lines_and_never_a_panic() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    let mut store = rehearsal(files.clone(), &tiers);
    store.issue(tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]), &tiers.intermediate_key).unwrap();
    drop(store);
    let log = log_of(&files);
    let later = FixedClock(Moment::parse("2026-11-26T00:00:00Z").unwrap());
    for length in 0..log.len() {
        let cut = files.after(Loss::Nothing);
        cut.truncate(Path::new("log.jsonl"), length as u64).unwrap();
        if let Ok(store) = Store::open(cut.clone(), later) {
            drop(store);
            verify_log(&log_of(&cut)).unwrap();
        }
    }
}
