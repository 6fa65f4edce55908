//! `provision pki crl`: revocation lists, made, taken and shown.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use pki::{
    Error, Finding,
    authority::Authority,
    clock::{Clock, Moment},
    crl::{Issuing, ListTerms, ListToBeSigned, RevocationList},
    describe,
    key::PrivateKey,
    seal::SealedKey,
    serial::Serial,
    store::{Files, Index, ROOT, Reader, Store},
};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form, Format},
    place::Place,
    table::table,
    unseal::{self, Unseal},
};
use crate::cli::{Result, terminal::Terminal};

/// Make, take and show revocation lists
///
/// Servers that check lists want those of root and intermediate together, both fresh: with one missing or expired they
/// refuse every client. Intermediates' lists hold for a week and are made daily; the root's holds for a year and is signed
/// in a ceremony.
///
/// Example: provision pki crl build --identity /etc/provision/pki-identity
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Build(Build),
    Install(Install),
    Show(Show),
}

impl Arguments {
    pub(super) fn verb(self) -> Box<dyn Verb> {
        match self.action {
            Action::Build(verb) => Box::new(verb),
            Action::Install(verb) => Box::new(verb),
            Action::Show(verb) => Box::new(verb),
        }
    }
}

/// Make the next list of an intermediate, or of all that hold
///
/// Retired intermediates have lists until they expire. In a rehearsal `root` is one of the names.
///
/// Example: provision pki crl build --identity /etc/provision/pki-identity
#[derive(Debug, Args)]
struct Build {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    unseal: Unseal,
    /// The intermediates; else all that hold
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Verb for Build {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let mut store = self.place.open("crl build", terminal)?;
        let now = store.now()?;
        let names = if self.names.is_empty() { holding(store.index(), now) } else { self.names };
        if names.is_empty() {
            return Err(Error::input(
                "store",
                "no intermediate holds",
                "install one with `provision pki intermediate install`",
            )
            .into());
        }
        let (mut lines, mut lists) = (Vec::new(), Vec::new());
        let closed = unseal::close_memory(terminal)?;
        for name in &names {
            let (authority, issuing, file) = signing(&store.reader(), name)?;
            let sealed = SealedKey::new(file, authority.key().clone());
            let opener = self.unseal.opener(&sealed, name, terminal, &closed)?;
            let list = sealed.with(&opener.unlock(), |key| publish(&mut store, &authority, issuing, &key))?;
            let next = list.next_update().map(|next| next.to_string()).unwrap_or_default();
            let revoked = list.entries()?.len();
            lines.push(format!("{name}: list {} with {revoked} revoked, holds until {next}", list.number()?));
            lists.push(json!({
                "name": name, "number": list.number()?, "revoked": revoked, "next_update": next,
                "sha256": list.fingerprint(), "crl": list.to_pem()?,
            }));
        }
        lines.push("next: ship the bundle of `provision pki crl show --bundle FILE`".to_owned());
        Ok(Done::well(lines.join("\n"), json!({"lists": lists})))
    }
}

/// Intermediates that hold, retired ones too.
fn holding(index: &Index, now: Moment) -> Vec<String> {
    let holds = |serial: &Serial| index.get(serial).is_some_and(|issued| issued.validity.contains(now));
    index
        .intermediates()
        .iter()
        .filter(|one| one.serial.as_ref().is_some_and(holds))
        .map(|one| one.name.clone())
        .collect()
}

/// The root's key is not in the store, as it should be.
pub(super) fn root_is_offline(cure: &str) -> Error {
    Error::refused(Finding::new("root", "key", "its key is not here", "PKI policy: the root is offline", cure))
}

/// Who signs a list, and the file of its key.
pub(super) fn signing<F: Files>(reader: &Reader<'_, F>, name: &str) -> pki::Result<(Authority, Issuing, Vec<u8>)> {
    if name != ROOT {
        return Ok((reader.authority(name)?, Issuing::Intermediate, reader.sealed_key(name)?));
    }
    let (Some(root), Some(file)) = (reader.roots()?.pop(), reader.root_key()?) else {
        return Err(root_is_offline("have the list signed in a ceremony, then `provision pki crl install`"));
    };
    Ok((Authority::new(root)?, Issuing::Root, file))
}

/// Signs an authority's next list.
pub(super) fn publish<F: Files, C: Clock>(
    store: &mut Store<F, C>,
    authority: &Authority,
    issuing: Issuing,
    key: &PrivateKey,
) -> pki::Result<RevocationList> {
    let issuer = authority.certificate().subject().to_string();
    let previous = store.reader().list(&issuer)?;
    let mut terms = ListTerms::next(store.now()?, previous.as_ref())?;
    // Numbers that were announced and got lost are used up.
    terms.number = terms.number.max(store.index().list_number(&issuer).saturating_add(1));
    // So are those of lists that a log which was cut, or came from a backup, does not know.
    while store.reader().has_list(&issuer, terms.number)? {
        terms.number = terms.number.saturating_add(1);
    }
    let mut entries = Vec::new();
    for entry in store.revoked_by(&issuer) {
        if issuing.must_carry(&entry, terms.this_update)? {
            entries.push(entry);
        }
    }
    let draft = ListToBeSigned::build(authority, issuing, &terms, &entries, previous.as_ref())?;
    store.publish(draft, key)
}

