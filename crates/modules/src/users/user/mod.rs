//! `user`: an account is there as described, or is not there.

mod home;
mod plan;
mod shadow;
mod ssh_key;

use std::path::Path;

use super::group::{Presence, refuse_busybox};
use crate::{
    prelude::*,
    support::{accounts, command::Output, paths},
};
use shadow::Shadow;

/// When a password is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum UpdatePassword {
    /// Whenever it differs.
    Always,
    /// Only for an account that is made now.
    OnCreate,
}

/// Manage user accounts.
///
/// An account is made with useradd(8), changed with usermod(8) and removed with userdel(8). The password is given as
/// crypt(5) has it: `password_hash('sha512')` makes it of plain text.
#[derive(Debug, Arguments)]
#[expect(dead_code, reason = "options for other systems are taken and do nothing, as in Ansible")]
pub struct UserArgs {
    /// Whether the account is to be there.
    #[arg(default = "present")]
    state: Presence,
    /// The login name.
    #[arg(required, aliases("user"))]
    name: String,
    /// The account's number.
    uid: Option<i64>,
    /// Allow a number that another account has.
    #[arg(default = false)]
    non_unique: bool,
    /// The primary group, by name or number.
    group: Option<String>,
    /// The supplementary groups; an empty list takes the account out of all.
    groups: Option<Vec<String>>,
    /// The comment field (GECOS).
    comment: Option<String>,
    /// The home folder.
    home: Option<PathArg>,
    /// The login shell.
    shell: Option<PathArg>,
    /// The password, encrypted as crypt(5) has it.
    #[arg(no_log)]
    password: Option<String>,
    /// A login class; for BSD systems.
    login_class: Option<String>,
    /// The days after which a password must be changed.
    password_expire_max: Option<i64>,
    /// The days before which a password must not be changed.
    password_expire_min: Option<i64>,
    /// The days of warning before a password expires.
    password_expire_warn: Option<i64>,
    /// Hide the account at login; for macOS.
    hidden: Option<bool>,
    /// The SELinux user of a new account.
    seuser: Option<String>,
    /// Remove the account though it is in use; write over existing SSH keys.
    #[arg(default = false)]
    force: bool,
    /// Remove the home folder with the account.
    #[arg(default = false)]
    remove: bool,
    /// Make the home folder where it is missing.
    #[arg(default = true, aliases("createhome"))]
    create_home: bool,
    /// The folder whose content a new home gets.
    skeleton: Option<String>,
    /// Make it a system account.
    #[arg(default = false)]
    system: bool,
    /// Move the home folder's content where `home` changes.
    #[arg(default = false)]
    move_home: bool,
    /// Add to the supplementary groups, and take the account out of none.
    #[arg(default = false)]
    append: bool,
    /// Make an SSH key, where there is none.
    generate_ssh_key: Option<bool>,
    /// The SSH key's length in bits; 0 leaves it to ssh-keygen(1).
    #[arg(default = 0)]
    ssh_key_bits: i64,
    /// The SSH key's type.
    #[arg(default = "rsa")]
    ssh_key_type: String,
    /// The SSH key's file, in the home folder unless absolute; `.ssh/id_TYPE` where not given.
    ssh_key_file: Option<PathArg>,
    /// The SSH key's comment; `ansible-generated on HOST` where not given.
    ssh_key_comment: Option<String>,
    /// The SSH key's passphrase.
    #[arg(no_log)]
    ssh_key_passphrase: Option<String>,
    /// When to set the password.
    #[arg(default = "always")]
    update_password: UpdatePassword,
    /// When the account expires, in seconds since 1970; a negative number takes that away.
    expires: Option<f64>,
    /// Lock or unlock the password.
    password_lock: Option<bool>,
    /// Use the tools that only change the host's own files.
    local: Option<bool>,
    /// A profile; for Solaris.
    profile: Option<String>,
    /// An authorization; for Solaris.
    authorization: Option<String>,
    /// A role; for Solaris.
    role: Option<String>,
    /// The umask for a new home folder.
    umask: Option<String>,
    /// The days after a password's expiry until the account is disabled.
    password_expire_account_disable: Option<i64>,
    /// The lowest number to choose from, in place of `UID_MIN` in login.defs(5).
    uid_min: Option<i64>,
    /// The highest number to choose from, in place of `UID_MAX` in login.defs(5).
    uid_max: Option<i64>,
}

impl UserArgs {
    /// The supplementary groups as the tools and the result have them.
    fn groups_text(&self) -> Option<String> {
        self.groups.as_ref().map(|groups| groups.join(","))
    }

