//! `group`: a group is there with its number, or is not there.

use std::path::Path;

use crate::{
    prelude::*,
    support::{accounts, command::Output},
};

/// Whether something is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Presence {
    /// It is not to be there.
    Absent,
    /// It is to be there.
    Present,
}

/// Add or remove groups.
///
/// A group is made with groupadd(8), changed with groupmod(8) and removed with groupdel(8); with `local` by the tools of
/// libuser, which leave a directory service alone.
#[derive(Debug, Arguments)]
#[arguments(required_if("non_unique", "True", ["gid"]))]
pub struct GroupArgs {
    /// Whether the group is to be there.
    #[arg(default = "present")]
    state: Presence,
    /// The group's name.
    #[arg(required)]
    name: String,
    /// Remove the group even where it is a user's primary one.
    #[arg(default = false)]
    force: bool,
    /// The group's number.
    gid: Option<i64>,
    /// Make it a system group.
    #[arg(default = false)]
    system: bool,
    /// Use the tools that only change the host's own files.
    #[arg(default = false)]
    local: bool,
    /// Allow a number that another group has; needs `gid`.
    #[arg(default = false)]
    non_unique: bool,
    /// The lowest number to choose from, in place of `GID_MIN` in login.defs(5).
    gid_min: Option<i64>,
    /// The highest number to choose from, in place of `GID_MAX` in login.defs(5).
    gid_max: Option<i64>,
}

/// The module.
pub struct Group;

impl Module for Group {
    type Args = GroupArgs;
    const NAME: &'static str = "group";
    const EXAMPLES: &'static str = "\
- name: Have a group with a number of our own
  ansible.builtin.group:
    name: docker
    state: present
    gid: 1750
";

    fn run(args: GroupArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        if args.force && args.local {
            return Err(Failure::new(
                "force is not a valid option for local, force=True and local=True are mutually exclusive",
            ));
        }
        if args.local {
            for (option, value) in [("gid_min", args.gid_min), ("gid_max", args.gid_max)] {
                if value.is_some() {
                    return Err(Failure::new(format!("'{option}' can not be used with 'local'")));
                }
            }
        }
        refuse_busybox("group")?;
        let existing = find(&args, ctx)?;
        let output = match (args.state, &existing) {
            (Presence::Absent, None) => None,
            (Presence::Absent, Some(_)) | (Presence::Present, None) if ctx.check_mode => {
                return Ok(Outcome::changed(true));
            }
            (Presence::Absent, Some(_)) => Some(execute(ctx, tool(&args, "groupdel"), &delete_words(&args))?),
            (Presence::Present, None) => {
                check_local_gid(&args)?;
                Some(execute(ctx, tool(&args, "groupadd"), &add_words(&args))?)
            }
            (Presence::Present, Some(existing)) => {
                check_local_gid(&args)?;
                let (program, words) = (tool(&args, "groupmod"), change_words(&args, existing.gid));
                ctx.require_bin(program)?;
                match words {
                    None => None,
                    Some(_) if ctx.check_mode => Some(Output { rc: 0, stdout: Vec::new(), stderr: Vec::new() }),
                    Some(words) => Some(execute(ctx, program, &words)?),
                }
            }
        };
        if let Some(output) = output.as_ref().filter(|output| output.rc != 0) {
            return Err(Failure::new(output.stderr_text()).with("name", args.name.as_str()));
        }
        let mut outcome =
            Outcome::changed(output.is_some()).with("name", args.name.as_str()).with("state", args.state.name());
        if let Some(output) = &output {
            for (key, text) in [("stdout", output.stdout_text()), ("stderr", output.stderr_text())] {
                if !text.is_empty() {
                    outcome.set(key, text.into_owned());
                }
            }
        }
        if let Some(group) = find(&args, ctx)? {
            outcome.set("system", args.system);
            outcome.set("gid", group.gid);
        }
        Ok(outcome)
    }
}

/// Refuses hosts whose tools are BusyBox's, which take other options.
pub(super) fn refuse_busybox(module: &str) -> Result<(), Failure> {
    if Path::new("/etc/alpine-release").exists() {
        return Err(Failure::new(format!("the native module {module} does not know the tools of Alpine Linux yet")));
    }
    Ok(())
}

/// The group as it is, from any source or, with `local`, where the host's own file has it.
fn find(args: &GroupArgs, ctx: &Context) -> Result<Option<accounts::Group>, Failure> {
    if !args.local {
        return Ok(accounts::group_by_name(ctx, &args.name));
    }
    if !Path::new("/etc/group").exists() {
        return Err(Failure::new("'local: true' specified but unable to find local group file /etc/group to parse."));
    }
    Ok(accounts::file_groups().into_iter().find(|group| group.name == args.name))
}

