//! Faults of one certificate by itself: RFC 5280's rules, and this PKI's profiles where they are stricter.

use const_oid::db::{rfc4519::COUNTRY_NAME, rfc5280, rfc5912, rfc8410};
use der::{Tag, Tagged};
use x509_cert::{
    TbsCertificate, Version,
    ext::pkix::{KeyUsages, name::GeneralName},
    time::Time,
};

use crate::{
    Finding, certificate::label, constraints, dns, extensions::Known, key::PublicKey, names::SubjectNames,
    serial::Serial, signature::name_of, subject,
};

/// The faults of a certificate, or of one that is not signed yet. Which tier it belongs to its basicConstraints say, and
/// whether it is self-issued.
#[must_use]
pub fn certificate(tbs: &TbsCertificate) -> Vec<Finding> {
    let mut lint = Lint { object: label(tbs), findings: Vec::new() };
    lint.body(tbs);
    match Known::read(&lint.object, tbs.extensions().map_or(&[], Vec::as_slice)) {
        Ok(known) => lint.extensions(tbs, &known),
        Err(problem) => lint.add("extensions", problem.to_string(), "RFC 5280 section 4.2", "have it issued anew"),
    }
    lint.findings
}

struct Lint {
    object: String,
    findings: Vec<Finding>,
}

impl Lint {
    fn add(&mut self, field: &'static str, problem: impl Into<String>, rule: &'static str, cure: &'static str) {
        self.findings.push(Finding::new(self.object.clone(), field, problem, rule, cure));
    }

    fn body(&mut self, tbs: &TbsCertificate) {
        const ANEW: &str = "have it issued anew";
        if tbs.version() != Version::V3 {
            self.add("version", "it is not version 3", "RFC 5280 section 4.1.2.1", ANEW);
        }
        if let Err(problem) = Serial::try_from(tbs.serial_number()) {
            self.add("serialNumber", problem.to_string(), "RFC 5280 section 4.1.2.2", ANEW);
        }
        let algorithm = tbs.signature().oid;
        let accepted = [
            rfc5912::ECDSA_WITH_SHA_256,
            rfc5912::ECDSA_WITH_SHA_384,
            rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
            rfc5912::SHA_384_WITH_RSA_ENCRYPTION,
            rfc5912::SHA_512_WITH_RSA_ENCRYPTION,
        ];
        if algorithm == rfc8410::ID_ED_25519 {
            let rule = "PKI policy: PostgreSQL 15 clients with channel binding fail on what Ed25519 signs";
            self.add("signature", "an Ed25519 key signed it", rule, "have it issued by an ECDSA or RSA authority");
        } else if !accepted.contains(&algorithm) {
            self.add(
                "signature",
                format!("{} is not accepted", name_of(algorithm)),
                "PKI policy: ECDSA or RSA with SHA-256 or stronger",
                ANEW,
            );
        }
        if tbs.issuer().is_empty() {
            self.add("issuer", "it is empty", "RFC 5280 section 4.1.2.4", ANEW);
        }
        for (field, time) in
            [("validity.notBefore", &tbs.validity().not_before), ("validity.notAfter", &tbs.validity().not_after)]
        {
            if matches!(time, Time::GeneralTime(date) if date.to_date_time().year() < 2050) {
                self.add(field, "a date before 2050 is GeneralizedTime", "RFC 5280 section 4.1.2.5", ANEW);
            }
        }
        if tbs.validity().not_after.to_unix_duration() < tbs.validity().not_before.to_unix_duration() {
            self.add("validity", "it ends before it begins", "RFC 5280 section 4.1.2.5", ANEW);
        }
        if tbs.issuer_unique_id().is_some() || tbs.subject_unique_id().is_some() {
            self.add("uniqueIdentifiers", "it has some", "RFC 5280 section 4.1.2.8", ANEW);
        }
        for (field, name) in [("issuer", tbs.issuer()), ("subject", tbs.subject())] {
            for attribute in name.iter() {
                let tag = attribute.value.tag();
                let (right, problem) = match attribute.oid {
                    COUNTRY_NAME => (tag == Tag::PrintableString, "its country is not a PrintableString"),
                    _ => {
                        let old = [Tag::TeletexString, Tag::BmpString];
                        (!old.contains(&tag), "an attribute has a string type that is out of use")
                    }
                };
                if !right {
                    self.add(field, problem, "RFC 5280 appendix A.1 and section 4.1.2.4", ANEW);
                }
            }
        }
        if let Err(problem) = PublicKey::from_info(tbs.subject_public_key_info()) {
            self.add("subjectPublicKeyInfo", problem.to_string(), "PKI policy: kinds of keys", "make a new key");
        }
    }

