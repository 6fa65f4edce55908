//! One revoked certificate in a list.

use const_oid::AssociatedOid;
use der::Decode;
use x509_cert::{
    crl::RevokedCert,
    ext::pkix::{CrlReason, crl::CrlReason as Code},
};

use crate::{
    Error, Result,
    clock::Moment,
    extensions::{find, write},
    serial::Serial,
    validity::time,
};

/// Why a certificate was revoked (CRLReason, RFC 5280 section 5.3.1). Hold and its end are not among them: nothing is
/// revoked for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No reason given; written by leaving the extension out.
    Unspecified,
    /// Its private key is, or may be, in other hands.
    KeyCompromise,
    /// An authority's private key is, or may be, in other hands.
    AuthorityCompromise,
    /// Names in it no longer belong to its holder.
    AffiliationChanged,
    /// It was replaced by another.
    Superseded,
    /// It is no longer needed.
    CessationOfOperation,
    /// What it granted was withdrawn.
    PrivilegeWithdrawn,
}

impl Reason {
    const ALL: [(Self, &'static str, Code); 7] = [
        (Self::Unspecified, "unspecified", Code::Unspecified),
        (Self::KeyCompromise, "keyCompromise", Code::KeyCompromise),
        (Self::AuthorityCompromise, "cACompromise", Code::CaCompromise),
        (Self::AffiliationChanged, "affiliationChanged", Code::AffiliationChanged),
        (Self::Superseded, "superseded", Code::Superseded),
        (Self::CessationOfOperation, "cessationOfOperation", Code::CessationOfOperation),
        (Self::PrivilegeWithdrawn, "privilegeWithdrawn", Code::PrivilegeWithdrawn),
    ];

    /// Reads the name that RFC 5280 section 5.3.1 gives it.
    ///
    /// # Errors
    ///
    /// Another name.
    pub fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(reason, ..)| *reason).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name, _)| name).join(", ");
            Error::input(format!("reason {text:?}"), "it is none", format!("take one of {names}"))
        })
    }

    /// Its name in RFC 5280 section 5.3.1.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(reason, ..)| *reason == self).map_or("unspecified", |(_, name, _)| name)
    }
}

/// A revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its serial number.
    pub serial: Serial,
    /// When it was revoked.
    pub revoked: Moment,
    /// Why.
    pub reason: Reason,
}

impl Entry {
    pub(super) fn written(&self) -> Result<RevokedCert> {
        let code = Reason::ALL.iter().find(|(reason, ..)| *reason == self.reason).map(|(_, _, code)| *code);
        let extensions = match code {
            None | Some(Code::Unspecified) => None,
            Some(code) => Some(vec![write(false, &code)?]),
        };
        Ok(RevokedCert {
            serial_number: self.serial.encoded()?,
            revocation_date: time(self.revoked)?,
            crl_entry_extensions: extensions,
        })
    }
}

impl TryFrom<&RevokedCert> for Entry {
    type Error = Error;

    fn try_from(entry: &RevokedCert) -> Result<Self> {
        let serial = Serial::try_from(&entry.serial_number)?;
        let object = format!("CRL entry {serial}");
        let code = find::<CrlReason>(&object, entry.crl_entry_extensions.as_deref().unwrap_or_default())?;
        let reason = match code {
            None => Reason::Unspecified,
            Some(code) => {
                Reason::ALL.iter().find(|(_, _, known)| *known == code.value).map(|(reason, ..)| *reason).ok_or_else(
                    || {
                        Error::input(
                            &object,
                            format!("the reason {:?} is not one of this PKI's", code.value),
                            "have the list made anew",
                        )
                    },
                )?
            }
        };
        Ok(Self { serial, revoked: entry.revocation_date.into(), reason })
    }
}

/// Whether an entry has a critical extension that is not understood here, so that the whole list cannot be used
/// (RFC 5280 section 5.3).
pub(crate) fn unusable(entry: &RevokedCert) -> bool {
    let extensions = entry.crl_entry_extensions.as_deref().unwrap_or_default();
    extensions.iter().any(|extension| {
        extension.critical && extension.extn_id != CrlReason::OID
            || extension.extn_id == CrlReason::OID && CrlReason::from_der(extension.extn_value.as_bytes()).is_err()
    })
}
