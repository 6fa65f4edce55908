//! Users of this machine, as `/etc/passwd` has them.

use std::fs;

/// One user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The home directory.
    pub home: String,
}

/// The user of this number.
#[must_use]
pub fn by_uid(uid: u32) -> Option<Account> {
    find(|account| account.uid == uid)
}

/// The user of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<Account> {
    find(|account| account.name == name)
}

/// Who runs this program, where the machine knows it.
#[must_use]
pub fn own() -> Option<Account> {
    by_uid(rustix::process::getuid().as_raw())
}

fn find(wanted: impl Fn(&Account) -> bool) -> Option<Account> {
    let text = fs::read_to_string("/etc/passwd").unwrap_or_default();
    text.lines().filter_map(account).find(wanted)
}

/// A line of passwd(5): name, password, number, group, comment, home, shell.
fn account(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let home = fields.nth(2)?.to_owned();
    Some(Account { name, uid, home })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_file_is_a_user_and_a_broken_one_is_none() {
        let line = "web:x:33:44:Web, of course:/srv/web:/bin/false";
        assert_eq!(account(line), Some(Account { name: "web".into(), uid: 33, home: "/srv/web".into() }));
        for broken in ["", "web", "web:x:many:1::/:", "web:x:1:1"] {
            assert_eq!(account(broken), None, "{broken}");
        }
    }
}
