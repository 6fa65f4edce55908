//! When a certificate is to be renewed, why, and when a renewal that failed is tried again. Only the decision: nothing is
//! issued or deployed here.

use std::fmt;

use crate::{
    Result,
    clock::{DAY, MINUTE, Moment},
    signed::sha256,
    validity::Validity,
};

/// The most by which a certificate is renewed earlier than at two thirds of its life, in seconds; of a short life it is a
/// thirtieth.
pub const LARGEST_JITTER: u64 = 3 * DAY;
/// How long after the first failure a renewal is tried again, in seconds; each further failure doubles it.
pub const FIRST_BACK_OFF: u64 = 15 * MINUTE;
/// The longest that is waited between two tries, in seconds.
pub const LONGEST_BACK_OFF: u64 = DAY;

/// When a certificate of that age is due: at two thirds of its actual life, less a jitter that its fingerprint alone decides.
/// So hundreds that were issued at once are not renewed at once, and whoever asks gets the same answer.
///
/// # Errors
///
/// None in practice: it lies within the validity.
pub fn due_at(validity: &Validity, fingerprint: &str) -> Result<Moment> {
    let life = validity.seconds();
    let bound = LARGEST_JITTER.min(life / 30);
    let digest = sha256(format!("renewal jitter of {fingerprint}").as_bytes());
    let number = digest.iter().take(8).fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    validity.not_before().after((life / 3 * 2).saturating_sub(number % (bound + 1)))
}

/// A certificate that is in use.
#[derive(Debug, Clone, Copy)]
pub struct Current<'a> {
    /// The SHA-256 of its bytes in hexadecimal.
    pub fingerprint: &'a str,
    /// From when until when it holds.
    pub validity: Validity,
    /// The names that it speaks for.
    pub names: &'a [String],
    /// What it is for: `server`, `client` or `both`.
    pub role: Option<&'a str>,
    /// The SHA-256 of its public key's structure in hexadecimal.
    pub key: Option<&'a str>,
    /// It is revoked.
    pub revoked: bool,
}

/// What the service should have; what is `None` is not asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The names, in any order.
    pub names: Option<&'a [String]>,
    /// `server`, `client` or `both`.
    pub role: Option<&'a str>,
    /// The SHA-256 of the public key's structure in hexadecimal.
    pub key: Option<&'a str>,
}

/// A certificate above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Above {
    /// What to call it.
    pub label: String,
    /// From when until when it holds.
    pub validity: Validity,
    /// It is revoked.
    pub revoked: bool,
}

/// Why a certificate is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Its end has passed.
    Expired {
        /// That end.
        at: Moment,
    },
    /// It was revoked.
    Revoked,
    /// Two thirds of its life have passed.
    Age {
        /// When they had.
        since: Moment,
    },
    /// It speaks for other names than it should.
    Names {
        /// Names that it lacks.
        missing: Vec<String>,
        /// Names that it should not have.
        surplus: Vec<String>,
    },
    /// It is for something else than it should be.
    Role {
        /// What it should be for.
        wanted: String,
    },
    /// It has another key than the service.
    Key,
    /// A certificate above it was revoked.
    AboveRevoked {
        /// Which.
        label: String,
    },
    /// A certificate above it ends before a renewal at the usual time would help.
    AboveExpiring {
        /// Which.
        label: String,
        /// When it ends.
        at: Moment,
    },
}

impl Reason {
    /// Its name for other programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::Revoked => "revoked",
            Self::Age { .. } => "age",
            Self::Names { .. } => "names",
            Self::Role { .. } => "role",
            Self::Key => "key",
            Self::AboveRevoked { .. } => "chain_revoked",
            Self::AboveExpiring { .. } => "chain_expiring",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { at } => write!(f, "it expired {at}"),
            Self::Revoked => f.write_str("it is revoked"),
            Self::Age { since } => write!(f, "it is due since {since}"),
            Self::Names { missing, surplus } => {
                f.write_str("its names changed:")?;
                missing.iter().try_for_each(|name| write!(f, " +{name}"))?;
                surplus.iter().try_for_each(|name| write!(f, " -{name}"))
            }
            Self::Role { wanted } => write!(f, "it is not for {wanted}"),
            Self::Key => f.write_str("its key is not the service's"),
            Self::AboveRevoked { label } => write!(f, "{label} above it is revoked"),
            Self::AboveExpiring { label, at } => write!(f, "{label} above it ends {at}"),
        }
    }
}

