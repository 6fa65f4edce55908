//! Lists of algorithms: our order, and what the settings make of it.
//!
//! Source: ssh_config(5): `Ciphers`, `MACs`, `KexAlgorithms`, `HostKeyAlgorithms`.

use std::borrow::Cow;

use russh::{
    Preferred, cipher, compression, kex,
    keys::{Algorithm, HashAlg},
    mac,
};

use super::{config::Effective, pattern};

/// AES in GCM is the fastest where the processor has AES, and hosts have it.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_128_GCM,
    cipher::AES_256_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

const COMPRESSED: &[compression::Name] = &[compression::ZLIB_LEGACY, compression::ZLIB, compression::NONE];

/// The lists to offer. Types of host keys that are known come first, so that the host shows one of those.
pub(crate) fn preferred(
    effective: &Effective,
    known_types: &[String],
    certificates: bool,
) -> Result<Preferred, String> {
    let lists = &effective.algorithms;
    let mut preferred = Preferred { cipher: Cow::Borrowed(CIPHERS), ..Preferred::DEFAULT };
    if let Some(list) = &lists.ciphers {
        preferred.cipher = choose("Ciphers", list, &preferred.cipher, |name| cipher::Name::try_from(name).ok())?;
    }
    if let Some(list) = &lists.macs {
        preferred.mac = choose("MACs", list, &preferred.mac, |name| mac::Name::try_from(name).ok())?;
    }
    if let Some(list) = &lists.kex {
        let (marks, methods): (Vec<kex::Name>, Vec<kex::Name>) =
            preferred.kex.iter().copied().partition(|name| is_mark(name.as_ref()));
        let mut chosen = choose("KexAlgorithms", list, &methods, |name| kex::Name::try_from(name).ok())?.into_owned();
        chosen.extend(marks);
        preferred.kex = Cow::Owned(chosen);
    }
    let mut keys = preferred.key.to_vec();
    if let Some(list) = &lists.host_keys {
        let names: Vec<KeyName> = keys.into_iter().map(KeyName::from).collect();
        let chosen = choose("HostKeyAlgorithms", list, &names, |name| {
            let plain = name.strip_suffix("-cert-v01@openssh.com").unwrap_or(name);
            Algorithm::new(plain).ok().filter(|known| !matches!(known, Algorithm::Other(_))).map(KeyName::from)
        })?;
        keys = chosen.iter().map(|name| name.algorithm.clone()).collect();
        keys.dedup();
    } else {
        let known = |key: &Algorithm| known_types.iter().any(|name| same_type(name, key));
        let (first, rest): (Vec<_>, Vec<_>) = keys.into_iter().partition(known);
        keys = first.into_iter().chain(rest).collect();
    }
    if certificates {
        preferred.host_key_certificates = Cow::Owned(keys.clone());
    }
    preferred.key = Cow::Owned(keys);
    preferred.compression =
        if effective.compression { Cow::Borrowed(COMPRESSED) } else { Cow::Borrowed(&[compression::NONE]) };
    Ok(preferred)
}

fn is_mark(name: &str) -> bool {
    name.starts_with("ext-info-") || name.starts_with("kex-strict-")
}

fn same_type(name: &str, key: &Algorithm) -> bool {
    match key {
        Algorithm::Rsa { .. } => name == "ssh-rsa" || name.starts_with("rsa-sha2-"),
        other => other.as_str() == name,
    }
}

/// An algorithm of keys and its name: `ssh-rsa` keys have three.
#[derive(Debug, Clone, PartialEq)]
struct KeyName {
    algorithm: Algorithm,
    name: &'static str,
}

impl From<Algorithm> for KeyName {
    fn from(algorithm: Algorithm) -> Self {
        let name = match &algorithm {
            Algorithm::Rsa { hash: Some(HashAlg::Sha512) } => "rsa-sha2-512",
            Algorithm::Rsa { hash: Some(_) } => "rsa-sha2-256",
            Algorithm::Rsa { hash: None } => "ssh-rsa",
            Algorithm::Ed25519 => "ssh-ed25519",
            Algorithm::SkEd25519 => "sk-ssh-ed25519@openssh.com",
            Algorithm::SkEcdsaSha2NistP256 => "sk-ecdsa-sha2-nistp256@openssh.com",
            Algorithm::Dsa => "ssh-dss",
            Algorithm::Ecdsa { curve } => match curve.as_str() {
                "nistp384" => "ecdsa-sha2-nistp384",
                "nistp521" => "ecdsa-sha2-nistp521",
                _ => "ecdsa-sha2-nistp256",
            },
            _ => "",
        };
        Self { algorithm, name }
    }
}

impl AsRef<str> for KeyName {
    fn as_ref(&self) -> &str {
        self.name
    }
}

/// What a list makes of the default: `+` adds, `-` takes away by pattern, `^` puts first, anything else replaces. Names that
/// are not known here are passed over, as long as one remains.
fn choose<T: Clone + PartialEq + AsRef<str>>(
    keyword: &str,
    list: &str,
    default: &[T],
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Cow<'static, [T]>, String> {
    let (sign, names) = match list.chars().next() {
        Some(sign @ ('+' | '-' | '^')) => (Some(sign), list.get(1..).unwrap_or_default()),
        _ => (None, list),
    };
    let named: Vec<T> = names.split(',').filter_map(|name| parse(name.trim())).collect();
    let chosen: Vec<T> = match sign {
        Some('+') => default.iter().chain(named.iter().filter(|name| !default.contains(name))).cloned().collect(),
        Some('-') => {
            let taken = |name: &T| names.split(',').any(|pattern| pattern::matches(pattern.trim(), name.as_ref()));
            default.iter().filter(|name| !taken(name)).cloned().collect()
        }
        Some(_) => named.iter().chain(default.iter().filter(|name| !named.contains(name))).cloned().collect(),
        None => named,
    };
    if chosen.is_empty() {
        Err(format!("{keyword} {list}: none of these is known here"))
    } else {
        Ok(Cow::Owned(chosen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(list: &str) -> Result<Vec<String>, String> {
        let default = ["a-1", "b-1", "b-2"].map(str::to_owned);
        let parse = |name: &str| name.contains('-').then(|| name.to_owned());
        choose("Ciphers", list, &default, parse).map(Cow::into_owned)
    }

    #[test]
    fn lists_add_take_away_put_first_and_replace() {
        assert_eq!(chosen("+c-1,b-1").unwrap(), ["a-1", "b-1", "b-2", "c-1"]);
        assert_eq!(chosen("-b-*").unwrap(), ["a-1"]);
        assert_eq!(chosen("^b-2").unwrap(), ["b-2", "a-1", "b-1"]);
        assert_eq!(chosen("b-2,unknown,a-1").unwrap(), ["b-2", "a-1"]);
        assert_eq!(chosen("unknown").unwrap_err(), "Ciphers unknown: none of these is known here");
    }
}
