//! The service certificate: ninety days, names that its intermediate may certify, the usages that its role needs.

use x509_cert::ext::pkix::KeyUsages;

use super::{
    Published, authority_key, basic_constraints, key_of, key_usage, no_longer_than, published, server_and_client,
    subject_key,
};
use crate::{
    Result,
    authority::Authority,
    dns::Wildcards,
    extensions::write,
    issue::{Terms, ToBeSigned},
    key::{KeyKind, PublicKey},
    names::SubjectNames,
    request::SigningRequest,
    subject::Subject,
};

/// What a service does with its certificate (extKeyUsage, RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It answers: serverAuth.
    Server,
    /// It calls: clientAuth.
    Client,
    /// It does both, as a member of a cluster does.
    Both,
}

impl Role {
    /// Its name: `server`, `client` or `both`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Both => "both",
        }
    }
}

/// The profile of a service certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Whom it speaks for; the first DNS name or address becomes the common name where it fits.
    pub names: SubjectNames,
    /// The organization in the subject, if any.
    pub organization: Option<String>,
    /// What it is for.
    pub role: Role,
    /// Kinds of keys that are accepted; [`Service::KEYS`] unless the operator opted for others.
    pub keys: Vec<KeyKind>,
    /// Where the intermediate's CRL and certificate are fetched from.
    pub published: Published,
}

impl Service {
    /// How long a service certificate holds, in days.
    pub const DAYS: u32 = 90;
    /// Kinds of keys that are accepted unless the operator opts for others.
    pub const KEYS: [KeyKind; 1] = [KeyKind::P256];
    /// Kinds of keys that can be opted for.
    pub const KEYS_ON_DEMAND: [KeyKind; 4] = [KeyKind::P384, KeyKind::Rsa(3072), KeyKind::Rsa(4096), KeyKind::Ed25519];

    /// The certificate for a request, to be signed by the intermediate. Of the request the key is used; its names must be
    /// among those of the profile, and what else it asks for is left aside.
    ///
    /// # Errors
    ///
    /// A request for an authority; names beyond those of the profile; and what [`Self::draft`] refuses.
    pub fn draft_for(&self, intermediate: &Authority, request: &SigningRequest, terms: &Terms) -> Result<ToBeSigned> {
        request.refuse_authority()?;
        if let Some(asked) = request.names(Wildcards::Leftmost)? {
            let beyond: Vec<_> = asked.iter().filter(|name| !self.names.iter().any(|own| own == *name)).collect();
            if let Some(name) = beyond.first() {
                return Err(crate::Error::refused(crate::Finding::new(
                    request.label(),
                    "subjectAltName",
                    format!("it asks for {name}, which this service does not have"),
                    "PKI policy: the operator names, not the request",
                    "add the name to the service or make the request without it",
                )));
            }
        }
        self.draft(intermediate, request.public_key(), terms)
    }

    /// The certificate for a key, to be signed by the intermediate.
    ///
    /// # Errors
    ///
    /// A kind of key that was not opted for, names outside of the intermediate's constraints, more than ninety days, an end
    /// after the intermediate's.
    pub fn draft(&self, intermediate: &Authority, key: &PublicKey, terms: &Terms) -> Result<ToBeSigned> {
        let common_name = self.names.common_name();
        let object = match &common_name {
            Some(name) => format!("certificate {name:?}"),
            None => "service certificate".to_owned(),
        };
        key_of(&object, key, &self.keys)?;
        no_longer_than(&object, &terms.validity, Self::DAYS)?;
        intermediate.may_certify(&object, &self.names)?;
        let subject = Subject { country: None, organization: self.organization.clone(), common_name }.name()?;
        let usages = match key.kind() {
            KeyKind::Rsa(_) => KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment,
            _ => KeyUsages::DigitalSignature.into(),
        };
        let mut extensions = vec![
            basic_constraints(false, None)?,
            key_usage(usages)?,
            server_and_client(self.role != Role::Client, self.role != Role::Server)?,
            // RFC 5280 section 4.2.1.6: critical exactly where there is no subject.
            write(subject.is_empty(), &self.names.to_extension()?)?,
            subject_key(key)?,
            authority_key(intermediate)?,
        ];
        extensions.extend(published(&self.published)?);
        ToBeSigned::build(Some(intermediate), subject, key, terms, extensions)
    }
}
