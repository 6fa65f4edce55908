//! Fingerprints: every hash that Python's `hashlib` guarantees, over the same bytes.

use blake2::{Blake2b512, Blake2s256};
use md5::Md5;
use protocol::{Data, Map};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use shake::{
    Shake128, Shake256,
    digest::{ExtendableOutput, Update, XofReader},
};

use super::colons;

/// How many bytes are taken of hashes that have no length of their own.
const EXTENDABLE: usize = 32;

/// All of them, by `hashlib`'s names.
#[must_use]
pub fn fingerprints(bytes: &[u8]) -> Map {
    let all = [
        ("blake2b", colons(&Blake2b512::digest(bytes))),
        ("blake2s", colons(&Blake2s256::digest(bytes))),
        ("md5", colons(&Md5::digest(bytes))),
        ("sha1", colons(&Sha1::digest(bytes))),
        ("sha224", colons(&Sha224::digest(bytes))),
        ("sha256", colons(&Sha256::digest(bytes))),
        ("sha384", colons(&Sha384::digest(bytes))),
        ("sha3_224", colons(&Sha3_224::digest(bytes))),
        ("sha3_256", colons(&Sha3_256::digest(bytes))),
        ("sha3_384", colons(&Sha3_384::digest(bytes))),
        ("sha3_512", colons(&Sha3_512::digest(bytes))),
        ("sha512", colons(&Sha512::digest(bytes))),
        ("shake_128", extendable::<Shake128>(bytes)),
        ("shake_256", extendable::<Shake256>(bytes)),
    ];
    all.into_iter().map(|(name, digest)| (name.to_owned(), Data::Str(digest))).collect()
}

fn extendable<H: ExtendableOutput + Update + Default>(bytes: &[u8]) -> String {
    let mut hash = H::default();
    hash.update(bytes);
    let mut digest = [0; EXTENDABLE];
    hash.finalize_xof().read(&mut digest);
    colons(&digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hash_is_the_one_of_its_name() {
        // The beginnings of what Python's hashlib says of b"abc".
        let known = [
            ("blake2b", "ba:80:a5:3f:98:1c:4d:0d"),
            ("blake2s", "50:8c:5e:8c:32:7c:14:e2"),
            ("md5", "90:01:50:98:3c:d2:4f:b0"),
            ("sha1", "a9:99:3e:36:47:06:81:6a"),
            ("sha224", "23:09:7d:22:34:05:d8:22"),
            ("sha256", "ba:78:16:bf:8f:01:cf:ea"),
            ("sha384", "cb:00:75:3f:45:a3:5e:8b"),
            ("sha3_224", "e6:42:82:4c:3f:8c:f2:4a"),
            ("sha3_256", "3a:98:5d:a7:4f:e2:25:b2"),
            ("sha3_384", "ec:01:49:82:88:51:6f:c9"),
            ("sha3_512", "b7:51:85:0b:1a:57:16:8a"),
            ("sha512", "dd:af:35:a1:93:61:7a:ba"),
            ("shake_128", "58:81:09:2d:d8:18:bf:5c"),
            ("shake_256", "48:33:66:60:13:60:a8:77"),
        ];
        let fingerprints = fingerprints(b"abc");
        assert_eq!(fingerprints.len(), known.len());
        for (name, start) in known {
            let text = fingerprints[name].as_str().unwrap();
            assert!(text.starts_with(start), "{name}: {text}");
        }
        assert_eq!(fingerprints["shake_128"].as_str().unwrap().len(), 32 * 3 - 1);
    }
}
