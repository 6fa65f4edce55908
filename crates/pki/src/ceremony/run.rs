//! The meeting: checks, questions, one opening of the key, and a record of all of it.
//!
//! Nothing is signed before everything was checked and agreed to; each signature is announced in the transcript, and the
//! announcement is on the disk, before the key makes it. A refusal ends the run and is on record beside: `refused-N.jsonl`.
//! A transcript that has an announcement in it stays where it is, whatever comes after: what may have been signed is
//! accounted for.

mod checks;
mod room;
mod scope;

use std::path::Path;

use super::{
    Console, Machine, custody, draft, files,
    plan::{Plan, Task},
    rehearsal,
    sshsig::ThrowAway,
    transcript::{self, Event, Transcript},
    verify,
};
use crate::{
    Error, Finding, Result,
    authority::Authority,
    clock::ClockKind,
    key::{KeyKind, PrivateKey},
    random::Random,
    seal::{Identity, SealedKey},
    serial::hex,
    signed::sha256,
    store::{Files, Kind},
};
use room::Room;

/// What is brought along.
pub struct Meeting<'a> {
    /// The plan's file.
    pub plan: &'a [u8],
    /// Gives a file that the plan fixes, by its name.
    pub inputs: &'a dyn Fn(&str) -> Result<Vec<u8>>,
    /// The file of the root's sealed key; none for a new root, and none in a rehearsal.
    pub key: Option<Vec<u8>>,
    /// Identities of recipients that the key is, or will be, sealed to.
    pub identities: Vec<Identity>,
    /// Rules that are set aside.
    pub overrides: Overrides,
    /// Everything with throw-away keys.
    pub rehearsal: bool,
    /// scrypt's work factor for a new passphrase: [`crate::seal::WORK_FACTOR`] but for tests.
    pub work_factor: u8,
}

/// Rules that whoever runs it sets aside; each is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overrides {
    /// A network interface may be up.
    pub network: bool,
    /// Memory need not be locked.
    pub memory: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Done with throw-away keys.
    pub rehearsal: bool,
    /// The hash of the transcript's last line: what the next plan names as `previous`.
    pub head: String,
    /// The files of the record, the manifest left out.
    pub files: Vec<String>,
    /// Witnesses whose signatures are to come.
    pub unsigned: Vec<String>,
}

/// Runs a ceremony; its record is written below `files`.
///
/// # Errors
///
/// A plan that is none; every refusal; what the file system and the key say. Each is in the transcript, but for the first.
pub fn run<F: Files, R: Random>(
    meeting: Meeting<'_>,
    files: &F,
    machine: &dyn Machine,
    console: &mut dyn Console,
    random: &mut R,
) -> Result<Outcome> {
    let plan = Plan::parse(meeting.plan)?;
    let mut signed = 0;
    let Some(transcript) = Transcript::create(files, files::TRANSCRIPT, &plan.previous)? else {
        return Err(occupied(&meeting, &plan, files, machine)?);
    };
    let mut room = Room { plan: &plan, transcript, machine, console, rehearsal: meeting.rehearsal };
    let result = begin(&mut room, &meeting).and_then(|()| hold(&mut room, meeting, files, random, &mut signed));
    match result {
        Ok(outcome) => Ok(outcome),
        Err(problem) => {
            let why = problem.to_string();
            let refused = matches!(problem, Error::Refused(_));
            room.note(if refused { Event::Refused { why } } else { Event::Failed { why } })?;
            if signed == 0 {
                let name = room.transcript.set_aside()?;
                console.say(&format!("Nothing was signed. On record: {name}"))?;
            } else {
                console
                    .say("Something may have been signed: transcript.jsonl says what. Keep this folder as it is.")?;
            }
            Err(problem)
        }
    }
}

fn begin<F: Files>(room: &mut Room<'_, F>, meeting: &Meeting<'_>) -> Result<()> {
    let machine = room.machine;
    room.note(Event::Begun {
        ceremony: room.plan.task.name().to_owned(),
        title: room.plan.title.clone(),
        plan: hex(&sha256(meeting.plan)),
        rehearsal: meeting.rehearsal,
        tool: machine.tool_version(),
        tool_sha256: machine.tool_sha256()?,
        machine: machine.name(),
    })
}

/// A record is there already: that it was refused is put beside it.
fn occupied<F: Files>(meeting: &Meeting<'_>, plan: &Plan, files: &F, machine: &dyn Machine) -> Result<Error> {
    let problem = exists(files::TRANSCRIPT);
    let name = transcript::free_name(files)?;
    if let Some(mut transcript) = Transcript::create(files, &name, &plan.previous)? {
        let (now, clock) = (machine.now()?, machine.kind());
        transcript.note(
            now,
            clock,
            Event::Begun {
                ceremony: plan.task.name().to_owned(),
                title: plan.title.clone(),
                plan: hex(&sha256(meeting.plan)),
                rehearsal: meeting.rehearsal,
                tool: machine.tool_version(),
                tool_sha256: machine.tool_sha256()?,
                machine: machine.name(),
            },
        )?;
        transcript.note(now, clock, Event::Refused { why: problem.to_string() })?;
    }
    Ok(problem)
}

fn exists(name: &str) -> Error {
    Error::refused(Finding::new(
        name,
        "file",
        "there is one already",
        "PKI policy: a record is never written over",
        "name a new folder with --out; keep this one, for something may have been signed there",
    ))
}

