//! The option `checksum`: an algorithm, and a sum or the URL of a list of sums.

use std::path::Path;

use crate::{Failure, support::checksum::Algorithm};

/// What the content has to sum up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checksum {
    /// The algorithm's name.
    pub(super) algorithm: String,
    /// The sum in hexadecimal digits of lower case, or the URL of a list.
    pub(super) sum: String,
}

impl Checksum {
    /// Reads the option; `None` where it has no algorithm.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (algorithm, sum) = text.split_once(':')?;
        Some(Self { algorithm: algorithm.to_owned(), sum: sum.to_owned() })
    }

    /// Whether the sum is to be found in a list at a URL.
    pub(super) fn is_url(&self) -> bool {
        matches!(http::url::Url::split(&self.sum).scheme.as_str(), "http" | "https" | "ftp" | "file")
    }

    /// Takes blanks and the like out of the sum; whether it is one then.
    pub(super) fn clean(&mut self) -> bool {
        self.sum = self.sum.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>().to_lowercase();
        let digits = self.sum.strip_prefix("0x").unwrap_or(&self.sum);
        !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit() || c == '_')
    }

    /// The sum of a file.
    ///
    /// # Errors
    ///
    /// Ansible's words where the algorithm is not known.
    pub(super) fn of_file(&self, path: &Path) -> Result<String, Failure> {
        let shown = path.display();
        let Some(algorithm) = Algorithm::named(&self.algorithm) else {
            let name = &self.algorithm;
            let known = "sha1, sha224, sha256, sha384, sha512, md5";
            return Err(Failure::new(format!(
                "Could not hash file '{shown}' with algorithm '{name}'. Available algorithms: {known}"
            )));
        };
        algorithm.of_file(path).map_err(|error| {
            let why = crate::module::os_error(&error, Some(&shown.to_string()));
            Failure::raised(&why, None)
        })
    }
}

/// The sum of a file in a list, in the form of the GNU tools or of BSD; a list of one word is that sum.
pub(super) fn find(list: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = list.lines().collect();
    if let [line] = lines.as_slice()
        && line.split_whitespace().count() == 1
    {
        return Some((*line).to_owned());
    }
    lines.iter().filter_map(|line| bsd(line).or_else(|| gnu(line))).find(|(_, path)| path == name).map(|(sum, _)| sum)
}

fn is_sum(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}

/// `SHA256 (file) = sum`
fn bsd(line: &str) -> Option<(String, String)> {
    let (left, sum) = line.rsplit_once('=')?;
    let sum = sum.strip_prefix(' ').unwrap_or(sum);
    let left = left.strip_suffix(' ').unwrap_or(left).strip_suffix(')')?;
    let (algorithm, path) = left.split_once('(')?;
    let algorithm = algorithm.strip_suffix(' ').unwrap_or(algorithm);
    let is_word = !algorithm.is_empty() && algorithm.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_word && !path.is_empty() && is_sum(sum)).then(|| (sum.to_owned(), path.to_owned()))
}

/// `sum  file`, `sum *file`, `sum ./file`
fn gnu(line: &str) -> Option<(String, String)> {
    let (sum, rest) = line.split_at(line.find(char::is_whitespace)?);
    let path = rest.trim_start();
    let path = path.strip_prefix('*').filter(|path| !path.is_empty()).unwrap_or(path);
    (is_sum(sum) && !path.is_empty()).then(|| (sum.to_owned(), path.trim_start_matches(['.', '/']).to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_list_is_read_without_harm(list in ".{0,200}") {
            let _ = find(&list, "a");
        }
    }

    #[test]
    fn a_sum_is_found_in_every_form_of_list() {
        assert_eq!(find("abc\n", "any").as_deref(), Some("abc"));
        let list = "111  other\n222 *b.tar\n333  ./c\nSHA256 (d e) = 444\n";
        for (name, want) in [("other", "111"), ("b.tar", "222"), ("c", "333"), ("d e", "444")] {
            assert_eq!(find(list, name).as_deref(), Some(want), "{name}");
        }
        assert_eq!(find(list, "z"), None);
    }

    #[test]
    fn a_sum_is_hexadecimal() {
        let clean = |text| {
            let mut checksum = Checksum::read(text).unwrap();
            checksum.clean().then_some(checksum.sum)
        };
        assert_eq!(clean("sha1:\u{200b} AB-c ").as_deref(), Some("abc"));
        assert_eq!(clean("sha1:xyz"), None);
        assert_eq!(clean("sha1:"), None);
        assert_eq!(Checksum::read("abc"), None);
        assert!(Checksum::read("sha1:http://host/SUMS").unwrap().is_url());
    }
}
