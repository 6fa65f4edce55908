//! What the PKI has done, on disk: an audit log that is a hash chain, the certificates, the lists.
//!
//! The log is the truth: the index of serials is read from it. Each signature is announced in it, and the announcement is on
//! the disk, before a key is touched; so whatever was ever signed is known after a power loss, as completed or as an orphan
//! that must be revoked.

mod authorities;
mod files;
mod holder;
mod index;
mod log;
mod reader;
mod record;
mod settings;

use std::{collections::BTreeSet, path::Path};

pub use authorities::ROOT;
pub use files::{Files, Links, Locking, Owner, SystemFiles, SystemLock};
pub use holder::Holder;
pub use index::{Index, Intermediate, Issued, List, State, Tier};
pub use log::{Log, bytes as log_bytes, verify_log};
pub use reader::{Reader, View};
pub use record::{Event, Kind, Record};
pub use settings::Settings;

use reader::{CERTIFICATES, KEYS, LISTS, certificate_path, list_path};

use crate::{
    Error, Finding, Result,
    certificate::Certificate,
    clock::{Clock, ClockKind, HOUR, Moment},
    crl::{Entry, ListToBeSigned, Reason, RevocationList},
    issue::ToBeSigned,
    serial::{Serial, hex},
    signed::sha256,
    signer::{self, Signer},
};

/// How far the clock may go back between two records, in seconds.
pub const CLOCK_TOLERANCE: u64 = HOUR;

const LOCK: &str = "lock";

/// A store that this process holds the lock of.
#[derive(Debug)]
pub struct Store<F: Files, C> {
    files: F,
    clock: C,
    log: Log,
    index: Index,
    /// Held until the store is dropped.
    _lock: F::Lock,
}

impl<F: Files, C: Clock> Store<F, C> {
    /// Makes a new one.
    ///
    /// # Errors
    ///
    /// One is there already; a clock of tests for production; the file system.
    pub fn create(files: F, clock: C, kind: Kind) -> Result<Self> {
        accept_clock(kind, &clock)?;
        let lock = take_lock(&files)?;
        for folder in [CERTIFICATES, LISTS, KEYS] {
            files.make_folder(Path::new(folder)).map_err(failed(folder))?;
        }
        files.sync_folder(Path::new("")).map_err(failed("the store's folder"))?;
        let mut log = Log::create(&files)?;
        let mut index = Index::default();
        index.apply(log.append(&files, clock.now()?, clock.kind(), Event::Created { kind })?)?;
        Ok(Self { files, clock, log, index, _lock: lock })
    }

    /// Opens one: reads the log to its end, cuts a torn last line off, and completes each announced signature or lists it as
    /// an orphan.
    ///
    /// # Errors
    ///
    /// Another process has it open; a log whose chain is broken (the line is named); a clock of tests for production; a clock
    /// that has gone back; the file system.
    pub fn open(files: F, clock: C) -> Result<Self> {
        let lock = take_lock(&files)?;
        let mut index = Index::default();
        let (log, torn) = Log::open(&files, |record| index.apply(record))?;
        let Some(kind) = index.kind() else {
            return Err(Error::input("store", "its log does not begin with its making", "restore it from a backup"));
        };
        accept_clock(kind, &clock)?;
        let mut store = Self { files, clock, log, index, _lock: lock };
        if let Some(bytes) = torn {
            store.note(Event::Torn { bytes: bytes.len() as u64, sha256: hex(&sha256(&bytes)) })?;
        }
        store.recover()?;
        Ok(store)
    }

    /// What is known of each serial and list.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The hash of the log's last line: what the next one, or a ceremony's transcript, is chained to.
    #[must_use]
    pub fn head(&self) -> &str {
        self.log.head()
    }

