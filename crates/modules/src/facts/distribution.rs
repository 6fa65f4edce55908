//! The distribution, from the release files in `/etc`.

use super::{gathering::Gathering, read};
use crate::prelude::*;

/// `distribution`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let found = detect(&|path| read::raw(path));
    let distribution = found.get("distribution").and_then(Data::as_str).unwrap_or_default();
    let family = family(distribution).to_owned();
    for (name, value) in found {
        gathering.set(&name, value);
    }
    gathering.set("os_family", family);
}

/// The fields of os-release(5).
struct Release {
    text: String,
}

impl Release {
    fn field(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|line| {
            let value = line.trim().strip_prefix(name)?.strip_prefix('=')?;
            Some(value.trim_matches(['"', '\'']))
        })
    }
}

/// The part before the first dot.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// What stands between the first parentheses.
fn in_parentheses(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('(')?;
    rest.split_once(')').map(|(inner, _)| inner)
}

/// The first word that starts with a digit, without what follows the number.
fn first_version(text: &str) -> Option<&str> {
    let word = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(word.split(|c: char| !(c.is_ascii_digit() || c == '.')).next().unwrap_or(word))
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    first + &letters.as_str().to_lowercase()
}

fn detect(file: &dyn Fn(&str) -> Option<String>) -> Map {
    let content = |path: &str| file(path).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let release =
        Release { text: content("/etc/os-release").or_else(|| content("/usr/lib/os-release")).unwrap_or_default() };
    let id = release.field("ID").unwrap_or_default();
    let mut facts = Map::new();
    let mut set = |name: &str, value: &str| facts.insert(name.to_owned(), Data::from(value));

    // The most exact version that any file has.
    let version_id = release.field("VERSION_ID").unwrap_or_default().to_owned();
    let best = match id {
        "debian" => content("/etc/debian_version").filter(|text| text.starts_with(|c: char| c.is_ascii_digit())),
        "centos" => content("/etc/centos-release").and_then(|text| first_version(&text).map(str::to_owned)),
        _ => None,
    };
    let version = best.filter(|best| best.len() > version_id.len()).unwrap_or(version_id);
    let version = if version.is_empty() { "NA" } else { &version };
    let codename = release
        .field("VERSION_CODENAME")
        .or_else(|| release.field("UBUNTU_CODENAME"))
        .or_else(|| release.field("VERSION").and_then(in_parentheses));
    set("distribution", &guess(id));
    set("distribution_version", version);
    set("distribution_release", codename.unwrap_or("NA"));
    set("distribution_major_version", major(version));

    let parsed = |facts: &mut Map, path: &str, variety: &str| {
        facts.insert("distribution_file_path".to_owned(), path.into());
        facts.insert("distribution_file_variety".to_owned(), variety.into());
        facts.insert("distribution_file_parsed".to_owned(), true.into());
    };
    let red_hat = [
        ("/etc/oracle-release", "OracleLinux", "Oracle Linux"),
        ("/etc/centos-release", "CentOS", "CentOS"),
        ("/etc/redhat-release", "RedHat", "Red Hat"),
    ];
    for (path, variety, mark) in red_hat {
        let Some(text) = content(path) else { continue };
        let first = text.split_whitespace().next().unwrap_or_default();
        if variety == "CentOS" && !text.contains(mark) {
            continue;
        }
        facts.insert("distribution".to_owned(), if text.contains(mark) { variety } else { first }.into());
        if variety == "CentOS" && text.contains("CentOS Stream") {
            facts.insert("distribution_release".to_owned(), "Stream".into());
        } else if text.contains(mark) && variety != "CentOS" {
            facts.insert("distribution_file_search_string".to_owned(), mark.into());
        }
        parsed(&mut facts, path, variety);
        return facts;
    }
    if let Some(text) = content("/etc/alpine-release") {
        facts.insert("distribution".to_owned(), "Alpine".into());
        facts.insert("distribution_version".to_owned(), text.as_str().into());
        parsed(&mut facts, "/etc/alpine-release", "Alpine");
        return facts;
    }
    if file("/etc/arch-release").is_some() {
        facts.insert("distribution".to_owned(), "Archlinux".into());
        facts.insert("distribution_file_path".to_owned(), "/etc/arch-release".into());
        facts.insert("distribution_file_variety".to_owned(), "Archlinux".into());
        return facts;
    }
    if release.text.is_empty() {
        return facts;
    }
    let variety = from_release(&mut facts, &release, &content);
    parsed(&mut facts, "/etc/os-release", variety);
    facts
}

/// What os-release(5) alone says; the kind of file that Ansible calls it.
fn from_release(facts: &mut Map, release: &Release, content: &dyn Fn(&str) -> Option<String>) -> &'static str {
    let mut set = |name: &str, value: &str| facts.insert(name.to_owned(), Data::from(value));
    let text = release.text.as_str();
    let version = release.field("VERSION_ID");
    if text.contains("Amazon") {
        set("distribution", "Amazon");
        if let Some(version) = version {
            set("distribution_minor_version", version.split('.').nth(1).unwrap_or("NA"));
        }
        return "Amazon";
    }
    if text.to_lowercase().contains("suse") {
        set("distribution", release.field("NAME").unwrap_or("SUSE"));
        let minor = version.and_then(|version| version.split('.').nth(1));
        let enterprise = text.to_lowercase().contains("enterprise") && !text.to_lowercase().contains("open");
        set("distribution_release", minor.unwrap_or(if enterprise { "0" } else { "" }));
        match release.field("VARIANT_ID") {
            Some("server-sap" | "sles-sap") => set("distribution", "SLES_SAP"),
            Some("transactional") => set("distribution", "SL-Micro"),
            _ => None,
        };
        return "SUSE";
    }
    if text.contains("Debian") || text.contains("Raspbian") {
        set("distribution", "Debian");
        if let Some(name) = release.field("PRETTY_NAME").and_then(in_parentheses) {
            set("distribution_release", name);
        }
        let exact = content("/etc/debian_version").unwrap_or_default();
        let minor = exact.split_once('.').map(|(_, minor)| minor.trim());
        if let Some(minor) = minor.filter(|minor| !minor.is_empty() && minor.chars().all(|c| c.is_ascii_digit())) {
            set("distribution_minor_version", minor);
        }
        return "Debian";
    }
    for (mark, distribution) in [
        ("Ubuntu", "Ubuntu"),
        ("SteamOS", "SteamOS"),
        ("Kali", "Kali"),
        ("Parrot", "Parrot"),
        ("Devuan", "Devuan"),
        ("Cumulus", "Cumulus Linux"),
        ("Mint", "Linux Mint"),
    ] {
        if text.contains(mark) {
            set("distribution", distribution);
            return "Debian";
        }
    }
    if let Some(name) = release.field("NAME") {
        set("distribution", name);
    }
    "NA"
}

