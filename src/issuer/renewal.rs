//! Whether a service's certificate is to be renewed, and the steps of it that the store takes part in.

use std::path::PathBuf;

use pki::{
    Result,
    certificate::Certificate,
    clock::Moment,
    describe,
    renewal::{self, Above, Current, Wanted},
    request::SigningRequest,
    seal::SealedKey,
    serial::Serial,
    store::{Holder, Index, State, Store, SystemFiles},
};

use super::{
    order::{Draft, Order},
    place::{self, AnyClock},
    unlock::Opener,
};

/// A service whose certificate is kept fresh.
#[derive(Debug)]
pub struct Renewal<'a> {
    /// Whose certificate it is.
    pub holder: Holder,
    /// What it is to be.
    pub order: Order<'a>,
    /// Renew even if it is not due.
    pub force: bool,
    /// After a failure, wait before the next try.
    pub back_off: bool,
    /// The store.
    pub store: PathBuf,
    /// The time.
    pub clock: AnyClock,
}

/// What the host has.
#[derive(Debug)]
pub enum Present {
    /// Nothing yet.
    Nothing,
    /// Something that cannot be used, and why.
    Broken(String),
    /// A pair: the certificate and those above it.
    Pair(Vec<Certificate>),
}

/// What is to be done.
#[derive(Debug)]
pub enum Verdict {
    /// Renew, and why: each a name for programs and a text.
    Due(Vec<(&'static str, String)>),
    /// Not yet.
    Kept {
        /// From when on.
        from: Moment,
    },
    /// It is due, but the last try failed.
    Waiting {
        /// Until when.
        until: Moment,
        /// Why it is due.
        reasons: Vec<(&'static str, String)>,
    },
}

/// What the store says before anything is done.
#[derive(Debug)]
pub struct Judgement {
    /// What is to be done.
    pub verdict: Verdict,
    /// The key of the intermediate that will sign, and its name.
    pub sealed: (SealedKey, String),
    /// The certificate that came of a try which was recorded as failed is in use after all.
    pub late_success: Option<Serial>,
    /// What is in use, where this store issued it to this holder.
    pub in_use: Option<Serial>,
    /// After a failure: until when nothing is tried, if anything were to be.
    pub waits_until: Option<Moment>,
}

impl Renewal<'_> {
    /// Looks whether it is due. What no certificate may have is refused here, before the host is touched.
    ///
    /// # Errors
    ///
    /// There is no store; no intermediate issues; names that no certificate may have; a time that has gone back.
    pub fn judge(&self, present: &Present) -> Result<Judgement> {
        let (view, now) = place::look(self.store.clone(), &self.clock)?;
        view.check_time(now)?;
        let (index, reader) = (view.index(), view.reader());
        let issuing = self.order.issuing(index, &reader, now)?;
        let sealed = SealedKey::new(reader.sealed_key(&issuing.name)?, issuing.authority.key().clone());
        let mut reasons = Vec::new();
        let mut from = now;
        match present {
            Present::Nothing => reasons.push(("absent", "there is none yet".to_owned())),
            Present::Broken(why) => reasons.push(("broken", why.clone())),
            Present::Pair(chain) => {
                if let Some((leaf, above)) = chain.split_first() {
                    from = renewal::due_at(&leaf.validity(), &leaf.fingerprint())?;
                    reasons = self.reasons(index, leaf, above, now)?;
                    let signer = issuing.authority.certificate().subject();
                    if self.order.intermediate.is_some() && leaf.issuer() != signer {
                        reasons.push(("issuer", format!("{} is to be its issuer", issuing.name)));
                    }
                }
            }
        }
        if self.force && reasons.is_empty() {
            reasons.push(("forced", "it is asked for".to_owned()));
        }
        let attempts = index.attempts(&self.holder);
        let in_use = match present {
            Present::Pair(chain) => chain.first().map(Certificate::serial).transpose()?,
            _ => None,
        };
        let late_success = in_use.clone().filter(|serial| index.unused(&self.holder) == Some(serial));
        let ours =
            |serial: &Serial| index.get(serial).is_some_and(|issued| issued.holder.as_ref() == Some(&self.holder));
        let in_use = in_use.filter(ours);
        let next = attempts.map(renewal::Attempts::next).transpose()?;
        let waits_until = next.filter(|next| self.back_off && !self.force && now < *next);
        let verdict = match waits_until {
            _ if reasons.is_empty() => Verdict::Kept { from },
            Some(until) => Verdict::Waiting { until, reasons },
            None => Verdict::Due(reasons),
        };
        Ok(Judgement { verdict, sealed: (sealed, issuing.name), late_success, in_use, waits_until })
    }

    fn reasons(
        &self,
        index: &Index,
        leaf: &Certificate,
        above: &[Certificate],
        now: Moment,
    ) -> Result<Vec<(&'static str, String)>> {
        let revoked = |certificate: &Certificate| -> Result<bool> {
            let issued = index.get(&certificate.serial()?);
            Ok(issued.is_some_and(|issued| matches!(issued.state, State::Revoked { .. })))
        };
        let said = describe::certificate(leaf)?;
        let above = above
            .iter()
            .map(|one| Ok(Above { label: one.label(), validity: one.validity(), revoked: revoked(one)? }))
            .collect::<Result<Vec<_>>>()?;
        let fingerprint = leaf.fingerprint();
        let current = Current {
            fingerprint: &fingerprint,
            validity: leaf.validity(),
            names: &said.names,
            role: said.role,
            key: None,
            revoked: revoked(leaf)?,
        };
        let names: Vec<_> = self.order.subject_names()?.iter().map(ToString::to_string).collect();
        let wanted = Wanted { names: Some(&names), role: Some(self.order.role.name()), key: None };
        let mut reasons: Vec<_> = renewal::reasons(&current, &wanted, &above, now)?
            .iter()
            .map(|reason| (reason.name(), reason.to_string()))
            .collect();
        let kind = leaf.public_key()?.kind();
        if kind != self.order.key {
            reasons.push(("key", format!("its key is {kind}, not {}", self.order.key)));
        }
        let ours = index.get(&leaf.serial()?).is_some_and(|issued| issued.sha256.as_ref() == Some(&fingerprint));
        if !ours {
            reasons.push(("foreign", "this store did not issue it".to_owned()));
        }
        Ok(reasons)
    }

    /// Signs the certificate for the request that the host made; it and those above it, without the root.
    ///
    /// # Errors
    ///
    /// The store is locked; what the profile or the issuer's constraints do not allow (on record); the key cannot be opened.
    pub fn sign(&self, request: &str, serial: Serial, opener: &Opener) -> Result<Vec<Certificate>> {
        let request = SigningRequest::from_pem(request)?;
        let mut store = self.open()?;
        let now = store.now()?;
        let drafted = self
            .order
            .issuing(store.index(), &store.reader(), now)
            .and_then(|issuing| self.order.draft(store.index(), issuing, &request, serial, now));
        let Draft { certificate, authority, intermediate } = super::on_record(&mut store, drafted)?;
        let sealed = SealedKey::new(store.reader().sealed_key(&intermediate)?, authority.key().clone());
        let made = sealed.with(&opener.unlock(), |key| store.issue_to(Some(&self.holder), certificate, &key))?;
        Ok(vec![made, authority.certificate().clone()])
    }

    /// Records that the service presents the certificate of that serial number.
    ///
    /// # Errors
    ///
    /// The store is locked; the file system.
    pub fn record_success(&self, serial: &Serial) -> Result<()> {
        self.open()?.record_renewal(&self.holder, serial)
    }

    /// Records that it does not, and why.
    ///
    /// # Errors
    ///
    /// The store is locked; the file system.
    pub fn record_failure(&self, why: &str, unused: Option<&Serial>) -> Result<()> {
        self.open()?.record_failed_renewal(&self.holder, why, unused)
    }

    fn open(&self) -> Result<Store<SystemFiles, AnyClock>> {
        place::open(self.store.clone(), &format!("provision, renewing {}", self.holder), self.clock)
    }
}
