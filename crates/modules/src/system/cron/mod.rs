//! `cron`: jobs and variables of crontabs.

mod table;

use std::{fs, path::Path};

use self::table::{Entry, Table};
use crate::{
    prelude::*,
    support::{paths, random},
};

/// Times that have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum SpecialTime {
    /// When the host boots.
    Reboot,
    /// Once a year.
    Yearly,
    /// Once a year.
    Annually,
    /// Once a month.
    Monthly,
    /// Once a week.
    Weekly,
    /// Once a day.
    Daily,
    /// Once an hour.
    Hourly,
}

/// Whether it is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Presence {
    /// It is to be there.
    Present,
    /// It is not to be there.
    Absent,
}

/// Have jobs and variables in crontabs, or not.
///
/// A job is known by the line `#Ansible: NAME` before it, so that it can be changed and removed. It is in the crontab of a
/// user, or in a file below `/etc/cron.d`.
#[derive(Debug, Arguments)]
#[arguments(mutually_exclusive("insertafter", "insertbefore"))]
pub struct CronArgs {
    /// What the job is called, or the variable.
    #[arg(required)]
    name: String,
    /// Whose crontab it is, or, with `cron_file`, as whom the job runs; by default who runs this.
    user: Option<String>,
    /// The command, or the variable's value.
    #[arg(aliases("value"))]
    job: Option<String>,
    /// A file in place of the user's crontab: absolute, or below `/etc/cron.d`.
    cron_file: Option<PathArg>,
    /// Whether it is to be there.
    #[arg(default = "present")]
    state: Presence,
    /// Keep a copy of what was there, whose name is returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    /// The minutes (0-59, `*`, `*/2` ...).
    #[arg(default = "*")]
    minute: String,
    /// The hours (0-23, `*`, `*/2` ...).
    #[arg(default = "*")]
    hour: String,
    /// The days of the month (1-31, `*`, `*/2` ...).
    #[arg(default = "*", aliases("dom"))]
    day: String,
    /// The months (1-12, `JAN`-`DEC`, `*`, `*/2` ...).
    #[arg(default = "*")]
    month: String,
    /// The days of the week (0-6 for Sunday to Saturday, `SUN`-`SAT`, `*` ...).
    #[arg(default = "*", aliases("dow"))]
    weekday: String,
    /// A time that has a name, in place of all the others.
    special_time: Option<SpecialTime>,
    /// Have the job as a comment.
    #[arg(default = false)]
    disabled: bool,
    /// It is a variable and no job.
    #[arg(default = false)]
    env: bool,
    /// Put the variable behind this one.
    insertafter: Option<String>,
    /// Put the variable before this one.
    insertbefore: Option<String>,
}

/// The module.
pub struct Cron;

impl Module for Cron {
    type Args = CronArgs;
    const NAME: &'static str = "cron";
    const EXAMPLES: &'static str = "\
- name: Look after the backups at two and at five
  ansible.builtin.cron:
    name: check backups
    minute: '0'
    hour: 5,2
    job: /usr/local/bin/check-backups >/dev/null

- name: A job in a file of its own
  ansible.builtin.cron:
    name: rotate
    special_time: daily
    user: root
    job: /usr/local/bin/rotate
    cron_file: rotate
";

    fn run(args: CronArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        // Observe.
        let cron_file = args.cron_file.as_deref().filter(|path| !path.is_empty());
        if let Some(path) = cron_file {
            check_file(path, ctx)?;
        }
        let path = cron_file.map(|path| paths::join("/etc/cron.d", path));
        let user = args.user.as_deref().filter(|user| !user.is_empty());
        let mut table = Table::read(path, user, ctx)?;
        args.check(cron_file.is_some(), user)?;
        let header = table.header();
        let before = table.existing.clone();
        let backup = table.render();

        // Plan.
        let mut changed = match (args.env, args.state) {
            (true, _) => args.plan_variable(&mut table)?,
            (false, Presence::Present) => args.plan_job(&mut table, ctx),
            (false, Presence::Absent) => {
                let is_there = table.find_job(&args.name, None).is_some();
                if is_there {
                    table.update_job(&args.name, None);
                    if let Some(path) = table.path.as_deref().filter(|_| table.is_empty()) {
                        return Ok(without_file(path, cron_file, header, before, ctx));
                    }
                }
                is_there
            }
        };
        changed |= !before.is_empty() && !before.ends_with(['\r', '\n']);
        let mut result = Outcome::changed(changed).with("jobs", table.job_names()).with("envs", table.variable_names());

        // Apply.
        if changed {
            if !ctx.check_mode {
                if args.backup {
                    result.set("backup_file", keep(&backup, ctx)?);
                }
                table.write(ctx)?;
            }
            if ctx.diff_mode {
                result.diff.push(Diff::Text {
                    before_header: Some(header.clone()),
                    after_header: Some(header),
                    before,
                    after: table.render(),
                });
            }
        }
        if let Some(path) = cron_file {
            result.set("cron_file", path);
        }
        Ok(result)
    }
}

