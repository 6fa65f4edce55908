//! `certificate`: keeps a service's certificate fresh. The host makes the key and takes the certificate, this side decides and
//! signs; the steps on the host are the module of the same name.

mod options;

use std::{rc::Rc, time::Duration};

use pki::{Error, certificate::Certificate, random::SystemRandom, renewal::due_at, serial::Serial};
use protocol::{Data, Map, Outcome};

use super::{ActionContext, ActionError, ActionOutcome, Answer, Local, module};
use crate::issuer::{
    memory,
    renewal::{Judgement, Present, Renewal, Verdict},
    unlock::{self, Opener},
};
use options::Options;

/// How long another process may keep the store before we give up.
const LOCK_LIMIT: Duration = Duration::from_secs(30);
const LOCK_PAUSE: Duration = Duration::from_millis(50);

pub(super) fn run<'a>(context: &'a ActionContext<'a>) -> Local<'a, Result<ActionOutcome, ActionError>> {
    Box::pin(async move {
        let options = Options::of(context)?;
        let outcome = match options.renewal(context) {
            Ok(renewal) => renew(context, &options, &renewal).await?,
            Err(error) => refused(&error),
        };
        Ok(ActionOutcome { outcome, by_module: true, ..ActionOutcome::default() })
    })
}

/// A failed result with the kind of failure, as the verbs of `pki` have exit codes.
fn refused(error: &Error) -> Outcome {
    let mut outcome = Outcome::failure(error.to_string());
    outcome.set("kind", error.kind());
    outcome
}

async fn renew(context: &ActionContext<'_>, options: &Options, renewal: &Renewal<'_>) -> Result<Outcome, ActionError> {
    let state = step(context, options, "state", []).await?;
    if state.failed {
        let mut outcome = Outcome::changed(false);
        outcome.set("holder", renewal.holder.to_string());
        if !context.settings.check_mode {
            note_failure(renewal, &state, None, &mut outcome).await;
        }
        return Ok(merged(outcome, state, "state"));
    }
    let present = match present(&state) {
        Ok(present) => present,
        Err(error) => return Ok(refused(&error)),
    };
    let judgement = match renewal.judge(&present) {
        Ok(judgement) => judgement,
        Err(error) => return Ok(refused(&error)),
    };
    let mut outcome = Outcome::changed(false);
    outcome.warnings.extend(state.warnings.iter().cloned());
    outcome.set("holder", renewal.holder.to_string());
    if let Present::Pair(chain) = &present {
        describe(&mut outcome, chain)?;
    }
    match &judgement.verdict {
        Verdict::Due(reasons) => {
            outcome.set("reasons", told(reasons));
            if context.settings.check_mode {
                outcome.changed = Some(true);
                outcome.set("state", "due");
                return Ok(outcome);
            }
            return replace(context, options, renewal, &judgement, outcome).await;
        }
        Verdict::Waiting { until, reasons } => {
            outcome.set("reasons", told(reasons));
            outcome.set("state", "waiting");
            outcome.set("next_try", until.to_string());
            return Ok(outcome);
        }
        Verdict::Kept { .. } => outcome.set("state", "kept"),
    }
    let unfinished = state.values.contains_key("unfinished");
    let differs = state.values.get("matches") == Some(&Data::Bool(false)) || unfinished;
    if let Some(matches) = state.values.get("matches") {
        outcome.set("matches", matches.clone());
    }
    if let Some(Data::Str(why)) = state.values.get("unserved") {
        outcome.set("matches", false);
        outcome.warnings.push(format!("what {} serves could not be seen: {why}", renewal.holder));
    }
    if differs {
        let reason = if unfinished {
            ("unfinished", "an earlier renewal was interrupted before the service took it")
        } else {
            ("served", "the service presents another certificate")
        };
        outcome.set("reasons", told(&[(reason.0, reason.1.to_owned())]));
        outcome.set("state", "differs");
    }
    if let (true, Some(until)) = (differs, judgement.waits_until) {
        outcome.set("state", "waiting");
        outcome.set("next_try", until.to_string());
        return Ok(outcome);
    }
    if differs && !context.settings.check_mode {
        let taken = step(context, options, "activate", []).await?;
        if taken.failed {
            let unused = judgement.in_use.as_ref().filter(|_| taken.values.contains_key("rolled_back"));
            note_failure(renewal, &taken, unused, &mut outcome).await;
            return Ok(merged(outcome, taken, "served"));
        }
        outcome.set("state", "activated");
        outcome.set("matches", true);
    }
    if differs {
        outcome.changed = Some(true);
    }
    let came_true = if differs { judgement.in_use } else { judgement.late_success };
    if let Some(serial) = came_true
        && !context.settings.check_mode
        && let Err(error) = patiently(|| renewal.record_success(&serial)).await
    {
        outcome.warnings.push(format!("the renewal of {} could not be recorded: {error}", renewal.holder));
    }
    Ok(outcome)
}

