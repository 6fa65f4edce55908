//! Authorities in a store: which roots are trusted, intermediates from their key to their end, lists that were signed
//! elsewhere.

use super::{
    Event, Files, Kind, Settings, Store,
    reader::{certificate_path, key_path, list_path, request_path, unknown},
};
use crate::{
    Error, Finding, Result,
    certificate::Certificate,
    clock::Clock,
    crl::RevocationList,
    lint,
    request::SigningRequest,
    verify::{self, Trust},
};

/// The name under which a rehearsal keeps its root's key; no intermediate has it.
pub const ROOT: &str = "root";

impl<F: Files, C: Clock> Store<F, C> {
    /// Decides what the authorities call themselves and speak for.
    ///
    /// # Errors
    ///
    /// Settings that no certificate can carry; they were decided before; the file system.
    pub fn configure(&mut self, settings: Settings) -> Result<()> {
        settings.check()?;
        if self.index().settings().is_some() {
            return Err(Error::input("store", "its settings were decided before", "make another store"));
        }
        self.note(Event::Configured { settings })
    }

    /// Trusts a root from now on. One that is trusted already changes nothing.
    ///
    /// # Errors
    ///
    /// A certificate that is no root, does not hold now, or has faults; the file system.
    pub fn trust_root(&mut self, certificate: &Certificate) -> Result<()> {
        let serial = certificate.serial()?;
        if self.index().get(&serial).and_then(|issued| issued.sha256.clone()) == Some(certificate.fingerprint()) {
            return Ok(());
        }
        if !certificate.is_self_issued() {
            return Err(Error::refused(Finding::new(
                certificate.label(),
                "issuer",
                "it is not its own issuer",
                "PKI policy: a root is trusted, nothing below it",
                "give the root's certificate",
            )));
        }
        let anchors = [certificate.clone()];
        verify::authority(certificate, &Trust { anchors: &anchors, intermediates: &[], lists: None, at: self.now()? })?;
        certificate.verify_signature(&certificate.public_key()?)?;
        self.write(&certificate_path(&serial.to_string()), certificate.to_pem()?.as_bytes())?;
        self.note(Event::Trusted {
            serial: serial.to_string(),
            subject: certificate.subject().to_string(),
            not_before: certificate.validity().not_before().to_string(),
            not_after: certificate.validity().not_after().to_string(),
            sha256: certificate.fingerprint(),
        })
    }

    /// Keeps a new intermediate's sealed key and the request for its certificate.
    ///
    /// # Errors
    ///
    /// A name that is taken or cannot be one of a file; the file system.
    pub fn keep_key(&mut self, name: &str, sealed: &[u8], request: &SigningRequest) -> Result<()> {
        check_name(name)?;
        if self.index().intermediate(name).is_some() {
            return Err(Error::refused(Finding::new(
                format!("intermediate {name:?}"),
                "name",
                "there is one of that name",
                "PKI policy: a new generation has a new name",
                "count its number on",
            )));
        }
        // What a run that was cut off left there was never told to anybody.
        self.write(&key_path(name), sealed)?;
        self.write(&request_path(name), request.to_pem()?.as_bytes())?;
        self.note(Event::KeyMade {
            name: name.to_owned(),
            key: request.public_key().fingerprint()?,
            request: request.fingerprint(),
        })
    }

    /// Takes an intermediate's certificate from the root's ceremony; it issues from now on.
    ///
    /// # Errors
    ///
    /// No request of that name is open; another key; no path to a trusted root; a certificate with faults, with another path
    /// length than 0 or other constraints than the store's; the file system.
    pub fn install(&mut self, name: &str, certificate: &Certificate) -> Result<()> {
        let one = self.index().intermediate(name).ok_or_else(|| unknown(self.index(), name))?;
        let refused = |field, problem: String, cure: &str| {
            Err(Error::refused(Finding::new(
                certificate.label(),
                field,
                problem,
                "PKI policy: an intermediate is what was asked for",
                cure,
            )))
        };
        if one.serial.is_some() {
            return refused("name", format!("{name:?} has its certificate already"), "make a new intermediate");
        }
        if certificate.public_key()?.fingerprint()? != one.key {
            return refused(
                "subjectPublicKeyInfo",
                format!("its key is not that of the request of {name:?}"),
                "give the certificate that was signed for this request",
            );
        }
        let anchors = self.reader().roots()?;
        let lists = self.reader().lists()?;
        // Before the root's first list is here there is nothing to be asked.
        let lists = (!lists.is_empty()).then_some(lists);
        let trust = Trust { anchors: &anchors, intermediates: &[], lists: lists.as_deref(), at: self.now()? };
        verify::authority(certificate, &trust)?;
        let known = certificate.known()?;
        if known.basic_constraints.as_ref().and_then(|constraints| constraints.value.path_len_constraint) != Some(0) {
            return refused(
                "basicConstraints.pathLenConstraint",
                "it is not 0".to_owned(),
                "have it signed by the profile of intermediates",
            );
        }
        if let Some(settings) = self.index().settings()
            && known.name_constraints.as_ref().map(|constraints| &constraints.value)
                != Some(&settings.constraints()?.to_extension()?)
        {
            return refused(
                "nameConstraints",
                "they are not the ones of this store".to_owned(),
                "have it signed with the domains and ranges that the store was made with",
            );
        }
        let serial = certificate.serial()?;
        if self.index().get(&serial).is_some() {
            return refused("serialNumber", format!("{serial} is taken"), "have it signed with another");
        }
        self.write(&certificate_path(&serial.to_string()), certificate.to_pem()?.as_bytes())?;
        self.note(Event::Installed {
            name: name.to_owned(),
            serial: serial.to_string(),
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            not_before: certificate.validity().not_before().to_string(),
            not_after: certificate.validity().not_after().to_string(),
            sha256: certificate.fingerprint(),
        })
    }

