//! A request from its options.

use der::asn1::OctetString;
use protocol::Data;
use rsa::BoxedUint;
use x509_cert::{
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints,
            SubjectAltName, SubjectKeyIdentifier,
            constraints::name::GeneralSubtree,
            crl::dp::{DistributionPoint, ReasonFlags, Reasons},
            name::DistributionPointName,
        },
    },
    serial_number::SerialNumber,
};

use super::{RequestOptions, Wanted, options::DistributionPointOptions};
use crate::support::crypto::{
    describe::Wrong,
    digest::Digest,
    extension::{self, STATUS_REQUEST, TLS_FEATURE},
    general_name::{self, ALTERNATIVE_NAME},
    name,
    request::Request,
};

pub(super) const PERMITTED: &str = "name constraints permitted";
pub(super) const EXCLUDED: &str = "name constraints excluded";
pub(super) const AUTHORITY: &str = "authority cert issuer";

/// An option that is a list, where it is not empty.
pub(super) fn given(list: Option<&Vec<String>>) -> Option<&Vec<String>> {
    list.filter(|list| !list.is_empty())
}

impl Wanted<'_> {
    /// Makes the request.
    ///
    /// # Errors
    ///
    /// The key cannot be read or does not sign; an option is none.
    pub(in super::super) fn make(&mut self) -> Result<Request, Wrong> {
        self.key()?;
        let subject = name::subject(&self.subject)?;
        let extensions = self.extensions()?;
        let chosen = self.options.digest.as_str();
        let key = self.key()?;
        let digest = match key.needs_digest() {
            true => Some(Digest::named(chosen).ok_or_else(|| Wrong::said(format!("Unsupported digest \"{chosen}\"")))?),
            false => None,
        };
        Request::make(subject, extensions, key, digest)
    }

    fn extensions(&mut self) -> Result<Vec<Extension>, Wrong> {
        let options = self.options;
        let mut all = Vec::new();
        if let Some(names) = given(self.alternative_names.as_ref()) {
            let names = SubjectAltName(general_name::list(names, ALTERNATIVE_NAME)?);
            all.push(extension::make(&names, options.subject_alt_name_critical)?);
        }
        if let Some(usages) = given(options.key_usage.as_ref()) {
            let set = extension::key_usages(usages)?;
            let only = KeyUsages::EncipherOnly | KeyUsages::DecipherOnly;
            if !set.contains(KeyUsages::KeyAgreement) && !set.is_disjoint(only) {
                return Err(Wrong::raised(
                    "encipher_only and decipher_only can only be true when key_agreement is true",
                ));
            }
            all.push(extension::make(&KeyUsage(set), options.key_usage_critical)?);
        }
        if let Some(usages) = given(options.extended_key_usage.as_ref()) {
            let usages: Result<Vec<_>, _> = usages.iter().map(|usage| name::number_of(usage)).collect();
            all.push(extension::make(&ExtendedKeyUsage(usages?), options.extended_key_usage_critical)?);
        }
        if let Some(constraints) = given(options.basic_constraints.as_ref()) {
            let constraints = extension::basic_constraints(constraints)?;
            if !constraints.ca && constraints.path_len_constraint.is_some() {
                return Err(Wrong::raised("path_length must be None when ca is False"));
            }
            all.push(extension::make(&constraints, options.basic_constraints_critical)?);
        }
        if options.ocsp_must_staple {
            let features = vec![STATUS_REQUEST];
            all.push(extension::with_number(TLS_FEATURE, &features, options.ocsp_must_staple_critical)?);
        }
        let subtrees = |names: Option<&Vec<String>>, what: &str| -> Result<_, Wrong> {
            let Some(names) = given(names) else { return Ok(None) };
            let names = general_name::list(names, what)?.into_iter();
            Ok(Some(names.map(|base| GeneralSubtree { base, minimum: 0, maximum: None }).collect::<Vec<_>>()))
        };
        let permitted_subtrees = subtrees(options.name_constraints_permitted.as_ref(), PERMITTED)?;
        let excluded_subtrees = subtrees(options.name_constraints_excluded.as_ref(), EXCLUDED)?;
        if permitted_subtrees.is_some() || excluded_subtrees.is_some() {
            let constraints = NameConstraints { permitted_subtrees, excluded_subtrees };
            all.push(extension::make(&constraints, options.name_constraints_critical)?);
        }
        if options.create_subject_key_identifier {
            let identifier = self.created_identifier()?;
            all.push(extension::make(&SubjectKeyIdentifier(octets(&identifier)?), false)?);
        } else if let Some(identifier) = &self.subject_key {
            all.push(extension::make(&SubjectKeyIdentifier(octets(identifier)?), false)?);
        }
        if let Some(authority) = self.authority()? {
            all.push(extension::make(&authority, false)?);
        }
        if let Some(points) = &self.distribution_points {
            all.push(extension::make(points, false)?);
        }
        Ok(all)
    }

    /// The identifier of the key's public half.
    pub(super) fn created_identifier(&mut self) -> Result<Vec<u8>, Wrong> {
        let public = self.key()?.public_key();
        Ok(public.ok_or_else(|| Wrong::raised("the private key is broken"))?.identifier())
    }

    /// What identifies the issuer's key, where something does.
    pub(super) fn authority(&self) -> Result<Option<AuthorityKeyIdentifier>, Wrong> {
        let options = self.options;
        let number = serial(&options.authority_cert_serial_number)?;
        if self.authority_key.is_none() && options.authority_cert_issuer.is_none() && number.is_none() {
            return Ok(None);
        }
        let issuer = options.authority_cert_issuer.as_ref();
        Ok(Some(AuthorityKeyIdentifier {
            key_identifier: self.authority_key.as_deref().map(octets).transpose()?,
            authority_cert_issuer: issuer.map(|names| general_name::list(names, AUTHORITY)).transpose()?,
            authority_cert_serial_number: number,
        }))
    }
}

