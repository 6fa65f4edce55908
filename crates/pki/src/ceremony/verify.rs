//! Whether a record holds: every line, every file, every signature, and that what came out is what was planned.

use super::{
    draft, files, manifest,
    plan::{Plan, Task},
    transcript::{self, CONTEXT, Event, Record},
};
use crate::{
    Error, Finding, Result, authority::Authority, certificate::Certificate, crl::RevocationList, serial::hex,
    signature, signed::sha256,
};

/// What is asked of a record beside that it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The root is this one, by the SHA-256 of its certificate in hexadecimal.
    pub root: Option<String>,
    /// It follows the transcript whose last line has that hash.
    pub previous: Option<String>,
    /// The witnesses' signatures may be missing.
    pub unwitnessed: bool,
}

impl Wanted {
    /// Before the witnesses have signed.
    #[must_use]
    pub fn unwitnessed() -> Self {
        Self { unwitnessed: true, ..Self::default() }
    }
}

/// A record that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The plan.
    pub plan: Plan,
    /// The transcript's lines.
    pub records: Vec<Record>,
    /// The hash of its last line.
    pub head: String,
    /// The root that signed it.
    pub root: Certificate,
    /// Done with throw-away keys: to be trusted nowhere.
    pub rehearsal: bool,
    /// Names of the witnesses whose signatures are there and hold.
    pub witnessed: Vec<String>,
    /// What came out: file and SHA-256.
    pub outputs: Vec<(String, String)>,
}

/// Verifies a record; `read` gives a file of it by its name, and none where there is no such file.
///
/// # Errors
///
/// The first thing that does not hold: the transcript's lines by their number, then files and signatures by their name.
pub fn record(read: &dyn Fn(&str) -> Result<Option<Vec<u8>>>, wanted: &Wanted) -> Result<Verified> {
    let need = |name: &str| read(name)?.ok_or_else(|| failed(name, "it is missing", "complete the record from a copy"));
    let transcript = need(files::TRANSCRIPT)?;
    let (records, head) = transcript::read(&transcript)?;
    let Some(Event::Begun { plan: plan_hash, rehearsal, ceremony, .. }) = records.first().map(|first| &first.event)
    else {
        return Err(transcript::broken(1, "it is not the beginning of a transcript"));
    };
    let rehearsal = *rehearsal;

    let plan_bytes = need(files::PLAN)?;
    if hex(&sha256(&plan_bytes)) != *plan_hash {
        return Err(failed(files::PLAN, "it is not the plan that was run", "take the plan of this transcript"));
    }
    let plan = Plan::parse(&plan_bytes)?;
    if plan.task.name() != ceremony {
        return Err(transcript::broken(1, "it is of another kind of ceremony than the plan"));
    }
    let previous = records.first().map(|first| first.previous.as_str()).unwrap_or_default();
    if previous != plan.previous || wanted.previous.as_ref().is_some_and(|wanted| wanted != previous) {
        return Err(transcript::broken(1, "it does not follow the ceremony before"));
    }
    let closed = matches!(
        records.last().map(|last| &last.event),
        Some(Event::Closed { signed }) if *signed == announced(&records)
    );
    if !closed {
        return Err(transcript::broken(records.len(), "it counts other signatures than were announced"));
    }

    let outputs = outputs(&records, need)?;
    let listed = manifest::parse(&need(files::MANIFEST)?)?;
    for (name, hash) in &listed {
        if hex(&sha256(&need(name)?)) != *hash {
            return Err(failed(name, "it is not the file of the manifest", "compare it with another copy"));
        }
    }
    let always = [files::PLAN, files::TRANSCRIPT, files::SIGNATURE];
    let all = always.into_iter().chain(outputs.iter().map(|(name, _)| name.as_str()));
    for name in all {
        if !listed.iter().any(|(listed, _)| listed == name) {
            return Err(failed(files::MANIFEST, &format!("{name} is not in it"), "compare it with another copy"));
        }
    }

    let root = root(&plan, rehearsal, &need)?;
    if let Some(wanted) = &wanted.root
        && *wanted != root.certificate().fingerprint()
    {
        let problem = format!("it is {}, not {wanted}", root.certificate().fingerprint());
        return Err(failed("root", &problem, "give the root that is trusted, or take another record"));
    }
    let algorithm = signature::algorithm_of(root.key().kind())?;
    signature::verify(&algorithm, root.key(), &[CONTEXT, &transcript].concat(), &need(files::SIGNATURE)?).map_err(
        |problem| failed(files::SIGNATURE, &problem.to_string(), "the transcript is not what the root signed"),
    )?;
    came_out(&plan, rehearsal, &root, &need)?;

    let mut witnessed = Vec::new();
    for (at, witness) in plan.witnesses.iter().enumerate() {
        match read(&files::witness(at + 1))? {
            // A rehearsal's witnesses are throw-away keys.
            Some(_) if rehearsal => witnessed.push(witness.name.clone()),
            Some(file) => {
                witness.key.verify(&witness.name, &transcript, &file)?;
                witnessed.push(witness.name.clone());
            }
            None if wanted.unwitnessed => {}
            None => {
                let cure = format!("have {} sign the transcript", witness.name);
                return Err(failed(&files::witness(at + 1), "it is missing", &cure));
            }
        }
    }
    Ok(Verified { plan, records, head, root: root.certificate().clone(), rehearsal, witnessed, outputs })
}

