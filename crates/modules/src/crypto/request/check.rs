//! Whether a request is what its options ask for.

use const_oid::AssociatedOid;
use der::Encode;
use x509_cert::ext::{
    Extension,
    pkix::{
        AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages,
        NameConstraints, SubjectAltName, SubjectKeyIdentifier, name::GeneralName,
    },
};

use super::{
    Wanted,
    build::{EXCLUDED, PERMITTED, given},
};
use crate::support::crypto::{
    describe::{Wrong, distinguished},
    extension::{self, STATUS_REQUEST, TLS_FEATURE},
    general_name::{self, ALTERNATIVE_NAME},
    name,
    request::Request,
};

impl Wanted<'_> {
    /// Whether a request has this subject, asks for these extensions and is signed by this key.
    pub(super) fn is_met_by(&mut self, request: &Request) -> Result<bool, Wrong> {
        let extensions = request.extensions();
        Ok(self.has_subject(request)?
            && self.has_alternative_names(extensions)?
            && self.has_key_usage(extensions)?
            && self.has_extended_key_usage(extensions)?
            && self.has_basic_constraints(extensions)?
            && self.has_must_staple(extensions)
            && self.has_subject_key(extensions)?
            && self.has_authority_key(extensions)?
            && self.has_name_constraints(extensions)?
            && self.has_distribution_points(extensions)
            && request.is_signed()
            && self.key()?.public_key().as_ref() == Some(request.key()))
    }

    fn has_subject(&self, request: &Request) -> Result<bool, Wrong> {
        let wanted: Result<Vec<_>, Wrong> =
            self.subject.iter().map(|(name, value)| Ok((name::number_of(name)?, value.clone()))).collect();
        let wanted = wanted?;
        let Ok(current) = distinguished::attributes(request.subject()) else { return Ok(false) };
        Ok(if self.is_ordered() { wanted == current } else { is_same_set(&wanted, &current) })
    }

    fn has_alternative_names(&self, extensions: &[Extension]) -> Result<bool, Wrong> {
        let wanted = match given(self.alternative_names.as_ref()) {
            Some(names) => general_name::list(names, ALTERNATIVE_NAME)?,
            None => Vec::new(),
        };
        let current = extension::find::<SubjectAltName>(extensions);
        let (critical, names) = match &current {
            Some((critical, names)) => (Some(*critical), names.0.as_slice()),
            None => (None, [].as_slice()),
        };
        Ok(is_same_set(&wanted, names)
            && (wanted.is_empty() || critical == Some(self.options.subject_alt_name_critical)))
    }

    fn has_key_usage(&self, extensions: &[Extension]) -> Result<bool, Wrong> {
        let Some(usages) = given(self.options.key_usage.as_ref()) else {
            return Ok(!extension::has(extensions, KeyUsage::OID));
        };
        let wanted = extension::key_usages(usages)?;
        let Some((critical, KeyUsage(mut current))) = extension::find::<KeyUsage>(extensions) else { return Ok(false) };
        if !current.contains(KeyUsages::KeyAgreement) {
            // They mean nothing then (RFC 5280 section 4.2.1.3).
            current -= KeyUsages::EncipherOnly | KeyUsages::DecipherOnly;
        }
        Ok(wanted == current && critical == self.options.key_usage_critical)
    }

    fn has_extended_key_usage(&self, extensions: &[Extension]) -> Result<bool, Wrong> {
        let wanted = match given(self.options.extended_key_usage.as_ref()) {
            Some(usages) => usages.iter().map(|usage| name::number_of(usage)).collect::<Result<Vec<_>, _>>()?,
            None => Vec::new(),
        };
        let current = extension::find::<ExtendedKeyUsage>(extensions);
        let (critical, usages) = match &current {
            Some((critical, usages)) => (Some(*critical), usages.0.as_slice()),
            None => (None, [].as_slice()),
        };
        Ok(is_same_set(&wanted, usages)
            && (wanted.is_empty() || critical == Some(self.options.extended_key_usage_critical)))
    }

    fn has_basic_constraints(&self, extensions: &[Extension]) -> Result<bool, Wrong> {
        let Some(constraints) = given(self.options.basic_constraints.as_ref()) else {
            return Ok(!extension::has(extensions, BasicConstraints::OID));
        };
        let wanted = extension::basic_constraints(constraints)?;
        Ok(extension::find::<BasicConstraints>(extensions) == Some((self.options.basic_constraints_critical, wanted)))
    }

    fn has_must_staple(&self, extensions: &[Extension]) -> bool {
        if !self.options.ocsp_must_staple {
            return !extension::has(extensions, TLS_FEATURE);
        }
        extension::find_number::<Vec<u16>>(extensions, TLS_FEATURE).is_some_and(|(critical, features)| {
            critical == self.options.ocsp_must_staple_critical && features.contains(&STATUS_REQUEST)
        })
    }

    fn has_subject_key(&mut self, extensions: &[Extension]) -> Result<bool, Wrong> {
        let wanted = match self.options.create_subject_key_identifier {
            true => Some(self.created_identifier()?),
            false => self.subject_key.clone(),
        };
        let Some(wanted) = wanted else { return Ok(!extension::has(extensions, SubjectKeyIdentifier::OID)) };
        let current = extension::find::<SubjectKeyIdentifier>(extensions);
        Ok(current.is_some_and(|(critical, identifier)| !critical && identifier.0.as_bytes() == wanted))
    }

    fn has_authority_key(&self, extensions: &[Extension]) -> Result<bool, Wrong> {
        let Some(wanted) = self.authority()? else {
            return Ok(!extension::has(extensions, AuthorityKeyIdentifier::OID));
        };
        Ok(extension::find::<AuthorityKeyIdentifier>(extensions) == Some((false, wanted)))
    }

    fn has_name_constraints(&self, extensions: &[Extension]) -> Result<bool, Wrong> {
        let read = |names: Option<&Vec<String>>, what: &str| match given(names) {
            Some(names) => general_name::list(names, what),
            None => Ok(Vec::new()),
        };
        let permitted = read(self.options.name_constraints_permitted.as_ref(), PERMITTED)?;
        let excluded = read(self.options.name_constraints_excluded.as_ref(), EXCLUDED)?;
        let (critical, current) = match extension::find::<NameConstraints>(extensions) {
            Some((critical, constraints)) => (Some(critical), constraints),
            None => (None, NameConstraints { permitted_subtrees: None, excluded_subtrees: None }),
        };
        let bases = |subtrees: Option<Vec<x509_cert::ext::pkix::constraints::name::GeneralSubtree>>| {
            subtrees.unwrap_or_default().into_iter().map(|subtree| subtree.base).collect::<Vec<GeneralName>>()
        };
        Ok(is_same_set(&permitted, &bases(current.permitted_subtrees))
            && is_same_set(&excluded, &bases(current.excluded_subtrees))
            && (permitted.is_empty() && excluded.is_empty()
                || critical == Some(self.options.name_constraints_critical)))
    }

    fn has_distribution_points(&self, extensions: &[Extension]) -> bool {
        match &self.distribution_points {
            None => !extension::has(extensions, CrlDistributionPoints::OID),
            Some(wanted) => extension::find::<CrlDistributionPoints>(extensions)
                .is_some_and(|(_, current)| current.to_der() == wanted.to_der()),
        }
    }
}

fn is_same_set<T: PartialEq>(left: &[T], right: &[T]) -> bool {
    left.iter().all(|item| right.contains(item)) && right.iter().all(|item| left.contains(item))
}
