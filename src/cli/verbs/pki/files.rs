//! Files that verbs of `pki` read and write.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use pki::{Error, Finding, Result, certificate::Certificate, crl::RevocationList, request::SigningRequest};
use zeroize::Zeroizing;

/// The longest file that is read: a bundle of ten thousand certificates has some 10 MB.
const LONGEST: u64 = 64 << 20;

/// A file's bytes; `-` is standard input.
pub(super) fn read(path: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().take(LONGEST).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
            Err(Error::input(path, error, "check the path"))
        }
        Err(error) => Err(Error::io(path, error, "check the file's owner and mode")),
    }
}

/// What a file can hold.
#[derive(Debug)]
pub(super) enum Object {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A signing request.
    Request(Box<SigningRequest>),
    /// A revocation list.
    List(Box<RevocationList>),
}

/// Everything in a file, PEM or DER, in the order of its kinds: certificates, requests, lists.
pub(super) fn objects(path: &str) -> Result<Vec<Object>> {
    let bytes = read(path)?;
    let at = |error: Error| match error {
        Error::Input { object, problem, cure } => Error::input(format!("{path}: {object}"), problem, cure),
        other => other,
    };
    let Some(pem) = std::str::from_utf8(&bytes).ok().filter(|text| text.contains("-----BEGIN ")) else {
        return der(path, &bytes).map(|object| vec![object]);
    };
    let mut found = Vec::new();
    if pem.contains("-----BEGIN CERTIFICATE-----") {
        let all = Certificate::from_pem_bundle(pem).map_err(at)?;
        found.extend(all.into_iter().map(|one| Object::Certificate(Box::new(one))));
    }
    if pem.contains("CERTIFICATE REQUEST-----") {
        found.push(Object::Request(Box::new(SigningRequest::from_pem(pem).map_err(at)?)));
    }
    if pem.contains("-----BEGIN X509 CRL-----") {
        let all = RevocationList::from_pem_bundle(pem).map_err(at)?;
        found.extend(all.into_iter().map(|one| Object::List(Box::new(one))));
    }
    if found.is_empty() {
        return Err(Error::input(
            path,
            "there is no certificate, request or CRL in it",
            "give a PEM or DER file with one; private keys are never shown",
        ));
    }
    Ok(found)
}

fn der(path: &str, bytes: &[u8]) -> Result<Object> {
    if let Ok(certificate) = Certificate::from_der(bytes) {
        return Ok(Object::Certificate(Box::new(certificate)));
    }
    if let Ok(list) = RevocationList::from_der(bytes) {
        return Ok(Object::List(Box::new(list)));
    }
    match SigningRequest::from_der(bytes) {
        Ok(request) => Ok(Object::Request(Box::new(request))),
        // It is a request, and a refused one.
        Err(refused @ Error::Refused(_)) => Err(refused),
        Err(_) => Err(Error::input(path, "it is no certificate, request or CRL", "give a whole DER or PEM file")),
    }
}

/// The certificates of a file.
pub(super) fn certificates(path: &str) -> Result<Vec<Certificate>> {
    let found = objects(path)?.into_iter().filter_map(|object| match object {
        Object::Certificate(one) => Some(*one),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Err(Error::input(path, "there is no certificate in it", "give a PEM or DER file with one"));
    }
    Ok(found)
}

/// The one certificate of a file.
pub(super) fn certificate(path: &str) -> Result<Certificate> {
    let mut found = certificates(path)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        many => Err(Error::input(path, format!("there are {many} certificates in it"), "give a file with one")),
    }
}

/// The lists of a file.
pub(super) fn lists(path: &str) -> Result<Vec<RevocationList>> {
    let found = objects(path)?.into_iter().filter_map(|object| match object {
        Object::List(one) => Some(*one),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Err(Error::input(path, "there is no CRL in it", "give a PEM or DER file with one"));
    }
    Ok(found)
}

/// Writes a public file in one step, in place of the one that is there: readers see the old or the new one. What is no file (a
/// device, a pipe) is written to as it is.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let there = fs::metadata(path);
    if there.as_ref().is_ok_and(fs::Metadata::is_file) && fs::read(path).is_ok_and(|there| holds_secret(&there)) {
        return Err(Error::refused(Finding::new(
            path.display().to_string(),
            "content",
            "there is a private key in it",
            "PKI policy: a secret is never written over",
            "take another name, or move the file away",
        )));
    }
    use std::os::unix::fs::PermissionsExt;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        if there.as_ref().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            return OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        let mut file = tempfile::Builder::new()
            .prefix(".provision-")
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| Error::io(path.display(), error, "make room, or check the folder's owner and mode"))
}

/// Whether a file is one that cannot be made again: a key in PEM, or one that age sealed or opens.
fn holds_secret(bytes: &[u8]) -> bool {
    [&b"PRIVATE KEY-----"[..], b"AGE-SECRET-KEY-", b"age-encryption.org/"]
        .iter()
        .any(|mark| bytes.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark)))
}

/// The text of a file that nobody else can read: our own, mode 0400 or 0600. It is checked as it was opened, not by its name.
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<String>> {
    let object = path.display().to_string();
    // A link could be turned elsewhere between check and use; a pipe would wait.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let bits = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(bits).open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::input(&object, error, "check the path"),
        _ => Error::io(&object, error, "give a plain file that you may read"),
    })?;
    let metadata = file.metadata().map_err(|error| Error::io(&object, error, "give a plain file"))?;
    let refused = |field, problem: String, cure: &str| {
        let rule = "PKI policy: a secret is for one user alone";
        Err(Error::refused(Finding::new(&object, field, problem, rule, cure)))
    };
    let me = rustix::process::geteuid().as_raw();
    if metadata.uid() != me {
        return refused("owner", format!("it belongs to user {}, not {me}", metadata.uid()), "chown it");
    }
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_file() || !matches!(mode, 0o400 | 0o600) {
        return refused("mode", format!("it is {mode:04o}, not 0400 or 0600"), "chmod 0400 it");
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST).read_to_string(&mut text).map_err(|error| Error::input(&object, error, "give a text file"))?;
    Ok(text)
}

/// Writes a new file that only its owner may read; one that is there is never written over.
pub(super) fn create_secret(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    match write() {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::refused(pki::Finding::new(
            path.display().to_string(),
            "file",
            "there is one already",
            "PKI policy: a secret is never written over",
            "take another name, or move the file away",
        ))),
        other => other.map_err(|error| Error::io(path.display(), error, "check the folder's owner and mode")),
    }
}
