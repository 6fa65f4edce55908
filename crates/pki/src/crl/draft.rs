//! A list that is not signed yet: the root's for a year, an intermediate's for a week.

use der::{Decode, Encode, asn1::Uint};
use x509_cert::{Version, crl::TbsCertList, ext::pkix::CrlNumber};

use super::{Entry, RevocationList, Scope, label};
use crate::{
    Error, Finding, Result,
    authority::Authority,
    clock::{DAY, Moment},
    error::refuse_any,
    extensions::write,
    key::{PrivateKey, PublicKey},
    lint,
    profile::{self, Intermediate, Service},
    serial::hex,
    signature,
    signed::{Signed, sha256},
    signer::{self, Signer},
    validity::{BACKDATED, time},
};

/// Whose list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuing {
    /// The root's: a year, for intermediates only (onlyContainsCACerts).
    Root,
    /// An intermediate's: a week, for services only (onlyContainsUserCerts).
    Intermediate,
}

impl Issuing {
    /// From thisUpdate to nextUpdate, in days.
    #[must_use]
    pub fn days(self) -> u32 {
        match self {
            Self::Root => 365,
            Self::Intermediate => 7,
        }
    }

    /// Whether a list that begins to hold then must carry an entry: what it revokes may still hold.
    ///
    /// # Errors
    ///
    /// A revocation near the year 9999.
    pub fn must_carry(self, entry: &Entry, this_update: Moment) -> Result<bool> {
        Ok(entry.revoked.after(u64::from(self.longest()) * DAY)? >= this_update)
    }

    /// How long what it lists can hold, in days; an entry may leave the list that long after its revocation.
    fn longest(self) -> u32 {
        match self {
            Self::Root => Intermediate::DAYS,
            Self::Intermediate => Service::DAYS,
        }
    }
}

/// What a plan fixes of a list, so that a second machine can make the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTerms {
    /// Its CRLNumber: larger than that of every list before.
    pub number: u64,
    /// When it begins to hold. Like notBefore it lies in the past ([`BACKDATED`]): a host whose clock is late would refuse
    /// everybody.
    pub this_update: Moment,
}

impl ListTerms {
    /// For a list made now, after that one.
    ///
    /// # Errors
    ///
    /// The previous list has no readable number.
    pub fn next(now: Moment, previous: Option<&RevocationList>) -> Result<Self> {
        let number = previous.map_or(Ok(0), RevocationList::number)?.saturating_add(1);
        Ok(Self { number, this_update: now.before(BACKDATED)? })
    }
}

/// A list whose bytes are built and not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListToBeSigned {
    der: Vec<u8>,
    tbs: TbsCertList,
    number: u64,
    issuer: Authority,
}

impl ListToBeSigned {
    /// The issuer's list of those entries, in order of serial numbers, that comes after the previous one.
    ///
    /// # Errors
    ///
    /// A number or a date that does not come after the previous list's; a previous list of another issuer; an entry of it
    /// that is left out although what it revokes may still hold; a serial number twice; a list that outlives its issuer.
    pub fn build(
        issuer: &Authority,
        issuing: Issuing,
        terms: &ListTerms,
        entries: &[Entry],
        previous: Option<&RevocationList>,
    ) -> Result<Self> {
        let mut entries = entries.to_vec();
        entries.sort_by(|one, other| {
            one.serial.as_bytes().len().cmp(&other.serial.as_bytes().len()).then(one.serial.cmp(&other.serial))
        });
        let next_update = terms.this_update.after(u64::from(issuing.days()) * DAY)?;
        let wrong = |problem: der::Error| Error::input("CRL to be signed", problem, "check what was asked for");
        let extensions = vec![
            profile::authority_key(issuer)?,
            write(false, &CrlNumber(Uint::new(&terms.number.to_be_bytes()).map_err(wrong)?))?,
            Scope::write(issuing == Issuing::Root)?,
        ];
        let revoked = entries.iter().map(Entry::written).collect::<Result<Vec<_>>>()?;
        let tbs = TbsCertList {
            version: Version::V2,
            signature: signature::algorithm_of(issuer.key().kind())?,
            issuer: issuer.certificate().subject().clone(),
            this_update: time(terms.this_update)?,
            next_update: Some(time(next_update)?),
            // An empty list is left out: RFC 5280 section 5.1.2.6.
            revoked_certificates: (!revoked.is_empty()).then_some(revoked),
            crl_extensions: Some(extensions),
        };
        let der = tbs.to_der().map_err(wrong)?;
        let built = Self {
            tbs: TbsCertList::from_der(&der).map_err(wrong)?,
            der,
            number: terms.number,
            issuer: issuer.clone(),
        };
        let mut findings = built.entries_of(&entries, terms);
        findings.extend(
            previous.map(|previous| built.after(previous, issuing, terms, &entries)).transpose()?.unwrap_or_default(),
        );
        refuse_any(findings)?;
        Ok(built)
    }

