//! `distribution`: which distribution it is, from the release files in `/etc`, and its family.

use std::fs;

use pyregex::{Flags, Pattern};

use super::{
    gathering::{Gathering, map},
    read,
    release::{Files, Release},
};
use crate::prelude::*;

/// `distribution`.
pub(super) fn collect(gathering: &mut Gathering<'_>) {
    let mut etc = read::names("/etc");
    etc.sort();
    let found = detect(&Files { read: &read::raw, etc });
    let distribution = found.get("distribution").and_then(Data::as_str).unwrap_or_default();
    let family = family(distribution).to_owned();
    gathering.extend(found);
    gathering.set("os_family", family);
}

/// Release files in the order in which they are tried, and what Ansible calls the kind of file; one kind may be empty.
const RELEASE_FILES: &[(&str, &str, bool)] = &[
    ("/etc/altlinux-release", "Altlinux", false),
    ("/etc/oracle-release", "OracleLinux", false),
    ("/etc/slackware-version", "Slackware", false),
    ("/etc/centos-release", "CentOS", false),
    ("/etc/redhat-release", "RedHat", false),
    ("/etc/vmware-release", "VMwareESX", true),
    ("/etc/openwrt_release", "OpenWrt", false),
    ("/etc/os-release", "Amazon", false),
    ("/etc/system-release", "Amazon", false),
    ("/etc/alpine-release", "Alpine", false),
    ("/etc/arch-release", "Archlinux", true),
    ("/etc/os-release", "Archlinux", false),
    ("/etc/os-release", "SUSE", false),
    ("/etc/SuSE-release", "SUSE", false),
    ("/etc/os-release", "Debian", false),
    ("/etc/lsb-release", "Debian", false),
    ("/etc/lsb-release", "Mandriva", false),
    ("/etc/sourcemage-release", "SMGL", false),
    ("/usr/lib/os-release", "ClearLinux", false),
    ("/etc/coreos/update.conf", "Coreos", false),
    ("/etc/os-release", "Flatcar", false),
    ("/etc/os-release", "NA", false),
];

fn detect(files: &Files<'_>) -> Map {
    let release = Release::read(files);
    let known = |text: &str| if text.is_empty() { "NA".to_owned() } else { text.to_owned() };
    let version = known(&release.version);
    let mut facts = map([
        ("distribution", distribution_of(&release.id).into()),
        ("distribution_version", version.as_str().into()),
        ("distribution_release", release.codename.clone().unwrap_or_else(|| "NA".to_owned()).into()),
        ("distribution_major_version", known(major(&version)).into()),
    ]);
    for (path, kind, may_be_empty) in RELEASE_FILES {
        let file = ReleaseFile { path, kind, text: (files.read)(path).unwrap_or_default() };
        let (found, parsed) = match (files.read)(path) {
            Some(_) if *may_be_empty => (Map::new(), false),
            Some(text) if !text.trim().is_empty() => match file.facts(files, &release) {
                Some(found) => (found, true),
                None => continue,
            },
            _ => continue,
        };
        facts.extend(map([
            ("distribution", (*kind).into()),
            ("distribution_file_path", (*path).into()),
            ("distribution_file_variety", (*kind).into()),
        ]));
        if parsed {
            facts.insert("distribution_file_parsed".to_owned(), true.into());
        }
        facts.extend(found);
        break;
    }
    facts
}

/// The distribution's name from the id of its release.
fn distribution_of(id: &str) -> String {
    let mut letters = id.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    match id {
        "" => "OtherLinux".to_owned(),
        "amzn" => "Amazon".to_owned(),
        "rhel" => "Redhat".to_owned(),
        _ => first + &letters.as_str().to_lowercase(),
    }
}

/// The part before the first dot.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

/// What the first group of a pattern finds.
fn find(pattern: &str, text: &str) -> Option<String> {
    let pattern = Pattern::<str>::new(pattern, Flags::MULTILINE).ok()?;
    let found = pattern.search(text).ok()??;
    Some(found.group(1).unwrap_or_default().to_owned())
}