/// Take a list that was signed in a ceremony: the root's
///
/// Example: provision pki crl install root.crl
#[derive(Debug, Args)]
struct Install {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// The list, PEM or DER
    #[arg(value_name = "FILE")]
    file: String,
}

impl Verb for Install {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let mut lists = files::lists(&self.file)?;
        if lists.len() != 1 {
            return Err(Error::input(&self.file, "there are several lists in it", "give the root's list alone").into());
        }
        let list = lists.remove(0);
        let mut store = self.place.open("crl install", terminal)?;
        let installed = store.install_list(&list);
        crate::issuer::on_record(&mut store, installed)?;
        let next = list.next_update().map(|next| next.to_string());
        let text = format!(
            "{}: list {} installed, holds until {}\nnext: ship the bundle of `provision pki crl show --bundle FILE`",
            list.label(),
            list.number()?,
            next.clone().unwrap_or_default()
        );
        Ok(Done::well(
            text,
            json!({"issuer": list.issuer().to_string(), "number": list.number()?, "next_update": next}),
        ))
    }
}

/// Show the lists that hold, or write them as the bundle that servers want
///
/// A bundle is refused where one list of the chain is missing or expired: who checks lists would refuse every client.
///
/// Example: provision pki crl show --bundle /etc/nginx/crl.pem
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// Write all lists of root and intermediates there (PEM); `-` is standard output
    #[arg(long = "bundle", value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// `root` or an intermediate's name; else all
    #[arg(value_name = "NAME", conflicts_with = "bundle")]
    name: Option<String>,
}

impl Verb for Show {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let (view, now) = self.place.look(terminal)?;
        let overview = pki::overview::of(view.index(), now)?;
        let wanted = |name: &str| self.name.as_deref().is_none_or(|wanted| wanted == name);
        let known: Vec<_> = overview.lists.iter().filter(|list| wanted(&list.name)).collect();
        if let (Some(name), true) = (&self.name, known.is_empty()) {
            return Err(Error::input(
                format!("authority {name:?}"),
                "it has no list",
                "take `root` or an intermediate",
            )
            .into());
        }
        if self.bundle.is_some() {
            refuse_incomplete(&overview, now)?;
        }
        let (mut rows, mut shown, mut pem) = (Vec::new(), Vec::new(), String::new());
        let mut details = Vec::new();
        for one in &known {
            let list = view.reader().list(&one.issuer)?;
            let said = list.as_ref().map(describe::list).transpose()?;
            let dash = || "-".to_owned();
            rows.push([
                one.name.clone(),
                one.number.map_or_else(dash, |number| number.to_string()),
                one.next_update.clone().unwrap_or_else(dash),
                said.as_ref().map_or_else(dash, |said| said.revoked.len().to_string()),
                if one.due.is_empty() { "fresh".to_owned() } else { one.due.join("; ") },
            ]);
            for entry in said.iter().flat_map(|said| &said.revoked) {
                let who = Serial::parse(&entry.serial)
                    .ok()
                    .and_then(|serial| view.index().get(&serial))
                    .map(super::revoke::called);
                details.push([
                    one.name.clone(),
                    entry.serial.clone(),
                    entry.since.clone(),
                    entry.reason.to_owned(),
                    who.unwrap_or_else(dash),
                ]);
            }
            if let Some(list) = &list {
                pem.push_str(&list.to_pem()?);
            }
            shown.push(json!({"name": one.name, "due": one.due, "list": said}));
        }
        let mut text = table(["LIST", "NUMBER", "HOLDS UNTIL", "REVOKED", "STATE"], &rows);
        if !details.is_empty() {
            text = format!("{text}\n\n{}", table(["LIST", "SERIAL", "REVOKED", "REASON", "NAME"], &details));
        }
        if let Some(bundle) = &self.bundle {
            if bundle.as_os_str() == "-" {
                text = pem.trim_end().to_owned();
            } else {
                files::replace(bundle, pem.as_bytes())?;
                text = format!("{text}\nwritten: {}", bundle.display());
            }
        }
        Ok(Done::well(text, json!({"lists": shown})))
    }
}

/// Refuses to ship lists of which one is missing or over.
fn refuse_incomplete(overview: &pki::overview::Overview, now: Moment) -> pki::Result<()> {
    let missing: Vec<_> = overview.lists.iter().filter(|list| list.unix.is_none_or(|next| next < now.unix())).collect();
    if !overview.lists.is_empty() && missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|list| list.name.as_str()).collect();
    Err(Error::refused(Finding::new(
        "CRL bundle",
        "nextUpdate",
        format!(
            "the list of {} is missing or expired",
            if names.is_empty() { "every authority".to_owned() } else { names.join(", ") }
        ),
        "PKI policy: lists of all levels are shipped together, and fresh",
        "`provision pki crl build`, and for the root `provision pki crl install`",
    )))
}

/// The lists of all authorities in PEM, as servers want them in one file.
pub(super) fn bundle<F: Files>(view: &pki::store::View<F>, now: Moment) -> pki::Result<String> {
    let overview = pki::overview::of(view.index(), now)?;
    refuse_incomplete(&overview, now)?;
    let mut pem = String::new();
    for one in &overview.lists {
        if let Some(list) = view.reader().list(&one.issuer)? {
            pem.push_str(&list.to_pem()?);
        }
    }
    Ok(pem)
}
