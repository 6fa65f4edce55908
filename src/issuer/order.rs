//! What a service's certificate is to be, and the draft of it that an intermediate may sign.

use pki::{
    Error, Finding, Result,
    authority::Authority,
    clock::Moment,
    dns::Wildcards,
    issue::{Terms, ToBeSigned},
    key::KeyKind,
    names::SubjectNames,
    profile::{Role, Service},
    request::SigningRequest,
    serial::Serial,
    store::{Files, Index, Intermediate, Reader, State},
    validity::Validity,
};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The intermediate that is to sign; else the newest that issues.
    pub intermediate: Option<&'a str>,
    /// The names.
    pub names: &'a [String],
    /// Whether one may begin with `*.`.
    pub wildcards: Wildcards,
    /// What the service does.
    pub role: Role,
    /// The kind of key.
    pub key: KeyKind,
    /// How many days it holds.
    pub days: u32,
}

/// Who signs.
#[derive(Debug)]
pub struct Issuing {
    /// The intermediate's name.
    pub name: String,
    /// Its certificate and key.
    pub authority: Authority,
}

/// What is ready to be signed.
#[derive(Debug)]
pub struct Draft {
    /// The certificate, but for its signature.
    pub certificate: ToBeSigned,
    /// Who signs it.
    pub authority: Authority,
    /// Who that is by name.
    pub intermediate: String,
}

impl Order<'_> {
    /// The intermediate that is to sign.
    ///
    /// # Errors
    ///
    /// None issues; the one that is named does not.
    pub fn issuing<F: Files>(&self, index: &Index, reader: &Reader<'_, F>, now: Moment) -> Result<Issuing> {
        let name = match self.intermediate {
            Some(name) => name.to_owned(),
            None => issuing(index, now).map(|one| one.name.clone()).ok_or_else(|| {
                Error::refused(Finding::new(
                    "store",
                    "intermediate",
                    "none issues: each is pending, retired, revoked or expired",
                    "PKI policy: services are issued by an intermediate",
                    "install one with `provision pki intermediate csr` and `install`",
                ))
            })?,
        };
        let authority = reader.authority(&name)?;
        may_issue(index, &name, &authority.certificate().label(), now)?;
        Ok(Issuing { name, authority })
    }

    /// The names, checked and in the order in which they will stand.
    ///
    /// # Errors
    ///
    /// One that no certificate may have.
    pub fn subject_names(&self) -> Result<SubjectNames> {
        SubjectNames::parse(self.names.iter().map(String::as_str), self.wildcards)
    }

    /// The draft for a request's key.
    ///
    /// # Errors
    ///
    /// What the profile of a service or the issuer's constraints do not allow.
    pub fn draft(
        &self,
        index: &Index,
        issuing: Issuing,
        request: &SigningRequest,
        serial: Serial,
        now: Moment,
    ) -> Result<Draft> {
        let Issuing { name, authority } = issuing;
        let settings = index.settings();
        let published = settings.map(|settings| settings.published(&name)).transpose()?.ok_or_else(|| {
            Error::input("store", "its settings were never decided", "make the store with `provision pki init`")
        })?;
        let profile = Service {
            names: self.subject_names()?,
            organization: settings.map(|settings| settings.organization.clone()),
            role: self.role,
            keys: if self.key == KeyKind::P256 { Service::KEYS.to_vec() } else { vec![self.key] },
            published,
        };
        let terms = Terms { serial, validity: Validity::starting(now, self.days)? };
        let certificate = profile.draft_for(&authority, request, &terms)?;
        Ok(Draft { certificate, authority, intermediate: name })
    }
}

/// The intermediate that issues where none is named: the newest that may.
#[must_use]
pub fn issuing(index: &Index, now: Moment) -> Option<&Intermediate> {
    index.intermediates().iter().rev().find(|one| one.serial.is_some() && may_issue(index, &one.name, "", now).is_ok())
}

/// Refuses an intermediate that is retired, revoked or over.
fn may_issue(index: &Index, name: &str, label: &str, now: Moment) -> pki::Result<()> {
    let one = index.intermediate(name);
    let issued = one.and_then(|one| one.serial.as_ref()).and_then(|serial| index.get(serial));
    let problem = match issued {
        _ if one.is_some_and(|one| one.retired) => "it is retired".to_owned(),
        Some(issued) if matches!(issued.state, State::Revoked { .. }) => "it is revoked".to_owned(),
        Some(issued) if !issued.validity.contains(now) => {
            format!("it holds from {} to {}, not {now}", issued.validity.not_before(), issued.validity.not_after())
        }
        _ => return Ok(()),
    };
    Err(Error::refused(Finding::new(
        label,
        "intermediate",
        problem,
        "PKI policy: who issues holds and is not revoked",
        "take another intermediate",
    )))
}