/// A release file and what kind it is taken for.
struct ReleaseFile<'a> {
    path: &'a str,
    kind: &'a str,
    text: String,
}

impl ReleaseFile<'_> {
    /// The facts in it; `None` where it is not of that kind.
    fn facts(&self, files: &Files<'_>, release: &Release) -> Option<Map> {
        let text = self.text.trim().trim_matches(['\'', '"', '\\']);
        match self.kind {
            "OracleLinux" => Some(named(text, self.kind, "Oracle Linux")),
            "RedHat" => Some(named(text, self.kind, "Red Hat")),
            "Altlinux" => Some(named(text, self.kind, "ALT")),
            "SMGL" => Some(named(text, self.kind, "Source Mage GNU/Linux")),
            "Archlinux" => text.contains("Arch Linux").then(|| map([("distribution", self.kind.into())])),
            "CentOS" => centos(text),
            "Slackware" => text.contains("Slackware").then(|| {
                let version = find(r"(\w+[.]\w+\+?)", text).map(|version| ("distribution_version", version));
                optional([version])
            }),
            "OpenWrt" => text.contains("OpenWrt").then(|| lsb(text)),
            "Mandriva" => text.contains("Mandriva").then(|| lsb(text)),
            "Amazon" => amazon(text, self.path),
            "Alpine" => Some(map([("distribution_version", text.into())])),
            "SUSE" => suse(text, self.path, release),
            "Debian" => debian(text, files),
            "ClearLinux" => clear_linux(text),
            "Coreos" => (release.id == "coreos")
                .then(|| optional([find("^GROUP=(.*)", text).map(|group| ("distribution_release", unquoted(&group)))])),
            "Flatcar" => (release.id == "flatcar").then(|| {
                let version = find("VERSION=(.*)", text).map(|version| unquoted(&version));
                versions(version.as_deref())
            }),
            _ => Some(other(text, &release.version)),
        }
    }
}

fn optional<const N: usize>(entries: [Option<(&str, String)>; N]) -> Map {
    entries.into_iter().flatten().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').to_owned()
}

/// Version and the part before its first dot.
fn versions(version: Option<&str>) -> Map {
    optional([
        version.map(|version| ("distribution_version", version.to_owned())),
        version.map(|version| ("distribution_major_version", major(version).to_owned())),
    ])
}

/// A file of a family: its own distribution where the mark is in it, else the first word.
fn named(text: &str, kind: &str, mark: &str) -> Map {
    if text.contains(mark) {
        return map([("distribution", kind.into()), ("distribution_file_search_string", mark.into())]);
    }
    map([("distribution", text.split_whitespace().next().unwrap_or_default().into())])
}

/// Version and release as lsb-release has them.
fn lsb(text: &str) -> Map {
    optional([
        find("DISTRIB_RELEASE=\"(.*)\"", text).map(|version| ("distribution_version", version)),
        find("DISTRIB_CODENAME=\"(.*)\"", text).map(|release| ("distribution_release", release)),
    ])
}

fn centos(text: &str) -> Option<Map> {
    if text.contains("CentOS Stream") {
        return Some(map([("distribution_release", "Stream".into())]));
    }
    text.contains("TencentOS Server").then(|| map([("distribution", "TencentOS".into())]))
}

fn amazon(text: &str, path: &str) -> Option<Map> {
    if !text.contains("Amazon") {
        return None;
    }
    if path != "/etc/os-release" {
        let is_number = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
        let version = text.split_whitespace().find(is_number).unwrap_or("NA");
        return Some(map([("distribution_version", version.into())]));
    }
    let mut facts = Map::new();
    if let Some(version) = find("VERSION_ID=\"(.*)\"", text) {
        let (major, minor) = version.split_once('.').unwrap_or((&version, "NA"));
        let parts = map([
            ("distribution_version", version.as_str().into()),
            ("distribution_major_version", major.into()),
            ("distribution_minor_version", minor.into()),
        ]);
        facts.extend(parts);
    }
    Some(facts)
}

