//! Checksums of files, by the names that Ansible has for the algorithms.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use macros::Choice;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// An algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Algorithm {
    /// MD5.
    Md5,
    /// SHA-1, Ansible's own.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The algorithm of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        <Self as protocol::arguments::Argument>::from_data(name.into())
    }

    /// The checksum of all that a reader gives, in hexadecimal.
    ///
    /// # Errors
    ///
    /// What reading says.
    pub fn of_reader(self, reader: impl Read) -> io::Result<String> {
        match self {
            Self::Md5 => digest::<Md5>(reader),
            Self::Sha1 => digest::<Sha1>(reader),
            Self::Sha224 => digest::<Sha224>(reader),
            Self::Sha256 => digest::<Sha256>(reader),
            Self::Sha384 => digest::<Sha384>(reader),
            Self::Sha512 => digest::<Sha512>(reader),
        }
    }

    /// The checksum of a file, in hexadecimal.
    ///
    /// # Errors
    ///
    /// What opening and reading it says.
    pub fn of_file(self, path: impl AsRef<Path>) -> io::Result<String> {
        self.of_reader(File::open(path)?)
    }

    /// The checksum of bytes, in hexadecimal.
    #[must_use]
    pub fn of_bytes(self, bytes: &[u8]) -> String {
        self.of_reader(bytes).unwrap_or_default()
    }
}

fn digest<D: Digest>(mut reader: impl Read) -> io::Result<String> {
    let mut digest = D::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => digest.update(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hex(&digest.finalize()))
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(*DIGITS.get(usize::from(value)).unwrap_or(&b'0'));
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// Counts and sums up what passes through a writer or reader, so that content is read once.
pub struct Sha1Reader<R> {
    inner: R,
    digest: Sha1,
}

impl<R: Read> Sha1Reader<R> {
    /// Sums up what is read through it.
    pub fn new(inner: R) -> Self {
        Self { inner, digest: Sha1::new() }
    }

    /// The checksum of what was read.
    #[must_use]
    pub fn finish(self) -> String {
        hex(&self.digest.finalize())
    }
}

impl<R: Read> Read for Sha1Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.digest.update(into.get(..count).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_algorithm_gives_its_own_sum_of_nothing() {
        assert_eq!(Algorithm::Sha1.of_bytes(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(Algorithm::Md5.of_bytes(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(Algorithm::named("sha256").map(|a| a.of_bytes(b"").len()), Some(64));
        assert_eq!(Algorithm::named("crc"), None);
    }
}
