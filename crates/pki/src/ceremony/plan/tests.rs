//! Plans as they are written, and plans that nobody wrote.

use proptest::prelude::*;

use super::{Plan, Role, Task, Tool, Witness};
use crate::{
    ceremony::sshsig::ThrowAway,
    chain,
    clock::Moment,
    crl::{Entry, Reason},
    random::SystemRandom,
    serial::Serial,
    store::{Kind, Settings},
    validity::BACKDATED,
};

fn plan() -> Plan {
    let at = Moment::parse("2026-11-25T19:00:00Z").unwrap();
    let revoked = |serial| Entry { serial: Serial::parse(serial).unwrap(), revoked: at, reason: Reason::KeyCompromise };
    Plan {
        kind: Kind::Rehearsal,
        title: "List \"three\": # the ä one".to_owned(),
        at,
        previous: chain::START.to_owned(),
        tool: Tool { version: "0.1.0".to_owned(), sha256: "ab".repeat(32) },
        roles: vec![Role { role: "administrator".to_owned(), name: "Ada".to_owned() }],
        witnesses: vec![Witness {
            name: "Grace".to_owned(),
            key: ThrowAway::generate(&mut SystemRandom).unwrap().key(),
        }],
        settings: Settings {
            organization: "Example".to_owned(),
            country: None,
            url: "http://pki.example.org/".to_owned(),
            dns: vec!["example.org".to_owned()],
            ip: Vec::new(),
        },
        task: Task::List {
            root: "cd".repeat(32),
            last: None,
            number: 3,
            this_update: at.before(BACKDATED).unwrap(),
            revoked: vec![revoked("77"), revoked("0123456789")],
            to_be_signed: "ef".repeat(32),
        },
    }
}

#[test]
fn a_list_with_its_entries_is_read_as_it_was_written() {
    let plan = plan();
    assert_eq!(Plan::parse(plan.to_yaml().as_bytes()).unwrap(), plan);
}

#[test]
fn a_list_that_begins_at_another_moment_or_revokes_what_will_be_is_refused() {
    for (at, since) in [("2026-11-25T19:00:00Z", None), ("2026-11-25T18:00:00Z", Some("2026-11-25T19:00:01Z"))] {
        let mut plan = plan();
        if let Task::List { this_update, revoked, .. } = &mut plan.task {
            *this_update = Moment::parse(at).unwrap();
            if let (Some(since), Some(entry)) = (since, revoked.first_mut()) {
                entry.revoked = Moment::parse(since).unwrap();
            }
        }
        assert!(matches!(Plan::parse(plan.to_yaml().as_bytes()), Err(crate::Error::Refused(_))));
    }
}

#[test]
fn a_day_before_and_after_is_in_time_and_a_second_more_is_not() {
    let plan = plan();
    for (seconds, inside) in [(86_400, true), (86_401, false)] {
        assert_eq!(plan.in_time(plan.at.after(seconds).unwrap()).is_ok(), inside);
        assert_eq!(plan.in_time(plan.at.before(seconds).unwrap()).is_ok(), inside);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Plan::parse(&bytes);
    }

    #[test]
    fn no_change_of_a_plan_makes_the_parser_panic(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = plan().to_yaml().into_bytes();
        let at = at.index(bytes.len());
        let _ = Plan::parse(&bytes[..at]);
        bytes[at] = to;
        let _ = Plan::parse(&bytes);
    }

    #[test]
    fn no_bytes_make_the_readers_of_records_panic(
        text in "\\PC{0,200}",
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for bytes in [text.as_bytes(), &bytes] {
            let _ = crate::ceremony::transcript::read(bytes);
            let _ = crate::ceremony::manifest::parse(bytes);
        }
    }
}
