//! `deb`: package files are installed, and first what they need.

mod check;
mod fetch;
mod file;
mod relations;

use std::fs;

use super::{arguments::AptArgs, host::Host, install::Installation, policy_rc_d, prepared, tool};
use crate::{
    prelude::*,
    support::{
        command::Output,
        dpkg::{Database, version},
    },
};
use file::DebFile;

/// Where apt keeps what it read of dpkg's database and its own lists.
const CACHE: &str = "/var/cache/apt/pkgcache.bin";

/// Installs package files, given with commas between them.
///
/// # Errors
///
/// One of them is no package, cannot be installed on this host, or dpkg or apt-get fails.
pub(super) fn install(ctx: &mut Context, args: &AptArgs, given: &str) -> Result<Outcome, Failure> {
    let fetched;
    let files = if given.contains("://") {
        fetched = fetch::fetch(given)?;
        ctx.show_argument("deb", fetched.as_str());
        fetched.as_str()
    } else {
        given
    };
    let mut host = Host::observe(args.default_release.as_deref())?;
    let (mut paths, mut needed) = (Vec::new(), Vec::new());
    for path in files.split(',') {
        let file = DebFile::open(ctx, path)?;
        if is_there(&host.database, &file) {
            continue;
        }
        let verdict = check::check(ctx, &mut host, path, &file)?;
        if let Some(refusal) = verdict.refusal {
            let older = refusal.contains("later version") && args.allow_downgrade;
            if !args.force && !older {
                return Err(Failure::new(refusal));
            }
        }
        needed.extend(verdict.missing);
        if args.install_recommends == Some(true) {
            needed.extend(file.field("Recommends").split_whitespace().map(str::to_owned));
        }
        paths.push(path);
    }

    let first = match needed.as_slice() {
        [] => None,
        needed => Some(Installation::of_dependencies(args).run(ctx, &mut host, needed)?),
    };
    if let Some(failed) = first.as_ref().filter(|first| first.failed) {
        return Ok(failed.clone());
    }
    if paths.is_empty() {
        return Ok(Outcome::changed(false).with("stdout", "").with("stderr", "").with("diff", ""));
    }
    let output = dpkg(ctx, args, &paths)?;
    Ok(together(first.as_ref(), &output))
}

/// Whether a file's package is there in the file's version.
fn is_there(database: &Database, file: &DebFile) -> bool {
    let mut name = file.field("Package");
    if !database.foreign().is_empty() {
        name = format!("{name}:{}", file.field("Architecture"));
    }
    let there = database.find(&name).filter(|entry| entry.is_current());
    there.is_some_and(|entry| version::compare(&entry.version, &file.field("Version")).is_eq())
}

fn dpkg(ctx: &Context, args: &AptArgs, paths: &[&str]) -> Result<Output, Failure> {
    let mut options: Vec<String> = args.dpkg_options.split(',').map(|option| format!("--{option}")).collect();
    if ctx.check_mode {
        options.push("--simulate".to_owned());
    }
    if args.force {
        options.push("--force-all".to_owned());
    }
    let line = format!("dpkg {} -i {}", options.join(" "), paths.join(" "));
    let output = policy_rc_d::with_policy(ctx, args.policy_rc_d, || tool::run_line(ctx, &line))?;
    if !ctx.check_mode {
        // apt takes its cache for good where dpkg's database changed within the same second and kept its length. apt-get
        // removes the cache after its own runs of dpkg for that reason.
        let _ = fs::remove_file(CACHE);
    }
    if output.success() {
        return Ok(output);
    }
    Err(Failure::new(format!("{line} failed"))
        .with("stdout", output.stdout_text().into_owned())
        .with("stderr", output.stderr_text().into_owned()))
}

/// One result of what apt-get and dpkg said.
fn together(first: Option<&Outcome>, output: &Output) -> Outcome {
    let said = |key: &str| first.and_then(|first| first.values.get(key)).and_then(Data::as_str).unwrap_or_default();
    let text = output.stdout_text();
    let diff = match first.and_then(|first| first.diff.first()) {
        Some(Diff::Prepared(prepared)) => Diff::Prepared(format!("{prepared}\n\n{text}")),
        Some(other) => other.clone(),
        // Not only in diff mode.
        None => Diff::Prepared(prepared::prepared(&text)),
    };
    let mut outcome = Outcome::changed(true)
        .with("stdout", format!("{}{text}", said("stdout")))
        .with("stderr", format!("{}{}", said("stderr"), output.stderr_text()));
    outcome.diff.push(diff);
    outcome
}
