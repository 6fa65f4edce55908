//! How a service's key and certificate stand on its host: a folder for each pair, and a link to the one in use.
//!
//! ```text
//! releases/SERIAL/key.pem        the private key
//!                 cert.pem       the certificate alone
//!                 chain.pem      the certificates above it, without the root
//!                 fullchain.pem  both
//!                 pair.pem       key and both, for services that take one file
//! current -> releases/SERIAL
//! ```
//!
//! A pair is whole and on the disk before the link turns to it, and the link turns in one step: whoever opens `current` or
//! `pair.pem` once has a pair that belongs together, also after a power loss at any moment.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{
    Error, Finding, Result,
    certificate::Certificate,
    key::PrivateKey,
    serial::Serial,
    store::{Files, Links},
};

/// The link to the release in use.
pub const CURRENT: &str = "current";
/// The folder of releases.
pub const RELEASES: &str = "releases";
/// The private key.
pub const KEY: &str = "key.pem";
/// Certificate and what is above it.
pub const FULLCHAIN: &str = "fullchain.pem";

const CERTIFICATE: &str = "cert.pem";
const CHAIN: &str = "chain.pem";
const PAIR: &str = "pair.pem";
const TURNING: &str = ".current.new";

/// A pair as it stands.
#[derive(Debug)]
pub struct Release {
    /// Its name: the serial number.
    pub name: String,
    /// The certificate and those above it.
    pub chain: Vec<Certificate>,
    /// The SHA-256 of the key's public half in hexadecimal.
    pub key: String,
}

/// The folder of a release.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    Path::new(RELEASES).join(name)
}

/// Begins a release with its key, before there is a certificate.
///
/// # Errors
///
/// There is one of that serial number already; the file system.
pub fn begin<F: Files>(files: &F, serial: &Serial, key: &PrivateKey) -> Result<()> {
    let folder = folder(&serial.to_string());
    let pem = key.to_pem()?;
    let write = || {
        files.make_folder(&folder)?;
        let path = folder.join(KEY);
        files.create(&path, pem.as_bytes())?;
        files.sync(&path)?;
        files.sync_folder(&folder)?;
        files.sync_folder(Path::new(RELEASES))?;
        files.sync_folder(Path::new(""))
    };
    write().map_err(failed(&folder))
}

/// Completes a release: its certificate, and those above it in their order, without the root.
///
/// # Errors
///
/// It was not begun; a certificate of another serial number or key; a chain whose signatures do not follow one another; the file
/// system. Nothing that is in use is touched.
pub fn finish<F: Files>(files: &F, chain: &[Certificate]) -> Result<String> {
    let Some(leaf) = chain.first() else {
        return Err(Error::input("certificate", "there is none", "give the certificate and those above it"));
    };
    let name = leaf.serial()?.to_string();
    let folder = folder(&name);
    let key = key_of(files, &name)?;
    belong_together(&PrivateKey::from_pem(&key)?, chain)?;
    let contents = contents(&key, chain)?;
    let write = || {
        for (file, content) in &contents {
            let path = folder.join(file);
            // Of a try that was interrupted.
            files.remove(&path)?;
            files.create(&path, content.as_bytes())?;
            files.sync(&path)?;
        }
        files.sync_folder(&folder)
    };
    write().map_err(failed(&folder))?;
    Ok(name)
}

/// The name of the release in use; none where there is none yet.
///
/// # Errors
///
/// `current` is something else than a link to a release; the file system.
pub fn current<F: Links>(files: &F) -> Result<Option<String>> {
    let Some(target) = files.read_link(Path::new(CURRENT)).map_err(failed(Path::new(CURRENT)))? else {
        return Ok(None);
    };
    let name = target.strip_prefix(RELEASES).ok().and_then(Path::to_str).filter(|name| Serial::parse(name).is_ok());
    match name {
        Some(name) => Ok(Some(name.to_owned())),
        None => Err(Error::input(
            CURRENT,
            format!("it leads to {}, which is no release", target.display()),
            "give a folder that is for certificates alone, or remove the link",
        )),
    }
}