fn suse(text: &str, path: &str, release: &Release) -> Option<Map> {
    let lower = text.to_lowercase();
    if !lower.contains("suse") {
        return None;
    }
    let (is_open, is_enterprise) = (lower.contains("open"), lower.contains("enterprise"));
    let mut facts = Map::new();
    let mut set = |name: &str, value: String| facts.insert(name.to_owned(), value.into());
    if path == "/etc/os-release" {
        if let Some(name) = find("^NAME=(.*)", text) {
            set("distribution", unquoted(&name));
        }
        if let Some(version) = find(r#"^VERSION_ID="?([0-9]+\.?[0-9]*)"?"#, text) {
            let minor = find(r#"^VERSION_ID="?[0-9]+\.?([0-9]*)"?"#, text).unwrap_or_default();
            set("distribution_major_version", major(&version).to_owned());
            set("distribution_version", version);
            if is_open {
                set("distribution_release", minor);
            } else if is_enterprise {
                set("distribution_release", if minor.is_empty() { "0".to_owned() } else { minor });
            }
        }
    } else if is_open {
        set("distribution", text.split_whitespace().next().unwrap_or_default().to_owned());
        if let Some(name) = find("CODENAME *= *([^\n]+)", text) {
            set("distribution_release", name.trim().to_owned());
        }
    } else if is_enterprise {
        for (mark, name) in [("Desktop", "SLED"), ("Server", "SLES")] {
            if text.contains(mark) {
                set("distribution", name.to_owned());
            }
        }
        if let Some(level) = find("PATCHLEVEL = ([0-9]+)", text) {
            set("distribution_version", format!("{}.{level}", release.version));
            set("distribution_release", level);
        }
    }
    let product = match find("^VARIANT_ID=\"?([^\"\n]*)\"?", text) {
        Some(variant) => variant,
        None => match fs::canonicalize("/etc/products.d/baseproduct") {
            Ok(path) if path.ends_with("SLES_SAP.prod") => "sles-sap".to_owned(),
            Ok(path) if path.ends_with("SL-Micro.prod") => "transactional".to_owned(),
            _ => String::new(),
        },
    };
    match product.as_str() {
        "server-sap" | "sles-sap" => set("distribution", "SLES_SAP".to_owned()),
        "transactional" => set("distribution", "SL-Micro".to_owned()),
        _ => None,
    };
    Some(facts)
}

/// Debian and its relatives, by the first of their names that is in the text.
fn debian(text: &str, files: &Files<'_>) -> Option<Map> {
    let has = |name: &str| text.contains(name);
    let named = |name: &str| map([("distribution", name.into())]);
    let release = |pattern: &str| optional([find(pattern, text).map(|release| ("distribution_release", release))]);
    let quoted_version = || find("VERSION_ID=\"(.*)\"", text);
    let mut facts = Map::new();
    if has("Debian") || has("Raspbian") {
        facts.extend(named("Debian"));
        facts.extend(release(r"PRETTY_NAME=[^(]+ \(?([^)]+?)\)"));
        let exact = files.content("/etc/debian_version").unwrap_or_default();
        for line in exact.lines() {
            let minor = find(r"\d+\.(\d+)", line).map(|minor| ("distribution_minor_version", minor));
            facts.extend(optional([minor]));
        }
    } else if has("Ubuntu") {
        facts.extend(named("Ubuntu"));
    } else if has("SteamOS") {
        facts.extend(named("SteamOS"));
    } else if has("Kali") || has("Parrot") {
        facts.extend(named(if has("Kali") { "Kali" } else { "Parrot" }));
        facts.extend(release("DISTRIB_RELEASE=(.*)"));
    } else if has("Devuan") {
        facts.extend(named("Devuan"));
        facts.extend(release("PRETTY_NAME=\"?[^(\"]+ \\(?([^) \"]+)\\)?"));
        if let Some(version) = quoted_version() {
            facts.insert("distribution_version".to_owned(), version.as_str().into());
            facts.insert("distribution_major_version".to_owned(), version.into());
        }
    } else if has("Cumulus") {
        facts.extend(named("Cumulus Linux"));
        facts.extend(versions(find("VERSION_ID=(.*)", text).as_deref()));
        facts.extend(release("VERSION=\"(.*)\""));
    } else if has("Mint") {
        facts.extend(named("Linux Mint"));
        facts.extend(versions(quoted_version().as_deref()));
    } else if has("UOS") || has("Uos") || has("uos") || has("Deepin") || has("deepin") {
        facts.extend(named(if has("UOS") || has("Uos") || has("uos") { "Uos" } else { "Deepin" }));
        facts.extend(release("VERSION_CODENAME=\"?([^\"]+)\"?"));
        facts.extend(versions(quoted_version().as_deref()));
    } else if has("LMDE") {
        facts.extend(named("Linux Mint Debian Edition"));
    } else {
        return None;
    }
    Some(facts)
}

fn clear_linux(text: &str) -> Option<Map> {
    let name = find("NAME=\"(.*)\"", text);
    if name.as_ref().is_some_and(|name| !name.contains("Clear Linux")) {
        return None;
    }
    let version = find("VERSION_ID=(.*)", text);
    Some(optional([
        name.map(|name| ("distribution", name)),
        version.clone().map(|version| ("distribution_major_version", version)),
        version.map(|version| ("distribution_version", version)),
        find("ID=(.*)", text).map(|id| ("distribution_release", id)),
    ]))
}

/// What os-release(5) alone says.
fn other(text: &str, known: &str) -> Map {
    optional([
        find("^NAME=(.*)", text).map(|name| ("distribution", unquoted(&name))),
        find("^VERSION=(.*)", text)
            .filter(|_| known.is_empty())
            .map(|version| ("distribution_version", unquoted(&version))),
    ])
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
        let read = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
        let mut etc: Vec<String> =
            files.iter().filter_map(|(name, _)| name.strip_prefix("/etc/")).map(str::to_owned).collect();
        etc.sort();
        detect(&Files { read: &read, etc })
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

    #[test]
    fn a_rolling_release_has_no_version() {
        let release = "NAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n";
        let facts = facts(&[("/etc/os-release", release), ("/etc/arch-release", "")]);
        assert_eq!(said(&facts), ["Archlinux", "NA", "NA", "NA"]);
        assert!(!facts.contains_key("distribution_file_parsed"));
    }

    #[test]
    fn suse_has_its_service_pack_for_a_release() {
        let release = "NAME=\"SLES\"\nVERSION=\"15-SP5\"\nVERSION_ID=\"15.5\"\nPRETTY_NAME=\"SUSE Linux Enterprise Server 15 SP5\"\nID=\"sles\"\n";
        assert_eq!(said(&facts(&[("/etc/os-release", release)])), ["SLES", "15.5", "5", "15"]);
    }

    #[test]
    fn an_old_centos_has_two_parts_of_its_version() {
        let release = "NAME=\"CentOS Linux\"\nVERSION=\"7 (Core)\"\nID=\"centos\"\nVERSION_ID=\"7\"\n";
        let line = "CentOS Linux release 7.9.2009 (Core)\n";
        let facts =
            facts(&[("/etc/os-release", release), ("/etc/centos-release", line), ("/etc/redhat-release", line)]);
        assert_eq!(said(&facts), ["CentOS", "7.9", "Core", "7"]);
        assert_eq!(facts["distribution_file_variety"], Data::from("RedHat"));
    }

    #[test]
    fn a_distribution_that_nobody_knows_says_its_name_itself() {
        let facts = facts(&[("/etc/os-release", "NAME=\"Void\"\nID=\"void\"\nPRETTY_NAME=\"Void Linux\"\n")]);
        assert_eq!(said(&facts), ["Void", "NA", "NA", "NA"]);
        assert_eq!(facts["distribution_file_variety"], Data::from("NA"));
    }
}
