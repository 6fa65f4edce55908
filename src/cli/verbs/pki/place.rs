//! Where the store is, how it is opened, and what the time is.

use std::path::PathBuf;

use clap::Args;
use pki::{
    Result,
    clock::Moment,
    store::{Store, SystemFiles, View},
};

use crate::{
    cli::terminal::Terminal,
    issuer::place::{self, AnyClock},
};

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

impl RehearsalClock {
    /// The clock that was asked for.
    pub(super) fn clock(&self) -> Result<AnyClock> {
        AnyClock::parse(self.clock.as_deref())
    }
}

impl Place {
    /// Opens the store for work: nobody else works in it until it is dropped.
    pub(super) fn open(&self, verb: &str, terminal: &Terminal) -> Result<Store<SystemFiles, AnyClock>> {
        place::open(self.root(terminal), &format!("provision pki {verb}"), self.clock.clock()?)
    }

    /// Looks into the store without keeping others from working in it; the time beside it.
    pub(super) fn look(&self, terminal: &Terminal) -> Result<(View<SystemFiles>, Moment)> {
        place::look(self.root(terminal), &self.clock.clock()?)
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
        place::root(self.store.as_deref(), &terminal.environment)
    }

    /// The store's name and the clock as they were given.
    pub(super) fn given(&self) -> (Option<&str>, Option<&str>) {
        (self.store.as_deref(), self.clock.clock.as_deref())
    }
}

/// The store's files, with what others are told while it is open.
pub(super) fn working(root: PathBuf, verb: &str) -> Result<SystemFiles> {
    place::working(root, &format!("provision pki {verb}"))
}
