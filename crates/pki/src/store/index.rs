//! What the log says of each authority, serial number, list and holder.

use std::collections::BTreeMap;

use super::{
    Holder, Settings,
    record::{Event, Kind, Record},
};
use crate::{
    Error, Result,
    clock::Moment,
    crl::{Entry, Reason},
    renewal::Attempts,
    serial::Serial,
    validity::Validity,
};

/// Every serial number that was ever announced, the authorities, each issuer's lists.
#[derive(Debug, Clone, Default)]
pub struct Index {
    kind: Option<Kind>,
    settings: Option<Settings>,
    issued: BTreeMap<Serial, Issued>,
    roots: Vec<Serial>,
    /// In the order in which their keys were made.
    intermediates: Vec<Intermediate>,
    lists: BTreeMap<String, Lists>,
    /// Of each holder the newest certificate that is kept.
    holders: BTreeMap<Holder, Serial>,
    /// What each held before that.
    before: BTreeMap<Holder, Serial>,
    /// What was issued for the last try of each and is not known to be in use.
    unused: BTreeMap<Holder, Serial>,
    attempts: BTreeMap<Holder, Attempts>,
    renewed: BTreeMap<Holder, Moment>,
}

/// What kind of certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// A trusted root.
    Root,
    /// An intermediate of this store.
    Intermediate,
    /// Issued here.
    Service,
}

/// What is known of one serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// What kind of certificate.
    pub tier: Tier,
    /// What to call it.
    pub label: String,
    /// Its issuer's name.
    pub issuer: String,
    /// From when until when it holds.
    pub validity: Validity,
    /// Whom it is for, of a service's.
    pub holder: Option<Holder>,
    /// The names that it speaks for, of a service's.
    pub names: Vec<String>,
    /// What it is for, of a service's: `server`, `client` or `both`.
    pub role: Option<String>,
    /// The SHA-256 of its public key's structure; of a root's and an intermediate's it is in their certificates.
    pub key: Option<String>,
    /// The SHA-256 of its to-be-signed bytes, where it was signed here.
    pub tbs: Option<String>,
    /// The SHA-256 of the certificate, where one is kept.
    pub sha256: Option<String>,
    /// What became of it.
    pub state: State,
}

/// What became of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Announced, not settled yet.
    Announced,
    /// Signed and kept.
    Valid,
    /// It may have been signed, and is not kept: to be revoked.
    Orphan,
    /// Revoked.
    Revoked {
        /// Since when.
        at: Moment,
        /// Why.
        reason: Reason,
    },
}

/// An intermediate of this store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intermediate {
    /// Its name here.
    pub name: String,
    /// When its key was made.
    pub made: Moment,
    /// The SHA-256 of its public key's structure.
    pub key: String,
    /// The SHA-256 of its request.
    pub request: String,
    /// Its certificate; none while it waits for the root's ceremony.
    pub serial: Option<Serial>,
    /// It issues no more.
    pub retired: bool,
}

/// The last list of an issuer that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its number.
    pub number: u64,
    /// When it begins to hold.
    pub this_update: Moment,
    /// When it expires.
    pub next_update: Moment,
    /// The SHA-256 of the list.
    pub sha256: String,
}

/// The lists of an issuer.
#[derive(Debug, Clone, Default)]
struct Lists {
    /// The highest number that was announced.
    number: u64,
    /// What was announced and is not settled; its hash is still that of its to-be-signed bytes.
    open: Option<List>,
    kept: Option<List>,
    /// Something was revoked after the one that is kept.
    behind: bool,
}

impl Index {
    /// What the store is for.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// What its authorities call themselves.
    #[must_use]
    pub fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    /// What is known of that serial number.
    #[must_use]
    pub fn get(&self, serial: &Serial) -> Option<&Issued> {
        self.issued.get(serial)
    }

    /// All serial numbers.
    pub fn iter(&self) -> impl Iterator<Item = (&Serial, &Issued)> {
        self.issued.iter()
    }

    /// The trusted roots, in the order in which they came.
    #[must_use]
    pub fn roots(&self) -> &[Serial] {
        &self.roots
    }

    /// The intermediates, in the order in which their keys were made.
    #[must_use]
    pub fn intermediates(&self) -> &[Intermediate] {
        &self.intermediates
    }

    /// The intermediate of that name.
    #[must_use]
    pub fn intermediate(&self, name: &str) -> Option<&Intermediate> {
        self.intermediates.iter().find(|one| one.name == name)
    }

    /// The certificate of each holder: the newest, unless its service could not take it.
    pub fn holders(&self) -> impl Iterator<Item = (&Holder, &Serial)> {
        self.holders.iter()
    }

    /// The certificate of that holder: the newest, unless its service could not take it.
    #[must_use]
    pub fn held_by(&self, holder: &Holder) -> Option<&Serial> {
        self.holders.get(holder)
    }

