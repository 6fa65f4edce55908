//! OpenSSL's lists of ciphers, over those that are here.
//!
//! Source: openssl-ciphers(1), "CIPHER LIST FORMAT".

use rustls::SupportedCipherSuite;

use super::CIPHERS;

/// The ciphers of TLS 1.2 that a list chooses, in its order; those of TLS 1.3 have lists of their own.
///
/// What the list says of ciphers that are not here means nothing, as with OpenSSL.
pub(super) fn chosen(list: &str) -> Vec<SupportedCipherSuite> {
    let mut chosen: Vec<usize> = Vec::new();
    let mut banned: Vec<usize> = Vec::new();
    for word in list.split([':', ' ', ',', ';']).filter(|word| !word.is_empty() && !word.starts_with('@')) {
        let (act, name) = match word.split_at_checked(1) {
            Some((act @ ("!" | "-" | "+"), name)) => (act, name),
            _ => ("", word),
        };
        let meant: Vec<usize> = (0..CIPHERS.len()).filter(|at| name.split('+').all(|part| is(*at, part))).collect();
        match act {
            "" => {
                let new: Vec<_> = meant.into_iter().filter(|at| !chosen.contains(at) && !banned.contains(at)).collect();
                chosen.extend(new);
            }
            "+" => {
                let (moved, kept): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|at| meant.contains(at));
                chosen = kept;
                chosen.extend(moved);
            }
            _ => {
                chosen.retain(|at| !meant.contains(at));
                if act == "!" {
                    banned.extend(meant);
                }
            }
        }
    }
    chosen.into_iter().filter_map(|at| CIPHERS.get(at)).map(|(_, suite)| *suite).collect()
}

/// Whether the cipher at that place is one of those that the word means.
fn is(at: usize, word: &str) -> bool {
    let Some((name, _)) = CIPHERS.get(at) else { return false };
    let has = |part: &str| name.split('-').any(|one| one == part);
    match word {
        "ALL" | "COMPLEMENTOFALL" => word == "ALL",
        "DEFAULT" | "HIGH" | "ECDHE" | "EECDH" | "kECDHE" | "kEECDH" | "TLSv1.2" => true,
        "ECDSA" | "aECDSA" => has("ECDSA"),
        "aRSA" => has("RSA"),
        "AES" => has("AES128") || has("AES256"),
        "AES128" | "AES256" => has(word),
        "AESGCM" => has("GCM"),
        "CHACHA20" => has("CHACHA20"),
        _ => *name == word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<&'static str> {
        let chosen = chosen(list);
        chosen
            .iter()
            .filter_map(|suite| CIPHERS.iter().find(|(_, known)| known == suite))
            .map(|(name, _)| *name)
            .collect()
    }

    #[test]
    fn lists_choose_and_order_as_openssl_does() {
        assert_eq!(names("HIGH:!aNULL:@SECLEVEL=0").len(), 6);
        assert_eq!(names("ECDSA+AESGCM"), ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"]);
        assert_eq!(names("aRSA:!AES256:+AES"), ["ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-GCM-SHA256"]);
        assert_eq!(names("ECDHE-RSA-AES128-GCM-SHA256:NOPE"), ["ECDHE-RSA-AES128-GCM-SHA256"]);
        assert_eq!(names("CHACHA20:!CHACHA20:CHACHA20"), [""; 0]);
        assert_eq!(names("NOPE"), [""; 0]);
    }
}