fn hold<F: Files, R: Random>(
    room: &mut Room<'_, F>,
    meeting: Meeting<'_>,
    files: &F,
    random: &mut R,
    signed: &mut u64,
) -> Result<Outcome> {
    let plan = room.plan;
    if plan.kind == Kind::Production && !meeting.rehearsal && room.machine.kind() != ClockKind::System {
        return Err(Error::refused(Finding::new(
            "clock",
            "time",
            "the plan is for production, and this clock is one of tests",
            "PKI policy: only a rehearsal takes another clock",
            "use this machine's clock",
        )));
    }
    checks::machine(room, meeting.overrides)?;
    checks::time(room)?;
    checks::people(room)?;
    checks::plan(room, meeting.plan)?;
    let inputs = draft::Inputs::read(plan, meeting.inputs)?;
    checks::inputs(room)?;

    // The plan's bytes are checked against the true root in a rehearsal too.
    let planned = inputs.root.as_ref().map(|root| draft::of(plan, &inputs, root, false)).transpose()?.flatten();
    checks::planned(room, planned.as_ref())?;
    let mut outputs: Vec<String> = plan.task.outputs().iter().map(|name| (*name).to_owned()).collect();
    if let Some(custody::Custody::Shares { custodians, .. }) = plan.custody() {
        outputs.extend((1..=custodians.len()).filter_map(|number| u8::try_from(number).ok()).map(files::share));
    }
    let record = [files::PLAN, files::SIGNATURE, files::MANIFEST, files::REHEARSAL_ROOT];
    let copies = plan.inputs().iter().map(|input| input.file).collect::<Vec<_>>();
    for name in record.iter().chain(&copies).copied().chain(outputs.iter().map(String::as_str)) {
        if files.read(Path::new(name)).map_err(|problem| transcript::failed(name, &problem))?.is_some() {
            return Err(exists(name));
        }
    }

    if matches!(plan.custody(), Some(custody::Custody::Recipients(_))) && meeting.identities.is_empty() {
        return Err(Error::input(
            "custody",
            "the key is to be sealed to recipients, and nothing was brought that opens it again",
            "bring the identity of one of them with --identity, so that it is seen to open",
        ));
    }
    let throw_away = PrivateKey::generate(KeyKind::P384, random)?;
    let rehearsed = match (&plan.task, meeting.rehearsal) {
        (Task::Root { .. }, _) | (_, false) => None,
        _ => Some(rehearsal::root(plan, random)?),
    };
    let (root, sealed, identities) = match rehearsed {
        Some((root, sealed, identity)) => {
            (Some(root), Some(sealed), std::iter::once(identity).chain(meeting.identities).collect())
        }
        None => {
            let sealed = match (&inputs.root, meeting.key) {
                (Some(root), Some(file)) => Some(SealedKey::new(file, root.key().clone())),
                (Some(_), None) => {
                    return Err(Error::input("the root's key", "its file was not brought", "name it with --key FILE"));
                }
                (None, _) => None,
            };
            (inputs.root.clone(), sealed, meeting.identities)
        }
    };
    let draft = match &root {
        Some(root) if meeting.rehearsal => draft::of(plan, &inputs, root, true)?,
        _ => planned,
    };
    if let Some(draft) = &draft {
        draft.trial(&throw_away)?;
        room.note(Event::Checked { what: format!("{}, signed by a throw-away key: no fault", draft.label()) })?;
    }

    scope::Scope { room, files, random, work_factor: meeting.work_factor, throw_away: &throw_away, signed }.hold(
        scope::Brought { root, sealed, identities, draft },
        meeting.plan,
        &copies,
        meeting.inputs,
    )
}

/// What follows when the record is whole: in a rehearsal throw-away witnesses sign it; then it is verified as anybody would.
fn conclude<F: Files, R: Random>(
    room: &mut Room<'_, F>,
    files: &F,
    random: &mut R,
    written: Vec<String>,
) -> Result<Outcome> {
    let plan = room.plan;
    let head = room.transcript.head().to_owned();
    let mut unsigned = Vec::new();
    if room.rehearsal {
        let bytes = read(files, room.transcript.name())?;
        for number in 1..=plan.witnesses.len() {
            let witness = ThrowAway::generate(random)?;
            write(files, &files::witness(number), witness.sign(&bytes).as_bytes())?;
        }
    } else {
        unsigned.extend(plan.witnesses.iter().map(|witness| witness.name.clone()));
    }
    let verified =
        verify::record(&|name| Ok(files.read(Path::new(name)).ok().flatten()), &verify::Wanted::unwitnessed())?;
    if verified.head != head {
        return Err(Error::crypto("transcript", "it was read back as another one", "try another disk"));
    }
    Ok(Outcome { rehearsal: room.rehearsal, head, files: written, unsigned })
}

/// A new file of the record: never in place of another, on the disk, and read again.
fn write<F: Files>(files: &F, name: &str, bytes: &[u8]) -> Result<()> {
    let path = Path::new(name);
    match files.create(path, bytes) {
        Err(problem) if problem.kind() == std::io::ErrorKind::AlreadyExists => return Err(exists(name)),
        other => other.map_err(|problem| transcript::failed(name, &problem))?,
    }
    files
        .sync(path)
        .and_then(|()| files.sync_folder(Path::new("")))
        .map_err(|problem| transcript::failed(name, &problem))?;
    if read(files, name)? == bytes {
        return Ok(());
    }
    Err(Error::io(name, "what was read back is not what was written", "take another disk"))
}

fn read<F: Files>(files: &F, name: &str) -> Result<Vec<u8>> {
    let read = files.read(Path::new(name)).map_err(|problem| transcript::failed(name, &problem))?;
    read.ok_or_else(|| Error::io(name, "it is gone", "take another disk"))
}

/// The root that an opened key belongs to, and where it comes from.
fn authority(root: Option<&Authority>) -> Result<&Authority> {
    root.ok_or_else(|| Error::input("root", "its certificate is missing", "bring it beside the plan"))
}