    /// The tries to renew a holder's certificate that failed since the last success; none if none did.
    #[must_use]
    pub fn attempts(&self, holder: &Holder) -> Option<&Attempts> {
        self.attempts.get(holder)
    }

    /// The certificate that was issued for a holder's last try to renew, where that try failed: it is not known to be in use.
    #[must_use]
    pub fn unused(&self, holder: &Holder) -> Option<&Serial> {
        self.unused.get(holder)
    }

    /// When a holder's certificate was last renewed to the end: presented by its service.
    #[must_use]
    pub fn renewed(&self, holder: &Holder) -> Option<Moment> {
        self.renewed.get(holder).copied()
    }

    /// Serial numbers under which something may have been signed that is not kept.
    pub fn orphans(&self) -> impl Iterator<Item = &Serial> {
        self.issued.iter().filter(|(_, issued)| issued.state == State::Orphan).map(|(serial, _)| serial)
    }

    /// The highest list number that was announced for an issuer; 0 if none was.
    #[must_use]
    pub fn list_number(&self, issuer: &str) -> u64 {
        self.lists.get(issuer).map_or(0, |lists| lists.number)
    }

    /// The last list of an issuer that is kept.
    #[must_use]
    pub fn list(&self, issuer: &str) -> Option<&List> {
        self.lists.get(issuer).and_then(|lists| lists.kept.as_ref())
    }

    /// Whether something of an issuer was revoked after its last list was made.
    #[must_use]
    pub fn is_list_behind(&self, issuer: &str) -> bool {
        self.lists.get(issuer).is_some_and(|lists| lists.behind)
    }

    /// What an issuer's next list has to carry.
    #[must_use]
    pub fn revoked_by(&self, issuer: &str) -> Vec<Entry> {
        let revoked =
            self.issued.iter().filter(|(_, issued)| issued.issuer == issuer).filter_map(|(serial, issued)| {
                let State::Revoked { at, reason } = issued.state else { return None };
                Some(Entry { serial: serial.clone(), revoked: at, reason })
            });
        revoked.collect()
    }

    pub(super) fn open_certificates(&self) -> Vec<(String, String)> {
        let open = self.issued.iter().filter(|(_, issued)| issued.state == State::Announced);
        open.map(|(serial, issued)| (serial.to_string(), issued.tbs.clone().unwrap_or_default())).collect()
    }

    pub(super) fn open_lists(&self) -> Vec<(String, u64, String)> {
        let open = self.lists.iter().filter_map(|(issuer, lists)| {
            lists.open.as_ref().map(|open| (issuer.clone(), open.number, open.sha256.clone()))
        });
        open.collect()
    }

    pub(super) fn apply(&mut self, record: Record) -> Result<()> {
        self.apply_event(record.line, &record.time, record.event)
    }

