//! The hosts whose keys are known: OpenSSH's known_hosts files, read and added to.
//!
//! Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT.

use std::{
    fmt::Write as _,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use russh::keys::{
    HashAlg, PublicKey, PublicKeyOrCertificate,
    ssh_key::{Certificate, certificate::CertType, public::KeyData},
};
use sha1::Sha1;

use super::pattern::{self, Verdict};

/// One line that names a key.
#[derive(Debug, Clone)]
struct Entry {
    file: PathBuf,
    line: usize,
    marker: Marker,
    names: Names,
    key: KeyData,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    None,
    Authority,
    Revoked,
}

#[derive(Debug, Clone)]
enum Names {
    Patterns(Vec<String>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

impl Names {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Patterns(patterns) => pattern::list(patterns.iter().map(String::as_str), name) == Verdict::Yes,
            Self::Hashed { salt, hash } => hashed(salt, name).is_some_and(|found| found == *hash),
        }
    }
}

fn hashed(salt: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(salt).ok()?;
    mac.update(name.as_bytes());
    Some(mac.finalize().into_bytes().to_vec())
}

/// All that is known of host keys, from all files.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownHosts {
    entries: Vec<Entry>,
}

/// What is known of a key that a host shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is the host's key.
    Known,
    /// Nothing is known of the host; `others` are types of keys that are known for it, if any.
    Unknown { others: Vec<String> },
    /// Another key of this type is known for the host: where.
    Changed { file: PathBuf, line: usize },
    /// It is revoked: where.
    Revoked { file: PathBuf, line: usize },
    /// A certificate of an authority that is known for the host, but not a good one: why.
    BadCertificate(String),
}

/// The name under which a host's key is kept.
pub(crate) fn name(host: &str, port: u16) -> String {
    let host = host.to_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

impl KnownHosts {
    /// Reads what the files say of a host, under any of its names; a file that does not exist is empty. Lines that are no
    /// entries are passed over, as OpenSSH does.
    pub(crate) fn read<'a>(files: impl IntoIterator<Item = &'a PathBuf>, names: &[&str]) -> std::io::Result<Self> {
        let mut entries = Vec::new();
        for file in files {
            match std::fs::read(file) {
                Ok(bytes) => entries.extend(parse(file, &String::from_utf8_lossy(&bytes), names)),
                Err(error)
                    if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {}
                Err(error) => return Err(std::io::Error::new(error.kind(), format!("{}: {error}", file.display()))),
            }
        }
        Ok(Self { entries })
    }

    /// What the text of a file says.
    pub(super) fn of_text(file: &Path, text: &str, names: &[&str]) -> Self {
        Self { entries: parse(file, text, names).collect() }
    }

    /// The names of the types of keys that are known for the host, in the order of the files.
    pub(crate) fn key_types(&self, name: &str) -> Vec<String> {
        let mut types: Vec<String> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.marker == Marker::None && entry.names.matches(name)) {
            let algorithm = entry.key.algorithm();
            if !types.iter().any(|known| known == algorithm.as_str()) {
                types.push(algorithm.as_str().to_owned());
            }
        }
        types
    }

    /// Whether certificates are of use for the host.
    pub(crate) fn has_authority(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.marker == Marker::Authority && entry.names.matches(name))
    }

    /// What is known of the key that the host shows. `host` is the plain name, for the principals of certificates.
    pub(crate) fn check(&self, name: &str, host: &str, shown: &PublicKeyOrCertificate, now: SystemTime) -> Standing {
        let key = shown.public_key().key_data().clone();
        let authority = shown.certificate().map(Certificate::signature_key);
        for entry in self.entries.iter().filter(|entry| entry.marker == Marker::Revoked) {
            if (entry.key == key || Some(&entry.key) == authority) && entry.names.matches(name) {
                return Standing::Revoked { file: entry.file.clone(), line: entry.line };
            }
        }
        if let Some(certificate) = shown.certificate() {
            let known = self.entries.iter().any(|entry| {
                entry.marker == Marker::Authority
                    && entry.key == *certificate.signature_key()
                    && entry.names.matches(name)
            });
            if known {
                return match certificate_is_good(certificate, host, now) {
                    Ok(()) => Standing::Known,
                    Err(reason) => Standing::BadCertificate(reason),
                };
            }
            // As OpenSSH does: a certificate of an authority that nobody trusts is no more than its key.
        }
        let mut changed = None;
        let mut others = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.marker == Marker::None && entry.names.matches(name)) {
            if entry.key == key {
                return Standing::Known;
            }
            if entry.key.algorithm() == key.algorithm() {
                changed.get_or_insert(Standing::Changed { file: entry.file.clone(), line: entry.line });
            } else {
                others.push(entry.key.algorithm().as_str().to_owned());
            }
        }
        changed.unwrap_or(Standing::Unknown { others })
    }
}

fn certificate_is_good(certificate: &Certificate, host: &str, now: SystemTime) -> Result<(), String> {
    if certificate.cert_type() != CertType::Host {
        return Err("it is a certificate for a user, not for a host".to_owned());
    }
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    if seconds < certificate.valid_after() {
        return Err("it is not valid yet".to_owned());
    }
    if seconds >= certificate.valid_before() {
        return Err("it has expired".to_owned());
    }
    let fingerprint = certificate.signature_key().fingerprint(HashAlg::Sha256);
    certificate
        .validate_at(seconds, [&fingerprint])
        .map_err(|_| "its signature is not good, or it has a critical option that is not known".to_owned())?;
    let principals = certificate.valid_principals();
    if !principals.iter().any(|principal| pattern::matches(&principal.to_lowercase(), &host.to_lowercase())) {
        return Err(format!("it is for {}, not for {host}", principals.join(", ")));
    }
    Ok(())
}