    /// An intermediate issues no more; its lists go on. Retiring twice changes nothing.
    ///
    /// # Errors
    ///
    /// There is none of that name; the file system.
    pub fn retire(&mut self, name: &str) -> Result<()> {
        let one = self.index().intermediate(name).ok_or_else(|| unknown(self.index(), name))?;
        if one.retired { Ok(()) } else { self.note(Event::Retired { name: name.to_owned() }) }
    }

    /// Takes a list that was signed elsewhere, the root's, and keeps it.
    ///
    /// # Errors
    ///
    /// A list of none of the trusted roots, with faults, stale, or with a number that does not come after the last one's;
    /// the file system.
    pub fn install_list(&mut self, list: &RevocationList) -> Result<()> {
        let issuer = list.issuer().to_string();
        let roots = self.reader().roots()?;
        let failed = |field, problem: String, rule, cure: &str| {
            Error::Failed(vec![Finding::new(list.label(), field, problem, rule, cure)])
        };
        let Some(root) =
            roots.iter().find(|root| root.public_key().is_ok_and(|key| list.verify_signature(&key).is_ok()))
        else {
            return Err(failed(
                "signature",
                "no trusted root signed it".to_owned(),
                "RFC 5280 section 6.3.3 (f)",
                "give the list from the root's ceremony",
            ));
        };
        let findings = lint::list(list, Some(root));
        if !findings.is_empty() {
            return Err(Error::Failed(findings));
        }
        let (now, number) = (self.now()?, list.number()?);
        let next_update = list.next_update().unwrap_or(list.this_update());
        if now < list.this_update() || next_update < now {
            let problem = format!("it holds from {} to {next_update}, not {now}", list.this_update());
            return Err(Error::refused(Finding::new(
                list.label(),
                "nextUpdate",
                problem,
                "PKI policy: a stale list refuses every client",
                "have a new one signed in a ceremony",
            )));
        }
        let last = self.index().list_number(&issuer);
        if number <= last {
            return Err(Error::refused(Finding::new(
                list.label(),
                "cRLNumber",
                format!("{number} does not come after {last}"),
                "RFC 5280 section 5.2.3",
                "give the newest list",
            )));
        }
        for (serial, issued) in self.index().iter().filter(|(_, issued)| issued.issuer == issuer) {
            let revoked = matches!(issued.state, super::State::Revoked { .. });
            let listed = list.entries()?.iter().any(|entry| entry.serial == *serial);
            if revoked && !listed {
                return Err(Error::refused(Finding::new(
                    list.label(),
                    "revokedCertificates",
                    format!("{serial} was revoked and is not on it"),
                    "RFC 5280 section 3.3",
                    "have a list signed that carries it",
                )));
            }
        }
        self.write(&list_path(&issuer, number), list.to_pem()?.as_bytes())?;
        self.note(Event::ListInstalled {
            issuer,
            number,
            this_update: list.this_update().to_string(),
            next_update: next_update.to_string(),
            sha256: list.fingerprint(),
        })
    }

    /// Keeps the sealed key of a rehearsal's root, so that everything can be tried with one command.
    ///
    /// # Errors
    ///
    /// A store for production: there the root's key never is on a machine with a network; the file system.
    pub fn keep_root_key(&mut self, sealed: &[u8]) -> Result<()> {
        if self.index().kind() != Some(Kind::Rehearsal) {
            return Err(Error::refused(Finding::new(
                "store",
                "kind",
                "it is for production, and a root's key was to be kept in it",
                "PKI policy: the root is offline",
                "make the root in a ceremony",
            )));
        }
        self.write(&key_path(ROOT), sealed)
    }
}

fn check_name(name: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 63 || name.starts_with('-') || !name.bytes().all(allowed) || name == ROOT {
        return Err(Error::input(
            format!("intermediate {name:?}"),
            "it is empty, too long, \"root\", or has other characters than a-z, 0-9 and -",
            "take a name with its generation, such as services-1",
        ));
    }
    Ok(())
}
