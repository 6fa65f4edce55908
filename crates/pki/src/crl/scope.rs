//! What a list covers: the issuingDistributionPoint extension (RFC 5280 section 5.2.5).
//!
//! It is read and written here by its number: x509-cert 0.3.0 gives its type that of subjectInfoAccess.

use const_oid::db::rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT;
use der::{Decode, Encode, asn1::OctetString};
use x509_cert::ext::{Extension, pkix::crl::dp::IssuingDistributionPoint};

use super::RevocationList;
use crate::{Error, Result};

/// The scope of a list, and whether its extension is critical.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) critical: bool,
    pub(crate) point: IssuingDistributionPoint,
}

impl Scope {
    pub(crate) fn read(list: &RevocationList) -> Result<Option<Self>> {
        let mut found =
            list.extensions().iter().filter(|extension| extension.extn_id == ID_CE_ISSUING_DISTRIBUTION_POINT);
        let Some(extension) = found.next() else { return Ok(None) };
        let wrong = |problem: String| {
            Error::input(format!("{}: issuingDistributionPoint", list.label()), problem, "have the list made anew")
        };
        if found.next().is_some() {
            return Err(wrong("it is there twice".to_owned()));
        }
        let point = IssuingDistributionPoint::from_der(extension.extn_value.as_bytes())
            .map_err(|problem| wrong(problem.to_string()))?;
        Ok(Some(Self { critical: extension.critical, point }))
    }

    /// Authorities only, or services only. It says no place: OpenSSL checks the root itself against the root's list, and the
    /// root has no distribution point that could match one ("different CRL scope").
    pub(crate) fn write(only_authorities: bool) -> Result<Extension> {
        let point = IssuingDistributionPoint {
            distribution_point: None,
            only_contains_user_certs: !only_authorities,
            only_contains_ca_certs: only_authorities,
            only_some_reasons: None,
            indirect_crl: false,
            only_contains_attribute_certs: false,
        };
        let wrong = |problem| Error::input("issuingDistributionPoint", problem, "have the list made anew");
        let extn_value = OctetString::new(point.to_der().map_err(wrong)?).map_err(wrong)?;
        Ok(Extension { extn_id: ID_CE_ISSUING_DISTRIBUTION_POINT, critical: true, extn_value })
    }
}
