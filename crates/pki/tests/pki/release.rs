//! A pair on its service's host: whole at any moment, for whoever reads it and after any power loss.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use pki::{
    Error,
    certificate::Certificate,
    key::{KeyKind, PrivateKey},
    profile::Role,
    random::SystemRandom,
    release,
    request::SigningRequest,
    serial::Serial,
    store::{Files, Links, Owner, SystemFiles},
    subject::Subject,
};
use rustix::fs::{Mode, OFlags, openat};

use crate::support::{
    Tiers,
    memory::{Loss, Memory},
    service, terms,
};

/// A key and a chain for it.
struct Made {
    serial: Serial,
    key: PrivateKey,
    chain: Vec<Certificate>,
}

fn make(tiers: &Tiers) -> Made {
    let key = PrivateKey::generate(KeyKind::P256, &mut SystemRandom).unwrap();
    let request = SigningRequest::build(&Subject::default(), None, &key).unwrap();
    let profile = service(Role::Both, &["web.example.org"]);
    let draft = profile.draft_for(&tiers.intermediate, &request, &terms(tiers.now, 90)).unwrap();
    let leaf = draft.sign(&tiers.intermediate_key).unwrap();
    Made { serial: leaf.serial().unwrap(), key, chain: vec![leaf, tiers.intermediate.certificate().clone()] }
}

fn install<F: Links>(files: &F, made: &Made) -> pki::Result<()> {
    release::begin(files, &made.serial, &made.key)?;
    let name = release::finish(files, &made.chain)?;
    release::turn(files, Some(&name))
}

#[test]
fn a_pair_stands_in_a_release_that_current_leads_to() {
    let (tiers, folder) = (Tiers::new(), tempfile::tempdir().unwrap());
    let files = SystemFiles::at_folder(folder.path()).made_for(Owner { user: None, group: None, mode: 0o640 });
    assert_eq!(release::current(&files).unwrap(), None);
    let made = make(&tiers);
    install(&files, &made).unwrap();
    let name = made.serial.to_string();
    assert_eq!(fs::read_link(folder.path().join("current")).unwrap(), Path::new("releases").join(&name));
    let read = |file: &str| fs::read_to_string(folder.path().join("current").join(file)).unwrap();
    let [leaf, above] = [0, 1].map(|at| made.chain[at].to_pem().unwrap());
    assert_eq!([read("cert.pem"), read("chain.pem")], [leaf.clone(), above.clone()]);
    assert_eq!(read("fullchain.pem"), format!("{leaf}{above}"));
    assert_eq!(read("pair.pem"), format!("{}{leaf}{above}", read("key.pem")));
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!([mode("current/key.pem"), mode("current/pair.pem"), mode("current")], [0o640, 0o640, 0o750]);
    let whole = release::read(&files, &name).unwrap();
    assert_eq!((whole.name, whole.chain), (name, made.chain));
    release::turn(&files, None).unwrap();
    assert_eq!(release::current(&files).unwrap(), None);
}

#[test]
fn what_does_not_belong_together_is_never_completed() {
    let (tiers, files) = (Tiers::new(), Memory::default());
    let (good, other) = (make(&tiers), make(&tiers));
    // The other's certificate, whose folder has this one's key.
    release::begin(&files, &other.serial, &good.key).unwrap();
    let refusal = release::finish(&files, &other.chain).unwrap_err();
    assert_eq!(refusal.findings()[0].field, "subjectPublicKeyInfo");
    // A chain of another authority.
    release::begin(&files, &good.serial, &good.key).unwrap();
    let foreign = Tiers::new().intermediate.certificate().clone();
    release::finish(&files, &[good.chain[0].clone(), foreign]).unwrap_err();
    assert!(
        matches!(release::begin(&files, &good.serial, &good.key), Err(Error::Io { .. })),
        "a key is never replaced"
    );
    assert!(files.read(&release::folder(&good.serial.to_string()).join("pair.pem")).unwrap().is_none());
    assert!(matches!(release::finish(&files, &[]), Err(Error::Input { .. })));
}

#[test]
fn a_link_that_is_not_ours_is_not_followed() {
    for target in ["/etc", "releases/..", "releases/a/b", "releases"] {
        let files = Memory::default();
        files.link(Path::new(target), Path::new("current")).unwrap();
        assert!(matches!(release::current(&files), Err(Error::Input { .. })), "{target}");
    }
}

