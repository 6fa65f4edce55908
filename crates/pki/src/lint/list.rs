//! Faults of a revocation list by itself and beside its issuer.

use x509_cert::{
    Version,
    ext::pkix::{AuthorityKeyIdentifier, CrlNumber},
    time::Time,
};

use crate::{
    Finding,
    certificate::Certificate,
    crl::{RevocationList, Scope},
    extensions::find,
    signature::name_of,
    subject,
};

/// The faults of a list; with its issuer's certificate also those of the two together. Freshness is a matter of
/// [`crate::verify`], which knows a time.
#[must_use]
pub fn list(list: &RevocationList, issuer: Option<&Certificate>) -> Vec<Finding> {
    const ANEW: &str = "have the list made anew";
    let label = list.label();
    let mut findings = Vec::new();
    let mut add = |field, problem: String, rule| findings.push(Finding::new(label.clone(), field, problem, rule, ANEW));
    let tbs = list.tbs();
    if tbs.version != Version::V2 {
        add("version", "it is not version 2".to_owned(), "RFC 5280 section 5.1.2.1");
    }
    match list.next_update() {
        None => add("nextUpdate", "it is missing".to_owned(), "RFC 5280 section 5.1.2.5"),
        Some(next) if next <= list.this_update() => {
            add("nextUpdate", "it is not after thisUpdate".to_owned(), "RFC 5280 section 5.1.2.5");
        }
        Some(_) => {}
    }
    for time in [Some(tbs.this_update), tbs.next_update].into_iter().flatten() {
        if matches!(time, Time::GeneralTime(date) if date.to_date_time().year() < 2050) {
            add("thisUpdate", "a date before 2050 is GeneralizedTime".to_owned(), "RFC 5280 section 5.1.2.4");
        }
    }
    if tbs.revoked_certificates.as_ref().is_some_and(Vec::is_empty) {
        add("revokedCertificates", "it is there and empty".to_owned(), "RFC 5280 section 5.1.2.6");
    }
    if let Err(problem) = list.entries() {
        add("revokedCertificates", problem.to_string(), "RFC 5280 section 5.3");
    }
    for oid in list.unknown_critical() {
        add(
            "crlExtensions",
            format!("the critical extension {} is not understood", name_of(oid)),
            "RFC 5280 section 5.2",
        );
    }
    match find::<CrlNumber>(&label, list.extensions()) {
        Ok(Some(number)) if number.critical => add("cRLNumber", "it is critical".to_owned(), "RFC 5280 section 5.2.3"),
        Ok(Some(_)) => {}
        Ok(None) => add("cRLNumber", "it is missing".to_owned(), "RFC 5280 section 5.2.3"),
        Err(problem) => add("cRLNumber", problem.to_string(), "RFC 5280 section 5.2.3"),
    }
    match find::<AuthorityKeyIdentifier>(&label, list.extensions()) {
        Ok(Some(key)) if key.critical => {
            add("authorityKeyIdentifier", "it is critical".to_owned(), "RFC 5280 section 5.2.1")
        }
        Ok(Some(key)) if key.value.key_identifier.is_none() => {
            add("authorityKeyIdentifier", "it has no key identifier".to_owned(), "RFC 5280 section 5.2.1");
        }
        Ok(Some(_)) => {}
        Ok(None) => add("authorityKeyIdentifier", "it is missing".to_owned(), "RFC 5280 section 5.2.1"),
        Err(problem) => add("authorityKeyIdentifier", problem.to_string(), "RFC 5280 section 5.2.1"),
    }
    match Scope::read(list) {
        Ok(Some(scope)) if !scope.critical => {
            add("issuingDistributionPoint", "it is not critical".to_owned(), "RFC 5280 section 5.2.5");
        }
        Ok(Some(scope)) if scope.point.indirect_crl || scope.point.only_some_reasons.is_some() => {
            add(
                "issuingDistributionPoint",
                "it is indirect or for some reasons only".to_owned(),
                "PKI policy: one whole list an issuer",
            );
        }
        Ok(Some(_)) => {}
        Ok(None) => add("issuingDistributionPoint", "it is missing".to_owned(), "PKI policy: profile of lists"),
        Err(problem) => add("issuingDistributionPoint", problem.to_string(), "RFC 5280 section 5.2.5"),
    }
    let Some(issuer) = issuer else { return findings };
    if subject::bytes(issuer.subject()).ok() != subject::bytes(list.issuer()).ok() {
        add("issuer", format!("it is not {}", issuer.subject()), "RFC 5280 section 5.1.2.3");
    }
    match (issuer.known(), list.authority_key()) {
        (Ok(known), Ok(key)) => {
            if key.is_some() && key.as_deref() != known.subject_key_bytes() {
                add(
                    "authorityKeyIdentifier",
                    "it is not the issuer's subjectKeyIdentifier".to_owned(),
                    "RFC 5280 section 5.2.1",
                );
            }
            if !known.key_usage.is_none_or(|usage| usage.value.crl_sign()) {
                add("signature", "its issuer may not sign CRLs".to_owned(), "RFC 5280 section 4.2.1.3");
            }
        }
        (Err(problem), _) | (_, Err(problem)) => add("issuer", problem.to_string(), "RFC 5280 section 5.1.2.3"),
    }
    findings
}
