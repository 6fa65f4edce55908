//! Extensions, written and read: each at most once, decoded to its end.

use const_oid::{
    AssociatedOid, ObjectIdentifier,
    db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH},
};
use der::{Decode, Encode, asn1::OctetString};
use x509_cert::ext::{
    Extension,
    pkix::{
        AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage,
        KeyUsage, NameConstraints, SubjectAltName, SubjectKeyIdentifier,
    },
};

use crate::{Error, Result, profile::Role, signature::name_of};

/// An extension with that criticality.
pub(crate) fn write<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension> {
    let wrong = |problem| Error::input(name_of(T::OID), problem, "check what was asked for");
    let extn_value = OctetString::new(value.to_der().map_err(wrong)?).map_err(wrong)?;
    Ok(Extension { extn_id: T::OID, critical, extn_value })
}

/// One extension as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read<T> {
    pub(crate) critical: bool,
    pub(crate) value: T,
}

/// The extension of that type; none if it is not there.
///
/// # Errors
///
/// It is there twice (RFC 5280 section 4.2), or its value is not what its type says.
pub(crate) fn find<T>(object: &str, extensions: &[Extension]) -> Result<Option<Read<T>>>
where
    T: AssociatedOid + for<'a> Decode<'a>,
{
    let mut found = extensions.iter().filter(|extension| extension.extn_id == T::OID);
    let Some(extension) = found.next() else { return Ok(None) };
    let wrong =
        |problem: String| Error::input(format!("{object}: {}", name_of(T::OID)), problem, "have it issued anew");
    if found.next().is_some() {
        return Err(wrong("it is there twice (RFC 5280 section 4.2)".to_owned()));
    }
    let value = T::from_der(extension.extn_value.as_bytes()).map_err(|problem| wrong(problem.to_string()))?;
    Ok(Some(Read { critical: extension.critical, value }))
}

/// Every extension that this PKI writes or understands in certificates, decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) basic_constraints: Option<Read<BasicConstraints>>,
    pub(crate) key_usage: Option<Read<KeyUsage>>,
    pub(crate) extended_key_usage: Option<Read<ExtendedKeyUsage>>,
    pub(crate) subject_alt_name: Option<Read<SubjectAltName>>,
    pub(crate) name_constraints: Option<Read<NameConstraints>>,
    pub(crate) subject_key: Option<Read<SubjectKeyIdentifier>>,
    pub(crate) authority_key: Option<Read<AuthorityKeyIdentifier>>,
    pub(crate) distribution_points: Option<Read<CrlDistributionPoints>>,
    pub(crate) authority_access: Option<Read<AuthorityInfoAccessSyntax>>,
    /// Critical ones that are none of these.
    pub(crate) unknown_critical: Vec<ObjectIdentifier>,
}

impl Known {
    pub(crate) fn read(object: &str, extensions: &[Extension]) -> Result<Self> {
        let known = [
            BasicConstraints::OID,
            KeyUsage::OID,
            ExtendedKeyUsage::OID,
            SubjectAltName::OID,
            NameConstraints::OID,
            SubjectKeyIdentifier::OID,
            AuthorityKeyIdentifier::OID,
            CrlDistributionPoints::OID,
            AuthorityInfoAccessSyntax::OID,
        ];
        Ok(Self {
            basic_constraints: find(object, extensions)?,
            key_usage: find(object, extensions)?,
            extended_key_usage: find(object, extensions)?,
            subject_alt_name: find(object, extensions)?,
            name_constraints: find(object, extensions)?,
            subject_key: find(object, extensions)?,
            authority_key: find(object, extensions)?,
            distribution_points: find(object, extensions)?,
            authority_access: find(object, extensions)?,
            unknown_critical: extensions
                .iter()
                .filter(|extension| extension.critical && !known.contains(&extension.extn_id))
                .map(|extension| extension.extn_id)
                .collect(),
        })
    }

    pub(crate) fn is_authority(&self) -> bool {
        self.basic_constraints.as_ref().is_some_and(|constraints| constraints.value.ca)
    }

    /// What its usages make it good for; none where it has neither or other usages only.
    pub(crate) fn role(&self) -> Option<Role> {
        let usages = &self.extended_key_usage.as_ref()?.value.0;
        match (usages.contains(&ID_KP_SERVER_AUTH), usages.contains(&ID_KP_CLIENT_AUTH)) {
            (true, true) => Some(Role::Both),
            (true, false) => Some(Role::Server),
            (false, true) => Some(Role::Client),
            (false, false) => None,
        }
    }

    pub(crate) fn subject_key_bytes(&self) -> Option<&[u8]> {
        self.subject_key.as_ref().map(|key| key.value.0.as_bytes())
    }

    pub(crate) fn authority_key_bytes(&self) -> Option<&[u8]> {
        self.authority_key.as_ref().and_then(|key| key.value.key_identifier.as_ref()).map(OctetString::as_bytes)
    }
}
