//! Faults of a certificate beside its issuer's.

use x509_cert::TbsCertificate;

use crate::{
    Finding,
    certificate::{Certificate, label},
    constraints,
    dns::Wildcards,
    extensions::Known,
    names::SubjectNames,
    subject,
    validity::Validity,
};

/// The faults of a certificate, signed or not yet, as issued by that one. Signatures are not looked at here.
#[must_use]
pub fn pair(issuer: &Certificate, tbs: &TbsCertificate) -> Vec<Finding> {
    let object = label(tbs);
    let mut findings = Vec::new();
    let mut add = |field, problem: String, rule, cure: &str| {
        findings.push(Finding::new(object.clone(), field, problem, rule, cure))
    };
    let (above, below) = match (issuer.known(), Known::read(&object, tbs.extensions().map_or(&[], Vec::as_slice))) {
        (Ok(above), Ok(below)) => (above, below),
        (Err(problem), _) | (_, Err(problem)) => {
            add("extensions", problem.to_string(), "RFC 5280 section 4.2", "have it issued anew");
            return findings;
        }
    };
    if subject::bytes(issuer.subject()).ok() != subject::bytes(tbs.issuer()).ok() {
        add(
            "issuer",
            format!("it is {}, its issuer is {}", tbs.issuer(), issuer.subject()),
            "RFC 5280 section 4.1.2.4",
            "present the certificate that issued it",
        );
    }
    if !above.is_authority() || !above.key_usage.as_ref().is_none_or(|usage| usage.value.key_cert_sign()) {
        add(
            "issuer",
            format!("{} may not issue certificates", issuer.label()),
            "RFC 5280 section 6.1.4 (k) and (n)",
            "have it issued by an authority",
        );
    }
    if below.authority_key.is_some() && below.authority_key_bytes() != above.subject_key_bytes() {
        add(
            "authorityKeyIdentifier",
            "it is not the issuer's subjectKeyIdentifier".to_owned(),
            "RFC 5280 section 4.2.1.1",
            "present the certificate that issued it",
        );
    }
    if let Err(refusal) = Validity::from(tbs.validity()).within_issuer(&object, &issuer.validity()) {
        findings.extend(refusal.findings().iter().cloned());
    }
    let path_length = above.basic_constraints.as_ref().and_then(|constraints| constraints.value.path_len_constraint);
    if below.is_authority() && path_length == Some(0) {
        findings.push(Finding::new(
            object.clone(),
            "basicConstraints",
            format!("{} may not have authorities below it (pathLenConstraint 0)", issuer.label()),
            "RFC 5280 section 4.2.1.9",
            "have it issued by the root",
        ));
    }
    if let (Some(constraints), Some(names)) = (&above.name_constraints, &below.subject_alt_name)
        && let Ok(names) = SubjectNames::from_extension(&names.value, Wildcards::Leftmost)
    {
        findings.extend(constraints::check(&object, &names, &constraints.value));
    }
    if let (Some(above), Some(below)) = (&above.extended_key_usage, &below.extended_key_usage) {
        for usage in below.value.0.iter().filter(|usage| !above.value.0.contains(usage)) {
            findings.push(Finding::new(
                object.clone(),
                "extKeyUsage",
                format!("{} is not a usage of its issuer", crate::signature::name_of(*usage)),
                "PKI policy: usages nest, as TLS clients check",
                "take a usage that the issuer has",
            ));
        }
    }
    findings
}
