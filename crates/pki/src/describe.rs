//! What certificates, requests and lists say, as plain data for a screen or another program.

use der::Encode;
use flagset::FlagSet;
use serde::Serialize;
use x509_cert::{
    TbsCertificate,
    ext::pkix::{
        KeyUsages,
        name::{DistributionPointName, GeneralName},
    },
};

use crate::{
    Result, certificate::Certificate, crl::RevocationList, extensions::Known, issue::ToBeSigned, key::PublicKey,
    names::kind, profile::Role, request::SigningRequest, serial::hex, signature::name_of, validity::Validity,
};

/// What a certificate says. Times are RFC 3339 in UTC, numbers and hashes hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of RFC 5280")]
pub struct CertificateText {
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    pub not_before: String,
    pub not_after: String,
    /// The kind of key, or why it is none that is known here.
    pub key: String,
    /// The SHA-256 of the public key's structure.
    pub key_sha256: Option<String>,
    pub signature_algorithm: String,
    pub authority: bool,
    pub path_length: Option<u8>,
    pub key_usage: Vec<&'static str>,
    pub extended_key_usage: Vec<String>,
    /// `server`, `client` or `both`, by the extended key usage.
    pub role: Option<&'static str>,
    pub names: Vec<String>,
    pub permitted: Vec<String>,
    pub excluded: Vec<String>,
    pub crl_distribution_points: Vec<String>,
    pub issuer_certificate: Vec<String>,
    pub subject_key_identifier: Option<String>,
    pub authority_key_identifier: Option<String>,
    /// Critical extensions that are not understood here.
    pub unknown_critical: Vec<String>,
    /// The SHA-256 of the certificate.
    pub sha256: String,
}

/// What a signing request says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestText {
    /// The subject asked for.
    pub subject: String,
    /// The kind of key.
    pub key: String,
    /// The SHA-256 of the public key's structure.
    pub key_sha256: String,
    /// The alternative names asked for.
    pub names: Vec<String>,
    /// The SHA-256 of the request.
    pub sha256: String,
}

/// What a revocation list says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListText {
    /// Who issued it.
    pub issuer: String,
    /// Its CRLNumber, where it has one that is counted here.
    pub number: Option<u64>,
    /// When it was made.
    pub this_update: String,
    /// When it expires.
    pub next_update: Option<String>,
    /// How it is signed.
    pub signature_algorithm: String,
    /// The key identifier of its issuer.
    pub authority_key_identifier: Option<String>,
    /// What is revoked.
    pub revoked: Vec<RevokedText>,
    /// The SHA-256 of the list.
    pub sha256: String,
}

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevokedText {
    /// Its serial number.
    pub serial: String,
    /// Since when.
    pub since: String,
    /// Why, by RFC 5280's name.
    pub reason: &'static str,
}

/// What a certificate says.
///
/// # Errors
///
/// An extension that cannot be read.
pub fn certificate(certificate: &Certificate) -> Result<CertificateText> {
    body(certificate.tbs(), certificate.known()?, certificate.fingerprint())
}

/// What a certificate will say once it is signed; its hash is that of the bytes to be signed.
///
/// # Errors
///
/// None in practice: a profile wrote it.
pub fn to_be_signed(draft: &ToBeSigned) -> Result<CertificateText> {
    let extensions = draft.tbs().extensions().map_or(&[][..], Vec::as_slice);
    body(draft.tbs(), Known::read(&draft.label(), extensions)?, draft.fingerprint())
}

fn body(tbs: &TbsCertificate, known: Known, sha256: String) -> Result<CertificateText> {
    let key = PublicKey::from_info(tbs.subject_public_key_info());
    let validity = Validity::from(tbs.validity());
    let constraints = known.name_constraints.as_ref().map(|constraints| &constraints.value);
    let subtrees = |subtrees: Option<&Vec<_>>| -> Vec<String> {
        let bases = subtrees.into_iter().flatten();
        bases.map(|subtree: &x509_cert::ext::pkix::constraints::name::GeneralSubtree| range(&subtree.base)).collect()
    };
    Ok(CertificateText {
        subject: tbs.subject().to_string(),
        issuer: tbs.issuer().to_string(),
        serial: hex(tbs.serial_number().as_bytes()),
        not_before: validity.not_before().to_string(),
        not_after: validity.not_after().to_string(),
        key: key.as_ref().map_or_else(ToString::to_string, |key| key.kind().to_string()),
        key_sha256: key.and_then(|key| key.fingerprint()).ok(),
        signature_algorithm: name_of(tbs.signature().oid),
        authority: known.is_authority(),
        path_length: known.basic_constraints.as_ref().and_then(|constraints| constraints.value.path_len_constraint),
        key_usage: known.key_usage.as_ref().map(|usage| usages(usage.value.0)).unwrap_or_default(),
        extended_key_usage: known
            .extended_key_usage
            .iter()
            .flat_map(|usages| usages.value.0.iter().map(|usage| name_of(*usage)))
            .collect(),
        role: known.role().map(Role::name),
        names: known.subject_alt_name.iter().flat_map(|names| names.value.0.iter().map(name)).collect(),
        permitted: subtrees(constraints.and_then(|constraints| constraints.permitted_subtrees.as_ref())),
        excluded: subtrees(constraints.and_then(|constraints| constraints.excluded_subtrees.as_ref())),
        crl_distribution_points: points(&known),
        issuer_certificate: known
            .authority_access
            .iter()
            .flat_map(|access| access.value.0.iter().map(|one| name(&one.access_location)))
            .collect(),
        subject_key_identifier: known.subject_key_bytes().map(hex),
        authority_key_identifier: known.authority_key_bytes().map(hex),
        unknown_critical: known.unknown_critical.iter().map(|oid| name_of(*oid)).collect(),
        sha256,
    })
}

