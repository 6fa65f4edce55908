//! `provision pki ceremony run`.

use std::path::{Path, PathBuf};

use clap::Args;
use pki::{
    Error,
    ceremony::{
        files as names,
        plan::Plan,
        run::{self, Meeting, Overrides},
        sshsig::NAMESPACE,
    },
    random::SystemRandom,
    seal::WORK_FACTOR,
    store::SystemFiles,
};
use serde_json::json;

use super::{desk::Desk, people::People};
use crate::{
    cli::{
        Result,
        terminal::Terminal,
        verbs::pki::{
            Verb, files,
            form::{Done, Form, Format},
            place::RehearsalClock,
        },
    },
    issuer::unlock,
};

/// Run a ceremony on this machine, which has no network
///
/// Everything is asked for and on record; nothing is signed before all of it was checked. A refusal ends it with exit code 3
/// and is on record as well.
///
/// Example: provision pki ceremony run plan.yaml --key root.key.age
///
/// Example: provision pki ceremony run plan.yaml --rehearse --allow-network --allow-unlocked-memory
#[derive(Debug, Args)]
pub(in crate::cli::verbs::pki) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    clock: RehearsalClock,
    #[command(flatten)]
    pub(in crate::cli::verbs::pki) key: Key,
    /// Do all of it with throw-away keys
    #[arg(long = "rehearse")]
    rehearse: bool,
    /// The new folder of the record; else `record` beside the plan
    #[arg(long = "out", value_name = "DIRECTORY")]
    out: Option<PathBuf>,
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Only plans of this type (`root custody rekey`)
    #[arg(skip)]
    pub(in crate::cli::verbs::pki) only: Option<&'static str>,
}

/// What opens the root's key, and rules that are set aside.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(in crate::cli::verbs::pki) struct Key {
    /// The file of the root's sealed key; else `root.key.age` beside the plan
    #[arg(long = "key", value_name = "FILE")]
    pub(in crate::cli::verbs::pki) file: Option<PathBuf>,
    /// Open it with the age identity of this file (mode 0400, your own); may be repeated. Else its passphrase or shares are
    /// asked for
    #[arg(long = "identity", value_name = "FILE")]
    pub(in crate::cli::verbs::pki) identities: Vec<PathBuf>,
    /// Go on though a network interface is up; on record
    #[arg(long = "allow-network")]
    pub(in crate::cli::verbs::pki) network: bool,
    /// Go on though memory cannot be locked; on record
    #[arg(long = "allow-unlocked-memory")]
    pub(in crate::cli::verbs::pki) memory: bool,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, _: &mut Terminal) -> Result<Done> {
        let plan = files::read(&self.plan.display().to_string())?;
        if let Some(only) = self.only {
            let planned = Plan::parse(&plan)?;
            if planned.task.name() != only {
                let problem = format!("it is a plan of type {}, not {only}", planned.task.name());
                return Err(Error::input(self.plan.display().to_string(), problem, "run it with `ceremony run`").into());
            }
        }
        let folder = self.plan.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let beside = folder.join(names::KEY);
        let key = match &self.key.file {
            _ if self.rehearse => None,
            Some(file) => Some(files::read(&file.display().to_string())?),
            None if beside.exists() => Some(files::read(&beside.display().to_string())?),
            None => None,
        };
        let identities = self.key.identities.iter().map(|file| unlock::identity(file)).collect::<pki::Result<_>>()?;
        let out = self.out.clone().unwrap_or_else(|| folder.join("record"));
        let record = SystemFiles::new(&out)
            .map_err(|error| Error::io(out.display(), error, "name another folder with --out"))?;
        let desk = Desk(self.clock.clock()?);
        let inputs = |name: &str| files::read(&folder.join(name).display().to_string());
        let meeting = Meeting {
            plan: &plan,
            inputs: &inputs,
            key,
            identities,
            overrides: Overrides { network: self.key.network, memory: self.key.memory },
            rehearsal: self.rehearse,
            work_factor: WORK_FACTOR,
        };
        let outcome = run::run(meeting, &record, &desk, &mut People::here(), &mut SystemRandom)?;
        let mut text = format!(
            "{}: {}the record is whole\n{}\nhead {}",
            out.display(),
            if outcome.rehearsal { "REHEARSAL, trust it nowhere: " } else { "" },
            outcome.files.iter().map(|file| format!("  {file}")).collect::<Vec<_>>().join("\n"),
            outcome.head,
        );
        for (number, name) in (1..).zip(&outcome.unsigned) {
            text.push_str(&format!(
                "\nnext: {name} signs: ssh-keygen -Y sign -n {NAMESPACE} -f KEY transcript.jsonl, and the signature goes to {}",
                names::witness(number)
            ));
        }
        text.push_str("\nnext: carry the record out, and verify it online: `provision pki ceremony verify`");
        let json = json!({
            "record": out, "rehearsal": outcome.rehearsal, "head": outcome.head, "files": outcome.files,
            "unsigned": outcome.unsigned,
        });
        Ok(Done::well(text, json))
    }
}
