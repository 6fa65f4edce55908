//! Where CRLs and issuers' certificates are fetched from.

use der::asn1::Ia5String;
use x509_cert::ext::pkix::name::GeneralName;

use crate::{Error, Finding, Result};

/// An `http` URL: what a CRL or an issuer's certificate is fetched from. Not `https`, for checking that server's certificate
/// would need the very CRL (RFC 5280 section 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// Checks one.
    ///
    /// # Errors
    ///
    /// Another scheme, no host, no path, characters that a URL cannot have.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |problem: &str| {
            Err(Error::refused(Finding::new(
                format!("URL {text:?}"),
                "uniformResourceIdentifier",
                problem,
                "RFC 5280 sections 4.2.1.13 and 4.2.2.1",
                "write http://host/file.crl",
            )))
        };
        let Some(rest) = text.strip_prefix("http://") else { return refused("it is not an http URL") };
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte)) {
            return refused("it has characters that a URL cannot have");
        }
        match rest.split_once('/') {
            Some((host, path)) if !host.is_empty() && !path.is_empty() && !host.contains('@') => {
                Ok(Self(text.to_owned()))
            }
            _ => refused("it has no host or no path, or a user name"),
        }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn general_name(&self) -> Result<GeneralName> {
        let text = Ia5String::new(&self.0)
            .map_err(|problem| Error::input(format!("URL {:?}", self.0), problem, "write it in ASCII"))?;
        Ok(GeneralName::UniformResourceIdentifier(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_urls_with_host_and_path_are_written() {
        HttpUrl::parse("http://pki.example.org/root.crl").unwrap();
        for text in [
            "https://pki.example.org/root.crl",
            "http://",
            "http://host",
            "http:///x",
            "http://a/b c",
            "http://u@h/x",
            "http://h/ä",
        ] {
            assert!(HttpUrl::parse(text).is_err(), "{text}");
        }
    }
}
