//! What a system says of its own release: os-release(5), else the release files of distributions in `/etc`.
//!
//! Ansible asks the Python library `distro` (<https://distro.readthedocs.io>), whose rules these are.

use std::collections::HashMap;

use pyregex::{Flags, Pattern};

use crate::support::shlex;

/// The files of a system.
pub(super) struct Files<'a> {
    /// A file's text.
    pub(super) read: &'a dyn Fn(&str) -> Option<String>,
    /// The names in `/etc`, sorted.
    pub(super) etc: Vec<String>,
}

impl Files<'_> {
    /// A file's text without the white space around it; `None` where there is none.
    pub(super) fn content(&self, path: &str) -> Option<String> {
        (self.read)(path).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// A system's release.
#[derive(Default)]
pub(super) struct Release {
    /// In small letters: `debian`, `rhel`; empty where it is not known.
    pub(super) id: String,
    /// As exact as Ansible wants it; empty where it is not known.
    pub(super) version: String,
    /// `None` where it is not known; empty where the system says that it has none.
    pub(super) codename: Option<String>,
}

impl Release {
    pub(super) fn read(files: &Files<'_>) -> Self {
        let text = (files.read)("/etc/os-release").or_else(|| (files.read)("/usr/lib/os-release")).unwrap_or_default();
        let fields = fields(&text);
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let file = ReleaseFile::find(files);
        let id = match field("id") {
            "" => file.id.clone(),
            id => normalized(id),
        };
        let mut versions = vec![
            field("version_id").to_owned(),
            file.version.clone(),
            ReleaseFile::parse(field("pretty_name")).version,
        ];
        if id == "debian" || field("id_like").split_whitespace().any(|like| like == "debian") {
            let exact = (files.read)("/etc/debian_version").unwrap_or_default();
            versions.push(exact.lines().next().unwrap_or_default().trim_end().to_owned());
        }
        let codename = match ["version_codename", "ubuntu_codename"].iter().find_map(|name| fields.get(*name)) {
            Some(name) => Some(name.clone()),
            None => Some(in_version(field("version")).unwrap_or(file.codename)).filter(|name| !name.is_empty()),
        };
        Self { version: version(&id, &versions), id, codename }
    }
}

/// The fields of os-release(5), their names in small letters; of a field that comes twice, the last.
fn fields(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    for line in text.lines() {
        if line.starts_with('#') {
            continue;
        }
        for word in shlex::split(line).unwrap_or_default() {
            if let Some((name, value)) = word.split_once('=') {
                fields.insert(name.to_lowercase(), value.to_owned());
            }
        }
    }
    fields
}

fn normalized(id: &str) -> String {
    match id.to_lowercase().replace(' ', "_").as_str() {
        "ol" => "oracle".to_owned(),
        "opensuse-leap" => "opensuse".to_owned(),
        other => other.to_owned(),
    }
}

/// The first version that there is; where Ansible wants a better one, the one with the most parts.
fn version(id: &str, versions: &[String]) -> String {
    let first = versions.iter().find(|version| !version.is_empty()).cloned().unwrap_or_default();
    if !matches!(id, "debian" | "centos") {
        return first;
    }
    let dots = |text: &str| text.matches('.').count();
    let mut best = String::new();
    for version in versions {
        if best.is_empty() || dots(version) > dots(&best) {
            best.clone_from(version);
        }
    }
    if id == "centos" { best.split('.').take(2).collect::<Vec<_>>().join(".") } else { best }
}

/// The name in `VERSION="12 (bookworm)"` or `VERSION="14.04, Trusty Tahr"`.
fn in_version(version: &str) -> Option<String> {
    let pattern = Pattern::<str>::new(r"\((\D+)\)|,\s*(\D+)", Flags::NONE).ok()?;
    let found = pattern.search(version).ok()??;
    found.group(1).or_else(|| found.group(2)).map(str::to_owned)
}

/// The first line of `/etc/centos-release` and the like: `CentOS Linux release 7.9.2009 (Core)`.
#[derive(Default)]
struct ReleaseFile {
    id: String,
    version: String,
    codename: String,
}

/// Files whose names look like those of distributions and are not.
const OTHERS: [&str; 7] = [
    "lsb-release",
    "oem-release",
    "os-release",
    "system-release",
    "plesk-release",
    "iredmail-release",
    "board-release",
];

impl ReleaseFile {
    fn find(files: &Files<'_>) -> Self {
        for name in &files.etc {
            let Some(id) =
                ["-release", "_release", "-version", "_version"].iter().find_map(|end| name.strip_suffix(end))
            else {
                continue;
            };
            let is_word = !id.is_empty() && id.chars().all(|c| c.is_alphanumeric() || c == '_');
            if !is_word || OTHERS.contains(&name.as_str()) || matches!(name.as_str(), "debian_version" | "ec2_version")
            {
                continue;
            }
            let Some(text) = (files.read)(&format!("/etc/{name}")) else { continue };
            let Some(line) = text.lines().next().filter(|line| !line.is_empty()) else { continue };
            let id = match id {
                _ if line.to_lowercase().contains("cloudlinux") => "cloudlinux",
                "redhat" => "rhel",
                id => id,
            };
            return Self { id: id.to_lowercase(), ..Self::parse(line) };
        }
        Self::default()
    }

    fn parse(line: &str) -> Self {
        // Read from the end: the name may hold anything, the version is the last word before a codename in parentheses.
        let reversed: String = line.trim().chars().rev().collect();
        let pattern = r"(?:[^)]*\)(.*)\()? *(?:STL )?([\d.+\-a-z]*\d) *(?:esaeler *)?(.+)";
        let found = Pattern::<str>::new(pattern, Flags::NONE).ok();
        let found = found.as_ref().and_then(|pattern| pattern.match_(&reversed).ok().flatten());
        let group = |number| {
            let text = found.as_ref().and_then(|found| found.group(number)).unwrap_or_default();
            text.chars().rev().collect::<String>()
        };
        Self { id: String::new(), version: group(2), codename: group(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_file_has_version_and_codename() {
        let file = ReleaseFile::parse("CentOS Linux release 7.9.2009 (Core)");
        assert_eq!((file.version.as_str(), file.codename.as_str()), ("7.9.2009", "Core"));
        let file = ReleaseFile::parse("Debian GNU/Linux 12 (bookworm)");
        assert_eq!((file.version.as_str(), file.codename.as_str()), ("12", "bookworm"));
        assert_eq!(ReleaseFile::parse("Arch Linux").version, "");
    }

    #[test]
    fn a_codename_stands_in_the_version() {
        assert_eq!(in_version("9.3 (Blue Onyx)").as_deref(), Some("Blue Onyx"));
        assert_eq!(in_version("14.04, Trusty Tahr").as_deref(), Some("Trusty Tahr"));
        assert_eq!(in_version("39"), None);
    }

    #[test]
    fn of_versions_the_most_exact_counts_where_ansible_wants_it() {
        let versions = ["7".to_owned(), "7.9.2009".to_owned()];
        assert_eq!(version("centos", &versions), "7.9");
        assert_eq!(version("debian", &["12".to_owned(), "12.11".to_owned()]), "12.11");
        assert_eq!(version("debian", &[String::new(), "trixie/sid".to_owned()]), "trixie/sid");
        assert_eq!(version("ubuntu", &versions), "7");
    }
}
