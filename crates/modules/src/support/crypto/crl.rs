//! Revocation lists (RFC 5280 section 5): read, described, made and signed.

use const_oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, asn1::GeneralizedTime};
use protocol::{Data, Map};
use x509_cert::{
    certificate::{Raw, Version},
    crl::{CertificateList, RevokedCert, TbsCertList},
    ext::{
        Extension,
        pkix::{CrlReason, name::GeneralName},
    },
    name::Name,
    serial_number::SerialNumber,
    time::Time,
};

use super::{
    describe::{Wrong, distinguished, extensions, general_name, idn::NameEncoding, oid, pem, times::Moment},
    digest::Digest,
    extension,
    key::PrivateKey,
    signature,
};

const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");
const INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
const LABEL: &str = "X509 CRL";

/// The names of the reasons.
const REASONS: [(&str, CrlReason); 10] = [
    ("unspecified", CrlReason::Unspecified),
    ("key_compromise", CrlReason::KeyCompromise),
    ("ca_compromise", CrlReason::CaCompromise),
    ("affiliation_changed", CrlReason::AffiliationChanged),
    ("superseded", CrlReason::Superseded),
    ("cessation_of_operation", CrlReason::CessationOfOperation),
    ("certificate_hold", CrlReason::CertificateHold),
    ("privilege_withdrawn", CrlReason::PrivilegeWithdrawn),
    ("aa_compromise", CrlReason::AaCompromise),
    ("remove_from_crl", CrlReason::RemoveFromCRL),
];

/// The reason of that name.
#[must_use]
pub fn reason(name: &str) -> Option<CrlReason> {
    REASONS.into_iter().find(|(known, _)| *known == name).map(|(_, reason)| reason)
}

/// A certificate that is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub serial: SerialNumber<Raw>,
    /// Since when.
    pub date: Moment,
    /// Who issued it, where that is not the list's issuer; whether that is critical.
    pub issuer: Option<(bool, Vec<GeneralName>)>,
    /// Why; whether that is critical.
    pub reason: Option<(bool, CrlReason)>,
    /// Since when it may have been abused; whether that is critical.
    pub invalidity: Option<(bool, Moment)>,
}

impl Entry {
    fn of(revoked: &RevokedCert<Raw>) -> Self {
        let extensions = revoked.crl_entry_extensions.as_deref().unwrap_or_default();
        let invalidity = extension::find_number::<GeneralizedTime>(extensions, INVALIDITY_DATE);
        Self {
            serial: revoked.serial_number.clone(),
            date: Moment::of(revoked.revocation_date),
            issuer: extension::find_number(extensions, CERTIFICATE_ISSUER),
            reason: extension::find::<CrlReason>(extensions),
            invalidity: invalidity.map(|(critical, time)| (critical, Moment::of(Time::GeneralTime(time)))),
        }
    }

    /// Whether two entries are the same, with or without their dates.
    #[must_use]
    pub fn is_same(&self, other: &Self, ignore_date: bool) -> bool {
        (ignore_date || self.date == other.date)
            && (&self.serial, &self.issuer, &self.reason, &self.invalidity)
                == (&other.serial, &other.issuer, &other.reason, &other.invalidity)
    }

    fn write(&self) -> Result<RevokedCert<Raw>, Wrong> {
        let mut extensions: Vec<Extension> = Vec::new();
        if let Some((critical, names)) = &self.issuer {
            extensions.push(extension::with_number(CERTIFICATE_ISSUER, names, *critical)?);
        }
        if let Some((critical, reason)) = &self.reason {
            extensions.push(extension::with_number(CrlReason::OID, reason, *critical)?);
        }
        if let Some((critical, moment)) = &self.invalidity {
            let general = match time(*moment)? {
                Time::UtcTime(time) => GeneralizedTime::from_date_time(time.to_date_time()),
                Time::GeneralTime(time) => time,
            };
            extensions.push(extension::with_number(INVALIDITY_DATE, &general, *critical)?);
        }
        Ok(RevokedCert {
            serial_number: self.serial.clone(),
            revocation_date: time(self.date)?,
            crl_entry_extensions: Some(extensions).filter(|extensions| !extensions.is_empty()),
        })
    }

