//! Quoting for shells.

use std::borrow::Cow;

/// A text as one word for any shell a login user may have (sh, bash, zsh, fish, csh), as long as it holds neither
/// backslash, `!` nor a newline; for POSIX shells, whatever it holds.
pub(crate) fn quote(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', "'\"'\"'")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_and_others_are_quoted() {
        assert_eq!(quote("/bin/sh"), "/bin/sh");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's $HOME"), "'it'\"'\"'s $HOME'");
    }
}
