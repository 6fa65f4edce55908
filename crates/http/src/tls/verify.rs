//! Whether a server is who it says it is, decided as OpenSSL does where webpki is stricter: a certificate that stands
//! among the trusted ones itself, and a name that stands in the subject alone.

use std::{fmt, sync::Arc, time::SystemTime};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use crate::certificate::{Certificate, Validity};

/// Checks servers' certificates, or takes them all.
#[derive(Debug)]
pub(super) struct Verifier {
    roots: RootCertStore,
    trusted: Vec<CertificateDer<'static>>,
    validate: bool,
    /// Whether the name counts.
    names: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

/// What is wrong with a certificate, in OpenSSL's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Wrong {
    #[error("self-signed certificate")]
    SelfSigned,
    #[error("self-signed certificate in certificate chain")]
    SelfSignedInChain,
    #[error("unable to get local issuer certificate")]
    UnknownIssuer,
    #[error("certificate has expired")]
    Expired,
    #[error("certificate is not yet valid")]
    NotYetValid,
    #[error("Hostname mismatch, certificate is not valid for '{0}'.")]
    Host(String),
    #[error("IP address mismatch, certificate is not valid for '{0}'.")]
    Address(String),
    #[error("{0}")]
    Other(String),
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(wrong))))
    }
}

impl Verifier {
    pub(super) fn new(trusted: Vec<CertificateDer<'static>>, validate: bool, provider: &CryptoProvider) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in &trusted {
            // What cannot be read is no authority; the others still are.
            let _ = roots.add(certificate.clone());
        }
        Self { roots, trusted, validate, names: true, algorithms: provider.signature_verification_algorithms }
    }

    /// Does not ask whether the certificate is that host's.
    pub(super) fn for_any_name(mut self) -> Self {
        self.names = false;
        self
    }

    fn verify(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Wrong> {
        let unreadable = |error: &dyn fmt::Debug| {
            Wrong::Other(format!(
                "the certificate is not one that provision can read ({error:?}); it reads those of X.509 version 3"
            ))
        };
        let parsed = ParsedCertificate::try_from(own).map_err(|error| unreadable(&error))?;
        let read = Certificate::read(own).ok_or_else(|| unreadable(&"bad encoding"))?;
        let chain = if read.is_self_issued() && self.trusted.iter().any(|trusted| trusted == own) {
            let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(now.as_secs());
            match read.validity(moment) {
                Some(Validity::Now) => Ok(()),
                Some(Validity::Early) => Err(Wrong::NotYetValid),
                Some(Validity::Over) => Err(Wrong::Expired),
                None => Err(unreadable(&"bad time")),
            }
        } else {
            verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, others, now, self.algorithms.all)
                .map_err(|error| wrong_chain(&error, own, others))
        };
        // OpenSSL looks at names before times.
        match chain {
            Err(wrong) if !matches!(wrong, Wrong::Expired | Wrong::NotYetValid) => Err(wrong),
            chain if !self.names => chain,
            chain => named(&parsed, &read, name).and(chain),
        }
    }
}

fn wrong_chain(error: &Error, own: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Wrong {
    let is_self_issued = |certificate| Certificate::read(certificate).is_some_and(|read| read.is_self_issued());
    match error {
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Wrong::Expired
        }
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            Wrong::NotYetValid
        }
        _ if is_self_issued(own) => Wrong::SelfSigned,
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            if others.last().is_some_and(|last| is_self_issued(last)) {
                Wrong::SelfSignedInChain
            } else {
                Wrong::UnknownIssuer
            }
        }
        Error::InvalidCertificate(other) => Wrong::Other(format!("{other:?}")),
        other => Wrong::Other(other.to_string()),
    }
}

/// Checks the name; where a certificate has none for hosts, the subject's common name is one.
fn named(parsed: &ParsedCertificate<'_>, read: &Certificate<'_>, name: &ServerName<'_>) -> Result<(), Wrong> {
    if verify_server_name(parsed, name).is_ok() {
        return Ok(());
    }
    match name {
        ServerName::DnsName(host) => {
            let host = host.as_ref();
            let common = read.common_name().filter(|_| !read.has_alternative_names());
            if common.is_some_and(|common| matches(common, host)) { Ok(()) } else { Err(Wrong::Host(host.to_owned())) }
        }
        ServerName::IpAddress(address) => Err(Wrong::Address(std::net::IpAddr::from(*address).to_string())),
        _ => Err(Wrong::Other("the server has a name of an unknown kind".to_owned())),
    }
}

/// Whether a name, perhaps with `*` for its first label, is that host's.
fn matches(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(label, rest)| {
            !label.is_empty() && domain.contains('.') && rest.eq_ignore_ascii_case(domain)
        }),
        None => name.eq_ignore_ascii_case(host),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.validate {
            self.verify(end_entity, intermediates, server_name, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.validate {
            return verify_tls12_signature(message, cert, dss, &self.algorithms);
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.validate {
            return verify_tls13_signature(message, cert, dss, &self.algorithms);
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(matches("*.example.com", "www.example.com"));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("*.example.com", "a.b.example.com"));
        assert!(!matches("*.com", "example.com"));
        assert!(matches("Example.com", "example.com"));
    }
}
