//! The words for useradd(8), usermod(8), userdel(8) and chage(1), in the order that Ansible gives them.

use super::{Account, Groups, UpdatePassword, UserArgs, shadow::Shadow};
use crate::Failure;

pub(super) fn remove(args: &UserArgs) -> Vec<String> {
    let mut words = Words::default();
    words.flag(args.force, "-f");
    words.flag(args.remove, "-r");
    words.finish(args)
}

pub(super) fn create(args: &UserArgs, groups: &Groups, own_group: bool) -> Result<Vec<String>, Failure> {
    let mut words = Words::default();
    if let Some(uid) = args.uid {
        words.pair("-u", uid.to_string());
        words.flag(args.non_unique, "-o");
    }
    words.given("-Z", args.seuser.as_deref());
    match &args.group {
        Some(group) => words.pair("-g", group.as_str()),
        // A group of that name is there: useradd is not to make one.
        None => words.flag(own_group, "-N"),
    }
    if !groups.wanted.is_empty() {
        let names: Vec<&str> = groups.wanted.iter().map(|(given, _)| given.as_str()).collect();
        words.pair("-G", names.join(","));
    }
    words.given("-c", args.comment.as_deref());
    words.given("-d", args.home.as_deref());
    words.given("-s", args.shell.as_deref());
    if let Some(day) = args.expires_day()? {
        words.pair("-e", date_or_never(day));
    }
    if let Some(days) = args.password_expire_account_disable {
        words.pair("-f", days.to_string());
    }
    if let Some(password) = &args.password {
        words.pair("-p", with_lock(args, password));
    }
    if args.create_home {
        words.flag(true, "-m");
        words.given("-k", args.skeleton.as_deref());
        if let Some(umask) = &args.umask {
            words.pair("-K", format!("UMASK={umask}"));
        }
    } else {
        words.flag(true, "-M");
    }
    words.flag(args.system, "-r");
    for (name, value) in [("UID_MIN", args.uid_min), ("UID_MAX", args.uid_max)] {
        if let Some(value) = value {
            words.pair("-K", format!("{name}={value}"));
        }
    }
    Ok(words.finish(args))
}

/// What usermod is to do; `None` where the account is as wanted.
pub(super) fn change(args: &UserArgs, account: &Account, groups: &Groups) -> Result<Option<Vec<String>>, Failure> {
    let (user, shadow) = (&account.user, &account.shadow);
    let mut words = Words::default();
    if let Some(uid) = args.uid.filter(|uid| *uid != i64::from(user.uid)) {
        words.pair("-u", uid.to_string());
        words.flag(args.non_unique, "-o");
    }
    if let Some(gid) = groups.primary.filter(|gid| *gid != user.gid) {
        words.pair("-g", gid.to_string());
    }
    if let Some(text) = args.groups_text() {
        let mut wanted: Vec<&str> = groups.wanted.iter().map(|(_, group)| group.name.as_str()).collect();
        wanted.dedup();
        let missing = wanted.iter().any(|name| !groups.current.iter().any(|current| current == name));
        let surplus = groups.current.iter().any(|current| !wanted.contains(&current.as_str()));
        let needed = if text.is_empty() {
            !groups.current.is_empty() && !args.append
        } else {
            missing || (surplus && !args.append)
        };
        if needed {
            words.flag(args.append && !text.is_empty(), "-a");
            words.pair("-G", wanted.join(","));
        }
    }
    words.given("-c", args.comment.as_deref().filter(|comment| **comment != user.gecos));
    if let Some(home) = args.home.as_deref().filter(|home| **home != user.home) {
        words.pair("-d", home);
        words.flag(args.move_home, "-m");
    }
    words.given("-s", args.shell.as_deref().filter(|shell| **shell != user.shell));
    if let Some(day) = args.expires_day()? {
        let current = match (shadow.known, shadow.expire) {
            (true, current) => current.unwrap_or(-1),
            (false, _) => 0,
        };
        if (day < 0 && current >= 0) || (day >= 0 && current != day) {
            words.pair("-e", date_or_never(day));
        }
    }
    if let Some(days) = args.password_expire_account_disable {
        words.pair("-f", days.to_string());
    }
    let new_password = args.password.as_deref().filter(|password| {
        args.update_password == UpdatePassword::Always
            && shadow.password.trim_start_matches('!') != password.trim_start_matches('!')
    });
    match (new_password, args.password_lock) {
        // -p excludes -L and -U: the lock goes along in the password itself.
        (Some(password), _) => words.pair("-p", with_lock(args, password)),
        (None, Some(true)) => words.flag(!shadow.password.starts_with('!'), "-L"),
        (None, Some(false)) => words.flag(shadow.password.starts_with('!'), "-U"),
        (None, None) => {}
    }
    Ok((!words.0.is_empty()).then(|| words.finish(args)))
}

/// What chage is to do; `None` where the password's ages are as wanted or not known.
pub(super) fn ages(args: &UserArgs, shadow: &Shadow) -> Option<Vec<String>> {
    if !shadow.known {
        return None;
    }
    let mut words = Words::default();
    for (flag, wanted, current) in [
        ("-m", args.password_expire_min, shadow.min),
        ("-M", args.password_expire_max, shadow.max),
        ("-W", args.password_expire_warn, shadow.warn),
    ] {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != current.unwrap_or(-1)) {
            words.pair(flag, wanted.to_string());
        }
    }
    (!words.0.is_empty()).then(|| words.finish(args))
}

fn with_lock(args: &UserArgs, password: &str) -> String {
    if args.password_lock == Some(true) { format!("!{password}") } else { password.to_owned() }
}

/// A day since 1970 as `2023-11-14`; nothing for one before.
fn date_or_never(day: i64) -> String {
    if day < 0 {
        return String::new();
    }
    // Days counted from 0000-03-01, in eras of 400 years (the civil calendar's cycle).
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

#[derive(Debug, Default)]
struct Words(Vec<String>);

impl Words {
    fn flag(&mut self, condition: bool, flag: &str) {
        if condition {
            self.0.push(flag.to_owned());
        }
    }

    fn pair(&mut self, flag: &str, value: impl Into<String>) {
        self.0.push(flag.to_owned());
        self.0.push(value.into());
    }

    fn given(&mut self, flag: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.pair(flag, value);
        }
    }

    fn finish(mut self, args: &UserArgs) -> Vec<String> {
        self.0.push(args.name.clone());
        self.0
    }
}
