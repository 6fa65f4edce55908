//! The plan of a ceremony: everything that will be signed, fixed to the byte before anybody meets.

mod read;
mod write;

use crate::{
    Error, Finding, Result,
    ceremony::{custody::Custody, files, sshsig::WitnessKey},
    clock::{DAY, Moment},
    crl::Entry,
    serial::{Serial, hex},
    signed::sha256,
    store::{Kind, Settings},
    validity::{BACKDATED, Validity},
};

/// How far from its planned time a ceremony may be run, in seconds: either way.
pub const WINDOW: u64 = DAY;

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// For production, or for a rehearsal: the latter takes a clock of tests.
    pub kind: Kind,
    /// What it is about, for the people in the room.
    pub title: String,
    /// When it is to be run. Certificates and lists begin to hold an hour before ([`BACKDATED`]).
    pub at: Moment,
    /// The hash of the last line of the transcript before; of the first one [`crate::chain::START`].
    pub previous: String,
    /// The program that runs it.
    pub tool: Tool,
    /// Who does what.
    pub roles: Vec<Role>,
    /// Who looks on and signs the transcript.
    pub witnesses: Vec<Witness>,
    /// What authorities call themselves and speak for.
    pub settings: Settings,
    /// What is done.
    pub task: Task,
}

/// A program by its version and the SHA-256 of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "said above")]
pub struct Tool {
    pub version: String,
    pub sha256: String,
}

/// Somebody with a part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "a role and who has it")]
pub struct Role {
    pub role: String,
    pub name: String,
}

/// Somebody who looks on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Their name.
    pub name: String,
    /// What they sign the transcript with.
    pub key: WitnessKey,
}

/// A certificate's number and dates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are a certificate's")]
pub struct Numbers {
    pub serial: Serial,
    pub validity: Validity,
}

/// What a ceremony does. Hashes are the SHA-256 of files' bytes, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// A new root: its key, its certificate, and its first list, without which no chain below it can be checked.
    Root {
        /// Its common name.
        common_name: String,
        /// Its number and dates.
        numbers: Numbers,
        /// Who will be able to open its key.
        custody: Custody,
    },
    /// An intermediate's certificate for a request.
    Intermediate {
        /// The root's certificate.
        root: String,
        /// The request.
        request: String,
        /// Its common name.
        common_name: String,
        /// Its number and dates.
        numbers: Numbers,
        /// The bytes that will be signed.
        to_be_signed: String,
    },
    /// A certificate of the root for another root, so that who trusts the one can follow the other.
    CrossSign {
        /// The root's certificate.
        root: String,
        /// The other root's certificate.
        other: String,
        /// Its number and dates.
        numbers: Numbers,
        /// The bytes that will be signed.
        to_be_signed: String,
    },
    /// The root's next list.
    List {
        /// The root's certificate.
        root: String,
        /// The list before, where there is one.
        last: Option<String>,
        /// Its number.
        number: u64,
        /// When it begins to hold.
        this_update: Moment,
        /// What it revokes.
        revoked: Vec<Entry>,
        /// The bytes that will be signed.
        to_be_signed: String,
    },
    /// The root's key is sealed anew, for others.
    Rekey {
        /// The root's certificate.
        root: String,
        /// Who will be able to open it.
        custody: Custody,
    },
}

/// A file that a plan fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input<'a> {
    /// Its name beside the plan.
    pub file: &'static str,
    /// What it is.
    pub what: &'static str,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: &'a str,
}