/// What a signing request says.
///
/// # Errors
///
/// Names that this PKI does not certify.
pub fn request(request: &SigningRequest) -> Result<RequestText> {
    let names = request.names(crate::dns::Wildcards::Leftmost)?;
    let key: &PublicKey = request.public_key();
    Ok(RequestText {
        subject: request.subject().to_string(),
        key: key.kind().to_string(),
        key_sha256: key.fingerprint()?,
        names: names.iter().flat_map(|names| names.iter().map(ToString::to_string)).collect(),
        sha256: request.fingerprint(),
    })
}

/// What a list says.
///
/// # Errors
///
/// An entry or an extension that cannot be read.
pub fn list(list: &RevocationList) -> Result<ListText> {
    let revoked = list.entries()?;
    Ok(ListText {
        issuer: list.issuer().to_string(),
        number: list.number().ok(),
        this_update: list.this_update().to_string(),
        next_update: list.next_update().map(|next| next.to_string()),
        signature_algorithm: name_of(list.tbs().signature.oid),
        authority_key_identifier: list.authority_key()?.as_deref().map(hex),
        revoked: revoked
            .iter()
            .map(|entry| RevokedText {
                serial: entry.serial.to_string(),
                since: entry.revoked.to_string(),
                reason: entry.reason.name(),
            })
            .collect(),
        sha256: list.fingerprint(),
    })
}

fn usages(set: FlagSet<KeyUsages>) -> Vec<&'static str> {
    let names = [
        (KeyUsages::DigitalSignature, "digitalSignature"),
        (KeyUsages::NonRepudiation, "nonRepudiation"),
        (KeyUsages::KeyEncipherment, "keyEncipherment"),
        (KeyUsages::DataEncipherment, "dataEncipherment"),
        (KeyUsages::KeyAgreement, "keyAgreement"),
        (KeyUsages::KeyCertSign, "keyCertSign"),
        (KeyUsages::CRLSign, "cRLSign"),
        (KeyUsages::EncipherOnly, "encipherOnly"),
        (KeyUsages::DecipherOnly, "decipherOnly"),
    ];
    names.into_iter().filter(|(usage, _)| set.contains(*usage)).map(|(_, name)| name).collect()
}

fn points(known: &Known) -> Vec<String> {
    let points = known.distribution_points.iter().flat_map(|points| points.value.0.iter());
    points
        .filter_map(|point| match &point.distribution_point {
            Some(DistributionPointName::FullName(names)) => Some(names.iter().map(name).collect::<Vec<_>>()),
            _ => None,
        })
        .flatten()
        .collect()
}

fn name(name: &GeneralName) -> String {
    match name {
        GeneralName::DnsName(text) | GeneralName::Rfc822Name(text) | GeneralName::UniformResourceIdentifier(text) => {
            text.to_string()
        }
        GeneralName::IpAddress(bytes) => address(bytes.as_bytes()).unwrap_or_else(|| hex(bytes.as_bytes())),
        GeneralName::DirectoryName(name) => name.to_string(),
        other => format!("{}:{}", kind(other), other.to_der().map(|der| hex(&der)).unwrap_or_default()),
    }
}

/// A constraint's base: an address there has its mask behind it.
fn range(base: &GeneralName) -> String {
    let GeneralName::IpAddress(bytes) = base else { return name(base) };
    let (network, mask) = bytes.as_bytes().split_at(bytes.as_bytes().len() / 2);
    let prefix: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    address(network).map_or_else(|| hex(bytes.as_bytes()), |network| format!("{network}/{prefix}"))
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from)).ok().map(|address| address.to_string())
}
