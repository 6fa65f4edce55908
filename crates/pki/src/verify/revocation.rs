//! Revocation by complete, direct lists (RFC 5280 section 6.3), signed with the key that issued the certificate.
//!
//! Indirect and delta lists never clear a certificate: whoever needs one for that gets no clearance. What a delta revokes is
//! revoked.

use certval::compare_names;
use der::{Decode, Encode};
use flagset::FlagSet;
use x509_cert::{
    crl::RevokedCert,
    ext::pkix::{
        crl::dp::{DistributionPoint, Reasons},
        name::{DistributionPointName, GeneralName},
    },
    name::{Name, RdnSequence},
};

use crate::{
    Finding,
    certificate::Certificate,
    clock::Moment,
    crl::{self, RevocationList, Scope},
    extensions::Known,
};

const RULE: &str = "RFC 5280 section 6.3.3";

/// Why the state of a certificate is not "not revoked"; empty where it is.
pub(super) fn check(issuer: &Certificate, subject: &Certificate, lists: &[RevocationList], at: Moment) -> Vec<Finding> {
    let finding = |problem: String, cure: &str| Finding::new(subject.label(), "revocation", problem, RULE, cure);
    let (above, known) = match (issuer.known(), subject.known()) {
        (Ok(above), Ok(known)) => (above, known),
        (Err(problem), _) | (_, Err(problem)) => {
            return vec![Finding::new(
                subject.label(),
                "extensions",
                problem.to_string(),
                "RFC 5280 section 4.2",
                "have it issued anew",
            )];
        }
    };
    let every: FlagSet<Reasons> = FlagSet::full() - Reasons::Unused;
    let mut covered: FlagSet<Reasons> = None.into();
    let mut unused = Vec::new();
    for list in lists.iter().filter(|list| compare_names(list.issuer(), subject.issuer())) {
        if list.is_delta()
            && holds(list, issuer, &above, at).is_ok()
            && let Some(entry) = entry(list, subject)
        {
            return vec![finding(revoked(entry), "take another certificate")];
        }
        let reasons = match usable(list, issuer, &above, subject, &known, at) {
            Ok(reasons) => reasons,
            Err(why) => {
                unused.push(format!(
                    "{} {}: {why}",
                    list.label(),
                    list.number().map_or_else(|_| "?".to_owned(), |number| number.to_string())
                ));
                continue;
            }
        };
        if let Some(entry) = entry(list, subject) {
            return vec![finding(revoked(entry), "take another certificate")];
        }
        covered |= reasons;
    }
    if covered.contains(every) {
        return Vec::new();
    }
    let why = if unused.is_empty() { "none is there".to_owned() } else { unused.join("; ") };
    vec![finding(
        format!("no fresh list of {} covers it ({why})", subject.issuer()),
        "ship the lists of the root and of the intermediate together, and make new ones before nextUpdate",
    )]
}

fn entry<'a>(list: &'a RevocationList, subject: &Certificate) -> Option<&'a RevokedCert> {
    list.revoked().iter().find(|entry| &entry.serial_number == subject.tbs().serial_number())
}

fn revoked(entry: &RevokedCert) -> String {
    let date = Moment::from(entry.revocation_date);
    match crl::Entry::try_from(entry) {
        Ok(read) => format!("it was revoked {date} ({})", read.reason.name()),
        Err(_) => format!("it was revoked {date}"),
    }
}

/// For which reasons a list speaks about the certificate; else why it cannot be used.
fn usable(
    list: &RevocationList,
    issuer: &Certificate,
    above: &Known,
    subject: &Certificate,
    known: &Known,
    at: Moment,
) -> Result<FlagSet<Reasons>, String> {
    if list.unknown_critical().next().is_some() {
        return Err("it has a critical extension that is not understood, or is a delta".to_owned());
    }
    if list.revoked().iter().any(crl::unusable) {
        return Err("an entry has a critical extension that is not understood".to_owned());
    }
    let reasons = reasons(list, subject, known)?;
    holds(list, issuer, above, at)?;
    Ok(reasons)
}

