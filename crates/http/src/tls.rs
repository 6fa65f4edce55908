//! TLS: which authorities are trusted, the client's own certificate, which ciphers are offered, how errors read.

mod authorities;
mod ciphers;
mod peer;
mod verify;

pub(crate) use peer::peer;

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    sync::Arc,
};

use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error as TlsError, StreamOwned,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName,
        pem::{self, PemObject as _},
    },
    sign::{CertifiedKey, SingleCertAndKey},
};

use self::verify::Verifier;
use crate::{
    error::Reason,
    stream::{Limited, Stream},
};

/// How connections are to be encrypted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes<'a> {
    pub(crate) validate: bool,
    pub(crate) ca_path: Option<&'a str>,
    pub(crate) client_cert: Option<&'a str>,
    pub(crate) client_key: Option<&'a str>,
    pub(crate) ciphers: &'a [String],
}

impl Wishes<'_> {
    /// Whether files or names have to be looked at before anything is sent, even without encryption.
    pub(crate) fn is_special(&self) -> bool {
        self.ca_path.is_some() || self.client_cert.is_some() || !self.ciphers.is_empty()
    }

    /// The configuration.
    pub(crate) fn configuration(&self, environment: &BTreeMap<String, String>) -> Result<Arc<ClientConfig>, Reason> {
        let provider = Arc::new(provider(self.ciphers)?);
        let verifier = if self.validate || self.ca_path.is_some() {
            let trusted = match self.ca_path {
                Some(path) => authorities::of_file(path)?,
                None => authorities::of_system(environment),
            };
            Verifier::new(trusted, self.validate, &provider)
        } else {
            Verifier::new(Vec::new(), false, &provider)
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Reason::Text(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let configuration = match self.client_cert {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let (chain, key) = own_certificate(path, self.client_key)?;
                let key = builder
                    .crypto_provider()
                    .key_provider
                    .load_private_key(key)
                    .map_err(|error| Reason::Text(error.to_string()))?;
                // Not read here: whether a certificate is a good one, the server says.
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))))
            }
        };
        Ok(Arc::new(configuration))
    }
}

/// The ciphers of TLS 1.2, by OpenSSL's names for them. Those of TLS 1.3 are always offered, as with OpenSSL.
const CIPHERS: [(&str, rustls::SupportedCipherSuite); 6] = [
    ("ECDHE-ECDSA-AES256-GCM-SHA384", ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-ECDSA-AES128-GCM-SHA256", ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ("ECDHE-RSA-AES256-GCM-SHA384", ring::cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("ECDHE-RSA-AES128-GCM-SHA256", ring::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ("ECDHE-RSA-CHACHA20-POLY1305", ring::cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
];

fn provider(ciphers: &[String]) -> Result<CryptoProvider, Reason> {
    let mut provider = ring::default_provider();
    if ciphers.is_empty() {
        return Ok(provider);
    }
    let mut wanted = Vec::new();
    for name in ciphers.iter().flat_map(|list| list.split([':', ' ', ','])).filter(|name| !name.is_empty()) {
        let Some((_, suite)) = CIPHERS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = CIPHERS.iter().map(|(known, _)| *known).collect();
            return Err(Reason::Text(format!(
                "the cipher {name} is not one that provision has; it has {}",
                known.join(", ")
            )));
        };
        wanted.push(*suite);
    }
    provider.cipher_suites.retain(|suite| suite.tls13().is_some());
    provider.cipher_suites.extend(wanted);
    Ok(provider)
}

/// The client's certificates and its key, from one file or two.
fn own_certificate(
    path: &str,
    key: Option<&str>,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Reason> {
    let text = std::fs::read(path).map_err(Reason::System)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text).flatten().collect();
    if chain.is_empty() {
        return Err(Reason::Text(format!("{path} has no certificate in PEM form")));
    }
    let (key_path, key_text) = match key {
        Some(path) => (path, std::fs::read(path).map_err(Reason::System)?),
        None => (path, text),
    };
    let key = PrivateKeyDer::from_pem_slice(&key_text).map_err(|error| {
        Reason::Text(match error {
            pem::Error::NoItemsFound => {
                format!(
                    "{key_path} has no private key in PEM form that is not encrypted; decrypt it with openssl first"
                )
            }
            other => format!("{key_path} has no private key that can be read: {other}"),
        })
    })?;
    Ok((chain, key))
}

/// Makes an encrypted connection of a connection.
///
/// # Errors
///
/// What the handshake says, in OpenSSL's words where it is known how those read.
pub(crate) fn connect(configuration: Arc<ClientConfig>, host: &str, socket: Limited) -> io::Result<Box<dyn Stream>> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| io::Error::other(format!("the host name {host} is not one that a certificate can have")))?;
    let connection = ClientConnection::new(configuration, name).map_err(|error| io::Error::other(words(&error)))?;
    let mut encrypted = Encrypted(StreamOwned::new(connection, socket.for_tls()));
    while encrypted.0.conn.is_handshaking() {
        encrypted.0.conn.complete_io(&mut encrypted.0.sock).map_err(in_handshake)?;
    }
    Ok(Box::new(encrypted))
}

fn in_handshake(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            io::Error::other("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol")
        }
        io::ErrorKind::TimedOut => io::Error::new(io::ErrorKind::TimedOut, "The handshake operation timed out"),
        _ => in_words(error),
    }
}

fn in_words(error: io::Error) -> io::Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
        Some(inner) => io::Error::other(words(inner)),
        None => error,
    }
}

/// An error of TLS as OpenSSL puts it, as far as the two agree on what can go wrong.
fn words(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(CertificateError::Other(other)) => {
            format!("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {other}")
        }
        TlsError::InvalidCertificate(other) => {
            format!("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {other:?}")
        }
        TlsError::InvalidMessage(_) => "[SSL: WRONG_VERSION_NUMBER] wrong version number".to_owned(),
        TlsError::AlertReceived(alert) => {
            let name = format!("{alert:?}");
            format!("[SSL: ALERT] the server ends the connection: {name}")
        }
        other => format!("[SSL] {other}"),
    }
}

/// An encrypted connection. The end of the connection without TLS's own end counts as an end, as with Python.
struct Encrypted(StreamOwned<ClientConnection, Limited>);

impl Read for Encrypted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            other => other.map_err(in_words),
        }
    }
}

impl Write for Encrypted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(in_words)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(in_words)
    }
}