/// Refuses the system's own file, and warns of names that cron does not read.
fn check_file(path: &str, ctx: &mut Context) -> Result<(), Failure> {
    if path == "/etc/crontab" {
        return Err(Failure::new("Will not manage /etc/crontab via cron_file, see documentation."));
    }
    let name = paths::basename(path);
    let good = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if name.is_empty() || !name.chars().all(good) {
        ctx.warn(format!(
            "Filename portion of cron_file (\"{name}\") should consist solely of upper- and lower-case letters, digits, \
             underscores, and hyphens"
        ));
    }
    Ok(())
}

/// The last job of a file is gone, and the file with it.
fn without_file(path: &str, cron_file: Option<&str>, header: String, before: String, ctx: &Context) -> Outcome {
    let changed = if ctx.check_mode { Path::new(path).is_file() } else { fs::remove_file(path).is_ok() };
    let mut outcome = Outcome::changed(changed).with("cron_file", cron_file.map(str::to_owned)).with("state", "absent");
    if ctx.diff_mode {
        let after_header = Some("/dev/null".to_owned());
        outcome.diff.push(Diff::Text { before_header: Some(header), after_header, before, after: String::new() });
    } else {
        outcome.set("diff", Map::new());
    }
    outcome
}

/// Keeps what was there in a file of its own.
fn keep(text: &str, ctx: &Context) -> Result<String, Failure> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let folder = paths::temporary_folder(ctx.environment());
    let failed = |error: std::io::Error| Failure::raised(&crate::module::os_error(&error, Some(&folder)), None);
    let path = paths::join(&folder, &format!("crontab{}", random::letters(8).map_err(failed)?));
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(path)
}

impl CronArgs {
    fn check(&self, in_file: bool, user: Option<&str>) -> Result<(), Failure> {
        let times = [&self.minute, &self.hour, &self.day, &self.month, &self.weekday];
        if self.special_time.is_some() && times.iter().any(|time| *time != "*") {
            let msg = "You cannot combine special_time with any of the time or day/date parameters.";
            return Err(Failure::new(msg));
        }
        if self.state == Presence::Present {
            if in_file && user.is_none() {
                let msg = "To use cron_file=... parameter you must specify user=... as well";
                return Err(Failure::new(msg));
            }
            if self.job.is_none() {
                return Err(Failure::new("You must specify 'job' to install a new cron job or variable"));
            }
            let placed = [&self.insertafter, &self.insertbefore];
            if !self.env && placed.iter().any(|name| name.as_ref().is_some_and(|name| !name.is_empty())) {
                return Err(Failure::new("Insertafter and insertbefore parameters are valid only with env=yes"));
            }
        }
        if self.env && self.name.contains(' ') {
            return Err(Failure::new("Invalid name for environment variable"));
        }
        Ok(())
    }

    /// True where the table changes.
    fn plan_variable(&self, table: &mut Table) -> Result<bool, Failure> {
        let value = self.job.as_deref().unwrap_or("None");
        let line = format!("{}=\"{value}\"", self.name);
        let there = table.find_variable(&self.name)?;
        match (self.state, there) {
            (Presence::Present, None) => {
                let given = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
                table.add_variable(line, given(&self.insertafter), given(&self.insertbefore))?;
            }
            (Presence::Present, Some((_, there))) if there == line => return Ok(false),
            (Presence::Present, Some(_)) => table.update_variable(&self.name, Some(&line))?,
            (Presence::Absent, None) => return Ok(false),
            (Presence::Absent, Some(_)) => table.update_variable(&self.name, None)?,
        }
        Ok(true)
    }

    /// True where the table changes.
    fn plan_job(&self, table: &mut Table, ctx: &mut Context) -> bool {
        let job = self.job.as_deref().unwrap_or_default().trim_matches(['\r', '\n']);
        if job.contains(['\r', '\n']) {
            ctx.warn("Job should not contain line breaks");
        }
        let off = if self.disabled { "#" } else { "" };
        let when = match self.special_time {
            Some(time) => format!("@{}", time.name()),
            None => [&self.minute, &self.hour, &self.day, &self.month, &self.weekday].map(String::as_str).join(" "),
        };
        let user = match &table.path {
            Some(_) => format!(" {}", self.user.as_deref().unwrap_or_default()),
            None => String::new(),
        };
        let line = format!("{off}{when}{user} {job}");
        match table.find_job(&self.name, Some(&line)) {
            None => table.add_job(&self.name, &line),
            Some(Entry { line: there, renamed: false }) if there == line => return false,
            Some(_) => table.update_job(&self.name, Some(&line)),
        }
        true
    }
}

#[cfg(test)]
mod tests;