#[test]
fn after_a_power_loss_at_any_point_the_pair_in_use_is_the_old_or_the_new_one_and_whole() {
    let tiers = Tiers::new();
    let (old, new, next) = (make(&tiers), make(&tiers), make(&tiers));
    let begun = || {
        let files = Memory::default();
        install(&files, &old).unwrap();
        files
    };
    let whole = {
        let files = begun();
        let before = files.calls();
        install(&files, &new).unwrap();
        files.calls() - before
    };
    assert!(whole > 15, "{whole} calls");
    let [old_name, new_name] = [&old, &new].map(|made| made.serial.to_string());
    let (mut seen_old, mut seen_new) = (0, 0);
    for point in 0..=whole {
        let files = begun();
        files.power_for(point);
        let done = install(&files, &new).is_ok();
        assert_eq!(done, point == whole);
        for loss in [Loss::Everything, Loss::Nothing].into_iter().chain((0..40).map(Loss::Some)) {
            let left = files.after(loss);
            let place = format!("power for {point} calls, {loss:?}");
            let name = release::current(&left).unwrap().unwrap_or_else(|| panic!("{place}: no pair"));
            release::read(&left, &name).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert!(name == new_name || name == old_name && !done, "{place}: {name}");
            seen_old += u32::from(name == old_name);
            seen_new += u32::from(name == new_name);
            // The next renewal goes through, whatever is left of this one.
            install(&left, &next).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(release::current(&left).unwrap(), Some(next.serial.to_string()), "{place}");
        }
    }
    assert!(seen_old > 100 && seen_new > 10, "{seen_old} times the old one, {seen_new} times the new one");
}

/// Turns made while others read.
const TURNS: usize = 10_000;

#[test]
fn readers_of_current_and_of_the_single_file_never_see_a_mixed_pair_over_ten_thousand_turns() {
    let (tiers, folder) = (Tiers::new(), tempfile::tempdir().unwrap());
    let files = SystemFiles::at_folder(folder.path());
    let mut pairs = BTreeMap::new();
    let mut names = Vec::new();
    for _ in 0..4 {
        let made = make(&tiers);
        install(&files, &made).unwrap();
        let name = made.serial.to_string();
        let of = |file: &str| fs::read_to_string(folder.path().join(release::folder(&name)).join(file)).unwrap();
        pairs.insert(of("key.pem"), (of("fullchain.pem"), of("pair.pem")));
        names.push(name);
    }
    let (over, reads) = (AtomicBool::new(false), [const { AtomicU64::new(0) }; 4]);
    let (current, pairs) = (&folder.path().join("current"), &pairs);
    let (over, reads) = (&over, &reads);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let folder = File::open(current).unwrap();
                let read = |name: &str| {
                    let file = openat(&folder, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).unwrap();
                    let mut text = String::new();
                    File::from(file).read_to_string(&mut text).unwrap();
                    text
                };
                let key = read("key.pem");
                assert_eq!(pairs[&key].0, read("fullchain.pem"));
                reads[0].fetch_add(1, Ordering::Relaxed);
            }
        });
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let pair = fs::read_to_string(current.join("pair.pem")).unwrap();
                assert!(pairs.values().any(|(_, known)| *known == pair));
                reads[1].fetch_add(1, Ordering::Relaxed);
            }
        });
        // What opens two paths may see two releases: that is why services take one file where they can.
        let two_paths = || {
            let read = |name: &str| fs::read_to_string(current.join(name)).unwrap();
            let key = read("key.pem");
            pairs[&key].0 == read("fullchain.pem")
        };
        scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                reads[2].fetch_add(1, Ordering::Relaxed);
                if !two_paths() {
                    reads[3].fetch_add(1, Ordering::Relaxed);
                    // The next one sees a pair, unless the link turns again in the middle of it.
                    assert!((0..100).any(|_| two_paths()));
                }
            }
        });
        let turned = (0..TURNS).try_for_each(|turn| release::turn(&files, Some(&names[turn % names.len()])));
        over.store(true, Ordering::Relaxed);
        turned.unwrap();
    });
    let [descriptor, single, both, mixed] = reads.each_ref().map(|reads| reads.load(Ordering::Relaxed));
    assert!([descriptor, single, both].iter().all(|reads| *reads > 100), "the readers were busy: {reads:?}");
    // A figure for people; whatever it is, nothing follows from it.
    let said = format!("{mixed} of {both} reads of two paths saw a mixed pair over {TURNS} turns\n");
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("mixed-pairs.txt"), said).unwrap();
    let last = &names[(TURNS - 1) % names.len()];
    assert_eq!(release::current(&files).unwrap().as_ref(), Some(last));
}
