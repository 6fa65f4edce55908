//! What a store keeps, read: each file is compared with what the log says of it.

use std::path::{Path, PathBuf};

use super::{Index, failed, files::Files, index::Issued, log};
use crate::{
    Error, Result,
    authority::Authority,
    certificate::Certificate,
    clock::Moment,
    crl::RevocationList,
    request::SigningRequest,
    serial::{Serial, hex},
    signed::sha256,
};

pub(super) const CERTIFICATES: &str = "certificates";
pub(super) const LISTS: &str = "lists";
pub(super) const KEYS: &str = "keys";

/// A look into a store without its lock: what is announced and not settled may be another process's work of this moment.
#[derive(Debug)]
pub struct View<F> {
    files: F,
    index: Index,
    head: String,
    lines: u64,
    last: Moment,
}

impl<F: Files> View<F> {
    /// Reads the log.
    ///
    /// # Errors
    ///
    /// No store; a log whose chain is broken (the line is named); the file system.
    pub fn open(files: F) -> Result<Self> {
        let mut index = Index::default();
        let mut last = String::new();
        let (lines, head) = log::look(&files, |record| {
            last.clone_from(&record.time);
            index.apply(record)
        })?;
        if index.kind().is_none() {
            return Err(Error::input("store", "its log does not begin with its making", "restore it from a backup"));
        }
        Ok(Self { files, index, head, lines, last: Moment::parse(&last)? })
    }

    /// Refuses a time that lies before the last record by more than [`super::CLOCK_TOLERANCE`].
    ///
    /// # Errors
    ///
    /// A clock that has gone back.
    pub fn check_time(&self, now: Moment) -> Result<()> {
        super::check_time(now, Some(self.last))
    }

    /// What is known of each authority, serial and list.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The hash of the log's last line.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.head
    }

    /// How many lines the log has.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// What is kept.
    #[must_use]
    pub fn reader(&self) -> Reader<'_, F> {
        Reader { files: &self.files, index: &self.index }
    }
}

/// Reads what a store keeps.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a, F> {
    pub(super) files: &'a F,
    pub(super) index: &'a Index,
}

