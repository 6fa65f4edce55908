//! Decides whether a host's key is good, and says what to do where it is not.

use std::{path::PathBuf, time::SystemTime};

use russh::keys::{HashAlg, PublicKey, PublicKeyOrCertificate};

use super::{
    config::{Effective, HostKeys, Route},
    known_hosts::{self, KnownHosts, Standing},
};
use crate::target::HostKeyChecking;

/// What is needed to judge one host's key.
#[derive(Debug, Clone)]
pub(crate) struct Verifier {
    known: KnownHosts,
    settings: HostKeys,
    /// The name under which the key is kept.
    name: String,
    /// The host's name without the port.
    host: String,
    port: u16,
    /// How to get the key by hand.
    scan: String,
}

/// A key that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    Good,
    /// Taken because nothing is checked; no password may be sent to it, as with OpenSSH.
    Doubtful,
    /// Refused, with the text for the operator.
    Bad(String),
}

impl Verifier {
    pub(crate) fn new(effective: &Effective) -> Result<Self, String> {
        let settings = effective.host_keys.clone();
        let host = settings.alias.clone().unwrap_or_else(|| effective.host.clone());
        let name = match &settings.alias {
            Some(alias) => alias.to_lowercase(),
            None => known_hosts::name(&effective.host, effective.port),
        };
        let known =
            KnownHosts::read(settings.user_files.iter().chain(&settings.global_files), &[name.as_str(), host.as_str()])
                .map_err(|error| format!("The known host keys cannot be read: {error}"))?;
        let file = settings.user_files.first().map_or_else(|| PathBuf::from("~/.ssh/known_hosts"), Clone::clone);
        let port = effective.port;
        let plain = effective.route == Route::Direct && settings.alias.is_none();
        let scan = if plain {
            let port = if port == 22 { String::new() } else { format!("-p {port} ") };
            format!("ssh-keyscan {port}{} >> {}", effective.host, file.display())
        } else {
            format!("ssh -o StrictHostKeyChecking=accept-new {}@{} true", effective.user, effective.original)
        };
        Ok(Self { known, settings, name, host, port, scan })
    }

    /// The types of keys that are known for the host.
    pub(crate) fn key_types(&self) -> Vec<String> {
        let types = self.known.key_types(&self.name);
        if types.is_empty() && self.looks_without_port() { self.known.key_types(&self.host) } else { types }
    }

    /// Whether certificates are of use for the host.
    pub(crate) fn has_authority(&self) -> bool {
        self.known.has_authority(&self.name)
    }

    /// A host on another port than 22 is also known by its name alone, as with OpenSSH.
    fn looks_without_port(&self) -> bool {
        self.settings.alias.is_none() && self.port != 22
    }

    /// Judges the key that the host shows; remembers a new one where that is asked for.
    pub(crate) fn judge(&self, shown: &PublicKeyOrCertificate) -> Judgement {
        let now = SystemTime::now();
        let mut standing = self.known.check(&self.name, &self.host, shown, now);
        if matches!(standing, Standing::Unknown { .. })
            && self.looks_without_port()
            && self.known.check(&self.host, &self.host, shown, now) == Standing::Known
        {
            standing = Standing::Known;
        }
        let key = shown.public_key();
        match (standing, self.settings.checking) {
            (Standing::Known, _) => Judgement::Good,
            (Standing::Revoked { file, line }, _) => Judgement::Bad(format!(
                "The {} key of {} ({}) is revoked: {}:{line}.\nHost key verification failed.",
                kind(&key),
                self.name,
                fingerprint(&key),
                file.display(),
            )),
            (Standing::Unknown { .. }, HostKeyChecking::Off) => Judgement::Good,
            (_, HostKeyChecking::Off) => Judgement::Doubtful,
            (Standing::Unknown { .. }, HostKeyChecking::AcceptNew) => self.remember(&key),
            (Standing::Unknown { others }, HostKeyChecking::Strict) => Judgement::Bad(self.unknown(&key, &others)),
            (Standing::Changed { file, line }, _) => Judgement::Bad(format!(
                "REMOTE HOST IDENTIFICATION HAS CHANGED! The {} key that {} shows ({}) is not the one in {}:{line}. \
                 Someone could be listening in between, or the host was set up anew. If it was, take the old key out:\n  \
                 ssh-keygen -f {} -R {}\nand add the new one:\n  {}\nHost key verification failed.",
                kind(&key),
                self.name,
                fingerprint(&key),
                file.display(),
                crate::quote::quote(&file.to_string_lossy()),
                crate::quote::quote(&self.name),
                self.scan,
            )),
            (Standing::BadCertificate(reason), _) => Judgement::Bad(format!(
                "The certificate of {} is of a known authority, but not good: {reason}.\nHost key verification failed.",
                self.name,
            )),
        }
    }

    fn remember(&self, key: &PublicKey) -> Judgement {
        let Some(file) = self.settings.user_files.first() else {
            return Judgement::Bad(format!(
                "There is no file to remember the key of {} in (UserKnownHostsFile)",
                self.name
            ));
        };
        match known_hosts::remember(file, &self.name, key, self.settings.hash_names) {
            Ok(()) => Judgement::Good,
            Err(error) => {
                Judgement::Bad(format!("The key of {} cannot be remembered in {}: {error}", self.name, file.display()))
            }
        }
    }

    fn unknown(&self, key: &PublicKey, others: &[String]) -> String {
        let others = if others.is_empty() {
            String::new()
        } else {
            format!(" (keys of other types are known: {})", others.join(", "))
        };
        // The first and the last sentence are OpenSSH's.
        format!(
            "No {} host key is known for {} and you have requested strict checking{others}. It shows {}. If that is its \
             key, add it:\n  {}\nHost key verification failed.",
            kind(key),
            self.name,
            fingerprint(key),
            self.scan,
        )
    }
}

/// A key's type as OpenSSH calls it in messages.
fn kind(key: &PublicKey) -> &'static str {
    let algorithm = key.algorithm();
    match algorithm.as_str() {
        "ssh-ed25519" => "ED25519",
        "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512" => "RSA",
        "ssh-dss" => "DSA",
        name if name.starts_with("ecdsa-") => "ECDSA",
        _ => "host",
    }
}

fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