    /// The day that the account expires on, counted from 1970; negative for never.
    #[expect(clippy::cast_possible_truncation, reason = "checked to be in the range of times before")]
    fn expires_day(&self) -> Result<Option<i64>, Failure> {
        match self.expires {
            Some(seconds) if !seconds.is_finite() || seconds.abs() > 6.7e16 => {
                Err(Failure::new("Invalid value for 'expires' None: timestamp out of range for platform time_t"))
            }
            Some(seconds) => Ok(Some((seconds.floor() as i64).div_euclid(86400))),
            None => Ok(None),
        }
    }
}

/// The module.
pub struct User;

/// An account with what shadow(5) has of it.
struct Account {
    user: accounts::User,
    shadow: Shadow,
}

impl Account {
    fn find(ctx: &Context, name: &str) -> Option<Self> {
        let user = accounts::user_by_name(ctx, name)?;
        Some(Self { shadow: Shadow::of(name), user })
    }
}

impl Module for User {
    type Args = UserArgs;
    const NAME: &'static str = "user";
    const EXAMPLES: &'static str = "\
- name: Have an account in two more groups
  ansible.builtin.user:
    name: james
    shell: /bin/bash
    groups: [admins, developers]
    append: true

- name: Remove an account and its home
  ansible.builtin.user:
    name: johnd
    state: absent
    remove: true
";

    fn run(args: UserArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        refuse_busybox("user")?;
        if args.local == Some(true) {
            let forbidden = [
                ("umask", args.umask.is_some()),
                ("uid_min", args.uid_min.is_some()),
                ("uid_max", args.uid_max.is_some()),
            ];
            if let Some((option, _)) = forbidden.iter().find(|(_, given)| *given) {
                return Err(Failure::new(format!("'{option}' can not be used with 'local'")));
            }
            return Err(Failure::new("the native module user does not know the tools of libuser (local: true) yet"));
        }
        args.expires_day()?;
        if args.groups.is_none() && args.append {
            ctx.warn(
                "'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups.This will \
                 change to an error in Ansible 2.14.",
            );
        }
        if args.password.as_deref().is_some_and(shadow::seems_plain) {
            ctx.warn(
                "The input password appears not to have been hashed. The 'password' argument must be encrypted for \
                 this module to work properly.",
            );
        }
        if args.ssh_key_comment.is_none() {
            ctx.show_argument("ssh_key_comment", ssh_key::default_comment());
        }
        let existing = Account::find(ctx, &args.name);
        match args.state {
            Presence::Absent => absent(&args, ctx, existing.is_some()),
            Presence::Present => present(&args, ctx, existing),
        }
    }
}

/// Runs a program, or not, in check mode.
fn execute(ctx: &Context, program: &str, words: &[String]) -> Result<Output, Failure> {
    let program = ctx.require_bin(program)?;
    if ctx.check_mode {
        return Ok(Output { rc: 0, stdout: Vec::new(), stderr: Vec::new() });
    }
    Ok(ctx.command(std::iter::once(&program).chain(words)).run()?)
}

fn failed(args: &UserArgs, output: &Output) -> Failure {
    Failure::new(output.stderr_text()).with("name", args.name.as_str()).with("rc", output.rc)
}

/// The result's keys of every end but that of a check on a missing account.
fn outcome(args: &UserArgs, output: Option<&Output>) -> Outcome {
    let mut outcome =
        Outcome::changed(output.is_some()).with("name", args.name.as_str()).with("state", args.state.name());
    if let Some(output) = output {
        for (key, text) in [("stdout", output.stdout_text()), ("stderr", output.stderr_text())] {
            if !text.is_empty() {
                outcome.set(key, text.into_owned());
            }
        }
    }
    outcome
}

fn absent(args: &UserArgs, ctx: &Context, exists: bool) -> Result<Outcome, Failure> {
    if !exists {
        return Ok(outcome(args, None));
    }
    if ctx.check_mode {
        return Ok(Outcome::changed(true));
    }
    let output = execute(ctx, "userdel", &plan::remove(args))?;
    if output.rc != 0 {
        return Err(failed(args, &output));
    }
    Ok(outcome(args, Some(&output)).with("force", args.force).with("remove", args.remove))
}