/// Why a certificate is due at that time; empty where it is not.
///
/// # Errors
///
/// As [`due_at`].
pub fn reasons(current: &Current<'_>, wanted: &Wanted<'_>, above: &[Above], at: Moment) -> Result<Vec<Reason>> {
    let mut reasons = Vec::new();
    let end = current.validity.not_after();
    if end < at {
        reasons.push(Reason::Expired { at: end });
    }
    if current.revoked {
        reasons.push(Reason::Revoked);
    }
    let since = due_at(&current.validity, current.fingerprint)?;
    if since <= at {
        reasons.push(Reason::Age { since });
    }
    if let Some(names) = wanted.names {
        let lacking = |from: &[String], of: &[String]| -> Vec<String> {
            from.iter().filter(|name| !of.contains(name)).cloned().collect()
        };
        let (missing, surplus) = (lacking(names, current.names), lacking(current.names, names));
        if !(missing.is_empty() && surplus.is_empty()) {
            reasons.push(Reason::Names { missing, surplus });
        }
    }
    if let Some(role) = wanted.role
        && current.role != Some(role)
    {
        reasons.push(Reason::Role { wanted: role.to_owned() });
    }
    if wanted.key.is_some_and(|key| current.key != Some(key)) {
        reasons.push(Reason::Key);
    }
    // Nothing outlives its issuer, so an authority that ends within the last third of this certificate's life is about to
    // take it along.
    let margin = current.validity.seconds() / 3;
    for one in above {
        if one.revoked {
            reasons.push(Reason::AboveRevoked { label: one.label.clone() });
        } else if one.validity.not_after() < at.after(margin)? {
            reasons.push(Reason::AboveExpiring { label: one.label.clone(), at: one.validity.not_after() });
        }
    }
    Ok(reasons)
}

/// Tries to renew that failed, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many.
    pub failed: u32,
    /// When the last one did.
    pub last: Moment,
}