    /// What it keeps.
    #[must_use]
    pub fn reader(&self) -> Reader<'_, F> {
        Reader { files: &self.files, index: &self.index }
    }

    /// The time now, checked against the last record.
    ///
    /// # Errors
    ///
    /// A clock that has gone back by more than [`CLOCK_TOLERANCE`].
    pub fn now(&self) -> Result<Moment> {
        let now = self.clock.now()?;
        check_time(now, self.log.last())?;
        Ok(now)
    }

    /// Signs a certificate of nobody in particular: [`Self::issue_to`].
    ///
    /// # Errors
    ///
    /// As [`Self::issue_to`].
    pub fn issue(&mut self, draft: ToBeSigned, signer: impl Signer) -> Result<Certificate> {
        self.issue_to(None, draft, signer)
    }

    /// Signs a holder's certificate and keeps it: announced, signed, written, recorded, each on the disk before the next.
    ///
    /// # Errors
    ///
    /// A serial number that is taken; what [`ToBeSigned::sign`] refuses; the file system. A certificate that was signed and
    /// could not be kept becomes an orphan when the store is next opened.
    pub fn issue_to(&mut self, holder: Option<&Holder>, draft: ToBeSigned, signer: impl Signer) -> Result<Certificate> {
        let object = draft.label();
        let mut made = self.issue_each(vec![(holder.cloned(), draft, signer)])?;
        made.pop()
            .ok_or_else(|| Error::input(object, "nothing came out", "report this: one draft gives one certificate"))
    }

    /// Signs many certificates with one key and keeps them, as [`Self::issue_to`] does, but waits for the disk once for all
    /// announcements and once for all records, not for each.
    ///
    /// # Errors
    ///
    /// As [`Self::issue_to`]. What was announced and is not recorded then is completed, or becomes an orphan, when the store
    /// is next opened.
    pub fn issue_all(
        &mut self,
        drafts: Vec<(Option<Holder>, ToBeSigned)>,
        key: &crate::key::PrivateKey,
    ) -> Result<Vec<Certificate>> {
        self.issue_each(drafts.into_iter().map(|(holder, draft)| (holder, draft, key)).collect())
    }

    fn issue_each<S: Signer>(&mut self, drafts: Vec<(Option<Holder>, ToBeSigned, S)>) -> Result<Vec<Certificate>> {
        let mut announced = Vec::with_capacity(drafts.len());
        let mut serials = BTreeSet::new();
        for (holder, draft, signer) in &drafts {
            // Before the announcement, so that a mistaken key leaves no orphan.
            signer::check_key(&draft.label(), signer, draft.signing_key())?;
            let serial = Serial::try_from(draft.tbs().serial_number())?;
            if self.index.get(&serial).is_some() || !serials.insert(serial.clone()) {
                return Err(Error::refused(Finding::new(
                    draft.label(),
                    "serialNumber",
                    format!("{serial} is taken"),
                    "RFC 5280 section 4.1.2.2",
                    "draw another",
                )));
            }
            let summary = draft.summary()?;
            announced.push(Event::Intent {
                serial: serial.to_string(),
                label: draft.label(),
                issuer: draft.tbs().issuer().to_string(),
                not_before: draft.tbs().validity().not_before.to_date_time().to_string(),
                not_after: draft.tbs().validity().not_after.to_date_time().to_string(),
                holder: holder.clone(),
                names: summary.names,
                role: summary.role.map(|role| role.name().to_owned()),
                key: summary.key,
                tbs: draft.fingerprint(),
            });
        }
        self.note_all(announced)?;
        let (mut made, mut recorded) = (Vec::with_capacity(drafts.len()), Vec::with_capacity(drafts.len()));
        for (_, draft, signer) in drafts {
            let certificate = draft.sign(signer)?;
            let serial = certificate.serial()?.to_string();
            self.place(&certificate_path(&serial), certificate.to_pem()?.as_bytes())?;
            recorded.push(Event::Issued { serial, sha256: certificate.fingerprint() });
            made.push(certificate);
        }
        self.files.sync_folder(Path::new(CERTIFICATES)).map_err(failed(CERTIFICATES))?;
        self.note_all(recorded)?;
        Ok(made)
    }

    /// Signs a revocation list and keeps it, as [`Self::issue`] does.
    ///
    /// # Errors
    ///
    /// A number that does not come after all that were announced; what [`ListToBeSigned::sign`] refuses; the file system.
    pub fn publish(&mut self, draft: ListToBeSigned, signer: impl Signer) -> Result<RevocationList> {
        signer::check_key(&draft.label(), &signer, draft.signing_key())?;
        let number = draft.number();
        let issuer = draft.tbs().issuer.to_string();
        let last = self.index.list_number(&issuer);
        if number <= last {
            return Err(Error::refused(Finding::new(
                format!("CRL of {issuer}"),
                "cRLNumber",
                format!("{number} does not come after {last}"),
                "RFC 5280 section 5.2.3",
                "count on from the store's last number",
            )));
        }
        self.note(Event::ListIntent {
            issuer: issuer.clone(),
            number,
            this_update: draft.this_update().to_string(),
            next_update: draft.next_update().to_string(),
            tbs: draft.fingerprint(),
        })?;
        let list = draft.sign(signer)?;
        self.write(&list_path(&issuer, number), list.to_pem()?.as_bytes())?;
        self.note(Event::Listed { issuer, number, sha256: list.fingerprint() })?;
        Ok(list)
    }

    /// Records that a certificate, or an orphan, is revoked from now on; the next list of its issuer carries it.
    ///
    /// # Errors
    ///
    /// A serial that the store does not know; the file system. Revoking twice changes nothing.
    pub fn revoke(&mut self, serial: &Serial, reason: Reason) -> Result<()> {
        let Some(issued) = self.index.get(serial) else {
            return Err(Error::input(
                format!("serial {serial}"),
                "it is not in this store",
                "look it up with `status`",
            ));
        };
        if matches!(issued.state, State::Revoked { .. }) {
            return Ok(());
        }
        let at = self.now()?.to_string();
        self.note(Event::Revoked { serial: serial.to_string(), reason: reason.name().to_owned(), at })
    }

    /// What an issuer's next list has to carry.
    #[must_use]
    pub fn revoked_by(&self, issuer: &str) -> Vec<Entry> {
        self.index.revoked_by(issuer)
    }

    /// Records that a renewal failed, so that the next try waits. `unused` is the certificate that was issued for it and that
    /// the service does not present: it goes on with the one before.
    ///
    /// # Errors
    ///
    /// The file system.
    pub fn record_failed_renewal(&mut self, holder: &Holder, why: &str, unused: Option<&Serial>) -> Result<()> {
        let serial = unused.map(ToString::to_string);
        self.note(Event::RenewalFailed { holder: holder.clone(), why: why.to_owned(), serial })
    }

    /// Records that a renewal went through: the service presents the certificate of that serial number.
    ///
    /// # Errors
    ///
    /// The file system.
    pub fn record_renewal(&mut self, holder: &Holder, serial: &Serial) -> Result<()> {
        self.note(Event::Renewed { holder: holder.clone(), serial: serial.to_string() })
    }

    /// Records a refusal: what was asked for and why nothing was signed.
    ///
    /// # Errors
    ///
    /// The file system.
    pub fn record_refusal(&mut self, refusal: &Error) -> Result<()> {
        self.note(Event::Refused { why: refusal.to_string() })
    }

    /// A certificate that was issued, read and compared with the log.
    ///
    /// # Errors
    ///
    /// A file that is missing or is not what was issued.
    pub fn certificate(&self, serial: &Serial) -> Result<Certificate> {
        self.reader().certificate(serial)
    }

    fn note(&mut self, event: Event) -> Result<()> {
        let now = self.now()?;
        let record = self.log.append(&self.files, now, self.clock.kind(), event)?;
        self.index.apply(record)
    }

    /// One line for all of them: of several lines a power loss could take one in the middle, and the log would read as changed.
    fn note_all(&mut self, mut events: Vec<Event>) -> Result<()> {
        match events.len() {
            0 => Ok(()),
            1 => events.pop().map_or(Ok(()), |event| self.note(event)),
            _ => self.note(Event::Together { events }),
        }
    }

    /// Writes a file in one step: beside, synced, renamed, folder synced.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        self.place(path, bytes)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        self.files.sync_folder(folder).map_err(failed(&path.display().to_string()))
    }

    /// Writes a file beside and renames it. Its name is on the disk when its folder is synced.
    fn place(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let staged = path.with_extension("new");
        let write = || {
            self.files.remove(&staged)?;
            self.files.create(&staged, bytes)?;
            self.files.sync(&staged)?;
            self.files.rename(&staged, path)
        };
        write().map_err(failed(&path.display().to_string()))
    }

    fn recover(&mut self) -> Result<()> {
        for (serial, tbs) in self.index.open_certificates() {
            let path = certificate_path(&serial);
            let read = self.files.read(&path).map_err(failed(&path.display().to_string()))?;
            let kept =
                read.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|pem| Certificate::from_pem(&pem).ok());
            match kept.filter(|certificate| hex(&sha256(certificate.to_be_signed())) == tbs) {
                Some(certificate) => self.note(Event::Issued { serial, sha256: certificate.fingerprint() })?,
                None => self.note(Event::Orphan { serial })?,
            }
        }
        for (issuer, number, tbs) in self.index.open_lists() {
            let path = list_path(&issuer, number);
            let read = self.files.read(&path).map_err(failed(&path.display().to_string()))?;
            let kept = read
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .and_then(|pem| RevocationList::from_pem(&pem).ok());
            match kept.filter(|list| hex(&sha256(list.to_be_signed())) == tbs) {
                Some(list) => self.note(Event::Listed { issuer, number, sha256: list.fingerprint() })?,
                None => self.note(Event::ListLost { issuer, number })?,
            }
        }
        Ok(())
    }
}

