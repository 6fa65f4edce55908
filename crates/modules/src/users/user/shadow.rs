//! What shadow(5) has of an account, and what a password must look like there.

use std::fs;

/// A line of shadow(5); empty where it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shadow {
    /// The encrypted password, with `!` before it where it is locked.
    pub(super) password: String,
    /// The line was read.
    pub(super) known: bool,
    /// Days before which the password must not be changed.
    pub(super) min: Option<i64>,
    /// Days after which it must be changed.
    pub(super) max: Option<i64>,
    /// Days of warning.
    pub(super) warn: Option<i64>,
    /// The day of expiry since 1970.
    pub(super) expire: Option<i64>,
}

impl Shadow {
    /// That of an account: of shadow(5), or the password where passwd(5) itself has it.
    pub(super) fn of(name: &str) -> Self {
        let read = |path: &str| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let mut shadow = Self::find(&read("/etc/shadow").unwrap_or_default(), name).unwrap_or_default();
        let passwd = read("/etc/passwd").unwrap_or_default();
        let field = passwd.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.split(':').next());
        if let Some(field) = field.filter(|field| field.len() > 1) {
            shadow.password = field.to_owned();
        }
        shadow
    }

    /// An account's line in a text.
    pub(super) fn find(text: &str, name: &str) -> Option<Self> {
        let rest = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let fields: Vec<&str> = rest.split(':').collect();
        let number = |index: usize| fields.get(index).and_then(|field| field.parse().ok());
        Some(Self {
            password: fields.first().map(|field| (*field).to_owned()).unwrap_or_default(),
            known: true,
            min: number(2),
            max: number(3),
            warn: number(4),
            expire: number(6),
        })
    }
}

/// Whether a password does not look as crypt(5) writes it.
pub(super) fn seems_plain(password: &str) -> bool {
    if password.is_empty() || matches!(password, "*" | "!" | "*************") {
        return false;
    }
    let fields: Vec<&str> = password.split('$').collect();
    let (Some(method), Some(hash), true) = (fields.get(1), fields.last(), fields.len() >= 3) else { return true };
    let length = match *method {
        "1" => Some(22),
        "5" | "y" => Some(43),
        "6" => Some(86),
        _ => None,
    };
    password.contains([':', '*', '!'])
        || hash.contains(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '.' | '/' | '='))
        || length.is_some_and(|length| hash.chars().count() != length)
}