    fn extensions(&mut self, tbs: &TbsCertificate, known: &Known) {
        for oid in &known.unknown_critical {
            self.add(
                "extensions",
                format!("the critical extension {} is not understood", name_of(*oid)),
                "RFC 5280 section 4.2",
                "have it issued without it",
            );
        }
        let self_issued = subject::bytes(tbs.subject()).ok() == subject::bytes(tbs.issuer()).ok();
        self.key_identifiers(known, self_issued);
        if known.is_authority() {
            self.authority(tbs, known, self_issued);
        } else {
            self.service(tbs, known);
        }
        if !(self_issued && known.is_authority()) {
            self.published(known);
        }
    }

    fn key_identifiers(&mut self, known: &Known, self_issued: bool) {
        match &known.subject_key {
            None => {
                self.add("subjectKeyIdentifier", "it is missing", "RFC 5280 section 4.2.1.2", "have it issued anew")
            }
            Some(key) if key.critical => {
                self.add("subjectKeyIdentifier", "it is critical", "RFC 5280 section 4.2.1.2", "have it issued anew");
            }
            Some(key) if key.value.0.as_bytes().is_empty() => {
                self.add("subjectKeyIdentifier", "it is empty", "RFC 5280 section 4.2.1.2", "have it issued anew");
            }
            Some(_) => {}
        }
        const FIELD: &str = "authorityKeyIdentifier";
        const RULE: &str = "RFC 5280 section 4.2.1.1";
        match &known.authority_key {
            None if !self_issued => self.add(FIELD, "it is missing", RULE, "have it issued anew"),
            None => {}
            Some(key) => {
                if key.critical {
                    self.add(FIELD, "it is critical", RULE, "have it issued anew");
                }
                if key.value.key_identifier.is_none() {
                    self.add(FIELD, "it has no key identifier", RULE, "have it issued anew");
                }
                if key.value.authority_cert_issuer.is_some() || key.value.authority_cert_serial_number.is_some() {
                    let rule = "PKI policy: key identifier only, so that a rollover of the issuer breaks nothing";
                    self.add(FIELD, "it names the issuer's certificate", rule, "have it issued anew");
                }
                if self_issued && known.authority_key_bytes() != known.subject_key_bytes() {
                    self.add(
                        FIELD,
                        "it is not the subject's own, though it is self-issued",
                        RULE,
                        "have it issued anew",
                    );
                }
            }
        }
    }

    fn authority(&mut self, tbs: &TbsCertificate, known: &Known, self_issued: bool) {
        const ANEW: &str = "make the authority anew";
        if tbs.subject().is_empty() {
            self.add("subject", "an authority's is empty", "RFC 5280 section 4.1.2.6", ANEW);
        }
        if known.basic_constraints.as_ref().is_some_and(|constraints| !constraints.critical) {
            self.add("basicConstraints", "it is not critical", "RFC 5280 section 4.2.1.9", ANEW);
        }
        match &known.key_usage {
            None => self.add("keyUsage", "it is missing", "RFC 5280 section 4.2.1.3", ANEW),
            Some(usage) => {
                if !usage.critical {
                    self.add("keyUsage", "it is not critical", "RFC 5280 section 4.2.1.3", ANEW);
                }
                if usage.value.0 != (KeyUsages::KeyCertSign | KeyUsages::CRLSign) {
                    self.add(
                        "keyUsage",
                        "it is not exactly keyCertSign and cRLSign",
                        "PKI policy: profile of authorities",
                        ANEW,
                    );
                }
            }
        }
        if let Some(constraints) = &known.name_constraints {
            if !constraints.critical {
                self.add("nameConstraints", "it is not critical", "RFC 5280 section 4.2.1.10", ANEW);
            }
            if constraints.value.permitted_subtrees.is_none() && constraints.value.excluded_subtrees.is_none() {
                self.add("nameConstraints", "it is empty", "RFC 5280 section 4.2.1.10", ANEW);
            }
            self.findings.extend(constraints::unusable(&self.object, &constraints.value));
        }
        if self_issued {
            return;
        }
        let path_length =
            known.basic_constraints.as_ref().and_then(|constraints| constraints.value.path_len_constraint);
        if path_length == Some(1) && known.extended_key_usage.is_none() && known.name_constraints.is_none() {
            // A root that another root signed: its intermediates are below it.
            return;
        }
        if path_length != Some(0) {
            self.add("basicConstraints.pathLenConstraint", "it is not 0", "PKI policy: three tiers", ANEW);
        }
        if known.extended_key_usage.is_none() {
            self.add(
                "extKeyUsage",
                "it is missing",
                "PKI policy: an intermediate serves servers and clients only",
                ANEW,
            );
        }
        if known.name_constraints.is_none() {
            self.add("nameConstraints", "it is missing", "PKI policy: an intermediate is bound to domains", ANEW);
        }
    }