/// The tools of libuser do not look whether a number is taken.
fn check_local_gid(args: &GroupArgs) -> Result<(), Failure> {
    let Some(gid) = args.gid.filter(|gid| args.local && *gid != 0) else { return Ok(()) };
    match accounts::file_groups().into_iter().find(|group| i64::from(group.gid) == gid && group.name != args.name) {
        Some(other) => Err(Failure::new(format!("GID '{gid}' already exists with group '{}'", other.name))),
        None => Ok(()),
    }
}

/// The program of that name, or libuser's.
fn tool(args: &GroupArgs, name: &'static str) -> &'static str {
    match (name, args.local) {
        ("groupdel", true) => "lgroupdel",
        ("groupadd", true) => "lgroupadd",
        ("groupmod", true) => "lgroupmod",
        _ => name,
    }
}

fn execute(ctx: &Context, program: &str, words: &[String]) -> Result<Output, Failure> {
    let program = ctx.require_bin(program)?;
    Ok(ctx.command(std::iter::once(&program).chain(words)).run()?)
}

fn delete_words(args: &GroupArgs) -> Vec<String> {
    let mut words = Vec::new();
    if args.force {
        words.push("-f".to_owned());
    }
    words.push(args.name.clone());
    words
}

fn gid_words(args: &GroupArgs, gid: i64) -> Vec<String> {
    let mut words = vec!["-g".to_owned(), gid.to_string()];
    if args.non_unique {
        words.push("-o".to_owned());
    }
    words
}

fn add_words(args: &GroupArgs) -> Vec<String> {
    let mut words = args.gid.map(|gid| gid_words(args, gid)).unwrap_or_default();
    if args.system {
        words.push("-r".to_owned());
    }
    for (name, value) in [("GID_MIN", args.gid_min), ("GID_MAX", args.gid_max)] {
        if let Some(value) = value {
            words.extend(["-K".to_owned(), format!("{name}={value}")]);
        }
    }
    words.push(args.name.clone());
    words
}

/// What groupmod is to do; `None` where the group is as wanted.
fn change_words(args: &GroupArgs, current: u32) -> Option<Vec<String>> {
    let gid = args.gid.filter(|gid| *gid != i64::from(current))?;
    let mut words = gid_words(args, gid);
    words.push(args.name.clone());
    Some(words)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{check, run};

    fn args() -> GroupArgs {
        GroupArgs {
            state: Presence::Present,
            name: "web".into(),
            force: false,
            gid: None,
            system: false,
            local: false,
            non_unique: false,
            gid_min: None,
            gid_max: None,
        }
    }

    #[test]
    fn a_new_group_is_made_with_the_words_in_ansibles_order() {
        assert_eq!(add_words(&args()), ["web"]);
        let args =
            GroupArgs { gid: Some(7), non_unique: true, system: true, gid_min: Some(5), gid_max: Some(9), ..args() };
        assert_eq!(add_words(&args), ["-g", "7", "-o", "-r", "-K", "GID_MIN=5", "-K", "GID_MAX=9", "web"]);
    }

    #[test]
    fn only_another_number_is_a_change() {
        assert_eq!(change_words(&args(), 7), None);
        let args = GroupArgs { gid: Some(7), ..args() };
        assert_eq!(change_words(&args, 7), None);
        assert_eq!(change_words(&args, 8).unwrap(), ["-g", "7", "web"]);
    }

    #[test]
    fn force_goes_to_groupdel() {
        assert_eq!(delete_words(&GroupArgs { force: true, ..args() }), ["-f", "web"]);
    }

    #[test]
    fn a_missing_group_is_absent_and_would_be_made() {
        let outcome = run("group", json!({"name": "no-such-group", "state": "absent"}));
        assert_eq!(outcome.changed, Some(false));
        assert_eq!(outcome.values["state"], Data::from("absent"));
        let outcome = check("group", json!({"name": "no-such-group"}));
        assert_eq!(outcome.changed, Some(true));
        assert!(outcome.values.is_empty());
    }

    #[test]
    fn options_that_exclude_each_other_are_refused() {
        let outcome = run("group", json!({"name": "x", "local": true, "force": true}));
        assert!(outcome.msg.unwrap().starts_with("force is not a valid option for local"));
        let outcome = run("group", json!({"name": "x", "local": true, "gid_min": 4}));
        assert_eq!(outcome.msg.as_deref(), Some("'gid_min' can not be used with 'local'"));
    }
}
