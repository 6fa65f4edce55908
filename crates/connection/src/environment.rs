//! What this crate reads of the control node's environment, in one place.

use std::path::PathBuf;

/// The control node's user and its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Environment {
    /// The user's home folder.
    pub(crate) home: PathBuf,
    /// The user's name.
    pub(crate) user: String,
    /// The user's number.
    pub(crate) uid: u32,
    /// The agent's socket (`SSH_AUTH_SOCK`).
    pub(crate) agent: Option<PathBuf>,
    /// This machine's name.
    pub(crate) machine: String,
}

impl Environment {
    /// As the process has it. Home and name come from the user database, as OpenSSH takes them, and from the environment
    /// where the user is not in it.
    pub(crate) fn of_process() -> Self {
        let uid = rustix::process::getuid().as_raw();
        let (name, home) = user_database(uid).unwrap_or_default();
        Self {
            home: home
                .map(PathBuf::from)
                .or_else(|| std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from))
                .unwrap_or_else(|| PathBuf::from("/")),
            user: name.or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| uid.to_string()),
            uid,
            agent: std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from),
            machine: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        }
    }
}

/// A variable of the process's environment, for `${NAME}` in configuration files and for `SendEnv`.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// All variables that are text, for `SendEnv`.
pub(crate) fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Name and home folder of a user, from `/etc/passwd`.
fn user_database(uid: u32) -> Option<(Option<String>, Option<String>)> {
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    let number = uid.to_string();
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, id, _, _, home, ..] = fields.as_slice() else { return None };
        (*id == number).then(|| (Some((*name).to_owned()), Some((*home).to_owned())))
    })
}