fn announced(records: &[Record]) -> u64 {
    let count =
        records.iter().filter(|record| matches!(record.event, Event::Intent { .. } | Event::Sealed { .. })).count();
    count as u64
}

/// The files that the transcript says were made: each is there and is that one, and was announced.
fn outputs(records: &[Record], need: impl Fn(&str) -> Result<Vec<u8>>) -> Result<Vec<(String, String)>> {
    let mut outputs = Vec::new();
    for record in records {
        let (Event::Signed { file, sha256: hash, .. } | Event::Sealed { file, sha256: hash, .. }) = &record.event
        else {
            continue;
        };
        if hex(&sha256(&need(file)?)) != *hash {
            let problem = format!("it is not the file of transcript line {}", record.line);
            return Err(failed(file, &problem, "compare it with another copy"));
        }
        outputs.push((file.clone(), hash.clone()));
    }
    Ok(outputs)
}

fn root(plan: &Plan, rehearsal: bool, need: &impl Fn(&str) -> Result<Vec<u8>>) -> Result<Authority> {
    let made_here = matches!(plan.task, Task::Root { .. });
    let name = if rehearsal && !made_here { files::REHEARSAL_ROOT } else { files::ROOT };
    let certificate = Certificate::from_pem(&text(name, need(name)?)?)?;
    let root = Authority::new(certificate)?;
    root.certificate()
        .verify_signature(root.key())
        .map_err(|problem| failed(name, &problem.to_string(), "take another copy"))?;
    Ok(root)
}

/// What came out is what a second machine makes of the plan, signature left aside, and the root signed it.
fn came_out(plan: &Plan, rehearsal: bool, root: &Authority, need: &impl Fn(&str) -> Result<Vec<u8>>) -> Result<()> {
    let inputs = draft::Inputs::read(plan, need)?;
    let differs = |name: &str| failed(name, "its bytes are not those of the plan", "take another copy");
    let list = |draft: &draft::Draft| {
        let made = RevocationList::from_pem(&text(files::LIST, need(files::LIST)?)?)?;
        made.verify_signature(root.key())?;
        if made.to_be_signed() == draft.bytes() { Ok(()) } else { Err(differs(files::LIST)) }
    };
    if matches!(plan.task, Task::Root { .. }) {
        let draft = draft::of_root(plan, root.key(), rehearsal)?;
        if root.certificate().to_be_signed() != draft.bytes() {
            return Err(differs(files::ROOT));
        }
        return list(&draft::first_list(plan, root)?);
    }
    match draft::of(plan, &inputs, root, rehearsal)? {
        None => Ok(()),
        Some(draft @ draft::Draft::List(_)) => list(&draft),
        Some(draft) => {
            let name = plan.task.outputs().first().copied().unwrap_or_default();
            let made = Certificate::from_pem(&text(name, need(name)?)?)?;
            made.verify_signature(root.key())?;
            if made.to_be_signed() == draft.bytes() { Ok(()) } else { Err(differs(name)) }
        }
    }
}

fn text(name: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| failed(name, "it is no PEM file", "take another copy"))
}

fn failed(object: &str, problem: &str, cure: &str) -> Error {
    Error::Failed(vec![Finding::new(object, "record", problem, "PKI policy: a ceremony's record is whole", cure)])
}
