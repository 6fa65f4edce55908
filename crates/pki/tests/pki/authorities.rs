//! Authorities in a store: what is trusted and installed, what is not, and that no power loss leaves one half there.

use pki::{
    Error,
    certificate::Certificate,
    clock::{DAY, FixedClock},
    crl::{Entry, Reason},
    key::KeyKind,
    overview,
    profile::Role,
    request::SigningRequest,
    store::{Files, Holder, Kind, Settings, Store, View},
    subject::Subject,
};

use crate::support::{
    Tiers,
    memory::{Loss, Memory},
};

const NAME: &str = "services-1";

fn settings() -> Settings {
    Settings {
        organization: "Example".to_owned(),
        country: Some("DE".to_owned()),
        url: "http://pki.example.org/".to_owned(),
        dns: vec!["example.org".to_owned(), "svc.example.net".to_owned()],
        ip: vec!["10.0.0.0/8".to_owned(), "2001:db8::/32".to_owned()],
    }
}

fn request(tiers: &Tiers) -> SigningRequest {
    SigningRequest::build(&Subject::new("DE", "Example", "Example Services CA 1"), None, &tiers.intermediate_key)
        .unwrap()
}

fn created(files: Memory, tiers: &Tiers) -> Store<Memory, FixedClock> {
    Store::create(files, FixedClock(tiers.now), Kind::Rehearsal).unwrap()
}

/// Every step that is not done yet, as an operator goes on after a crash.
fn set_up<F: Files>(store: &mut Store<F, FixedClock>, tiers: &Tiers) -> Result<(), Error> {
    if store.index().settings().is_none() {
        store.configure(settings())?;
    }
    store.trust_root(tiers.root.certificate())?;
    if store.index().intermediate(NAME).is_none() {
        store.keep_key(NAME, b"sealed", &request(tiers))?;
    }
    if store.index().intermediate(NAME).is_some_and(|one| one.serial.is_none()) {
        store.install(NAME, tiers.intermediate.certificate())?;
    }
    if store.index().list(&tiers.root.certificate().subject().to_string()).is_none() {
        store.install_list(&tiers.root_list(&[]))?;
    }
    store.retire(NAME)
}

fn fields(refusal: Result<(), Error>) -> Vec<&'static str> {
    refusal.unwrap_err().findings().iter().map(|finding| finding.field).collect()
}

#[test]
fn after_a_power_loss_at_any_point_an_operator_goes_on_where_it_stopped() {
    let tiers = Tiers::new();
    let whole = {
        let files = Memory::default();
        let mut store = created(files.clone(), &tiers);
        let before = files.calls();
        set_up(&mut store, &tiers).unwrap();
        files.calls() - before
    };
    assert!(whole > 30, "{whole} calls");
    let losses: Vec<_> = [Loss::Everything, Loss::Nothing].into_iter().chain((0..6).map(Loss::Some)).collect();
    for point in 0..=whole {
        let files = Memory::default();
        let mut store = created(files.clone(), &tiers);
        files.power_for(point);
        assert_eq!(set_up(&mut store, &tiers).is_ok(), point == whole);
        for loss in &losses {
            let left = files.after(*loss);
            let place = format!("power for {point} calls, {loss:?}");
            let mut store =
                Store::open(left.clone(), FixedClock(tiers.now)).unwrap_or_else(|error| panic!("{place}: {error}"));
            set_up(&mut store, &tiers).unwrap_or_else(|error| panic!("{place}: {error}"));
            let reader = store.reader();
            assert_eq!(reader.roots().unwrap(), [tiers.root.certificate().clone()], "{place}");
            assert_eq!(reader.authority(NAME).unwrap(), tiers.intermediate, "{place}");
            assert_eq!(reader.sealed_key(NAME).unwrap(), b"sealed", "{place}");
            assert_eq!(reader.request(NAME).unwrap(), request(&tiers), "{place}");
            assert_eq!(reader.lists().unwrap().len(), 1, "{place}");
        }
    }
}

#[test]
fn an_intermediate_is_installed_for_its_key_under_a_trusted_root_and_once() {
    let (tiers, other) = (Tiers::new(), Tiers::new());
    let mut store = created(Memory::default(), &tiers);
    store.configure(settings()).unwrap();
    assert!(store.configure(settings()).is_err(), "decided once");
    store.keep_key(NAME, b"sealed", &request(&tiers)).unwrap();
    assert_eq!(fields(store.keep_key(NAME, b"sealed", &request(&other))), ["name"]);
    let certificate = tiers.intermediate.certificate();
    assert_eq!(fields(store.install(NAME, certificate)), ["issuer"], "no root is trusted");
    assert_eq!(fields(store.trust_root(certificate)), ["issuer"], "an intermediate is no root");
    store.trust_root(other.root.certificate()).unwrap();
    assert!(store.install(NAME, certificate).is_err(), "another root");
    store.trust_root(tiers.root.certificate()).unwrap();
    assert_eq!(fields(store.install(NAME, other.intermediate.certificate())), ["subjectPublicKeyInfo"]);
    assert!(store.install("services-2", certificate).is_err());
    store.install(NAME, certificate).unwrap();
    assert_eq!(fields(store.install(NAME, certificate)), ["name"]);
}

