//! `apt_repository`: a source of packages, in apt's one-line style, is there or is not there.

mod line;
mod ppa;
mod sources;

use std::fs;

use indexmap::IndexMap;

use crate::{
    prelude::*,
    support::apt::update::{self, End, Retries},
};
use line::Line;
use sources::Sources;

/// Whether a source is to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Presence {
    /// It is not to be there.
    Absent,
    /// It is to be there.
    Present,
}

/// Adds and removes APT repositories.
///
/// Lines in sources.list(5)'s one-line style: a source is added to a file of its own below /etc/apt/sources.list.d, or to
/// the file that is named, unless it stands in one of the files already. Where anything changes, all lists are written
/// anew, with single blanks.
///
/// For new hosts `deb822_repository` is the better way.
#[derive(Debug, Arguments)]
pub struct AptRepositoryArgs {
    /// The source: `deb [OPTIONS] ADDRESS SUITE COMPONENTS`, or `ppa:OWNER/NAME`.
    #[arg(required)]
    repo: String,
    /// Whether it is to be there.
    #[arg(default = "present")]
    state: Presence,
    /// The permissions of a file that is made.
    mode: Data,
    /// Get the lists of packages anew where anything changed.
    #[arg(default = true, aliases("update-cache"))]
    update_cache: bool,
    /// How often to try to get the lists.
    #[arg(default = 5)]
    update_cache_retries: i64,
    /// The longest pause between those tries, in seconds; pauses double up to it.
    #[arg(default = 12)]
    update_cache_retry_max_delay: i64,
    /// The name of the file, without `.list`; by default made of the address.
    filename: Option<String>,
    /// Nothing is needed, so nothing is installed.
    #[arg(default = true)]
    #[expect(dead_code, reason = "the native module depends on nothing")]
    install_python_apt: bool,
    /// Check the certificate of Launchpad.
    #[arg(default = true)]
    #[expect(dead_code, reason = "Launchpad is not asked yet")]
    validate_certs: bool,
    /// The release to take of an archive at Launchpad; by default the host's own.
    codename: Option<String>,
}

/// The module.
pub struct AptRepository;

impl Module for AptRepository {
    type Args = AptRepositoryArgs;
    const NAME: &'static str = "apt_repository";
    const EXAMPLES: &'static str = "\
- name: Have a repository with a key of its own
  ansible.builtin.apt_repository:
    repo: deb [signed-by=/etc/apt/keyrings/example.asc] https://download.example.org/debian bookworm stable
    filename: example

- name: Remove a repository
  ansible.builtin.apt_repository:
    repo: deb https://old.example.org/debian bookworm main
    state: absent
";

    fn run(args: AptRepositoryArgs, ctx: &mut Context) -> Result<Outcome, Failure> {
        if args.repo.is_empty() {
            return Err(Failure::new("Please set argument 'repo' to a non-empty value"));
        }
        let before = Sources::read()?;
        if ctx.find_bin("apt-key").is_none() && ctx.find_bin("gpg").is_none() {
            return Err(Failure::new(
                "Either apt-key or gpg binary is required, but neither could be found.The apt-key CLI has been \
                 deprecated and removed in modern Debian and derivatives, you might want to use \"deb822_repository\" \
                 instead.",
            ));
        }
        let mut after = before.clone();
        change(&args, &mut after)?;
        let (old, new) = (before.contents(), after.contents());
        let changed = old != new;
        let added: Vec<&str> = only_in(&new, &old);
        let removed: Vec<&str> = only_in(&old, &new);
        let diff: Vec<Data> = if ctx.diff_mode {
            added.iter().chain(&removed).map(|file| diff_of(file, &old, &new)).collect()
        } else {
            Vec::new()
        };
        if changed && !ctx.check_mode {
            apply(&args, ctx, &before, &after, &added)?;
        }
        Ok(Outcome::changed(changed)
            .with("repo", args.repo.as_str())
            .with("sources_added", added)
            .with("sources_removed", removed)
            .with("state", args.state.name())
            .with("diff", Data::List(diff)))
    }
}

fn change(args: &AptRepositoryArgs, sources: &mut Sources) -> Result<(), Failure> {
    let archive = ppa::source(&args.repo, args.codename.as_deref());
    let source = match &archive {
        Some(source) => source.clone().into_bytes(),
        None => {
            Line::parse_source(&args.repo).map_err(|text| Failure::new(format!("Invalid repository string: {text}")))?
        }
    };
    match args.state {
        Presence::Absent => sources.remove(&source).map_err(|reason| Failure::raised(reason, None)),
        Presence::Present if archive.is_some() && sources.has(&source) => Ok(()),
        Presence::Present if archive.is_some() => ppa::add_key(&args.repo),
        Presence::Present => {
            let suggested = line::file_name(&String::from_utf8_lossy(&source));
            let suggested = suggested.map_err(|reason| Failure::raised(reason, None))?;
            let name = args.filename.as_deref().unwrap_or(&suggested);
            sources.add(&source, &format!("{name}.list"));
            Ok(())
        }
    }
}

type Contents<'a> = IndexMap<&'a str, Vec<u8>>;

/// The files of one that the other does not have, sorted.
fn only_in<'a>(one: &Contents<'a>, other: &Contents<'_>) -> Vec<&'a str> {
    let mut files: Vec<&str> = one.keys().copied().filter(|file| !other.contains_key(file)).collect();
    files.sort_unstable();
    files
}

fn diff_of(file: &str, old: &Contents<'_>, new: &Contents<'_>) -> Data {
    let text = |side: &Contents<'_>| side.get(file).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let header = |side: &Contents<'_>| if side.contains_key(file) { file.to_owned() } else { "/dev/null".to_owned() };
    Data::Map(Map::from([
        ("before".to_owned(), text(old).unwrap_or_default().into()),
        ("after".to_owned(), text(new).unwrap_or_default().into()),
        ("before_header".to_owned(), header(old).into()),
        ("after_header".to_owned(), header(new).into()),
    ]))
}

/// Writes the lists and gets the lists of packages; where either is not possible the lists become what they were.
fn apply(
    args: &AptRepositoryArgs,
    ctx: &mut Context,
    before: &Sources,
    after: &Sources,
    added: &[&str],
) -> Result<(), Failure> {
    let revert = |ctx: &Context| {
        for file in added {
            let _ = fs::remove_file(file);
        }
        before.save(ctx)
    };
    if let Err(failure) = after.save(ctx) {
        revert(ctx)?;
        return Err(failure);
    }
    after.set_mode(ctx, &args.mode)?;
    if !args.update_cache {
        return Ok(());
    }
    let retries = Retries {
        count: args.update_cache_retries,
        longest_pause: args.update_cache_retry_max_delay,
        failed: |number, reason| format!("Failed to update cache after {number} due to {reason} retry, retrying"),
        before: "update the cache again",
    };
    match update::update(ctx, &retries)? {
        End::Done => Ok(()),
        End::Unreadable(said) | End::Locked(said) | End::Denied(said) => Err(Failure::raised(&said, None)),
        End::GivenUp(reason) => {
            revert(ctx)?;
            let reason = if reason.is_empty() { "unknown reason" } else { &reason };
            Err(Failure::new(format!("Failed to update apt cache after {} retries: {reason}", retries.count)))
        }
    }
}
