//! A ceremony's room: a machine that is what a test says, people who answer what is right unless a test says otherwise.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
};

use pki::{
    Error, Result,
    ceremony::{
        Console, Hidden, Machine, aloud,
        custody::Custody,
        draft::{self, Inputs},
        plan::{Numbers, Plan, Role, Task, Tool, Witness},
        run::{self, Meeting, Outcome, Overrides},
        sshsig::ThrowAway,
        verify::{self, Verified, Wanted},
    },
    chain,
    clock::{Clock, ClockKind, DAY, HOUR, Moment},
    random::SystemRandom,
    request::SigningRequest,
    seal::Identity,
    serial::Serial,
    store::{Files, Kind, Settings, SystemFiles},
    validity::Validity,
};
use sha2::{Digest, Sha256};

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn at() -> Moment {
    Moment::parse("2026-11-25T19:00:00Z").unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings {
        organization: "Example".to_owned(),
        country: Some("DE".to_owned()),
        url: "http://pki.example.org/".to_owned(),
        dns: vec!["example.org".to_owned()],
        ip: vec!["10.0.0.0/8".to_owned()],
    }
}

/// The machine in the room.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) now: Moment,
    pub(crate) clock: ClockKind,
    pub(crate) name: &'static str,
    pub(crate) interfaces: Vec<String>,
    pub(crate) memory: Result<(), String>,
    pub(crate) tool: &'static str,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let (clock, tool) = (ClockKind::System, "aa");
        Self { now: at(), clock, name: "offline", interfaces: Vec::new(), memory: Ok(()), tool }
    }
}

impl Clock for Desk {
    fn now(&self) -> Result<Moment> {
        Ok(self.now)
    }

    fn kind(&self) -> ClockKind {
        self.clock
    }
}

impl Machine for Desk {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn tool_version(&self) -> String {
        "0.1.0".to_owned()
    }

    fn tool_sha256(&self) -> Result<String> {
        Ok(self.tool.repeat(32))
    }

    fn interfaces_up(&self) -> Result<Vec<String>> {
        Ok(self.interfaces.clone())
    }

    fn close_memory(&self) -> Result<()> {
        Ok(())
    }

    fn lock_memory(&self) -> Result<(), String> {
        self.memory.clone()
    }
}

/// The people in the room.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// The words of the plan on their paper.
    pub(crate) paper: String,
    /// What they type for passphrases and shares that were made before.
    pub(crate) typed: VecDeque<String>,
    /// Answers that are not the right ones: question's part, answer.
    pub(crate) otherwise: Vec<(&'static str, &'static str)>,
    /// All that everybody could see.
    pub(crate) screen: String,
    /// What was shown to one alone.
    pub(crate) papers: Vec<String>,
    said: String,
}

impl Console for People {
    fn say(&mut self, text: &str) -> Result<()> {
        self.screen.push_str(text);
        self.screen.push('\n');
        text.clone_into(&mut self.said);
        Ok(())
    }

    fn ask(&mut self, question: &str) -> Result<String> {
        self.screen.push_str(question);
        let answer = if let Some((_, answer)) = self.otherwise.iter().find(|(part, _)| question.contains(part)) {
            (*answer).to_owned()
        } else if question.starts_with("Type the first four") {
            if self.said.contains("not shown here") || self.said.contains("something else") {
                self.paper.clone()
            } else {
                let words: Vec<&str> = self
                    .said
                    .lines()
                    .rev()
                    .take(8)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .flat_map(|line| line.split_whitespace().skip(1))
                    .collect();
                [&words[..4], &words[28..]].concat().join(" ")
            }
        } else if question.contains("[SIGN/no]") {
            "SIGN".to_owned()
        } else if question.contains("[yes/no]") {
            "yes".to_owned()
        } else {
            return Err(Error::input("people", format!("nobody knows what to say to {question:?}"), "extend the test"));
        };
        self.screen.push_str(&answer);
        self.screen.push('\n');
        Ok(answer)
    }

    fn secret(&mut self, question: &str) -> Result<Hidden> {
        self.screen.push_str(question);
        self.screen.push('\n');
        let last = self.papers.last().cloned().unwrap_or_default();
        let answer = if let Some((_, answer)) = self.otherwise.iter().find(|(part, _)| question.contains(part)) {
            (*answer).to_owned()
        } else if question.starts_with("New passphrase") {
            String::new()
        } else if question.starts_with("The same again") {
            last
        } else if question.starts_with("Words ") {
            let words: Vec<&str> = last.split(' ').collect();
            let places = question.split(" of share").next().unwrap_or_default();
            let places =
                places.split(|letter: char| !letter.is_ascii_digit()).filter_map(|text| text.parse::<usize>().ok());
            places.map(|place| words[place - 1]).collect::<Vec<_>>().join(" ")
        } else {
            self.typed
                .pop_front()
                .ok_or_else(|| Error::input("people", format!("no answer to {question:?}"), "extend"))?
        };
        Ok(Hidden::new(answer.into()))
    }

    fn reveal(&mut self, title: &str, secret: &Hidden) -> Result<()> {
        self.screen.push_str(title);
        self.screen.push('\n');
        self.papers.push(secret.reveal().to_owned());
        Ok(())
    }
}

/// A folder with a plan, what lies beside it, and a record.
pub(crate) struct Table {
    folder: tempfile::TempDir,
    pub(crate) plan: Plan,
    pub(crate) witness: ThrowAway,
}