/// Turns the link to a release in one step, or takes it away.
///
/// # Errors
///
/// The file system; then the link leads where it led, or to the release.
pub fn turn<F: Links>(files: &F, name: Option<&str>) -> Result<()> {
    let (link, turning) = (Path::new(CURRENT), Path::new(TURNING));
    let write = || {
        match name {
            Some(name) => {
                files.remove(turning)?;
                files.link(&folder(name), turning)?;
                files.rename(turning, link)?;
            }
            None => files.remove(link)?,
        }
        files.sync_folder(Path::new(""))
    };
    write().map_err(failed(link))
}

/// Reads a release and checks that key and certificate belong together.
///
/// # Errors
///
/// One that is not whole: a file is missing or damaged, or key and certificate are not a pair.
pub fn read<F: Files>(files: &F, name: &str) -> Result<Release> {
    let path = folder(name).join(FULLCHAIN);
    let chain = Certificate::from_pem_bundle(&text_of(files, &path)?)?;
    let pem = key_of(files, name)?;
    let key = PrivateKey::from_pem(&pem)?;
    belong_together(&key, &chain)?;
    for (file, content) in contents(&pem, &chain)? {
        let path = folder(name).join(file);
        if *text_of(files, &path)? != *content {
            let problem = "it is not of the pair that stands beside it";
            return Err(Error::input(path.display().to_string(), problem, "renew the certificate"));
        }
    }
    Ok(Release { name: name.to_owned(), chain, key: key.public_key().fingerprint()? })
}

/// What stands in each file of a release but the key's.
fn contents(key: &str, chain: &[Certificate]) -> Result<[(&'static str, Zeroizing<String>); 4]> {
    let pem = |chain: &[Certificate]| chain.iter().map(Certificate::to_pem).collect::<Result<String>>();
    let (leaf, above) = chain.split_at(chain.len().min(1));
    let (certificate, above) = (pem(leaf)?, pem(above)?);
    let fullchain = format!("{certificate}{above}");
    let pair = format!("{key}{fullchain}");
    Ok([(CERTIFICATE, certificate), (CHAIN, above), (FULLCHAIN, fullchain), (PAIR, pair)]
        .map(|(file, content)| (file, Zeroizing::new(content))))
}

fn key_of<F: Files>(files: &F, name: &str) -> Result<Zeroizing<String>> {
    text_of(files, &folder(name).join(KEY))
}

fn text_of<F: Files>(files: &F, path: &Path) -> Result<Zeroizing<String>> {
    let object = path.display().to_string();
    let bytes = files.read(path).map_err(failed(path))?.map(Zeroizing::new).ok_or_else(|| {
        Error::input(&object, "it is not there", "renew the certificate: a new release takes its place")
    })?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Error::input(object, "it is no text", "renew the certificate: a new release takes its place")),
    }
}

/// Refuses a chain that does not begin with the key's certificate, or whose signatures do not follow one another.
fn belong_together(key: &PrivateKey, chain: &[Certificate]) -> Result<()> {
    let Some(leaf) = chain.first() else {
        return Err(Error::input(FULLCHAIN, "there is no certificate in it", "renew the certificate"));
    };
    if leaf.public_key()?.fingerprint()? != key.public_key().fingerprint()? {
        return Err(Error::refused(Finding::new(
            leaf.label(),
            "subjectPublicKeyInfo",
            "it is not the certificate of the key that stands beside it",
            "PKI policy: a service gets a pair that belongs together",
            "renew the certificate",
        )));
    }
    for pair in chain.windows(2) {
        if let [lower, upper] = pair {
            lower.verify_signature(&upper.public_key()?)?;
        }
    }
    Ok(())
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let object = path.display().to_string();
    move |problem| Error::io(&object, problem, "make room or repair the file system, then try again")
}
