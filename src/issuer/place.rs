//! Where the store is, how it is opened, and what the time is.

use std::path::{Path, PathBuf};

use pki::{
    Error, Finding, Result,
    clock::{Clock, ClockKind, FixedClock, Moment, SystemClock},
    store::{Kind, Store, SystemFiles, View},
};

use crate::config::Environment;

/// Names the store where nothing else does.
const VARIABLE: &str = "PROVISION_PKI_STORE";

/// The machine's clock, or one that was set.
#[derive(Debug, Clone, Copy)]
pub enum AnyClock {
    /// The machine's.
    System(SystemClock),
    /// Of a rehearsal.
    Rehearsal(FixedClock),
}

impl Clock for AnyClock {
    fn now(&self) -> Result<Moment> {
        match self {
            Self::System(clock) => clock.now(),
            Self::Rehearsal(clock) => clock.now(),
        }
    }

    fn kind(&self) -> ClockKind {
        match self {
            Self::System(clock) => clock.kind(),
            Self::Rehearsal(clock) => clock.kind(),
        }
    }
}

impl AnyClock {
    /// The machine's where no time is given.
    ///
    /// # Errors
    ///
    /// A time that cannot be read.
    pub fn parse(time: Option<&str>) -> Result<Self> {
        Ok(match time {
            None => Self::System(SystemClock),
            Some(time) => Self::Rehearsal(FixedClock(Moment::parse(time)?)),
        })
    }
}

/// The store's folder: as it is named, else as the environment names it, else `pki`.
#[must_use]
pub fn root(named: Option<&str>, environment: &Environment) -> PathBuf {
    PathBuf::from(named.or_else(|| environment.get(VARIABLE)).unwrap_or("pki"))
}

/// Opens the store for work: nobody else works in it until it is dropped. `who` is what others are told meanwhile.
///
/// # Errors
///
/// There is none; another process has it open; whatever [`Store::open`] refuses.
pub fn open(root: PathBuf, who: &str, clock: AnyClock) -> Result<Store<SystemFiles, AnyClock>> {
    if !root.join("log.jsonl").exists() {
        return Err(no_store(&root));
    }
    Store::open(working(root, who)?, clock)
}

/// Looks into the store without keeping others from working in it; the time beside it.
///
/// # Errors
///
/// There is none; a clock of tests for production; whatever [`View::open`] refuses.
pub fn look(root: PathBuf, clock: &AnyClock) -> Result<(View<SystemFiles>, Moment)> {
    if !root.join("log.jsonl").exists() {
        return Err(no_store(&root));
    }
    let view = View::open(SystemFiles::at_folder(root))?;
    if view.index().kind() != Some(Kind::Rehearsal) && clock.kind() != ClockKind::System {
        return Err(Error::refused(Finding::new(
            "store",
            "clock",
            "it is for production, and this clock is one of tests",
            "PKI policy: only a store made for rehearsal takes another clock",
            "name no clock",
        )));
    }
    Ok((view, clock.now()?))
}

/// The store's files, with what others are told while it is open.
///
/// # Errors
///
/// A clock before 1970.
pub fn working(root: PathBuf, who: &str) -> Result<SystemFiles> {
    let holder = format!("{who} (process {}, since {})", std::process::id(), SystemClock.now()?);
    Ok(SystemFiles::at_folder(root).held_by(holder))
}

fn no_store(root: &Path) -> Error {
    Error::input(
        root.display().to_string(),
        "it is no store",
        format!("name one with --store or {VARIABLE}, or make one with `provision pki init`"),
    )
}