impl Table {
    /// For a task that needs those files.
    pub(crate) fn new(task: Task, previous: &str, beside: &[(&str, Vec<u8>)]) -> Self {
        let witness = ThrowAway::generate(&mut SystemRandom).unwrap();
        let mut plan = Plan {
            kind: Kind::Production,
            title: "Example".to_owned(),
            at: at(),
            previous: previous.to_owned(),
            tool: Tool { version: "0.1.0".to_owned(), sha256: "aa".repeat(32) },
            roles: vec![Role { role: "administrator".to_owned(), name: "Ada".to_owned() }],
            witnesses: vec![Witness { name: "Grace".to_owned(), key: witness.key() }],
            settings: settings(),
            task,
        };
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in beside {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let inputs = Inputs::read(&plan, |name| Ok(fs::read(folder.path().join(name)).unwrap())).unwrap();
        draft::fix(&mut plan, &inputs).unwrap();
        fs::write(folder.path().join("plan.yaml"), plan.to_yaml()).unwrap();
        Self { folder, plan, witness }
    }

    pub(crate) fn root(custody: Custody) -> Self {
        let task = Task::Root { common_name: "Example Root CA".to_owned(), numbers: numbers(3652), custody };
        Self::new(task, chain::START, &[])
    }

    pub(crate) fn people(&self) -> People {
        let ends = aloud(&Sha256::digest(fs::read(self.path("plan.yaml")).unwrap()).into()).ends();
        People { paper: ends, ..People::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.path("record")
    }

    pub(crate) fn run(&self, brought: Brought<'_>, desk: &Desk, people: &mut People) -> Result<Outcome> {
        self.run_into("record", brought, desk, people)
    }

    pub(crate) fn run_into(
        &self,
        record: &str,
        brought: Brought<'_>,
        desk: &Desk,
        people: &mut People,
    ) -> Result<Outcome> {
        self.run_on(&SystemFiles::new(self.path(record)).unwrap(), brought, desk, people)
    }

    /// On whatever disk.
    pub(crate) fn run_on(
        &self,
        record: &impl Files,
        brought: Brought<'_>,
        desk: &Desk,
        people: &mut People,
    ) -> Result<Outcome> {
        let plan = fs::read(self.path("plan.yaml")).unwrap();
        let meeting = Meeting {
            plan: &plan,
            inputs: &|name| fs::read(self.path(name)).map_err(|error| Error::input(name, error, "bring it")),
            key: brought.key.map(<[u8]>::to_vec),
            identities: brought.identities.iter().map(|one| Identity::parse(&one.to_text()).unwrap()).collect(),
            overrides: brought.overrides,
            rehearsal: brought.rehearsal,
            work_factor: 2,
        };
        run::run(meeting, record, desk, people, &mut SystemRandom)
    }

    /// The witness signs.
    pub(crate) fn witnessed(&self) {
        let transcript = fs::read(self.record().join("transcript.jsonl")).unwrap();
        let file = self.record().join("transcript.jsonl.witness-1.sig");
        fs::write(file, self.witness.sign(&transcript)).unwrap();
    }

    pub(crate) fn verify(&self) -> Result<Verified> {
        verify_folder(&self.record(), &Wanted::default())
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.record().join(name)).unwrap()
    }

    /// What is on record of refusals.
    pub(crate) fn refusals(&self) -> String {
        let mut names: Vec<_> = fs::read_dir(self.record()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        let refused = names.iter().filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("refused-"));
        refused.map(|path| fs::read_to_string(path).unwrap()).collect()
    }
}

pub(crate) fn verify_folder(folder: &Path, wanted: &Wanted) -> Result<Verified> {
    verify::record(&|name| Ok(fs::read(folder.join(name)).ok()), wanted)
}

/// What comes along to a meeting.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Brought<'a> {
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) identities: &'a [Identity],
    pub(crate) overrides: Overrides,
    pub(crate) rehearsal: bool,
}

pub(crate) fn numbers(days: u32) -> Numbers {
    Numbers { serial: Serial::generate(&mut SystemRandom).unwrap(), validity: Validity::starting(at(), days).unwrap() }
}

/// A root that was made in a ceremony, with an identity that opens its key.
pub(crate) struct MadeRoot {
    pub(crate) table: Table,
    pub(crate) identity: Identity,
    pub(crate) head: String,
    pub(crate) people: People,
}

impl MadeRoot {
    pub(crate) fn new() -> Self {
        let identity = Identity::generate();
        let table = Table::root(Custody::Recipients(vec![identity.recipient()]));
        let mut people = table.people();
        let brought = Brought { identities: std::slice::from_ref(&identity), ..Brought::default() };
        let head = table.run(brought, &Desk::new(), &mut people).unwrap().head;
        table.witnessed();
        Self { table, identity, head, people }
    }

    pub(crate) fn key(&self) -> Vec<u8> {
        self.table.read("root.key.age")
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.table.read("root.pem")
    }

    pub(crate) fn intermediate(&self, request: &SigningRequest) -> Table {
        let pem = request.to_pem().unwrap().into_bytes();
        let task = Task::Intermediate {
            root: sha256(&self.pem()),
            request: sha256(&pem),
            common_name: "Example Services CA 1".to_owned(),
            numbers: numbers(1826),
            to_be_signed: "0".repeat(64),
        };
        Table::new(task, &self.head, &[("root.pem", self.pem()), ("request.pem", pem)])
    }
}

/// Long after.
pub(crate) fn later(days: u64) -> Moment {
    at().after(days * DAY + HOUR).unwrap()
}
