//! What can go wrong, told so that a person can act on it: which object, which field, which rule, what to do.

use std::fmt;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One fault of one object: a certificate, a request, a CRL, a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The object at fault, as a person would call it (`certificate "web.example.org"`).
    pub object: String,
    /// The field at fault, by the name that its standard gives it (`basicConstraints`).
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// The rule that says so (`RFC 5280 section 4.2.1.9`, or a policy of this PKI).
    pub rule: &'static str,
    /// What to do about it.
    pub cure: String,
}

impl Finding {
    /// A finding of that object.
    pub fn new(
        object: impl Into<String>,
        field: &'static str,
        problem: impl Into<String>,
        rule: &'static str,
        cure: impl Into<String>,
    ) -> Self {
        Self { object: object.into(), field, problem: problem.into(), rule, cure: cure.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} ({}); {}", self.object, self.field, self.problem, self.rule, self.cure)
    }
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was handed in cannot be read.
    #[error("{object}: {problem}; {cure}")]
    Input {
        /// What was read.
        object: String,
        /// Where it stops making sense.
        problem: String,
        /// What to do.
        cure: String,
    },
    /// What was asked for is against the rules; nothing was signed.
    #[error("refused: {}", list(.0))]
    Refused(Vec<Finding>),
    /// What was looked at does not hold.
    #[error("verification failed: {}", list(.0))]
    Failed(Vec<Finding>),
    /// Somebody else is at work in the store.
    #[error("{object}: locked by {holder}; wait for it to end, then try again")]
    Locked {
        /// The store.
        object: String,
        /// Who has it.
        holder: String,
    },
    /// The file system did not do what it was told.
    #[error("{object}: {problem}; {cure}")]
    Io {
        /// The file.
        object: String,
        /// What the system said.
        problem: String,
        /// What to do.
        cure: String,
    },
    /// A key or the random number generator did not do its work.
    #[error("{object}: {problem}; {cure}")]
    Crypto {
        /// The key or the source of chance.
        object: String,
        /// What it did not do.
        problem: String,
        /// What to do.
        cure: String,
    },
}

impl Error {
    /// Bytes that cannot be read.
    pub fn input(object: impl Into<String>, problem: impl fmt::Display, cure: impl Into<String>) -> Self {
        Self::Input { object: object.into(), problem: problem.to_string(), cure: cure.into() }
    }

    /// One refusal.
    pub fn refused(finding: Finding) -> Self {
        Self::Refused(vec![finding])
    }

    /// A key or a source of chance that failed.
    pub fn crypto(object: impl Into<String>, problem: impl fmt::Display, cure: impl Into<String>) -> Self {
        Self::Crypto { object: object.into(), problem: problem.to_string(), cure: cure.into() }
    }

    /// A file that could not be read or written.
    pub fn io(object: impl fmt::Display, problem: impl fmt::Display, cure: impl Into<String>) -> Self {
        Self::Io { object: object.to_string(), problem: problem.to_string(), cure: cure.into() }
    }

    /// Its kind for other programs: `refused`, `failed`, `locked`, `io` or `input`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Failed(_) | Self::Crypto { .. } => "failed",
            Self::Locked { .. } => "locked",
            Self::Io { .. } => "io",
            _ => "input",
        }
    }

    /// The findings of a refusal or a failed verification; empty for the others.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Refused(findings) | Self::Failed(findings) => findings,
            _ => &[],
        }
    }
}

/// Refuses when there is a finding.
pub(crate) fn refuse_any(findings: Vec<Finding>) -> Result<()> {
    if findings.is_empty() { Ok(()) } else { Err(Error::Refused(findings)) }
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