    fn apply_event(&mut self, line: u64, time: &str, event: Event) -> Result<()> {
        let wrong =
            |problem: &str| Error::input(format!("log.jsonl line {line}"), problem, "restore the store from a backup");
        match event {
            Event::Created { kind } => {
                if line != 1 {
                    return Err(wrong("the store is made a second time"));
                }
                self.kind = Some(kind);
            }
            Event::Configured { settings } => self.settings = Some(settings),
            Event::Trusted { serial, subject, not_before, not_after, sha256 } => {
                let issued = authority(Tier::Root, subject.clone(), subject, &not_before, &not_after, sha256)?;
                let serial = Serial::parse(&serial)?;
                self.insert(serial.clone(), issued).map_err(wrong)?;
                self.roots.push(serial);
            }
            Event::KeyMade { name, key, request } => {
                if self.intermediate(&name).is_some() {
                    return Err(wrong("the intermediate's name is taken"));
                }
                let made = Moment::parse(time)?;
                self.intermediates.push(Intermediate { name, made, key, request, serial: None, retired: false });
            }
            Event::Installed { name, serial, subject, issuer, not_before, not_after, sha256 } => {
                let issued = authority(Tier::Intermediate, subject, issuer, &not_before, &not_after, sha256)?;
                let serial = Serial::parse(&serial)?;
                self.insert(serial.clone(), issued).map_err(wrong)?;
                self.intermediate_mut(&name).ok_or_else(|| wrong("there is no intermediate of that name"))?.serial =
                    Some(serial);
            }
            Event::Retired { name } => {
                self.intermediate_mut(&name).ok_or_else(|| wrong("there is no intermediate of that name"))?.retired =
                    true;
            }
            Event::Intent { serial, label, issuer, not_before, not_after, holder, names, role, key, tbs } => {
                let issued = Issued {
                    tier: Tier::Service,
                    label,
                    issuer,
                    validity: Validity::between(Moment::parse(&not_before)?, Moment::parse(&not_after)?)?,
                    holder,
                    names,
                    role,
                    key: Some(key),
                    tbs: Some(tbs),
                    sha256: None,
                    state: State::Announced,
                };
                self.insert(Serial::parse(&serial)?, issued).map_err(wrong)?;
            }
            Event::Issued { serial, sha256 } => {
                let serial = Serial::parse(&serial)?;
                let issued = self.issued.get_mut(&serial).ok_or_else(|| wrong("it was never announced"))?;
                issued.sha256 = Some(sha256);
                issued.state = State::Valid;
                if let Some(holder) = issued.holder.clone()
                    && let Some(before) = self.holders.insert(holder.clone(), serial)
                {
                    self.before.insert(holder, before);
                }
            }
            Event::Orphan { serial } => {
                self.issued.get_mut(&Serial::parse(&serial)?).ok_or_else(|| wrong("it was never announced"))?.state =
                    State::Orphan;
            }
            Event::Revoked { serial, reason, at } => {
                let issued =
                    self.issued.get_mut(&Serial::parse(&serial)?).ok_or_else(|| wrong("it was never announced"))?;
                issued.state = State::Revoked { at: Moment::parse(&at)?, reason: Reason::parse(&reason)? };
                self.lists.entry(issued.issuer.clone()).or_default().behind = true;
            }
            Event::ListIntent { issuer, number, this_update, next_update, tbs } => {
                let list = list(number, &this_update, &next_update, tbs)?;
                self.lists(issuer, number).map_err(wrong)?.open = Some(list);
            }
            Event::ListInstalled { issuer, number, this_update, next_update, sha256 } => {
                let list = list(number, &this_update, &next_update, sha256)?;
                let lists = self.lists(issuer, number).map_err(wrong)?;
                (lists.kept, lists.behind) = (Some(list), false);
            }
            Event::Listed { issuer, number, sha256 } => {
                let lists = self.lists.get_mut(&issuer).ok_or_else(|| wrong("the list was never announced"))?;
                let open = lists.open.take().filter(|open| open.number == number);
                let open = open.ok_or_else(|| wrong("the list was never announced"))?;
                (lists.kept, lists.behind) = (Some(List { sha256, ..open }), false);
            }
            Event::ListLost { issuer, number } => {
                let lists = self.lists.get_mut(&issuer).filter(|lists| lists.number == number);
                lists.ok_or_else(|| wrong("the list was never announced"))?.open = None;
            }
            Event::RenewalFailed { holder, serial, .. } => {
                let at = Moment::parse(time)?;
                // Its service goes on with the one before.
                if let Some(serial) = serial.as_deref().map(Serial::parse).transpose()? {
                    if self.holders.get(&holder) == Some(&serial) {
                        match self.before.remove(&holder) {
                            Some(before) => self.holders.insert(holder.clone(), before),
                            None => self.holders.remove(&holder),
                        };
                    }
                    self.unused.insert(holder.clone(), serial);
                }
                let attempts = self.attempts.entry(holder).or_insert(Attempts { failed: 0, last: at });
                *attempts = Attempts { failed: attempts.failed.saturating_add(1), last: at };
            }
            Event::Renewed { holder, serial } => {
                self.attempts.remove(&holder);
                self.unused.remove(&holder);
                self.holders.insert(holder.clone(), Serial::parse(&serial)?);
                self.renewed.insert(holder, Moment::parse(time)?);
            }
            Event::Together { events } => {
                for event in events {
                    self.apply_event(line, time, event)?;
                }
            }
            Event::Refused { .. } | Event::Torn { .. } => {}
        }
        Ok(())
    }

    fn insert(&mut self, serial: Serial, issued: Issued) -> Result<(), &'static str> {
        match self.issued.insert(serial, issued) {
            None => Ok(()),
            Some(_) => Err("the serial number is announced a second time"),
        }
    }

    fn intermediate_mut(&mut self, name: &str) -> Option<&mut Intermediate> {
        self.intermediates.iter_mut().find(|one| one.name == name)
    }

    /// The lists of an issuer, counted on.
    fn lists(&mut self, issuer: String, number: u64) -> Result<&mut Lists, &'static str> {
        let lists = self.lists.entry(issuer).or_default();
        if number <= lists.number {
            return Err("the list's number does not come after the last one");
        }
        lists.number = number;
        Ok(lists)
    }
}

fn authority(
    tier: Tier,
    subject: String,
    issuer: String,
    not_before: &str,
    not_after: &str,
    sha256: String,
) -> Result<Issued> {
    Ok(Issued {
        tier,
        label: subject,
        issuer,
        validity: Validity::between(Moment::parse(not_before)?, Moment::parse(not_after)?)?,
        holder: None,
        names: Vec::new(),
        role: None,
        key: None,
        tbs: None,
        sha256: Some(sha256),
        state: State::Valid,
    })
}

fn list(number: u64, this_update: &str, next_update: &str, sha256: String) -> Result<List> {
    Ok(List { number, this_update: Moment::parse(this_update)?, next_update: Moment::parse(next_update)?, sha256 })
}
