//! The two who sign: a certificate's own key, and an authority's.

use std::{fs, path::Path};

use const_oid::AssociatedOid;
use der::asn1::OctetString;
use protocol::Data;
use x509_cert::{
    ext::{
        Extension,
        pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier},
    },
    name::Name,
};

use super::options::{SubjectKey, X509CertificateArgs};
use crate::{
    module::os_error,
    support::crypto::{
        certificate::{Certificate, Draft, is, is_same_name, random_serial},
        describe::{Wrong, numbers, times::Moment},
        digest::Digest,
        extension,
        key::{self, PrivateKey, PublicKey},
        request::Request,
    },
};

/// A certificate in the making: what it is made of, read.
pub(super) struct Issuing<'a> {
    args: &'a X509CertificateArgs,
    request: Request,
    /// The key that signs.
    signer: PrivateKey,
    signer_public: PublicKey,
    digest: Option<Digest>,
    not_before: Moment,
    not_after: Moment,
    subject_key: SubjectKey,
    authority: Option<Certificate>,
    serial: Vec<u8>,
}

impl<'a> Issuing<'a> {
    /// By its own key.
    ///
    /// # Errors
    ///
    /// The collection's words for what is missing or cannot be read.
    pub(super) fn by_itself(args: &'a X509CertificateArgs) -> Result<Self, Wrong> {
        if args.privatekey_path.is_none() && args.privatekey_content.is_none() {
            return Err(Wrong::said(
                "One of privatekey_path and privatekey_content must be specified for the selfsigned provider.",
            ));
        }
        let now = Moment::now();
        let not_before = Moment::parse(&args.selfsigned_not_before, "selfsigned_not_before", now)?;
        let not_after = Moment::parse(&args.selfsigned_not_after, "selfsigned_not_after", now)?;
        exists(args.csr_path.as_deref(), "certificate signing request")?;
        exists(args.privatekey_path.as_deref(), "private key")?;
        let signer = own_key(args)?;
        if !signer.can_sign() {
            return Err(Wrong::said("Private key cannot be used to sign certificates"));
        }
        let digest = digest(&signer, &args.selfsigned_digest)?;
        let request = match request(args)? {
            Some(request) => request,
            None => Request::make(Name::default(), Vec::new(), &signer, digest)?,
        };
        Ok(Self {
            args,
            request,
            signer_public: public(&signer)?,
            signer,
            digest,
            not_before,
            not_after,
            subject_key: args.selfsigned_create_subject_key_identifier,
            authority: None,
            serial: random_serial()?,
        })
    }

    /// By an authority.
    ///
    /// # Errors
    ///
    /// As [`Self::by_itself`]; the authority's key is not its certificate's.
    pub(super) fn by_authority(args: &'a X509CertificateArgs) -> Result<Self, Wrong> {
        for (path, content, option) in [
            (&args.ownca_path, &args.ownca_content, "ownca"),
            (&args.ownca_privatekey_path, &args.ownca_privatekey_content, "ownca_privatekey"),
        ] {
            if path.is_none() && content.is_none() {
                return Err(Wrong::said(format!(
                    "One of {option}_path and {option}_content must be specified for the ownca provider."
                )));
            }
        }
        let now = Moment::now();
        let not_before = Moment::parse(&args.ownca_not_before, "ownca_not_before", now)?;
        let not_after = Moment::parse(&args.ownca_not_after, "ownca_not_after", now)?;
        if args.csr_content.is_none() {
            if args.csr_path.is_none() {
                return Err(Wrong::said("csr_path or csr_content is required for ownca provider"));
            }
            exists(args.csr_path.as_deref(), "certificate signing request")?;
        }
        exists(args.ownca_path.as_deref(), "CA certificate")?;
        exists(args.ownca_privatekey_path.as_deref(), "CA private key")?;
        let request =
            request(args)?.ok_or_else(|| Wrong::said("csr_path or csr_content is required for ownca provider"))?;
        let authority = Certificate::from_pem(
            &read(args.ownca_path.as_deref(), args.ownca_content.as_deref())?.unwrap_or_default(),
        )?;
        if !authority.key().can_verify() {
            return Err(Wrong::said("CA certificate's public key cannot be used to sign certificates"));
        }
        let signer = key::load_for_issuing(
            args.ownca_privatekey_path.as_deref(),
            args.ownca_privatekey_content.as_deref(),
            args.ownca_privatekey_passphrase.as_deref(),
        )?;
        let signer_public = public(&signer)?;
        if authority.key().kind() != signer_public.kind() {
            return Err(Wrong::said("The CA private key does not belong to the CA certificate"));
        }
        let digest = digest(&signer, &args.ownca_digest)?;
        Ok(Self {
            args,
            request,
            signer,
            signer_public,
            digest,
            not_before,
            not_after,
            subject_key: args.ownca_create_subject_key_identifier,
            authority: Some(authority),
            serial: random_serial()?,
        })
    }

