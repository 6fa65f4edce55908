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

    /// The exit code: ansible-core 2.19's where it has the kind of error.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Run(_) | Self::Generic(_) => 1,
            Self::Usage(_) => 2,
            Self::Parser(_) => 4,
            Self::Options(_) => 5,
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
            (Failure::Interrupted, 99),
            (Failure::Unexpected(String::new()), 250),
        ];
        for (failure, code) in table {
            assert_eq!(failure.code(), code, "{failure:?}");
        }
    }
}
