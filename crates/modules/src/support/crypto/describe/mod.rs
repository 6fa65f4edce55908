//! What certificates and requests say, in the words and under the keys of the modules of community.crypto.
//!
//! The values are those that Python's `cryptography` gives: names in the order in which they stand, numbers of any size,
//! extensions by their number with the bytes that they were written with.
//!
//! Source: <https://docs.ansible.com/ansible/latest/collections/community/crypto/>.

mod asn1;
pub mod certificate;
pub mod digests;
pub mod distinguished;
pub mod extensions;
pub mod general_name;
pub mod idn;
pub mod key;
pub mod numbers;
pub mod oid;
pub mod pem;
pub mod request;
pub mod signature;
pub mod times;

use crate::Failure;

/// Why something could not be described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The collection's modules say it: it is the `msg` of their result.
    #[error("{0}")]
    Said(String),
    /// They do not expect it: it ends them, and Ansible makes a message of what ended them.
    #[error("{0}")]
    Raised(String),
}

impl Wrong {
    /// What the modules say.
    #[must_use]
    pub fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }

    /// What they do not expect.
    #[must_use]
    pub fn raised(text: impl Into<String>) -> Self {
        Self::Raised(text.into())
    }

    /// The same, said within a longer sentence.
    #[must_use]
    pub fn within(self, sentence: impl FnOnce(&str) -> String) -> Self {
        Self::Said(sentence(self.text()))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        let (Self::Said(text) | Self::Raised(text)) = self;
        text
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Said(text) => Self::new(text),
            Wrong::Raised(text) => Self::raised(&text, None),
        }
    }
}

/// Bytes in lower case hexadecimal, a colon between each two.
#[must_use]
pub fn colons(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            text.push(':');
        }
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::colons;

    #[test]
    fn bytes_stand_between_colons() {
        assert_eq!(colons(&[0, 0x1f, 0xff]), "00:1f:ff");
        assert_eq!(colons(&[]), "");
    }
}
