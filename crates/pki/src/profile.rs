//! What each tier's certificates look like. A profile is the only way to bytes that can be signed.

mod cross;
mod intermediate;
mod root;
mod service;

use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use der::asn1::OctetString;
use flagset::FlagSet;
use x509_cert::ext::{
    Extension,
    pkix::{
        AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
        ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectKeyIdentifier, crl::dp::DistributionPoint,
        name::DistributionPointName,
    },
};

pub use cross::Cross;
pub use intermediate::Intermediate;
pub use root::Root;
pub use service::{Role, Service};

use crate::{
    Error, Finding, Result,
    authority::Authority,
    clock::DAY,
    extensions::write,
    key::{KeyKind, PublicKey},
    url::HttpUrl,
    validity::Validity,
};

/// Where to fetch what an issuer publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The issuer's CRL (cRLDistributionPoints).
    pub crl: HttpUrl,
    /// The issuer's certificate in DER (authorityInfoAccess, caIssuers).
    pub certificate: HttpUrl,
}

fn basic_constraints(ca: bool, path_len_constraint: Option<u8>) -> Result<Extension> {
    write(true, &BasicConstraints { ca, path_len_constraint })
}

fn key_usage(usages: impl Into<FlagSet<KeyUsages>>) -> Result<Extension> {
    write(true, &KeyUsage(usages.into()))
}

fn server_and_client(server: bool, client: bool) -> Result<Extension> {
    let usages = [(server, ID_KP_SERVER_AUTH), (client, ID_KP_CLIENT_AUTH)];
    write(false, &ExtendedKeyUsage(usages.into_iter().filter(|(wanted, _)| *wanted).map(|(_, usage)| usage).collect()))
}

fn subject_key(key: &PublicKey) -> Result<Extension> {
    write(false, &SubjectKeyIdentifier(octets(&key.identifier())?))
}

/// The key identifier only, copied from the issuer's own.
pub(crate) fn authority_key(issuer: &Authority) -> Result<Extension> {
    let key_identifier = Some(octets(issuer.identifier())?);
    write(
        false,
        &AuthorityKeyIdentifier { key_identifier, authority_cert_issuer: None, authority_cert_serial_number: None },
    )
}

fn published(published: &Published) -> Result<[Extension; 2]> {
    let point = DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![published.crl.general_name()?])),
        reasons: None,
        crl_issuer: None,
    };
    let access = AccessDescription {
        access_method: const_oid::db::rfc5280::ID_AD_CA_ISSUERS,
        access_location: published.certificate.general_name()?,
    };
    Ok([write(false, &CrlDistributionPoints(vec![point]))?, write(false, &AuthorityInfoAccessSyntax(vec![access]))?])
}

fn octets(bytes: &[u8]) -> Result<OctetString> {
    OctetString::new(bytes).map_err(|problem| Error::input("key identifier", problem, "make the authority anew"))
}

/// Refuses keys of other kinds than those.
fn key_of(object: &str, key: &PublicKey, accepted: &[KeyKind]) -> Result<()> {
    if accepted.contains(&key.kind()) {
        return Ok(());
    }
    let wanted = accepted.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Err(Error::refused(Finding::new(
        object,
        "subjectPublicKeyInfo",
        format!("its key is {}", key.kind()),
        "PKI policy: kinds of keys",
        format!("take {wanted}"),
    )))
}

/// Refuses a period that is longer than that many days.
fn no_longer_than(object: &str, validity: &Validity, days: u32) -> Result<()> {
    if validity.seconds() <= u64::from(days) * DAY {
        return Ok(());
    }
    Err(Error::refused(Finding::new(
        object,
        "validity",
        format!("it would hold for {} days and more", validity.seconds() / DAY),
        "PKI policy: lengths of validity",
        format!("ask for {days} days at most"),
    )))
}
