//! PKCS #12 containers (RFC 7292): a key with its chain, or certificates that are trusted, in one file under a passphrase.
//!
//! What is written, OpenSSL 1.1 and later, Java 8u301 and later and Windows Server 2019 and later read; what stands before
//! them needs [`Encryption::Old`]. What is read may besides use any cipher of PBES2, and needs no MAC that is older than its
//! cipher. The reasons for code of our own are in docs/decisions/pkcs12.md.

mod asn1;
mod cipher;
mod kdf;
mod read;
mod write;

pub use read::{Bag, Contents, Fault, read};
pub use write::{Container, Encryption, write};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::SystemRandom;

    const KEY: &[u8] = b"\x30\x03\x02\x01\x05";
    const CERTIFICATES: [&[u8]; 2] = [b"\x30\x03\x02\x01\x01", b"\x30\x03\x02\x01\x02"];

    fn container(name: Option<&str>) -> Container<'_> {
        Container {
            key: Some(KEY),
            certificate: Some(CERTIFICATES[0]),
            others: vec![CERTIFICATES[1]],
            name,
            trusted: false,
        }
    }

    #[test]
    fn what_is_written_is_read_under_its_passphrase_alone() {
        let old = Encryption::Old { iterations: 10 };
        for (encryption, passphrase) in [(Encryption::Modern, "pässword"), (old, "pässword"), (Encryption::Modern, "")]
        {
            let bytes = write(&container(Some("näme")), passphrase, encryption, &mut SystemRandom).unwrap();
            let contents = read(&bytes, passphrase).unwrap();
            assert_eq!(contents.key.as_deref().map(Vec::as_slice), Some(KEY));
            let found: Vec<_> = contents.certificates.iter().map(|bag| bag.der.as_slice()).collect();
            assert_eq!(found, CERTIFICATES);
            assert_eq!(contents.certificates[0].name.as_deref(), Some("näme"));
            assert_eq!(contents.certificates[1].name, None);
            assert_eq!(read(&bytes, "wrong").err(), Some(Fault::Passphrase));
        }
    }

    #[test]
    fn an_old_container_shows_nothing_of_its_key() {
        let bytes = write(&container(None), "x", Encryption::Old { iterations: 1 }, &mut SystemRandom).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|window| window == KEY));
    }

    #[test]
    fn an_empty_container_is_refused() {
        let empty = Container { key: None, certificate: None, others: Vec::new(), name: None, trusted: false };
        assert!(write(&empty, "x", Encryption::Modern, &mut SystemRandom).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(read(&bytes, "x").is_err());
        }

        #[test]
        fn a_container_cut_or_changed_is_refused_or_the_same(at in 0_usize..400, bit in 0_u8..8) {
            let bytes = write(&container(None), "x", Encryption::Old { iterations: 1 }, &mut SystemRandom).unwrap();
            prop_assert!(read(bytes.get(..at.min(bytes.len() - 1)).unwrap(), "x").is_err());
            let mut changed = bytes.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 1 << bit;
                if let Ok(contents) = read(&changed, "x") {
                    // The MAC covers all that counts.
                    prop_assert_eq!(contents.key.as_deref().map(Vec::as_slice), Some(KEY));
                }
            }
        }
    }
}
