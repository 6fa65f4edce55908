//! Where the store is, how it is opened, and what the time is.

use std::path::PathBuf;

use clap::Args;
use pki::{
    Error, Finding, Result,
    clock::{Clock, ClockKind, FixedClock, Moment, SystemClock},
    store::{Kind, Store, SystemFiles, View},
};

use crate::cli::terminal::Terminal;

/// Names the store where --store does not.
const VARIABLE: &str = "PROVISION_PKI_STORE";

/// `--store` and `--clock`
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct Place {
    /// The store; else PROVISION_PKI_STORE names it, else it is `pki`
    #[arg(long = "store", value_name = "DIRECTORY")]
    store: Option<String>,
    #[command(flatten)]
    clock: RehearsalClock,
}

/// `--clock`
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct RehearsalClock {
    /// Take this as the time (2026-11-25T19:00:00Z); only a store made for rehearsal does, and its log says so
    #[arg(long = "clock", value_name = "TIME")]
    clock: Option<String>,
}

/// The machine's clock, or one that was set.
#[derive(Debug, Clone, Copy)]
pub(super) enum AnyClock {
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

impl RehearsalClock {
    /// The clock that was asked for.
    pub(super) fn clock(&self) -> Result<AnyClock> {
        Ok(match &self.clock {
            None => AnyClock::System(SystemClock),
            Some(time) => AnyClock::Rehearsal(FixedClock(Moment::parse(time)?)),
        })
    }
}

impl Place {
    /// Opens the store for work: nobody else works in it until it is dropped.
    pub(super) fn open(&self, verb: &str, terminal: &Terminal) -> Result<Store<SystemFiles, AnyClock>> {
        let root = self.root(terminal);
        let there = root.join("log.jsonl");
        if !there.exists() {
            return Err(no_store(&root));
        }
        Store::open(working(root, verb)?, self.clock.clock()?)
    }

    /// Looks into the store without keeping others from working in it; the time beside it.
    pub(super) fn look(&self, terminal: &Terminal) -> Result<(View<SystemFiles>, Moment)> {
        let root = self.root(terminal);
        let clock = self.clock.clock()?;
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
                "leave --clock out",
            )));
        }
        Ok((view, clock.now()?))
    }

    /// The store, if there is one; for verbs that can do without.
    pub(super) fn look_if_there(&self, terminal: &Terminal) -> Result<Option<(View<SystemFiles>, Moment)>> {
        if self.store.is_none() && !self.root(terminal).join("log.jsonl").exists() {
            return Ok(None);
        }
        self.look(terminal).map(Some)
    }

    /// The store's folder.
    pub(super) fn root(&self, terminal: &Terminal) -> PathBuf {
        let named = self.store.as_deref().or_else(|| terminal.environment.get(VARIABLE));
        PathBuf::from(named.unwrap_or("pki"))
    }
}

/// The store's files, with what others are told while it is open.
pub(super) fn working(root: PathBuf, verb: &str) -> Result<SystemFiles> {
    let holder = format!("provision pki {verb} (process {}, since {})", std::process::id(), SystemClock.now()?);
    Ok(SystemFiles::at_folder(root).held_by(holder))
}

fn no_store(root: &std::path::Path) -> Error {
    Error::input(
        root.display().to_string(),
        "it is no store",
        format!("name one with --store or {VARIABLE}, or make one with `provision pki init`"),
    )
}