fn present(args: &UserArgs, ctx: &mut Context, existing: Option<Account>) -> Result<Outcome, Failure> {
    let mut notes: Vec<(&str, Data)> = Vec::new();
    let output = match existing {
        None if ctx.check_mode => return Ok(Outcome::changed(true)),
        None => {
            let groups = Groups::find(args, ctx, None)?;
            let own_group = accounts::group_by_name(ctx, &args.name).is_some();
            let parents =
                args.home.as_deref().filter(|home| args.create_home && !Path::new(paths::dirname(home)).is_dir());
            if let Some(home) = parents {
                home::create(home, args.skeleton.as_deref())?;
            }
            let output = execute(ctx, "useradd", &plan::create(args, &groups, own_group)?)?;
            if let Some(home) = parents
                && let Some(account) = Account::find(ctx, &args.name)
            {
                home::give(home, account.user.uid, account.user.gid)?;
            }
            notes.push(("system", args.system.into()));
            notes.push(("create_home", args.create_home.into()));
            Some(output)
        }
        Some(account) => {
            let groups = Groups::find(args, ctx, Some(&account))?;
            let words = plan::change(args, &account, &groups)?;
            notes.push(("append", args.append.into()));
            notes.push(("move_home", args.move_home.into()));
            ctx.require_bin("usermod")?;
            words.map(|words| execute(ctx, "usermod", &words)).transpose()?
        }
    };
    if let Some(output) = output.as_ref().filter(|output| output.rc != 0) {
        return Err(failed(args, output));
    }
    let mut outcome = outcome(args, output.as_ref());
    for (key, value) in notes {
        outcome.set(key, value);
    }
    if args.password.is_some() {
        outcome.set("password", "NOT_LOGGING_PASSWORD");
    }
    if let Some(account) = Account::find(ctx, &args.name) {
        describe(args, ctx, &account, &mut outcome)?;
    }
    Ok(outcome)
}

/// The account's fields, and what is made once there is one: the home, the SSH key, the ages of its password.
fn describe(args: &UserArgs, ctx: &mut Context, account: &Account, outcome: &mut Outcome) -> Result<(), Failure> {
    let user = &account.user;
    outcome.set("uid", user.uid);
    outcome.set("group", user.gid);
    outcome.set("comment", user.gecos.as_str());
    outcome.set("home", user.home.as_str());
    outcome.set("shell", user.shell.as_str());
    if let Some(groups) = args.groups_text() {
        outcome.set("groups", groups);
    }
    let home = args.home.as_deref().unwrap_or(&user.home);
    if args.create_home && !Path::new(home).exists() {
        if !ctx.check_mode {
            home::create(home, args.skeleton.as_deref())?;
            home::give(home, user.uid, user.gid)?;
        }
        outcome.changed = Some(true);
    }
    if args.generate_ssh_key == Some(true) {
        ssh_key::make(args, ctx, user, outcome)?;
    }
    if let Some(words) = plan::ages(args, &account.shadow) {
        let output = execute(ctx, "chage", &words)?;
        if output.rc != 0 {
            return Err(failed(args, &output));
        }
        outcome.changed = Some(true);
    }
    Ok(())
}

/// What is known of the groups that the arguments name.
#[derive(Debug, Default)]
struct Groups {
    /// The primary group asked for: its number.
    primary: Option<u32>,
    /// The supplementary groups asked for: as given, by name, by number.
    wanted: Vec<(String, accounts::Group)>,
    /// The groups that list the account as a member.
    current: Vec<String>,
}

impl Groups {
    fn find(args: &UserArgs, ctx: &Context, account: Option<&Account>) -> Result<Self, Failure> {
        let find = |group: &str| {
            let by_id = group.trim().parse().ok().and_then(|gid| accounts::group_by_id(ctx, gid));
            by_id
                .or_else(|| accounts::group_by_name(ctx, group))
                .ok_or_else(|| Failure::new(format!("Group {group} does not exist")))
        };
        let primary = args.group.as_deref().map(&find).transpose()?.map(|group| group.gid);
        let text = args.groups_text().unwrap_or_default();
        let mut wanted: Vec<(String, accounts::Group)> = Vec::new();
        for name in text.split(',').filter(|name| !name.is_empty()).map(str::trim) {
            if !wanted.iter().any(|(given, _)| given == name) {
                wanted.push((name.to_owned(), find(name)?));
            }
        }
        let current = match account {
            Some(account) => accounts::file_groups()
                .into_iter()
                .filter(|group| group.members.contains(&account.user.name))
                .map(|group| group.name)
                .collect(),
            None => Vec::new(),
        };
        Ok(Self { primary, wanted, current })
    }
}

#[cfg(test)]
mod tests;
