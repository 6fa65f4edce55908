//! What goes wrong on the way to a host. Unreachable, refused privilege and wrong settings are different things.

use std::time::Duration;

/// A host that cannot be worked on, or not in the way that was asked for.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ConnectError {
    /// The host cannot be reached, or was lost. The text is the result's `msg`.
    #[error("{message}")]
    Unreachable {
        /// The inventory name.
        host: String,
        /// Why, in Ansible's words where it has some.
        message: String,
    },
    /// The login was refused: wrong or missing password or key. Also unreachable, but never tried again.
    #[error("{message}")]
    Refused {
        /// The inventory name.
        host: String,
        /// Why.
        message: String,
    },
    /// The host's key is unknown, changed or revoked. Also unreachable, and never tried again.
    #[error("{message}")]
    HostKey {
        /// The inventory name.
        host: String,
        /// Why, and what to do.
        message: String,
    },
    /// Becoming another user failed: the task fails, the host is reachable.
    #[error("{message}")]
    Become {
        /// The inventory name.
        host: String,
        /// Why, in Ansible's words where it has some.
        message: String,
    },
    /// The helper cannot be put or started on the host.
    #[error("{message}")]
    Helper {
        /// The inventory name.
        host: String,
        /// Why, and what to do.
        message: String,
    },
    /// The settings make no sense, whatever the host is: the task fails.
    #[error("{message}")]
    Settings {
        /// The inventory name.
        host: String,
        /// Why, and what to do.
        message: String,
    },
}

impl ConnectError {
    /// Whether the host counts as unreachable (exit code 4), in contrast to a task that fails.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        !matches!(self, Self::Become { .. } | Self::Settings { .. })
    }

    pub(crate) fn unreachable(host: &str, message: impl Into<String>) -> Self {
        Self::Unreachable { host: host.to_owned(), message: message.into() }
    }

    pub(crate) fn timed_out(host: &str, what: &str, limit: Duration) -> Self {
        Self::unreachable(host, format!("Host {host}: {what} took longer than {}", seconds(limit)))
    }
}

/// A length of time, for messages.
pub(crate) fn seconds(limit: Duration) -> String {
    if limit.subsec_millis() == 0 { format!("{} s", limit.as_secs()) } else { format!("{} ms", limit.as_millis()) }
}

/// A call that has no outcome.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum CallError {
    /// The link to the helper died before the outcome came. The text is the result's `msg`.
    #[error("{0}")]
    Unreachable(String),
    /// The call was chained to one that did not end well; it was not begun.
    #[error("the call before this one did not end well, so this one was not begun")]
    NotRun,
    /// The call cannot be said in a frame.
    #[error("the call cannot be sent: {0}")]
    Unsendable(String),
}
