//! Ceremonies from plan to verified record.

use std::{fs, path::Path};

use pki::{
    Error,
    ceremony::{
        custody::Custody,
        plan::{Plan, Task},
        run::Overrides,
        transcript,
        verify::Wanted,
    },
    certificate::Certificate,
    clock::ClockKind,
    crl::{Entry, Reason, RevocationList},
    key::{KeyKind, PrivateKey},
    request::SigningRequest,
    seal::{Identity, SealedKey, Unlock},
    slip39::Share,
    verify::{Trust, authority},
};

use crate::support::{
    key,
    meeting::{Brought, Desk, MadeRoot, Table, at, later, numbers, settings, sha256, verify_folder},
};

fn request(key: &PrivateKey) -> SigningRequest {
    SigningRequest::build(&settings().subject("Example Services CA 1"), None, key).unwrap()
}

fn certificate(bytes: &[u8]) -> Certificate {
    Certificate::from_pem(std::str::from_utf8(bytes).unwrap()).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_root_is_made_and_its_record_verifies() {
    let root = MadeRoot::new();
    let verified = root.table.verify().unwrap();
    assert_eq!((verified.head.as_str(), verified.rehearsal), (root.head.as_str(), false));
    assert_eq!(verified.witnessed, ["Grace"]);
    assert_eq!(
        names(&root.table.record()),
        [
            "MANIFEST.sha256",
            "plan.yaml",
            "root.crl.pem",
            "root.key.age",
            "root.pem",
            "transcript.jsonl",
            "transcript.jsonl.root.sig",
            "transcript.jsonl.witness-1.sig"
        ]
    );
    let list = RevocationList::from_pem(std::str::from_utf8(&root.table.read("root.crl.pem")).unwrap()).unwrap();
    assert_eq!((list.number().unwrap(), list.entries().unwrap().len()), (1, 0));
}

#[test]
fn an_intermediate_is_signed_and_leads_to_the_root() {
    let root = MadeRoot::new();
    let table = root.intermediate(&request(&key(KeyKind::P384)));
    let mut people = table.people();
    let brought =
        Brought { key: Some(&root.key()), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    let outcome = table.run(brought, &Desk::new(), &mut people).unwrap();
    assert_eq!(outcome.unsigned, ["Grace"]);
    let refusal = table.verify().unwrap_err().to_string();
    assert!(refusal.contains("transcript.jsonl.witness-1.sig: record: it is missing"), "{refusal}");
    table.witnessed();
    let verified = table.verify().unwrap();
    assert_eq!(verified.records[0].previous, root.head);
    let anchors = [certificate(&root.pem())];
    let trust = Trust { anchors: &anchors, intermediates: &[], lists: None, at: at() };
    authority(&certificate(&table.read("intermediate.pem")), &trust).unwrap();
    let wanted = Wanted { root: Some("0".repeat(64)), ..Wanted::default() };
    assert!(matches!(verify_folder(&table.record(), &wanted), Err(Error::Failed(_))));
}

#[test]
fn two_machines_make_the_same_bytes_and_transcripts_differ_in_time_machine_and_hashes_alone() {
    let root = MadeRoot::new();
    let table = root.intermediate(&request(&key(KeyKind::P384)));
    let brought =
        Brought { key: Some(&root.key()), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    let other = Desk { now: later(0), name: "other", ..Desk::new() };
    let list = Table::new(
        Task::List {
            root: sha256(&root.pem()),
            last: Some(sha256(&root.table.read("root.crl.pem"))),
            number: 2,
            this_update: at().before(3600).unwrap(),
            revoked: vec![Entry {
                serial: numbers(1).serial,
                revoked: at().before(3600).unwrap(),
                reason: Reason::Superseded,
            }],
            to_be_signed: "0".repeat(64),
        },
        &root.head,
        &[("root.pem", root.pem()), ("last-crl.pem", root.table.read("root.crl.pem"))],
    );
    for (table, output) in [(&table, "intermediate.pem"), (&list, "root.crl.pem")] {
        let mut transcripts = Vec::new();
        let mut outputs = Vec::new();
        for (folder, desk) in [("record", &Desk::new()), ("second", &other)] {
            table.run_into(folder, brought, desk, &mut table.people()).unwrap();
            outputs.push(fs::read(table.path(folder).join(output)).unwrap());
            let text = fs::read_to_string(table.path(folder).join("transcript.jsonl")).unwrap();
            let lines = text.lines().map(|line| {
                let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
                let fields = line.as_object_mut().unwrap();
                for own in ["time", "machine", "previous", "hash"] {
                    fields.remove(own);
                }
                if fields["event"] == "confirmed" && fields["what"] == "time" {
                    fields.remove("value");
                }
                line
            });
            transcripts.push(lines.collect::<Vec<_>>());
        }
        assert_eq!(outputs[0], outputs[1], "{output}");
        assert_eq!(transcripts[0], transcripts[1]);
    }
}

#[test]
fn a_root_is_signed_across_and_who_trusts_the_old_one_follows() {
    let (old, new) = (MadeRoot::new(), MadeRoot::new());
    // Another name: two roots of one name are no pair.
    let mut plan = new.table.plan.clone();
    let Task::Root { common_name, .. } = &mut plan.task else { panic!("a root") };
    "Example Root CA 2".clone_into(common_name);
    let new_table = Table::new(plan.task, pki::chain::START, &[]);
    let brought = Brought { identities: std::slice::from_ref(&new.identity), ..Brought::default() };
    new_table.run(brought, &Desk::new(), &mut new_table.people()).unwrap();
    let other = new_table.read("root.pem");
    let task = Task::CrossSign {
        root: sha256(&old.pem()),
        other: sha256(&other),
        numbers: numbers(1826),
        to_be_signed: "0".repeat(64),
    };
    let table = Table::new(task, &old.head, &[("root.pem", old.pem()), ("new-root.pem", other.clone())]);
    let brought =
        Brought { key: Some(&old.key()), identities: std::slice::from_ref(&old.identity), ..Brought::default() };
    table.run(brought, &Desk::new(), &mut table.people()).unwrap();
    table.witnessed();
    table.verify().unwrap();
    let cross = certificate(&table.read("cross.pem"));
    assert_eq!(cross.public_key().unwrap(), certificate(&other).public_key().unwrap());
    let anchors = [certificate(&old.pem())];
    authority(&cross, &Trust { anchors: &anchors, intermediates: &[], lists: None, at: at() }).unwrap();
    // What the new root signs leads to the old one over it.
    let new = MadeRoot { table: new_table, ..new };
    let below = new.intermediate(&request(&key(KeyKind::P384)));
    let brought =
        Brought { key: Some(&new.key()), identities: std::slice::from_ref(&new.identity), ..Brought::default() };
    below.run(brought, &Desk::new(), &mut below.people()).unwrap();
    let trust = Trust { anchors: &anchors, intermediates: &[cross], lists: None, at: at() };
    let path = authority(&certificate(&below.read("intermediate.pem")), &trust).unwrap();
    assert_eq!(path.certificates().len(), 3);
}

#[test]
fn a_key_is_sealed_anew_and_the_old_custody_opens_the_new_file_no_more() {
    let root = MadeRoot::new();
    let task = Task::Rekey {
        root: sha256(&root.pem()),
        custody: Custody::Shares { threshold: 3, count: 5, custodians: Vec::new() },
    };
    let table = Table::new(task, &root.head, &[("root.pem", root.pem())]);
    let mut people = table.people();
    let brought =
        Brought { key: Some(&root.key()), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    table.run(brought, &Desk::new(), &mut people).unwrap();
    table.witnessed();
    table.verify().unwrap();
    let public = certificate(&root.pem()).public_key().unwrap();
    let sealed = SealedKey::new(table.read("root.key.age"), public);
    assert!(sealed.with(&Unlock::Identity(&root.identity), |_| Ok(())).is_err());
    assert_eq!(people.papers.len(), 5);
    let three: Vec<_> = [4, 0, 2].map(|at| Share::parse(people.papers[at].as_bytes()).unwrap()).into();
    let identity = Identity::from_secret(&pki::slip39::recover(&three).unwrap()).unwrap();
    sealed.with(&Unlock::Identity(&identity), |_| Ok(())).unwrap();
}

#[test]
fn three_custodians_of_five_open_the_key_and_a_mistyped_share_is_asked_for_again() {
    let table = Table::root(Custody::Shares { threshold: 3, count: 5, custodians: Vec::new() });
    let mut people = table.people();
    table.run(Brought::default(), &Desk::new(), &mut people).unwrap();
    assert!(people.papers.iter().all(|share| share.split(' ').count() == 33));
    let shares = people.papers;
    let pem = table.read("root.pem");
    let request = request(&key(KeyKind::P384)).to_pem().unwrap().into_bytes();
    let task = Task::Intermediate {
        root: sha256(&pem),
        request: sha256(&request),
        common_name: "Example Services CA 1".to_owned(),
        numbers: numbers(1826),
        to_be_signed: "0".repeat(64),
    };
    let next = Table::new(task, pki::chain::START, &[("root.pem", pem), ("request.pem", request)]);
    let key = table.read("root.key.age");
    let mut people = next.people();
    let mistyped = shares[1].replacen(shares[1].split(' ').nth(6).unwrap(), "wrogn", 1);
    people.typed = [&shares[3], &mistyped, &shares[1], &shares[3], &shares[0]].map(Clone::clone).into();
    next.run(Brought { key: Some(&key), ..Brought::default() }, &Desk::new(), &mut people).unwrap();
    for shown in ["word 7 \"wrogn\" is not in the list", "Share 4 is taken.", "share 4 was typed already"] {
        assert!(people.screen.contains(shown), "{shown}: {}", people.screen);
    }
    let record = String::from_utf8(next.read("transcript.jsonl")).unwrap();
    assert!(!record.contains("wrogn") && !record.contains(&shares[3]));
}

#[test]
fn shares_are_sealed_each_to_its_custodian() {
    let custodians: Vec<_> = (0..3).map(|_| Identity::generate()).collect();
    let recipients = custodians.iter().map(Identity::recipient).collect();
    let table = Table::root(Custody::Shares { threshold: 2, count: 3, custodians: recipients });
    let mut people = table.people();
    table.run(Brought::default(), &Desk::new(), &mut people).unwrap();
    assert!(people.papers.is_empty());
    table.witnessed();
    table.verify().unwrap();
    for (number, custodian) in (1..).zip(&custodians) {
        let file = table.read(&format!("share-{number}.age"));
        let words = pki::seal::open_text(&file, &Unlock::Identity(custodian)).unwrap();
        assert_eq!(Share::parse(words.as_bytes()).unwrap().number(), number);
        let other = &custodians[usize::from(number) % 3];
        assert!(pki::seal::open_text(&file, &Unlock::Identity(other)).is_err());
    }
}

#[test]
fn a_passphrase_is_drawn_and_opens_the_key_at_the_second_try() {
    let table = Table::root(Custody::Passphrase);
    let mut people = table.people();
    table.run(Brought::default(), &Desk::new(), &mut people).unwrap();
    let passphrase = people.papers.pop().unwrap();
    assert_eq!(passphrase.split(' ').count(), 8);
    let task = Task::Rekey { root: sha256(&table.read("root.pem")), custody: Custody::Passphrase };
    let next = Table::new(task, pki::chain::START, &[("root.pem", table.read("root.pem"))]);
    let key = table.read("root.key.age");
    let mut people = next.people();
    people.typed = ["wrong".to_owned()].into();
    let refusal = next.run(Brought { key: Some(&key), ..Brought::default() }, &Desk::new(), &mut people).unwrap_err();
    assert!(matches!(refusal, Error::Input { .. }), "{refusal}");
    assert!(next.refusals().contains("\"event\":\"failed\""));
    let mut people = next.people();
    people.typed = [passphrase].into();
    fs::remove_dir_all(next.record()).unwrap();
    next.run(Brought { key: Some(&key), ..Brought::default() }, &Desk::new(), &mut people).unwrap();
}

#[test]
fn any_byte_of_a_transcript_changed_its_end_cut_or_lines_swapped_is_seen_and_the_line_is_named() {
    let root = MadeRoot::new();
    let good = root.table.read("transcript.jsonl");
    let path = root.table.record().join("transcript.jsonl");
    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    let refused = |bytes: &[u8], line: usize| {
        fs::write(&path, bytes).unwrap();
        let refusal = root.table.verify().unwrap_err();
        assert!(matches!(refusal, Error::Failed(_)), "{refusal}");
        assert!(refusal.to_string().contains(&format!("transcript line {line}: ")), "line {line}: {refusal}");
    };
    let mut line = 1;
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 0x01;
        refused(&changed, line);
        if good[at] == b'\n' {
            line += 1;
        }
    }
    for at in 0..lines.len() - 1 {
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        refused(&swapped.concat(), at + 1);
    }
    refused(&lines[..lines.len() - 1].concat(), lines.len());
    refused(&good[..good.len() - 1], lines.len());
    refused(b"", 1);
    fs::write(&path, &good).unwrap();
    root.table.verify().unwrap();
}

#[test]
fn a_chain_that_was_made_anew_is_not_what_the_root_signed() {
    let root = MadeRoot::new();
    let path = root.table.record().join("transcript.jsonl");
    let mut records = transcript::read(&fs::read(&path).unwrap()).unwrap().0;
    records[3].time = "2026-11-25T19:30:00Z".to_owned();
    let mut previous = records[0].previous.clone();
    let mut forged = String::new();
    for mut record in records {
        record.previous = previous;
        let json = serde_json::to_string(&record).unwrap();
        let body = json.strip_suffix('}').unwrap();
        previous = sha256(body.as_bytes());
        forged += &format!("{body},\"hash\":\"{previous}\"}}\n");
    }
    fs::write(&path, &forged).unwrap();
    let refusal = root.table.verify().unwrap_err().to_string();
    assert!(refusal.contains("transcript.jsonl: record: it is not the file of the manifest"), "{refusal}");
    let manifest = String::from_utf8(root.table.read("MANIFEST.sha256")).unwrap();
    let line = manifest.lines().find(|line| line.ends_with("  transcript.jsonl")).unwrap();
    let manifest = manifest.replace(line, &format!("{}  transcript.jsonl", sha256(forged.as_bytes())));
    fs::write(root.table.record().join("MANIFEST.sha256"), manifest).unwrap();
    let refusal = root.table.verify().unwrap_err().to_string();
    assert!(refusal.contains("transcript.jsonl.root.sig: record: "), "{refusal}");
}

#[test]
fn any_file_of_a_record_changed_is_seen() {
    let root = MadeRoot::new();
    for name in names(&root.table.record()) {
        let path = root.table.record().join(&name);
        let good = fs::read(&path).unwrap();
        let mut changed = good.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 0x02;
        fs::write(&path, changed).unwrap();
        assert!(matches!(root.table.verify(), Err(Error::Failed(_))), "{name}");
        fs::remove_file(&path).unwrap();
        assert!(matches!(root.table.verify(), Err(Error::Failed(_))), "{name} gone");
        fs::write(&path, good).unwrap();
    }
    root.table.verify().unwrap();
}

#[test]
fn what_is_against_the_plan_is_refused_on_record_and_nothing_is_signed() {
    let root = MadeRoot::new();
    let mine = request(&key(KeyKind::P384));
    let key = root.key();
    let brought = Brought { key: Some(&key), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    type Change = fn(&Table, &mut Desk, &mut crate::support::meeting::People);
    let cases: [(&str, Change); 11] = [
        ("the rule is that no network interface is up; up: eth0", |_, desk, _| {
            desk.interfaces = vec!["eth0".to_owned()]
        }),
        ("the rule is that memory is locked; no right to", |_, desk, _| desk.memory = Err("no right to".to_owned())),
        ("and the plan names 0.1.0", |_, desk, _| desk.tool = "bb"),
        ("is planned for", |_, desk, _| desk.now = later(1)),
        ("the room did not agree", |_, _, people| people.otherwise = vec![("Is the time right", "no")]),
        ("they are not here", |_, _, people| people.otherwise = vec![("Grace", "no")]),
        ("request.pem: sha256", |table, _, _| {
            let other = request(&crate::support::key(KeyKind::P384));
            fs::write(table.path("request.pem"), other.to_pem().unwrap()).unwrap();
        }),
        ("root.pem: sha256", |table, _, _| fs::write(table.path("root.pem"), "another").unwrap()),
        ("its words were not typed back", |_, _, people| {
            people.otherwise = vec![("first four", "aardvark")];
        }),
        ("the room did not agree", |_, _, people| people.otherwise = vec![("Shall it be signed", "no")]),
        ("this clock is one of tests", |_, desk, _| desk.clock = ClockKind::Rehearsal),
    ];
    for (why, change) in cases {
        let table = root.intermediate(&mine);
        let (mut desk, mut people) = (Desk::new(), table.people());
        change(&table, &mut desk, &mut people);
        let refusal = table.run(brought, &desk, &mut people).unwrap_err();
        assert!(matches!(refusal, Error::Refused(_)), "{why}: {refusal}");
        assert!(refusal.to_string().contains(why), "{why}: {refusal}");
        assert!(table.refusals().contains("\"event\":\"refused\""), "{why}");
        assert_eq!(names(&table.record()), ["refused-1.jsonl"], "{why}");
    }
}

#[test]
fn an_edit_that_leaves_the_plan_whole_is_seen_by_its_words_and_one_of_what_is_signed_by_its_bytes() {
    let root = MadeRoot::new();
    let key = root.key();
    let brought = Brought { key: Some(&key), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    // Approved, then edited.
    let table = root.intermediate(&request(&crate::support::key(KeyKind::P384)));
    let mut people = table.people();
    let plan = fs::read_to_string(table.path("plan.yaml")).unwrap();
    fs::write(table.path("plan.yaml"), plan.replace("title: \"Example\"", "title: \"Exemple\"")).unwrap();
    let refusal = table.run(brought, &Desk::new(), &mut people).unwrap_err().to_string();
    assert!(refusal.contains("the plan was edited after it was approved"), "{refusal}");
    // Edited, and approved so.
    let end = table.plan.at.after(86_400).unwrap().to_string();
    let not_after = plan.lines().find(|line| line.contains("not_after")).unwrap();
    fs::write(table.path("plan.yaml"), plan.replace(not_after, &format!("  not_after: \"{end}\""))).unwrap();
    let refusal = table.run(brought, &Desk::new(), &mut table.people()).unwrap_err().to_string();
    assert!(refusal.contains("to_be_signed: it is "), "{refusal}");
    assert_eq!(names(&table.record()), ["refused-1.jsonl", "refused-2.jsonl"]);
}

#[test]
fn an_output_that_is_there_already_is_never_written_over() {
    let root = MadeRoot::new();
    let key = root.key();
    let brought = Brought { key: Some(&key), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    for name in ["intermediate.pem", "transcript.jsonl", "MANIFEST.sha256", "plan.yaml"] {
        let table = root.intermediate(&request(&crate::support::key(KeyKind::P384)));
        fs::create_dir(table.record()).unwrap();
        fs::write(table.record().join(name), "mine").unwrap();
        let refusal = table.run(brought, &Desk::new(), &mut table.people()).unwrap_err();
        assert!(matches!(refusal, Error::Refused(_)), "{refusal}");
        assert!(refusal.to_string().contains(&format!("{name}: file: there is one already")), "{refusal}");
        assert_eq!(table.read(name), b"mine");
        assert!(table.refusals().contains("there is one already"));
        assert_eq!(names(&table.record()).len(), 2);
    }
}

#[test]
fn an_override_is_on_record() {
    let root = MadeRoot::new();
    let table = root.intermediate(&request(&key(KeyKind::P384)));
    let desk = Desk { interfaces: vec!["eth0".to_owned()], memory: Err("no right to".to_owned()), ..Desk::new() };
    let key = root.key();
    let brought = Brought {
        key: Some(&key),
        identities: std::slice::from_ref(&root.identity),
        overrides: Overrides { network: true, memory: true },
        ..Brought::default()
    };
    table.run(brought, &desk, &mut table.people()).unwrap();
    let record = String::from_utf8(table.read("transcript.jsonl")).unwrap();
    assert!(record.contains("\"event\":\"overridden\",\"rule\":\"no network interface is up\",\"found\":\"up: eth0\""));
    assert!(record.contains("\"event\":\"overridden\",\"rule\":\"memory is locked\",\"found\":\"no right to\""));
}

#[test]
fn a_rehearsal_does_all_of_it_without_the_roots_key() {
    let root = MadeRoot::new();
    let table = root.intermediate(&request(&key(KeyKind::P384)));
    let desk = Desk { now: later(9), ..Desk::new() };
    let mut people = table.people();
    table.run(Brought { rehearsal: true, ..Brought::default() }, &desk, &mut people).unwrap();
    let verified = table.verify().unwrap();
    assert!(verified.rehearsal);
    let made = certificate(&table.read("intermediate.pem"));
    assert!(made.issuer().to_string().contains("REHEARSAL"));
    assert!(made.verify_signature(&certificate(&root.pem()).public_key().unwrap()).is_err());
    assert!(String::from_utf8(table.read("transcript.jsonl")).unwrap().contains("within 24 hours of its plan"));
}

#[test]
fn the_sealed_key_cut_at_any_length_or_with_a_bit_flipped_is_bad_input_and_nothing_is_signed() {
    let root = MadeRoot::new();
    let mine = request(&key(KeyKind::P384));
    let good = root.key();
    let table = root.intermediate(&mine);
    let refused = |file: &[u8]| {
        let brought =
            Brought { key: Some(file), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
        let refusal = table.run(brought, &Desk::new(), &mut table.people()).unwrap_err();
        assert!(matches!(refusal, Error::Input { .. }), "{refusal}");
        assert!(!names(&table.record()).iter().any(|name| name == "intermediate.pem" || name == "transcript.jsonl"));
        fs::remove_dir_all(table.record()).unwrap();
    };
    (0..good.len()).step_by(7).for_each(|length| refused(&good[..length]));
    for at in (0..good.len()).step_by(7) {
        let mut flipped = good.clone();
        flipped[at] ^= 1 << (at % 8);
        refused(&flipped);
    }
}

#[test]
fn the_roots_scalar_is_in_no_file_and_on_no_screen_in_no_spelling() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let root = MadeRoot::new();
    let table = root.intermediate(&request(&key(KeyKind::P384)));
    let mut people = table.people();
    let file = root.key();
    let brought = Brought { key: Some(&file), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    table.run(brought, &Desk::new(), &mut people).unwrap();
    let sealed = SealedKey::new(file, certificate(&root.pem()).public_key().unwrap());
    let (pkcs8, pem) =
        sealed.with(&Unlock::Identity(&root.identity), |key| Ok((key.to_pkcs8()?, key.to_pem()?))).unwrap();
    let at = pkcs8.windows(2).position(|window| window == [0x04, 0x30]).unwrap() + 2;
    let scalar = &pkcs8[at..at + 48];
    let hex: String = scalar.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut spellings = vec![scalar.to_vec(), hex.clone().into_bytes(), hex.to_uppercase().into_bytes()];
    // base64 of it at each place that it can have among other bytes, less the ends that depend on those.
    for before in 0..3 {
        let text = STANDARD.encode([&vec![0; before], scalar].concat());
        spellings.push(text.as_bytes()[4..text.len() - 4].to_vec());
    }
    spellings.extend(pem.lines().filter(|line| line.len() == 64).map(|line| line.as_bytes().to_vec()));
    let mut places = vec![people.screen.into_bytes(), root.people.screen.clone().into_bytes()];
    places.extend(people.papers.into_iter().chain(root.people.papers.clone()).map(String::into_bytes));
    for folder in [root.table.record(), table.record()] {
        places.extend(names(&folder).iter().map(|name| fs::read(folder.join(name)).unwrap()));
    }
    let found = |place: &[u8], spelling: &[u8]| place.windows(spelling.len()).any(|window| window == spelling);
    assert!(spellings.iter().any(|spelling| found(pem.as_bytes(), spelling)), "the search can find it");
    for spelling in &spellings {
        assert!(spelling.len() >= 40 && !places.iter().any(|place| found(place, spelling)));
    }
}

#[test]
fn a_plan_is_read_as_it_was_written_and_unknown_keys_are_refused_with_their_place() {
    let root = MadeRoot::new();
    let table = root.intermediate(&request(&key(KeyKind::P384)));
    let text = table.plan.to_yaml();
    assert_eq!(Plan::parse(text.as_bytes()).unwrap(), table.plan);
    assert_eq!(Plan::parse(root.table.plan.to_yaml().as_bytes()).unwrap(), root.table.plan);
    for (from, to, place) in [
        ("tool:\n", "tool:\n  colour: \"red\"\n", "plan line 9 column 3: tool: \"colour\" is not known here"),
        ("kind: \"production\"", "kind: \"prodution\"", "plan line 4 column 7: plan: kind: it is neither"),
        ("title:", "titel:", "plan line 3 column 1: plan: \"title\" is missing"),
        ("ceremony: \"intermediate\"", "ceremony: \"lunch\"", "plan: ceremony: \"lunch\" is none of root"),
        ("previous: \"", "previous: \"x", "previous: it is no SHA-256"),
        ("organization: \"Example\"", "organization: \"Exemple\"", "profile.sha256: it is "),
    ] {
        assert!(text.contains(from), "{from}");
        let refusal = Plan::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(refusal.contains(place), "{place}: {refusal}");
    }
    for bytes in [&b""[..], b"a: [", b"- 1", b"\xff\xfe", b"a: &a [*a]"] {
        assert!(Plan::parse(bytes).is_err());
    }
}

#[test]
fn the_key_identity_or_recipients_that_do_not_fit_are_refused_before_anything_is_written() {
    let root = MadeRoot::new();
    let table = root.intermediate(&request(&key(KeyKind::P384)));
    let stranger = Identity::generate();
    let file = root.key();
    let brought = Brought { key: Some(&file), identities: std::slice::from_ref(&stranger), ..Brought::default() };
    let refusal = table.run(brought, &Desk::new(), &mut table.people()).unwrap_err().to_string();
    assert!(refusal.contains("neither this passphrase nor this identity opens it"), "{refusal}");
    let recipients = Table::root(Custody::Recipients(vec![stranger.recipient()]));
    let refusal = recipients.run(Brought::default(), &Desk::new(), &mut recipients.people()).unwrap_err().to_string();
    assert!(refusal.contains("nothing was brought that opens it again"), "{refusal}");
    assert_eq!(names(&recipients.record()), ["refused-1.jsonl"]);
}

/// Hashes, words, numbers and keys of a screen as examples, so that it is the same every time.
fn masked(screen: &str) -> String {
    const WORDS: &str = "topmost Istanbul Pluto vagabond";
    let is_hash = |line: &str| {
        let mut parts = line.split(' ').filter(|part| !part.is_empty());
        parts.next().is_some_and(|digits| digits.len() == 8 && u32::from_str_radix(digits, 16).is_ok())
            && line.starts_with("  ")
    };
    let line = |line: &str| {
        if is_hash(line) {
            return format!("  e58294f2  {WORDS}");
        }
        if line.starts_with("Type the first four") {
            return format!("Type the first four and the last four words: {WORDS} {WORDS}");
        }
        if line.starts_with("Words ") {
            return format!("Words 4, 17 and 29 of {}", line.split_once(" of ").unwrap().1);
        }
        match line.split_once("serial       ") {
            Some((before, _)) => format!("{before}serial       6f1c2a9d03b74e5f8a1b2c3d4e5f6071"),
            None => line.to_owned(),
        }
    };
    screen.lines().map(|text| line(text).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_screens_of_the_operators_guide_are_what_is_shown() {
    let table = Table::root(Custody::Shares { threshold: 2, count: 2, custodians: Vec::new() });
    let mut root_people = table.people();
    table.run(Brought::default(), &Desk::new(), &mut root_people).unwrap();
    let root = MadeRoot::new();
    let next = root.intermediate(&request(&key(KeyKind::P384)));
    let mut people = next.people();
    let file = root.key();
    let brought = Brought { key: Some(&file), identities: std::slice::from_ref(&root.identity), ..Brought::default() };
    next.run(brought, &Desk::new(), &mut people).unwrap();

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ceremony.md");
    let guide = fs::read_to_string(&path).unwrap();
    let mut wanted = guide.clone();
    for (name, screen) in [("root", &root_people.screen), ("intermediate", &people.screen)] {
        let begin = format!("<!-- screen: {name} -->\n```\n");
        let (before, rest) = wanted.split_once(&begin).unwrap();
        let after = rest.split_once("```\n").unwrap().1;
        wanted = format!("{before}{begin}{}\n```\n{after}", masked(screen).trim());
    }
    if std::env::var_os("PROVISION_TEST_UPDATE_SCREENS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert_eq!(guide, wanted, "docs/ceremony.md: PROVISION_TEST_UPDATE_SCREENS=1 writes its screens anew");
}