/// The entries of a file for hosts of these names. Keys of other hosts are not even decoded: files can be long.
fn parse<'a>(file: &'a Path, text: &'a str, hosts: &'a [&'a str]) -> impl Iterator<Item = Entry> + 'a {
    text.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let mut words = line.split_ascii_whitespace();
        let mut names = words.next()?;
        let marker = match names {
            "@cert-authority" => Marker::Authority,
            "@revoked" => Marker::Revoked,
            _ if names.starts_with('@') => return None,
            _ => Marker::None,
        };
        if marker != Marker::None {
            names = words.next()?;
        }
        let (kind, blob) = (words.next()?, words.next()?);
        let names = match names.strip_prefix("|1|") {
            Some(rest) => {
                let (salt, hash) = rest.split_once('|')?;
                Names::Hashed { salt: STANDARD.decode(salt).ok()?, hash: STANDARD.decode(hash).ok()? }
            }
            None => Names::Patterns(names.split(',').map(str::to_owned).collect()),
        };
        if !hosts.iter().any(|host| names.matches(host)) {
            return None;
        }
        let key = PublicKey::from_openssh(&format!("{kind} {blob}")).ok()?.key_data().clone();
        Some(Entry { file: file.to_owned(), line: index.saturating_add(1), marker, names, key })
    })
}

/// Adds a key to a file in one write at its end, so that several runs can do it at once; makes the file (0600) and its
/// folder (0700) where they are missing.
pub(crate) fn remember(file: &Path, name: &str, key: &PublicKey, hash: bool) -> std::io::Result<()> {
    let blob = key.to_openssh().map_err(std::io::Error::other)?;
    let blob = blob.split_ascii_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let shown = if hash { hash_name(name)? } else { name.to_owned() };
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut line = String::new();
    let unfinished = std::fs::read(file).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
    if unfinished {
        line.push('\n');
    }
    writeln!(line, "{shown} {blob}").map_err(std::io::Error::other)?;
    let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

fn hash_name(name: &str) -> std::io::Result<String> {
    let mut salt = [0_u8; 20];
    rustix::rand::getrandom(&mut salt, rustix::rand::GetRandomFlags::empty())?;
    let hash = hashed(&salt, name).ok_or_else(|| std::io::Error::other("a name cannot be hashed"))?;
    Ok(format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(hash)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G1sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMDiXqhMUBxx8BtkfJtgn6C9JPRlIKFSOYQ3X5PRBFFbYTYnlSGgPl4gWGmqYWJWXjOgzYkqAVAv1YFUFVS1QMA=";

    fn hosts(text: &str, name: &str) -> KnownHosts {
        KnownHosts { entries: parse(Path::new("known_hosts"), text, &[name]).collect() }
    }

    fn check(text: &str, name: &str, key: &str) -> Standing {
        let shown = PublicKeyOrCertificate::from(PublicKey::from_openssh(key).unwrap());
        hosts(text, name).check(name, name, &shown, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_key_is_known_by_name_by_pattern_and_by_hash() {
        assert_eq!(check(&format!("web1,10.0.0.1 {KEY}"), "web1", KEY), Standing::Known);
        assert_eq!(check(&format!("*.example.org,!bad.example.org {KEY}"), "web1.example.org", KEY), Standing::Known);
        let hash = hash_name("[web1]:2222").unwrap();
        assert_eq!(check(&format!("{hash} {KEY}"), &name("WEB1", 2222), KEY), Standing::Known);
    }

    #[test]
    fn a_negated_pattern_makes_the_host_unknown() {
        let standing = check(&format!("*.example.org,!bad.example.org {KEY}"), "bad.example.org", KEY);
        assert_eq!(standing, Standing::Unknown { others: vec![] });
    }

    #[test]
    fn another_key_of_the_same_type_is_a_changed_key_and_its_line_is_named() {
        let standing = check(&format!("# comment\n\nweb1 {OTHER}\n"), "web1", KEY);
        assert_eq!(standing, Standing::Changed { file: "known_hosts".into(), line: 3 });
    }

    #[test]
    fn one_of_several_keys_is_enough() {
        assert_eq!(check(&format!("web1 {OTHER}\nweb1 {KEY}\n"), "web1", KEY), Standing::Known);
    }

    #[test]
    fn a_key_of_another_type_is_unknown_and_the_known_types_are_preferred() {
        let text = format!("web1 {ECDSA}\n");
        let others = vec!["ecdsa-sha2-nistp256".to_owned()];
        assert_eq!(hosts(&text, "web1").key_types("web1"), others);
        assert_eq!(check(&text, "web1", KEY), Standing::Unknown { others });
    }

    #[test]
    fn a_revoked_key_is_refused_even_where_it_is_also_known() {
        let standing = check(&format!("web1 {KEY}\n@revoked * {KEY}\n"), "web1", KEY);
        assert_eq!(standing, Standing::Revoked { file: "known_hosts".into(), line: 2 });
    }

    #[test]
    fn a_remembered_key_is_known_afterwards_and_an_unfinished_line_stays_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ssh/known_hosts");
        let key = PublicKey::from_openssh(KEY).unwrap();
        remember(&file, "web1", &key, false).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.trim_end()).unwrap();
        remember(&file, "web2", &key, true).unwrap();
        let known = KnownHosts::read([&file], &["web1", "web2"]).unwrap();
        let shown = PublicKeyOrCertificate::from(key);
        for host in ["web1", "web2"] {
            assert_eq!(known.check(host, host, &shown, SystemTime::UNIX_EPOCH), Standing::Known);
        }
    }
}
