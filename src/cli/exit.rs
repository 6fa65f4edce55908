//! Error kind -> exit code, in one table.

use crate::diagnostic::{Diagnostic, ErrorChain};

/// What a verb gives: its exit code, or why it could not go on.
pub type Result<T = u8> = std::result::Result<T, Failure>;

/// Everything went well.
pub const OK: u8 = 0;
/// The run went through and hosts failed.
pub const HOSTS_FAILED: u8 = 2;
/// The run went through and hosts could not be reached.
pub const HOSTS_UNREACHABLE: u8 = 4;

/// Why a program ends before its work is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The command line cannot be understood; clap's message, shown as it is.
    Usage(String),
    /// The command line can be understood and makes no sense.
    Options(Box<Diagnostic>),
    /// Something is known and not done yet; named, before any host is touched.
    NotYet(String),
    /// What the user wrote (playbook, inventory, configuration) is refused.
    Parser(Vec<Diagnostic>),
    /// An error of the run.
    Run(Box<ErrorChain>),
    /// Anything else that went wrong.
    Generic(Box<Diagnostic>),
    /// A certificate, a key or a store is not as it should be.
    Pki(Box<pki::Error>),
    /// The user pressed Ctrl-C.
    Interrupted,
    /// A mistake of ours.
    Unexpected(String),
}

impl Failure {
    /// A failure without a place.
    pub fn generic(message: impl Into<String>) -> Self {
        Self::Generic(Box::new(Diagnostic::error(message)))
    }

    /// A command line that makes no sense.
    pub fn options(message: impl Into<String>) -> Self {
        Self::Options(Box::new(Diagnostic::error(message)))
    }

    /// What is wrong, for a screen; none of what is shown in a form of its own.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match self {
            Self::Parser(all) => all.clone(),
            Self::Options(one) | Self::Generic(one) => vec![(**one).clone()],
            Self::Pki(error) => of_pki(error),
            Self::NotYet(what) => vec![
                Diagnostic::error(format!("{what} is not supported yet"))
                    .help("nothing was done and no host was touched"),
            ],
            Self::Interrupted => vec![Diagnostic::error("User interrupted execution")],
            Self::Unexpected(what) => {
                vec![Diagnostic::error(format!("Unexpected Exception, this is probably a bug: {what}"))]
            }
            Self::Usage(_) | Self::Run(_) => Vec::new(),
        }
    }

    /// The exit code: ansible-core 2.19's where it has the kind of error.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Run(_) | Self::Generic(_) => 1,
            Self::Usage(_) => 2,
            Self::Parser(_) => 4,
            Self::Options(_) => 5,
            Self::Pki(error) => match **error {
                pki::Error::Refused(_) => 3,
                pki::Error::Failed(_) | pki::Error::Crypto { .. } => 4,
                pki::Error::Locked { .. } => 6,
                pki::Error::Io { .. } => 7,
                _ => 2,
            },
            // ansible-core has nothing of the kind; sysexits' EX_UNAVAILABLE keeps it apart from failed hosts.
            Self::NotYet(_) => 69,
            Self::Interrupted => 99,
            Self::Unexpected(_) => 250,
        }
    }
}

impl From<crate::config::Error> for Failure {
    fn from(error: crate::config::Error) -> Self {
        Self::Parser(error.0)
    }
}

impl From<pki::Error> for Failure {
    fn from(error: pki::Error) -> Self {
        Self::Pki(Box::new(error))
    }
}

/// Each fault with its place, its rule and its cure.
fn of_pki(error: &pki::Error) -> Vec<Diagnostic> {
    match error {
        pki::Error::Input { object, problem, cure }
        | pki::Error::Io { object, problem, cure }
        | pki::Error::Crypto { object, problem, cure } => {
            vec![Diagnostic::error(format!("{object}: {problem}")).help(cure)]
        }
        pki::Error::Locked { object, holder } => {
            vec![Diagnostic::error(format!("{object}: locked by {holder}")).help("wait for it to end, then try again")]
        }
        pki::Error::Refused(findings) | pki::Error::Failed(findings) => {
            let what = if matches!(error, pki::Error::Refused(_)) { "refused" } else { "verification failed" };
            let one = |finding: &pki::Finding| {
                let pki::Finding { object, field, problem, rule, cure } = finding;
                Diagnostic::error(format!("{what}: {object}: {field}: {problem} ({rule})")).help(cure)
            };
            findings.iter().map(one).collect()
        }
        other => vec![Diagnostic::error(other.to_string())],
    }
}

impl From<crate::vault::Error> for Failure {
    fn from(error: crate::vault::Error) -> Self {
        Self::generic(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn each_kind_of_error_has_ansibles_exit_code() {
        let table = [
            (Failure::generic("x"), 1),
            (Failure::Usage(String::new()), 2),
            (Failure::Parser(Vec::new()), 4),
            (Failure::options("x"), 5),
            (Failure::NotYet(String::new()), 69),
            (pki::Error::input("f", "no PEM", "c").into(), 2),
            (pki::Error::Refused(Vec::new()).into(), 3),
            (pki::Error::Failed(Vec::new()).into(), 4),
            (pki::Error::Locked { object: "s".to_owned(), holder: "h".to_owned() }.into(), 6),
            (pki::Error::io("f", "full", "c").into(), 7),
            (Failure::Interrupted, 99),
            (Failure::Unexpected(String::new()), 250),
        ];
        for (failure, code) in table {
            assert_eq!(failure.code(), code, "{failure:?}");
        }
    }
}