    /// As results have it.
    ///
    /// # Errors
    ///
    /// A name that cannot be shown.
    pub fn describe(&self, encoding: NameEncoding) -> Result<Map, Wrong> {
        let issuer = self.issuer.as_ref().map(|(_, names)| general_name::list(names, encoding)).transpose()?;
        let reason = self.reason.and_then(|(_, reason)| REASONS.into_iter().find(|(_, known)| *known == reason));
        let values = [
            ("serial_number", extensions::serial_number(&self.serial)?),
            ("revocation_date", self.date.to_string().into()),
            ("issuer", issuer.unwrap_or_default()),
            ("issuer_critical", self.issuer.as_ref().is_some_and(|(critical, _)| *critical).into()),
            ("reason", reason.map(|(name, _)| name).into()),
            ("reason_critical", self.reason.is_some_and(|(critical, _)| critical).into()),
            ("invalidity_date", self.invalidity.map(|(_, moment)| moment.to_string()).into()),
            ("invalidity_date_critical", self.invalidity.is_some_and(|(critical, _)| critical).into()),
        ];
        Ok(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

fn time(moment: Moment) -> Result<Time, Wrong> {
    moment.time().ok_or_else(|| Wrong::raised(format!("{moment} cannot be written into a revocation list")))
}

/// A revocation list.
#[derive(Debug, Clone)]
pub struct RevocationList {
    list: CertificateList<Raw>,
    der: Vec<u8>,
}

impl RevocationList {
    /// Reads PEM or DER; says which it was.
    ///
    /// # Errors
    ///
    /// Bytes that are neither.
    pub fn from_file(bytes: &[u8]) -> Result<(Self, bool), Wrong> {
        const NONE: &str = "Valid PEM but no BEGIN X509 CRL/END X509 delimiters. Are you sure this is a CRL?";
        let is_pem = pem::is_pem(bytes);
        let der = if is_pem { pem::find(bytes, &[LABEL], NONE)? } else { bytes.to_vec() };
        Ok((Self::from_der(der)?, is_pem))
    }

    fn from_der(der: Vec<u8>) -> Result<Self, Wrong> {
        let list = CertificateList::from_der(&der)
            .map_err(|_| Wrong::said("error parsing asn1 value: ParseError { kind: InvalidValue }"))?;
        Ok(Self { list, der })
    }

    /// Makes and signs one.
    ///
    /// # Errors
    ///
    /// The key does not sign over that hash; a time that lists cannot have.
    pub fn make(
        issuer: Name,
        this_update: Moment,
        next_update: Moment,
        entries: &[Entry],
        key: &PrivateKey,
        digest: Option<Digest>,
    ) -> Result<Self, Wrong> {
        if next_update < this_update {
            return Err(Wrong::raised("The next update date must be after the last update date."));
        }
        let revoked: Result<Vec<_>, _> = entries.iter().map(Entry::write).collect();
        let algorithm = signature::algorithm(key, digest)?;
        let content = TbsCertList::<Raw> {
            version: Version::V2,
            signature: algorithm.clone(),
            issuer,
            this_update: time(this_update)?,
            next_update: Some(time(next_update)?),
            revoked_certificates: Some(revoked?).filter(|revoked| !revoked.is_empty()),
            crl_extensions: None,
        };
        Self::from_der(signature::sign_document(&content, algorithm, key, digest)?)
    }

    /// As a file's bytes.
    ///
    /// # Errors
    ///
    /// None in practice.
    pub fn write(&self, as_pem: bool) -> Result<Vec<u8>, Wrong> {
        if as_pem { pem::write(LABEL, &self.der).map(String::into_bytes) } else { Ok(self.der.clone()) }
    }

    /// Who issued it.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.list.tbs_cert_list.issuer
    }

    /// From when it is, and when the next one comes.
    #[must_use]
    pub fn updates(&self) -> (Moment, Option<Moment>) {
        (Moment::of(self.list.tbs_cert_list.this_update), self.list.tbs_cert_list.next_update.map(Moment::of))
    }

    /// The algorithm of its signature.
    #[must_use]
    pub fn algorithm(&self) -> ObjectIdentifier {
        self.list.signature_algorithm.oid
    }

    /// What it revokes.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.list.tbs_cert_list.revoked_certificates.as_deref().unwrap_or_default().iter().map(Entry::of).collect()
    }

    /// As results have it.
    ///
    /// # Errors
    ///
    /// A name that cannot be shown.
    pub fn describe(&self, encoding: NameEncoding) -> Result<Map, Wrong> {
        let (last, next) = self.updates();
        let (issuer, ordered) = distinguished::described(self.issuer())?;
        let entries: Result<Vec<_>, _> = self.entries().iter().map(|entry| entry.describe(encoding)).collect();
        let values = [
            ("last_update", last.to_string().into()),
            ("next_update", next.map(|moment| moment.to_string()).into()),
            ("digest", oid::long(self.algorithm()).into()),
            ("issuer_ordered", ordered),
            ("issuer", Data::Map(issuer)),
            ("revoked_certificates", entries?.into()),
        ];
        Ok(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Whether it is by a key that signs over that hash, or over none that is chosen.
    #[must_use]
    pub fn has_digest(&self, digest: Option<Digest>) -> bool {
        match digest {
            Some(digest) => self.algorithm() == digest.with_rsa() || digest.with_ecdsa() == Some(self.algorithm()),
            None => self.algorithm() == const_oid::db::rfc8410::ID_ED_25519,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RevocationList::from_file(&bytes);
        }
    }
}
