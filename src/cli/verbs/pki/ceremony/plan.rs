//! `provision pki ceremony plan`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use pki::{
    Error, Result as PkiResult,
    ceremony::{
        aloud,
        custody::Custody,
        draft::{self, Inputs},
        files as names,
        plan::{Numbers, Plan, Role, Task, Tool, Witness},
        sshsig::WitnessKey,
        transcript,
    },
    certificate::Certificate,
    chain,
    clock::Moment,
    profile::{Intermediate, Root},
    random::SystemRandom,
    request::SigningRequest,
    seal::Recipient,
    serial::Serial,
    store::{Files, SystemFiles, View},
    validity::{BACKDATED, Validity},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::desk::sha256_of;
use crate::cli::{
    Result,
    terminal::Terminal,
    verbs::pki::{
        Verb, files,
        form::{Done, Form, Format},
        place::Place,
    },
};

/// Write the plan of a ceremony, and put beside it the files that it fixes
///
/// What authorities call themselves and speak for comes from the store, so do roots, requests, lists and what is revoked.
/// Serial number and dates are fixed here: the ceremony is to be run within 24 hours of --at. Print what this prints: the
/// words of the plan are typed from that paper.
///
/// Example: provision pki ceremony plan --type root --common-name 'Example Root CA' --custody shares --threshold 3 --shares 5 --first --at 2026-11-25T19:00:00Z --role administrator=Ada --witness Grace=grace.pub --out plan/plan.yaml
///
/// Example: provision pki ceremony plan --type intermediate --intermediate services-1 --root root.pem --previous last/record --out plan/plan.yaml
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// What the ceremony does
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    kind: Type,
    /// The new plan; its folder is carried to the offline machine
    #[arg(long = "out", value_name = "FILE")]
    out: PathBuf,
    /// What it is about, for the people in the room
    #[arg(long = "title", value_name = "TEXT")]
    title: Option<String>,
    /// When it will be run (2026-11-25T19:00:00Z); else now
    #[arg(long = "at", value_name = "TIME")]
    at: Option<String>,
    /// The record of the ceremony before: its folder or transcript
    #[arg(long = "previous", value_name = "RECORD", required_unless_present = "first")]
    previous: Option<PathBuf>,
    /// There was no ceremony before
    #[arg(long = "first", conflicts_with = "previous")]
    first: bool,
    /// Somebody with a part in it; may be repeated
    #[arg(long = "role", value_name = "ROLE=NAME")]
    roles: Vec<String>,
    /// Somebody who looks on, and the file of their Ed25519 key (ssh-keygen); may be repeated
    #[arg(long = "witness", value_name = "NAME=KEY.pub")]
    witnesses: Vec<String>,
    /// The program that will run it, if it is not this one
    #[arg(long = "tool", value_name = "FILE")]
    tool: Option<PathBuf>,
    /// The root's certificate; else the store's newest
    #[arg(long = "root", value_name = "FILE")]
    root: Option<String>,
    /// `root`: its common name
    #[arg(long = "common-name", value_name = "NAME")]
    common_name: Option<String>,
    /// `intermediate`: the store's intermediate whose request is signed
    #[arg(long = "intermediate", value_name = "NAME")]
    intermediate: Option<String>,
    /// `intermediate`: the request, if it is not in the store
    #[arg(long = "request", value_name = "FILE", conflicts_with = "intermediate")]
    request: Option<String>,
    /// `cross-sign`: the new root's certificate
    #[arg(long = "new-root", value_name = "FILE")]
    new_root: Option<String>,
    /// How long the certificate holds; else ten years for roots, five for intermediates, what is left for cross-certificates
    #[arg(long = "days", value_name = "DAYS")]
    days: Option<u32>,
    /// `root` and `rekey-custody`: who will be able to open the key
    #[arg(long = "custody", value_name = "MODE", value_enum)]
    custody: Option<Mode>,
    /// `recipients`: an age recipient that opens it; `shares`: a custodian whose share is sealed to them; may be repeated
    #[arg(long = "recipient", value_name = "age1...")]
    recipients: Vec<String>,
    /// `shares`: how many are needed
    #[arg(long = "threshold", value_name = "NUMBER", default_value_t = 3)]
    threshold: u8,
    /// `shares`: how many there are
    #[arg(long = "shares", value_name = "NUMBER", default_value_t = 5)]
    shares: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Type {
    /// A new root and its first list
    Root,
    /// An intermediate's certificate
    Intermediate,
    /// A certificate of the root for a new root
    CrossSign,
    /// The root's next list
    Crl,
    /// The root's key sealed anew, for others
    RekeyCustody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// One passphrase, drawn or typed in the ceremony
    Passphrase,
    /// Any one of the --recipient
    Recipients,
    /// Any --threshold of --shares (SLIP-39), on paper or sealed to the --recipient
    Shares,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let (view, now) = self.place.look(terminal)?;
        let settings = view.index().settings().cloned().ok_or_else(|| {
            Error::input("store", "its settings were never decided", "make the store with `provision pki init`")
        })?;
        let at = self.at.as_deref().map_or(Ok(now), Moment::parse)?;
        let mut beside: Vec<(&'static str, Vec<u8>)> = Vec::new();
        let task = self.task(&view, at, &mut beside)?;
        let tool = match &self.tool {
            Some(path) => sha256_of(path)?,
            None => sha256_of(Path::new("/proc/self/exe"))?,
        };
        let mut plan = Plan {
            kind: view.index().kind().unwrap_or(pki::store::Kind::Production),
            title: self.title.clone().unwrap_or_else(|| format!("{}: {}", settings.organization, task.name())),
            at,
            previous: self.previous()?,
            tool: Tool { version: env!("CARGO_PKG_VERSION").to_owned(), sha256: tool },
            roles: self.roles.iter().map(|text| role(text)).collect::<PkiResult<_>>()?,
            witnesses: self.witnesses.iter().map(|text| witness(text)).collect::<PkiResult<_>>()?,
            settings,
            task,
        };
        let bytes = |name: &str| {
            let found = beside.iter().find(|(file, _)| *file == name).map(|(_, bytes)| bytes.clone());
            found.ok_or_else(|| Error::input(name, "it is missing", "name it"))
        };
        let inputs = Inputs::read(&plan, bytes)?;
        draft::fix(&mut plan, &inputs)?;
        let text = plan.to_yaml();
        // What was written is what will be read.
        Plan::parse(text.as_bytes())?;

        let folder = self.out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = self.out.file_name().ok_or_else(|| Error::input("--out", "it names no file", "name the plan"))?;
        let failed = |name: &Path, error| Error::io(folder.join(name).display(), error, "name a new folder with --out");
        let folder_files = SystemFiles::new(folder).map_err(|error| failed(Path::new(""), error))?;
        for (name, bytes) in beside
            .iter()
            .map(|(name, bytes)| (Path::new(*name), bytes.as_slice()))
            .chain([(Path::new(name), text.as_bytes())])
        {
            folder_files
                .create(name, bytes)
                .and_then(|()| folder_files.sync(name))
                .map_err(|error| failed(name, error))?;
        }
        let spoken = aloud(&Sha256::digest(text.as_bytes()).into());
        let inputs: Vec<_> =
            plan.inputs().iter().map(|input| format!("{}: sha256 {}", input.file, input.sha256)).collect();
        let shown = format!(
            "{}: plan of a ceremony ({}), to be run within 24 hours of {}\n{}\nsha256 {}\nwords, to be printed and brought \
             along:\n{}\nnext: carry {} to the offline machine, and run `provision pki ceremony run {}`",
            self.out.display(),
            plan.task.name(),
            plan.at,
            inputs.join("\n"),
            spoken.digits(),
            spoken.text(),
            folder.display(),
            name.to_string_lossy(),
        );
        let json = json!({
            "plan": self.out, "type": plan.task.name(), "at": plan.at.to_string(), "sha256": spoken.digits(),
            "words": spoken.text().lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>(),
            "ends": spoken.ends(), "to_be_signed": plan.to_be_signed(),
        });
        Ok(Done::well(shown.replace("\n\n", "\n"), json))
    }
}