/// Refuses a time that lies before the last record.
fn check_time(now: Moment, last: Option<Moment>) -> Result<()> {
    if let Some(last) = last
        && now.after(CLOCK_TOLERANCE)? < last
    {
        return Err(Error::refused(Finding::new(
            "clock",
            "time",
            format!("it says {now}, but the log's last record is of {last}"),
            "PKI policy: time does not go back",
            "set this machine's clock",
        )));
    }
    Ok(())
}

fn take_lock<F: Files>(files: &F) -> Result<F::Lock> {
    match files.lock(Path::new(LOCK)).map_err(failed(LOCK))? {
        Locking::Ours(lock) => Ok(lock),
        Locking::Theirs(holder) => {
            let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
            Err(Error::Locked { object: "store".to_owned(), holder })
        }
    }
}

/// Refuses a clock that a store of that kind does not take.
///
/// # Errors
///
/// One of tests, for production.
pub fn accept_clock(kind: Kind, clock: &impl Clock) -> Result<()> {
    if kind == Kind::Production && clock.kind() != ClockKind::System {
        return Err(Error::refused(Finding::new(
            "store",
            "clock",
            "it is for production, and this clock is one of tests",
            "PKI policy: only a store made for rehearsal takes another clock",
            "use this machine's clock",
        )));
    }
    Ok(())
}

fn failed(object: &str) -> impl Fn(std::io::Error) -> Error {
    move |problem| Error::io(object, problem, "make room or repair the file system, then try again")
}