fn octets(bytes: &[u8]) -> Result<OctetString, Wrong> {
    OctetString::new(bytes).map_err(|error| Wrong::raised(error.to_string()))
}

fn serial(number: &Data) -> Result<Option<SerialNumber>, Wrong> {
    let text = match number {
        Data::Int(number) => number.to_string(),
        Data::BigInt(digits) => digits.clone(),
        _ => return Ok(None),
    };
    let refused = || {
        Wrong::said(format!("authority_cert_serial_number {text} is no serial number; take one from 0 up to 159 bits"))
    };
    let bytes = BoxedUint::from_str_radix_vartime(&text, 10).map_err(|_| refused())?.to_be_bytes();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    SerialNumber::new(bytes.get(start..).unwrap_or_default()).map(Some).map_err(|_| refused())
}

/// The places of revocation lists, where the option has some.
///
/// # Errors
///
/// The collection's words for a place that is none.
pub(super) fn distribution_points(options: &RequestOptions) -> Result<Option<CrlDistributionPoints>, Wrong> {
    let Some(points) = options.crl_distribution_points.as_ref().filter(|points| !points.is_empty()) else {
        return Ok(None);
    };
    let points: Result<Vec<_>, _> = points
        .iter()
        .enumerate()
        .map(|(index, point)| {
            distribution_point(point).map_err(|error| {
                error.within(|reason| format!("Error while parsing CRL distribution point #{index}: {reason}"))
            })
        })
        .collect();
    Ok(Some(CrlDistributionPoints(points?)))
}

fn distribution_point(options: &DistributionPointOptions) -> Result<DistributionPoint, Wrong> {
    let filled = |list: Option<&Vec<String>>, option: &str| match list {
        Some(list) if list.is_empty() => Err(Wrong::said(format!("{option} must not be empty"))),
        _ => Ok(()),
    };
    filled(options.full_name.as_ref(), "full_name")?;
    let mut distribution_point = None;
    if let Some(names) = &options.full_name {
        distribution_point = Some(DistributionPointName::FullName(general_name::list(names, "full name")?));
    }
    filled(options.relative_name.as_ref(), "relative_name")?;
    if let Some(parts) = &options.relative_name {
        distribution_point = Some(DistributionPointName::NameRelativeToCRLIssuer(name::parse_relative(parts)?));
    }
    filled(options.crl_issuer.as_ref(), "crl_issuer")?;
    let crl_issuer = options.crl_issuer.as_ref().map(|names| general_name::list(names, "CRL issuer")).transpose()?;
    let reasons = options.reasons.as_ref().map(|reasons| {
        reasons.iter().fold(ReasonFlags::default(), |set, reason| match reason.as_str() {
            "key_compromise" => set | Reasons::KeyCompromise,
            "ca_compromise" => set | Reasons::CaCompromise,
            "affiliation_changed" => set | Reasons::AffiliationChanged,
            "superseded" => set | Reasons::Superseded,
            "cessation_of_operation" => set | Reasons::CessationOfOperation,
            "certificate_hold" => set | Reasons::CertificateHold,
            "privilege_withdrawn" => set | Reasons::PrivilegeWithdrawn,
            "aa_compromise" => set | Reasons::AaCompromise,
            _ => set,
        })
    });
    Ok(DistributionPoint { distribution_point, reasons, crl_issuer })
}