impl Arguments {
    fn task(&self, view: &View<SystemFiles>, at: Moment, beside: &mut Vec<(&'static str, Vec<u8>)>) -> PkiResult<Task> {
        let unfixed = || "0".repeat(64);
        let missing = |what: &str, cure: &str| Error::input(what.to_owned(), "it is missing", cure);
        let mut put = |name: &'static str, pem: String| {
            let hash = hex(&Sha256::digest(pem.as_bytes()));
            beside.push((name, pem.into_bytes()));
            hash
        };
        if self.kind == Type::Root {
            let name = self.common_name.clone().ok_or_else(|| missing("--common-name", "name the root"))?;
            let numbers = self.numbers(at, Root::DAYS)?;
            return Ok(Task::Root { common_name: name, numbers, custody: self.custody()? });
        }
        let certificate = match &self.root {
            Some(file) => files::certificate(file)?,
            None => view.reader().roots()?.pop().ok_or_else(|| missing("--root", "name the root's certificate"))?,
        };
        let root = put(names::ROOT, certificate.to_pem()?);
        Ok(match self.kind {
            Type::Root | Type::Intermediate => {
                let request = match (&self.intermediate, &self.request) {
                    (Some(name), _) => view.reader().request(name)?,
                    (None, Some(file)) => request(file)?,
                    (None, None) => return Err(missing("--intermediate", "name whose request is to be signed")),
                };
                let common = request.subject().common_name().ok().flatten();
                let common_name = common
                    .map(|name| name.value().into_owned())
                    .ok_or_else(|| Error::input(request.label(), "it asks for no common name", "make it anew"))?;
                Task::Intermediate {
                    root,
                    request: put(names::REQUEST, request.to_pem()?),
                    common_name,
                    numbers: self.numbers(at, Intermediate::DAYS)?,
                    to_be_signed: unfixed(),
                }
            }
            Type::CrossSign => {
                let file = self.new_root.as_deref().ok_or_else(|| missing("--new-root", "name its certificate"))?;
                let other = files::certificate(file)?;
                let numbers = self.cross(at, &certificate, &other)?;
                Task::CrossSign {
                    root,
                    other: put(names::OTHER_ROOT, other.to_pem()?),
                    numbers,
                    to_be_signed: unfixed(),
                }
            }
            Type::Crl => {
                let issuer = certificate.subject().to_string();
                let last = view.reader().list(&issuer)?;
                Task::List {
                    root,
                    number: view.index().list_number(&issuer) + 1,
                    last: last.map(|last| last.to_pem()).transpose()?.map(|pem| put(names::LAST_LIST, pem)),
                    this_update: at.before(BACKDATED)?,
                    revoked: view.index().revoked_by(&issuer),
                    to_be_signed: unfixed(),
                }
            }
            Type::RekeyCustody => Task::Rekey { root, custody: self.custody()? },
        })
    }