    /// The bytes that the issuer's key will sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.der
    }

    /// Their SHA-256 in hexadecimal: what an audit log notes before the signature.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&sha256(&self.der))
    }

    /// The key that must sign them.
    #[must_use]
    pub fn signing_key(&self) -> &PublicKey {
        self.issuer.key()
    }

    /// The list's number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it begins to hold.
    #[must_use]
    pub fn this_update(&self) -> Moment {
        self.tbs.this_update.into()
    }

    /// When it expires.
    #[must_use]
    pub fn next_update(&self) -> Moment {
        self.tbs.next_update.unwrap_or(self.tbs.this_update).into()
    }

    /// What they revoke, in the order of the list.
    ///
    /// # Errors
    ///
    /// None in practice.
    pub fn revoked(&self) -> Result<Vec<Entry>> {
        self.tbs.revoked_certificates.iter().flatten().map(Entry::try_from).collect()
    }

    /// What to call it in a message.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.tbs)
    }

    /// What they say.
    #[must_use]
    pub fn tbs(&self) -> &TbsCertList {
        &self.tbs
    }

    /// Signs the bytes with that key, which is nobody's, and lints what comes out: a fault is seen before the issuer's key is
    /// touched.
    ///
    /// # Errors
    ///
    /// Anything that the lint finds; the key does not sign.
    pub fn trial(&self, throw_away: &PrivateKey) -> Result<()> {
        let signature = Signer::sign(throw_away, &self.der)?;
        let trial = RevocationList::from_signed(Signed::new(self.der.clone(), signature))?;
        refuse_any(lint::list(&trial, Some(self.issuer.certificate())))
    }

    /// Signs the bytes, checks the signature with another library, and reads and lints what came out.
    ///
    /// # Errors
    ///
    /// A key that is not the issuer's; a signature that does not verify; anything that the lint finds.
    pub fn sign(self, signer: impl Signer) -> Result<RevocationList> {
        let signature = signer::sign_checked(&label(&self.tbs), signer, self.issuer.key(), &self.der)?;
        let list = RevocationList::from_signed(Signed::new(self.der, signature))?;
        refuse_any(lint::list(&list, Some(self.issuer.certificate())))?;
        Ok(list)
    }

    fn finding(&self, field: &'static str, problem: String, rule: &'static str, cure: &str) -> Finding {
        Finding::new(label(&self.tbs), field, problem, rule, cure)
    }

    fn entries_of(&self, entries: &[Entry], terms: &ListTerms) -> Vec<Finding> {
        let mut findings = Vec::new();
        for pair in entries.windows(2) {
            if let [one, other] = pair
                && one.serial == other.serial
            {
                let problem = format!("serial {} is there twice", one.serial);
                findings.push(self.finding(
                    "revokedCertificates",
                    problem,
                    "RFC 5280 section 5.1.2.6",
                    "keep the first revocation",
                ));
            }
        }
        let end = self.issuer.certificate().validity().not_after();
        if terms.this_update > end {
            let problem = format!("it would begin {}, after its issuer's end {end}", terms.this_update);
            findings.push(self.finding(
                "thisUpdate",
                problem,
                "PKI policy: an expired authority signs nothing",
                "renew the issuer",
            ));
        }
        findings
    }

    fn after(
        &self,
        previous: &RevocationList,
        issuing: Issuing,
        terms: &ListTerms,
        entries: &[Entry],
    ) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        if previous.authority_key()?.as_deref() != Some(self.issuer.identifier())
            || previous.verify_signature(self.issuer.key()).is_err()
        {
            let problem = "the previous list is not this issuer's".to_owned();
            findings.push(self.finding(
                "authorityKeyIdentifier",
                problem,
                "RFC 5280 section 5.2.1",
                "give this issuer's last list",
            ));
            return Ok(findings);
        }
        let number = previous.number()?;
        if terms.number <= number {
            let problem = format!("{} does not come after {number}", terms.number);
            findings.push(self.finding("cRLNumber", problem, "RFC 5280 section 5.2.3", "count on from the last list"));
        }
        if terms.this_update < previous.this_update() {
            let problem = format!("{} is before the last list's {}", terms.this_update, previous.this_update());
            findings.push(self.finding("thisUpdate", problem, "PKI policy: time does not go back", "set the clock"));
        }
        for old in previous.entries()? {
            if issuing.must_carry(&old, terms.this_update)? && !entries.iter().any(|entry| entry.serial == old.serial) {
                let problem =
                    format!("serial {} was revoked and is left out while its certificate may hold", old.serial);
                findings.push(self.finding("revokedCertificates", problem, "RFC 5280 section 3.3", "keep its entry"));
            }
        }
        Ok(findings)
    }
}
