//! `ppa:OWNER/NAME`: an archive at Launchpad.

use std::fs;

use crate::prelude::*;

/// Where such archives are.
const ARCHIVES: &str = "https://ppa.launchpadcontent.net";

/// The source that stands behind a short form; `None` where it is none.
pub(super) fn source(repo: &str, codename: Option<&str>) -> Option<String> {
    let short = repo.strip_prefix("ppa:")?;
    let short = short.split(':').next().unwrap_or_default();
    let (owner, name) = short.split_once('/').unwrap_or((short, "ppa"));
    let name = name.split('/').next().unwrap_or_default();
    let codename = codename.filter(|codename| !codename.is_empty()).map_or_else(own_codename, str::to_owned);
    Some(format!("deb {ARCHIVES}/{owner}/{name}/ubuntu {codename} main"))
}

/// The name of the host's own release.
fn own_codename() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let line = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    line.unwrap_or_default().trim_matches('"').to_owned()
}

/// Gets the archive's signing key from Launchpad.
///
/// # Errors
///
/// Always, for now: nothing on the host speaks HTTP yet.
pub(super) fn add_key(repo: &str) -> Result<(), Failure> {
    Err(Failure::new(format!(
        "failed to fetch PPA information, error was: this version cannot ask Launchpad for the key of {repo} yet; put the \
         key on the host and give the source itself, with signed-by"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_form_stands_for_a_source() {
        let source = |repo| source(repo, Some("noble"));
        let at = |path: &str| Some(format!("deb https://ppa.launchpadcontent.net/{path}/ubuntu noble main"));
        assert_eq!(source("ppa:nginx/stable"), at("nginx/stable"));
        assert_eq!(source("ppa:nginx"), at("nginx/ppa"));
        assert_eq!(source("deb x ./"), None);
    }
}