    fn numbers(&self, at: Moment, days: u32) -> PkiResult<Numbers> {
        let validity = Validity::starting(at, self.days.unwrap_or(days))?;
        Ok(Numbers { serial: Serial::generate(&mut SystemRandom)?, validity })
    }

    /// As long as both roots hold, at most as long as a root does.
    fn cross(&self, at: Moment, root: &Certificate, other: &Certificate) -> PkiResult<Numbers> {
        let longest = self.numbers(at, Root::DAYS)?;
        if self.days.is_some() {
            return Ok(longest);
        }
        let ends = [longest.validity, root.validity(), other.validity()].map(|validity| validity.not_after());
        let end = ends.into_iter().min().unwrap_or(longest.validity.not_after());
        Ok(Numbers { validity: Validity::between(longest.validity.not_before(), end)?, ..longest })
    }

    fn custody(&self) -> PkiResult<Custody> {
        let recipients = self.recipients.iter().map(|one| Recipient::parse(one)).collect::<PkiResult<Vec<_>>>()?;
        let custody = match self.custody {
            None => return Err(Error::input("--custody", "it is missing", "say who will be able to open the key")),
            Some(Mode::Passphrase) => Custody::Passphrase,
            Some(Mode::Recipients) => Custody::Recipients(recipients),
            Some(Mode::Shares) => {
                Custody::Shares { threshold: self.threshold, count: self.shares, custodians: recipients }
            }
        };
        custody.check()?;
        Ok(custody)
    }

    fn previous(&self) -> PkiResult<String> {
        let Some(path) = &self.previous else { return Ok(chain::START.to_owned()) };
        let path = if path.is_dir() { path.join(names::TRANSCRIPT) } else { path.clone() };
        transcript::read(&files::read(&path.display().to_string())?).map(|(_, head)| head)
    }
}

fn request(file: &str) -> PkiResult<SigningRequest> {
    let found = files::objects(file)?.into_iter().find_map(|object| match object {
        files::Object::Request(request) => Some(*request),
        _ => None,
    });
    found.ok_or_else(|| Error::input(file, "there is no request in it", "give a PEM or DER file with one"))
}

fn pair<'a>(option: &str, text: &'a str) -> PkiResult<(&'a str, &'a str)> {
    let found = text.split_once('=').filter(|(one, other)| !one.is_empty() && !other.is_empty());
    found.ok_or_else(|| Error::input(format!("{option} {text:?}"), "it has no =", "write it as WHAT=WHO"))
}

fn role(text: &str) -> PkiResult<Role> {
    pair("--role", text).map(|(role, name)| Role { role: role.to_owned(), name: name.to_owned() })
}

fn witness(text: &str) -> PkiResult<Witness> {
    let (name, file) = pair("--witness", text)?;
    let key = files::read(file)?;
    Ok(Witness { name: name.to_owned(), key: WitnessKey::parse(&String::from_utf8_lossy(&key))? })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
