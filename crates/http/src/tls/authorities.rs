//! The authorities that are trusted: a file that the user names, or the system's own.

use std::{collections::BTreeMap, fs, path::Path};

use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::error::Reason;

/// Where distributions keep all authorities in one file.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

/// Folders in which Ansible looks for more.
const FOLDERS: &[&str] =
    &["/etc/pki/ca-trust/extracted/pem", "/etc/pki/tls/certs", "/usr/share/ca-certificates/cacert.org", "/etc/ansible"];

/// The certificates of a file.
pub(super) fn of_file(path: &str) -> Result<Vec<CertificateDer<'static>>, Reason> {
    let text = fs::read(path).map_err(Reason::System)?;
    let found = certificates(&text);
    if found.is_empty() {
        return Err(Reason::Text("[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found".to_owned()));
    }
    Ok(found)
}

/// The system's authorities; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, as with OpenSSL.
pub(super) fn of_system(environment: &BTreeMap<String, String>) -> Vec<CertificateDer<'static>> {
    let variable = |name| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let bundle = match variable("SSL_CERT_FILE") {
        Some(path) => Some(path),
        None => BUNDLES.iter().copied().find(|path| Path::new(path).is_file()),
    };
    let mut found = bundle.and_then(|path| fs::read(path).ok()).map(|text| certificates(&text)).unwrap_or_default();
    if let Some(folders) = variable("SSL_CERT_DIR") {
        folders.split(':').for_each(|folder| add_folder(folder, |_| true, &mut found));
    } else if found.is_empty() {
        add_folder("/etc/ssl/certs", is_certificate, &mut found);
    }
    for folder in FOLDERS {
        add_folder(folder, is_certificate, &mut found);
    }
    found
}

fn is_certificate(name: &str) -> bool {
    [".pem", ".cer", ".crt"].iter().any(|end| name.ends_with(end))
}

fn add_folder(folder: &str, takes: impl Fn(&str) -> bool, found: &mut Vec<CertificateDer<'static>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if takes(&entry.file_name().to_string_lossy())
            && entry.path().is_file()
            && let Ok(text) = fs::read(entry.path())
        {
            found.extend(certificates(&text));
        }
    }
}

fn certificates(text: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(text).flatten().collect()
}