/// Whether a list is fresh and its issuer's, else why not.
fn holds(list: &RevocationList, issuer: &Certificate, above: &Known, at: Moment) -> Result<(), String> {
    match list.next_update() {
        _ if at < list.this_update() => return Err(format!("it begins to hold {}", list.this_update())),
        None => return Err("it does not say when it expires".to_owned()),
        Some(next) if next < at => return Err(format!("it expired {next}")),
        Some(_) => {}
    }
    if !above.key_usage.as_ref().is_none_or(|usage| usage.value.crl_sign()) {
        return Err("its issuer may not sign lists (keyUsage)".to_owned());
    }
    let key = list.authority_key().map_err(|problem| problem.to_string())?;
    if let (Some(key), Some(own)) = (&key, above.subject_key_bytes())
        && key.as_slice() != own
    {
        return Err("another key of that name signed it".to_owned());
    }
    let key = issuer.public_key().map_err(|problem| problem.to_string())?;
    list.verify_signature(&key).map_err(|problem| problem.to_string())
}

/// The reasons for which a list and a distribution point of the certificate speak (RFC 5280 section 6.3.3 (b), (d)).
fn reasons(list: &RevocationList, subject: &Certificate, known: &Known) -> Result<FlagSet<Reasons>, String> {
    let every: FlagSet<Reasons> = FlagSet::full() - Reasons::Unused;
    let Some(scope) = Scope::read(list).map_err(|problem| problem.to_string())? else {
        return points(known)
            .iter()
            .find(|point| point.crl_issuer.is_none())
            .map(|point| point.reasons.unwrap_or(every))
            .or_else(|| known.distribution_points.is_none().then_some(every))
            .ok_or_else(|| "the certificate points to an indirect list".to_owned());
    };
    let scope = scope.point;
    if scope.indirect_crl {
        return Err("it is indirect".to_owned());
    }
    if scope.only_contains_attribute_certs
        || (scope.only_contains_user_certs && known.is_authority())
        || (scope.only_contains_ca_certs && !known.is_authority())
    {
        return Err("certificates of this kind are out of its scope".to_owned());
    }
    let of_list = scope.only_some_reasons.unwrap_or(every);
    let Some(own) = scope.distribution_point.as_ref().map(|name| names(name, list.issuer())) else {
        return Ok(of_list);
    };
    let Some(distribution) = &known.distribution_points else {
        // Without a point of its own a certificate stands at its issuer's name.
        let at_issuer = own
            .iter()
            .any(|name| matches!(name, GeneralName::DirectoryName(name) if compare_names(name, subject.issuer())));
        return if at_issuer { Ok(of_list) } else { Err("it is for another distribution point".to_owned()) };
    };
    let mut covered: FlagSet<Reasons> = None.into();
    for point in distribution.value.0.iter().filter(|point| point.crl_issuer.is_none()) {
        let theirs = point.distribution_point.as_ref().map(|name| names(name, subject.issuer())).unwrap_or_default();
        if theirs.iter().any(|name| own.iter().any(|other| same(name, other))) {
            covered |= of_list & point.reasons.unwrap_or(every);
        }
    }
    if covered.is_empty() { Err("it is for another distribution point".to_owned()) } else { Ok(covered) }
}

fn points(known: &Known) -> &[DistributionPoint] {
    known.distribution_points.as_ref().map_or(&[], |points| points.value.0.as_slice())
}

/// The full names of a point; a relative one is completed with the issuer's name (RFC 5280 section 4.2.1.13).
fn names(point: &DistributionPointName, issuer: &Name) -> Vec<GeneralName> {
    match point {
        DistributionPointName::FullName(names) => names.clone(),
        DistributionPointName::NameRelativeToCRLIssuer(relative) => {
            let complete = || {
                let mut sequence = RdnSequence::from_der(&issuer.to_der()?)?;
                sequence.push(relative.clone());
                Name::from_der(&sequence.to_der()?)
            };
            complete().map(GeneralName::DirectoryName).into_iter().collect()
        }
    }
}

fn same(one: &GeneralName, other: &GeneralName) -> bool {
    match (one, other) {
        (GeneralName::DirectoryName(one), GeneralName::DirectoryName(other)) => compare_names(one, other),
        _ => one == other,
    }
}