/// The distribution's name from os-release's ID.
fn guess(id: &str) -> String {
    match id {
        "" => "OtherLinux".to_owned(),
        "amzn" => "Amazon".to_owned(),
        "rhel" => "Redhat".to_owned(),
        "ol" => "Oracle".to_owned(),
        other => capitalized(other),
    }
}

/// The family of a distribution; one without relatives is its own.
fn family(distribution: &str) -> &str {
    match distribution {
        "RedHat"
        | "RHEL"
        | "Fedora"
        | "CentOS"
        | "Scientific"
        | "SLC"
        | "Ascendos"
        | "CloudLinux"
        | "PSBM"
        | "OracleLinux"
        | "OVS"
        | "OEL"
        | "Amazon"
        | "Amzn"
        | "Virtuozzo"
        | "XenServer"
        | "Alibaba"
        | "EulerOS"
        | "openEuler"
        | "AlmaLinux"
        | "Rocky"
        | "TencentOS"
        | "EuroLinux"
        | "Kylin Linux Advanced Server"
        | "MIRACLE" => "RedHat",
        "Ubuntu"
        | "Raspbian"
        | "Neon"
        | "KDE neon"
        | "Linux Mint"
        | "SteamOS"
        | "Devuan"
        | "Kali"
        | "Cumulus Linux"
        | "Pop!_OS"
        | "Parrot"
        | "Pardus GNU/Linux"
        | "Uos"
        | "Deepin"
        | "OSMC"
        | "Linux Mint Debian Edition" => "Debian",
        "SuSE"
        | "SLES"
        | "SLED"
        | "openSUSE"
        | "openSUSE Tumbleweed"
        | "SLES_SAP"
        | "SUSE_LINUX"
        | "openSUSE Leap"
        | "ALP-Dolomite"
        | "SL-Micro"
        | "openSUSE MicroOS" => "Suse",
        "Antergos" | "Manjaro" => "Archlinux",
        "Mandriva" => "Mandrake",
        "Funtoo" => "Gentoo",
        "Clear Linux OS" | "Clear Linux Mix" => "ClearLinux",
        own => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(files: &[(&str, &str)]) -> Map {
        detect(&|path| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned()))
    }

    fn said(facts: &Map) -> [&str; 4] {
        ["distribution", "distribution_version", "distribution_release", "distribution_major_version"]
            .map(|name| facts[name].as_str().unwrap_or_default())
    }

    #[test]
    fn debian_has_its_point_release() {
        let release =
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        let facts = facts(&[("/etc/os-release", release), ("/etc/debian_version", "12.11\n")]);
        assert_eq!(said(&facts), ["Debian", "12.11", "bookworm", "12"]);
        assert_eq!(facts["distribution_minor_version"], Data::from("11"));
        assert_eq!(facts["distribution_file_variety"], Data::from("Debian"));
    }

    #[test]
    fn ubuntu_is_of_debians_family() {
        let release = "NAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n";
        let facts = facts(&[("/etc/os-release", release), ("/etc/debian_version", "trixie/sid\n")]);
        assert_eq!(said(&facts), ["Ubuntu", "24.04", "noble", "24"]);
        assert_eq!(family("Ubuntu"), "Debian");
        assert!(!facts.contains_key("distribution_minor_version"));
    }

    #[test]
    fn relatives_of_red_hat_are_told_by_their_release_file() {
        let release = "NAME=\"Rocky Linux\"\nVERSION=\"9.3 (Blue Onyx)\"\nID=\"rocky\"\nVERSION_ID=\"9.3\"\n";
        let rocky = [("/etc/os-release", release), ("/etc/redhat-release", "Rocky Linux release 9.3 (Blue Onyx)\n")];
        assert_eq!(said(&facts(&rocky)), ["Rocky", "9.3", "Blue Onyx", "9"]);
        let release = "NAME=\"Red Hat Enterprise Linux\"\nVERSION=\"9.2 (Plow)\"\nID=\"rhel\"\nVERSION_ID=\"9.2\"\n";
        let text = "Red Hat Enterprise Linux release 9.2 (Plow)\n";
        let facts = facts(&[("/etc/os-release", release), ("/etc/redhat-release", text)]);
        assert_eq!(said(&facts), ["RedHat", "9.2", "Plow", "9"]);
        assert_eq!(facts["distribution_file_search_string"], Data::from("Red Hat"));
    }

    #[test]
    fn alpine_has_its_full_version_and_no_release() {
        let release = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.19.1\n";
        let facts = facts(&[("/etc/os-release", release), ("/etc/alpine-release", "3.19.1\n")]);
        assert_eq!(said(&facts), ["Alpine", "3.19.1", "NA", "3"]);
    }
}
