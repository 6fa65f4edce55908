//! Users and groups by name and number: the files first, then `getent` where other sources are configured.
//!
//! The C library's lookups load plug-ins at run time, which a static program cannot do safely; `getent` does it outside.

use std::fs;

use super::nsswitch;
use crate::Context;

/// A line of passwd(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Primary group's id.
    pub gid: u32,
    /// Comment field.
    pub gecos: String,
    /// Home folder.
    pub home: String,
    /// Login shell.
    pub shell: String,
}

/// A line of group(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Group id.
    pub gid: u32,
    /// Members by supplementary membership.
    pub members: Vec<String>,
}

fn parse_user(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
    let _password = fields.next()?;
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    let mut text = || fields.next().unwrap_or_default().to_owned();
    Some(User { name, uid, gid, gecos: text(), home: text(), shell: text() })
}

fn parse_group(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
    let _password = fields.next()?;
    let gid = fields.next()?.parse().ok()?;
    let members = fields.next().unwrap_or_default();
    Some(Group {
        name,
        gid,
        members: members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect(),
    })
}

fn lines(path: &str) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// All users of `/etc/passwd`.
#[must_use]
pub fn file_users() -> Vec<User> {
    lines("/etc/passwd").lines().filter_map(parse_user).collect()
}

/// All groups of `/etc/group`.
#[must_use]
pub fn file_groups() -> Vec<Group> {
    lines("/etc/group").lines().filter_map(parse_group).collect()
}

/// A user of `/etc/passwd` by name.
#[must_use]
pub fn file_user_by_name(name: &str) -> Option<User> {
    file_users().into_iter().find(|user| user.name == name)
}

/// A user of `/etc/passwd` by id.
#[must_use]
pub fn file_user_by_id(uid: u32) -> Option<User> {
    file_users().into_iter().find(|user| user.uid == uid)
}

/// A user by name, from any source.
#[must_use]
pub fn user_by_name(ctx: &Context, name: &str) -> Option<User> {
    file_user_by_name(name).or_else(|| getent(ctx, "passwd", name).as_deref().and_then(parse_user))
}

/// A user by id, from any source.
#[must_use]
pub fn user_by_id(ctx: &Context, uid: u32) -> Option<User> {
    file_user_by_id(uid).or_else(|| getent(ctx, "passwd", &uid.to_string()).as_deref().and_then(parse_user))
}

/// A group by name, from any source.
#[must_use]
pub fn group_by_name(ctx: &Context, name: &str) -> Option<Group> {
    file_groups()
        .into_iter()
        .find(|group| group.name == name)
        .or_else(|| getent(ctx, "group", name).as_deref().and_then(parse_group))
}

/// A group by id, from any source.
#[must_use]
pub fn group_by_id(ctx: &Context, gid: u32) -> Option<Group> {
    file_groups()
        .into_iter()
        .find(|group| group.gid == gid)
        .or_else(|| getent(ctx, "group", &gid.to_string()).as_deref().and_then(parse_group))
}

/// The first line that `getent` gives, where the system has sources beyond the files.
fn getent(ctx: &Context, database: &str, key: &str) -> Option<String> {
    if key.is_empty() || key.starts_with('-') || only_files(database) {
        return None;
    }
    let getent = ctx.find_bin("getent")?;
    let output = ctx.command([getent.as_str(), database, key]).run().ok()?;
    (output.rc == 0).then(|| output.stdout_text().lines().next().map(str::to_owned)).flatten()
}

/// Whether nsswitch.conf(5) names nothing but the files for that database.
fn only_files(database: &str) -> bool {
    nsswitch::sources(database)
        .is_some_and(|sources| sources.iter().all(|source| matches!(source.as_str(), "files" | "compat")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_passwd_and_group_are_read() {
        let user = parse_user("www:x:33:34:Web,,,:/var/www:/bin/false").unwrap();
        assert_eq!((user.name.as_str(), user.uid, user.gid, user.home.as_str()), ("www", 33, 34, "/var/www"));
        assert_eq!(parse_user("+::::::"), None);
        assert_eq!(parse_group("adm:x:4:a,b").unwrap().members, ["a", "b"]);
    }
}