impl<F: Files> Reader<'_, F> {
    /// A certificate: a root's, an intermediate's or one that was issued.
    ///
    /// # Errors
    ///
    /// A file that is missing or is not what the log says.
    pub fn certificate(&self, serial: &Serial) -> Result<Certificate> {
        let path = certificate_path(&serial.to_string());
        let certificate = Certificate::from_pem(&self.text(&path)?)?;
        match self.index.get(serial) {
            Some(Issued { sha256: Some(known), .. }) if *known == certificate.fingerprint() => Ok(certificate),
            _ => Err(changed(&path)),
        }
    }

    /// The trusted roots.
    ///
    /// # Errors
    ///
    /// As [`Self::certificate`].
    pub fn roots(&self) -> Result<Vec<Certificate>> {
        self.index.roots().iter().map(|serial| self.certificate(serial)).collect()
    }

    /// The certificate of the intermediate of that name, ready to issue.
    ///
    /// # Errors
    ///
    /// There is none, or it has no certificate yet; as [`Self::certificate`].
    pub fn authority(&self, name: &str) -> Result<Authority> {
        let object = format!("intermediate {name:?}");
        let one = self.index.intermediate(name).ok_or_else(|| unknown(self.index, name))?;
        let serial = one.serial.as_ref().ok_or_else(|| {
            Error::input(
                object,
                "it has no certificate yet",
                "sign its request in a ceremony, then `intermediate install`",
            )
        })?;
        Authority::new(self.certificate(serial)?)
    }

    /// The file with an intermediate's sealed key.
    ///
    /// # Errors
    ///
    /// There is none of that name; the file system.
    pub fn sealed_key(&self, name: &str) -> Result<Vec<u8>> {
        self.index.intermediate(name).ok_or_else(|| unknown(self.index, name))?;
        self.bytes(&key_path(name))
    }

    /// The file with a rehearsal root's sealed key; none where there is none, as in every store for production.
    ///
    /// # Errors
    ///
    /// The file system.
    pub fn root_key(&self) -> Result<Option<Vec<u8>>> {
        let path = key_path(super::ROOT);
        self.files.read(&path).map_err(failed(&path.display().to_string()))
    }

    /// The request for an intermediate's certificate.
    ///
    /// # Errors
    ///
    /// There is none of that name; a file that is missing or is not what the log says.
    pub fn request(&self, name: &str) -> Result<SigningRequest> {
        let one = self.index.intermediate(name).ok_or_else(|| unknown(self.index, name))?;
        let path = request_path(name);
        let request = SigningRequest::from_pem(&self.text(&path)?)?;
        if request.fingerprint() == one.request { Ok(request) } else { Err(changed(&path)) }
    }

    /// The last list of an issuer that is kept; none if none is.
    ///
    /// # Errors
    ///
    /// A file that is missing or is not what the log says.
    pub fn list(&self, issuer: &str) -> Result<Option<RevocationList>> {
        let Some(known) = self.index.list(issuer) else { return Ok(None) };
        let path = list_path(issuer, known.number);
        let list = RevocationList::from_pem(&self.text(&path)?)?;
        if list.fingerprint() == known.sha256 { Ok(Some(list)) } else { Err(changed(&path)) }
    }

    /// Whether there is a list of that number, whatever the log says.
    ///
    /// # Errors
    ///
    /// The file system.
    pub fn has_list(&self, issuer: &str, number: u64) -> Result<bool> {
        let path = list_path(issuer, number);
        Ok(self.files.read(&path).map_err(failed(&path.display().to_string()))?.is_some())
    }

    /// The lists of all levels that a chain below these roots needs: of each root and each intermediate with a certificate.
    /// Whether they are fresh then is for the caller to ask.
    ///
    /// # Errors
    ///
    /// As [`Self::list`].
    pub fn lists(&self) -> Result<Vec<RevocationList>> {
        let issuers =
            self.index.roots().iter().chain(self.index.intermediates().iter().filter_map(|one| one.serial.as_ref()));
        let names: Vec<_> =
            issuers.filter_map(|serial| self.index.get(serial)).map(|issued| issued.label.clone()).collect();
        names.iter().filter_map(|issuer| self.list(issuer).transpose()).collect()
    }

    fn text(&self, path: &Path) -> Result<String> {
        String::from_utf8(self.bytes(path)?)
            .map_err(|_| Error::input(path.display().to_string(), "it is no PEM file", "restore it from a backup"))
    }

    fn bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let object = path.display().to_string();
        self.files
            .read(path)
            .map_err(failed(&object))?
            .ok_or_else(|| Error::input(object, "it is missing", "restore it from a backup"))
    }
}

fn changed(path: &Path) -> Error {
    Error::input(path.display().to_string(), "it is not what the log says was kept", "restore it from a backup")
}

/// That there is no intermediate of that name, and which there are.
pub(super) fn unknown(index: &Index, name: &str) -> Error {
    let known: Vec<_> = index.intermediates().iter().map(|one| one.name.as_str()).collect();
    let cure = if known.is_empty() {
        "make one with `intermediate csr`".to_owned()
    } else {
        format!("take one of {}", known.join(", "))
    };
    Error::input(format!("intermediate {name:?}"), "there is none of that name", cure)
}

pub(super) fn certificate_path(serial: &str) -> PathBuf {
    Path::new(CERTIFICATES).join(format!("{serial}.pem"))
}

pub(super) fn key_path(name: &str) -> PathBuf {
    Path::new(KEYS).join(format!("{name}.age"))
}

pub(super) fn request_path(name: &str) -> PathBuf {
    Path::new(KEYS).join(format!("{name}.csr"))
}

/// Issuers' names are not file names: their hash is.
pub(super) fn list_path(issuer: &str, number: u64) -> PathBuf {
    let hash = hex(&sha256(issuer.as_bytes()));
    Path::new(LISTS).join(format!("{}-{number}.crl", hash.get(..16).unwrap_or(&hash)))
}