    /// Times and number of the certificate that would be made.
    pub(super) fn planned(&self) -> (Moment, Moment, Data) {
        (self.not_before, self.not_after, numbers::unsigned(&self.serial))
    }

    /// Makes and signs the certificate; it comes as PEM.
    ///
    /// # Errors
    ///
    /// The key does not sign over the hash; times that certificates cannot have.
    pub(super) fn sign(&self) -> Result<String, Wrong> {
        let key = if self.authority.is_some() { self.request.key() } else { &self.signer_public };
        let mut extensions = Vec::new();
        let mut has_subject_key = false;
        for one in self.request.extensions() {
            if is(one, SubjectKeyIdentifier::OID) {
                if self.subject_key == SubjectKey::AlwaysCreate {
                    continue;
                }
                has_subject_key = true;
            }
            if self.names_authority() && is(one, AuthorityKeyIdentifier::OID) {
                continue;
            }
            extensions.push(one.clone());
        }
        if !has_subject_key && self.subject_key != SubjectKey::NeverCreate {
            extensions.push(extension::make(&SubjectKeyIdentifier(octets(&key.identifier())?), false)?);
        }
        if let Some(identifier) = self.authority_key()? {
            extensions.push(extension::make(&identifier, false)?);
        }
        let draft = Draft {
            serial: self.serial.clone(),
            issuer: self.authority.as_ref().map_or(self.request.subject(), Certificate::subject).clone(),
            not_before: self.not_before,
            not_after: self.not_after,
            subject: self.request.subject().clone(),
            key: key.clone(),
            extensions,
        };
        let signed = draft.sign(&self.signer, self.digest);
        // The collection expects wrong times of the one, and not of the other.
        if self.authority.is_none() { signed.map_err(|error| error.within(str::to_owned)) } else { signed }
    }

    /// Whether a file's certificate is to be made anew.
    ///
    /// # Errors
    ///
    /// The certificate's own key cannot be read.
    pub(super) fn differs_from(&self, existing: Option<&[u8]>) -> Result<bool, Wrong> {
        let Some(bytes) = existing.filter(|_| !self.args.force) else { return Ok(true) };
        let Ok(certificate) = Certificate::from_pem(bytes) else { return Ok(true) };
        let own = self.args.privatekey_path.is_some() || self.args.privatekey_content.is_some();
        if own && public(&own_key(self.args)?)?.kind() != certificate.key().kind() {
            return Ok(true);
        }
        if !self.is_of_request(&certificate) || !self.has_subject_key(&certificate) {
            return Ok(true);
        }
        if !self.args.ignore_timestamps && certificate.validity() != (self.not_before, self.not_after) {
            return Ok(true);
        }
        if !certificate.is_signed_by(&self.signer_public) {
            return Ok(true);
        }
        let Some(authority) = &self.authority else { return Ok(false) };
        if !is_same_name(authority.subject(), certificate.issuer()) {
            return Ok(true);
        }
        Ok(match self.authority_key()? {
            None => false,
            Some(wanted) => {
                let current = extension::find::<AuthorityKeyIdentifier>(certificate.extensions());
                current.is_none_or(|(_, current)| current != wanted)
            }
        })
    }