/// Renews: a key and its request on the host, the certificate here, and both into use on the host.
async fn replace(
    context: &ActionContext<'_>,
    options: &Options,
    renewal: &Renewal<'_>,
    judgement: &Judgement,
    mut outcome: Outcome,
) -> Result<Outcome, ActionError> {
    let opener = match opener(context, options, renewal, judgement, &mut outcome).await? {
        Ok(opener) => opener,
        Err(error) => return Ok(refused(&error)),
    };
    let serial = match Serial::generate(&mut SystemRandom) {
        Ok(serial) => serial,
        Err(error) => return Ok(refused(&error)),
    };
    let number = ("_serial", serial.to_string());
    let asked = step(context, options, "request", [number.clone()]).await?;
    if asked.failed {
        note_failure(renewal, &asked, None, &mut outcome).await;
        return Ok(merged(outcome, asked, "request"));
    }
    let request = asked.values.get("request").and_then(Data::as_str).unwrap_or_default().to_owned();
    let chain = match patiently(|| renewal.sign(&request, serial.clone(), &opener)).await {
        Ok(chain) => chain,
        Err(error) => {
            // Its key stands for nothing.
            let _ = step(context, options, "discard", [number]).await?;
            return Ok(refused(&error));
        }
    };
    let pem = match chain.iter().map(Certificate::to_pem).collect::<pki::Result<String>>() {
        Ok(pem) => pem,
        Err(error) => return Ok(refused(&error)),
    };
    let installed = match step(context, options, "install", [number, ("_chain", pem)]).await {
        Ok(installed) => installed,
        Err(error) => {
            // Whether it came into use the next try will see.
            let why = Outcome::failure("the host was lost while it took the certificate");
            note_failure(renewal, &why, Some(&serial), &mut outcome).await;
            return Err(error);
        }
    };
    if installed.failed {
        note_failure(renewal, &installed, Some(&serial), &mut outcome).await;
        return Ok(merged(outcome, installed, "install"));
    }
    describe(&mut outcome, &chain)?;
    outcome.changed = Some(true);
    outcome.set("state", "renewed");
    for key in ["release", "previous", "served"] {
        if let Some(value) = installed.values.get(key) {
            outcome.set(key, value.clone());
        }
    }
    if installed.values.contains_key("served") {
        outcome.set("matches", true);
    }
    outcome.warnings.extend(installed.warnings);
    if let Err(error) = patiently(|| renewal.record_success(&serial)).await {
        outcome.warnings.push(format!("the renewal of {} could not be recorded: {error}", renewal.holder));
    }
    Ok(outcome)
}