impl Plan {
    /// Reads a plan: the bytes of one YAML file. Unknown keys are refused with their place, as is everything that does not
    /// belong together.
    ///
    /// # Errors
    ///
    /// Anything that is not exactly a plan.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let plan = read::plan(bytes)?;
        plan.check()?;
        Ok(plan)
    }

    /// The plan as a file.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        write::plan(self)
    }

    /// The files that it fixes, in the order in which they are read aloud.
    #[must_use]
    pub fn inputs(&self) -> Vec<Input<'_>> {
        let root = |sha256| Input { file: files::ROOT, what: "the root's certificate", sha256 };
        match &self.task {
            Task::Root { .. } => Vec::new(),
            Task::Intermediate { root: sha256, request, .. } => {
                vec![root(sha256), Input { file: files::REQUEST, what: "the intermediate's request", sha256: request }]
            }
            Task::CrossSign { root: sha256, other, .. } => {
                vec![root(sha256), Input { file: files::OTHER_ROOT, what: "the new root's certificate", sha256: other }]
            }
            Task::List { root: sha256, last, .. } => std::iter::once(root(sha256))
                .chain(last.iter().map(|sha256| Input { file: files::LAST_LIST, what: "the root's last list", sha256 }))
                .collect(),
            Task::Rekey { root: sha256, .. } => vec![root(sha256)],
        }
    }

    /// The SHA-256 of the bytes that will be signed, where they are known before: not of a new root, whose key is not yet.
    #[must_use]
    pub fn to_be_signed(&self) -> Option<&str> {
        match &self.task {
            Task::Intermediate { to_be_signed, .. }
            | Task::CrossSign { to_be_signed, .. }
            | Task::List { to_be_signed, .. } => Some(to_be_signed),
            Task::Root { .. } | Task::Rekey { .. } => None,
        }
    }

    /// Who is to be able to open the key from now on, where that changes.
    #[must_use]
    pub fn custody(&self) -> Option<&Custody> {
        match &self.task {
            Task::Root { custody, .. } | Task::Rekey { custody, .. } => Some(custody),
            _ => None,
        }
    }

    /// The SHA-256 of what the certificates are made after: the kind of ceremony and the settings.
    #[must_use]
    pub fn profile_sha256(&self) -> String {
        let settings = serde_json::to_string(&self.settings).unwrap_or_default();
        hex(&sha256(format!("provision profile 1\n{}\n{settings}\n", self.task.name()).as_bytes()))
    }

    /// Refuses a run too far from the planned time.
    ///
    /// # Errors
    ///
    /// More than [`WINDOW`] before or after.
    pub fn in_time(&self, now: Moment) -> Result<()> {
        if now.unix().abs_diff(self.at.unix()) <= WINDOW {
            return Ok(());
        }
        Err(self.refused(
            "at",
            format!("it is planned for {}, and this machine says {now}", self.at),
            "PKI policy: a ceremony is run within 24 hours of its plan",
            "set the machine's clock, or plan it anew",
        ))
    }

    fn check(&self) -> Result<()> {
        let begin = self.at.before(BACKDATED)?;
        let wrong = |field, problem: String, cure: &str| {
            Err(self.refused(field, problem, "PKI policy: a plan fixes one moment", cure))
        };
        self.settings.check()?;
        match &self.task {
            Task::Root { numbers, .. } | Task::Intermediate { numbers, .. } | Task::CrossSign { numbers, .. } => {
                if numbers.validity.not_before() != begin {
                    let problem = format!("it is {}, not {begin}, an hour before `at`", numbers.validity.not_before());
                    return wrong("certificate.not_before", problem, "plan it anew");
                }
            }
            Task::List { this_update, revoked, .. } => {
                if *this_update != begin {
                    let problem = format!("it is {this_update}, not {begin}, an hour before `at`");
                    return wrong("list.this_update", problem, "plan it anew");
                }
                if let Some(entry) = revoked.iter().find(|entry| entry.revoked > self.at) {
                    let problem = format!("{} is revoked from {} on, after the list", entry.serial, entry.revoked);
                    return wrong("list.revoked", problem, "revoke it first");
                }
            }
            Task::Rekey { .. } => {}
        }
        self.custody().map_or(Ok(()), Custody::check)
    }

    fn refused(&self, field: &'static str, problem: String, rule: &'static str, cure: &str) -> Error {
        Error::refused(Finding::new(format!("plan {:?}", self.title), field, problem, rule, cure))
    }
}

impl Task {
    /// Its name in plans.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Root { .. } => "root",
            Self::Intermediate { .. } => "intermediate",
            Self::CrossSign { .. } => "cross-sign",
            Self::List { .. } => "crl",
            Self::Rekey { .. } => "rekey-custody",
        }
    }

    /// What comes out of it, without the custodians' shares.
    #[must_use]
    pub fn outputs(&self) -> &'static [&'static str] {
        match self {
            Self::Root { .. } => &[files::KEY, files::ROOT, files::LIST],
            Self::Intermediate { .. } => &[files::INTERMEDIATE],
            Self::CrossSign { .. } => &[files::CROSS],
            Self::List { .. } => &[files::LIST],
            Self::Rekey { .. } => &[files::KEY],
        }
    }
}

#[cfg(test)]
mod tests;
