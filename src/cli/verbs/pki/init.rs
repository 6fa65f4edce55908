//! `provision pki init`.

use std::path::PathBuf;

use clap::Args;
use pki::{
    Error,
    store::{Kind, Settings, Store},
};
use serde_json::json;

use super::{
    Verb,
    form::{Done, Form, Format},
    place::{self, RehearsalClock},
    rehearsal,
    seal::Seal,
    unseal,
};
use crate::cli::{Result, terminal::Terminal};

/// Make a store: the folder of the audit log, the certificates, the lists and the sealed keys
///
/// A store made with --rehearsal says so in its first line: it takes a clock of tests, and with --chain it gets a throw-away
/// root, an intermediate `services-1` and both lists at once, so that every verb can be tried. A store for production never
/// does: its root is made in a ceremony, on a machine without a network.
///
/// Example: provision pki init pki --organization Example --country DE --url http://pki.example.org/ --dns example.org --ip 10.0.0.0/8
///
/// Example: provision pki init try --rehearsal --chain --recipient age1... --organization Example --url http://pki.example.org/ --dns example.org
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    clock: RehearsalClock,
    #[command(flatten)]
    seal: Seal,
    /// For rehearsals and tests only
    #[arg(long = "rehearsal")]
    rehearsal: bool,
    /// Make a throw-away root and an intermediate too
    #[arg(long = "chain", requires = "rehearsal")]
    chain: bool,
    /// The organization in every subject
    #[arg(long = "organization", value_name = "NAME")]
    organization: String,
    /// Its country: two letters of ISO 3166
    #[arg(long = "country", value_name = "CC")]
    country: Option<String>,
    /// Where lists and authorities' certificates will be published (http://...)
    #[arg(long = "url", value_name = "URL")]
    url: String,
    /// A domain that certificates may be issued for, with all that is below it; may be repeated
    #[arg(long = "dns", value_name = "DOMAIN", required = true)]
    dns: Vec<String>,
    /// A range of addresses that certificates may be issued for; may be repeated. Without one of a family it has none
    #[arg(long = "ip", value_name = "RANGE")]
    ip: Vec<String>,
    /// The folder; new, or empty
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let settings = Settings {
            organization: self.organization,
            country: self.country,
            url: self.url,
            dns: self.dns,
            ip: self.ip,
        };
        // All that can be refused is refused before anything is made.
        settings.check()?;
        let clock = self.clock.clock()?;
        let kind = if self.rehearsal { Kind::Rehearsal } else { Kind::Production };
        pki::store::accept_clock(kind, &clock)?;
        let sealing = if self.chain { Some(self.seal.with(&unseal::close_memory(terminal)?)?) } else { None };
        let shown = self.directory.display().to_string();
        std::fs::create_dir_all(&self.directory)
            .and_then(|()| std::fs::read_dir(&self.directory).map(|mut inside| inside.next().is_none()))
            .map_err(|error| Error::io(&shown, error, "check the folder's owner and mode"))
            .and_then(
                |empty| {
                    if empty { Ok(()) } else { Err(Error::input(&shown, "it is not empty", "name a new folder")) }
                },
            )?;
        private(&self.directory)?;
        let mut store = Store::create(place::working(self.directory.clone(), "init")?, clock, kind)?;
        store.configure(settings)?;
        let mut text = format!("{shown}: new store for {}", named(kind));
        let mut json = json!({"store": shown, "kind": named(kind), "head": store.head()});
        if let Some(sealing) = sealing {
            let (more, chain) = rehearsal::chain(&mut store, &sealing)?;
            text = format!("{text}\n{more}");
            if let Some(object) = json.as_object_mut() {
                object.insert("chain".to_owned(), chain);
                object.insert("head".to_owned(), store.head().into());
            }
        } else {
            text.push_str("\nnext: make an intermediate's key with `provision pki intermediate csr services-1`");
        }
        Ok(Done::well(text, json))
    }
}

/// The store's name of its kind.
pub(super) fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::Production => "production",
        Kind::Rehearsal => "rehearsal",
    }
}

fn private(folder: &std::path::Path) -> pki::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .map_err(|error| Error::io(folder.display(), error, "the store must be its owner's alone"))
}