    /// Whether a certificate has the request's key, subject and extensions, but for identifiers that are made.
    fn is_of_request(&self, certificate: &Certificate) -> bool {
        let counts = |one: &&Extension| {
            let is_made = is(one, SubjectKeyIdentifier::OID) && self.subject_key != SubjectKey::NeverCreate
                || is(one, AuthorityKeyIdentifier::OID) && self.names_authority();
            !is_made
        };
        let asked: Vec<_> = self.request.extensions().iter().filter(counts).collect();
        let has: Vec<_> = certificate.extensions().iter().filter(counts).collect();
        self.request.is_signed()
            && self.request.key().kind() == certificate.key().kind()
            && is_same_name(self.request.subject(), certificate.subject())
            && asked.len() == has.len()
            && has.iter().all(|one| asked.contains(one))
    }

    fn has_subject_key(&self, certificate: &Certificate) -> bool {
        if self.subject_key == SubjectKey::NeverCreate {
            return true;
        }
        let Some((_, current)) = extension::find::<SubjectKeyIdentifier>(certificate.extensions()) else {
            return false;
        };
        let asked = match self.subject_key {
            SubjectKey::CreateIfNotProvided => extension::find::<SubjectKeyIdentifier>(self.request.extensions()),
            SubjectKey::AlwaysCreate | SubjectKey::NeverCreate => None,
        };
        match asked {
            Some((_, asked)) => current == asked,
            None => current.0.as_bytes() == certificate.key().identifier(),
        }
    }

    fn names_authority(&self) -> bool {
        self.authority.is_some() && self.args.ownca_create_authority_key_identifier
    }

    /// What identifies the authority's key: what its certificate says of it, or its SHA-1.
    fn authority_key(&self) -> Result<Option<AuthorityKeyIdentifier>, Wrong> {
        let Some(authority) = self.authority.as_ref().filter(|_| self.names_authority()) else { return Ok(None) };
        let identifier = match extension::find::<SubjectKeyIdentifier>(authority.extensions()) {
            Some((_, identifier)) => identifier.0,
            None => octets(&authority.key().identifier())?,
        };
        Ok(Some(AuthorityKeyIdentifier {
            key_identifier: Some(identifier),
            authority_cert_issuer: None,
            authority_cert_serial_number: None,
        }))
    }
}

fn octets(bytes: &[u8]) -> Result<OctetString, Wrong> {
    OctetString::new(bytes).map_err(|error| Wrong::raised(error.to_string()))
}

fn public(key: &PrivateKey) -> Result<PublicKey, Wrong> {
    key.public_key().ok_or_else(|| Wrong::raised("the private key is broken"))
}

fn own_key(args: &X509CertificateArgs) -> Result<PrivateKey, Wrong> {
    key::load_for(
        args.privatekey_path.as_deref(),
        args.privatekey_content.as_deref(),
        args.privatekey_passphrase.as_deref(),
    )
}

fn digest(key: &PrivateKey, chosen: &str) -> Result<Option<Digest>, Wrong> {
    if !key.needs_digest() {
        return Ok(None);
    }
    let digest = Digest::named(chosen)
        .ok_or_else(|| Wrong::said(format!("The digest {chosen} is not supported with the cryptography backend")))?;
    Ok(Some(digest))
}

fn request(args: &X509CertificateArgs) -> Result<Option<Request>, Wrong> {
    let bytes = read(args.csr_path.as_deref(), args.csr_content.as_deref())?;
    bytes.map(|bytes| Request::from_pem(&bytes)).transpose()
}

fn exists(path: Option<&str>, what: &str) -> Result<(), Wrong> {
    match path {
        Some(path) if !Path::new(path).exists() => Err(Wrong::said(format!("The {what} file {path} does not exist"))),
        _ => Ok(()),
    }
}

fn read(path: Option<&str>, content: Option<&str>) -> Result<Option<Vec<u8>>, Wrong> {
    match (content, path) {
        (Some(content), _) => Ok(Some(content.as_bytes().to_vec())),
        (None, Some(path)) => fs::read(path).map(Some).map_err(|error| Wrong::said(os_error(&error, Some(path)))),
        (None, None) => Ok(None),
    }
}