    fn service(&mut self, tbs: &TbsCertificate, known: &Known) {
        const ANEW: &str = "have it issued anew";
        match &known.basic_constraints {
            None => self.add("basicConstraints", "it is missing", "PKI policy: profile of services", ANEW),
            Some(constraints) => {
                if !constraints.critical {
                    self.add("basicConstraints", "it is not critical", "PKI policy: profile of services", ANEW);
                }
                if constraints.value.path_len_constraint.is_some() {
                    self.add(
                        "basicConstraints.pathLenConstraint",
                        "it is there without CA:TRUE",
                        "RFC 5280 section 4.2.1.9",
                        ANEW,
                    );
                }
            }
        }
        if known.name_constraints.is_some() {
            self.add("nameConstraints", "a service certificate has some", "RFC 5280 section 4.2.1.10", ANEW);
        }
        match &known.key_usage {
            None => self.add("keyUsage", "it is missing", "PKI policy: profile of services", ANEW),
            Some(usage) => {
                if !usage.critical {
                    self.add("keyUsage", "it is not critical", "RFC 5280 section 4.2.1.3", ANEW);
                }
                if usage.value.key_cert_sign() || usage.value.crl_sign() {
                    self.add(
                        "keyUsage",
                        "keyCertSign or cRLSign without CA:TRUE",
                        "RFC 5280 sections 4.2.1.3 and 4.2.1.9",
                        "revoke it and have it issued anew",
                    );
                }
                let rsa = tbs.subject_public_key_info().algorithm.oid == rfc5912::RSA_ENCRYPTION;
                if !usage.value.digital_signature() || (usage.value.key_encipherment() && !rsa) {
                    self.add(
                        "keyUsage",
                        "it is not digitalSignature (and keyEncipherment for RSA)",
                        "PKI policy: profile of services",
                        ANEW,
                    );
                }
            }
        }
        match &known.extended_key_usage {
            None => self.add("extKeyUsage", "it is missing", "PKI policy: usages that the role needs", ANEW),
            Some(usage) => {
                if usage.value.0.is_empty() || usage.value.0.contains(&rfc5280::ANY_EXTENDED_KEY_USAGE) {
                    self.add("extKeyUsage", "it names no or any usage", "PKI policy: usages that the role needs", ANEW);
                }
            }
        }
        self.names(tbs, known);
    }

    fn names(&mut self, tbs: &TbsCertificate, known: &Known) {
        const FIELD: &str = "subjectAltName";
        const RULE: &str = "RFC 5280 section 4.2.1.6";
        const ANEW: &str = "have it issued with the names in subjectAltName";
        let Some(names) = &known.subject_alt_name else {
            self.add(FIELD, "it is missing: the common name alone names nobody (RFC 9525 section 2)", RULE, ANEW);
            return;
        };
        if names.critical != tbs.subject().is_empty() {
            self.add(FIELD, "it is critical though there is a subject, or the other way round", RULE, ANEW);
        }
        // The subject's own common name must be one of the names.
        match SubjectNames::from_extension(&names.value, dns::Wildcards::Leftmost) {
            Err(problem) if problem.findings().is_empty() => self.add(FIELD, problem.to_string(), RULE, ANEW),
            Err(problem) => {
                let object = self.object.clone();
                self.findings.extend(
                    problem.findings().iter().cloned().map(|finding| Finding { object: object.clone(), ..finding }),
                );
            }
            Ok(checked) => {
                let common = tbs.subject().common_name().ok().flatten().map(|name| name.value().into_owned());
                if let Some(common) = common
                    && !checked.iter().any(|name| name.to_string().eq_ignore_ascii_case(&common))
                {
                    self.add(
                        "subject.commonName",
                        format!("{common:?} is not among the alternative names"),
                        RULE,
                        ANEW,
                    );
                }
            }
        }
    }

    fn published(&mut self, known: &Known) {
        const ANEW: &str = "have it issued anew";
        match &known.distribution_points {
            None => self.add("cRLDistributionPoints", "it is missing", "PKI policy: everything can be revoked", ANEW),
            Some(points) => {
                if points.critical {
                    self.add("cRLDistributionPoints", "it is critical", "RFC 5280 section 4.2.1.13", ANEW);
                }
                if points.value.0.iter().any(|point| point.distribution_point.is_none()) {
                    self.add("cRLDistributionPoints", "a point says no place", "RFC 5280 section 4.2.1.13", ANEW);
                }
            }
        }
        match &known.authority_access {
            None => self.add("authorityInfoAccess", "it is missing", "PKI policy: chains can be completed", ANEW),
            Some(access) => {
                if access.critical {
                    self.add("authorityInfoAccess", "it is critical", "RFC 5280 section 4.2.2.1", ANEW);
                }
                let issuers = access.value.0.iter().any(|access| {
                    access.access_method == rfc5280::ID_AD_CA_ISSUERS
                        && matches!(access.access_location, GeneralName::UniformResourceIdentifier(_))
                });
                if !issuers {
                    self.add(
                        "authorityInfoAccess",
                        "it does not say where the issuer's certificate is",
                        "RFC 5280 section 4.2.2.1",
                        ANEW,
                    );
                }
            }
        }
    }
}