impl Attempts {
    /// When it may be tried again: after [`FIRST_BACK_OFF`], then twice as long each time, at most [`LONGEST_BACK_OFF`].
    ///
    /// # Errors
    ///
    /// After the year 9999.
    pub fn next(&self) -> Result<Moment> {
        let doubled = FIRST_BACK_OFF.checked_shl(self.failed.saturating_sub(1).min(32)).unwrap_or(LONGEST_BACK_OFF);
        self.last.after(doubled.min(LONGEST_BACK_OFF))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::HOUR;

    fn moment(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    fn ninety_days() -> Validity {
        Validity::starting(moment("2026-01-01T01:00:00Z"), 90).unwrap()
    }

    fn current(fingerprint: &str) -> Current<'_> {
        Current { fingerprint, validity: ninety_days(), names: &[], role: None, key: None, revoked: false }
    }

    #[test]
    fn the_jitter_is_spread_over_its_three_days_and_always_the_same() {
        let day_60 = moment("2026-03-02T00:00:00Z");
        let early: Vec<u64> = (0..1000)
            .map(|number| {
                let due = due_at(&ninety_days(), &number.to_string()).unwrap();
                assert_eq!(due, due_at(&ninety_days(), &number.to_string()).unwrap());
                day_60.unix() - due.unix()
            })
            .collect();
        assert!(early.iter().all(|early| *early <= LARGEST_JITTER), "never later, at most three days earlier");
        for day in 0..3 {
            let on_it = early.iter().filter(|early| **early / DAY == day).count();
            assert!((233..433).contains(&on_it), "{on_it} of 1000 on day {day}");
        }
    }

    #[test]
    fn a_day_in_ninety_there_is_one_renewal_a_certificate_and_never_an_expired_one() {
        let mut at = moment("2026-01-01T00:00:00Z");
        let mut fleet: Vec<(String, Validity, Vec<Moment>)> =
            (0..200).map(|number| (format!("{number}-0"), Validity::starting(at, 90).unwrap(), Vec::new())).collect();
        for _ in 0..90 * 24 {
            at = at.after(HOUR).unwrap();
            for (fingerprint, validity, renewals) in &mut fleet {
                assert!(validity.contains(at), "expired");
                let current = Current { validity: *validity, ..current(fingerprint) };
                let due = !reasons(&current, &Wanted::default(), &[], at).unwrap().is_empty();
                if due {
                    renewals.push(at);
                    *validity = Validity::starting(at, 90).unwrap();
                    fingerprint.push('+');
                }
            }
        }
        assert!(fleet.iter().all(|(.., renewals)| renewals.len() == 1));
    }

    #[test]
    fn whatever_it_depends_on_makes_it_due_at_once() {
        let at = moment("2026-01-02T00:00:00Z");
        let names = ["a.example.org".to_owned(), "b.example.org".to_owned()];
        let good = Current { names: &names, role: Some("server"), key: Some("k"), ..current("f") };
        let above = Above { label: "CA 1".to_owned(), validity: Validity::starting(at, 1826).unwrap(), revoked: false };
        let wanted = Wanted { names: Some(&names), role: Some("server"), key: Some("k") };
        let due = |current: &Current<'_>, wanted: &Wanted<'_>, above: &Above| -> Vec<&str> {
            let reasons = reasons(current, wanted, std::slice::from_ref(above), at).unwrap();
            reasons.iter().map(Reason::name).collect()
        };
        assert!(due(&good, &wanted, &above).is_empty());
        let turned = [names[1].clone(), names[0].clone()];
        assert!(due(&good, &Wanted { names: Some(&turned), ..wanted }, &above).is_empty(), "order does not count");
        assert_eq!(due(&good, &Wanted { names: Some(&names[..1]), ..wanted }, &above), ["names"]);
        assert_eq!(due(&good, &Wanted { role: Some("both"), ..wanted }, &above), ["role"]);
        assert_eq!(due(&good, &Wanted { key: Some("other"), ..wanted }, &above), ["key"]);
        assert_eq!(due(&Current { revoked: true, ..good }, &wanted, &above), ["revoked"]);
        assert_eq!(due(&good, &wanted, &Above { revoked: true, ..above.clone() }), ["chain_revoked"]);
        let ending = Above { validity: Validity::starting(at, 20).unwrap(), ..above.clone() };
        assert_eq!(due(&good, &wanted, &ending), ["chain_expiring"]);
        let over = Current { validity: Validity::starting(moment("2025-01-01T00:00:00Z"), 90).unwrap(), ..good };
        assert_eq!(due(&over, &wanted, &above), ["expired", "age"]);
    }

    #[test]
    fn a_renewal_that_fails_is_tried_less_and_less_often_but_once_a_day_at_least() {
        let last = moment("2026-01-01T00:00:00Z");
        let waits: Vec<u64> = [1, 2, 3, 7, 8, 100, u32::MAX]
            .map(|failed| (Attempts { failed, last }.next().unwrap().unix() - last.unix()) / MINUTE)
            .to_vec();
        assert_eq!(waits, [15, 30, 60, 960, 1440, 1440, 1440]);
    }

    proptest! {
        #[test]
        fn it_is_due_within_its_life_whatever_its_length(days in 1_u32..400, fingerprint in "[0-9a-f]{4}") {
            let validity = Validity::starting(moment("2026-01-01T01:00:00Z"), days).unwrap();
            let due = due_at(&validity, &fingerprint).unwrap();
            let two_thirds = validity.not_before().after(validity.seconds() / 3 * 2).unwrap();
            prop_assert!(validity.not_before() < due && due <= two_thirds);
            prop_assert!(two_thirds.unix() - due.unix() <= LARGEST_JITTER.min(validity.seconds() / 30));
        }
    }
}
