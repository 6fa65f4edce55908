//! From when until when a certificate holds.

use der::{
    Sequence,
    asn1::{GeneralizedTime, UtcTime},
};
use x509_cert::time::Time;

use crate::{
    Error, Finding, Result,
    clock::{DAY, HOUR, Moment},
};

/// How far notBefore lies in the past, in seconds: hosts whose clocks are late accept a certificate at once.
pub const BACKDATED: u64 = HOUR;

/// The validity period of a certificate; both ends belong to it (RFC 5280 section 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    not_before: Moment,
    not_after: Moment,
}

impl Validity {
    /// For that many days from an hour ago: notAfter is notBefore + days - 1 second, so that the period, both ends
    /// counted, is exactly that long.
    ///
    /// # Errors
    ///
    /// No day at all, or an end after the year 9999.
    pub fn starting(now: Moment, days: u32) -> Result<Self> {
        let not_before = now.before(BACKDATED)?;
        let length = (u64::from(days) * DAY)
            .checked_sub(1)
            .ok_or_else(|| Error::input("validity", "no day at all", "ask for one day at least"))?;
        Self::between(not_before, not_before.after(length)?)
    }

    /// From one moment to another, as a plan fixes them.
    ///
    /// # Errors
    ///
    /// The end before the beginning.
    pub fn between(not_before: Moment, not_after: Moment) -> Result<Self> {
        if not_after < not_before {
            return Err(Error::input(
                "validity",
                format!("it ends ({not_after}) before it begins ({not_before})"),
                "swap them",
            ));
        }
        Ok(Self { not_before, not_after })
    }

    /// The first moment.
    #[must_use]
    pub fn not_before(&self) -> Moment {
        self.not_before
    }

    /// The last moment.
    #[must_use]
    pub fn not_after(&self) -> Moment {
        self.not_after
    }

    /// Whether it holds then.
    #[must_use]
    pub fn contains(&self, at: Moment) -> bool {
        self.not_before <= at && at <= self.not_after
    }

    /// Its length in seconds, both ends counted; 1 where a foreign certificate ends before it begins.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.not_after.unix().saturating_sub(self.not_before.unix()) + 1
    }

    /// Refuses a period that would outlive the issuer's: it is never shortened in silence.
    ///
    /// # Errors
    ///
    /// An end after the issuer's end.
    pub fn within_issuer(&self, object: &str, issuer: &Self) -> Result<()> {
        if self.not_after <= issuer.not_after {
            return Ok(());
        }
        Err(Error::refused(Finding::new(
            object,
            "validity.notAfter",
            format!("it would end {}, after its issuer, which ends {}", self.not_after, issuer.not_after),
            "PKI policy: nothing outlives its issuer",
            "ask for fewer days or renew the issuer first",
        )))
    }

    pub(crate) fn encoded(&self) -> Result<Period> {
        Ok(Period { not_before: time(self.not_before)?, not_after: time(self.not_after)? })
    }
}

impl From<&x509_cert::time::Validity> for Validity {
    /// As read from a certificate; there the end may lie before the beginning.
    fn from(value: &x509_cert::time::Validity) -> Self {
        Self { not_before: value.not_before.into(), not_after: value.not_after.into() }
    }
}

/// `Validity` of RFC 5280 section 4.1, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct Period {
    not_before: Time,
    not_after: Time,
}

/// UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 sections 4.1.2.5 and 5.1.2.4).
pub(crate) fn time(moment: Moment) -> Result<Time> {
    let date = moment.date_time();
    if date.year() < 2050 {
        UtcTime::from_date_time(date)
            .map(Time::UtcTime)
            .map_err(|problem| Error::input(format!("time {moment}"), problem, "take a time from 1970 on"))
    } else {
        Ok(Time::GeneralTime(GeneralizedTime::from_date_time(date)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    #[test]
    fn ninety_days_end_one_second_before_the_ninetieth_begins_again() {
        let validity = Validity::starting(moment("2026-11-25T19:00:00Z"), 90).unwrap();
        assert_eq!(validity.not_before().to_string(), "2026-11-25T18:00:00Z");
        assert_eq!(validity.not_after().to_string(), "2027-02-23T17:59:59Z");
        assert_eq!(validity.seconds(), 90 * DAY);
    }

    #[test]
    fn both_ends_belong_to_it() {
        let validity = Validity::between(moment("2026-01-01T00:00:00Z"), moment("2026-01-02T00:00:00Z")).unwrap();
        for (at, inside) in [
            ("2025-12-31T23:59:59Z", false),
            ("2026-01-01T00:00:00Z", true),
            ("2026-01-02T00:00:00Z", true),
            ("2026-01-02T00:00:01Z", false),
        ] {
            assert_eq!(validity.contains(moment(at)), inside, "{at}");
        }
    }

    #[test]
    fn dates_from_2050_on_are_generalized_time() {
        assert!(matches!(time(moment("2049-12-31T23:59:59Z")).unwrap(), Time::UtcTime(_)));
        assert!(matches!(time(moment("2050-01-01T00:00:00Z")).unwrap(), Time::GeneralTime(_)));
    }

    #[test]
    fn outliving_the_issuer_is_refused_and_not_shortened() {
        let issuer = Validity::starting(moment("2026-01-01T00:00:00Z"), 10).unwrap();
        let longer = Validity::starting(moment("2026-01-01T00:00:01Z"), 10).unwrap();
        issuer.within_issuer("certificate", &issuer).unwrap();
        let refusal = longer.within_issuer("certificate \"web\"", &issuer).unwrap_err().to_string();
        assert!(
            refusal.contains("certificate \"web\": validity.notAfter: it would end 2026-01-10T23:00:00Z"),
            "{refusal}"
        );
    }

    #[test]
    fn no_day_and_a_swapped_period_are_refused() {
        assert!(Validity::starting(moment("2026-01-01T00:00:00Z"), 0).is_err());
        assert!(Validity::between(moment("2026-01-02T00:00:00Z"), moment("2026-01-01T00:00:00Z")).is_err());
    }
}