#[test]
fn an_expired_root_and_a_revoked_intermediate_are_not_taken() {
    let tiers = Tiers::new();
    let mut store = created(Memory::default(), &tiers);
    store.configure(settings()).unwrap();
    let old = Tiers::at(tiers.now.before(4000 * DAY).unwrap());
    assert_eq!(fields(store.trust_root(old.root.certificate())).last(), Some(&"validity.notAfter"));
    store.trust_root(tiers.root.certificate()).unwrap();
    store.keep_key(NAME, b"sealed", &request(&tiers)).unwrap();
    let serial = tiers.intermediate.certificate().serial().unwrap();
    let entry = Entry { serial, revoked: tiers.now, reason: Reason::KeyCompromise };
    store.install_list(&tiers.root_list(&[entry])).unwrap();
    assert_eq!(fields(store.install(NAME, tiers.intermediate.certificate())), ["revocation"]);
}

#[test]
fn a_list_that_forgets_what_was_revoked_or_is_anothers_or_stale_is_not_taken() {
    let (tiers, other) = (Tiers::new(), Tiers::new());
    let mut store = created(Memory::default(), &tiers);
    set_up(&mut store, &tiers).unwrap();
    assert_eq!(fields(store.install_list(&other.root_list(&[]))), ["signature"]);
    assert_eq!(fields(store.install_list(&tiers.root_list(&[]))), ["cRLNumber"], "the same number again");
    let old = Tiers { now: tiers.now.before(400 * DAY).unwrap(), ..tiers };
    assert_eq!(fields(store.install_list(&old.root_list(&[]))), ["nextUpdate"]);
    let serial = old.intermediate.certificate().serial().unwrap();
    store.revoke(&serial, Reason::AuthorityCompromise).unwrap();
    assert!(store.index().is_list_behind(&old.root.certificate().subject().to_string()));
}

#[test]
fn a_rehearsals_root_key_is_never_kept_for_production() {
    let mut store = Store::create(Memory::default(), pki::clock::SystemClock, Kind::Production).unwrap();
    assert_eq!(fields(store.keep_root_key(b"sealed")), ["kind"]);
    assert_eq!(store.reader().root_key().unwrap(), None);
}

#[test]
fn failed_renewals_wait_longer_and_longer_until_one_goes_through() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    let mut store = created(files.clone(), &tiers);
    let holder = Holder::parse("web@edge1").unwrap();
    let draft = tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]);
    let made: Certificate = store.issue_to(Some(&holder), draft, &tiers.intermediate_key).unwrap();
    for _ in 0..3 {
        store.record_failed_renewal(&holder, "the host does not answer", None).unwrap();
    }
    let line = |files: &Memory| {
        overview::of(View::open(files.clone()).unwrap().index(), tiers.now).unwrap().services[0].clone()
    };
    let failed = line(&files);
    assert_eq!((failed.failed_renewals, failed.next_try.as_deref()), (Some(3), Some("2026-11-25T20:00:00Z")));
    assert_eq!((failed.names, failed.role.as_deref()), (vec!["web.example.org".to_owned()], Some("both")));
    store.record_renewal(&holder, &made.serial().unwrap()).unwrap();
    let well = line(&files);
    assert_eq!((well.failed_renewals, well.last_renewal.as_deref()), (None, Some("2026-11-25T19:00:00Z")));
}

#[test]
fn a_certificate_that_did_not_come_into_use_does_not_stand_for_the_one_that_is() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    let mut store = created(files.clone(), &tiers);
    let holder = Holder::parse("web@edge1").unwrap();
    let issue = |store: &mut Store<Memory, FixedClock>| {
        let draft = tiers.draft(KeyKind::P256, Role::Both, &["web.example.org"]);
        store.issue_to(Some(&holder), draft, &tiers.intermediate_key).unwrap().serial().unwrap()
    };
    let held = |files: &Memory| View::open(files.clone()).unwrap().index().held_by(&holder).cloned();
    let first = issue(&mut store);
    store.record_failed_renewal(&holder, "the service did not take it", Some(&first)).unwrap();
    assert_eq!(held(&files), None, "it has none that is in use");
    let second = issue(&mut store);
    store.record_renewal(&holder, &second).unwrap();
    let third = issue(&mut store);
    assert_eq!(held(&files), Some(third.clone()));
    store.record_failed_renewal(&holder, "the service did not take it", Some(&third)).unwrap();
    assert_eq!(held(&files), Some(second));
    // It did after all.
    assert_eq!(View::open(files.clone()).unwrap().index().unused(&holder), Some(&third));
    store.record_renewal(&holder, &third).unwrap();
    assert_eq!(held(&files), Some(third));
    assert_eq!(View::open(files).unwrap().index().unused(&holder), None);
}
