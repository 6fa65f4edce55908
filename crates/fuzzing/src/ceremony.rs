//! What people bring to a ceremony, and what they take away: plans, shares on paper, records and their signatures.

use pki::{
    ceremony::{
        manifest,
        plan::Plan,
        sshsig::WitnessKey,
        transcript::{self, Event, Record},
    },
    chain,
    clock::ClockKind,
    slip39::Share,
};

use super::text;

/// Reads a plan.
pub fn pki_plan(data: &[u8]) {
    if super::ends_libfuzzer(data) {
        return;
    }
    let Ok(plan) = Plan::parse(data) else { return };
    assert_eq!(Plan::parse(plan.to_yaml().as_bytes()).ok().as_ref(), Some(&plan), "a plan comes back as it was");
    let _ = (plan.inputs(), plan.to_be_signed(), plan.custody(), plan.profile_sha256(), plan.in_time(plan.at));
}

/// Reads a transcript; and lines of events as a transcript of its own making, so that no hash stands in the way.
pub fn pki_transcript(data: &[u8]) {
    let whole = transcript::read(data);
    if let Ok((records, head)) = &whole {
        assert_eq!(records.len(), data.iter().filter(|byte| **byte == b'\n').count(), "a record is a line");
        assert_eq!(head.len(), 64, "a hash has 64 digits");
    }
    let events: Vec<Event> =
        data.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let (mut written, mut head, mut records) = (String::new(), chain::START.to_owned(), Vec::new());
    for (at, event) in events.into_iter().enumerate() {
        let (time, clock) = ("2026-11-25T19:00:00Z".to_owned(), ClockKind::System);
        let record = Record { line: at as u64 + 1, time, clock, previous: head, event };
        let Ok(json) = serde_json::to_string(&record) else { panic!("a record can be written: {record:?}") };
        let Ok((line, hash)) = chain::close("record", &json) else { panic!("a record is an object: {json}") };
        written += &line;
        head = hash;
        records.push(record);
    }
    let begun = matches!(records.first().map(|record| &record.event), Some(Event::Begun { .. }));
    let closed = records.iter().position(|record| matches!(record.event, Event::Closed { .. }));
    let holds = begun && closed.is_some_and(|at| at + 1 == records.len());
    assert_eq!(transcript::read(written.as_bytes()).ok(), holds.then_some((records, head)), "it is read as written");
}

/// Reads a manifest.
pub fn pki_manifest(data: &[u8]) {
    let Ok(lines) = manifest::parse(data) else { return };
    let written: String = lines.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
    assert_eq!(written.as_bytes(), data, "a manifest says nothing that is not read");
    assert!(lines.iter().all(|(name, _)| !name.is_empty() && !name.contains('/')), "it names files beside it");
}

/// Reads a share's words; and bytes as a share whose checksum holds, so that what it says is read too.
pub fn pki_share(data: &[u8]) {
    share(data);
    let (pairs, _) = data.as_chunks();
    let numbers: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair) & 0x3ff).collect();
    share(Share::text_of(&numbers).as_bytes());
}

fn share(text: &[u8]) {
    let Ok(read) = Share::parse(text) else { return };
    assert!((1..=16).contains(&read.number()) && (1..=16).contains(&read.threshold()), "it is one of sixteen");
    let words = read.to_words();
    let given = String::from_utf8_lossy(text).to_ascii_lowercase();
    assert!(words.split(' ').eq(given.split_ascii_whitespace()), "a share says nothing that is not read");
}

/// Reads a witness's key; and a signature file by a fixed one.
pub fn pki_witness(data: &[u8]) {
    if let Some(key) = text(data).and_then(|text| WitnessKey::parse(text).ok()) {
        assert_eq!(WitnessKey::parse(&key.to_string()).ok(), Some(key), "a key comes back as it was");
    }
    let Ok(witness) = WitnessKey::parse(WITNESS) else { panic!("the key is one") };
    let _ = witness.verify("Grace", b"transcript", data);
}

/// The key of `fuzz/corpus/pki_witness/signature`.
const WITNESS: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOElCdjcbM2ERkjjXI+sfN5YCSzhFXkt/9OeCXrwYwwN";