/// What opens the intermediate's key: known from another host of this run, a file, a credential, or typed.
async fn opener(
    context: &ActionContext<'_>,
    options: &Options,
    renewal: &Renewal<'_>,
    judgement: &Judgement,
    outcome: &mut Outcome,
) -> Result<pki::Result<Rc<Opener>>, ActionError> {
    let (sealed, name) = &judgement.sealed;
    if let Some(known) = context.openers.known(&renewal.store, name) {
        return Ok(Ok(known));
    }
    let identity = options.text("identity").map(|path| context.environment.resolve(path, None));
    let (closed, warning) = match memory::close() {
        Ok(closed) => closed,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(warning) = warning {
        outcome.warnings.push(warning.message);
    }
    let opened = match unlock::opener(sealed, name, identity.as_deref(), context.environment, &closed) {
        Ok(Some(opener)) => Ok(opener),
        Ok(None) => {
            let question = format!("Passphrase of the key of {name}: ");
            match context.prompt.ask(question, false, None).await {
                Answer::Line(typed) => Ok(Opener::Passphrase(pki::seal::Passphrase::new(typed))),
                Answer::Abort => return Err(ActionError::failed("user requested abort!")),
                Answer::NoTerminal | Answer::TimeOver => {
                    Err(unlock::no_passphrase("there is no terminal to type it at"))
                }
            }
        }
        Err(error) => Err(error),
    };
    Ok(opened.map(|opener| context.openers.keep(&renewal.store, name, opener)))
}

/// Waits while another process has the store.
async fn patiently<T>(mut work: impl FnMut() -> pki::Result<T>) -> pki::Result<T> {
    let end = std::time::Instant::now() + LOCK_LIMIT;
    loop {
        match work() {
            Err(Error::Locked { .. }) if std::time::Instant::now() < end => tokio::time::sleep(LOCK_PAUSE).await,
            done => return done,
        }
    }
}

async fn note_failure(renewal: &Renewal<'_>, failed: &Outcome, unused: Option<&Serial>, outcome: &mut Outcome) {
    let why = failed.msg.clone().unwrap_or_default();
    if let Err(error) = patiently(|| renewal.record_failure(&why, unused)).await {
        outcome.warnings.push(format!("the failure of {} could not be recorded: {error}", renewal.holder));
    }
}

/// Runs a part of the module.
async fn step<const N: usize>(
    context: &ActionContext<'_>,
    options: &Options,
    name: &str,
    more: [(&str, String); N],
) -> Result<Outcome, ActionError> {
    let mut arguments = options.given.clone();
    arguments.insert("_step".to_owned(), name.into());
    arguments.extend(more.into_iter().map(|(name, value)| (name.to_owned(), Data::from(value))));
    let mut outcome = module::call(context, "certificate", arguments, None).await?;
    outcome.values.shift_remove("invocation");
    Ok(outcome)
}

fn present(state: &Outcome) -> pki::Result<Present> {
    if let Some(Data::Str(why)) = state.values.get("broken") {
        return Ok(Present::Broken(why.clone()));
    }
    let Some(Data::Map(current)) = state.values.get("current") else { return Ok(Present::Nothing) };
    let chain = current.get("chain").and_then(Data::as_str).unwrap_or_default();
    Certificate::from_pem_bundle(chain).map(Present::Pair)
}

/// What is in use: serial number, names, when it ends and is due.
fn describe(outcome: &mut Outcome, chain: &[Certificate]) -> Result<(), ActionError> {
    let Some(leaf) = chain.first() else { return Ok(()) };
    let said = || -> pki::Result<_> {
        let names: Vec<Data> =
            leaf.names()?.iter().flat_map(|names| names.iter().map(|name| Data::from(name.to_string()))).collect();
        Ok((leaf.serial()?.to_string(), names, due_at(&leaf.validity(), &leaf.fingerprint())?))
    };
    let (serial, names, due) = said().map_err(|error| ActionError::failed(error.to_string()))?;
    outcome.set("serial", serial);
    outcome.set("names", Data::List(names));
    outcome.set("not_after", leaf.validity().not_after().to_string());
    outcome.set("renew_due", due.to_string());
    Ok(())
}

fn told(reasons: &[(&'static str, String)]) -> Data {
    let one = |(name, text): &(&'static str, String)| {
        Data::Map(Map::from([("reason".to_owned(), Data::from(*name)), ("text".to_owned(), Data::from(text.as_str()))]))
    };
    Data::List(reasons.iter().map(one).collect())
}

/// A step's failure as the task's.
fn merged(mut outcome: Outcome, failed: Outcome, place: &str) -> Outcome {
    outcome.failed = true;
    outcome.msg = failed.msg;
    outcome.cause = failed.cause;
    outcome.changed = Some(false);
    outcome.warnings.extend(failed.warnings);
    // That it could not be rolled back is no smaller matter.
    let rolled_back = failed.values.contains_key("rolled_back");
    let unserved = failed.values.get("step").and_then(Data::as_str) == Some("handshake");
    let locked = failed.values.contains_key("locked");
    outcome.set("state", "failed");
    outcome.set(
        "kind",
        if rolled_back {
            "rolled_back"
        } else if locked {
            "locked"
        } else if unserved {
            "failed"
        } else {
            "host"
        },
    );
    if rolled_back {
        outcome.set("matches", !failed.values.contains_key("rollback_problem"));
    }
    for (key, value) in failed.values {
        outcome.values.entry(key).or_insert(value);
    }
    outcome.values.entry("step".to_owned()).or_insert_with(|| place.into());
    outcome
}
