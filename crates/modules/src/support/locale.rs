//! The locale that modules and their commands run in, as Ansible corrects it.

use std::{collections::BTreeMap, fs, path::Path};

/// Where the environment names a locale that the host does not have, the best plain one takes its place (Ansible's
/// `_check_locale`); otherwise nothing changes.
pub fn correct(environment: &mut BTreeMap<String, String>) {
    let named = ["LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_TIME", "LC_NUMERIC", "LC_COLLATE", "LC_MONETARY", "LANG"];
    let set = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let effective: Vec<&str> = match set("LC_ALL") {
        Some(all) => vec![all],
        None => named.iter().filter_map(|name| set(name)).collect(),
    };
    if effective.iter().all(|name| exists(name)) {
        return;
    }
    for name in ["LANG", "LC_ALL", "LC_MESSAGES"] {
        environment.insert(name.to_owned(), best().to_owned());
    }
}

/// The locale of the host in which programs speak plain English (Ansible's `get_best_parsable_locale`).
#[must_use]
pub fn best() -> &'static str {
    ["C.utf8", "en_US.utf8"].into_iter().find(|name| installed(name)).unwrap_or("C")
}

fn exists(name: &str) -> bool {
    matches!(name, "C" | "POSIX") || installed(&canonical(name))
}

/// `de_DE.UTF-8` as folders and archives have it: `de_DE.utf8`.
fn canonical(name: &str) -> String {
    match name.split_once('.') {
        Some((language, charset)) => format!("{language}.{}", charset.to_lowercase().replace('-', "")),
        None => name.to_owned(),
    }
}

fn installed(name: &str) -> bool {
    Path::new("/usr/lib/locale").join(name).exists()
        || fs::read("/usr/lib/locale/locale-archive").is_ok_and(|archive| {
            let wanted = [name.as_bytes(), b"\0"].concat();
            archive.windows(wanted.len()).any(|window| window == wanted)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_that_is_not_there_is_replaced() {
        let mut environment = BTreeMap::from([("LANG".to_owned(), "xx_XX.UTF-8".to_owned())]);
        correct(&mut environment);
        assert_ne!(environment["LANG"], "xx_XX.UTF-8");
        assert_eq!(environment["LANG"], environment["LC_ALL"]);
    }

    #[test]
    fn no_locale_and_the_plain_one_stay() {
        let mut environment = BTreeMap::from([("LANG".to_owned(), "C".to_owned())]);
        correct(&mut environment);
        assert_eq!(environment.len(), 1);
    }
}
